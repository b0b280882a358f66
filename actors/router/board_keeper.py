"""Keeps the board: every lane as its provider last published it, read at once and never behind.

    ledgers --channels--> board --looked at--> choices
                            |  when it changes in what matters, it is shown to the journal once
                            +--> whoever waits for a lane wakes up

While our own network is down, every lane beyond this machine is out on the board, whatever its provider says.
"""

from collections.abc import Iterable, Mapping
from typing import Protocol

from anyio import Event as Wakeup
from anyio import create_task_group

from actors.kernel.channel import Channel
from actors.provider.ledger import Views, Witness
from actors.seams import Clock
from state.config import Config, ProviderConfig
from state.events import BoardShown, Event
from state.routing.board import Board, LaneView, Out
from state.routing.names import Names, name_all
from state.routing.pools import Pool
from state.routing.views import same_prospects
from state.telling.trail import PoolThen
from state.words import LaneId

__all__ = ["OFFLINE", "BoardKeeper", "Books"]

OFFLINE = "our own network is down"
WHOLE_MS = 3_600_000
"""So often the whole board is shown anew: whoever explains a request has to read back no further."""


class Books(Protocol):
    """What a provider's ledger is to the router."""

    @property
    def provider(self) -> ProviderConfig: ...

    @property
    def published(self) -> Channel[Views]: ...

    def learn(self, event: Event) -> None: ...


class BoardKeeper:
    """The router's picture of everybody, with every name that can be asked for."""

    def __init__(self, config: Config, books: Mapping[str, Books], witness: Witness, clock: Clock) -> None:
        self._witness = witness
        self._clock = clock
        self._changed = Wakeup()
        self._adopted = Wakeup()
        self._is_offline = False
        self._version = 0
        self._shown: Board | None = None
        self._shown_pools: dict[str, Pool] = {}
        self._whole_at_ms = 0
        self.adopt(config, books)

    def __repr__(self) -> str:
        return f"<board of {len(self._board.views)} lanes, shown {self._version} times>"

    def adopt(self, config: Config, books: Mapping[str, Books]) -> None:
        """A start, or a reload."""
        self._config = config
        self._channels = [ledger.published for ledger in books.values()]
        self._seen: list[Views] = [channel.latest for channel in self._channels]
        self._board = self._put_together()
        self.names: Names = name_all(config, self._board)
        self._shown = None
        self._adopted.set()
        self.wake()

    @property
    def board(self) -> Board:
        """As everybody stands at this moment."""
        seen = self._seen
        for at, channel in enumerate(self._channels):
            if channel.latest is not seen[at]:
                self._take_in()
                break
        return self._board

    def note(self, pool: Pool, now_ms: int) -> int:
        """The version of the board that a look at it refers to; shown first, if it is new."""
        if (
            self._board is self._shown
            and self._shown_pools.get(pool.name) is pool
            and now_ms < self._whole_at_ms + WHOLE_MS
        ):
            return self._version
        return self._show(pool, now_ms)

    @property
    def is_offline(self) -> bool:
        return self._is_offline

    def set_offline(self, *, is_offline: bool) -> None:
        self._is_offline = is_offline
        self._board = self._put_together()
        self.wake()

    def wake(self) -> None:
        """Something has changed: whoever waits may look again."""
        self._changed.set()
        self._changed = Wakeup()

    async def wait_change(self) -> None:
        """Until anything on the board changes."""
        await self._changed.wait()

    async def watch(self) -> None:
        """Wake those who wait whenever a provider publishes something new."""
        while True:
            self._adopted = Wakeup()
            async with create_task_group() as tasks:
                for channel in self._channels:
                    tasks.start_soon(self._watch, channel)
                await self._adopted.wait()
                tasks.cancel_scope.cancel()

    async def _watch(self, channel: Channel[Views]) -> None:
        async for _ in channel.reader():
            self.wake()

    def _take_in(self) -> None:
        before = self._board
        self._seen = [channel.latest for channel in self._channels]
        self._board = self._put_together()
        if self._board.views.keys() != before.views.keys():
            self.names = name_all(self._config, self._board)

    def _put_together(self) -> Board:
        views: Views = {}
        for seen in self._seen:
            views |= seen
        if self._is_offline:
            views = {lane: view if view.card.local else _cut_off(view) for lane, view in views.items()}
        return Board(views)

    def _show(self, pool: Pool, now_ms: int) -> int:
        """Only what differs in what matters: how busy and how good a lane is may be as old as the last whole
        picture, or a busy board would fill the journal.
        """
        is_whole = self._shown is None or now_ms >= self._whole_at_ms + WHOLE_MS
        before = {} if self._shown is None or is_whole else self._shown.views
        views = tuple(_differing(before, self._board.views.values()))
        gone = tuple(lane for lane in before if lane not in self._board.views)
        if is_whole:
            self._shown_pools = {}
            self._whole_at_ms = now_ms
        pools = () if self._shown_pools.get(pool.name) is pool else (PoolThen.of(pool),)
        self._shown = self._board
        self._shown_pools[pool.name] = pool
        if views or gone or pools:
            self._version += 1
            self._witness.record(
                BoardShown(
                    at_ms=now_ms,
                    wall_ms=self._clock.wall_ms(),
                    version=self._version,
                    is_whole=is_whole,
                    views=views,
                    gone=gone,
                    pools=pools,
                )
            )
        return self._version


def _cut_off(view: LaneView) -> LaneView:
    return LaneView(
        lane=view.lane,
        card=view.card,
        condition=Out(None, OFFLINE, last_resort=False),
        exhausted=view.exhausted,
        in_flight=view.in_flight,
        carries=view.carries,
        performance=view.performance,
    )


def _differing(before: Mapping[LaneId, LaneView], views: Iterable[LaneView]) -> Iterable[LaneView]:
    for view in views:
        old = before.get(view.lane)
        if old is None or (old is not view and not same_prospects(old, view)):
            yield view
