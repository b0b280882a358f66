"""The ledger: one synchronous step from an event to the board, and a board that never lies."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from actors.provider.ledger import Ledger, Views
from state.config import KeyConfig, LimitsConfig, ModelConfig, ProviderConfig, QuarantineConfig
from state.events import (
    Answered,
    AttemptClosed,
    AttemptOpened,
    Cancelled,
    ConfigLoaded,
    Disable,
    Enable,
    Event,
    LimitLearned,
    LinkLost,
    LinkRestored,
    Mark,
    OperatorActed,
    Outcome,
    ProbeClosed,
    Release,
    Terms,
    Window,
)
from state.failures import Failure, Kind, Scope
from state.memory.fold import NOTHING_KNOWN, fold_all
from state.routing.board import USABLE, OnTrial
from state.routing.views import same_prospects
from state.standing.admission import Held
from state.usage.limits import Exhausted
from state.words import LaneId
from tests.fakes import FakeClock

LANES = tuple(LaneId("p", key, model) for key in ("key1", "key2") for model in ("m", "n"))
LANE, *OTHERS = LANES
BUSY = Failure(kind=Kind.UNAVAILABLE, scope=Scope.MODEL, rule="test")


def config(**changes: Any) -> ProviderConfig:
    provider = ProviderConfig(
        name="p",
        url="https://api.example.com",
        keys=(KeyConfig(name="key1"), KeyConfig(name="key2")),
        models=(ModelConfig(name="m", limits=LimitsConfig(rpm=4)), ModelConfig(name="n")),
        model_limits=LimitsConfig(concurrency=3),
        # A trial of which nobody hears is free again by time alone; nobody here is lost.
        quarantine=QuarantineConfig(trial_s_max=86_400.0),
    )
    return replace(provider, **changes)


class Book:
    """A ledger with its clock, and what it had witnessed."""

    def __init__(self, provider: ProviderConfig | None = None) -> None:
        self.clock = FakeClock()
        self.events: list[Event] = []
        self.ledger = Ledger(provider or config(), NOTHING_KNOWN, clock=self.clock, witness=self)
        self.flying: list[AttemptOpened] = []

    def record(self, event: Event) -> None:
        self.events.append(event)

    @property
    def shown(self) -> Views:
        return self.ledger.published.latest

    def now(self) -> dict[str, Any]:
        return {"at_ms": self.clock.now_ms(), "wall_ms": self.clock.wall_ms()}

    def opens(self, lane: LaneId = LANE, tokens: int = 0) -> Terms | Held | Exhausted:
        terms = self.ledger.admit(lane, tokens, may_strike=True, last_standing=False, as_last_resort=False)
        if isinstance(terms, Terms):
            opened = AttemptOpened(
                **self.now(),
                attempt_id=f"a{len(self.events)}",
                request_id="r",
                lane=lane,
                terms=terms,
                tokens_reserved=tokens,
            )
            self.flying.append(opened)
            self.ledger.happened(opened)
        return terms

    def ends(self, outcome: Outcome, which: int = 0) -> None:
        opened = self.flying.pop(which % len(self.flying))
        self.ledger.happened(
            AttemptClosed(
                **self.now(),
                attempt_id=opened.attempt_id,
                request_id="r",
                lane=opened.lane,
                outcome=outcome,
                terms=opened.terms,
                tokens_reserved=opened.tokens_reserved,
            )
        )


def test_what_happens_is_known_witnessed_and_shown_when_the_call_returns():
    book = Book()
    book.opens()
    book.ends(BUSY)
    assert [type(event) for event in book.events] == [AttemptOpened, AttemptClosed]
    assert isinstance(book.opens(), Held)
    assert book.shown[LANE].condition == book.ledger.view(LANE).condition
    assert repr(book.ledger) == "<ledger of p: 4 lanes>"


def test_a_first_look_shows_every_lane():
    book = Book()
    assert tuple(book.shown) == LANES == book.ledger.lanes
    assert set(book.shown.values()) == {book.ledger.view(lane) for lane in LANES}


def test_what_others_had_witnessed_is_learned_and_not_witnessed_twice():
    book = Book()
    book.opens()
    book.ends(replace(BUSY, kind=Kind.NETWORK))
    witnessed = len(book.events)
    book.ledger.learn(LinkLost(**book.now(), since_ms=0))
    assert len(book.events) == witnessed
    assert book.ledger.state.standing.of(LANE).row == 0
    assert isinstance(book.opens(), Terms)


def test_a_place_of_a_slow_start_is_shown_as_taken_and_as_free_again_at_once():
    book = Book()
    book.opens()
    book.ends(BUSY)
    book.clock.jump(400.0)
    book.opens()
    book.ends(Answered())
    assert not book.shown[LANE].is_full
    book.opens()
    assert book.shown[LANE].is_full
    book.ends(Cancelled())
    assert not book.shown[LANE].is_full


def test_live_answers_are_remembered_as_proofs_of_health():
    book = Book()
    assert book.ledger.answered_ms is None
    book.clock.jump(5)
    book.opens()
    book.ends(BUSY)
    assert book.ledger.answered_ms is None
    book.opens(OTHERS[0])
    book.ends(Answered())
    assert book.ledger.answered_ms == 5000


def test_how_busy_a_lane_is_may_be_a_blink_old_and_no_older():
    book = Book()
    for _ in range(2):
        book.opens(OTHERS[0])
    assert book.shown[OTHERS[0]].in_flight <= 2
    book.clock.jump(0.25)
    book.opens(OTHERS[0])
    assert book.shown[OTHERS[0]].in_flight == 3


def test_many_plain_attempts_make_few_news():
    book = Book(config(models=(ModelConfig(name="m"),), model_limits=LimitsConfig()))
    version = book.ledger.published._version
    for _ in range(1000):
        book.opens()
        book.ends(Answered())
        book.clock.jump(0.001)
    assert book.ledger.published._version - version < 10


def test_a_change_of_standing_wakes_whoever_looks_after_it():
    book = Book()
    version = book.ledger.standings._version
    book.opens()
    book.ends(Answered())
    assert book.ledger.standings._version == version
    book.opens()
    book.ends(BUSY)
    assert book.ledger.standings._version == version + 1
    assert book.ledger.standings.latest is book.ledger.state.standing


def test_a_lane_is_usually_as_fast_as_it_was():
    book = Book()
    assert book.ledger.usual_first_token_ms(LANE) is None


def test_another_config_is_in_force_at_once_over_the_same_past():
    book = Book()
    book.opens()
    book.ends(BUSY)
    held = book.ledger.view(LANE).condition
    book.ledger.reconfigure(config(priority=7, keys=(KeyConfig(name="key1"),)))
    assert book.ledger.lanes == LANES[:2]
    assert set(book.shown) == set(LANES[:2])
    assert (book.shown[LANE].condition, book.shown[LANE].card.priority) == (held, 7)


def test_found_models_count_only_where_none_are_named():
    book = Book()
    book.ledger.found(["x"])
    assert book.ledger.lanes == LANES
    finder = Book(config(models=()))
    finder.ledger.found(["llava", "x"])
    assert [lane.model for lane in finder.ledger.lanes] == ["llava", "x"] * 2
    finder.ledger.reconfigure(config(models=(), priority=3))
    assert [lane.model for lane in finder.ledger.lanes] == ["llava", "x"] * 2


# Whatever happens.

TRIALS = (OnTrial(mark=Mark.TRIAL), OnTrial(mark=Mark.EARLY_TRIAL))
OUTCOMES: tuple[Outcome, ...] = (
    Answered(),
    Answered(),
    Cancelled(),
    BUSY,
    replace(BUSY, scope=Scope.PROVIDER, kind=Kind.NETWORK),
    replace(BUSY, kind=Kind.RATE_LIMIT, wait_s=30.0),
    replace(BUSY, kind=Kind.AUTH, scope=Scope.KEY),
    replace(BUSY, kind=Kind.QUOTA, scope=Scope.KEY),
    replace(BUSY, kind=Kind.BAD_REQUEST, scope=Scope.REQUEST),
)
PAUSES_S = (0.0, 0.0, 0.01, 0.3, 1.0, 9.0, 61.0, 301.0)


def take(book: Book, step: bytes) -> None:
    """One step of a random story; time passes before it, by `rest`."""
    way, who, what = step
    lane, ledger, now = LANES[who % len(LANES)], book.ledger, book.now()
    target = (lane, lane.key_id, lane.provider_id)[what % 3]
    match way % 16:
        case 0 | 1:
            failure = None if what % 2 else BUSY
            ledger.happened(ProbeClosed(**now, target=target, failure=failure))
        case 2:
            act = (Disable(target, now["at_ms"] + 60_000), Enable(target), Release(target))[who % 3]
            ledger.happened(OperatorActed(**now, act=act))
        case 3:
            lost = LinkLost(**now, since_ms=now["at_ms"] - 5000) if what % 2 else LinkRestored(**now)
            ledger.learn(lost)
            book.events.append(lost)
        case 4:
            said = LimitLearned(**now, target=target, window=Window.RPM, limit=60, remaining=what // 3 % 3)
            ledger.happened(said)
        case 5:
            loaded = ConfigLoaded(**now, digest="", keys_changed=(str(lane.key_id),))
            ledger.learn(loaded)
            book.events.append(loaded)
        case number if number < 11 or not book.flying:
            book.opens(lane)
        case _:
            book.ends(OUTCOMES[what % len(OUTCOMES)], who)


def rest(book: Book, step: bytes) -> None:
    book.clock.jump(PAUSES_S[step[2] % len(PAUSES_S)])


steps = st.lists(st.binary(min_size=3, max_size=3), max_size=40)


FREE = config(models=(ModelConfig(name="m"), ModelConfig(name="n")), model_limits=LimitsConfig())
SHARING = config(
    limits=LimitsConfig(rpm=9),
    keys=(KeyConfig(name="key1", limits=LimitsConfig(tpm=50)), KeyConfig(name="key2")),
)


@settings(max_examples=600)
@given(steps, st.sampled_from([config(), FREE, SHARING]))
def test_what_an_event_changes_for_a_lane_is_shown_at_once(script: list[bytes], provider: ProviderConfig):
    """What time alone changes stands on the board as a moment."""
    book = Book(provider)
    for step in script:
        rest(book, step)
        before = {lane: book.ledger.view(lane) for lane in LANES}
        take(book, step)
        for lane in LANES:
            after = book.ledger.view(lane)
            if not same_prospects(before[lane], after):
                assert same_prospects(book.shown[lane], after), lane


@settings(max_examples=200)
@given(steps)
def test_what_is_known_is_what_the_events_come_to(script: list[bytes]):
    book = Book()
    for step in script:
        rest(book, step)
        take(book, step)
    assert fold_all(book.events, book.ledger.settings) == book.ledger.state


@settings(max_examples=200)
@given(steps)
def test_whoever_is_shown_as_usable_is_let_in(script: list[bytes]):
    book = Book()
    for step in script:
        rest(book, step)
        take(book, step)
        for lane in LANES:
            view = book.ledger.view(lane)
            terms = book.ledger.admit(lane, 0, may_strike=True, last_standing=False, as_last_resort=False)
            is_open = view.condition in (USABLE, *TRIALS) and view.exhausted is None
            has_place = view.carries is None or view.in_flight < view.carries
            assert isinstance(terms, Terms) == (is_open and has_place)
