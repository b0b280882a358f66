"""A town of real things: servers on real sockets, providers that really connect, a journal in a real file.

    async with town(tmp_path, a=Server(failing("503 No")), b=Server(answering("hi"))) as there:
        closed = await there.serve()
        there.clock.skip(330)          five and a half minutes pass, as in a suspended machine

Each provider is called as its server is. What a server does is a list of moods, one for each request; the last
one lasts. Probes are answered well unless the server says otherwise.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from actors.case import Case, Closed
from actors.chance import SystemRng
from actors.clock import SystemClock
from actors.journal.journal import Journal, JournalWriter
from actors.journal.journal_file import JournalFile, JournalLost, open_journal
from actors.kernel.actor import ChildSpec
from actors.kernel.mailbox import Mailbox
from actors.kernel.supervisor import supervise
from actors.net.netguard import NetGuard, NetGuardActor
from actors.net.reach import reach
from actors.net.tls import TrustStore
from actors.provider.access import Access, open_access
from actors.provider.ledger import Ledger
from actors.provider.provider import Doorway, Provider
from actors.router.router import Router, RouterActor
from actors.seams import Alarm, JournalBackend
from state.config import Api, Config, PoolConfig, ProviderConfig
from state.events import OperatorAct, RequestClosed
from state.memory.fold import NOTHING_KNOWN
from state.memory.journal import Query
from state.routing.asking import Options
from state.routing.names import Unknown
from state.settings.tuning import ProbeConfig, QuarantineConfig, TimeoutConfig
from state.telling.explanation import Explanation
from state.words import LaneId
from tests.fakes import RecordingListener
from tests.fakeserver import Asked, FakeServer, Line, serving
from tests.fakeserver.answers import DONE, LAST_CHUNK, STREAM_HEAD, answer, chunk, head
from tests.house_of_doors import Ear, provider
from tests.wire.calls import chat

Mood = Callable[[Line, Asked], Awaitable[bool]]
"""What a server does with a request, and whether the connection stays."""

AS_IF_REMOTE = QuarantineConfig(loopback_s=300.0, loopback_s_max=600.0, jitter=0.0)
"""Servers on loopback are forgiven in seconds; these stand for others, far away."""
SHORT = TimeoutConfig(connect_s=1.0, first_token_s=0.3, gap_s=0.3, total_s=0.6, trial_first_token_s=0.3)
SELDOM = ProbeConfig(every_s=3600.0, ladder_s=(3600.0,))
"""Where a story is not about probes."""


class SkippingClock(SystemClock):
    """The machine's own clock, in a machine that can be suspended."""

    def __init__(self) -> None:
        super().__init__()
        self._alarms: list[_Alarm] = []

    def skip(self, seconds: float) -> None:
        """So much time is gone, and all whose moment has come wake up."""
        self._ahead_ms += round(seconds * 1000)
        alarms, self._alarms = self._alarms, []
        for alarm in alarms:
            alarm.look(self.now_ms())
        self._alarms += [alarm for alarm in alarms if alarm.is_set]

    def call_at(self, at_ms: int, act: Callable[[], None]) -> "_Alarm":
        alarm = _Alarm(at_ms, act)
        alarm.naps = super().call_at(at_ms, alarm.ring)
        self._alarms.append(alarm)
        return alarm


class _Alarm:
    """Rings once, by itself or after a skip."""

    def __init__(self, at_ms: int, act: Callable[[], None]) -> None:
        self.is_set = True
        self.naps: Alarm | None = None
        self._at_ms = at_ms
        self._act = act

    def ring(self) -> None:
        if self.is_set:
            self.cancel()
            self._act()

    def look(self, now_ms: int) -> None:
        if now_ms >= self._at_ms:
            self.ring()

    def cancel(self) -> None:
        self.is_set = False
        if self.naps is not None:
            self.naps.cancel()


# What servers do.


def answering(text: str = "hello", *, after_s: float = 0.0) -> Mood:
    """Well: as a whole, or as a stream where that was asked for."""

    async def mood(line: Line, asked: Asked) -> bool:
        await asyncio.sleep(after_s)
        if b'"stream":true' in asked.body:
            words = (said(word) for word in spaced(text))
            await line.say(STREAM_HEAD, *words, FINISH, DONE, LAST_CHUNK)
        else:
            choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
            usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
            whole = {"id": "x", "choices": [choice], "usage": usage}
            await line.say(answer(msgspec.json.encode(whole)))
        return True

    return mood


def failing(status: str, words: str = "no", *headers: str, code: str | None = None) -> Mood:
    """With an error in OpenAI's shape."""
    body = msgspec.json.encode({"error": {"message": words, "code": code, "type": code}})

    async def mood(line: Line, _: Asked) -> bool:
        await line.say(answer(body, *headers, status=status))
        return True

    return mood


async def out_of_quota(line: Line, _: Asked) -> bool:
    """As Gemini says that a model's day is over."""
    violation = {
        "quotaMetric": "generativelanguage.googleapis.com/generate_content_free_tier_requests",
        "quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier",
    }
    failure = {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [violation]}
    words = "You exceeded your current quota, please check your plan and billing details."
    error = {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": words, "details": [failure]}
    await line.say(answer(msgspec.json.encode({"error": error}), status="429 Too Many Requests"))
    return True


async def silent(line: Line, _: Asked) -> bool:
    """It takes the request, and that is all."""
    await line.sleep()
    return False


async def resetting(line: Line, _: Asked) -> bool:
    line.reset()
    return False


def cut_after(*words: str, how: str = "closes") -> Mood:
    """A stream that does not come to its end: it closes, stalls, or says an error."""

    async def mood(line: Line, _: Asked) -> bool:
        await line.say(STREAM_HEAD, *(said(word) for word in words))
        if how == "stalls":
            await line.sleep()
        if how == "says an error":
            await line.say(chunk(b'data: {"error":{"message":"overloaded","code":503}}\n\n'), LAST_CHUNK)
        return False

    return mood


async def calling_a_tool(line: Line, _: Asked) -> bool:
    """It begins a tool call, and is gone."""
    call = '{"index":0,"id":"c","type":"function","function":{"name":"f","arguments":"{\\"a"}}'
    delta = f'{{"index":0,"delta":{{"role":"assistant","tool_calls":[{call}]}},"finish_reason":null}}'
    await line.say(STREAM_HEAD, chunk(f'data: {{"id":"t","choices":[{delta}]}}\n\n'.encode()))
    return False


def lining_up(*words: str) -> Mood:
    """A stream as Ollama has it: JSON, line by line."""

    async def mood(line: Line, _: Asked) -> bool:
        await line.say(head("content-type: application/x-ndjson", "transfer-encoding: chunked"))
        for word in words:
            await line.say(_line({"message": {"role": "assistant", "content": word}, "done": False}))
        await line.say(_line({"message": {"content": ""}, "done": True, "done_reason": "stop"}), LAST_CHUNK)
        return True

    return mood


def said(word: str) -> bytes:
    """One word of a stream."""
    return _event({"index": 0, "delta": {"content": word}, "finish_reason": None})


def spaced(text: str) -> list[str]:
    words = text.split(" ")
    return [*(f"{word} " for word in words[:-1]), words[-1]]


def _line(whole: dict[str, Any]) -> bytes:
    return chunk(msgspec.json.encode({"model": "m", **whole}) + b"\n")


def _event(choice: dict[str, Any]) -> bytes:
    return chunk(b"data: %b\n\n" % msgspec.json.encode({"id": "s", "model": "m", "choices": [choice]}))


FINISH = _event({"index": 0, "delta": {}, "finish_reason": "stop"})


# The town.


class Server:
    """One server, and what it was asked."""

    def __init__(self, *moods: Mood, models: int = 1, keys: int = 1, **settings: Any) -> None:
        self.moods = list(moods) or [answering()]
        self.models = tuple(f"m{number + 1}" for number in range(models)) if models > 1 else ("m",)
        self.keys = keys
        self.settings = settings
        self.host = settings.pop("host", "127.0.0.1")
        self.probes_well = True
        self.fake = FakeServer(0, [])
        self._line = AsyncExitStack()

    async def script(self, line: Line) -> None:
        while True:
            asked = await line.hear()
            if asked.method == "GET":
                await line.say(answer(b'{"data":[]}') if self.probes_well else answer(status="503 No"))
                continue
            mood = self.moods.pop(0) if len(self.moods) > 1 else self.moods[0]
            if not await mood(line, asked):
                return

    @property
    def calls(self) -> list[Asked]:
        """What it was asked to answer."""
        return [asked for asked in self.fake.asked if asked.method == "POST"]

    @property
    def probes(self) -> int:
        return sum(asked.method == "GET" for asked in self.fake.asked)

    async def plug_in(self) -> None:
        """From now on it can be reached; always in the same place."""
        asked = self.fake.asked
        self.fake = await self._line.enter_async_context(serving(self.script, port=self.fake.port))
        self.fake.asked[:0] = asked

    async def unplug(self) -> None:
        """It is there, but no way leads to it."""
        await self._line.aclose()

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.fake.port}"

    def feels(self, *moods: Mood) -> None:
        """From now on."""
        self.moods = list(moods)


class Town:
    """Everything that a daemon has, but its edges."""

    def __init__(
        self, home: Path, config: Config, file: JournalFile, clock: SkippingClock, servers: dict[str, Server]
    ) -> None:
        self.clock = clock
        self.servers = servers
        self.config = config
        self.listener = RecordingListener()
        self.rng = SystemRng(clock)
        self._home = home
        self.journal = Journal(file, self._reopen, clock=clock, listener=self.listener, parts={})
        self.guard = NetGuard(config.provider, self.journal, clock=clock, reach=reach)
        self.ledgers = {
            name: Ledger(each, NOTHING_KNOWN, clock=clock, witness=self.guard)
            for name, each in config.provider.items()
        }
        self.doors = {name: Doorway(ledger, clock, self.rng) for name, ledger in self.ledgers.items()}
        self.router = self._router()
        self.guard.tells(self.router)

    def specs(self) -> list[ChildSpec[Any]]:
        trust = TrustStore()

        def access(each: ProviderConfig) -> Access:
            return open_access(each, {}, clock=self.clock, trust=trust)

        return [
            ChildSpec(mailbox=Mailbox("journal", 1, self.clock), make=lambda: JournalWriter(self.journal)),
            ChildSpec(mailbox=Mailbox("guard", 1, self.clock), make=lambda: NetGuardActor(self.guard)),
            *(
                ChildSpec(
                    mailbox=Mailbox(name, 8, self.clock),
                    make=partial(
                        Provider, door, partial(access, self.config.provider[name]), self.clock, self.rng
                    ),
                    stage=1,
                )
                for name, door in self.doors.items()
            ),
            ChildSpec(
                mailbox=Mailbox("router", 1, self.clock), make=lambda: RouterActor(self.router), stage=2
            ),
        ]

    def case(
        self, model: str = "auto", *, stream: bool = False, body: dict[str, Any] | None = None, **options: Any
    ) -> Case:
        request = chat(**{"model": model, "stream": stream, **(body or {})})
        found = self.router.open(request, Options(**options), stream=stream)
        assert not isinstance(found, Unknown), found
        return found

    async def serve(self, model: str = "auto", **options: Any) -> Closed:
        return await self.router.serve(self.case(model, **options))

    async def stream(self, model: str = "auto", **options: Any) -> tuple[Closed, Ear]:
        ear = Ear()
        return await self.router.serve(self.case(model, stream=True, **options), ear), ear

    async def act(self, act: OperatorAct) -> None:
        await self.router.act(act, by="root")

    async def explained(self) -> Explanation:
        """The latest request, by the journal alone, as after a restart."""
        while self.journal.health.pending:
            await asyncio.sleep(0.005)
        (latest,) = await self.journal.query(Query(kinds=("request_closed",), rows_max=1))
        assert isinstance(latest.event, RequestClosed)
        found = await self._router().explain(latest.event.request_id)
        assert found is not None
        return found

    def standing(self, name: str) -> str:
        """Of its first lane, as the board has it."""
        lane = self.ledgers[name].lanes[0]
        return type(
            self.router.switchboard.keeper.board.views[lane].condition_at(self.clock.now_ms())
        ).__name__

    def left_s(self, name: str) -> float:
        """How long its first lane is still out."""
        lane = self.ledgers[name].lanes[0]
        condition = self.router.switchboard.keeper.board.views[lane].condition
        return (getattr(condition, "until_ms", 0) - self.clock.now_ms()) / 1000

    def _router(self) -> Router:
        return Router(
            self.config,
            self.doors,
            self.ledgers,
            self.journal,
            clock=self.clock,
            rng=self.rng,
            listener=self.listener,
        )

    async def _reopen(self, lost: JournalLost | None) -> JournalBackend:
        file, _ = await open_journal(self._home / "journal.db", wall_ms=self.clock.wall_ms())
        return file


@asynccontextmanager
async def town(
    home: Path, *, pools: dict[str, PoolConfig] | None = None, **servers: Server
) -> AsyncIterator[Town]:
    """Everybody is up and serving."""
    clock = SkippingClock()
    async with AsyncExitStack() as stack:
        for server in servers.values():
            await server.plug_in()
            stack.push_async_callback(server.unplug)
        config = Config(
            provider={name: _configured(name, server) for name, server in servers.items()},
            pool={name: replace(rules, name=name) for name, rules in (pools or {}).items()},
        )
        file, _ = await open_journal(home / "journal.db", wall_ms=clock.wall_ms())
        there = Town(home, config, file, clock, servers)
        stack.push_async_callback(there.journal.close)
        supervisor = await stack.enter_async_context(supervise(clock, there.rng, there.listener))
        await supervisor.start(there.specs())
        try:
            yield there
        finally:
            await supervisor.stop(within_s=5.0)


def _configured(name: str, server: Server) -> ProviderConfig:
    usual = {"timeout": SHORT, "quarantine": AS_IF_REMOTE, "probe": SELDOM}
    settings = usual | server.settings
    path = "" if settings.get("api") is Api.OLLAMA else "/v1"
    return provider(name, *server.models, keys=server.keys, url=f"{server.url}{path}", **settings)


def tried(closed: Closed) -> list[str]:
    return [line.lane.provider for line in closed.trail]


def lane(name: str, model: str = "m", key: str = "key1") -> LaneId:
    return LaneId(name, key, model)
