"""RESULTS: a file that grows by whole lines, in order, and can be gone on with after any interruption.

results.jsonl         line n is item n
results.jsonl.job     whose they are; it goes when the file is complete

So what is missing is the next line, whoever stopped where. Half a line at the end is cut off, nothing else.
"""

import fcntl
import json
import os
from collections.abc import Sequence
from contextlib import suppress
from types import TracebackType
from typing import Self

from daemon.ctl.complaint import Complaint
from daemon.ctl.plain import inert
from daemon.exits import Exit

__all__ = ["Kept", "check_free", "lines_of"]

PIECE_BYTES = 1024 * 1024


def lines_of(results: Sequence[object]) -> bytes:
    """As they stand in the file; readable where UTF-8 is, and valid JSON whatever is in them."""
    return b"".join(
        json.dumps(result, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"
        for result in results
    )


def check_free(path: str) -> None:
    """That a new job's results may go there; a Complaint that says what to do instead."""
    job_id = _owner(path)
    if job_id:
        raise Complaint(
            f"{inert(path)} belongs to job {inert(job_id)}, and is not complete yet",
            f"to go on with it: failoverctl batch attach {inert(job_id)} --out {inert(path)}",
            "to ask everything again: another --out",
            exit_code=Exit.USAGE,
        )
    if _size(path):
        raise Complaint(
            f"{inert(path)} holds something already",
            "name another --out, or move it away; results are never written over",
            exit_code=Exit.USAGE,
        )


class Kept:
    """The file, open and ours alone."""

    def __init__(self, path: str, job_id: str) -> None:
        self.path = path
        owner = _owner(path)
        if owner != job_id:
            check_free(path)
        try:
            self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise _unwritable(path, error) from None
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._fd)
            raise Complaint(f"another failoverctl is writing {inert(path)}", exit_code=Exit.USAGE) from None
        try:
            if owner != job_id:
                _claim(path, job_id)
            self.count, self._size = _whole_lines(self._fd)
            os.ftruncate(self._fd, self._size)
        except OSError as error:
            os.close(self._fd)
            raise _unwritable(path, error) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._fd)

    def add(self, results: Sequence[object]) -> None:
        """All of them or none."""
        text = memoryview(lines_of(results))
        try:
            at = self._size
            while text:
                written = os.pwrite(self._fd, text, at)
                at, text = at + written, text[written:]
        except OSError as error:
            os.ftruncate(self._fd, self._size)
            raise _unwritable(self.path, error) from None
        self._size = at
        self.count += len(results)

    def complete(self) -> None:
        """There will be no more."""
        try:
            os.fsync(self._fd)
            _unclaim(self.path)
        except OSError as error:
            raise _unwritable(self.path, error) from None

    def forget(self) -> None:
        """The job is taken back: leave nothing of it."""
        with suppress(OSError):
            _unclaim(self.path)
            if not self.count:
                os.unlink(self.path)  # noqa: PTH108 - pathlib costs 8 ms


def _whole_lines(fd: int) -> tuple[int, int]:
    """How many there are, and where the last of them ends."""
    count = at = end = 0
    while piece := os.pread(fd, PIECE_BYTES, at):
        count += piece.count(b"\n")
        last = piece.rfind(b"\n")
        end = end if last < 0 else at + last + 1
        at += len(piece)
    return count, end


def _owner_path(path: str) -> str:
    return f"{path}.job"


def _owner(path: str) -> str:
    """Whose results are in the file, as long as they are not complete."""
    try:
        with open(_owner_path(path), encoding="utf-8", errors="replace") as file:  # noqa: PTH123 - pathlib costs 8 ms
            return file.read(200).strip()
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise _unwritable(path, error) from None


def _claim(path: str, job_id: str) -> None:
    with os.fdopen(
        os.open(_owner_path(path), os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "wb"
    ) as file:
        file.write(f"{job_id}\n".encode())
        file.flush()
        os.fsync(file.fileno())


def _unclaim(path: str) -> None:
    with suppress(FileNotFoundError):
        os.unlink(_owner_path(path))  # noqa: PTH108 - pathlib costs 8 ms


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size  # noqa: PTH116 - pathlib costs 8 ms
    except FileNotFoundError:
        return 0
    except OSError as error:
        raise _unwritable(path, error) from None


def _unwritable(path: str, error: OSError) -> Complaint:
    return Complaint(
        f"can't write {inert(path)}: {error.strerror}",
        "nothing is lost: the daemon keeps the results; make room, or name another --out",
    )
