"""What a request costs us besides its attempt: `python -m bench.micro_router [LANES]`."""

import asyncio
import sys
from time import process_time
from typing import Never

import uvloop

from actors.case import Attempted, Sink
from actors.chance import SystemRng
from actors.clock import SystemClock
from actors.journal.journal import Journal
from actors.provider.door import Knock, Refused, Ticket, Tried
from actors.provider.ledger import Ledger
from actors.router.router import Router
from actors.wire.call import Answer
from actors.wire.intake import decode_chat
from state.config import Config, KeyConfig, ModelConfig, ProviderConfig
from state.events import Answered, Event, Terms, Usage
from state.memory.fold import NOTHING_KNOWN
from state.words import LaneId

REQUESTS = 20_000
BODY = b'{"model":"auto","messages":[{"role":"user","content":"Hello, who are you?"}]}'
USAGE = Usage(tokens_in=10, tokens_out=5)


class InstantDoor:
    """Answers at once, and tells nobody."""

    def __init__(self, name: str) -> None:
        self.name = name

    def knock(self, knock: Knock) -> Ticket | Refused:
        return Ticket("an-attempt", knock, Terms(), 10)

    async def attempt(self, ticket: Ticket, _: Sink | None) -> Tried:
        line = Attempted(
            attempt_id=ticket.attempt_id,
            lane=ticket.knock.lane,
            terms=ticket.terms,
            outcome=Answered(),
            at_ms=0,
            duration_ms=1,
            usage=USAGE,
        )
        return Tried(attempted=line, answer=Answer(body=b"{}", usage=USAGE))

    def continues(self, _: LaneId) -> bool:
        return False

    def warm(self, _: LaneId) -> None:
        """Nobody is there."""


class Forgetful(Journal):
    """Takes note of everything and keeps nothing: the disk is measured elsewhere."""

    def record(self, event: Event) -> None:
        """As cheap as can be."""


class Quiet:
    def tell(self, fact: object) -> None:
        """Nobody listens."""


async def main(lanes: int) -> None:
    clock = SystemClock()
    rng = SystemRng(clock)
    config = Config(
        provider={
            name: ProviderConfig(
                name=name,
                url=f"https://{name}.example/v1",
                keys=(KeyConfig(name="key1"),),
                models=tuple(ModelConfig(name=f"m{at}") for at in range(lanes // 10 or 1)),
            )
            for name in "abcdefghij"
        }
    )

    async def no_disk() -> Never:
        raise AssertionError

    journal = Forgetful(None, no_disk, clock=clock, listener=Quiet(), parts={})
    ledgers = {
        name: Ledger(provider, NOTHING_KNOWN, clock=clock, witness=journal)
        for name, provider in config.provider.items()
    }
    doors = {name: InstantDoor(name) for name in ledgers}
    router = Router(config, doors, ledgers, journal, clock=clock, rng=rng, listener=Quiet())
    request = decode_chat(BODY)
    for _ in range(3):
        began = process_time()
        for _ in range(REQUESTS):
            router.open(request)
        opened = process_time()
        cases = [router.open(request) for _ in range(REQUESTS)]
        ready = process_time()
        for case in cases:
            await router.serve(case)
            await asyncio.sleep(0)  # alarms that were called off are cleared away between requests
        served = process_time()
        for what, took_s in {"open": opened - began, "serve": served - ready}.items():
            print(f"{what:<8}{took_s / REQUESTS * 1e6:6.1f} us", end="   ")
        print()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 100))
