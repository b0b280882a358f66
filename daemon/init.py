"""`failoverd init`: a config file to begin with, commented, from what the environment gives away."""

import argparse
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

from daemon.configfile import Surroundings, surroundings
from daemon.exits import Exit
from daemon.files import exists
from state.config import ProviderConfig
from state.settings.found import LOCAL_OLLAMA, from_environment
from state.settings.known import KNOWN
from state.settings.quoting import quoted_path

__all__ = ["arguments", "begin", "main", "page"]

_HEAD = """\
# The config of failoverd, begun with what was found on this machine.
#
#   failoverctl check      what would run, or what is wrong
#   failoverctl reload     take it over without a restart; a file with a mistake changes nothing
#
# A line that begins with # and no space is a setting to try: take the # away. SETTINGS.md has them all.
#
# Keys never stand here. Say where they are:
#   "env:NAME"             a variable of the daemon's environment
#   "file:PATH"            a file that only the daemon's user can read (chmod 600); relative to this file
#   "credential:NAME"      LoadCredential=NAME:PATH in the systemd unit
"""
_SERVICE = """\
#
# A system service does not see the variables of your shell. Put each key into a file and name that:
#   install -m 600 -o failoverd /dev/stdin /etc/failoverd/openai.key <<< "$OPENAI_API_KEY"
#   key = "file:openai.key"
"""
_POOLS = """
# ---------------------------------------------------------------- pools: what apps ask for

# An app names one where it would name a model: `model: "captions"`. The pool `auto` is always there:
# everybody, by priority.
#[pool.captions]
#lanes = [{lanes}]
#strategy = "primary_only"      # round_robin, best_performance, weighted, random, cheapest
"""
_DAEMON = """
# ---------------------------------------------------------------- the daemon itself

#[daemon]
#http_tcp = "127.0.0.1:4747"    # OpenAI's HTTP for SDKs: base_url = "http://127.0.0.1:4747/v1"
#log_level = "INFO"
#admin_gids = []                # groups whose members may steer, besides root and the daemon's own user
"""
_WHY_FOUND = {
    "pollinations": "A public service that needs no key: what you ask goes there.",
    "ollama": "On this machine. Its models are found while running.",
}
NAMED_MAX = 3
_ELSEWHERE = "or write another: failoverctl init --config PATH"


def arguments(parser: argparse.ArgumentParser) -> None:
    """What may stand behind `failoverd init`."""
    parser.add_argument("--config", metavar="PATH", help="write this file instead of the usual one")
    parser.add_argument("--print", action="store_true", dest="only_show", help="show it, write nothing")


def main(args: argparse.Namespace) -> int:
    """The file on the disk, or on stdout."""
    asked: str | None = args.config
    only_show: bool = args.only_show
    here = surroundings()
    if only_show:
        sys.stdout.write(page(here))
        return Exit.OK
    return begin(Path(asked or here.places.config_file), here)


def begin(path: Path, here: Surroundings) -> int:
    """Write it where nothing is yet."""
    shown = quoted_path(str(path))
    if exists(path):
        return _complain(
            f"{shown} is there already and stays as it is", "what it would be: failoverctl init --print"
        )
    try:
        path.parent.mkdir(mode=0o755 if here.places.is_system else 0o700, parents=True, exist_ok=True)
        new = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
        with os.fdopen(new, "w", encoding="utf-8") as file:
            file.write(page(here))
    except PermissionError:
        _complain(f"{shown} may not be written by you", f"sudo failoverctl init, {_ELSEWHERE}")
        return Exit.NOT_ALLOWED
    except OSError as error:
        return _complain(f"{shown} can't be written: {error.strerror}", _ELSEWHERE)
    sys.stdout.write(f"{shown} is written, with {', '.join(_found(here))}\n")
    sys.stderr.write(
        "next: look through it, then failoverctl check; then failoverd run, or failoverctl reload\n"
    )
    return Exit.OK


def _complain(what: str, hint: str) -> int:
    sys.stderr.write(f"{what}\n  {hint}\n")
    return Exit.FAILED


def page(here: Surroundings) -> str:
    """The whole file."""
    found = _found(here)
    lines = "\n".join(
        [
            _HEAD + (_SERVICE if here.places.is_system else ""),
            "# ---------------------------------------------------------------- providers: who answers",
            "",
            "# Lower priority goes first.",
            *(line for name, provider in found.items() for line in _section(name, provider)),
            "",
            "# Not found here. For one of these, set its variable or say where its key is.",
            *(line for name in KNOWN if name not in found for line in _missing(name)),
            "",
            "# Anything else that speaks OpenAI's dialect: vLLM, llama.cpp, LM Studio, a gateway.",
            "#[provider.local]",
            '#url = "http://127.0.0.1:8000/v1"',
            '#models = ["qwen3:8b"]',
        ]
    )
    pool = _POOLS.format(lanes=", ".join(f'"{name}"' for name in list(found)[:NAMED_MAX]))
    return f"{lines}\n{pool}{_DAEMON}"


def _found(here: Surroundings) -> dict[str, ProviderConfig]:
    """By priority."""
    providers = from_environment(here.environment, ollama_reachable=here.listens(*LOCAL_OLLAMA)).provider
    return dict(sorted(providers.items(), key=lambda one: one[1].priority))


def _section(name: str, provider: ProviderConfig) -> Iterator[str]:
    secrets = [key.secret for key in provider.keys if key.secret]
    yield ""
    if secrets:
        names = [secret.removeprefix("env:") for secret in secrets]
        yield f"# {' and '.join(names)} {'is' if len(names) == 1 else 'are'} set here."
    if name in _WHY_FOUND:
        yield f"# {_WHY_FOUND[name]}"
    yield f"[provider.{name}]"
    if len(secrets) == 1:
        yield f'key = "{secrets[0]}"'
    elif secrets:
        yield "keys = [" + ", ".join(f'"{secret}"' for secret in secrets) + "]"
    if provider.url != KNOWN[name].provider.url:
        yield f"url = {_text(provider.url)}"
    yield f"priority = {provider.priority}"
    if provider.models:
        shown = ", ".join(f'"{model.name}"' for model in provider.models[:NAMED_MAX])
        yield f"#models = [{shown}]"


def _text(value: str) -> str:
    """As TOML writes it, which for all that a URL can hold is as JSON does."""
    return msgspec.json.encode(value).decode()


def _missing(name: str) -> Iterator[str]:
    variable = KNOWN[name].variable
    yield ""
    yield f"#[provider.{name}]"
    if variable:
        yield f'#key = "env:{variable}"'
