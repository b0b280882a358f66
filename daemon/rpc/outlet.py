"""The way out of a connection: answers leave together, and whoever does not read is not waited for.

send --> gathered while messages are being read --> the transport's buffer --> the client
                                                    256 KiB: choked, 64 MiB or 30 s: cut
"""

import asyncio
from collections.abc import Callable

from actors.seams import Alarm, Clock
from state.timeline import ms

__all__ = ["CHOKED_BYTES", "Outlet"]

CHOKED_BYTES = 256 * 1024
"""So much waits in our memory before we stop working for whoever does not read."""
HOARDED_BYTES = 64 * 1024 * 1024
"""What was under way by then still comes; of whoever lets so much of it lie, no more is kept."""


class Outlet:
    """Of one connection."""

    def __init__(
        self, transport: asyncio.Transport, clock: Clock, slow_reader_s: float, cut: Callable[[], None]
    ) -> None:
        transport.set_write_buffer_limits(high=CHOKED_BYTES)
        self.is_choked = False
        self.is_gathering = False
        self._transport = transport
        self._clock = clock
        self._slow_reader_s = slow_reader_s
        self._cut = cut
        self._gathered: list[bytes] = []
        self._gathered_bytes = 0
        self._alarm: Alarm | None = None

    def send(self, data: bytes) -> None:
        """Out, or into the transport's buffer: never waits."""
        if self.is_gathering:
            self._gathered.append(data)
            self._gathered_bytes += len(data)
        elif not self._transport.is_closing():
            self._transport.write(data)
            if self.is_choked and self._transport.get_write_buffer_size() > HOARDED_BYTES:
                self._cut()

    def gather(self) -> None:
        """What is sent from now on leaves together."""
        self.is_gathering = True
        self._gathered_bytes = 0

    @property
    def is_enough(self) -> bool:
        """Whether what has been gathered should leave before more is made."""
        return self._gathered_bytes > CHOKED_BYTES

    def release(self) -> None:
        """Now."""
        self.is_gathering = False
        if self._gathered:
            gathered, self._gathered = self._gathered, []
            self._transport.write(b"".join(gathered))

    def choke(self) -> None:
        """The client does not read."""
        self.is_choked = True
        self._cut_later()

    def relieve(self) -> None:
        """It has read."""
        self.is_choked = False
        if not self._transport.is_closing():
            self.stop()

    def close(self) -> None:
        """What is written is still sent, to a client that reads."""
        self._transport.close()
        if self._alarm is None:
            self._cut_later()

    def stop(self) -> None:
        """Nobody has to be cut any more."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def _cut_later(self) -> None:
        self.stop()
        self._alarm = self._clock.call_at(self._clock.now_ms() + ms(self._slow_reader_s), self._cut)
