"""Why a request went where it went: every lane at every look, every attempt, every seam, the verdict.

Nothing here was written down as a reason: the reasons follow from what the request saw, as they did then.
"""

from collections.abc import Iterable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from state.events import Answered, BoardShown, Outcome, RequestClosed, Terms, Usage, Verdict
from state.routing.board import Board, LaneView
from state.routing.pools import Pool
from state.routing.preferences import Forced, Preferences, Remembered, Steered, context_key
from state.routing.question import Placing, Question, Ranked
from state.routing.routing import rank
from state.telling.trail import Asked, Look, Seam
from state.telling.trouble import in_short
from state.words import LaneId

__all__ = ["Explanation", "LaneThen", "LookThen", "Try", "look_then", "questions_of"]


class Try(Struct, frozen=True, kw_only=True):
    """One attempt, as it ended."""

    lane: LaneId
    outcome: Outcome
    terms: Terms
    at_ms: int
    duration_ms: int
    first_token_ms: int | None = None
    tries: int = 1
    usage: Usage | None = None
    cost_usd: float | None = None

    def __str__(self) -> str:
        again = f", {self.tries} tries" if self.tries > 1 else ""
        cost = "" if self.cost_usd is None else f", ${self.cost_usd:.6f}"
        tokens = "" if self.usage is None else f", {self.usage.tokens_in}+{self.usage.tokens_out} tokens"
        rule = "" if isinstance(self.outcome, Answered) else _rule(self.outcome)
        seconds = f"{self.duration_ms / 1000:.2f} s"
        return f"{self.lane}: {in_short(self.outcome)}{rule} after {seconds}{again}{tokens}{cost}"


class LaneThen(Struct, frozen=True):
    """A lane's place or the reason why it had none, and how it stood."""

    placing: Placing
    view: LaneView | None = None


class LookThen(Struct, frozen=True, kw_only=True):
    """One look at the board."""

    look: Look
    lanes: tuple[LaneThen, ...] = ()
    """Empty: the board of that time is not kept any more."""


class Explanation(Struct, frozen=True, kw_only=True):
    """All that is known of a request's way."""

    request_id: str
    verdict: Verdict | None
    """None: still under way."""
    pool: str = ""
    app: str = ""
    lane: LaneId | None = None
    asked: Asked | None = None
    looks: tuple[LookThen, ...] = ()
    tries: tuple[Try, ...] = ()
    seams: tuple[Seam, ...] = ()
    closed_wall_ms: int | None = None
    duration_ms: int | None = None
    merged_with: str = ""
    from_cache: bool = False

    def __str__(self) -> str:
        verdict = "under way" if self.verdict is None else self.verdict
        lines = [f"{self.request_id}: {verdict}" + (f" by {self.lane}" if self.lane else "")]
        for then in self.looks:
            lines += [f"  looked at {len(then.lanes)} lanes, {_chosen(then.look)}"]
            lines += [f"    {lane.placing}" for lane in then.lanes]
        lines += [f"  tried {tried}" for tried in self.tries]
        lines += [
            f"  seam at {seam.at_char}: {seam.before} -> {seam.after}, {seam.how}" for seam in self.seams
        ]
        if self.merged_with:
            lines.append(f"  the answer of {self.merged_with}")
        if self.from_cache:
            lines.append("  from the cache")
        return "\n".join(lines)


def look_then(look: Look, question: Question | None) -> LookThen:
    """What a look saw, worked out again."""
    if question is None:
        return LookThen(look=look)
    views = question.board.views
    placings = _as_chosen(rank(question).placings, look.chose)
    return LookThen(
        look=look, lanes=tuple(LaneThen(placing, views.get(placing.lane)) for placing in placings)
    )


def _as_chosen(placings: tuple[Placing, ...], chose: LaneId | None) -> tuple[Placing, ...]:
    """How busy and how good lanes were is kept now and then only, so a strategy that goes by it may give
    another order now. Who was chosen stands first all the same.
    """
    ranked = [each for each in placings if isinstance(each, Ranked)]
    ordered = sorted(ranked, key=lambda each: each.lane != chose)
    if ordered == ranked:
        return placings
    moved = (replace(each, place=place) for place, each in enumerate(ordered, 1))
    return (*moved, *(each for each in placings if not isinstance(each, Ranked)))


def questions_of(closed: RequestClosed, shown: Iterable[BoardShown]) -> list[Question | None]:
    """The questions that a stored request asked, one for each look; None where the board is not kept.

    `shown`: what was shown of the board before it closed, in order.
    """
    assert closed.asked is not None, "whoever never looked has no questions"
    seen = _seen(shown, closed.pool, {look.board for look in closed.looks})
    found: list[Question | None] = []
    for at, look in enumerate(closed.looks):
        known = seen.get(look.board)
        found.append(None if known is None else _question(closed.asked, closed.looks, at, *known))
    return found


def _seen(shown: Iterable[BoardShown], name: str, versions: set[int]) -> dict[int, tuple[Board, Pool]]:
    """These versions of the board, with the pool as it was. Before a whole picture nothing is certain."""
    seen: dict[int, tuple[Board, Pool]] = {}
    views: dict[LaneId, LaneView] | None = None
    pool: Pool | None = None
    for event in shown:
        if event.is_whole:
            views, pool = {}, None
        if views is None:
            continue
        for lane in event.gone:
            views.pop(lane, None)
        views.update((view.lane, view) for view in event.views)
        pool = next((then.pool for then in event.pools if then.name == name), pool)
        if event.version in versions and pool is not None:
            seen[event.version] = Board(dict(views)), pool
    return seen


def _question(asked: Asked, looks: Sequence[Look], at: int, board: Board, pool: Pool) -> Question:
    look, ask = looks[at], asked.ask
    if ask.budget_usd is not None:
        ask = replace(ask, budget_usd=max(0.0, ask.budget_usd - look.spent_usd))
    return Question(
        ask=ask,
        pool=pool,
        board=board,
        preferences=_preferences(asked, pool.name, look.at_ms),
        now_ms=look.at_ms,
        turn=asked.turn,
        chance=asked.chance,
        tried=_tried(looks, at),
        outgrown=look.outgrown,
    )


def _tried(looks: Sequence[Look], at: int) -> tuple[LaneId, ...]:
    """Where it had been: who had it and, since it waited last, who refused it."""
    tried: dict[LaneId, None] = {}
    refused: dict[LaneId, None] = {}
    for look in looks[: at + 1]:
        if look.has_waited:
            refused.clear()
        if look is not looks[at] and look.chose is not None:
            (refused if look.refused else tried)[look.chose] = None
    return tuple(lane for lane in (*tried, *refused) if lane != looks[at].chose)


def _preferences(asked: Asked, pool: str, at_ms: int) -> Preferences:
    until_ms = at_ms + 1
    context = context_key(asked.ask.context, asked.ask.app, pool)
    lane = asked.remembered
    return Preferences(
        {} if lane is None else {context: Remembered(lane, asked.instead_of, until_ms)},
        {} if asked.forced is None else {pool: Forced(asked.forced, until_ms)},
        {} if asked.steered is None else {pool: Steered(asked.steered, until_ms)},
    )


def _chosen(look: Look) -> str:
    if look.chose is None:
        return "none could be tried"
    resort = " as the last resort" if look.as_last_resort else ""
    refused = f", which refused: {look.refused}" if look.refused else ""
    return f"chose {look.chose}{resort}{refused}"


def _rule(outcome: Outcome) -> str:
    rule = getattr(outcome, "rule", "")
    return f" (rule {rule})" if rule else ""
