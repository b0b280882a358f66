"""What one client says, message by message: taken on, or refused in the framing in which it came.

Frame --read--> Asked, Told --> taken        Wrong --> an error        Ignored --> nothing
Broken -----------------------------------------------> an error; after some of them nobody listens any more
"""

from collections.abc import Callable

from daemon.api.refusal import Refusal
from daemon.rpc.calls import Address, Alone, Line, Together
from daemon.rpc.framing import Broken, Flaw, Frame, Framing
from daemon.rpc.messages import Asked, Batch, Ignored, Told, Wrong, read
from daemon.rpc.replies import error
from daemon.verdicts import ErrorKind

__all__ = ["NONSENSE_MAX", "Hearing"]

NONSENSE_MAX = 1_000
"""So many messages in a row that are none, and it is no client of ours."""
NULL = b"null"


class Hearing:
    """Of one connection."""

    def __init__(self, line: Line, take: Callable[[Asked | Told, Address], None], bytes_max: int) -> None:
        self.has_had_enough = False
        """Nothing more is taken, whatever is under way."""
        self._line = line
        self._take = take
        self._bytes_max = bytes_max
        self._addresses = {framing: Alone(line, framing) for framing in Framing}
        self._nonsense = 0

    def hear(self, found: Frame | Broken) -> None:
        """One message, or a batch of them."""
        address = self._addresses[found.framing]
        if isinstance(found, Broken):
            self._refuse(found, address)
            return
        message = read(found.body)
        if isinstance(message, Batch):
            awaited = sum(isinstance(item, Asked | Wrong) for item in message.items)
            together = Together(self._line, found.framing, awaited)
            for item in message.items:
                self._hear_one(item, together)
        else:
            self._hear_one(message, address)

    def _hear_one(self, incoming: Asked | Told | Wrong | Ignored, address: Address) -> None:
        match incoming:
            case Asked() | Told():
                self._nonsense = 0
                self._take(incoming, address)
            case Wrong(id=id_, kind=kind, why=why):
                address.deliver(error(id_, Refusal(kind=kind, message=why)))
                self._count_nonsense()
            case Ignored():
                pass

    def _refuse(self, broken: Broken, address: Address) -> None:
        is_large = broken.flaw is Flaw.TOO_LARGE
        kind = ErrorKind.INVALID_REQUEST if is_large else ErrorKind.PARSE_ERROR
        limit = f": at most {self._bytes_max:,} bytes" if is_large else ""
        address.deliver(error(NULL, Refusal(kind=kind, message=f"{broken.flaw}{limit}")))
        self._count_nonsense()
        if broken.flaw.is_final:
            self.has_had_enough = True

    def _count_nonsense(self) -> None:
        self._nonsense += 1
        if self._nonsense >= NONSENSE_MAX:
            self.has_had_enough = True
