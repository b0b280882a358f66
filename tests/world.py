"""A small world for tests of the standings: two remote providers and a local one, and a clock to turn."""

from itertools import count

from msgspec.structs import replace

from state.config import Config, KeyConfig, ModelConfig, ProviderConfig, QuarantineConfig
from state.events import (
    Answered,
    AttemptClosed,
    AttemptOpened,
    Cancelled,
    ConfigLoaded,
    Event,
    LinkLost,
    LinkRestored,
    OperatorAct,
    OperatorActed,
    Outcome,
    ProbeClosed,
)
from state.failures import Failure, Kind, Scope
from state.standing.admission import Admitted, Held, admit, explain
from state.standing.holds import Phase
from state.standing.judgement import fold_standing, provider_config
from state.standing.standing import Standing
from state.standing.standings import Standings
from state.words import LaneId, Target

A1 = LaneId("alpha", "key1", "small")
A2 = LaneId("alpha", "key1", "large")
A3 = LaneId("alpha", "key2", "small")
B1 = LaneId("beta", "key1", "small")
HOME = LaneId("home", "key1", "llava")
LANES = (A1, A2, A3, B1, HOME)
ALPHA, KEY1 = A1.provider_id, A1.key_id

SECOND, MINUTE, HOUR, DAY = 1000, 60_000, 3_600_000, 86_400_000
START_WALL_MS = 1_763_712_000_000
"""2025-11-21 08:00:00 UTC."""


def provider(name: str, url: str, keys: tuple[str, ...], models: tuple[str, ...]) -> ProviderConfig:
    return ProviderConfig(
        name=name,
        url=url,
        keys=tuple(KeyConfig(name=key) for key in keys),
        models=tuple(ModelConfig(name=model) for model in models),
    )


PROVIDERS = (
    provider("alpha", "https://alpha.example/v1", ("key1", "key2"), ("small", "large")),
    provider("beta", "https://beta.example/v1", ("key1",), ("small",)),
    provider("home", "http://127.0.0.1:11434", ("key1",), ("llava",)),
)


def settings(quarantine: QuarantineConfig | None = None, reset_zone: str = "UTC") -> Config:
    """The three providers, all with the same laws."""
    law = quarantine or QuarantineConfig()
    return Config(
        provider={known.name: replace(known, quarantine=law, reset_zone=reset_zone) for known in PROVIDERS}
    )


SETTINGS = settings()


def failure(kind: Kind = Kind.TIMEOUT, scope: Scope = Scope.MODEL, wait_s: float | None = None) -> Failure:
    return Failure(kind=kind, scope=scope, rule=f"some-{kind}", wait_s=wait_s)


class World:
    """Events happen one after the other; what they amount to is in `standings`."""

    def __init__(self, config: Config = SETTINGS) -> None:
        self.config = config
        self.standings = Standings()
        self.now_ms = 0
        self.events: list[Event] = []
        self._ids = count(1)

    @property
    def wall_ms(self) -> int:
        return START_WALL_MS + self.now_ms

    def happens(self, event: Event) -> None:
        self.events.append(event)
        self.standings = fold_standing(self.standings, event, self.config)

    def passes(self, milliseconds: int) -> None:
        self.now_ms += milliseconds

    # What requests do.

    def asks(self, lane: LaneId, **how: bool) -> Admitted | Held:
        return admit(self.standings, lane, self.now_ms, self.config, **how)

    def leaves(self, lane: LaneId, **how: bool) -> AttemptOpened:
        """A request is admitted and sent."""
        decision = self.asks(lane, **how)
        assert isinstance(decision, Admitted), decision
        opened = AttemptOpened(
            at_ms=self.now_ms,
            wall_ms=self.wall_ms,
            attempt_id=f"attempt-{next(self._ids)}",
            request_id="request",
            lane=lane,
            terms=decision.terms,
        )
        self.happens(opened)
        return opened

    def ends(self, opened: AttemptOpened, outcome: Outcome, jitter: float = 0.0) -> None:
        self.happens(
            AttemptClosed(
                at_ms=self.now_ms,
                wall_ms=self.wall_ms,
                attempt_id=opened.attempt_id,
                request_id=opened.request_id,
                lane=opened.lane,
                terms=opened.terms,
                outcome=outcome,
                duration_ms=self.now_ms - opened.at_ms,
                jitter=jitter,
            )
        )

    def answers(self, lane: LaneId, **how: bool) -> None:
        """A request is sent and answered at once."""
        self.ends(self.leaves(lane, **how), Answered())

    def fails(
        self,
        lane: LaneId,
        kind: Kind = Kind.TIMEOUT,
        scope: Scope = Scope.MODEL,
        wait_s: float | None = None,
        jitter: float = 0.0,
        **how: bool,
    ) -> None:
        """A request is sent and fails at once."""
        self.ends(self.leaves(lane, **how), failure(kind, scope, wait_s), jitter)

    def cancels(self, opened: AttemptOpened) -> None:
        self.ends(opened, Cancelled())

    # What others do.

    def acts(self, act: OperatorAct, by: str = "alice") -> None:
        self.happens(OperatorActed(at_ms=self.now_ms, wall_ms=self.wall_ms, act=act, by=by))

    def probes(self, target: Target, *results: bool) -> None:
        """A free health check ends, well or ill."""
        for is_well in results:
            self.happens(
                ProbeClosed(
                    at_ms=self.now_ms,
                    wall_ms=self.wall_ms,
                    target=target,
                    failure=None if is_well else failure(Kind.UNAVAILABLE, Scope.PROVIDER),
                )
            )

    def reloads(self, *keys_changed: str) -> None:
        self.happens(
            ConfigLoaded(at_ms=self.now_ms, wall_ms=self.wall_ms, digest="", keys_changed=keys_changed)
        )

    def loses_link(self, since_ms: int) -> None:
        self.happens(LinkLost(at_ms=self.now_ms, wall_ms=self.wall_ms, since_ms=since_ms))

    def finds_link(self) -> None:
        self.happens(LinkRestored(at_ms=self.now_ms, wall_ms=self.wall_ms))

    # What one sees.

    def standing(self, target: Target) -> Standing:
        return self.standings.of(target)

    def phase(self, target: Target) -> Phase:
        return self.standing(target).phase(self.now_ms, provider_config(self.config, target))

    def says(self, lane: LaneId) -> str:
        return explain(self.standings, lane, self.now_ms, self.config)

    def is_usable(self, lane: LaneId) -> bool:
        return isinstance(self.asks(lane), Admitted)

    def left_s(self, lane: LaneId) -> float | None:
        """The seconds until the lane may be asked again; 0: now; None: nobody knows."""
        decision = self.asks(lane)
        if isinstance(decision, Admitted):
            return 0.0
        return None if decision.until_ms is None else (decision.until_ms - self.now_ms) / 1000
