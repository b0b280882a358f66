"""What the daemon thinks of each provider, as its own `status` says: told when it changes its mind."""

from collections.abc import Callable

import anyio
import msgspec
from msgspec import Struct

from daemon.ctl.plain import span
from daemon.stage.phone import HungUp, WrongAnswer, dial

__all__ = ["watch"]

LOOK_S = 0.1
NOT_WELL = frozenset({"quarantined", "resting", "out"})


class _Hold(Struct, frozen=True):
    left_s: float | None = None


class _Lane(Struct, frozen=True):
    condition: str
    hold: _Hold | None = None


class _Key(Struct, frozen=True):
    condition: str
    hold: _Hold | None = None


class _Provider(Struct, frozen=True):
    provider: str
    condition: str
    hold: _Hold | None
    keys: tuple[_Key, ...]
    lanes: tuple[_Lane, ...]


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
                        if says or was in NOT_WELL | {"under_trial", "on_trial"}:
                            tell(provider.provider, says or "is back")
                await anyio.sleep(LOOK_S)
    except (HungUp, WrongAnswer, OSError):
        return  # the audience will notice, and says it better


def _stands(provider: _Provider) -> tuple[str, str]:
    """In one word, and what to say of it. What blames the lane, the key or the provider is all the same here."""
    parts = (
        (provider.condition, provider.hold),
        *((each.condition, each.hold) for each in (*provider.keys, *provider.lanes)),
    )
    condition, hold = next((part for part in parts if part[0] != "well"), parts[0])
    if condition not in NOT_WELL:
        return (
            "well" if condition == "slow_start" else condition,
            "is on trial" if "trial" in condition else "",
        )
    left_s = None if hold is None else hold.left_s
    length = "" if left_s is None else f" for {span(left_s)}"
    return condition, f"is left alone{length}" if condition != "resting" else f"rests{length}, as it asked to"
