"""Random stories of a small world: what requests, probes, operators and the network might do, in any order."""

from hypothesis import strategies as st

from state.events import (
    Answered,
    AttemptOpened,
    Cancelled,
    Disable,
    Enable,
    Interrupted,
    OperatorAct,
    Outcome,
    Quarantine,
    Release,
    ReleaseAll,
)
from state.failures import Kind, Scope
from state.standing.admission import Admitted
from state.words import LaneId, Target
from tests.world import A1, A2, A3, ALPHA, B1, HOME, KEY1, World, failure

PAUSES_MS = (0, 0, 0, 1, 500, 500, 3000, 3000, 11_000, 61_000, 300_000, 330_000, 86_400_000)
PROBED = ((True, True), (True,), (False,))
WAITS_S = (None, None, 0.5, 7.0, 400.0, 1e9)
SCOPES = (Scope.MODEL, Scope.MODEL, Scope.KEY, Scope.PROVIDER, Scope.REQUEST)
WHO = (A1, A1, A1, A2, A3, B1, HOME)
TARGETS: tuple[Target, ...] = (A1, A1, A1, KEY1, ALPHA, B1, HOME.provider_id)
"""Some more often than others, so that much happens to the same ones."""

Step = bytes
"""Four bytes: one for the way, one for with whom, two for all other choices. Drawn as bytes, a story takes a
third of the time, and its steps are spread evenly over all that can happen.
"""


class Story(World):
    """A world in which steps are taken; attempts stay in the air until a step brings them home."""

    def __init__(self) -> None:
        super().__init__()
        self.flying: list[AttemptOpened] = []

    def takes(self, step: Step) -> None:
        way, who, what = step[0], step[1], int.from_bytes(step[2:])
        self.passes(PAUSES_MS[what % len(PAUSES_MS)])
        lane, target = WHO[who % len(WHO)], TARGETS[who % len(TARGETS)]
        match way % 20:
            case 14 | 15:
                self.probes(target, *PROBED[what % len(PROBED)])
            case 16 | 17:
                self.acts(self._act(target, what))
            case 18:
                self.loses_link(self.now_ms - 5000) if what % 2 else self.finds_link()
            case 19:
                self.reloads("alpha/key1") if what % 2 else self.reloads()
            case number if number < 7:
                self._asks(lane, what)
            case _:
                self._brings_home(who, OUTCOMES[what % len(OUTCOMES)], what)

    def _asks(self, lane: LaneId, what: int) -> None:
        how = {
            "may_strike": what % 5 != 0,
            "last_standing": what % 4 == 0,
            "as_last_resort": what % 7 == 0,
        }
        if isinstance(self.asks(lane, **how), Admitted):
            self.flying.append(self.leaves(lane, **how))

    def _brings_home(self, who: int, outcome: Outcome, what: int) -> None:
        if self.flying:
            self.ends(self.flying.pop(who % len(self.flying)), outcome, jitter=what % 10 / 10)

    def _act(self, target: Target, what: int) -> OperatorAct:
        until_ms = self.now_ms + (1 + what % 7) * 100_000
        acts = (
            Disable(target, until_ms),
            Quarantine(target, until_ms, "a reason"),
            Enable(target),
            Release(target),
            ReleaseAll(),
        )
        return acts[what % len(acts)]


OUTCOMES: tuple[Outcome, ...] = (
    *(Answered(),) * 12,
    Cancelled(),
    Interrupted(),
    *(
        failure(kind, scope, wait_s)
        for number, kind in enumerate(Kind)
        for scope, wait_s in ((SCOPES[number % 5], WAITS_S[number % 6]), (SCOPES[number % 3], None))
    ),
)


def told(script: bytes) -> Story:
    world = Story()
    for at in range(0, len(script) - 3, 4):
        world.takes(script[at : at + 4])
    return world


steps = st.binary(min_size=4, max_size=4)
scripts = st.binary(min_size=32, max_size=96)
"""Shorter ones too often end before anything has gone wrong; hypothesis shortens them where it finds a fault."""
stories = scripts.map(told)
