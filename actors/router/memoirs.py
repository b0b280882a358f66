"""What requests have been through: the latest from memory, all others from the journal."""

from collections import OrderedDict
from collections.abc import Container, Sequence

from msgspec import Struct

from actors.case import Attempted
from actors.journal.journal import Journal
from state.events import AttemptClosed, BoardShown, RequestClosed, Verdict
from state.memory.journal import Query
from state.routing.question import Question
from state.telling.explanation import Explanation, LookThen, Try, look_then, questions_of

__all__ = ["Memoirs"]

RECENT_MAX = 256
BOARDS_READ_MAX = 16
"""Pages of a thousand: more than an hour of the busiest board, after which it is shown anew."""


class Memoirs:
    """Whoever asks why."""

    def __init__(self, journal: Journal, under_way: Container[str]) -> None:
        self._journal = journal
        self._under_way = under_way
        self._recent: OrderedDict[str, _Memory] = OrderedDict()

    def __repr__(self) -> str:
        return f"<memoirs of the last {len(self._recent)} requests>"

    def keep(self, closed: RequestClosed, trail: Sequence[Attempted], questions: Sequence[Question]) -> None:
        """A request is over."""
        self._recent[closed.request_id] = _Memory(closed, tuple(trail), tuple(questions))
        if len(self._recent) > RECENT_MAX:
            self._recent.popitem(last=False)

    async def explain(self, request_id: str) -> Explanation | None:
        """None: nobody has heard of it. Raises JournalUnusable where only the journal could tell."""
        memory = self._recent.get(request_id)
        if memory is not None:
            looks = tuple(
                look_then(look, question)
                for look, question in zip(memory.closed.looks, memory.questions, strict=True)
            )
            return _explained(memory.closed, looks, tuple(map(_try_of, memory.trail)))
        return await self._from_journal(request_id)

    async def _from_journal(self, request_id: str) -> Explanation | None:
        stored = await self._journal.query(Query(request_id=request_id, rows_max=1000))
        stored.reverse()
        if not stored:
            return None
        tries = tuple(_try_told(each.event) for each in stored if isinstance(each.event, AttemptClosed))
        for each in reversed(stored):
            if isinstance(each.event, RequestClosed):
                return _explained(each.event, await self._looks(each.seq, each.event), tries)
        verdict = None if request_id in self._under_way else Verdict.INTERRUPTED
        return Explanation(request_id=request_id, verdict=verdict, tries=tries)

    async def _looks(self, seq: int, closed: RequestClosed) -> tuple[LookThen, ...]:
        if closed.asked is None or not closed.looks:
            return ()
        shown = await self._shown(seq, min(look.board for look in closed.looks))
        questions = questions_of(closed, shown)
        return tuple(
            look_then(look, question) for look, question in zip(closed.looks, questions, strict=True)
        )

    async def _shown(self, seq: int, oldest: int) -> list[BoardShown]:
        """Back to the whole picture that the oldest of these versions was drawn on."""
        shown: list[BoardShown] = []
        for _ in range(BOARDS_READ_MAX):
            page = await self._journal.query(Query(kinds=("board_shown",), before_seq=seq, rows_max=1000))
            for each in page:
                event, seq = each.event, each.seq
                if isinstance(event, BoardShown):
                    shown.append(event)
                    if event.is_whole and event.version <= oldest:
                        return shown[::-1]
            if not page:
                break
        return shown[::-1]


class _Memory(Struct, frozen=True, gc=False):
    closed: RequestClosed
    trail: tuple[Attempted, ...]
    questions: tuple[Question, ...]


def _explained(closed: RequestClosed, looks: tuple[LookThen, ...], tries: tuple[Try, ...]) -> Explanation:
    return Explanation(
        request_id=closed.request_id,
        verdict=closed.verdict,
        pool=closed.pool,
        app=closed.app,
        lane=closed.lane,
        asked=closed.asked,
        looks=looks,
        tries=tries,
        seams=closed.seams,
        closed_wall_ms=closed.wall_ms,
        duration_ms=closed.duration_ms,
        merged_with=closed.merged_with,
        from_cache=closed.from_cache,
    )


def _try_of(line: Attempted) -> Try:
    return Try(
        lane=line.lane,
        outcome=line.outcome,
        terms=line.terms,
        at_ms=line.at_ms,
        duration_ms=line.duration_ms,
        first_token_ms=line.first_token_ms,
        tries=line.tries,
        usage=line.usage,
        cost_usd=line.cost_usd,
    )


def _try_told(event: AttemptClosed) -> Try:
    return Try(
        lane=event.lane,
        outcome=event.outcome,
        terms=event.terms,
        at_ms=event.at_ms - event.duration_ms,
        duration_ms=event.duration_ms,
        first_token_ms=event.first_token_ms,
        tries=event.tries,
        usage=event.usage,
        cost_usd=event.cost_usd,
    )
