"""A town that has work to do: jobs over real providers, real sockets, a real file; and what became of them.

async with yard(tmp_path, a=Server(...), b=Server(...)) as there:
    job = await there.submit(100)
    results = await there.results(await there.over(job))
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
from anyio import create_task_group

from actors.case import Client
from actors.jobs.jobs import Jobs
from daemon.api import jobs as api
from daemon.api.caller import Caller
from daemon.api.cast import Cast
from daemon.api.jobs_said import JobLine, JobStatus
from daemon.api.refusal import Refusal
from daemon.wishes import Wishes
from state.config import PoolConfig
from state.jobs.job import JobOptions
from state.settings.resolved import Resolved
from state.settings.tuning import RetryConfig
from tests.town import Server, Town, town

ME = Caller(client=Client(uid=1000), name="uid 1000")
QUICK = RetryConfig(patient_tries=2, patient_pause_s=0.01, pause_s_min=0.0, pause_s_max=0.01)
"""So patient as a test can be."""
OTHER = Caller(client=Client(uid=1001), name="uid 1001")


def items(count: int, start: int = 0, **more: Any) -> list[dict[str, Any]]:
    """Lines of a batch file."""
    return [
        {
            "custom_id": f"item-{n}",
            "method": "POST",
            "url": "/v1/chat/completions",
            "body": {"messages": [{"role": "user", "content": f"item {n}."}], **more},
        }
        for n in range(start, start + count)
    ]


class Yard:
    """Jobs as their owners see them."""

    def __init__(self, there: Town) -> None:
        self.town = there
        self.jobs = Jobs(
            there.router,
            there.journal,
            config=lambda: there.config,
            clock=there.clock,
            rng=there.rng,
            listener=there.listener,
        )
        resolved = Resolved(config=there.config, source="here", secrets={}, http_token=None)
        self.cast = Cast(
            there.router,
            there.doors,
            {},
            there.journal,
            self.jobs,
            clock=there.clock,
            wishes=Wishes(),
            resolved=lambda: resolved,
            load=lambda: resolved,
            version="1",
        )

    async def submit(self, what: int | list[dict[str, Any]], model: str = "auto", **options: Any) -> str:
        said = await self.hand_in(what, model=model, options=JobOptions(**options))
        assert isinstance(said, api.Submitted), said
        return said.job_id

    async def hand_in(
        self, what: int | list[dict[str, Any]], *, caller: Caller = ME, **params: Any
    ) -> api.Submitted | Refusal:
        lines = items(what) if isinstance(what, int) else what
        raw = [msgspec.Raw(msgspec.json.encode(line)) for line in lines]
        return await api.submit(self.cast, api.SubmitParams(items=raw, **params), caller)

    async def status(self, job_id: str) -> JobStatus:
        said = await api.status(self.cast, api.JobParams(job_id), ME)
        assert isinstance(said, JobStatus), said
        return said

    async def cancel(self, job_id: str) -> JobLine:
        said = await api.cancel(self.cast, api.JobParams(job_id), ME)
        assert isinstance(said, JobLine), said
        return said

    async def resume(self, job_id: str, **params: Any) -> JobLine:
        said = await api.resume(self.cast, api.ResumeParams(job_id=job_id, **params), ME)
        assert isinstance(said, JobLine), said
        return said

    async def execute(self, statement: str, *arguments: int | str) -> None:
        await self.town.journal.transact(lambda connection: connection.execute(statement, arguments).close())

    async def count(self, table: str) -> int:
        statement = f"SELECT count(*) FROM {table}"
        return int(
            await self.town.journal.transact(lambda connection: connection.execute(statement).fetchone()[0])
        )

    async def over(self, job_id: str, *, states: tuple[str, ...] = ("done", "cancelled")) -> JobStatus:
        """When it stands so."""
        while (status := await self.status(job_id)).state not in states:
            await asyncio.sleep(0.005)
        return status

    async def results(self, job_id: str) -> list[dict[str, Any]]:
        page = await api.results(self.cast, api.ResultsParams(job_id), ME)
        assert isinstance(page, api.ResultsSaid), page
        return [msgspec.json.decode(each) for each in page.results]

    @asynccontextmanager
    async def alive(self) -> AsyncIterator[None]:
        """One life of those who work; it ends as if cut off."""
        async with create_task_group() as life:
            life.start_soon(self.jobs.book.write)
            life.start_soon(self.jobs.foreman.work)
            try:
                yield
            finally:
                life.cancel_scope.cancel()


@asynccontextmanager
async def yard(
    home: Path, *, pools: dict[str, PoolConfig] | None = None, **servers: Server
) -> AsyncIterator[Yard]:
    for server in servers.values():
        server.settings.setdefault("retry", QUICK)
    async with town(home, pools=pools, **servers) as there:
        found = Yard(there)
        async with found.alive():
            yield found
