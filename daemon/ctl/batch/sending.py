"""A job on its way to the daemon, piece by piece: all of it is there and sealed, or nothing of it is left.

    open (empty) --piece, piece, ...--> seal        then it runs
         |                                |
         +---- a wrong line, Ctrl-C ------+--> cancel, purge: nothing was asked

A piece may be sent twice: it says where it begins. So a line that breaks costs nothing but time.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import cast

from daemon.ctl.batch.images import unsendable
from daemon.ctl.batch.pieces import Piece, pieces, submit_text
from daemon.ctl.batch.reading import Flaw, Request
from daemon.ctl.batch.steady import Steady
from daemon.ctl.complaint import Complaint
from daemon.ctl.line import Json, Refused
from daemon.ctl.plain import counted, inert
from daemon.exits import Exit
from daemon.verdicts import ErrorKind

__all__ = ["FLAWS_TOLD", "fill", "opened", "take_back"]

FLAWS_TOLD = 10
"""Who made one mistake has made it on every line."""
_ITEM = re.compile(r"items\[(?P<at>\d{1,6})\]\.?(?P<field>.*)")
"""How the daemon names what is wrong in a piece: `items[3].messages`."""
_TOO_LARGE = "it is larger than the daemon takes in one message (daemon.frame_mib in its config)"

Sent = Callable[[int], None]
"""Hears how many items are stored by now."""


class _Wrong(Exception):
    """Some lines are."""

    def __init__(self, flaws: list[Flaw]) -> None:
        super().__init__()
        self.flaws = flaws


def opened(line: Steady, opening: Json) -> str:
    """The id of a new job, empty and not running."""
    return cast("dict[str, str]", line.ask("job.submit", {**opening, "items": [], "more": True}))["job_id"]


def fill(
    line: Steady, job_id: str, source: str, items: Iterable[Request | Flaw], sent: Sent, *, alone: bool
) -> int:
    """Send all and seal it; how many they were. With `alone`, an item that can't be sent fails alone."""
    count = 0
    try:
        for piece in pieces(_sound(items)):
            _send(line, job_id, piece, alone=alone)
            count = piece.end
            sent(count)
    except _Wrong as wrong:
        raise _complaint(source, wrong.flaws) from None
    if not count:
        raise Complaint(f"there is no request in {inert(source)}", exit_code=Exit.USAGE)
    line.ask("job.submit", {"job_id": job_id, "from": count, "items": [], "more": False})
    return count


def take_back(line: Steady, job_id: str) -> bool:
    """Leave nothing of it; whether that is so."""
    # Who interrupts this, too, or finds the daemon gone, leaves a job behind that is never sealed and so
    # never asks anything.
    with suppress(Complaint, KeyboardInterrupt):
        line.ask("job.cancel", {"job_id": job_id})
        line.ask("job.purge", {"job_id": job_id})
        return True
    return False


def _sound(items: Iterable[Request | Flaw]) -> Iterator[Request]:
    """Those before the first flaw; then the flaws of the rest, for one's next look at the file."""
    flaws = list[Flaw]()
    for item in items:
        if isinstance(item, Flaw):
            flaws.append(item)
            if len(flaws) > FLAWS_TOLD:
                break
        elif not flaws:
            yield item
    if flaws:
        raise _Wrong(flaws)


def _send(line: Steady, job_id: str, piece: Piece, *, alone: bool) -> None:
    while True:
        try:
            line.ask("job.submit", submit_text(job_id, piece))
        except Refused as refused:
            at, why = _fault(refused, piece)
            one = piece.requests[at]
            if not alone:
                raise _Wrong([Flaw(one.line, why)]) from None
            failing = one._replace(text=unsendable(one.text, why))
            if failing.text == one.text:
                raise
            piece = piece._replace(requests=(*piece.requests[:at], failing, *piece.requests[at + 1 :]))
        else:
            return


def _fault(refused: Refused, piece: Piece) -> tuple[int, str]:
    """Which one in the piece is meant, and why; the refusal again, if it means no single one."""
    named = _ITEM.match(str(refused.details.get("field", "")))
    if named and int(named["at"]) < len(piece.requests):
        # The daemon knows it by its place in the message; whoever wrote it, by its line.
        return int(named["at"]), refused.says.replace(f"`{named[0]}`", f"`{named['field']}`").replace(
            "`` ", ""
        )
    if refused.kind is ErrorKind.INVALID_REQUEST and len(piece.requests) == 1:
        return 0, _TOO_LARGE
    raise refused


def _complaint(source: str, flaws: list[Flaw]) -> Complaint:
    first, *more = [inert(repr(flaw)) for flaw in flaws[:FLAWS_TOLD]]
    rest = ["and more"] if len(flaws) > FLAWS_TOLD else []
    wrong = counted(len(flaws), "line is", "lines are") if not rest else "many lines are"
    return Complaint(
        f"{inert(source)}: {first}",
        *more,
        *rest,
        f"{wrong} wrong, so nothing was asked: mend it and run it again",
        exit_code=Exit.USAGE,
    )
