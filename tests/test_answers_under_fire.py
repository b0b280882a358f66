"""Every question ends exactly once, and every answer is heard or taken back: whatever happens, in any order."""

from typing import assert_never

import anyio
from anyio.abc import TaskGroup
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import replace

from actors.kernel.restarts import Intensity
from actors.kernel.supervisor import supervise
from state.timeline import ms
from tests.cast import Asker, Die, Greet, Hang, Keep, Note, Troupe
from tests.fakes import FakeClock, FakeRng, RecordingListener, settle


class Ask(Struct, frozen=True):
    """What for decides whether the actor answers at once or keeps the question in hand."""

    question: type[Greet] | type[Keep]
    deadline_s: float | None


class AnswerKept(Struct, frozen=True):
    """One that is kept in hand is answered, perhaps by what is left of an earlier life."""

    which: int


class AskerLeaves(Struct, frozen=True):
    which: int


class Crash(Struct, frozen=True):
    pass


class GetStuck(Struct, frozen=True):
    pass


class Chatter(Struct, frozen=True):
    """Messages that want nothing take up room."""

    count: int


class OthersRun(Struct, frozen=True):
    """Without it, the next step happens in the same turn of the loop."""


class TimePasses(Struct, frozen=True):
    seconds: float


class Stop(Struct, frozen=True):
    within_s: float


Step = Ask | AnswerKept | AskerLeaves | Crash | GetStuck | Chatter | OthersRun | TimePasses | Stop

seconds = st.sampled_from((0.0, 0.05, 0.5, 5.0, 301.0))
anyone = st.integers(0, 9)

asks = st.builds(Ask, st.sampled_from((Greet, Keep)), st.none() | st.sampled_from((0.0, 0.1, 4.0)))
steps = st.one_of(
    asks,
    asks,
    st.builds(AnswerKept, anyone),
    st.builds(AskerLeaves, anyone),
    st.builds(OthersRun),
    st.builds(OthersRun),
    st.builds(Crash),
    st.builds(Chatter, st.integers(1, 4)),
    st.builds(TimePasses, seconds),
    st.builds(GetStuck),
    st.builds(Stop, st.sampled_from((0.0, 1.0, 30.0))),
)


class Stage:
    """One actor, many askers, and a count of what was answered and what was taken back."""

    def __init__(self, troupe: Troupe, tasks: TaskGroup) -> None:
        self._troupe = troupe
        self._tasks = tasks
        self._mailbox = troupe.mailboxes["gemini"]
        self.askers: list[Asker] = []
        self.left: set[int] = set()
        self.answered: list[int] = []
        self.taken_back: list[int] = []

    async def play(self, step: Step) -> None:
        match step:
            case Ask(question=question, deadline_s=deadline_s):
                clock = self._troupe.clock
                deadline_ms = None if deadline_s is None else clock.now_ms() + ms(deadline_s)
                asker = Asker(self._mailbox, question, deadline_ms)
                self.askers.append(asker)
                self._tasks.start_soon(asker)
            case AnswerKept(which=which) if self._troupe.kept:
                answer = 1000 + len(self.answered)
                self.answered.append(answer)
                reply = self._troupe.kept.pop(which % len(self._troupe.kept))
                reply.answer(answer, lost=lambda: self.taken_back.append(answer))
            case AskerLeaves(which=which) if self.askers:
                leaver = which % len(self.askers)
                self.left.add(leaver)
                self.askers[leaver].leave()
            case Crash():
                self._mailbox.tell_nowait(Die(ValueError("bad luck")))
            case GetStuck():
                self._mailbox.tell_nowait(Hang())
            case Chatter(count=count):
                for _ in range(count):
                    self._mailbox.tell_nowait(Note("chatter"))
            case OthersRun():
                await settle()
            case TimePasses(seconds=seconds):
                await self._troupe.clock.advance(seconds)
            case Stop(within_s=within_s):
                self._tasks.start_soon(self._troupe.supervisor.stop, within_s)
            case AnswerKept() | AskerLeaves():
                pass  # nobody is there
            case _:
                assert_never(step)


@settings(max_examples=500, deadline=None)
@given(st.lists(steps, max_size=40))
async def test_every_question_ends_exactly_once(story: list[Step]):
    clock = FakeClock()
    async with (
        supervise(clock, FakeRng(), RecordingListener()) as supervisor,
        anyio.create_task_group() as tasks,
    ):
        troupe = Troupe(supervisor, clock)
        gemini = troupe.player("gemini", capacity=3)
        await supervisor.start([replace(gemini, intensity=Intensity(deaths_max=2))])
        stage = Stage(troupe, tasks)
        for step in story:
            await stage.play(step)
        await clock.until_done(supervisor.stop(1.0))
    for number, asker in enumerate(stage.askers):
        assert len(asker.heard) == 1 or (number in stage.left and asker.heard == [])
    heard = [answer for asker in stage.askers for answer in asker.heard if answer in stage.answered]
    assert sorted(heard + stage.taken_back) == stage.answered
    assert (troupe.mailboxes["gemini"].waiting, troupe.mailboxes["gemini"].in_hand) == (0, 0)
    assert clock.pending == 0
