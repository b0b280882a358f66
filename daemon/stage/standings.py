"""What the daemon thinks of each provider, as its own `status` says: told when it changes its mind."""

from collections.abc import Callable

import anyio
import msgspec
from msgspec import Struct

from daemon.ctl.plain import span
from daemon.stage.phone import HungUp, WrongAnswer, dial

__all__ = ["watch"]

LOOK_S = 0.1


class _Hold(Struct, frozen=True):
    left_s: float | None = None


class _Part(Struct, frozen=True):
    """A key or a lane."""

    condition: str
    hold: _Hold | None = None


class _Provider(Struct, frozen=True):
    provider: str
    condition: str
    hold: _Hold | None
    keys: tuple[_Part, ...]
    lanes: tuple[_Part, ...]


class _Status(Struct, frozen=True):
    providers: tuple[_Provider, ...]


async def watch(socket: str, tell: Callable[[str, str], None]) -> None:
    """Until cancelled. `tell(provider, is_now)` hears each change that matters."""
    before: dict[str, str] = {}
    try:
        async with dial(socket) as phone:
            while True:
                _, result = await phone.ask("status")
                for provider in msgspec.json.decode(result, type=_Status).providers:
                    now, says = _stands(provider)
                    was = before.setdefault(provider.provider, now)
                    if now != was:
                        before[provider.provider] = now
                        tell(provider.provider, says)
                await anyio.sleep(LOOK_S)
    except (HungUp, WrongAnswer, OSError):
        return  # the audience will notice, and says it better


def _stands(provider: _Provider) -> tuple[str, str]:
    """In one word, and what to say of it. Lane, key or provider: that is all the same here."""
    parts = [_Part(provider.condition, provider.hold), *provider.keys, *provider.lanes]
    worst = next((part for part in parts if part.condition != "well"), parts[0])
    left_s = None if worst.hold is None else worst.hold.left_s
    length = "" if left_s is None else f" for {span(left_s)}"
    match worst.condition:
        case "on_trial" | "under_trial":
            return "trial", "is on trial: one request may test it"
        case "resting":
            return "resting", f"rests{length}, as it asked to"
        case "quarantined" | "out":
            return "out", f"is left alone{length}"
        case _:
            return "well", "is back"
