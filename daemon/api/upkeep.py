"""The daemon's own life, from outside: is it there, is its config right, read it anew, end well."""

from anyio import to_thread
from msgspec import Struct

from daemon.api.caller import Caller
from daemon.api.cast import Cast
from daemon.api.refusal import Refusal
from daemon.configfile import Refused
from daemon.news import Reloaded
from daemon.verdicts import ErrorKind
from state.settings.resolved import Changes, compare

__all__ = ["Checked", "Draining", "Pong", "ReloadSaid", "check", "drain", "ping", "reload"]


class Pong(Struct, frozen=True):
    """It is there."""

    pong: bool
    version: str
    uptime_s: float


class Checked(Struct, frozen=True, kw_only=True):
    """What a reload would find."""

    is_well: bool
    source: str
    problems: tuple[str, ...] = ()
    """A line for each, with the place in the file and what to do."""
    changes: Changes | None = None
    """What would be different."""


class ReloadSaid(Struct, frozen=True, kw_only=True):
    """Another config took the place of the last one."""

    says: str
    changes: Changes


class Draining(Struct, frozen=True):
    """It ends when what is under way is done."""

    says: str
    in_flight: int


def ping(cast: Cast) -> Pong:
    """The quickest sign of life."""
    return Pong(True, cast.version, (cast.clock.now_ms() - cast.began_ms) / 1000)


async def check(cast: Cast) -> Checked:
    """The config as it stands in its file now; nothing changes."""
    found = await to_thread.run_sync(cast.load)
    if isinstance(found, Refused):
        return Checked(is_well=False, source=found.source, problems=found.lines)
    return Checked(is_well=True, source=found.source, changes=compare(cast.resolved(), found))


async def reload(cast: Cast) -> ReloadSaid | Refusal:
    """Let a changed config take effect; one with a mistake changes nothing, and all of them are told."""
    news = await cast.wishes.reload()
    if news is None:
        return Refusal(kind=ErrorKind.DRAINING, message="the daemon is stopping; it reads no config any more")
    if isinstance(news, Reloaded):
        return ReloadSaid(says=str(news), changes=news.changes)
    message = f"the config is wrong, and everything stays as it was: {news.lines[0] if news.lines else ''}"
    return Refusal(kind=ErrorKind.CALLER_ERROR, message=message, problems=news.lines)


def drain(cast: Cast, caller: Caller) -> Draining:
    """As a SIGTERM would."""
    in_flight = cast.router.status.in_flight
    cast.wishes.drain(f"drain, asked for by {caller.name}")
    return Draining(f"stopping when {in_flight} requests are done", in_flight)
