"""failoverd classify: errors in, what failoverd would make of them out, one JSON object a line.

    {"id": 1, "status": 429, "body": ...}  -->  {"id": 1, "kind": "quota", "scope": "key", "wait_s": ...}

For people who wonder, and for contract tests. It needs no daemon, no config and no network.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from typing import BinaryIO, TextIO

import msgspec

from daemon.exits import Exit
from state.classify import classify
from state.failures import Evidence, Failure, Kind, Scope, Where

__all__ = ["arguments", "converse", "main"]

LINE_BYTES_MAX = 1 << 20
"""A line is held in memory whole; an error that is longer than this is not read to its end anyway."""

Header = str | int | float | bool | None


class Line(msgspec.Struct):
    """What a line may hold; whatever else it holds is ignored."""

    id: msgspec.Raw = msgspec.Raw(b"null")
    provider: str | None = None
    api: str | None = None
    where: Where | None = None
    status: int | None = None
    headers: dict[str, Header] | list[tuple[str, Header]] | None = None
    body: msgspec.Raw = msgspec.Raw(b"null")
    exception: str | None = None


class Said(msgspec.Struct):
    """What is printed of a failure."""

    id: msgspec.Raw
    kind: Kind
    scope: Scope
    wait_s: float | None
    rule: str


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = (
        "Reads lines from standard input. Fields, all optional: id, provider, api, where (response, body-200,"
        " stream, transport), status, headers (object or list of pairs), body (text or object), exception."
        " A line that cannot be read is named on standard error; the others are answered; the exit code is 1."
    )
    parser.add_argument(
        "--now-ms",
        type=int,
        metavar="MS",
        help="the present in Unix milliseconds, from which waits until a stated moment are counted",
    )


def main(args: argparse.Namespace) -> int:
    return converse(
        sys.stdin.buffer,
        sys.stdout.buffer,
        sys.stderr,
        now_wall_ms=wall_ms if args.now_ms is None else lambda: int(args.now_ms),
    )


def wall_ms() -> int:
    """The command's own look at the wall: the daemon's clock would bring the event loop with it."""
    return time.time_ns() // 1_000_000


def converse(lines: BinaryIO, said: BinaryIO, complaints: TextIO, *, now_wall_ms: Callable[[], int]) -> Exit:
    """Answer line by line, holding no more than one; the exit code tells whether all could be read."""
    exit_code = Exit.OK
    for number, line in numbered(lines):
        try:
            reply = answer(line, now_wall_ms())
        except ValueError as problem:
            exit_code = Exit.FAILED
            print(f"line {number}: {problem}", file=complaints)
            continue
        if reply is not None:
            said.write(reply + b"\n")
            said.flush()  # somebody may be watching a log through us
    return exit_code


def answer(line: bytes, now_wall_ms: int) -> bytes | None:
    """The printed reply, None to a blank line; ValueError says what is wrong with the line."""
    if len(line.rstrip(b"\n")) > LINE_BYTES_MAX:
        raise ValueError(f"longer than {LINE_BYTES_MAX} bytes")
    if not line.strip():
        return None
    try:
        asked = msgspec.json.decode(line, type=Line)
        evidence = as_evidence(asked)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except UnicodeDecodeError:
        raise ValueError("not UTF-8") from None
    failure = classify(evidence, now_wall_ms)
    return msgspec.json.encode(reply_to(asked, failure))


def reply_to(asked: Line, failure: Failure) -> Said:
    return Said(asked.id, failure.kind, failure.scope, failure.wait_s, failure.rule)


def as_evidence(asked: Line) -> Evidence:
    headers = asked.headers.items() if isinstance(asked.headers, dict) else asked.headers or ()
    exception = asked.exception or ""
    return Evidence(
        provider=asked.provider or "",
        api=asked.api or "",
        where=asked.where or likely(asked.status, exception),
        status=asked.status,
        headers=tuple((name, str(value)) for name, value in headers if value is not None),
        body=as_text(bytes(asked.body)),
        exception=exception,
    )


def likely(status: int | None, exception: str) -> Where:
    if status is None and exception:
        return Where.TRANSPORT
    return Where.BODY_200 if status is not None and 200 <= status < 300 else Where.RESPONSE


def as_text(body: bytes) -> str:
    """A body is given as text, or as the value that it would decode to."""
    if body.startswith(b'"'):
        return msgspec.json.decode(body, type=str)
    return "" if body == b"null" else body.decode()


def numbered(lines: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Each line with its number; of one that is too long a piece that shows it, and the rest is skipped."""
    number = 0
    while line := lines.readline(LINE_BYTES_MAX + 1):
        number += 1
        yield number, line
        while len(line) > LINE_BYTES_MAX and not line.endswith(b"\n"):
            line = lines.readline(LINE_BYTES_MAX + 1)
