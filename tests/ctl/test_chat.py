"""`failoverctl chat`: the answer on stdout as it comes, who gave it and what happened on stderr."""

import pytest

from daemon.exits import Exit
from daemon.verdicts import ErrorKind
from tests.ctl.prompt import ctl
from tests.ctl.screen import on_screen
from tests.fakes.daemon import raw, refuses, says


def chunks(*texts: str) -> list[tuple[str, object]]:
    begun: tuple[str, object] = ("chat.begin", {"id": 1, "lane": "north/key1/parrot"})
    return [
        begun,
        *(("chat.chunk", {"id": 1, "chunk": {"choices": [{"delta": {"content": text}}]}}) for text in texts),
        ("chat.chunk", {"id": 1, "chunk": {"choices": [{"delta": {}, "finish_reason": "stop"}]}}),
    ]


ANSWERED = {"lane": "east/key1/parrot", "outcome": "answered", "seconds": 0.4}
TIMED_OUT = {
    "lane": "north/key1/parrot",
    "outcome": "failed",
    "seconds": 1.0,
    "kind": "timeout",
    "rule": "silence",
}


def result(**report: object) -> dict[str, object]:
    block = {
        "request_id": "01JD",
        "verdict": "ok",
        "lane": "east/key1/parrot",
        "attempts": [ANSWERED],
        **report,
    }
    return {"object": "chat.completion.streamed", "failover": block}


def test_the_answer_is_data_and_who_gave_it_is_news(daemon):
    daemon.on("chat", says(result(tokens_out=12, cost_usd=0.0021), *chunks("Because of", " Rayleigh.")))

    said = ctl(daemon, "chat", "Why is the sky blue?")

    assert said.code == Exit.OK
    assert said.out == "Because of Rayleigh.\n"
    assert said.err_but_times == "answered by east/key1/parrot in T, 12 tokens, $0.0021\n"


def test_what_it_asks_is_openais_body_with_our_wishes_beside_it(daemon):
    daemon.on("chat", says(result(), *chunks("ok")))

    ctl(daemon, "chat", "--pool", "captions", "--only", "gemini/*", "--not", "x", "--no-failover",
        "--deadline", "2m", "--system", "be brief", "a", "b")  # fmt: skip

    assert daemon.asked == [
        (
            "chat",
            {
                "model": "captions",
                "messages": [{"role": "system", "content": "be brief"}, {"role": "user", "content": "a b"}],
                "stream": True,
                "failover": {
                    "app": "failoverctl",
                    "include": ["gemini/*"],
                    "exclude": ["x"],
                    "failover": False,
                    "deadline_s": 120.0,
                },
            },
        )
    ]


def test_a_failover_is_told_at_the_end(daemon):
    seam = {"at_char": 1204, "before": "north/key1/parrot", "after": "east/key1/parrot", "how": "repeated"}
    daemon.on("chat", says(result(attempts=[TIMED_OUT, ANSWERED], seams=[seam]), *chunks("ok\n")))

    said = ctl(daemon, "chat", "hello")

    assert said.out == "ok\n"
    assert said.err_but_times == (
        "answered by east/key1/parrot in T\n"
        "  north/parrot failed after 1.00s: it took too long (timeout)\n"
        "  after 1,204 characters north/parrot broke off; east/parrot said it again, and what was said already "
        "was left out\n"
        "  the whole story: failoverctl explain 01JD\n"
    )


def test_a_dash_reads_the_rest_from_stdin(daemon):
    daemon.on("chat", says(result(), *chunks("ok")))

    ctl(daemon, "chat", "Review:", "-", stdin="the diff")

    assert daemon.asked[0][1]["messages"] == [{"role": "user", "content": "Review: the diff"}]


def test_what_a_terminal_would_obey_is_made_visible(daemon):
    daemon.on("chat", says(result(), *chunks("\x1b]0;owned\x07", "a\tb\nc\r", "\u202egnp.exe")))

    assert ctl(daemon, "chat", "hi").out == "\\x1b]0;owned\\x07a\tb\nc\\r\\u202egnp.exe\n"


def test_as_json_it_is_the_daemons_own_object_and_not_streamed(daemon):
    daemon.on("chat", says({"choices": [], "failover": {"lane": "é"}}))

    said = ctl(daemon, "chat", "--json", "hi")

    assert daemon.asked[0][1]["stream"] is False
    assert said.out == '{\n  "choices": [],\n  "failover": {\n    "lane": "\\u00e9"\n  }\n}\n'
    assert said.err == ""


def test_when_all_failed_each_lane_is_named_with_the_next_step(daemon):
    limited = {**TIMED_OUT, "lane": "east/key1/parrot", "kind": "rate_limit", "status": 429, "wait_s": 20.0,
               "said": "slow\x1b[2J down"}  # fmt: skip
    daemon.on(
        "chat",
        refuses(
            ErrorKind.UNAVAILABLE,
            "no lane of 'auto' could answer: north/key1/parrot: timeout; east/key1/parrot: rate_limit (429)",
            attempts=[TIMED_OUT, limited],
            retry_after_s=20.0,
            request_id="01JD",
        ),
    )

    said = ctl(daemon, "chat", "hi")

    assert said.code == Exit.FAILED
    assert said.out == ""
    assert said.err == (
        "failoverctl: no lane of 'auto' could answer\n"
        "  north/parrot failed after 1.00s: it took too long (timeout)\n"
        "  east/parrot failed after 1.00s: asked too often (rate_limit, HTTP 429), come back in 20s: "
        '"slow\\x1b[2J down"\n'
        "  one may be back in 20s\n"
        "  the whole story: failoverctl explain 01JD\n"
        "  failoverctl status shows who is out, why, and until when\n"
    )


def test_an_answer_that_broke_off_ends_its_line_before_the_error(daemon):
    def turn(request):
        yield from says(None, *chunks("half an ans"))(request)

    broken = refuses(ErrorKind.PARTIAL, "the answer broke off", partial="half an ans")

    def both(request):
        yield from list(turn(request))[:-1]
        yield from broken(request)

    daemon.on("chat", both)

    said = ctl(daemon, "chat", "hi")

    assert (said.code, said.out) == (Exit.FAILED, "half an ans\n")
    assert said.err == "failoverctl: the answer broke off\n  ask again: another lane may finish it\n"


def test_a_daemon_that_dies_in_the_middle_is_no_success(daemon):
    daemon.on("chat", raw(b'{"jsonrpc":"2.0","method":"chat.chunk","params":{"id":1,"chunk":{"choices":'
                          b'[{"delta":{"content":"half"}}]}}}\n'))  # fmt: skip

    said = ctl(daemon, "chat", "hi")

    assert (said.code, said.out) == (Exit.FAILED, "half\n")
    assert said.err.startswith("failoverctl: the daemon hung up without an answer\n  ")


def test_on_a_terminal_complaints_are_folded_between_words(daemon):
    long = {**TIMED_OUT, "said": "word " * 400}
    daemon.on("chat", refuses(ErrorKind.UNAVAILABLE, "no lane of 'auto' could answer: x", attempts=[long]))

    with on_screen("-m", "daemon.ctl", "--socket", str(daemon.path), "chat", "hi", columns=60) as screen:
        assert screen.wait_end() == Exit.FAILED

    lines = screen.drawn.splitlines()
    assert lines[0] == "\x1b[33mfailoverctl:\x1b[0m no lane of 'auto' could answer"
    assert lines[1:3] == [
        "  north/parrot failed after 1.00s: it took too long",
        '    (timeout): "word word word word word word word word word',
    ]
    assert len(lines) < 8


@pytest.mark.parametrize("time", ["0", "soon", "-5s", "1e9d", ""])
def test_a_deadline_that_is_no_time_is_refused_with_an_example(daemon, time):
    said = ctl(daemon, "chat", f"--deadline={time}", "hi")

    assert said.code == Exit.USAGE
    assert f"{time!r} is no time; write it like 30s, 10m, 2h or 1d" in said.err
