"""Items as they are handed in, what they ask for, and what becomes of them by the rules of their job."""

import msgspec
import pytest

from actors.jobs.intake import read_item
from actors.jobs.shelf import NewItem
from actors.wire.complaint import BadRequest
from state.config import KeyConfig, LimitsConfig, ModelConfig, Patience, ProviderConfig, Strategy
from state.jobs.crash import after_crash
from state.jobs.job import ItemState, JobOptions, asked_of
from state.jobs.parallel import parallel
from state.routing.asking import Options
from state.words import LaneId

MESSAGES = [{"role": "user", "content": "Hello"}]


def read(**line: object) -> NewItem | BadRequest:
    return read_item(msgspec.json.encode(line), "pool", 1)


@pytest.mark.parametrize(
    ("line", "kind", "body"),
    [
        ({"messages": MESSAGES}, "chat", {"model": "pool", "messages": MESSAGES}),
        (
            {"model": "m", "messages": MESSAGES, "custom_id": "x"},
            "chat",
            {"model": "m", "messages": MESSAGES},
        ),
        ({"input": "text"}, "embed", {"model": "pool", "input": "text"}),
        ({"prompt": "a cat"}, "image", {"model": "pool", "prompt": "a cat"}),
        (
            {
                "custom_id": "x",
                "method": "POST",
                "url": "/v1/embeddings",
                "body": {"model": "e", "input": "text"},
            },
            "embed",
            {"model": "e", "input": "text"},
        ),
        (
            {"url": "/v1/images/generations", "body": {"prompt": "a"}},
            "image",
            {"model": "pool", "prompt": "a"},
        ),
    ],
)
def test_every_shape_of_an_item_is_kept_as_it_will_be_asked(line, kind, body):
    item = read(**line)
    assert isinstance(item, NewItem)
    assert (item.kind, msgspec.json.decode(item.body)) == (kind, body)
    assert item.custom_id == line.get("custom_id", "")
    assert item.asks == body["model"]


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ({"hello": 1}, "the body has no `messages`, `input` or `prompt`: nothing is asked"),
        ({"url": "/v1/audio", "body": {}}, "`url` must be one of /v1/chat/completions, /v1/embeddings, /v1/images/generations"),
        ({"method": "GET", "messages": MESSAGES}, "`method` must be POST"),
        ({"messages": MESSAGES, "stream": True}, "`stream` must not be asked for: nobody listens while a job runs"),
        ({"messages": MESSAGES, "base_url": "http://evil"}, "`base_url` cannot be set by a request: where it goes is for the operator to decide"),
        ({"messages": MESSAGES, "failover": {"strategy": "best"}}, "`failover.strategy` is not as it should be: invalid enum value 'best'"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_when_it_is_handed_in(line, complaint):
    assert str(read(**line)) == complaint


def test_an_item_that_is_no_object_is_a_complaint_and_no_crash():
    for raw in (b"[]", b"1", b'"x"', b"{", b"[" * 5_000, b'{"messages": "\xff"}'):
        assert isinstance(read_item(raw, "pool", 1), BadRequest)


PAID = ProviderConfig(name="paid", url="https://p.example/v1")
FREE = ProviderConfig(name="free", url="https://f.example/v1", paid=False)
PROVIDERS = {"paid": PAID, "free": FREE}


@pytest.mark.parametrize(
    ("lane", "on_unknown", "state"),
    [
        ("paid/key1/m", None, ItemState.UNKNOWN),
        ("free/key1/m", None, ItemState.PENDING),
        ("gone/key1/m", None, ItemState.UNKNOWN),
        ("paid/key1/m", "retry", ItemState.PENDING),
        ("free/key1/m", "hold", ItemState.UNKNOWN),
    ],
)
def test_after_a_crash_the_job_decides_and_else_the_lanes_price(lane, on_unknown, state):
    assert after_crash(lane, JobOptions(on_unknown=on_unknown), PROVIDERS) is state


def test_the_nearest_word_counts_and_everybody_in_a_job_is_patient():
    job = JobOptions(strategy=Strategy.RANDOM, failover=False, exclude=("b",), deadline_s=3600.0)
    asked = asked_of(job, Options(strategy=Strategy.CHEAPEST, request_id="mine", max_wait_s=9.0))
    assert (asked.strategy, asked.failover, asked.exclude) == (Strategy.CHEAPEST, False, ("b",))
    assert (asked.request_id, asked.max_wait_s, asked.patience) == ("", 0.0, Patience.PATIENT)
    assert asked.deadline_s == 900.0, "the job's deadline is not an item's"


def test_as_many_at_once_as_the_lanes_carry():
    narrow = ProviderConfig(
        name="n",
        url="https://n.example/v1",
        keys=(KeyConfig(name="key1", limits=LimitsConfig(concurrency=3)),),
        models=(ModelConfig(name="m", limits=LimitsConfig(concurrency=8)),),
    )
    providers = {**PROVIDERS, "n": narrow}
    lanes = [LaneId("n", "key1", "m"), LaneId("paid", "key1", "m"), LaneId("gone", "key1", "m")]
    assert parallel(lanes, Strategy.ROUND_ROBIN, providers) == 3 + 4
    assert parallel(lanes, Strategy.PRIMARY_ONLY, providers) == 4
    assert parallel([], Strategy.ROUND_ROBIN, providers) == 1
    assert parallel([lanes[1]] * 100, Strategy.ROUND_ROBIN, providers) == 64
