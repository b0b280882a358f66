"""A mailbox is bounded, outlives its reader, and ends every question exactly once."""

import asyncio
from collections.abc import Callable
from functools import partial

import anyio
import pytest
from anyio.lowlevel import checkpoint
from msgspec import Struct

from actors.kernel.answers import ActorDied, Buried, Full, Late, NoAnswer, Pong, Reply, Stopped, Told
from actors.kernel.mailbox import EndOfMail, Mailbox
from tests.fakes import FakeClock, settle


class Note(Struct, frozen=True):
    """Wants nothing."""

    text: str


class Double(Struct, frozen=True):
    """Wants twice the number."""

    number: int
    reply: Reply[int]


class Sink(Struct, frozen=True):
    """Wants to know that it was read."""

    reply: Reply[None]


Message = Note | Double | Sink


class Asker:
    """Asks in a task of its own and remembers what it heard."""

    def __init__(self, mailbox: Mailbox[Message], number: int = 1, deadline_ms: int | None = None) -> None:
        self._mailbox = mailbox
        self._question = partial(Double, number)
        self._deadline_ms = deadline_ms
        self._scope = anyio.CancelScope()
        self.heard: list[int | NoAnswer] = []

    async def __call__(self) -> None:
        with self._scope:
            self.heard.append(await self._mailbox.ask(self._question, self._deadline_ms))

    def leave(self) -> None:
        self._scope.cancel()


@pytest.fixture
def mailbox(clock: FakeClock) -> Mailbox[Message]:
    return Mailbox("gemini", 3, clock)


async def receive_double(mailbox: Mailbox[Message]) -> Double:
    message = await mailbox.receive()
    assert isinstance(message, Double)
    return message


async def test_what_was_told_is_received_in_order(mailbox: Mailbox[Message]):
    assert [mailbox.tell_nowait(Note(text)) for text in "ab"] == [Told(), Told()]
    assert [await mailbox.receive(), await mailbox.receive()] == [Note("a"), Note("b")]


async def test_a_reader_waits_for_mail(mailbox: Mailbox[Message]):
    received: list[Message] = []

    async def read() -> None:
        received.append(await mailbox.receive())

    async with anyio.create_task_group() as group:
        group.start_soon(read)
        await settle()
        assert received == []
        mailbox.tell_nowait(Note("at last"))
    assert received == [Note("at last")]


async def test_a_full_mailbox_refuses_at_once_and_says_so(mailbox: Mailbox[Message]):
    for text in "abc":
        mailbox.tell_nowait(Note(text))
    assert mailbox.tell_nowait(Note("d")) == Full("gemini", 3)
    assert await mailbox.ask(partial(Double, 1)) == Full("gemini", 3)
    assert str(Full("gemini", 3)) == "gemini is overloaded: 3 messages wait"


async def test_there_is_room_again_when_one_was_received(mailbox: Mailbox[Message]):
    for text in "abc":
        mailbox.tell_nowait(Note(text))
    await mailbox.receive()
    assert mailbox.tell_nowait(Note("d")) == Told()


async def test_what_is_in_hand_takes_no_room(mailbox: Mailbox[Message]):
    asker = Asker(mailbox)
    async with anyio.create_task_group() as group:
        group.start_soon(asker)
        question = await receive_double(mailbox)
        assert [mailbox.tell_nowait(Note(text)) for text in "abc"] == [Told()] * 3
        question.reply.answer(2)


async def test_a_question_is_answered(mailbox: Mailbox[Message]):
    asker = Asker(mailbox, 21)
    async with anyio.create_task_group() as group:
        group.start_soon(asker)
        question = await receive_double(mailbox)
        question.reply.answer(question.number * 2)
    assert asker.heard == [42]
    assert (mailbox.waiting, mailbox.in_hand) == (0, 0)


async def test_nothing_is_an_answer_too(mailbox: Mailbox[Message]):
    async def read() -> None:
        message = await mailbox.receive()
        assert isinstance(message, Sink)
        message.reply.answer(None)

    async with anyio.create_task_group() as group:
        group.start_soon(read)
        heard: NoAnswer | None = await mailbox.ask(Sink)
    assert heard is None


async def test_questions_may_be_answered_in_any_order(mailbox: Mailbox[Message]):
    first, second = Asker(mailbox, 1), Asker(mailbox, 2)
    async with anyio.create_task_group() as group:
        group.start_soon(first)
        await settle()
        group.start_soon(second)
        one, two = await receive_double(mailbox), await receive_double(mailbox)
        two.reply.answer(4)
        await settle()
        assert (first.heard, second.heard) == ([], [4])
        one.reply.answer(2)
    assert first.heard == [2]


async def test_nobody_answers_twice(mailbox: Mailbox[Message]):
    async with anyio.create_task_group() as group:
        group.start_soon(Asker(mailbox))
        question = await receive_double(mailbox)
        question.reply.answer(2)
        with pytest.raises(AssertionError, match="answered once"):
            question.reply.answer(3)


async def test_a_question_outside_its_deadline_is_late_and_is_not_read(
    mailbox: Mailbox[Message], clock: FakeClock
):
    asker = Asker(mailbox, deadline_ms=clock.now_ms() + 1000)
    async with anyio.create_task_group() as group:
        group.start_soon(asker)
        await clock.advance(0.999)
        assert asker.heard == []
        await clock.advance(0.001)
    assert asker.heard == [Late("gemini")]
    assert mailbox.waiting == 0


async def test_a_deadline_that_has_passed_is_late_even_if_the_reader_is_quick(
    mailbox: Mailbox[Message], clock: FakeClock
):
    asker = Asker(mailbox, deadline_ms=clock.now_ms() - 1)
    received: list[Message] = []

    async def read() -> None:
        received.append(await mailbox.receive())

    async with anyio.create_task_group() as group:
        group.start_soon(asker)
        await clock.advance(0)
        group.start_soon(read)
        await settle()
        group.cancel_scope.cancel()
    assert asker.heard == [Late("gemini")]
    assert received == []


async def test_an_answer_in_time_leaves_no_alarm(mailbox: Mailbox[Message], clock: FakeClock):
    asker = Asker(mailbox, deadline_ms=clock.now_ms() + 1000)
    async with anyio.create_task_group() as group:
        group.start_soon(asker)
        question = await receive_double(mailbox)
        question.reply.answer(2)
    assert asker.heard == [2]
    assert clock.pending == 0


async def test_an_answer_that_comes_late_is_taken_back(mailbox: Mailbox[Message], clock: FakeClock):
    asker = Asker(mailbox, deadline_ms=clock.now_ms() + 1000)
    lost: list[str] = []
    async with anyio.create_task_group() as group:
        group.start_soon(asker)
        question = await receive_double(mailbox)
        await clock.advance(1)
        assert not question.reply.is_wanted
        question.reply.answer(2, lost=lambda: lost.append("slot"))
    assert asker.heard == [Late("gemini")]
    assert lost == ["slot"]


async def test_an_answer_that_arrives_is_not_taken_back(mailbox: Mailbox[Message]):
    asker = Asker(mailbox)
    lost: list[str] = []
    async with anyio.create_task_group() as group:
        group.start_soon(asker)
        question = await receive_double(mailbox)
        question.reply.answer(2, lost=lambda: lost.append("slot"))
    assert asker.heard == [2]
    assert lost == []


async def test_an_asker_that_leaves_takes_its_waiting_question_along(mailbox: Mailbox[Message]):
    stays, leaves = Asker(mailbox, 1), Asker(mailbox, 2)
    async with anyio.create_task_group() as group:
        group.start_soon(leaves)
        group.start_soon(stays)
        await settle()
        leaves.leave()
        await settle()
        assert mailbox.waiting == 1
        question = await receive_double(mailbox)
        assert question.number == 1
        question.reply.answer(2)
    assert (stays.heard, leaves.heard) == ([2], [])


async def test_an_asker_that_leaves_wants_no_answer_to_what_is_in_hand(mailbox: Mailbox[Message]):
    asker = Asker(mailbox)
    lost: list[str] = []
    async with anyio.create_task_group() as group:
        group.start_soon(asker)
        question = await receive_double(mailbox)
        asker.leave()
        await settle()
        assert not question.reply.is_wanted
        assert mailbox.in_hand == 0
        question.reply.answer(2, lost=lambda: lost.append("slot"))
    assert asker.heard == []
    assert lost == ["slot"]


async def test_an_asker_that_leaves_in_the_very_moment_before_the_answer_loses_it(mailbox: Mailbox[Message]):
    asker = Asker(mailbox)
    lost: list[str] = []
    async with anyio.create_task_group() as group:
        group.start_soon(asker)
        question = await receive_double(mailbox)
        asker.leave()
        question.reply.answer(2, lost=lambda: lost.append("slot"))
    assert asker.heard == []
    assert lost == ["slot"]


async def test_an_asker_that_leaves_in_the_very_moment_after_the_answer_loses_it(mailbox: Mailbox[Message]):
    asker = Asker(mailbox)
    lost: list[str] = []
    task = asyncio.create_task(asker())
    question = await receive_double(mailbox)
    question.reply.answer(2, lost=lambda: lost.append("slot"))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert asker.heard == []
    assert lost == ["slot"]


async def test_what_an_actor_had_in_hand_dies_with_it_and_what_waits_does_not(mailbox: Mailbox[Message]):
    in_hand, waiting = Asker(mailbox, 1), Asker(mailbox, 2)
    async with anyio.create_task_group() as group:
        group.start_soon(in_hand)
        await settle()
        group.start_soon(waiting)
        await receive_double(mailbox)
        mailbox.end_life(ActorDied("gemini"))
        await settle()
        assert (in_hand.heard, waiting.heard) == ([ActorDied("gemini")], [])
        question = await receive_double(mailbox)
        question.reply.answer(4)
    assert waiting.heard == [4]


async def test_an_answer_stands_though_the_actor_dies_in_the_same_moment(mailbox: Mailbox[Message]):
    asker = Asker(mailbox)
    async with anyio.create_task_group() as group:
        group.start_soon(asker)
        question = await receive_double(mailbox)
        question.reply.answer(2)
        mailbox.end_life(ActorDied("gemini"))
    assert asker.heard == [2]


async def test_a_question_that_is_late_in_the_moment_of_reading_is_not_read(
    mailbox: Mailbox[Message], clock: FakeClock
):
    asker = Asker(mailbox, deadline_ms=clock.now_ms() + 1000)
    received: list[Message] = []

    async def read() -> None:
        received.append(await mailbox.receive())

    async with anyio.create_task_group() as group:
        group.start_soon(asker)
        await settle()
        group.start_soon(read)
        await checkpoint()  # the reader has seen that there is mail
        clock.jump(1)
        await settle()
        group.cancel_scope.cancel()
    assert asker.heard == [Late("gemini")]
    assert received == []


async def test_burial_ends_what_is_here_and_refuses_what_comes(mailbox: Mailbox[Message]):
    buried = Buried("gemini", "ValueError: bad luck", 1000)
    in_hand, waiting = Asker(mailbox, 1), Asker(mailbox, 2)
    async with anyio.create_task_group() as group:
        group.start_soon(in_hand)
        await settle()
        await receive_double(mailbox)
        group.start_soon(waiting)
        await settle()
        mailbox.tell_nowait(Note("unread"))
        assert mailbox.close(buried) == 2
    assert (in_hand.heard, waiting.heard) == ([buried], [buried])
    assert mailbox.tell_nowait(Note("too late")) == buried
    assert await mailbox.ask(partial(Double, 1)) == buried
    assert await mailbox.ping(1000) == buried
    assert mailbox.waiting == 0


async def test_a_mailbox_can_be_opened_again_after_a_burial(mailbox: Mailbox[Message]):
    mailbox.close(Buried("gemini", "ValueError: bad luck", 1000))
    mailbox.reopen()
    assert mailbox.tell_nowait(Note("hello again")) == Told()
    assert await mailbox.receive() == Note("hello again")


async def test_the_end_of_the_intake_lets_what_waits_be_served(mailbox: Mailbox[Message]):
    asker = Asker(mailbox)
    async with anyio.create_task_group() as group:
        group.start_soon(asker)
        await settle()
        mailbox.end_intake()
        assert mailbox.tell_nowait(Note("too late")) == Stopped("gemini")
        question = await receive_double(mailbox)
        question.reply.answer(2)
    with pytest.raises(EndOfMail):
        await mailbox.receive()
    assert asker.heard == [2]


@pytest.mark.parametrize(
    "end", [Mailbox.end_intake, partial(Mailbox.close, reason=Stopped("gemini"))], ids=["intake", "close"]
)
async def test_the_end_wakes_the_reader(mailbox: Mailbox[Message], end: Callable[[Mailbox[Message]], object]):
    ended: list[str] = []

    async def read() -> None:
        with pytest.raises(EndOfMail):
            await mailbox.receive()
        ended.append("ended")

    async with anyio.create_task_group() as group:
        group.start_soon(read)
        await settle()
        end(mailbox)
    assert ended == ["ended"]


async def test_a_ping_goes_through_the_mailbox_behind_all_that_waits(
    mailbox: Mailbox[Message], clock: FakeClock
):
    heard: list[Pong | NoAnswer] = []

    async def ping() -> None:
        heard.append(await mailbox.ping(clock.now_ms() + 1000))

    async with anyio.create_task_group() as group:
        mailbox.tell_nowait(Note("first"))
        group.start_soon(ping)
        assert await mailbox.receive() == Note("first")
        await settle()
        assert heard == []
        mailbox.tell_nowait(Note("second"))
        assert await mailbox.receive() == Note("second")
    assert heard == [Pong("gemini")]


async def test_a_ping_finds_room_in_a_full_mailbox(mailbox: Mailbox[Message], clock: FakeClock):
    for text in "abc":
        mailbox.tell_nowait(Note(text))
    heard: list[Pong | NoAnswer] = []

    async def ping() -> None:
        heard.append(await mailbox.ping(clock.now_ms() + 1000))

    async with anyio.create_task_group() as group:
        group.start_soon(ping)
        await clock.advance(0.5)
        assert heard == []
        await clock.advance(0.5)
    assert heard == [Late("gemini")]
    assert mailbox.waiting == 3


async def test_a_ping_is_for_the_life_that_it_was_sent_to(mailbox: Mailbox[Message], clock: FakeClock):
    heard: list[Pong | NoAnswer] = []

    async def ping() -> None:
        heard.append(await mailbox.ping(clock.now_ms() + 1000))

    async with anyio.create_task_group() as group:
        group.start_soon(ping)
        await settle()
        mailbox.end_life(ActorDied("gemini"))
    assert heard == [ActorDied("gemini")]
    assert mailbox.waiting == 0


async def test_a_reader_that_is_cancelled_leaves_the_message_for_the_next(mailbox: Mailbox[Message]):
    reader = asyncio.create_task(mailbox.receive())
    await settle()
    mailbox.tell_nowait(Note("precious"))
    reader.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reader
    assert await mailbox.receive() == Note("precious")


async def test_two_do_not_read_at_a_time(mailbox: Mailbox[Message]):
    async with anyio.create_task_group() as group:
        group.start_soon(mailbox.receive)
        await settle()
        with pytest.raises(AssertionError, match="gemini is read by two"):
            await mailbox.receive()
        group.cancel_scope.cancel()


async def test_a_backlog_lets_others_run_between_messages(mailbox: Mailbox[Message]):
    diary: list[str] = []

    async def other() -> None:
        for _ in range(3):
            diary.append("other")
            await checkpoint()

    for text in "abc":
        mailbox.tell_nowait(Note(text))
    async with anyio.create_task_group() as group:
        group.start_soon(other)
        for _ in range(3):
            await mailbox.receive()
            diary.append("read")
    assert diary == ["other", "read"] * 3


async def test_a_refused_asker_lets_others_run(mailbox: Mailbox[Message]):
    mailbox.close(Stopped("gemini"))
    ran: list[str] = []

    async def other() -> None:
        ran.append("ran")

    async with anyio.create_task_group() as group:
        group.start_soon(other)
        await mailbox.ask(partial(Double, 1))
        await mailbox.ping(1000)
        assert ran == ["ran"]


async def test_a_mailbox_says_how_it_is(mailbox: Mailbox[Message]):
    mailbox.tell_nowait(Note("a"))
    assert repr(mailbox) == "<mailbox gemini: 1 of 3 waiting, 0 in hand>"
    mailbox.close(Buried("gemini", "ValueError: bad luck", 1000))
    assert (
        repr(mailbox) == "<mailbox gemini: 0 of 3 waiting, 0 in hand; gemini is buried: ValueError: bad luck>"
    )
    mailbox.end_intake()
    assert repr(mailbox) == "<mailbox gemini: 0 of 3 waiting, 0 in hand; gemini is stopped>"


async def test_a_reply_says_how_it_is(mailbox: Mailbox[Message]):
    asker = Asker(mailbox)
    async with anyio.create_task_group() as group:
        group.start_soon(asker)
        question = await receive_double(mailbox)
        assert repr(question.reply) == "<reply: wanted>"
        question.reply.answer(2)
        assert repr(question.reply) == "<reply: answered>"
    async with anyio.create_task_group() as group:
        group.start_soon(asker := Asker(mailbox))
        question = await receive_double(mailbox)
        asker.leave()
        await settle()
        assert repr(question.reply) == "<reply: not wanted any more>"


def test_the_reasons_for_no_answer_speak_for_themselves():
    reasons = [
        Stopped("gemini"),
        Buried("gemini", "ValueError: bad luck", 1000),
        ActorDied("gemini"),
        Late("gemini"),
    ]
    assert [str(reason) for reason in reasons] == [
        "gemini is stopped",
        "gemini is buried: ValueError: bad luck",
        "gemini died while it had the question",
        "gemini did not answer in time",
    ]
