"""Everything that can be asked of a real daemon over its socket, with fake providers behind it."""

import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from daemon.api.looking import CapacitySaid, JournalSaid, StatsSaid
from daemon.api.report import Report
from daemon.api.status import Status
from daemon.api.story import Story
from daemon.exits import Exit
from daemon.rpc.methods import METHODS
from tests.fakeserver import Line
from tests.fakeserver.answers import DONE, LAST_CHUNK, STREAM_HEAD, answer, event
from tests.phone import Failed, Phone, dialled, serving_apart
from tests.process import running, write_config

MESSAGES = [{"role": "user", "content": "say hello"}]


async def well(line: Line) -> None:
    """Answers, whole or as a stream; whoever asks it to hang waits for ever."""
    while True:
        asked = await line.hear()
        if b'"hang"' in asked.body:
            await line.sleep()
        elif b'"stream":true' in asked.body.replace(b" ", b""):
            await line.say(STREAM_HEAD, event("hel"), event("lo"), event("", '"stop"'), DONE, LAST_CHUNK)
        elif b'"input"' in asked.body:
            await line.say(answer(b'{"data":[{"index":0,"embedding":[0.5]}],\n"model":"e1"}'))
        else:
            await line.say(answer())


async def broken(line: Line) -> None:
    """Says that it is overloaded, to everybody but a probe."""
    while True:
        asked = await line.hear()
        if asked.method == "GET":
            await line.say(answer(b'{"data":[]}'))
        else:
            await line.say(
                answer(b'{"error":{"message":"I am overloaded"}}', status="503 Service Unavailable")
            )


def config(good_url: str, bad_url: str) -> str:
    return f"""
[provider.bad]
url = "{bad_url}/v1"
models = ["m1"]
priority = 1
retry.retries = 0
probe.enabled = false
[provider.good]
url = "{good_url}/v1"
models = [{{ name = "m1", limits = {{ rpm = 1000 }} }}, "m2", {{ name = "e1", can = ["embeddings"] }}]
priority = 2
[pool.chat]
lanes = ["bad", "good/m1", "good/m2"]
[pool.lost]
lanes = ["bad"]
deadline_s = 5.0
"""


@contextmanager
def house(home: Path, **environ: str):
    with serving_apart(well) as good, serving_apart(broken) as bad:
        write_config(home, config(good.url, bad.url))
        with running(home, environ=environ) as daemon:
            daemon.wait_ready()
            with dialled(daemon) as phone:
                yield daemon, phone


@pytest.fixture(scope="module")
def shared():
    """One daemon for those who leave it as they found it."""
    with tempfile.TemporaryDirectory() as home, house(Path(home)) as found:
        yield found


@pytest.fixture
def phone(shared):
    _, phone = shared
    phone.ask("release", all=True)
    phone.ask("prefer.clear")
    for target in ("bad", "good"):
        phone.ask("enable", target=target)
    return phone


@pytest.fixture
def daemon(shared):
    return shared[0]


def report(result: dict[str, object]) -> Report:
    return msgspec.convert(result["failover"], Report)


# Asking for an answer.


def test_an_answer_comes_with_what_happened_on_its_way(phone):
    result = phone.ask("chat", model="chat", messages=MESSAGES)
    assert result["choices"][0]["message"]["content"] == "hello"
    told = report(result)
    assert (told.verdict, told.lane, told.pool) == ("ok", "good/key1/m1", "chat")
    assert [(each.lane, each.outcome, each.kind, each.status) for each in told.attempts] == [
        ("bad/key1/m1", "failed", "unavailable", 503),
        ("good/key1/m1", "answered", "", None),
    ]
    assert told.attempts[0].said == "I am overloaded"


def test_a_stream_comes_in_pieces_and_then_the_report(phone):
    heard, result = phone.ask_and_hear("chat", model="good/m1", messages=MESSAGES, stream=True)
    begin, *chunks = heard
    assert (begin["method"], begin["params"]["lane"]) == ("chat.begin", "good/key1/m1")
    deltas = [
        chunk["params"]["chunk"]["choices"][0]["delta"]
        for chunk in chunks
        if chunk["params"]["chunk"]["choices"]
    ]
    assert "".join(delta.get("content") or "" for delta in deltas) == "hello"
    assert result["object"] == "chat.completion.streamed"
    assert report(result).lane == "good/key1/m1"


def test_vectors_come_on_one_line_though_the_provider_wrote_several(phone):
    result = phone.ask("embed", model="good/e1", input="text")
    assert result["data"] == [{"index": 0, "embedding": [0.5]}]


def test_options_may_stand_beside_the_other_fields_or_in_a_block(phone):
    for options in ({"exclude": ["bad"]}, {"failover": {"exclude": ["bad"]}}):
        told = report(phone.ask("chat", model="chat", messages=MESSAGES, **options))
        assert [each.lane for each in told.attempts] == ["good/key1/m1"]
    with pytest.raises(Failed) as failed:
        phone.ask("chat", model="chat", messages=MESSAGES, failover=False)
    assert failed.value.data["kind"] == "unavailable"


def test_when_all_fail_one_error_names_each_and_says_when_to_come_back(phone):
    with pytest.raises(Failed) as failed:
        phone.ask("chat", model="lost", messages=MESSAGES)
    assert failed.value.code == -32010
    assert "bad/key1/m1" in failed.value.message
    data = failed.value.data
    assert data["kind"] == "unavailable"
    assert data["retry_after_s"] > 0
    assert [(each["lane"], each["kind"], each["status"], each["said"]) for each in data["attempts"]] == [
        ("bad/key1/m1", "unavailable", 503, "I am overloaded")
    ]
    assert data["attempts"][0]["rule"]


@pytest.mark.parametrize(
    ("method", "params", "kind", "field"),
    [
        ("chat", {"model": "chta", "messages": MESSAGES}, "unknown_name", "model"),
        ("chat", {"model": "chat"}, "invalid_params", "messages"),
        ("chat", {"model": "chat", "messages": []}, "invalid_params", "messages"),
        ("chat", {"model": "chat", "messages": MESSAGES, "api_base": "x"}, "invalid_params", "api_base"),
        (
            "chat",
            {"model": "chat", "messages": MESSAGES, "deadline_s": "x"},
            "invalid_params",
            "failover.deadline_s",
        ),
        ("image", {"model": "chat"}, "invalid_params", "prompt"),
        ("embed", {"model": "good/e1"}, "invalid_params", "input"),
        ("disable", {"target": "bda"}, "unknown_name", "target"),
        ("disable", {"target": "bad", "for_s": -1}, "invalid_params", "for_s"),
        ("force", {"target": "good", "pool": "caht"}, "unknown_name", "pool"),
        ("strategy.set", {"pool": "chat", "strategy": "best"}, "invalid_params", "strategy"),
        ("release", {}, "invalid_params", "target"),
        ("explain", {"request_id": "nobody"}, "unknown_name", "request_id"),
    ],
)
def test_what_is_wrong_is_named(phone, method, params, kind, field):
    with pytest.raises(Failed) as failed:
        phone.ask(method, **params)
    assert (failed.value.data["kind"], failed.value.data.get("field", "")) == (kind, field)


def test_a_cancelled_request_is_told_so_and_explained(phone):
    id_ = phone.begin(
        "chat", model="good/m2", messages=[{"role": "user", "content": "hang"}], request_id="slow-1"
    )
    with dialled_again(phone) as other:
        until(lambda: status(other).providers[1].in_flight == 1)
        assert other.ask("cancel", id="slow-1") == {"cancelled": True}
        assert phone.hear()["error"]["code"] == -32800
        until(lambda: other.ask("status")["in_flight"] == 0)
        assert other.ask("explain", request_id="slow-1")["verdict"] == "cancelled"
        assert other.ask("cancel", id="slow-1") == {"cancelled": False}
    assert id_


# Looking.


def status(phone: Phone) -> Status:
    return msgspec.convert(phone.ask("status"), Status)


def test_status_tells_at_a_glance(phone):
    found = status(phone)
    assert (found.health, found.says) == ("well", ())
    assert {pool.pool: pool.serves for pool in found.pools} == {
        "chat": "bad/key1/m1",
        "lost": "bad/key1/m1",
        "auto": "bad/key1/m1",
    }
    assert [provider.provider for provider in found.providers] == ["bad", "good"]
    assert [lane.lane for lane in found.providers[1].lanes] == [
        "good/key1/m1",
        "good/key1/m2",
        "good/key1/e1",
    ]
    assert found.providers[1].lanes[0].left["rpm"] <= 1000
    assert {child.name for child in found.children} >= {"journal", "bad", "good", "router", "rpc"}
    assert {child.standing for child in found.children} == {"alive"}


def test_status_says_who_is_out_why_and_until_when(phone):
    phone.ask("chat", model="chat", messages=MESSAGES)
    found = status(phone)
    bad = found.providers[0]
    lane = bad.lanes[0]
    held = next(each for each in (bad.hold, bad.keys[0].hold, lane.hold) if each is not None)
    assert (held.kind, held.why) == ("quarantine", "unavailable")
    assert held.left_s is not None
    assert 0 < held.left_s <= 60  # on this machine: sentences are short
    assert not lane.is_usable
    assert found.health == "failing"
    assert any("pool lost" in line for line in found.says)
    assert {pool.pool: pool.serves for pool in found.pools}["chat"] == "good/key1/m1"


def test_every_answer_is_as_the_table_says(phone):
    phone.ask("chat", model="chat", messages=MESSAGES)
    for method, shape in [
        ("stats", StatsSaid),
        ("capacity", CapacitySaid),
        ("explain", Story),
        ("journal.query", JournalSaid),
    ]:
        assert METHODS[method].gives is shape
        msgspec.convert(phone.ask(method), shape, strict=True)


def test_statistics_count_and_begin_anew(phone):
    phone.ask("stats.reset")
    phone.ask("chat", model="good/m1", messages=MESSAGES)
    found = phone.ask("stats", target="good")
    assert found["total"]["answered"] == 1
    assert [(each["lane"], each["stats"]["answered"]) for each in found["lanes"]] == [
        ("good/key1/m1", 1),
        ("good/key1/m2", 0),
        ("good/key1/e1", 0),
    ]
    assert phone.ask("stats")["verdicts"]["ok"] == 1
    phone.ask("stats.reset", target="good")
    assert phone.ask("stats", target="good")["total"]["answered"] == 0


def test_capacity_tells_what_is_left(phone):
    before = lane_of(phone.ask("capacity"), "good/key1/m1")
    phone.ask("chat", model="good/m1", messages=MESSAGES)
    after = lane_of(phone.ask("capacity"), "good/key1/m1")
    assert after["left"]["rpm"] == before["left"]["rpm"] - 1
    assert [(each["window"], each["limit"]) for each in after["limits"]] == [("rpm", 1000)]


def lane_of(found: dict[str, list[dict[str, Any]]], lane: str) -> dict[str, Any]:
    return next(each for each in found["lanes"] if each["lane"] == lane)


def test_a_request_can_be_explained(phone):
    told = report(phone.ask("chat", model="chat", messages=MESSAGES))
    story = msgspec.convert(phone.ask("explain", request_id=told.request_id), Story)
    assert (story.verdict, story.lane) == ("ok", "good/key1/m1")
    assert [look.chose for look in story.looks] == ["bad/key1/m1", "good/key1/m1"]
    second = {lane.lane: lane.why or lane.place for lane in story.looks[1].lanes}
    assert second == {
        "good/key1/m1": 1,
        "good/key1/m2": 2,
        "bad/key1/m1": "already_tried",
        "good/key1/e1": "not_in_pool",
    }
    assert phone.ask("explain")["request_id"] == told.request_id


def test_the_journal_can_be_read(phone):
    told = report(phone.ask("chat", model="good/m1", messages=MESSAGES))
    until(lambda: len(phone.ask("journal.query", request_id=told.request_id)["events"]) == 3)
    found = phone.ask("journal.query", request_id=told.request_id)["events"]
    assert [each["event"]["type"] for each in found] == ["request_closed", "attempt_closed", "attempt_opened"]
    assert (
        phone.ask("journal.query", kinds=["attempt_closed"], rows_max=1)["events"][0]["seq"]
        == found[1]["seq"]
    )


def test_events_can_be_followed(phone):
    id_ = phone.begin("events.subscribe", kinds=["request_closed", "operator_acted"], count_max=2)
    with dialled_again(phone) as other:
        other.ask("chat", model="good/m1", messages=MESSAGES)
        other.ask("disable", target="good/key1/m2", for_s=0.01)
    first, second, result = phone.hear(), phone.hear(), phone.hear()
    assert [each["params"]["event"]["type"] for each in (first, second)] == [
        "request_closed",
        "operator_acted",
    ]
    assert {each["params"]["id"] for each in (first, second)} == {id_}
    assert result["result"] == {"told": 2, "missed": 0}


# Steering.


def test_a_disabled_target_is_out_until_it_is_enabled(phone):
    assert phone.ask("disable", target="good", for_s=60)["is_durable"]
    found = status(phone).providers[1]
    assert (found.condition, found.usable) == ("disabled", 0)
    assert found.hold is not None
    assert found.hold.by == f"uid {os.getuid()}"
    phone.ask("enable", target="good")
    assert status(phone).providers[1].condition == "well"


def test_an_ordered_quarantine_keeps_its_reason_until_it_is_released(phone):
    phone.ask("quarantine", target="good/m2", for_s=60, reason="bill unpaid")
    lane = status(phone).providers[1].lanes[1]
    assert lane.hold is not None
    assert (lane.hold.kind, lane.hold.why, lane.condition) == ("ordered", "bill unpaid", "quarantined")
    phone.ask("release", target="good/key1/m2")
    assert status(phone).providers[1].lanes[1].hold is None


def test_force_goes_first_until_it_is_cleared(phone):
    phone.ask("force", target="good/key1/m2", for_s=60, pool="chat")
    found = status(phone)
    assert [(each.target, each.pool) for each in found.forced] == [("good/key1/m2", "chat")]
    serves = {pool.pool: (pool.serves, pool.lead) for pool in found.pools}
    assert serves["chat"] == ("good/key1/m2", "forced")
    assert serves["auto"] == ("bad/key1/m1", "strategy")
    phone.ask("prefer.clear", context="chat")
    assert status(phone).forced == ()


def test_a_strategy_holds_for_a_while(phone):
    phone.ask("strategy.set", pool="chat", strategy="cheapest", for_s=0.2)
    found = status(phone)
    assert [(each.pool, each.strategy) for each in found.steered] == [("chat", "cheapest")]
    assert found.pools[0].strategy == "cheapest"
    until(lambda: status(phone).pools[0].strategy == "primary_only")


def test_a_probe_tells_how_it_is_now(phone):
    found = phone.ask("probe")["probes"]
    assert [(each["target"], each["is_well"]) for each in found] == [("bad", True), ("good", True)]


# Its own life.


def test_check_tells_what_a_reload_would_do_and_changes_nothing(tmp_path):
    with house(tmp_path) as (daemon, phone):
        whole = (tmp_path / "failoverd.toml").read_text()
        assert phone.ask("config.check")["changes"]["unchanged"] == ["bad", "good"]
        (tmp_path / "failoverd.toml").write_text(whole + "[provider.ollama]\n")
        assert phone.ask("config.check")["changes"]["added"] == ["ollama"]
        assert len(status(phone).providers) == 2
        result = phone.ask("config.reload")
        assert (result["says"], result["changes"]["added"]) == ("reloaded: added ollama", ["ollama"])
        assert [provider.provider for provider in status(phone).providers] == ["bad", "good", "ollama"]
        (tmp_path / "failoverd.toml").write_text(whole + "[provider.ollama]\nurll = 'x'\n")
        assert not phone.ask("config.check")["is_well"]
        with pytest.raises(Failed) as failed:
            phone.ask("config.reload")
        assert failed.value.data["kind"] == "caller_error"
        assert "provider.ollama.urll" in failed.value.data["problems"][0]
        assert len(status(phone).providers) == 3
        assert phone.ask("drain")["in_flight"] == 0
        assert daemon.wait_exit() == Exit.OK
        assert f"drain, asked for by uid {os.getuid()}" in daemon.log
        assert not (tmp_path / "run" / "failoverd.sock").exists()


@pytest.mark.parametrize("stream", [False, True])
def test_who_comes_back_for_an_answer_that_is_not_kept_is_not_given_nothing(daemon, phone, stream):
    asks = {"model": "good/m1", "messages": MESSAGES, "request_id": f"kept-not-{stream}", "stream": stream}
    first = phone.ask("chat", **asks)
    with pytest.raises(Failed) as again:
        phone.ask("chat", **asks)
    assert first["failover"]["verdict"] == "ok"
    assert again.value.data["kind"] == "caller_error"
    assert "its answer is not kept" in str(again.value)


def test_a_provider_that_leaves_the_config_and_comes_back_has_used_what_it_had_used(tmp_path):
    with house(tmp_path) as (_, phone):
        path = tmp_path / "failoverd.toml"
        whole = path.read_text()
        phone.ask("chat", model="good/m1", messages=MESSAGES)
        begin, _, rest = whole.partition("[provider.good]")
        path.write_text(begin + rest[rest.index("[pool.chat]") :].replace(', "good/m1", "good/m2"', ""))
        assert phone.ask("config.reload")["changes"]["removed"] == ["good"]
        path.write_text(whole)
        assert phone.ask("config.reload")["changes"]["added"] == ["good"]

        lanes = msgspec.convert(phone.ask("capacity"), CapacitySaid).lanes
        assert {limit.used for lane in lanes if lane.lane == "good/key1/m1" for limit in lane.limits} == {1}
        assert phone.ask("chat", model="good/m1", messages=MESSAGES)["failover"]["verdict"] == "ok"


def test_a_reload_waits_for_nobody_who_is_under_way(tmp_path):
    with house(tmp_path) as (daemon, phone), dialled(daemon) as caller:
        hang = [{"role": "user", "content": "hang"}]
        caller.begin("chat", model="good/m1", messages=hang, deadline_s=60.0)
        until(lambda: status(phone).in_flight == 1)
        path = tmp_path / "failoverd.toml"
        whole = path.read_text()
        begin, _, rest = whole.partition("[provider.good]")
        path.write_text(begin + rest[rest.index("[pool.chat]") :].replace(', "good/m1", "good/m2"', ""))
        assert phone.ask("config.reload")["changes"]["removed"] == ["good"]
        path.write_text(whole)
        assert phone.ask("config.reload")["changes"]["added"] == ["good"]
        path.write_text(whole.replace("rpm = 1000", "rpm = 900"))
        assert phone.ask("config.reload")["changes"]["changed"] == ["good"]

        assert status(phone).in_flight == 1, "it was let go on"
        assert phone.ask("chat", model="good/m1", messages=MESSAGES)["failover"]["verdict"] == "ok"


def test_to_ask_twice_for_a_drain_is_no_impatience(tmp_path):
    with house(tmp_path) as (daemon, phone), dialled(daemon) as operator:
        hang = [{"role": "user", "content": "hang"}]
        phone.begin("chat", model="good/m1", messages=hang, deadline_s=1.0)
        until(lambda: status(operator).in_flight == 1)
        drain = {"jsonrpc": "2.0", "id": 1, "method": "drain"}
        operator.send([drain, drain])
        assert phone.hear()["error"]["data"]["kind"] == "deadline"
        assert daemon.wait_exit() == Exit.OK


def test_hanging_up_closes_the_upstream_and_is_nobodys_fault(daemon, phone):
    with dialled(daemon) as caller:
        caller.begin("chat", model="good/m2", messages=[{"role": "user", "content": "hang"}])
        until(lambda: status(phone).providers[1].in_flight == 1)
    until(lambda: phone.ask("status")["in_flight"] == 0)
    assert phone.ask("explain")["verdict"] == "cancelled"
    assert status(phone).providers[1].lanes[1].hold is None, "a caller who leaves is nobody's fault"


# Others.

STRANGER = """
import json, os, socket, sys
os.setgroups([]); os.setgid(65534); os.setuid(65534)
line = socket.socket(socket.AF_UNIX); line.connect(sys.argv[1])
lines = line.makefile("rb")
for id_, (method, params) in enumerate(json.loads(sys.argv[2])):
    line.sendall(json.dumps({"jsonrpc": "2.0", "id": id_, "method": method, "params": params}).encode() + b"\\n")
    print(lines.readline().decode(), end="")
"""


@pytest.mark.skipif(os.getuid() != 0, reason="only root can be somebody else")
def test_another_user_may_ask_but_not_steer_and_sees_nobody_elses_requests():
    with tempfile.TemporaryDirectory() as name, house(Path(name)) as (daemon, phone):
        home, socket_path = Path(name), Path(name) / "run" / "failoverd.sock"
        for path in (home, home / "run", socket_path):
            path.chmod(0o777)
        mine = report(phone.ask("chat", model="good/m1", messages=MESSAGES, request_id="mine")).request_id
        id_ = phone.begin(
            "chat", model="good/m1", messages=[{"role": "user", "content": "hang"}], request_id="hangs"
        )
        asks = [
            ("chat", {"model": "good/m1", "messages": MESSAGES}),
            ("status", {}),
            ("disable", {"target": "good"}),
            ("journal.query", {}),
            ("events.subscribe", {}),
            ("explain", {"request_id": mine}),
            ("explain", {"request_id": "never-was"}),
            ("cancel", {"id": "hangs"}),
            ("explain", {}),
        ]
        words = [sys.executable, "-c", STRANGER, str(socket_path), json.dumps(asks)]
        told = subprocess.run(words, capture_output=True, text=True, check=True, cwd="/").stdout.splitlines()
        chat, glance, disable, journal, events, explain, never, cancel, own = map(json.loads, told)
        assert chat["result"]["failover"]["verdict"] == "ok"
        assert glance["result"]["version"]
        assert [each["error"]["code"] for each in (disable, journal, events)] == [-32018] * 3
        assert explain["error"]["message"] == "no request is called 'mine'"
        assert never["error"]["message"] == "no request is called 'never-was'"
        assert explain["error"]["data"] == never["error"]["data"]
        assert cancel["result"] == {"cancelled": False}
        assert own["result"]["request_id"] == chat["result"]["failover"]["request_id"]
        assert "uid 65534 (process " in daemon.log
        assert "was refused disable: it takes the scope admin" in daemon.log
        phone.send({"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": id_}})
        assert phone.hear()["error"]["code"] == -32800


@contextmanager
def dialled_again(phone: Phone):
    other = Phone(phone.peer)
    try:
        yield other
    finally:
        other.close()


def until(holds) -> None:
    by = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < by, "it never came to that"
        time.sleep(0.005)
