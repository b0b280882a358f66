"""`failoverd classify`: what a user sees who feeds it errors, good lines and bad."""

import io
import json
import subprocess
import sys
from pathlib import Path

from daemon.classify import LINE_BYTES_MAX, converse
from daemon.exits import Exit

HOME = Path(__file__).parent.parent
NOW_MS = 1_785_000_000_000


def asked(*lines: object) -> tuple[Exit, list[object], list[str]]:
    """The exit code, what was said line by line, and what was complained about."""
    raw = b"".join((line if isinstance(line, bytes) else json.dumps(line).encode()) + b"\n" for line in lines)
    said, complaints = io.BytesIO(), io.StringIO()
    code = converse(io.BytesIO(raw), said, complaints, now_wall_ms=lambda: NOW_MS)
    return (
        code,
        [json.loads(line) for line in said.getvalue().splitlines()],
        complaints.getvalue().splitlines(),
    )


def test_one_line_in_one_line_out():
    code, said, complaints = asked(
        {
            "id": "a",
            "provider": "openai",
            "api": "openai-chat",
            "where": "response",
            "status": 429,
            "headers": {"Retry-After": "7"},
            "body": '{"error": {"message": "Too many requests"}}',
            "label": "whatever",
        }
    )
    assert (code, complaints) == (Exit.OK, [])
    assert said == [
        {"id": "a", "kind": "rate_limit", "scope": "model", "wait_s": 7.0, "rule": "rate-limit-words"}
    ]


def test_a_line_may_be_as_bare_as_it_likes():
    code, said, _ = asked(
        {}, {"id": 7, "status": 401}, {"exception": "ConnectError: refused", "status": None}
    )
    assert code is Exit.OK
    assert [list(map(str, line.values())) for line in said if isinstance(line, dict)] == [
        ["None", "unavailable", "provider", "None", "not-recognised"],
        ["7", "auth", "key", "None", "key-refused-status"],
        ["None", "network", "provider", "None", "connection-broken"],
    ]


def test_a_body_may_be_text_or_the_value_itself():
    body = {"error": {"message": "Insufficient balance"}}
    _, said, _ = asked(*({"status": 500, "body": each} for each in (body, json.dumps(body), [body])))
    assert [line["kind"] for line in said if isinstance(line, dict)] == ["quota"] * 3


def test_headers_may_be_an_object_or_pairs_and_hold_numbers():
    _, said, _ = asked(
        {"status": 429, "headers": {"retry-after": 5, "date": None}},
        {"status": 429, "headers": [["Retry-After", "5"], ["x", 1.5]]},
        {"status": 429, "headers": None},
    )
    assert [line["wait_s"] for line in said if isinstance(line, dict)] == [5, 5, None]


def test_a_moment_is_counted_from_the_present():
    _, said, _ = asked({"status": 429, "headers": {"retry-after": "Sat, 25 Jul 2026 17:21:00 GMT"}})
    assert [line["wait_s"] for line in said if isinstance(line, dict)] == [60]


def test_bad_lines_are_named_and_the_others_answered():
    code, said, complaints = asked(
        {"id": 1, "status": 500},
        b"{oh",
        b"",
        {"status": "many"},
        b"[1]",
        b'{"body": "\xff"}',
        {"where": "moon"},
        b'{"id":' + b"[" * 5000 + b"]" * 5000 + b"}",
        {"id": 2, "status": 500},
    )
    assert code is Exit.FAILED
    assert [line["id"] for line in said if isinstance(line, dict)] == [1, 2]
    assert [complaint.partition(":")[0] for complaint in complaints] == [
        "line 2",
        "line 4",
        "line 5",
        "line 6",
        "line 7",
        "line 8",
    ]


def test_a_line_without_end_is_skipped_and_not_held():
    code, said, complaints = asked(b'{"body": "' + b"x" * (3 * LINE_BYTES_MAX) + b'"}', {"id": 2})
    assert code is Exit.FAILED
    assert complaints == [f"line 1: longer than {LINE_BYTES_MAX} bytes"]
    assert [line["id"] for line in said if isinstance(line, dict)] == [2]


def test_a_line_of_just_the_right_length_is_answered():
    line = b'{"body": "' + b"x" * (LINE_BYTES_MAX - 12) + b'"}'
    assert len(line) == LINE_BYTES_MAX
    assert asked(line)[0] is Exit.OK


def test_the_last_line_needs_no_end():
    said = io.BytesIO()
    converse(io.BytesIO(b'{"id": 1}'), said, io.StringIO(), now_wall_ms=lambda: NOW_MS)
    assert json.loads(said.getvalue())["id"] == 1


def run(*arguments: str, lines: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "daemon.main", "classify", *arguments],
        input=lines,
        capture_output=True,
        text=True,
        check=False,
        cwd=HOME,
        timeout=60,
    )


def test_the_real_command_answers_and_tells_by_its_exit_code():
    good = run(
        "--now-ms", str(NOW_MS), lines='{"id":1,"status":429,"body":"resets at 2026-07-25T17:21:00Z"}\n'
    )
    assert (good.returncode, good.stderr) == (0, "")
    assert json.loads(good.stdout) == {
        "id": 1,
        "kind": "rate_limit",
        "scope": "model",
        "wait_s": 60.0,
        "rule": "too-many-status",
    }
    bad = run(lines="oh\n")
    assert (bad.returncode, bad.stdout) == (1, "")
    assert bad.stderr.startswith("line 1: ")


def test_the_command_starts_without_the_heavy_libraries():
    heavy = {"anyio", "asyncio", "httpx", "loguru", "actors"}
    program = "import sys, daemon.classify; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=HOME, timeout=60
    )
    assert heavy & set(loaded.stdout.split()) == set()
