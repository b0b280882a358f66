"""Compressed bodies, inflated a step at a time: 0.3 MB of gzip can hold 300 MB, and must not become them.

Only what we offer is understood, gzip and deflate; a body that claims anything else is refused.
"""

import zlib
from typing import Protocol

from actors.net.faults import ExchangeFailed, Fault

__all__ = ["STEP_BYTES", "Inflater"]

STEP_BYTES = 64 << 10
"""The most that one step gives: a tenth of a millisecond."""

RATIO_MAX = 200
FREE_BYTES = 1 << 20
"""Deflate reaches 1,030 to 1 on nothing but one byte repeated. Real text stays below 20, blank lines that
keep a connection open come near the limit, so small bodies may have any ratio."""

_GZIP, _ZLIB, _RAW = 16 + zlib.MAX_WBITS, zlib.MAX_WBITS, -zlib.MAX_WBITS
_GZIP_MAGIC = b"\x1f\x8b"
_DEFLATED = 8


class _Stream(Protocol):
    """What `zlib.decompressobj` makes; its class has no public name."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    @property
    def unconsumed_tail(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


class Inflater:
    """One body: feed it what arrives, take steps until one gives nothing, say when it has ended."""

    __slots__ = ("_fed", "_given", "_gzip", "_more", "_pending", "_stream", "_whole")

    def __init__(self, coding: bytes) -> None:
        if coding not in (b"gzip", b"x-gzip", b"deflate"):
            raise ExchangeFailed(Fault.BAD_ENCODING, "neither gzip nor deflate", heard=True)
        self._gzip = coding != b"deflate"
        self._stream: _Stream | None = None
        self._pending = b""
        self._more = False
        """The last step was a full one: the stream may hold more without being fed."""
        self._whole = True
        self._fed = self._given = 0

    def feed(self, piece: bytes) -> None:
        self._fed += len(piece)
        self._pending += piece

    def step(self) -> bytes:
        """The next bytes, at most STEP_BYTES; none if it has to be fed first."""
        while self._pending or self._more:
            stream = self._stream = self._stream or self._begin()
            if stream is None:
                return b""
            try:
                step = stream.decompress(self._pending, STEP_BYTES)
            except zlib.error:
                raise ExchangeFailed(Fault.BAD_ENCODING, "corrupt", heard=True) from None
            self._more = len(step) == STEP_BYTES and not stream.eof
            if stream.eof:
                self._end_member(stream.unused_data)
            else:
                self._pending = stream.unconsumed_tail
            if step:
                return self._weighed(step)
        return b""

    def finish(self) -> None:
        """The body has ended and all steps were taken: was it all?"""
        if not self._whole:
            raise ExchangeFailed(Fault.TRUNCATED, "the compressed body is cut", heard=True)

    def _begin(self) -> _Stream | None:
        self._whole = False
        if self._gzip:
            return zlib.decompressobj(_GZIP)
        # "deflate" means zlib's format, but some servers send the bare stream: two bytes tell.
        if len(self._pending) < 2:
            return None
        is_zlib = self._pending[0] & 0x0F == _DEFLATED and int.from_bytes(self._pending[:2], "big") % 31 == 0
        return zlib.decompressobj(_ZLIB if is_zlib else _RAW)

    def _end_member(self, rest: bytes) -> None:
        """A gzip body may be several in a row; anything else after the end is padding."""
        self._stream, self._whole = None, True
        self._pending = rest if self._gzip and rest.startswith(_GZIP_MAGIC) else b""

    def _weighed(self, step: bytes) -> bytes:
        self._given += len(step)
        if self._given > FREE_BYTES and self._given > self._fed * RATIO_MAX:
            raise ExchangeFailed(Fault.BOMB, f"more than {RATIO_MAX} to 1", heard=True)
        return step
