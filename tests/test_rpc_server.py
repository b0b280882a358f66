"""The server on a real socket: who is answered, what is cancelled, who is cut, and how it ends."""

import asyncio
import json
import os
import socket
import stat
from typing import cast

import anyio
import pytest

from daemon.news import CallCrashed, CallForbidden, ShortOfSockets
from daemon.rpc.clerk import OUTSTANDING_MAX
from daemon.rpc.hearing import NONSENSE_MAX
from daemon.rpc.scopes import EVERYBODY
from tests.fakeserver.client import BOTH_LOOPS
from tests.rpc_house import descriptors, no_descriptors_left, rpc_house


@pytest.fixture(params=BOTH_LOOPS, ids=["asyncio", "uvloop"])
def anyio_backend(request):
    return request.param


def answer(id_: object, text: str) -> dict[str, object]:
    return {"jsonrpc": "2.0", "id": id_, "result": {"text": text}}


async def test_an_answer_comes_in_the_framing_of_its_question(tmp_path):
    async with rpc_house(tmp_path) as house, house.client() as client:
        body = json.dumps(
            {"jsonrpc": "2.0", "id": "ä", "method": "echo", "params": {"text": "日本"}}
        ).encode()
        client.send(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        assert await client.hear_header() == answer("ä", "日本")
        client.send(body)
        assert await client.hear() == answer("ä", "日本")


async def test_params_may_be_a_list_or_an_object_in_a_list(tmp_path):
    async with rpc_house(tmp_path) as house, house.client() as client:
        for params in (["a", 2], [{"text": "a", "times": 2}]):
            client.send({"jsonrpc": "2.0", "id": 1, "method": "echo", "params": params})
            assert await client.hear() == answer(1, "aa")


@pytest.mark.parametrize(
    ("params", "message", "field"),
    [
        ({"text": "a", "tims": 2}, "`tims` is no field of echo; did you mean times?", "tims"),
        ({"text": 1}, "`text` is not as it should be: expected a string, got a whole number", "text"),
        ({}, "`text` is missing", "text"),
        (["a", 1, 2], "`params` as a list may hold at most 2 values; better name the fields", "params"),
    ],
)
async def test_wrong_params_are_named(tmp_path, params, message, field):
    async with rpc_house(tmp_path) as house, house.client() as client:
        client.send({"jsonrpc": "2.0", "id": 1, "method": "echo", "params": params})
        error = (await client.hear())["error"]
        assert (error["code"], error["message"], error["data"].get("field", "")) == (-32602, message, field)


async def test_an_unknown_method_is_told_with_the_nearest(tmp_path):
    async with rpc_house(tmp_path) as house, house.client() as client:
        client.ask(1, "ehco")
        error = (await client.hear())["error"]
        assert (error["code"], error["message"]) == (-32601, "there is no method 'ehco'; did you mean echo?")


async def test_a_batch_is_answered_together_when_the_last_is_done(tmp_path):
    async with rpc_house(tmp_path) as house, house.client() as client:
        ask = {"jsonrpc": "2.0", "method": "echo", "params": {"text": "a"}}
        client.send([ask | {"id": 1, "method": "wait"}, ask | {"id": 2}, ask, 1, ask | {"id": "x"}])
        client.ask(9, "echo", text="b")
        assert await client.hear() == answer(9, "b")
        house.works.go.set()
        answers = {str(each["id"]): each for each in await client.hear()}
        assert answers.keys() == {"1", "2", "x", "None"}
        assert answers["None"]["error"]["code"] == -32600


async def test_a_batch_of_notifications_is_not_answered(tmp_path):
    async with rpc_house(tmp_path) as house, house.client() as client:
        tell = {"jsonrpc": "2.0", "method": "echo", "params": {"text": "a"}}
        client.send([tell, tell])
        client.ask(1, "echo", text="a")
        assert (await client.hear())["id"] == 1


async def test_the_answers_of_a_batch_are_bounded_together(tmp_path):
    async with rpc_house(tmp_path) as house, house.client() as client:
        ask = {"jsonrpc": "2.0", "method": "echo", "params": {"text": "x" * 1000, "times": 20_000}}
        client.send([ask | {"id": 1}, ask | {"id": 2}, ask | {"id": 3}])
        heard = json.loads(await client.reader.readuntil(b"]\n"))
        assert ["result" in each for each in heard] == [True, True, False]
        assert heard[2]["error"]["data"]["kind"] == "overloaded"


async def test_a_stream_comes_as_notifications_and_then_the_result(tmp_path):
    async with rpc_house(tmp_path) as house, house.client() as client:
        client.ask("s", "stream", text="end", times=2)
        begin, *chunks, result = [await client.hear() for _ in range(4)]
        assert begin["method"] == "chat.begin"
        assert begin["params"]["id"] == "s"
        assert begin["params"]["lane"] == "fake/key1/m1"
        assert [each["params"]["chunk"]["choices"][0]["delta"]["content"][:1] for each in chunks] == [
            "x",
            "x",
        ]
        assert result == answer("s", "end")


async def cancelled(client, house, *ids: object) -> None:
    assert sorted(house.works.begun) == sorted(house.works.ended)
    for id_ in ids:
        heard = await client.hear()
        assert (heard["id"], heard["error"]["code"]) == (id_, -32800)


@pytest.mark.parametrize(
    ("method", "field"), [("$/cancelRequest", "id"), ("notifications/cancelled", "requestId")]
)
async def test_a_notification_cancels(tmp_path, method, field):
    async with rpc_house(tmp_path) as house, house.client() as client:
        client.ask(1, "wait", text="a")
        client.tell(method, **{field: 1})
        client.tell(method, **{field: 77})
        client.tell(method)
        await house.until(lambda: house.clerk.connections and not next(iter(house.clerk.connections)).calls)
        await cancelled(client, house, 1)


async def test_the_method_cancels_and_says_whether_there_was_something(tmp_path):
    async with rpc_house(tmp_path) as house, house.client() as client:
        client.ask("a", "wait", text="a")
        client.ask(2, "cancel", id="a")
        client.ask(3, "cancel", id="b")
        heard = {each["id"]: each for each in [await client.hear() for _ in range(3)]}
        assert heard["a"]["error"]["data"] == {"kind": "cancelled"}
        assert heard[2]["result"] == {"cancelled": True}
        assert heard[3]["result"] == {"cancelled": False}


async def test_another_connections_request_can_not_be_seen(tmp_path):
    async with rpc_house(tmp_path) as house, house.client() as one, house.client() as other:
        one.ask(1, "wait", text="a")
        await house.until(lambda: house.works.begun)
        other.tell("$/cancelRequest", id=1)
        other.ask(2, "cancel", id=1)
        assert (await other.hear())["result"] == {"cancelled": False}
        house.works.go.set()
        assert await one.hear() == answer(1, "a")


async def test_an_id_that_is_under_way_is_not_used_twice(tmp_path):
    async with rpc_house(tmp_path) as house, house.client() as client:
        client.ask(1, "wait", text="a")
        client.ask(1, "wait", text="b")
        assert (await client.hear())["error"]["code"] == -32600
        house.works.go.set()
        assert await client.hear() == answer(1, "a")
        client.ask(1, "wait", text="c")
        assert await client.hear() == answer(1, "c")


async def test_an_id_is_free_as_soon_as_its_answer_is_there(tmp_path):
    async with rpc_house(tmp_path) as house, house.client() as client:
        house.works.go.set()
        for _ in range(200):
            client.ask(1, "wait", text="a")
            assert await client.hear() == answer(1, "a")


async def test_so_many_may_be_outstanding_and_the_rest_is_told_to_come_back(tmp_path):
    async with rpc_house(tmp_path) as house, house.client() as client:
        for id_ in range(OUTSTANDING_MAX + 1):
            client.ask(id_, "wait", text="a")
        client.ask("quick", "echo", text="b")
        refused = await client.hear()
        assert (refused["id"], refused["error"]["code"]) == (OUTSTANDING_MAX, -32012)
        assert refused["error"]["data"] == {"kind": "overloaded", "retry_after_s": 1.0}
        assert await client.hear() == answer("quick", "b")


async def test_who_has_only_ended_its_sending_still_gets_its_answers(tmp_path):
    async with rpc_house(tmp_path) as house, house.client() as client:
        client.ask(1, "wait", text="a")
        client.send(b'{"jsonrpc":"2.0","id":2,"method":"echo","params":{"text":"bare"}}')
        client.end()
        assert await client.hear() == answer(2, "bare")
        await anyio.sleep(0.15)  # longer than anybody looks for a hang-up
        assert house.works.ended == []
        house.works.go.set()
        assert await client.hear() == answer(1, "a")
        assert await client.hear() is None


@pytest.mark.parametrize("ends_first", [False, True])
async def test_hanging_up_cancels_every_call_at_once(tmp_path, ends_first):
    async with rpc_house(tmp_path) as house:
        async with house.client() as client:
            client.ask(1, "wait", text="a")
            client.ask(2, "wait", text="b")
            if ends_first:
                client.end()
            await house.until(lambda: len(house.works.begun) == 2)
        began = asyncio.get_running_loop().time()
        await house.until(lambda: len(house.works.ended) == 2)
        assert asyncio.get_running_loop().time() - began < 1.0
        await house.until(lambda: not house.clerk.connections)


async def test_a_message_that_ends_in_the_middle_is_answered_at_the_end(tmp_path):
    async with rpc_house(tmp_path) as house, house.client() as client:
        client.send(b'{"jsonrpc":"2.0","id":1,')
        client.end()
        assert (await client.hear())["error"]["code"] == -32700
        assert await client.hear() is None


async def test_after_a_broken_header_there_is_an_answer_and_an_end(tmp_path):
    async with rpc_house(tmp_path) as house, house.client() as client:
        client.send(b"Content-Length: nonsense\r\n\r\n")
        heard = await client.hear_header()
        assert heard["error"]["code"] == -32700
        assert await client.reader.read() == b""


async def test_a_message_that_is_too_large_is_answered_and_the_next_is_served(tmp_path):
    async with rpc_house(tmp_path, frame_bytes_max=10_000) as house, house.client() as client:
        client.send(b'{"jsonrpc":"2.0","id":1,"method":"' + b"x" * 200_000 + b'"}\n')
        client.ask(2, "echo", text="a")
        refused = await client.hear()
        assert refused["error"]["code"] == -32600
        assert refused["error"]["message"].endswith("at most 10,000 bytes")
        assert await client.hear() == answer(2, "a")


async def test_a_bug_in_a_method_is_told_and_ends_nothing_else(tmp_path):
    async with rpc_house(tmp_path) as house, house.client() as client:
        client.ask(1, "crash")
        assert (await client.hear())["error"]["code"] == -32603
        assert len(house.listener.of(CallCrashed)) == 1
        client.ask(2, "echo", text="a")
        assert await client.hear() == answer(2, "a")


async def test_what_is_not_allowed_is_refused_and_told(tmp_path):
    async with rpc_house(tmp_path) as house, house.client() as client:
        client.ask(1, "echo", text="a")
        await client.hear()
        # As if the kernel had named another user: tests seldom have two.
        next(iter(house.clerk.connections)).scopes = EVERYBODY
        client.ask(2, "steer", text="a")
        error = (await client.hear())["error"]
        assert (error["code"], error["data"]) == (-32018, {"kind": "forbidden"})
        assert [str(fact) for fact in house.listener.of(CallForbidden)] == [
            f"uid {os.getuid()} (process {os.getpid()}) was refused steer: it takes the scope admin"
        ]


async def test_a_client_that_does_not_read_pauses_its_streams_and_delays_nobody(tmp_path):
    async with rpc_house(tmp_path) as house, house.client() as other:
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(house.path))
            client.send(b'{"jsonrpc":"2.0","id":1,"method":"stream","params":["end",2000]}\n')
            await house.until(lambda: house.works.flow.is_paused)
            other.ask(2, "echo", text="a")
            assert await other.hear() == answer(2, "a")
            assert house.works.ended == []
            heard = b""
            while not heard.endswith(b'"result":{"text":"end"}}\n'):
                heard += await anyio.to_thread.run_sync(client.recv, 65536)
            assert heard.count(b"\n") == 2002


async def test_who_does_not_read_for_long_is_cut(tmp_path):
    async with rpc_house(tmp_path, slow_reader_s=0.1) as house:
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(house.path))
            client.send(b'{"jsonrpc":"2.0","id":1,"method":"stream","params":["end",2000]}\n')
            await house.until(lambda: house.works.flow.is_paused)
            await house.until(lambda: not house.clerk.connections)
            assert house.works.ended == []


async def test_a_flood_of_tiny_messages_lets_others_have_their_turn(tmp_path):
    async with rpc_house(tmp_path) as house, house.client() as client, house.client() as other:
        reading = asyncio.ensure_future(client.reader.readuntil(b'"over"'))
        ask = b'{"jsonrpc":"2.0","id":1,"method":"echo","params":["a"]}'
        client.send(ask * 20_000, {"jsonrpc": "2.0", "id": "over", "method": "echo", "params": ["over"]})
        other.ask(1, "echo", text="a")
        assert await other.hear() == answer(1, "a")
        assert not reading.done()
        await reading


async def test_who_talks_nothing_but_nonsense_is_shown_the_door(tmp_path):
    async with rpc_house(tmp_path) as house, house.client() as client:
        for _ in range(NONSENSE_MAX - 1):
            client.send(b"{}\n")
        client.ask(1, "echo", text="a")
        for _ in range(NONSENSE_MAX - 1):
            assert (await client.hear())["error"]["code"] == -32600
        assert await client.hear() == answer(1, "a")
        client.send(b"hello\n" * (NONSENSE_MAX + 5))
        for _ in range(NONSENSE_MAX):
            assert (await client.hear())["error"]["code"] == -32700
        assert await client.hear() is None


async def test_the_last_nonsense_may_be_what_was_left_without_an_end(tmp_path):
    async with rpc_house(tmp_path) as house, house.client() as client:
        client.send(b"{}\n" * (NONSENSE_MAX - 1) + b"{")
        client.end()
        for _ in range(NONSENSE_MAX):
            await client.hear()
        assert await client.hear() is None


async def test_it_drains_what_is_under_way_and_begins_nothing_new(tmp_path):
    async with rpc_house(tmp_path) as house, house.client() as client, house.client() as idle:
        client.ask(1, "wait", text="a")
        client.ask("e", "endless", text="b")
        await house.until(lambda: len(house.works.begun) == 2)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(house.supervisor.stop, 5.0)
            assert await idle.hear() is None
            heard = await client.hear()
            assert (heard["id"], heard["error"]["data"]["kind"]) == ("e", "draining")
            client.ask(2, "wait", text="c")
            assert (await client.hear())["error"]["code"] == -32015
            with pytest.raises((ConnectionRefusedError, FileNotFoundError)):
                await asyncio.open_unix_connection(str(house.path))
            house.works.go.set()
            assert await client.hear() == answer(1, "a")
            assert await client.hear() is None


async def test_whoever_reads_late_has_its_whole_answer_before_they_leave(tmp_path):
    text = "x" * 900_000
    async with rpc_house(tmp_path) as house, house.client() as client:
        client.ask(1, "wait", text=text)
        await house.until(lambda: house.works.begun)
        inbound = cast("asyncio.Transport", client.writer.transport)
        inbound.pause_reading()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(house.supervisor.stop, 20.0)
            await house.until(lambda: house.clerk.is_draining)
            house.works.go.set()
            await house.until(lambda: not any(each.calls for each in house.clerk.connections))
            for _ in range(50):
                await asyncio.sleep(0)
            inbound.resume_reading()
            assert await client.hear() == answer(1, text)
            assert await client.hear() is None


async def test_the_socket_is_made_for_its_owner_and_removed_at_the_end(tmp_path):
    async with rpc_house(tmp_path) as house:
        mode = house.path.stat().st_mode
        assert stat.S_ISSOCK(mode)
        assert stat.S_IMODE(mode) == 0o600
    assert not house.path.exists()


async def test_a_socket_that_was_given_is_served_and_left(tmp_path):
    path = tmp_path / "given.sock"
    with socket.socket(socket.AF_UNIX) as given:
        given.bind(str(path))
        given.listen()
        given.setblocking(False)
        async with rpc_house(tmp_path, inherited=given) as house:
            reader, writer = await asyncio.open_unix_connection(str(path))
            writer.write(b'{"jsonrpc":"2.0","id":1,"method":"echo","params":["a"]}\n')
            assert json.loads(await reader.readline()) == answer(1, "a")
            writer.close()
    assert path.exists()
    assert not house.path.exists()


async def test_without_descriptors_clients_are_turned_away_and_later_let_in(tmp_path):
    async with rpc_house(tmp_path) as house, house.client() as client:
        client.ask(1, "echo", text="a")
        await client.hear()
        with socket.socket(socket.AF_UNIX) as stranger:
            stranger.setblocking(False)
            with no_descriptors_left():
                stranger.connect(str(house.path))
                await house.until(lambda: house.listener.of(ShortOfSockets))
            stranger.settimeout(30)
            assert b'"overloaded"' in await anyio.to_thread.run_sync(stranger.recv, 65536)
        client.ask(2, "echo", text="b")
        assert await client.hear() == answer(2, "b")
        async with house.client() as late:
            late.ask(3, "echo", text="c")
            assert await late.hear() == answer(3, "c")


async def test_nothing_is_left_of_clients_that_have_gone(tmp_path):
    async with rpc_house(tmp_path) as house:
        async with house.client() as client:
            client.ask(1, "echo", text="the loop has opened what it needs")
            await client.hear()
        await house.until(lambda: not house.clerk.connections)
        before = descriptors()
        for _ in range(200):
            async with house.client() as client:
                client.ask(1, "wait", text="a")
        await house.until(lambda: not house.clerk.connections)
        await house.until(lambda: descriptors() <= before)
        assert repr(house.clerk) == "<clerk: 0 connections, 0 calls>"
