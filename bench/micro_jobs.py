"""What an item of a job costs us in CPU, with a real journal on the disk: `python -m bench.micro_jobs [ITEMS]`."""

import asyncio
import resource
import sys
import tempfile
from pathlib import Path
from time import process_time

import uvloop
from msgspec import Raw

from actors.case import Attempted, Sink
from actors.chance import SystemRng
from actors.clock import SystemClock
from actors.jobs.intake import read_item
from actors.jobs.jobs import Jobs
from actors.jobs.shelf import NewItem, NewJob, Piece
from actors.journal.journal import Journal
from actors.journal.journal_file import JournalFile, JournalLost, open_journal
from actors.provider.door import Ticket, Tried
from actors.provider.ledger import Ledger
from actors.router.router import Router
from actors.wire.call import Answer
from bench.micro_router import USAGE, InstantDoor, Quiet
from state.config import Config, KeyConfig, ModelConfig, ProviderConfig
from state.events import Answered
from state.jobs.job import Job, JobOptions, Owner
from state.memory.fold import NOTHING_KNOWN

PIECE = 1_000
BODY = b'{"id":"x","choices":[{"index":0,"message":{"role":"assistant","content":"A cat."},"finish_reason":"stop"}]}'


class ConsentingDoor(InstantDoor):
    """Answers as soon as it may."""

    async def attempt(self, ticket: Ticket, _: Sink | None) -> Tried:
        case = ticket.knock.case
        if case.consent is not None:
            await case.consent(ticket.knock.lane)
        line = Attempted(
            attempt_id=ticket.attempt_id,
            lane=ticket.knock.lane,
            terms=ticket.terms,
            outcome=Answered(),
            at_ms=0,
            duration_ms=1,
            usage=USAGE,
        )
        return Tried(attempted=line, answer=Answer(body=BODY, usage=USAGE))


class Forgetful(Journal):
    """Events are measured elsewhere; transactions are real."""

    def record(self, event: object) -> None:
        """As cheap as can be."""


async def main(items: int) -> None:
    with tempfile.TemporaryDirectory(dir=".") as home:
        file, _ = await open_journal(Path(home) / "journal.db", wall_ms=1)
        try:
            for parallel in (1, 16, 64):
                await measure(file, items, parallel)
        finally:
            await file.close()


async def measure(file: JournalFile, items: int, parallel: int) -> None:
    clock = SystemClock()
    rng = SystemRng(clock)
    provider = ProviderConfig(
        name="a",
        url="https://a.example/v1",
        keys=(KeyConfig(name="key1"),),
        models=tuple(ModelConfig(name=f"m{at}") for at in range(10)),
    )
    config = Config(provider={"a": provider})

    async def reopen(_: JournalLost | None) -> JournalFile:
        return file

    journal = Forgetful(file, reopen, clock=clock, listener=Quiet(), parts={})
    ledgers = {"a": Ledger(provider, NOTHING_KNOWN, clock=clock, witness=journal)}
    doors = {"a": ConsentingDoor("a")}
    router = Router(config, doors, ledgers, journal, clock=clock, rng=rng, listener=Quiet())
    jobs = Jobs(router, journal, config=lambda: config, clock=clock, rng=rng, listener=Quiet())
    life = [asyncio.create_task(jobs.book.write()), asyncio.create_task(jobs.foreman.work())]
    began = process_time()
    job = await submit(jobs, clock, items, parallel)
    handed_in = process_time()
    while (found := await jobs.find(job.id)) is not None and not found.state.is_over:
        await clock.sleep_until(clock.now_ms() + 50)
    done = process_time()
    rss_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{parallel:>3} at once   hand in {(handed_in - began) / items * 1e6:6.1f} us   "
        f"work {(done - handed_in) / items * 1e6:6.1f} us   at most {rss_mib:.0f} MiB"
    )
    for task in life:
        task.cancel()
    await asyncio.gather(*life, return_exceptions=True)


async def submit(jobs: Jobs, clock: SystemClock, items: int, parallel: int) -> Job:
    job: NewJob | Job = NewJob(
        id=jobs.new_id(),
        owner=Owner(uid=1),
        name="",
        model="auto",
        options=JobOptions(parallel=parallel),
        created_wall_ms=clock.wall_ms(),
        deadline_ms=None,
    )
    for start in range(0, items, PIECE):
        piece = [new_item(n) for n in range(start, min(start + PIECE, items))]
        stored = await jobs.store(job, Piece(items=piece, start=start, more=start + PIECE < items))
        assert isinstance(stored, Job)
        job = stored
    assert isinstance(job, Job)
    return job


def new_item(n: int) -> NewItem:
    line = b'{"custom_id":"item-%d","url":"/v1/chat/completions","body":{"messages":[{"role":"user","content":"What is it?"}]}}'
    item = read_item(Raw(line % n), "auto", 1)
    assert isinstance(item, NewItem)
    return item


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 5_000))
