"""A call is answered once, to whom it belongs, and its id is free before anybody can use it again."""

import json

import pytest
from msgspec import Struct

from actors.case import Client
from actors.wire.chunks import Chunk, Kind
from daemon.api.caller import Caller
from daemon.api.refusal import Refusal
from daemon.rpc.calls import Alone, Call, Together
from daemon.rpc.framing import Framing
from daemon.rpc.messages import Key
from daemon.verdicts import ErrorKind
from state.words import LaneId

CALLER = Caller(client=Client(uid=1), name="uid 1")
LANE = LaneId("fake", "key1", "m1")
REFUSED = Refusal(kind=ErrorKind.OVERLOADED, message="no room")


class Done(Struct):
    text: str = "done"


class Line:
    """Remembers what left, and in which order."""

    def __init__(self) -> None:
        self.is_choked = False
        self.happened: list[str] = []

    def send(self, data: bytes) -> None:
        self.happened.append(data.decode())

    def call_of(self, key: Key) -> Call | None:
        return None

    def free(self, call: Call) -> None:
        self.happened.append("free")

    @property
    def said(self) -> list[object]:
        return [json.loads(each) for each in self.happened if each != "free"]


class Flow:
    def __init__(self) -> None:
        self.is_paused = False

    def pause(self) -> None:
        self.is_paused = True

    def resume(self) -> None:
        self.is_paused = False


@pytest.fixture
def line():
    return Line()


def call(line: Line, id_: bytes | None = b"1") -> Call:
    return Call(line, Alone(line, Framing.LINE), CALLER, id_=id_, key=1)


def test_its_id_is_free_before_the_answer_leaves(line):
    call(line).answer(Done())
    assert line.happened == ["free", '{"jsonrpc":"2.0","id":1,"result":{"text":"done"}}\n']


def test_it_is_answered_once(line):
    one = call(line)
    one.answer(REFUSED)
    one.answer(Done())
    one.cancel()
    assert [each["error"]["code"] for each in line.said] == [-32012]


def test_after_the_answer_its_stream_is_silent(line):
    one = call(line)
    one.answer(Done())
    one.chunk(Chunk(b"{}", Kind.TEXT, "x"))
    one.keep_alive()
    assert len(line.said) == 1


def test_nobody_is_told_what_became_of_a_notification(line):
    one = call(line, id_=None)
    one.begin(LANE, Flow())
    one.chunk(Chunk(b"{}", Kind.TEXT, "x"))
    one.answer(Done())
    assert line.happened == []


def test_to_cancel_stops_the_work_and_answers(line):
    one, stopped = call(line), []
    one.runs_as(lambda: stopped.append("work"))
    one.cancel()
    assert stopped == ["work"]
    assert line.said == [
        {
            "jsonrpc": "2.0",
            "id": 1,
            "error": {"code": -32800, "message": "cancelled by the caller", "data": {"kind": "cancelled"}},
        }
    ]


def test_a_stream_that_begins_on_a_choked_line_rests_at_once(line):
    flow = Flow()
    line.is_choked = True
    call(line).begin(LANE, flow)
    assert flow.is_paused


def test_a_streams_pieces_carry_its_id(line):
    one = call(line, id_=b'"s"')
    one.begin(LANE, Flow())
    one.chunk(Chunk(b'{"choices":[]}', Kind.TEXT, "x"))
    one.keep_alive()
    assert [(each["method"], each["params"]) for each in line.said] == [
        ("chat.begin", {"id": "s", "lane": "fake/key1/m1"}),
        ("chat.chunk", {"id": "s", "chunk": {"choices": []}}),
        ("chat.keep_alive", {"id": "s"}),
    ]


def test_a_header_says_how_long_each_piece_is(line):
    one = Call(line, Alone(line, Framing.HEADER), CALLER, id_=b"1", key=1)
    one.answer(Done())
    assert line.happened[1] == 'Content-Length: 49\r\n\r\n{"jsonrpc":"2.0","id":1,"result":{"text":"done"}}'


def test_a_batch_leaves_with_its_last_answer(line):
    together = Together(line, Framing.LINE, 2)
    one, other = (Call(line, together, CALLER, id_=b"%d" % id_, key=id_) for id_ in (1, 2))
    one.answer(Done())
    assert line.said == []
    other.answer(REFUSED)
    assert [[each["id"] for each in answers] for answers in line.said] == [[1, 2]]
