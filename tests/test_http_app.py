"""OpenAI's HTTP over a router in virtual time: one answer or one clear error, whatever the lanes do."""

import msgspec
import pytest
from anyio import create_task_group

from actors.case import Client
from daemon.api.caller import Caller
from daemon.http.bodies import HELD_BYTES_MAX
from daemon.http.guards import BODY_BYTES_MAX, Via
from daemon.http.routes import ROUTES
from daemon.verdicts import ENDINGS, ErrorKind
from state.config import Capability, ModelConfig, PoolConfig
from state.events import Cancelled, RequestClosed, Verdict
from state.failures import Kind, Scope
from state.timeline import ms
from tests.fakes import settle
from tests.house_of_doors import Act, House, breaks_after, fails, lane, offering, says
from tests.visitor import CHAT, STREAM, Hotel

pytestmark = pytest.mark.anyio


def open_hotel(*names: str, **acts: list[Act]) -> Hotel:
    house = House(*(names or ("a", "b")))
    for name, played in acts.items():
        house.plays(lane(name), *played)
    return Hotel(house)


# Answers.


async def test_an_answer_comes_as_its_provider_gave_it():
    visit = await open_hotel().chat()

    assert (visit.status, visit.body, visit.is_whole) == (200, b'{"said":"hello"}', True)
    assert visit.headers == {
        "content-type": "application/json",
        "content-length": "16",
        "x-request-id": "id-000001",
        "x-failover-lane": "a/key1/m",
        "x-failover-attempts": "1",
        "x-failover-trail": "a/key1/m=answered",
    }


async def test_the_headers_tell_how_a_failover_went():
    visit = await open_hotel(a=[fails(Kind.RATE_LIMIT)]).chat()

    assert (visit.status, visit.headers["x-failover-lane"]) == (200, "b/key1/m")
    assert visit.headers["x-failover-attempts"] == "2"
    assert visit.headers["x-failover-trail"] == "a/key1/m=rate_limit, b/key1/m=answered"


async def test_a_model_name_of_somebody_else_cannot_write_headers():
    house = House(providers=(offering("a", ModelConfig(name="m\r\nset-cookie: x=1")),))
    visit = await Hotel(house).chat()

    assert (visit.status, visit.headers["x-failover-lane"]) == (200, "a/key1/m??set-cookie:?x=1")


@pytest.mark.parametrize("model", ["auto", "captions", "b/m", "b/key1/m", "b"])
async def test_a_request_may_name_a_pool_a_model_or_a_lane(model):
    hotel = Hotel(House("a", "b", pools={"captions": PoolConfig(lanes=("b",))}))
    visit = await hotel.chat({**CHAT, "model": model})

    assert visit.headers["x-failover-lane"] == ("a/key1/m" if model == "auto" else "b/key1/m")


async def test_a_bare_model_means_all_lanes_that_have_it():
    visit = await open_hotel(a=[fails(Kind.QUOTA)]).chat({**CHAT, "model": "m"})
    assert visit.headers["x-failover-trail"] == "a/key1/m=quota, b/key1/m=answered"


async def test_options_may_stand_in_the_body_and_in_headers():
    hotel = open_hotel("a", "b", "c")
    visit = await hotel.chat({**CHAT, "failover": {"exclude": ["a"]}}, x_failover_no_failover_to="c")
    assert visit.headers["x-failover-lane"] == "b/key1/m"
    visit = await hotel.chat(x_failover_exclude="a,b")
    assert visit.headers["x-failover-lane"] == "c/key1/m"


async def test_embeddings_and_images_have_their_own_paths():
    house = House(
        providers=(
            offering(
                "a",
                ModelConfig(name="e", can=(Capability.EMBEDDINGS,)),
                ModelConfig(name="i", can=(Capability.IMAGE,)),
            ),
        )
    )
    hotel = Hotel(house)
    vectors = await hotel.visit("POST", "/v1/embeddings", {"model": "auto", "input": "hi"})
    picture = await hotel.visit("POST", "/v1/images/generations", {"model": "auto", "prompt": "a cat"})

    assert (vectors.status, vectors.headers["x-failover-lane"]) == (200, "a/key1/e")
    assert (picture.status, picture.headers["x-failover-lane"]) == (200, "a/key1/i")


@pytest.mark.parametrize("path", ["/chat/completions", "/v1/chat/completions"])
async def test_v1_may_be_left_out(path):
    assert (await open_hotel().visit("POST", path, CHAT)).status == 200


# Errors.


async def test_when_all_lanes_fail_the_error_tells_all_and_says_that_it_is_no_use_to_ask_again():
    hotel = open_hotel(a=[fails(Kind.RATE_LIMIT, wait_s=60.0, said="slow down")], b=[fails(Kind.QUOTA)])
    visit = await hotel.chat()

    assert visit.status == 503
    assert (visit.headers["retry-after"], visit.headers["x-should-retry"]) == ("60", "false")
    assert visit.headers["x-failover-attempts"] == "2"
    assert (visit.error["type"], visit.error["code"], visit.error["param"]) == (
        "server_error",
        "unavailable",
        None,
    )
    assert visit.error["failover"]["retry_after_s"] == pytest.approx(60.0)
    first, second = visit.error["failover"]["attempts"]
    assert (first["lane"], first["kind"], first["said"]) == ("a/key1/m", "rate_limit", "slow down")
    assert (second["lane"], second["kind"]) == ("b/key1/m", "quota")


@pytest.mark.parametrize(
    ("acts", "kind"),
    [
        ([fails(Kind.BAD_REQUEST, Scope.REQUEST, said="no such parameter")], ErrorKind.CALLER_ERROR),
        ([fails(Kind.UNAVAILABLE)], ErrorKind.UNAVAILABLE),
        ([Act(hangs=True)], ErrorKind.DEADLINE),
    ],
)
@pytest.mark.parametrize("body", [CHAT, STREAM])
async def test_each_verdict_has_its_status_and_its_code(acts, kind, body):
    hotel = open_hotel("a", a=acts)
    if acts[0].hangs:
        hotel.house.plays(lane("a"), Act(words=(), hangs=True))
    visit = await hotel.chat(body)

    assert (visit.status, visit.error["code"]) == (ENDINGS[kind].http, kind)
    assert visit.headers["x-should-retry"] == "false"


@pytest.mark.parametrize(
    ("agent", "status"), [("ai-sdk/openai/3", 424), ("ai/7.0 ai-sdk/x", 424), ("OpenAI/JS", 503)]
)
@pytest.mark.parametrize("body", [CHAT, STREAM])
async def test_a_client_that_is_deaf_to_our_headers_gets_a_status_that_it_understands(agent, status, body):
    visit = await open_hotel("a", a=[fails(Kind.QUOTA)]).chat(body, user_agent=agent)
    assert (visit.status, visit.error["code"]) == (status, "unavailable")


async def test_who_comes_when_it_is_full_may_come_again():
    hotel = Hotel(House("a", daemon={"in_flight_max": 1}, a=[Act(words=(), hangs=True)]))
    async with create_task_group() as tasks:
        tasks.start_soon(hotel.serve, hotel.arrives("POST", "/v1/chat/completions", CHAT))
        await settle()
        visit = hotel.arrives("POST", "/v1/chat/completions", CHAT)
        await hotel.serve(visit)
        tasks.cancel_scope.cancel()

    assert (visit.status, visit.error["type"], visit.error["code"]) == (429, "rate_limit_error", "overloaded")
    assert visit.headers["retry-after"] == "1"
    assert "x-should-retry" not in visit.headers


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (b"", None),
        (b"{", None),
        (b"[]", None),
        (b'{"model":"auto"}', "messages"),
        (b'{"messages":[]}', "model"),
        (b'{"model":"auto","messages":[{}],"api_base":"http://evil"}', "api_base"),
        (b'{"model":"auto","messages":[{}],"failover":{"colour":1}}', "failover"),
    ],
)
async def test_a_wrong_body_is_blamed_by_its_field(body, param):
    visit = await open_hotel().visit("POST", "/v1/chat/completions", body, content_type="application/json")

    assert (visit.status, visit.error["type"], visit.error["code"]) == (
        400,
        "invalid_request_error",
        "invalid_params",
    )
    assert visit.error["param"] == param


async def test_an_unknown_model_comes_with_what_may_have_been_meant():
    hotel = Hotel(House("a", pools={"captions": PoolConfig(lanes=("a",))}))
    visit = await hotel.chat({**CHAT, "model": "caption"})

    assert (visit.status, visit.error["code"], visit.error["param"]) == (404, "unknown_name", "model")
    assert "captions" in visit.error["message"]


@pytest.mark.parametrize("path", ["/", "/v1", "/v1/responses", "/v1/completions", "/v1/chat", "/v2/models"])
async def test_an_unknown_path_says_which_there_are(path):
    visit = await open_hotel().visit("POST", path, CHAT)
    assert (visit.status, visit.error["code"]) == (404, "unknown_method")
    assert "/v1/chat/completions" in visit.error["message"] or "chat completions" in visit.error["message"]


@pytest.mark.parametrize(("path", "method"), [(path, method) for path, (method, _) in ROUTES.items()])
async def test_another_method_than_the_right_one_is_refused(path, method):
    wrong = "GET" if method == "POST" else "DELETE"
    visit = await open_hotel().visit(wrong, path)
    assert (visit.status, visit.headers["allow"]) == (405, method)


async def test_a_body_that_does_not_end_is_cut_off():
    hotel = open_hotel()
    visit = hotel.arrives("POST", "/v1/chat/completions", b"", content_type="application/json")
    visit.pieces = [bytes(BODY_BYTES_MAX // 4)] * 6
    await hotel.serve(visit)

    assert (visit.status, visit.headers["connection"], len(visit.pieces)) == (413, "close", 1)
    assert hotel.office.bodies.held == 0


async def test_all_bodies_together_are_bounded():
    hotel = open_hotel()
    hotel.office.bodies.held = HELD_BYTES_MAX - 10
    visit = await hotel.chat()

    assert (visit.status, visit.error["code"], visit.headers["retry-after"]) == (429, "overloaded", "1")
    assert hotel.office.bodies.held == HELD_BYTES_MAX - 10


async def test_a_client_that_leaves_before_its_body_is_whole_is_forgotten():
    hotel = open_hotel()
    visit = hotel.arrives("POST", "/v1/chat/completions", b"", content_type="application/json")
    visit.pieces = []
    visit.leaves()
    await hotel.serve(visit)

    assert (visit.sent, hotel.office.bodies.held) == ([], 0)


# Names of requests.


async def test_a_request_that_was_answered_under_its_name_is_not_sent_again():
    house = House("a", pools={"kept": PoolConfig(lanes=("a",), keep_answers=True)})
    hotel = Hotel(house)
    async with create_task_group() as tasks:
        house.lives(tasks)
        visits = [await hotel.chat({**CHAT, "model": "kept"}, idempotency_key="order-17") for _ in range(2)]
        tasks.cancel_scope.cancel()

    assert [visit.status for visit in visits] == [200, 200]
    assert visits[0].body == visits[1].body
    assert {visit.headers["x-request-id"] for visit in visits} == {"order-17"}
    assert len(house.doors["a"].knocks) == 1


@pytest.mark.parametrize("body", [CHAT, STREAM])
async def test_an_answer_that_nobody_kept_cannot_be_given_again(body):
    hotel = open_hotel()
    async with create_task_group() as tasks:
        hotel.house.lives(tasks)
        await hotel.chat(body, idempotency_key="order-17")
        visit = await hotel.chat(body, idempotency_key="order-17")
        tasks.cancel_scope.cancel()

    assert (visit.status, visit.headers["x-should-retry"]) == (409, "false")


# Streams.


async def test_a_stream_is_passed_on_chunk_by_chunk_to_its_done():
    visit = await open_hotel(a=[says("hel", "lo")]).stream()

    assert (visit.status, visit.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
    assert visit.headers["x-failover-lane"] == "a/key1/m"
    assert visit.lines[-1] == "data: [DONE]"
    assert [_content(line) for line in visit.lines[:-1]] == ["hel", "lo", ""]
    assert visit.is_whole


async def test_each_chunk_leaves_when_it_arrives():
    hotel = open_hotel(a=[says("one", "two", "three", gap_s=1.0)])
    visit = hotel.arrives("POST", "/v1/chat/completions", STREAM)
    async with create_task_group() as tasks:
        tasks.start_soon(hotel.serve, visit)
        await settle()
        seen = [len(visit.lines)]
        for _ in range(3):
            await hotel.house.clock.advance(1.0)
            seen.append(len(visit.lines))

    assert seen == [1, 2, 3, 5]


async def test_a_stream_that_failed_over_names_everybody_in_its_head():
    visit = await open_hotel("a", "b", "c", a=[fails(Kind.AUTH, Scope.KEY)], b=[fails(Kind.QUOTA)]).stream()

    assert visit.headers["x-failover-trail"] == "a/key1/m=auth, b/key1/m=quota, c/key1/m=streaming"
    assert visit.headers["x-failover-attempts"] == "3"


async def test_before_the_first_word_a_streams_error_is_a_clean_one():
    visit = await open_hotel("a", "b", a=[fails(Kind.QUOTA)], b=[fails(Kind.QUOTA)]).stream()

    assert (visit.status, visit.error["code"], visit.headers["x-should-retry"]) == (
        503,
        "unavailable",
        "false",
    )


async def test_comments_keep_the_line_alive_while_a_failover_takes_long():
    hotel = open_hotel(a=[fails(Kind.TIMEOUT, after_s=10.0)], b=[says("hello", after_s=14.0)])
    visit = await hotel.stream()

    comments = [line for line in visit.lines if line.startswith(":")]
    assert comments == [": failover is under way"] * 3
    assert (visit.status, visit.lines[-1]) == (200, "data: [DONE]")


async def test_a_lane_that_thinks_for_long_is_not_interrupted_by_comments():
    """Silence is what its provider has to say, too; and a clean error stays possible."""
    visit = await open_hotel("a", a=[says("hello", after_s=60.0)]).stream()
    assert not any(line.startswith(":") for line in visit.lines)


async def test_an_error_after_the_comments_have_begun_is_one_that_sdks_raise():
    hotel = open_hotel(a=[fails(Kind.TIMEOUT, after_s=10.0)], b=[fails(Kind.QUOTA, after_s=7.0)])
    visit = await hotel.stream()

    assert visit.status == 200
    assert _error(visit.lines[-1])["code"] == "unavailable"
    assert visit.is_whole


async def test_a_stream_that_nobody_can_finish_ends_in_an_error_and_not_in_done():
    visit = await open_hotel("a", a=[breaks_after("half a ", "sentence")]).stream()

    error = _error(visit.lines[-1])
    assert (error["code"], error["failover"]["partial"]) == ("partial", "half a sentence")
    assert "data: [DONE]" not in visit.lines
    assert visit.is_whole


async def test_a_client_that_reads_slowly_pauses_the_flow_and_misses_nothing():
    words = [f"w{number} " for number in range(40)]
    hotel = open_hotel("a", a=[says(*words, gap_s=0.1)])
    visit = hotel.arrives("POST", "/v1/chat/completions", STREAM)
    async with create_task_group() as tasks:
        tasks.start_soon(hotel.serve, visit)
        await hotel.house.clock.advance(1.0)
        flow = hotel.house.doors["a"].flows[0]
        was_paused = [flow.is_paused]
        visit.stops_reading()
        await hotel.house.clock.advance(1.0)
        was_paused.append(flow.is_paused)
        seen = len(visit.lines)
        await hotel.house.clock.advance(0.5)
        assert len(visit.lines) == seen
        visit.reads_on()
        await settle()
        was_paused.append(flow.is_paused)
        await hotel.house.clock.advance(60.0)

    assert was_paused == [False, True, False]
    assert "".join(_content(line) for line in visit.lines[:-1]) == "".join(words)
    assert visit.lines[-1] == "data: [DONE]"


# Those who leave.


@pytest.mark.parametrize("body", [CHAT, STREAM])
@pytest.mark.parametrize("act", [Act(words=(), hangs=True), Act(words=("half",), hangs=True)])
async def test_a_client_that_leaves_cancels_what_it_asked_at_once(body, act):
    hotel = open_hotel("a", a=[act])
    visit = hotel.arrives("POST", "/v1/chat/completions", body)
    async with create_task_group() as tasks:
        tasks.start_soon(hotel.serve, visit)
        await hotel.house.clock.advance(1.0)
        left_ms = hotel.house.clock.now_ms()
        visit.leaves()
        await settle()
        (closed,) = hotel.house.of(RequestClosed)

    assert (closed.verdict, closed.at_ms - left_ms) == (Verdict.CANCELLED, ms(0.0))
    assert not visit.is_whole if visit.sent else body is CHAT or not act.words
    assert hotel.house.clock.pending == 0
    (attempted,) = [event.outcome for event in hotel.house.events if hasattr(event, "outcome")]
    assert attempted == Cancelled()


async def test_a_request_that_is_cancelled_by_its_name_is_told_so():
    hotel = open_hotel("a", a=[Act(words=(), hangs=True)])
    visit = hotel.arrives("POST", "/v1/chat/completions", CHAT)
    async with create_task_group() as tasks:
        tasks.start_soon(hotel.serve, visit)
        await settle()
        (case_id,) = hotel.cast.under_way._cancels
        hotel.cast.under_way.cancel(case_id, Caller(client=Client(), name="uid 0", sees_all=True))

    assert (visit.status, visit.error["code"]) == (499, "cancelled")


# Looking.


async def test_the_models_are_the_pools_and_what_they_are_made_of():
    hotel = Hotel(House("a", "b", pools={"captions": PoolConfig(lanes=("b",))}, b=[fails(Kind.UNAVAILABLE)]))
    await hotel.chat({**CHAT, "model": "b/m"})
    visit = await hotel.visit("GET", "/v1/models")

    assert visit.json["object"] == "list"
    assert [(each["id"], each["owned_by"], each["failover"]["standing"]) for each in visit.json["data"]] == [
        ("captions", "failoverd", "well"),
        ("auto", "failoverd", "well"),
        ("a/m", "a", "well"),
        ("b/m", "b", "well"),
    ]


@pytest.mark.parametrize(
    ("name", "kind"), [("auto", "pool"), ("a/m", "model"), ("m", "model"), ("a/key1/m", "model")]
)
async def test_one_model_can_be_looked_at_by_any_of_its_names(name, kind):
    visit = await open_hotel().visit("GET", f"/v1/models/{name}")
    assert (visit.json["id"], visit.json["object"], visit.json["failover"]["kind"]) == (name, "model", kind)


async def test_a_model_that_there_is_not_is_not_found():
    assert (await open_hotel().visit("GET", "/v1/models/gpt-9")).status == 404


async def test_health_says_which_pools_can_be_served():
    hotel = Hotel(House("a", "b", pools={"only": PoolConfig(lanes=("b",))}, b=[fails(Kind.AUTH, Scope.KEY)]))
    assert (await hotel.visit("GET", "/healthz")).json == {
        "status": "ok",
        "ready": True,
        "pools": {"only": True, "auto": True},
        "journal": "well",
    }
    await hotel.chat({**CHAT, "model": "only"})
    visit = await hotel.visit("GET", "/healthz")
    assert (visit.status, visit.json["status"], visit.json["pools"]) == (
        200,
        "degraded",
        {"only": False, "auto": True},
    )


async def test_readiness_is_asked_for_by_name():
    hotel = open_hotel("a", a=[fails(Kind.AUTH, Scope.KEY)])
    await hotel.chat()
    assert (await hotel.visit("GET", "/healthz")).status == 200
    assert (await hotel.visit("GET", "/healthz", query="ready")).status == 503


async def test_metrics_are_text():
    visit = await open_hotel().visit("GET", "/metrics")
    assert (visit.body, visit.headers["content-type"]) == (
        b"up 1\n",
        "text/plain; version=0.0.4; charset=utf-8",
    )


async def test_the_guard_stands_before_everything():
    hotel = Hotel(House("a"), Via.LOOPBACK, token="correct-horse")
    for path in ("/v1/models", "/healthz", "/metrics", "/nowhere"):
        assert (await hotel.visit("GET", path)).status == 401
        assert (await hotel.visit("GET", path, host="evil.example")).status == 421
    shown = await hotel.chat(authorization="Bearer correct-horse")
    assert shown.status == 200


def _content(line: str) -> str:
    chunk = msgspec.json.decode(line.removeprefix("data: "))
    return "".join(choice["delta"].get("content") or "" for choice in chunk["choices"])


def _error(line: str):
    return msgspec.json.decode(line.removeprefix("data: "))["error"]
