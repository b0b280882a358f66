"""Items in pieces, each small enough for one message: pure."""

import json
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from daemon.ctl.batch.reading import Request

__all__ = ["PIECE_BYTES", "Piece", "pieces", "submit_text"]

PIECE_BYTES = 512 * 1024
"""Well below what the smallest daemon takes in one message, and enough that one commit serves many items."""
PIECE_ITEMS_MAX = 1_000


class Piece(NamedTuple):
    """Some items in their order."""

    start: int
    """The number of the first of them in the job, from 0."""
    requests: tuple[Request, ...]

    @property
    def end(self) -> int:
        """The number of the item behind them."""
        return self.start + len(self.requests)


def pieces(items: Iterable[Request]) -> Iterator[Piece]:
    """All of them, none twice. One that is larger than a piece goes alone."""
    start, held, size = 0, list[Request](), 0
    for item in items:
        if held and (size + len(item.text) > PIECE_BYTES or len(held) == PIECE_ITEMS_MAX):
            yield Piece(start, tuple(held))
            start, held, size = start + len(held), [], 0
        held.append(item)
        size += len(item.text) + 1
    if held:
        yield Piece(start, tuple(held))


def submit_text(job_id: str, piece: Piece) -> bytes:
    """The params of `job.submit` for a further piece, with the items as they were read."""
    head = json.dumps({"job_id": job_id, "from": piece.start, "more": True})[:-1]
    return head.encode() + b', "items": [' + b",".join(item.text for item in piece.requests) + b"]}"
