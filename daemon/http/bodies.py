"""Bodies on their way in: whole, not too large, and all together no more than memory has room for."""

from daemon.api.refusal import Refusal
from daemon.http.asgi import Receive
from daemon.http.guards import BODY_BYTES_MAX, Refused, too_large
from daemon.verdicts import ErrorKind

__all__ = ["Bodies", "Gone"]

HELD_BYTES_MAX = 256 * 1024 * 1024
"""Of all requests together; more are told to come back."""
RETRY_AFTER_S = 1.0


class Gone:
    """The client left before its request was whole."""


class Bodies:
    """How much of them is held."""

    def __init__(self) -> None:
        self.held = 0

    def __repr__(self) -> str:
        return f"<bodies: {self.held} bytes>"

    async def read(self, receive: Receive) -> bytes | Refused | Gone:
        """A whole body, counted as held until it is let go."""
        pieces: list[bytes] = []
        size = 0
        found: bytes | Refused | Gone | None = None
        try:
            while found is None:
                message = await receive()
                if message["type"] != "http.request":
                    found = Gone()
                    break
                piece = message["body"]
                pieces.append(piece)
                size += len(piece)
                self.held += len(piece)
                if size > BODY_BYTES_MAX:
                    found = too_large()
                elif self.held > HELD_BYTES_MAX:
                    found = _overloaded()
                elif not message["more_body"]:
                    found = piece if len(pieces) == 1 else b"".join(pieces)
        finally:
            if not isinstance(found, bytes):
                self.held -= size
        return found

    def let_go(self, body: bytes) -> None:
        self.held -= len(body)


def _overloaded() -> Refused:
    message = "too many large requests are under way"
    refusal = Refusal(kind=ErrorKind.OVERLOADED, message=message, retry_after_s=RETRY_AFTER_S)
    return Refused(429, refusal, ((b"connection", b"close"),))
