"""What the router is shown of a lane, in every condition it can be in."""

import pytest
from msgspec.structs import replace

from state.config import Config, KeyConfig, LimitsConfig, ModelConfig, ProviderConfig
from state.events import (
    Answered,
    AttemptClosed,
    AttemptOpened,
    Disable,
    LimitLearned,
    Mark,
    OperatorAct,
    OperatorActed,
    Outcome,
    ProbeClosed,
    Quarantine,
    Window,
)
from state.failures import Failure, Kind, Scope
from state.memory.fold import NOTHING_KNOWN, State, fold
from state.routing.board import USABLE, Card, Condition, LaneView, OnTrial, Out, Resting, UsedUp
from state.routing.views import same_prospects, view_of
from state.settings.tuning import TimeoutConfig
from state.usage.limits import allowance_of
from state.usage.timing import Timing, timing
from state.words import LaneId, Target

LANE = LaneId("p", "key1", "m")
MINUTE = 60_000


class Scene:
    """One lane, and what has happened to it."""

    def __init__(self, **limits: int) -> None:
        self.provider = ProviderConfig(
            name="p",
            url="https://api.example.com",
            keys=(KeyConfig(name="key1"),),
            models=(ModelConfig(name="m", limits=LimitsConfig(**limits)),),
        )
        self.settings = Config(provider={"p": self.provider})
        self.state: State = NOTHING_KNOWN
        self.now_ms = 0
        self.opened = 0

    def happens(self, event: object) -> None:
        self.state = fold(self.state, event, self.settings)  # type: ignore[arg-type]

    def opens(self) -> str:
        self.opened += 1
        name = f"a{self.opened}"
        self.happens(
            AttemptOpened(at_ms=self.now_ms, wall_ms=self.now_ms, attempt_id=name, request_id="r", lane=LANE)
        )
        return name

    def ends(self, name: str, outcome: Outcome) -> None:
        epochs = [standing.epoch for standing in self.state.standing.chain(LANE)]
        closed = AttemptClosed(
            at_ms=self.now_ms,
            wall_ms=self.now_ms,
            attempt_id=name,
            request_id="r",
            lane=LANE,
            outcome=outcome,
        )
        terms = replace(closed.terms, epochs=type(closed.terms.epochs)(*epochs))
        self.happens(replace(closed, terms=terms, duration_ms=700))

    def fails(
        self, kind: Kind = Kind.TIMEOUT, scope: Scope = Scope.MODEL, wait_s: float | None = None
    ) -> None:
        self.ends(self.opens(), Failure(kind=kind, scope=scope, rule="test", wait_s=wait_s))

    def acts(self, act: OperatorAct) -> None:
        self.happens(OperatorActed(at_ms=self.now_ms, wall_ms=self.now_ms, act=act, by="root"))

    def probed(self, target: Target = LANE) -> None:
        self.happens(ProbeClosed(at_ms=self.now_ms, wall_ms=self.now_ms, target=target))

    @property
    def view(self) -> LaneView:
        return view_of(
            LANE,
            Card(),
            self.state,
            allowance_of(self.provider, LANE),
            self.settings,
            at_ms=self.now_ms,
            wall_ms=self.now_ms,
        )

    def condition(self) -> Condition:
        return self.view.condition


def test_who_is_well_is_usable_and_carries_whatever_its_limits_allow():
    assert Scene().view == LaneView(lane=LANE)


def test_who_failed_is_out_until_then_and_may_be_the_last_resort():
    scene = Scene()
    scene.fails()
    condition = scene.condition()
    assert isinstance(condition, Out)
    assert (condition.until_ms, condition.last_resort) == (300_000, True)
    assert condition.why.startswith("p/key1/m quarantined until ")


def test_when_its_time_is_over_one_request_may_test_it():
    scene = Scene()
    scene.fails()
    scene.now_ms = 5 * MINUTE
    assert scene.condition() == OnTrial(free=True, mark=Mark.TRIAL)
    assert scene.view.carries == 1
    trial = scene.opens()
    assert scene.condition() == OnTrial(free=False)
    assert (scene.view.carries, scene.view.in_flight) == (1, 1)
    scene.ends(trial, Answered())
    assert (scene.condition(), scene.view.carries) == (USABLE, 1)


def test_good_probes_bring_the_trial_forward():
    scene = Scene()
    scene.fails()
    scene.now_ms = 8000
    scene.probed()
    assert isinstance(scene.condition(), Out)
    scene.now_ms = 9000
    scene.probed()
    assert scene.condition() == OnTrial(free=True, mark=Mark.EARLY_TRIAL)


def test_a_slow_start_is_usable_and_says_how_much_it_carries():
    scene = Scene()
    scene.fails()
    scene.now_ms = 5 * MINUTE
    for carries in (1, 2, 4, 8):
        scene.ends(scene.opens(), Answered())
        assert (scene.condition(), scene.view.carries) == (USABLE, carries)
    for _ in range(8):
        scene.opens()
    assert (scene.condition(), scene.view.carries, scene.view.in_flight) == (USABLE, 8, 8)


def test_who_waits_out_a_rate_limit_rests():
    scene = Scene()
    scene.fails(Kind.RATE_LIMIT, wait_s=20.0)
    condition = scene.condition()
    assert isinstance(condition, Resting)
    assert condition.until_ms == 20_000
    scene.now_ms = 20_000
    assert scene.condition() == USABLE


@pytest.mark.parametrize(
    ("kind", "scope", "until_ms"),
    [
        (Kind.AUTH, Scope.KEY, None),
        (Kind.QUOTA, Scope.KEY, 600_000),
        (Kind.NOT_FOUND, Scope.MODEL, 86_400_000),
    ],
)
def test_who_is_out_by_more_than_a_failure_is_nobodys_last_resort(
    kind: Kind, scope: Scope, until_ms: int | None
):
    scene = Scene()
    scene.fails(kind, scope)
    condition = scene.condition()
    assert isinstance(condition, Out)
    assert (condition.until_ms, condition.last_resort) == (until_ms, False)


@pytest.mark.parametrize("act", [Quarantine(LANE, 90_000, "maintenance"), Disable(LANE.provider_id, 90_000)])
def test_an_operators_word_is_nobodys_last_resort(act: OperatorAct):
    scene = Scene()
    scene.acts(act)
    condition = scene.condition()
    assert isinstance(condition, Out)
    assert (condition.until_ms, condition.last_resort) == (90_000, False)
    assert condition.why.endswith("by root")


def test_what_a_key_or_provider_is_held_for_holds_its_lanes():
    scene = Scene()
    scene.fails(Kind.NETWORK, Scope.PROVIDER)
    condition = scene.condition()
    assert isinstance(condition, Out)
    assert condition.why.startswith("p quarantined until ")


def test_a_limit_that_is_used_up_is_told_with_its_end():
    scene = Scene(rpm=2)
    for _ in range(2):
        scene.ends(scene.opens(), Answered())
    assert scene.view.exhausted == UsedUp(Window.RPM, 61_000)
    assert scene.condition() == USABLE


def test_concurrency_ends_nobody_knows_when():
    scene = Scene(concurrency=1)
    attempt = scene.opens()
    assert scene.view.exhausted == UsedUp(Window.CONCURRENCY, None)
    scene.ends(attempt, Answered())
    assert scene.view.exhausted is None


def test_what_the_provider_said_of_its_limits_counts():
    scene = Scene()
    said = LimitLearned(
        at_ms=0, wall_ms=0, target=LANE, window=Window.RPM, limit=60, remaining=0, reset_ms=30_000
    )
    scene.happens(said)
    assert scene.view.exhausted == UsedUp(Window.RPM, 30_000)


def test_how_it_has_done_is_told():
    scene = Scene()
    for _ in range(3):
        scene.ends(scene.opens(), Answered())
    performance = scene.view.performance
    assert (performance.samples, performance.success_rate) == (3, 1.0)
    assert 600 < performance.latency_p50_ms < 800


@pytest.mark.parametrize(
    ("changed", "same"),
    [
        ({"in_flight": 5}, True),
        ({"condition": Out(5)}, False),
        ({"exhausted": UsedUp(Window.RPM)}, False),
        ({"carries": 2}, False),
        ({"card": Card(priority=3)}, False),
    ],
)
def test_only_how_busy_and_how_good_a_lane_is_leaves_its_prospects_as_they_are(changed, same):
    view = LaneView(lane=LANE)
    assert same_prospects(view, replace(view, **changed)) is same


def test_who_starts_slowly_and_is_full_has_other_prospects_than_who_has_room():
    full = LaneView(lane=LANE, in_flight=1, carries=1)

    assert not same_prospects(full, replace(full, in_flight=0))
    assert same_prospects(full, replace(full, in_flight=2))


# How long an attempt's parts may take.

CLOCKS = TimeoutConfig(connect_s=5, first_token_s=10, gap_s=15, total_s=30, trial_first_token_s=4)


@pytest.mark.parametrize(
    ("streams", "mark", "usual_ms", "expected"),
    [
        (False, Mark.NORMAL, 9000, Timing(5000, None, None, 30_000)),
        (False, Mark.TRIAL, None, Timing(5000, None, None, 30_000)),
        (True, Mark.NORMAL, None, Timing(5000, 10_000, 15_000, None)),
        (True, Mark.NORMAL, 3000, Timing(5000, 10_000, 15_000, None)),
        (True, Mark.NORMAL, 20_000, Timing(5000, 60_000, 15_000, None)),
        (True, Mark.LAST_RESORT, 20_000, Timing(5000, 60_000, 15_000, None)),
        (True, Mark.TRIAL, 20_000, Timing(5000, 4000, 15_000, None)),
        (True, Mark.EARLY_TRIAL, None, Timing(5000, 4000, 15_000, None)),
    ],
)
def test_each_part_has_its_clock(streams: bool, mark: Mark, usual_ms: int | None, expected: Timing):  # noqa: FBT001 - a table
    assert timing(CLOCKS, streams=streams, mark=mark, usual_ms=usual_ms) == expected
