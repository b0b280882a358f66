"""What all requests share: the doors, the board, what is preferred, and what there is only so much of.

doors        one for each provider
board        how every lane is
state        preferences and what became of requests: the router's own part of the fold
second tries a small allowance: a brown-out must not be doubled by us
last resort  one attempt for the whole daemon, then nobody else for a while
"""

from collections import Counter
from collections.abc import Mapping

from actors.provider.door import Door
from actors.provider.ledger import Witness
from actors.router.board_keeper import BoardKeeper, Books
from actors.seams import Clock, Listener, Rng
from state.config import Config
from state.events import Event, OperatorActed, Rescued
from state.memory.fold import NOTHING_KNOWN, State, fold
from state.memory.parts import concerns
from state.timeline import ms
from state.words import LaneId

__all__ = ["Allowance", "Switchboard"]

SECOND_TRIES_SHARE = 0.2
SECOND_TRIES_SPARE = 10.0
"""Second tries are at most a fifth of all requests, and these. Beyond it a failure goes to the next lane at
once: with a provider that fails every call, twice the load is what it can use least."""


class Allowance:
    """How many second tries there may be. It can be overdrawn by those under way, and is then paid back."""

    def __init__(self) -> None:
        self._left = SECOND_TRIES_SPARE

    def __repr__(self) -> str:
        return f"<{self._left:.1f} second tries left>"

    @property
    def is_left(self) -> bool:
        return self._left >= 1.0

    def earn(self) -> None:
        """One more request."""
        self._left = min(SECOND_TRIES_SPARE, self._left + SECOND_TRIES_SHARE)

    def spend(self, tries: int) -> None:
        self._left -= tries


class Switchboard:
    """Whom a request can turn to."""

    def __init__(
        self,
        config: Config,
        doors: Mapping[str, Door],
        books: Mapping[str, Books],
        witness: Witness,
        *,
        clock: Clock,
        rng: Rng,
        listener: Listener,
        state: State = NOTHING_KNOWN,
    ) -> None:
        self.config = config
        self.doors = doors
        self.books = books
        self.state = state
        self.clock = clock
        self.rng = rng
        self.listener = listener
        self.second_tries = Allowance()
        self.keeper = BoardKeeper(config, books, witness, clock)
        self._witness = witness
        self._turns: Counter[tuple[str, type]] = Counter()
        self._last_resort_ms: int | None = None

    def adopt(self, config: Config, doors: Mapping[str, Door], books: Mapping[str, Books]) -> None:
        """A reload: requests under way go on with the doors that they know."""
        self.config, self.doors, self.books = config, doors, books
        self.keeper.adopt(config, books)

    def next_turn(self, pool: str, kind: type) -> int:
        """How many requests of this kind the pool has had before this one."""
        turn = self._turns[pool, kind]
        self._turns[pool, kind] = turn + 1
        return turn

    def happened(self, event: Event) -> None:
        """The router's own: learned and witnessed in one step."""
        self.learn(event)
        self._witness.record(event)

    def rescued(self, event: Rescued) -> None:
        """The router's own, too; and those learn of it who were rescued and who rescued them."""
        self.spread(event)
        self._witness.record(event)

    def learn(self, event: Event) -> None:
        """What somebody else has witnessed, or is about to."""
        self.state = fold(self.state, event, self.config)

    def spread(self, event: Event) -> None:
        """Everybody whom it concerns learns from it; it is not witnessed here."""
        self.learn(event)
        for name, ledger in self.books.items():
            if concerns(event, name):
                ledger.learn(event)
        if isinstance(event, OperatorActed):
            self.keeper.wake()

    def may_resort_to(self, lane: LaneId, now_ms: int) -> bool:
        """Whether it is time again for an attempt that has nowhere else to go."""
        provider = self.config.provider.get(lane.provider)
        if provider is None:
            return False
        last_ms = self._last_resort_ms
        return last_ms is None or now_ms - last_ms >= ms(provider.quarantine.last_resort_s)

    def resorted(self, now_ms: int) -> None:
        self._last_resort_ms = now_ms
