"""What an operator names: a provider, a key, a lane; or nothing that there is, and what may be meant."""

from collections.abc import Iterator

from daemon.api.cast import Cast
from daemon.api.refusal import Refusal
from daemon.verdicts import ErrorKind
from state.settings.problems import did_you_mean
from state.words import KeyId, LaneId, ProviderId, Target

__all__ = ["named", "not_there"]


def named(cast: Cast, name: str) -> Target | Refusal:
    """`gemini`, `gemini/key1`, `gemini/key1/gemini-2.5-flash`; the key may be left out where there is one."""
    provider, _, rest = name.partition("/")
    door = cast.doors.get(provider)
    if door is None:
        return not_there("target", name, _known(cast))
    if not rest:
        return ProviderId(provider)
    keys = [key.name for key in door.ledger.provider.keys]
    key, _, model = rest.partition("/")
    if key in keys and not model:
        return KeyId(provider, key)
    lanes = [
        LaneId(provider, key, model),
        *(LaneId(provider, only, rest) for only in keys[:1] if len(keys) == 1),
    ]
    found = next((lane for lane in lanes if door.ledger.has(lane)), None)
    return found or not_there("target", name, _known(cast))


def not_there(field: str, name: str, known: Iterator[str]) -> Refusal:
    """Nothing goes by that name."""
    hint = did_you_mean(name, known)
    message = f"there is no {field} {name[:200]!r}" + (f"; {hint}" if hint else "")
    return Refusal(kind=ErrorKind.UNKNOWN_NAME, message=message, field=field)


def _known(cast: Cast) -> Iterator[str]:
    for name, door in cast.doors.items():
        yield name
        yield from (f"{name}/{key.name}" for key in door.ledger.provider.keys)
        yield from map(str, door.ledger.lanes)
