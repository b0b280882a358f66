"""The filters that time does not lift: what the request, the pool and the config decide about a lane."""

from collections.abc import Iterable

from state.config import Capability
from state.routing.board import LaneView
from state.routing.estimates import expected_cost
from state.routing.filters import Filter, Test, first_reason, raised
from state.routing.pools import means
from state.routing.question import Question, Skipped, Why
from state.words import LaneId

__all__ = ["LAWS", "first_meaning", "lawful"]


def unfit(question: Question) -> Test:
    """What every request asks of every lane, in one look.

    Switched off in the config it is nobody's; what an operator takes out for a while is `out` instead. What a
    model cannot do it is not asked for. The prompt, and the answer where it is bounded, must fit; and whoever
    is no larger than the lane that found the request too long need not be asked. An unknown size is given the
    chance.
    """
    ask = question.ask
    needs, need = ask.needs, max(ask.tokens_in + (ask.tokens_out or 0), question.outgrown + 1)

    def test(view: LaneView) -> Skipped | None:
        card = view.card
        if not card.enabled:
            return Skipped(view.lane, Why.DISABLED, "in the config")
        if not needs <= card.can:
            return Skipped(view.lane, Why.INCAPABLE, f"no {', '.join(sorted(needs - card.can))}")
        size = card.context
        if size is not None and size < need:
            return Skipped(view.lane, Why.TOO_SMALL, f"holds {size} tokens of {need}")
        return None

    return test


def not_included(question: Question) -> Test | None:
    """The caller named where it may go."""
    patterns = question.ask.include
    if not patterns:
        return None

    def test(view: LaneView) -> Skipped | None:
        hit = first_meaning(patterns, view.lane)
        return None if hit is not None else Skipped(view.lane, Why.NOT_INCLUDED)

    return test


def excluded(question: Question) -> Test | None:
    """The caller named where it may not go."""
    patterns = question.ask.exclude
    if not patterns:
        return None

    def test(view: LaneView) -> Skipped | None:
        hit = first_meaning(patterns, view.lane)
        return None if hit is None else Skipped(view.lane, Why.EXCLUDED, f"by {hit!r}")

    return test


def not_cleared(question: Question) -> Test | None:
    """Privacy beats availability: a class of data that was named is seen by those who are cleared for it and
    by nobody else, not even when all else fails. A request can add a class, never take the pool's away.
    """
    of_pool, of_request = question.pool.rules.data_class, question.ask.data_class
    if of_pool == of_request == "":
        return None
    classes = {of_pool, of_request} - {""}

    def test(view: LaneView) -> Skipped | None:
        missing = classes - view.card.data_classes
        if not missing:
            return None
        return Skipped(view.lane, Why.DATA_CLASS, f"not cleared for {', '.join(sorted(missing))}")

    return test


def over_budget(question: Question) -> Test | None:
    """Where the price is unknown, no budget can be promised."""
    ask, budget_usd = question.ask, question.ask.budget_usd
    if budget_usd is None:
        return None

    def test(view: LaneView) -> Skipped | None:
        cost = expected_cost(view, ask)
        if cost is None:
            return Skipped(view.lane, Why.OVER_BUDGET, "unpriced")
        if cost > budget_usd:
            return Skipped(view.lane, Why.OVER_BUDGET, f"about ${cost:.6f} of ${budget_usd:.6f}")
        return None

    return test


def other_model(question: Question) -> Test | None:
    """Vectors of two models do not compare, and nobody would notice. So embeddings stay with the model of the
    first lane that the request may use; that it is out changes nothing, or a quarantine would mix an index.
    """
    if Capability.EMBEDDINGS not in question.ask.needs:
        return None
    first = question.tried[:1] or [view.lane for view in lawful(question, _FOR_ANY_MODEL)[:1]]
    model = first[0].model if first else ""

    def test(view: LaneView) -> Skipped | None:
        return (
            None if view.lane.model == model else Skipped(view.lane, Why.OTHER_MODEL, f"stays with {model}")
        )

    return test


_FOR_ANY_MODEL: tuple[Filter, ...] = (
    unfit,
    not_included,
    excluded,
    not_cleared,
    over_budget,
)

LAWS: tuple[Filter, ...] = (*_FOR_ANY_MODEL, other_model)
"""In the order in which they are asked: of several reasons, the first is given."""


def lawful(question: Question, laws: Iterable[Filter] = LAWS) -> list[LaneView]:
    """The lanes that the request could use with everybody well: in the pool's order, but only those of the
    caller's preferred provider if it has any.
    """
    asked = raised(question, laws)
    views = [view for view in question.views if first_reason(asked, view) is None]
    wish = question.ask.preferred_provider
    wished = [view for view in views if means(wish, view.lane)] if wish else []
    return wished or views


def first_meaning(patterns: Iterable[str], lane: LaneId) -> str | None:
    return next((pattern for pattern in patterns if means(pattern, lane)), None)
