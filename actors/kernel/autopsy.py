"""What an actor died of, in words that can be shown: without local variables, bounded, groups opened."""

from collections.abc import Iterator
from itertools import islice
from pathlib import PurePath
from traceback import TracebackException

from msgspec import Struct

__all__ = ["CAUSES_MAX", "ERROR_CHARS_MAX", "TRACE_CHARS_MAX", "Death", "autopsy"]

ERROR_CHARS_MAX = 500
TRACE_CHARS_MAX = 8_000
FRAMES_MAX = 50
CAUSES_MAX = 3


class Death(Struct, frozen=True):
    """Why a life ended that should have gone on."""

    error: str
    """One line: what and where."""
    trace: str = ""

    def __str__(self) -> str:
        return self.error


def autopsy(error: BaseException) -> Death:
    """Look at what was raised. Of a group, as task groups raise, the first few that it is made of."""
    causes = list(islice(_leaves(error), CAUSES_MAX + 1))
    named = [_name(cause) for cause in causes[:CAUSES_MAX]] + ["and more"] * (len(causes) > CAUSES_MAX)
    return Death(
        _cut("; ".join(named), ERROR_CHARS_MAX), _cut("".join(_seen(error).format()), TRACE_CHARS_MAX)
    )


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for part in error.exceptions:
            yield from _leaves(part)
    else:
        yield error


def _name(error: BaseException) -> str:
    seen = _seen(error)
    said = " ".join("".join(seen.format_exception_only()).split())
    if not seen.stack:
        return said
    place = seen.stack[-1]
    file = "/".join(PurePath(place.filename).parts[-2:])
    return f"{_cut(said, ERROR_CHARS_MAX // 2)} ({file}:{place.lineno} in {place.name})"


def _seen(error: BaseException) -> TracebackException:
    return TracebackException.from_exception(error, limit=-FRAMES_MAX, capture_locals=False)


def _cut(text: str, chars_max: int) -> str:
    """Keep both ends: what it is stands at one of them, where at the other."""
    if len(text) <= chars_max:
        return text
    half = (chars_max - 5) // 2
    return f"{text[:half]} ... {text[-half:]}"
