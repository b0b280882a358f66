"""What has arrived of a body and was not read yet, and whether that is too much.

    bytes kept     0 ----------- low ----------------- high ------>
    lags           no ---------------------------------> yes
                   no <----------- yes

Two marks instead of one, so that a reader at the edge does not stop and start the server with every piece.
"""

from collections import deque

__all__ = ["HIGH_WATER_BYTES", "LOW_WATER_BYTES", "Backlog"]

HIGH_WATER_BYTES = 256 << 10
LOW_WATER_BYTES = 64 << 10


class Backlog:
    """Pieces, first in, first out."""

    __slots__ = ("_bytes", "_pieces", "lags")

    def __init__(self) -> None:
        self.lags = False
        """The reader is so far behind that no more should come."""
        self._bytes = 0
        self._pieces: deque[bytes] = deque()

    def __bool__(self) -> bool:
        return bool(self._pieces)

    def __repr__(self) -> str:
        return f"<backlog: {self._bytes} bytes{', too many' if self.lags else ''}>"

    def add(self, piece: bytes) -> bool:
        """Whether this was the piece with which the reader began to lag."""
        self._pieces.append(piece)
        self._bytes += len(piece)
        if self.lags or self._bytes <= HIGH_WATER_BYTES:
            return False
        self.lags = True
        return True

    def take(self) -> tuple[bytes, bool]:
        """The oldest piece, and whether with it the reader has caught up."""
        piece = self._pieces.popleft()
        self._bytes -= len(piece)
        if not self.lags or self._bytes >= LOW_WATER_BYTES:
            return piece, False
        self.lags = False
        return piece, True

    def take_all(self) -> bytes:
        """Everything, for a reader to whom nothing more will come."""
        whole = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
        self.clear()
        return whole

    def clear(self) -> None:
        self._pieces.clear()
        self._bytes = 0
        self.lags = False
