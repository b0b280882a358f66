"""`failoverd check`: read the config as the daemon would, say what would run or what is wrong."""

import argparse
import sys
from collections.abc import Iterator, Sequence

from daemon.configfile import ENVIRONMENT, Refused, Surroundings, load, surroundings
from daemon.exits import Exit
from daemon.paths import Places
from state.config import Config, DaemonConfig, ProviderConfig
from state.routing.pools import AUTO
from state.settings.quoting import quoted_path
from state.settings.resolved import Resolved
from state.standing.hosts import host_of

__all__ = ["arguments", "main", "report"]

MODELS_SHOWN = 1


def arguments(parser: argparse.ArgumentParser) -> None:
    """What may stand behind `failoverd check`."""
    parser.add_argument("--config", metavar="PATH", help="read this file instead of the usual one")


def main(args: argparse.Namespace) -> int:
    """What would run on stdout, or one line for each problem on stderr."""
    asked: str | None = args.config
    return report(asked, surroundings())


def report(asked: str | None, here: Surroundings) -> int:
    """The same for any surroundings."""
    match load(asked, here):
        case Refused() as refused:
            sys.stderr.writelines(f"{line}\n" for line in refused.lines)
            return Exit.USAGE
        case Resolved() as resolved:
            sys.stdout.writelines(f"{line}\n" for line in _summary(resolved, here.places))
            return Exit.OK


def _summary(resolved: Resolved, places: Places) -> Iterator[str]:
    config = resolved.config
    yield _headline(resolved, places)
    yield ""
    yield from _table(
        ("PROVIDER", "HOST", "KEYS", "MODELS"),
        [_provider(each) for each in sorted(config.provider.values(), key=lambda each: each.priority)],
    )
    yield ""
    yield from _table(("POOL", "STRATEGY", "LANES"), list(_pools(config)))
    yield ""
    yield f"It listens on {_listens(config.daemon)}"
    yield f"and keeps its journal at {config.journal.path}."


def _headline(resolved: Resolved, places: Places) -> str:
    config = resolved.config
    counted = f"{_count(len(config.provider), 'provider')}, {_count(len(config.lanes), 'lane')}"
    if resolved.source != ENVIRONMENT:
        return f"{quoted_path(resolved.source)} is well: {counted}, {_count(len(config.pool), 'pool')}."
    return (
        f"There is no {quoted_path(places.config_file)}; the environment offers {counted}.\n"
        "To choose for yourself, begin with: failoverctl init"
    )


def _provider(provider: ProviderConfig) -> tuple[str, ...]:
    name = provider.name if provider.enabled else f"{provider.name} (off)"
    keys = ", ".join(key.name if key.enabled else f"{key.name} (off)" for key in provider.keys if key.secret)
    return name, host_of(provider.url), keys or "none needed", _models(provider)


def _models(provider: ProviderConfig) -> str:
    if provider.discovers:
        return "found while running"
    shown = ", ".join(model.name for model in provider.models[:MODELS_SHOWN])
    more = len(provider.models) - MODELS_SHOWN
    return f"{shown} and {more} more" if more > 0 else shown


def _pools(config: Config) -> Iterator[tuple[str, ...]]:
    for pool in config.pool.values():
        yield pool.name, pool.strategy, ", ".join(pool.lanes)
    yield AUTO, config.daemon.strategy, "all of them"


def _listens(daemon: DaemonConfig) -> str:
    places = [daemon.socket, f"{daemon.http_socket} (HTTP)"]
    return ",\n".join([*places, f"http://{daemon.http_tcp}"] if daemon.http_tcp else places)


def _table(header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    for row in (header, *rows):
        yield "  ".join(word.ljust(width) for word, width in zip(row, widths, strict=True)).rstrip()


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
