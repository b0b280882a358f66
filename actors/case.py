"""One request from admission to verdict: what it wants, where it has been, how it ended.

case (what was asked) --> trail (one line per attempt) --> closed (verdict, answer or trouble)
"""

from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Protocol

from msgspec import Struct

from actors.wire.call import Answer
from actors.wire.canonical import Request
from actors.wire.chunks import Chunk
from state.config import Patience
from state.events import Outcome, Terms, Usage, Verdict
from state.routing.pools import Pool
from state.routing.question import Ask
from state.telling.trail import Seam
from state.words import LaneId

__all__ = ["Attempted", "Case", "Client", "Closed", "Flow", "Rescue", "Seam", "Sink", "Trouble"]


class Rescue(StrEnum):
    """What becomes of a stream that breaks after its first visible token."""

    CONTINUE = "continue"
    RESTART = "restart"
    NONE = "none"

    @property
    def rescues(self) -> bool:
        return self is not Rescue.NONE


class Client(Struct, frozen=True, gc=False, kw_only=True):
    """Who asks: what the kernel says of the other end, and what it says of itself."""

    app: str = ""
    uid: int | None = None
    """None: not known, as over TCP."""


class Case(Struct, frozen=True, gc=False, kw_only=True):
    """One request as it was admitted. It does not change; what happens to it stands in its trail."""

    id: str
    is_named: bool = False
    """Whether the caller gave the id, and may come back with it."""
    request: Request
    ask: Ask
    pool: Pool
    client: Client = Client()
    opened_ms: int
    opened_wall_ms: int
    deadline_ms: int
    wait_until_ms: int
    """Until then it may queue when nothing is eligible."""
    stream: bool = False
    patience: Patience = Patience.INTERACTIVE
    rescue: Rescue = Rescue.CONTINUE
    consent: Callable[[LaneId], Awaitable[None]] | None = None
    """Waited for once the place on a lane is taken, before the first byte of each attempt leaves: what has to
    be on the disk by then is. Whoever does not consent cancels. None: nobody has to be asked."""


class Attempted(Struct, frozen=True, gc=False, kw_only=True):
    """A line of the trail: one attempt, one outcome."""

    attempt_id: str
    lane: LaneId
    terms: Terms
    outcome: Outcome
    at_ms: int
    tries: int = 1
    duration_ms: int
    first_token_ms: int | None = None
    usage: Usage | None = None
    cost_usd: float | None = None
    """None: unpriced."""
    delivered_chars: int = 0
    """Visible characters that the caller had from this attempt: more than none on a rescued stream."""


class Trouble(Struct, frozen=True, kw_only=True):
    """Why there is no whole answer, for the caller: whose fault, what happened, what to do."""

    message: str
    retry_after_s: float | None = None
    partial: str = ""
    """What had been delivered of an answer that could not be finished."""


class Closed(Struct, frozen=True, gc=False, kw_only=True):
    """How a case ended. Exactly one for each."""

    verdict: Verdict
    answer: Answer | None = None
    """None with a verdict `ok` only for a stream, which has been delivered already; or where it was answered
    before, and nobody has kept the answer: the trouble says so."""
    lane: LaneId | None = None
    trouble: Trouble | None = None
    trail: tuple[Attempted, ...] = ()
    seams: tuple[Seam, ...] = ()
    merged_with: str = ""
    """The case whose answer this is too; empty: its own."""
    from_cache: bool = False
    usage: Usage | None = None
    cost_usd: float | None = None


class Flow(Protocol):
    """What feeds a sink, and can be told to rest."""

    def pause(self) -> None: ...
    def resume(self) -> None: ...


class Sink(Protocol):
    """Where a streamed answer goes. Nothing here waits: no task hop for a chunk."""

    def begin(self, lane: LaneId, flow: Flow) -> None:
        """The commit point: a visible token follows. When the caller reads too slowly, pause the flow."""
        ...

    def chunk(self, chunk: Chunk) -> None:
        """One `chat.completion.chunk`."""
        ...

    def keep_alive(self) -> None:
        """Nothing to say yet, but somebody is working on it."""
        ...
