"""What holds whatever is asked, whoever is well, and whatever anybody prefers."""

from copy import deepcopy

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from state.config import Capability, Strategy
from state.events import Mark
from state.routing.board import LaneView, OnTrial, Out, Usable
from state.routing.preferences import Preferences
from state.routing.question import Lead, Question, Ranked, Why
from state.routing.routing import Choice, Nobody, choose, rank
from state.routing.strategies import EXPLORE, ORDERS
from state.words import covers, matches
from tests.routing_worlds import questions
from tests.scenes import NOW_MS

law = settings(max_examples=500, deadline=None)
asked = given(questions)


def is_eligible(question: Question, view: LaneView) -> bool:
    """The filters once more, as one would say them in a breath: all but the two about failover."""
    ask, card, now_ms = question.ask, view.card, question.now_ms
    condition, limit = view.condition_at(now_ms), view.exhausted
    classes = {ask.data_class, question.pool.rules.data_class} - {""}
    fits = card.context is None or (
        card.context >= ask.tokens_in + (ask.tokens_out or 0) and card.context > question.outgrown
    )
    return (
        card.enabled
        and ask.needs <= card.can
        and fits
        and (not ask.include or any(matches(pattern, view.lane) for pattern in ask.include))
        and not any(matches(pattern, view.lane) for pattern in ask.exclude)
        and classes <= card.data_classes
        and view.lane not in question.tried
        and (isinstance(condition, Usable) or (isinstance(condition, OnTrial) and condition.free))
        and (limit is None or (limit.until_ms is not None and limit.until_ms <= now_ms))
        and (view.carries is None or view.in_flight < view.carries)
    )


@law
@asked
def test_every_lane_has_one_place_or_one_reason(question):
    placings = rank(question).placings
    assert sorted(placing.lane for placing in placings) == sorted(
        {*question.board.views, *question.pool.lanes}
    )
    places = [placing.place for placing in placings if isinstance(placing, Ranked)]
    assert places == list(range(1, len(places) + 1))


@law
@asked
def test_the_choice_is_the_first_of_the_ranking_and_says_the_same_of_those_it_passed(question):
    ranking, choice = rank(question), choose(question)
    match choice:
        case Choice(lane=lane, mark=mark, lead=lead, passed=passed):
            assert ranking.placings[0] == Ranked(lane, 1, lead, mark)
            assert set(passed) <= set(ranking.skipped)
        case Nobody(skipped=skipped):
            assert ranking.order == ()
            assert set(skipped) == {each for each in ranking.skipped if each.why is not Why.NOT_IN_POOL}


@law
@asked
def test_nobody_is_ranked_who_is_not_eligible(question):
    for lane in rank(question).order:
        assert lane in question.pool.lanes
        assert is_eligible(question, question.board.views[lane])


@law
@asked
def test_nobody_is_skipped_who_is_eligible_but_for_the_rules_of_failover_budget_and_model(question):
    others = {
        Why.NO_FAILOVER,
        Why.NO_FAILOVER_TO,
        Why.OVER_BUDGET,
        Why.OTHER_MODEL,
        Why.NOT_IN_POOL,
        Why.GONE,
    }
    for skipped in rank(question).skipped:
        if skipped.why not in others:
            assert not is_eligible(question, question.board.views[skipped.lane])


@law
@given(questions, st.sampled_from(Strategy))
def test_an_order_gives_back_whom_it_was_given(question, strategy):
    views = list(question.views)
    ordered = list(ORDERS[strategy](iter(views), question))
    assert sorted(view.lane for view in ordered) == sorted(view.lane for view in views)


def at_liberty(question: Question) -> Question:
    """The same with nobody's word against a failover."""
    free = {"failover": True, "no_failover_to": ()}
    rules = structs.replace(question.pool.rules, **free)
    return structs.replace(
        question, ask=structs.replace(question.ask, **free), pool=structs.replace(question.pool, rules=rules)
    )


@law
@asked
def test_no_preference_makes_a_lane_eligible_or_takes_one_away(question):
    """So neither force nor memory nor wish beats quarantine, limits or exclusion."""
    preferring = at_liberty(question)
    if Capability.EMBEDDINGS in question.ask.needs:  # whose model the caller's wish may choose
        return
    ask = structs.replace(preferring.ask, preferred_provider="", sticky=False)
    indifferent = structs.replace(preferring, ask=ask, preferences=Preferences())
    assert set(rank(preferring).order) == set(rank(indifferent).order)


@law
@asked
def test_the_forced_come_before_all_others_but_for_trials(question):
    target = question.preferences.forced_for("pool", question.now_ms)
    leads = [
        placing.lead
        for placing in rank(question).placings
        if isinstance(placing, Ranked) and placing.mark is Mark.NORMAL
    ]
    assert leads == sorted(leads, key=list(Lead).index)
    for placing in rank(question).placings:
        if isinstance(placing, Ranked):
            assert (placing.lead is Lead.FORCED) == (target is not None and covers(target, placing.lane))


@law
@asked
def test_the_same_question_has_the_same_answer_even_from_a_copy(question):
    copy = deepcopy(question)
    assert choose(copy) == choose(question)
    assert rank(copy) == rank(question)


@law
@asked
def test_at_most_the_first_of_a_fresh_request_is_on_trial_before_those_who_are_well(question):
    marks = [placing.mark for placing in rank(question).placings if isinstance(placing, Ranked)]
    behind = marks if question.tried else marks[1:]
    assert behind == sorted(behind, key=lambda mark: mark is not Mark.NORMAL)


@law
@asked
def test_what_is_next_in_the_ranking_is_next_after_a_failure(question):
    """All else being equal: a memory gives way or not by who was tried; trials and exploring are for requests
    that have not waited yet.
    """
    fresh = structs.replace(at_liberty(question), tried=(), outgrown=0)
    on_trial = any(isinstance(view.condition_at(NOW_MS), OnTrial) for view in fresh.views)
    explores = fresh.strategy is Strategy.BEST_PERFORMANCE and fresh.chance < EXPLORE
    if fresh.preferences.remembered or on_trial or explores:
        return
    for first, *others in filter(None, [rank(fresh).order]):
        assert rank(structs.replace(fresh, tried=(first,))).order == tuple(others)


@law
@asked
def test_embeddings_never_meet_two_models(question):
    if Capability.EMBEDDINGS not in question.ask.needs:
        return
    models = {lane.model for lane in rank(question).order}
    assert len(models | {lane.model for lane in question.tried[:1]}) <= 1


@law
@asked
def test_without_failover_a_request_goes_nowhere_a_second_time(question):
    if not question.may_fail_over and question.tried:
        assert rank(question).order == ()


@law
@asked
def test_a_wait_leads_to_a_lane_and_not_a_moment_earlier(question):
    """After it a new request finds somebody; before it nobody, but for slots that others hold."""
    question = structs.replace(question, preferences=Preferences())  # which have ends of their own
    answer = choose(question)
    if not isinstance(answer, Nobody) or answer.retry_at_ms is None:
        return
    assert answer.retry_at_ms > question.now_ms
    again = structs.replace(question, tried=())
    earlier = choose(structs.replace(again, now_ms=answer.retry_at_ms - 1))
    assert isinstance(earlier, Nobody) or is_well_now(again)
    free = {lane: freed(view) for lane, view in question.board.views.items()}
    then = structs.replace(
        again, now_ms=answer.retry_at_ms, board=structs.replace(question.board, views=free)
    )
    assert isinstance(choose(then), Choice)


def is_well_now(question: Question) -> bool:
    """A lane that this request has been to, and that others may use."""
    return isinstance(choose(question), Choice)


def freed(view: LaneView) -> LaneView:
    """The lane when those who hold its slots have gone."""
    trial = isinstance(view.condition, OnTrial)
    busy = view.exhausted is not None and view.exhausted.until_ms is None
    return structs.replace(
        view,
        condition=OnTrial(free=True) if trial else view.condition,
        exhausted=None if busy else view.exhausted,
        in_flight=0,
    )


@law
@asked
def test_the_last_resort_is_a_lane_that_only_its_quarantine_holds(question):
    answer = choose(question)
    if not isinstance(answer, Nobody) or answer.last_resort is None:
        return
    view = question.board.views[answer.last_resort]
    assert isinstance(view.condition, Out)
    assert view.condition.last_resort
    well = structs.replace(view, condition=Usable())
    released = structs.replace(question, board=question.board.showing(well))
    assert answer.last_resort in rank(released).order


@law
@asked
def test_the_last_one_standing_is_alone_among_those_that_the_request_could_use(question):
    choice = choose(question)
    if not isinstance(choice, Choice) or Capability.EMBEDDINGS in question.ask.needs:
        return
    at_will = rank(structs.replace(at_liberty(question), tried=()))
    company = [
        each.lane for each in at_will.placings if isinstance(each, Ranked) and each.mark is Mark.NORMAL
    ]
    assert choice.last_standing == (not {*company} - {choice.lane})
