"""The apps of the demo: they ask without pause, and look at every answer word by word."""

from collections.abc import Callable, Mapping

import anyio
import msgspec
from msgspec import Struct

from daemon.stage.phone import HungUp, Phone, WrongAnswer, dial
from daemon.stage.verses import question, verse

__all__ = ["Attempt", "Audience", "Reply"]

ASKERS = 4
PAUSE_S = 0.15
"""Between an answer and the next question."""
DEADLINE_S = 20.0


class Attempt(Struct, frozen=True, kw_only=True):
    """What was tried, as the daemon reports it."""

    lane: str
    outcome: str
    seconds: float
    kind: str = ""
    status: int | None = None
    tries: int = 1

    @property
    def provider(self) -> str:
        return self.lane.partition("/")[0]


class Seam(Struct, frozen=True, kw_only=True):
    """Where an answer was continued by somebody else."""

    at_char: int


class Report(Struct, frozen=True, kw_only=True):
    """What the daemon tells of a request's way."""

    request_id: str = ""
    lane: str = ""
    attempts: tuple[Attempt, ...] = ()
    seams: tuple[Seam, ...] = ()


class Reply(Struct, frozen=True, kw_only=True):
    """One request, one answer; or what came in its place."""

    number: int
    at_s: float
    """When it was asked,"""
    seconds: float
    """and how long that took."""
    text: str = ""
    report: Report = Report()
    trouble: str = ""

    @property
    def is_whole(self) -> bool:
        """Whether it is the answer, word for word."""
        return not self.trouble and self.text == verse(question(self.number))

    @property
    def answered_by(self) -> str:
        return self.report.lane.partition("/")[0]

    @property
    def failed(self) -> tuple[Attempt, ...]:
        return tuple(attempt for attempt in self.report.attempts if attempt.outcome == "failed")


class _Delta(Struct, frozen=True):
    content: str | None = None


class _Choice(Struct, frozen=True):
    delta: _Delta = _Delta()
    message: _Delta = _Delta()


class _Chunk(Struct, frozen=True):
    choices: tuple[_Choice, ...] = ()


class _Notice(Struct, frozen=True):
    chunk: _Chunk = _Chunk()


class _Result(Struct, frozen=True):
    failover: Report
    choices: tuple[_Choice, ...] = ()


class Audience:
    """Everybody who asks."""

    def __init__(self, socket: str, heard: Callable[[Reply], None]) -> None:
        self.asked = 0
        self._socket = socket
        self._heard = heard
        self._has_enough = False

    async def ask_on(self) -> None:
        """Until `thank`, and then to the last answer."""
        async with anyio.create_task_group() as tasks:
            for asker in range(ASKERS):
                tasks.start_soon(self._asker, asker)

    def thank(self) -> None:
        """No more questions."""
        self._has_enough = True

    async def _asker(self, asker: int) -> None:
        await anyio.sleep(asker * PAUSE_S)
        async with dial(self._socket) as phone:
            while not self._has_enough:
                self.asked += 1
                self._heard(await self._one(phone, self.asked, streams=asker % 2 == 0))
                await anyio.sleep(PAUSE_S)

    async def _one(self, phone: Phone, number: int, *, streams: bool) -> Reply:
        at_s = anyio.current_time()
        try:
            notices, result = await phone.ask("chat", _body(number, streams=streams))
        except (HungUp, WrongAnswer) as error:
            trouble = f"{type(error).__name__}: {error}"
            return Reply(number=number, at_s=at_s, seconds=anyio.current_time() - at_s, trouble=trouble)
        whole = msgspec.json.decode(result, type=_Result)
        said = [choice.delta.content for notice in notices for choice in _chunk(notice).choices]
        said += [choice.message.content for choice in whole.choices]
        return Reply(
            number=number,
            at_s=at_s,
            seconds=anyio.current_time() - at_s,
            text="".join(words for words in said if words),
            report=whole.failover,
        )


def _body(number: int, *, streams: bool) -> Mapping[str, object]:
    return {
        "model": "auto",
        "messages": [{"role": "user", "content": question(number)}],
        "stream": streams,
        "failover": {"app": "demo", "deadline_s": DEADLINE_S},
    }


def _chunk(notice: bytes) -> _Chunk:
    return msgspec.json.decode(notice, type=_Notice).chunk
