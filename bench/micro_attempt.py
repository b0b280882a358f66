"""What an attempt costs us: knock, send, read, judge, close, fold; the journal only takes note.

`python -m bench.micro_attempt [--rounds N] [--loop asyncio|uvloop] [--profile]`

The server is a bare protocol in a process of its own. CPU is this process's alone. `way` is the same request
over the transport alone, so the difference is what attempt and ledger cost.
"""

import argparse
import asyncio
import cProfile
import multiprocessing
import pstats
import statistics

import msgspec
import uvloop

from actors.case import Case
from actors.chance import SystemRng
from actors.clock import SystemClock
from actors.net.clocks import Clocks
from actors.net.head import JoinKey, join_key
from actors.net.origin import parse_origin
from actors.net.tls import TrustStore
from actors.net.transport import HttpTransport
from actors.provider.access import open_access
from actors.provider.desk import Desk
from actors.provider.door import Knock, Ticket
from actors.provider.ledger import Ledger
from actors.provider.provider import Doorway
from actors.wire.canonical import ChatRequest
from actors.wire.intake import decode_chat
from bench.micro_transport import ANSWER, HEADERS, Ask, measure, serve
from state.config import KeyConfig, ModelConfig, PoolConfig, ProviderConfig
from state.events import Answered, Event
from state.memory.fold import NOTHING_KNOWN
from state.routing.ask import Ask as Asks
from state.routing.pools import Pool
from state.settings.secret import Secret
from state.words import KeyId, LaneId

LANE = LaneId("p", "key1", "m")
POOL = Pool(name="auto", lanes=(LANE,), rules=PoolConfig(lanes=("*",)), shares={})
ASK = Asks()
BODY = msgspec.json.encode({"model": "auto", "messages": [{"role": "user", "content": "x" * 200}]})


class Witness:
    """Takes note, as the journal does, and forgets."""

    def __init__(self) -> None:
        self.noted: list[Event] = []

    def record(self, event: Event) -> None:
        self.noted.append(event)
        if len(self.noted) == 1000:
            self.noted.clear()


def understood() -> ChatRequest:
    request = decode_chat(BODY)
    assert isinstance(request, ChatRequest)
    return request


async def compare(port: int, rounds: int, *, profile: bool) -> None:
    clock = SystemClock()
    rng = SystemRng(clock)
    provider = ProviderConfig(
        name="p",
        url=f"http://127.0.0.1:{port}/v1",
        keys=(KeyConfig(name="key1"),),
        models=(ModelConfig(name="m"),),
    )
    ledger = Ledger(provider, NOTHING_KNOWN, clock=clock, witness=Witness())
    door = Doorway(ledger, clock, rng)
    secret = Secret("sk-of-a-benchmark-0001")
    access = open_access(provider, {KeyId("p", "key1"): secret}, clock=clock, trust=TrustStore())
    door.open(Desk(access, ledger, clock, rng))
    alone = HttpTransport(parse_origin(f"http://127.0.0.1:{port}"), clock=clock, trust=TrustStore())
    key = join_key(JoinKey.BEARER, secret)

    def case() -> Case:
        now_ms = clock.now_ms()
        return Case(
            id="0123456789abcdef01234567",
            request=understood(),
            ask=ASK,
            pool=POOL,
            opened_ms=now_ms,
            opened_wall_ms=now_ms,
            deadline_ms=now_ms + 120_000,
            wait_until_ms=now_ms,
        )

    async def way() -> None:
        request = case()
        clocks = Clocks(total_ms=30_000, deadline_ms=request.deadline_ms)
        sent = alone.send(b"POST", b"/v1/chat/completions", HEADERS, BODY, key=key, clocks=clocks)
        with await sent as exchange:
            assert len(await exchange.read()) == len(ANSWER)

    async def attempt() -> None:
        ticket = door.knock(Knock(case=case(), lane=LANE))
        assert isinstance(ticket, Ticket)
        tried = await door.attempt(ticket, None)
        assert tried.attempted.outcome == Answered()

    rows: tuple[tuple[str, Ask], ...] = (("way", way), ("attempt", attempt))
    if profile:
        profiler = cProfile.Profile()
        profiler.enable()
        await measure(attempt, 1, 20_000)
        profiler.disable()
        pstats.Stats(profiler).sort_stats("tottime").print_stats(45)
        return
    seen: dict[tuple[str, int], list[float]] = {}
    for _ in range(rounds):
        for name, ask in rows:
            for at_once in (1, 64):
                _, cost_us = await measure(ask, at_once, 20_000)
                seen.setdefault((name, at_once), []).append(cost_us)
    for (name, at_once), costs_us in seen.items():
        print(f"{name:10} {at_once:3} at once {statistics.median(costs_us):8.1f} us of CPU")
    for at_once in (1, 64):
        ours_us = statistics.median(seen["attempt", at_once]) - statistics.median(seen["way", at_once])
        print(f"{'ours':10} {at_once:3} at once {ours_us:8.1f} us of CPU")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--loop", choices=("asyncio", "uvloop"), default="uvloop")
    parser.add_argument("--profile", action="store_true")
    args = parser.parse_args()
    here, there = multiprocessing.Pipe()
    server = multiprocessing.Process(target=serve, args=(there,), daemon=True)
    server.start()
    try:
        run = uvloop.run if args.loop == "uvloop" else asyncio.run
        run(compare(here.recv(), args.rounds, profile=args.profile))
    finally:
        server.terminate()


if __name__ == "__main__":
    main()
