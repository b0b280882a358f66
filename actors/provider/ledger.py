"""What one provider knows, and the only one who may change it. It outlives every life of its actor.

    happened(event) --> fold --> journal --> board        one synchronous step: nobody sees half of it

So a crash pardons nobody: the next life finds the standing that the last one left.
"""

from collections.abc import Collection, Iterable, Sequence
from itertools import islice
from typing import Protocol

from msgspec import structs

from actors.kernel.channel import Channel
from actors.seams import Clock
from state.config import Config, ModelConfig, ProviderConfig
from state.events import Answered, AttemptClosed, AttemptOpened, Event, Terms
from state.memory.fold import State, fold
from state.routing.board import Card, LaneView, Performance
from state.routing.cards import card_of
from state.routing.views import same_prospects, view_of
from state.settings.guesses import guess
from state.standing.admission import Admitted, Held, admit
from state.standing.standings import Standings
from state.usage.limits import Allowance, Exhausted, Reserved, allowance_of, reserve
from state.words import LaneId, ProviderId

__all__ = ["Ledger", "Views", "Witness"]

Views = dict[LaneId, LaneView]

MODELS_MAX = 1024
"""As many as a config may name."""

OF_ATTEMPTS = (AttemptOpened, AttemptClosed)

REFRESH_MS = 250
"""How busy and how good a lane is may be this old on the board; whether it may be used is always fresh.
Showing every count to everybody would cost more than the decision that it serves."""


class Witness(Protocol):
    """Who keeps what happened: the journal."""

    def record(self, event: Event) -> None: ...


class Ledger:
    """One provider's lanes, keys and limits, as they stand."""

    def __init__(self, provider: ProviderConfig, state: State, *, clock: Clock, witness: Witness) -> None:
        self.id = ProviderId(provider.name)
        self.state = state
        self.published: Channel[Views] = Channel({})
        self.standings: Channel[Standings] = Channel(state.standing)
        """Told when anybody's standing changes: whoever looks after them sleeps until then."""
        self._clock = clock
        self._witness = witness
        self._models: dict[LaneId, ModelConfig] = {}
        self._found: tuple[ModelConfig, ...] = ()
        self._allowances: dict[LaneId, Allowance] = {}
        self._cards: dict[LaneId, Card] = {}
        self._shared: dict[LaneId, Allowance] = {}
        """Of each, what it has together with others: of its key, and of the provider."""
        self._capped: frozenset[LaneId] = frozenset()
        """Those for which the config sets a limit somewhere on their way."""
        self._caps_are_shared = False
        self._shown_ms: dict[LaneId, int] = {}
        self.answered_ms: int | None = None
        """When live traffic last proved the provider well."""
        self.reconfigure(provider)

    def __repr__(self) -> str:
        return f"<ledger of {self.id}: {len(self._models)} lanes>"

    @property
    def lanes(self) -> tuple[LaneId, ...]:
        return tuple(self._models)

    def model(self, lane: LaneId) -> ModelConfig:
        return self._models[lane]

    def reconfigure(self, provider: ProviderConfig) -> None:
        """Other settings over the same past."""
        self.provider = provider
        self.settings = Config(provider={provider.name: provider})
        self._offer(self._found if provider.discovers else provider.models)

    def found(self, names: Iterable[str]) -> None:
        """The provider itself says which models it has: that counts where the config names none."""
        if not self.provider.discovers:
            return
        found = tuple(ModelConfig(name=name, can=guess(name)) for name in islice(names, MODELS_MAX))
        if found != self._found:
            self._found = found
            self._offer(found)

    def has(self, lane: LaneId) -> bool:
        return lane in self._models

    def admit(
        self, lane: LaneId, tokens: int, *, may_strike: bool, last_standing: bool, as_last_resort: bool
    ) -> Terms | Held | Exhausted:
        """The last word on one more attempt. Whoever gets terms lets the opening happen at once."""
        now_ms = self._clock.now_ms()
        decision = admit(
            self.state.standing,
            lane,
            now_ms,
            self.settings,
            may_strike=may_strike,
            last_standing=last_standing,
            as_last_resort=as_last_resort,
        )
        if not isinstance(decision, Admitted):
            return decision
        room = reserve(self.state.limits, self._allowances[lane], tokens, now_ms, self._clock.wall_ms())
        return room if isinstance(room, Exhausted) else decision.terms

    def happened(self, event: Event) -> None:
        """Learn from it, have it witnessed, and show what it changed."""
        before = self.state
        self.state = fold(before, event, self.settings)
        self._witness.record(event)
        if isinstance(event, AttemptClosed) and isinstance(event.outcome, Answered):
            self.answered_ms = event.at_ms
        if touched := self._touched(before, event):
            self._publish(touched)
        self._tell_standings(before)

    def learn(self, event: Event) -> None:
        """Learn from what somebody else has had witnessed: an outage, an act on everybody, a reload."""
        before = self.state
        self.state = fold(before, event, self.settings)
        self._publish(self._models)
        self._tell_standings(before)

    def recall(self, state: State) -> None:
        """A longer memory than it had until now."""
        before, self.state = self.state, state
        self._publish(self._models)
        self._tell_standings(before)

    def usual_first_token_ms(self, lane: LaneId) -> int | None:
        """The 95th percentile of what the lane takes to its first token; None: too little is known."""
        return self.state.statistics.lane(lane).first_token.quantile(0.95)

    def view(self, lane: LaneId) -> LaneView:
        """The lane as it is now."""
        return self._view(lane, None)

    def _view(self, lane: LaneId, lately: Performance | None) -> LaneView:
        return view_of(
            lane,
            self._cards[lane],
            self.state,
            self._allowances[lane],
            self.settings,
            at_ms=self._clock.now_ms(),
            wall_ms=self._clock.wall_ms(),
            lately=lately,
        )

    def _offer(self, models: Sequence[ModelConfig]) -> None:
        """These are the models now."""
        offered = [(key, model) for key in self.provider.keys for model in models]
        name = self.provider.name
        self._models = {LaneId(name, key.name, model.name): model for key, model in offered}
        self._cards = {
            LaneId(name, key.name, model.name): card_of(self.provider, key, model) for key, model in offered
        }
        self._allowances = {lane: allowance_of(self.provider, lane) for lane in self._models}
        self._shared = {lane: _without_own(allowance) for lane, allowance in self._allowances.items()}
        self._capped = frozenset(
            lane for lane, allowance in self._allowances.items() if any(rung.caps for rung in allowance.rungs)
        )
        self._caps_are_shared = any(
            rung.caps for allowance in self._allowances.values() for rung in allowance.rungs[1:]
        )
        self._shown_ms = dict.fromkeys(self._models, self._clock.now_ms())
        self.published.publish({lane: self.view(lane) for lane in self._models})

    def _touched(self, before: State, event: Event) -> Collection[LaneId]:
        """The lanes whose place on the board this may have changed. Most attempts change nothing there:
        where nothing is held or limited, only how busy and how good the lane is, and that may wait.
        """
        if not isinstance(event, OF_ATTEMPTS) or event.lane not in self._models:
            return self._models
        lane = event.lane
        if before.standing is not self.state.standing:
            return self._models
        if self._is_plain(lane, event):
            return (lane,) if event.at_ms >= self._shown_ms[lane] + REFRESH_MS else ()
        if self._turns_others(before, event):
            return self._models
        is_limited = lane in self._capped or self.state.limits.meter(lane).statements
        # On its way back it carries so many at once, and each that comes or goes counts.
        is_watched = any(not standing.is_free for standing in self.state.standing.chain(lane))
        if is_limited or is_watched or event.at_ms >= self._shown_ms[lane] + REFRESH_MS:
            return (lane,)
        return ()

    def _is_plain(self, lane: LaneId, event: AttemptOpened | AttemptClosed) -> bool:
        """Whether nothing on the lane's way is held, or used up now or on the board: then there was room
        before as well, for all with whom it shares a limit, and this attempt has turned nobody.
        """
        if self.published.latest[lane].exhausted is not None:
            return False
        state = self.state
        if not state.standing.is_free(lane):
            return False
        room = reserve(state.limits, self._allowances[lane], 0, event.at_ms, event.wall_ms)
        return isinstance(room, Reserved)

    def _turns_others(self, before: State, event: AttemptOpened | AttemptClosed) -> bool:
        """Whether what is left for all lanes together was or is too little for one more: as long as it is
        enough, one lane's attempts change nothing for the others.
        """
        if not self._shares_limits:
            return False
        shared = self._shared[event.lane]
        rooms = (
            reserve(state.limits, shared, 0, event.at_ms, event.wall_ms) for state in (self.state, before)
        )
        return any(isinstance(room, Exhausted) for room in rooms)

    @property
    def _shares_limits(self) -> bool:
        """Whether one lane's attempt uses up what another needs: limits of a key or of the provider."""
        provider = self.state.limits.meters.providers.get(self.id.provider)
        if self._caps_are_shared or provider is None:
            return self._caps_are_shared
        return bool(provider.own.statements) or any(key.own.statements for key in provider.keys.values())

    def _tell_standings(self, before: State) -> None:
        if self.state.standing is not before.standing:
            self.standings.publish(self.state.standing)

    def _publish(self, lanes: Iterable[LaneId]) -> None:
        now_ms = self._clock.now_ms()
        shown = self.published.latest
        fresh: Views = {}
        for lane in lanes:
            old = shown.get(lane)
            if old is None or now_ms >= self._shown_ms[lane] + REFRESH_MS:
                fresh[lane] = self._view(lane, None)
                self._shown_ms[lane] = now_ms
            elif not same_prospects(old, view := self._view(lane, old.performance)):
                fresh[lane] = view
        if fresh:
            self.published.publish(shown | fresh)


def _without_own(allowance: Allowance) -> Allowance:
    own, *shared = allowance.rungs
    return structs.replace(allowance, rungs=(structs.replace(own, caps=()), *shared))
