"""failoverctl as somebody at a prompt has it: words in, what is printed, how it ends."""

import io
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

from daemon.ctl import main
from tests.fakes.daemon import FakeDaemon

__all__ = ["Said", "ctl"]


@dataclass(frozen=True)
class Said:
    """What came of a command."""

    code: int
    out: str
    err: str

    @property
    def err_but_times(self) -> str:
        """Without how long things took just now."""
        return re.sub(r"(?<=in )[\d.]+m?s", "T", self.err)


def ctl(at: FakeDaemon | Path, *words: str, stdin: str | bytes = "", columns: int | None = None) -> Said:
    """Run it in this process, at this daemon or socket; streams are pipes, as wide as they say."""
    socket = at.path if isinstance(at, FakeDaemon) else at
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
    with redirect_stdout(out), redirect_stderr(err), _stdin(stdin), _columns(columns):
        try:
            code = main(["--socket", str(socket), *words])
        except SystemExit as end:
            code = int(end.code or 0)
    return Said(code, _read(out), _read(err))


@contextmanager
def _stdin(typed: str | bytes) -> Iterator[None]:
    given = typed.encode() if isinstance(typed, str) else typed
    before, sys.stdin = sys.stdin, io.TextIOWrapper(io.BytesIO(given), encoding="utf-8")
    try:
        yield
    finally:
        sys.stdin = before


@contextmanager
def _columns(columns: int | None) -> Iterator[None]:
    before = os.environ.pop("COLUMNS", None)
    if columns is not None:
        os.environ["COLUMNS"] = str(columns)
    try:
        yield
    finally:
        os.environ.pop("COLUMNS", None)
        if before is not None:
            os.environ["COLUMNS"] = before


def _read(stream: io.TextIOWrapper) -> str:
    stream.flush()
    buffer = stream.buffer
    assert isinstance(buffer, io.BytesIO)
    return buffer.getvalue().decode()
