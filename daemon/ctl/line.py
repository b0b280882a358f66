r"""The line to the daemon: find its socket, ask, get the answer or a complaint.

ask --{"id": 1, "method": ...}\n-->  daemon
    <--{"method": ..., "params"}\n--  notices, while it works on it
    <--{"id": 1, "result": ...}\n---  the answer; or an error, which becomes a Complaint
"""

import json
import os
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Self

from daemon.ctl.complaint import Complaint
from daemon.ctl.plain import inert
from daemon.exits import Exit
from daemon.verdicts import ENDINGS, ErrorKind, kind_of_code

__all__ = ["Broken", "Json", "Line", "Notice", "Refused", "call"]

Json = dict[str, object]
"""Something as it came over the wire."""

Notice = Callable[[str, Json], None]
"""What is done with a notification: its method and its params."""

CONNECT_S = 5.0
ANSWER_S = 15.0
"""The daemon looks things up in memory; one that takes longer for it is stuck."""
LINE_BYTES_MAX = 256 * 1024 * 1024
"""Pictures are large, and still nobody may fill our memory."""

_START = (
    "start it with: systemctl start failoverd",
    "or, for yourself, in another terminal: failoverd run",
    "if it listens elsewhere: failoverctl --socket PATH ...",
)
_STUCK = (
    "see what it says: journalctl -u failoverd -n 50",
    "and, if it stays so: systemctl restart failoverd",
)
_FOREIGN = (
    "is that a failoverd's socket? failoverctl --socket PATH looks at another",
    "after an upgrade the old daemon may still run: systemctl restart failoverd",
)
_NEXT: Mapping[ErrorKind, tuple[str, ...]] = {
    ErrorKind.FORBIDDEN: (
        "only root, the daemon's own user and those in admin_uids or admin_gids may do this; try sudo",
    ),
    ErrorKind.UNKNOWN_NAME: ("failoverctl providers lists every provider, key and model by name",),
    ErrorKind.UNKNOWN_METHOD: (_FOREIGN[1],),
    ErrorKind.INTERNAL: ("the reason is in the log: journalctl -u failoverd -n 50",),
    ErrorKind.UNAVAILABLE: ("failoverctl status shows who is out, why, and until when",),
    ErrorKind.DEADLINE: ("give it longer with --deadline SECONDS; failoverctl status shows who is slow",),
    ErrorKind.OVERLOADED: ("failoverctl status shows what is in flight",),
    ErrorKind.DRAINING: ("wait for the next start, or: systemctl start failoverd",),
    ErrorKind.JOURNAL_UNAVAILABLE: ("failoverctl doctor looks at the disk and the journal",),
    ErrorKind.LOCAL_NETWORK_DOWN: ("failoverctl doctor looks at this machine's network",),
    ErrorKind.CALLER_ERROR: ("it is the question that has to change: no provider is at fault",),
    ErrorKind.PARTIAL: ("ask again: another lane may finish it",),
    ErrorKind.INTERRUPTED: ("ask again; if it stays so: journalctl -u failoverd -n 50",),
}


class Refused(Complaint):
    """The daemon's own error, in full."""

    def __init__(self, error: Json) -> None:
        code = error.get("code")
        details = error.get("data")
        self.kind = kind_of_code(code) if isinstance(code, int) else None
        self.details: Json = details if isinstance(details, dict) else {}
        super().__init__(
            inert(str(error.get("message") or "the daemon refused, and did not say why")),
            *self._next_steps(),
            exit_code=ENDINGS[self.kind].exit if self.kind else Exit.FAILED,
        )

    def _next_steps(self) -> tuple[str, ...]:
        if self.kind is ErrorKind.UNKNOWN_NAME and self.details.get("field") == "request_id":
            return ("failoverctl journal lists the requests of the past",)
        if self.kind is ErrorKind.UNKNOWN_NAME and self.details.get("field") == "job_id":
            return ("failoverctl batch list shows those there are",)
        return () if self.kind is None else _NEXT.get(self.kind, ())


class Broken(Complaint):
    """The line, not what was said on it: whoever can ask the same again may do so."""


class Line:
    """One connection. Asks one thing after the other."""

    def __init__(self, paths: Sequence[str]) -> None:
        self.path, self._socket = _connect(paths)
        self._reader = self._socket.makefile("rb")
        self._ids = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._reader.close()
        self._socket.close()

    def ask(
        self,
        method: str,
        params: Json | bytes | None = None,
        *,
        notice: Notice | None = None,
        within_s: float | None = ANSWER_S,
    ) -> object:
        """The result. Raises Complaint for everything else; None as `within_s` waits as long as it takes.

        Params that are JSON already are sent as they are.
        """
        self._ids += 1
        head = json.dumps({"jsonrpc": "2.0", "id": self._ids, "method": method})[:-1].encode()
        said = params if isinstance(params, bytes) else json.dumps(params or {}).encode()
        self._socket.settimeout(within_s)
        try:
            self._socket.sendall(head + b', "params": ' + said + b"}\n")
        except OSError as error:
            raise self._broken(error) from None
        for message in self._messages():
            fault = message.get("error")
            # An error without an id says that our question was none: nobody else asks on this line.
            if isinstance(fault, dict) and message.get("id") in (self._ids, None):
                raise Refused(fault)
            if message.get("id") == self._ids and "method" not in message:
                return message.get("result")
            _pass_on(message, notice)
        raise Broken("the daemon hung up without an answer", *_STUCK)

    def _messages(self) -> Iterator[Json]:
        while True:
            try:
                line = self._reader.readline(LINE_BYTES_MAX)
            except OSError as error:
                raise self._broken(error) from None
            if not line:
                return
            try:
                message = json.loads(line)
            except (ValueError, RecursionError):
                message = None
            if not line.endswith(b"\n") or not isinstance(message, dict):
                # One that is killed in the middle of a word comes back, perhaps, and speaks well.
                kind = Complaint if line.endswith(b"\n") else Broken
                raise kind(
                    f"what answers at {inert(self.path)} does not speak failoverd's language", *_FOREIGN
                )
            yield message

    def _broken(self, error: OSError) -> Broken:
        if isinstance(error, TimeoutError):
            return Broken(f"the daemon took our question and did not answer for {ANSWER_S:.0f}s", *_STUCK)
        return Broken(f"the daemon went away in the middle of it ({error.strerror})", *_START[:2])


def call(paths: Sequence[str], method: str, params: Json | None = None) -> object:
    """One question, one answer."""
    with Line(paths) as line:
        return line.ask(method, params)


def _pass_on(message: Json, notice: Notice | None) -> None:
    method, params = message.get("method"), message.get("params")
    if notice is not None and isinstance(method, str) and isinstance(params, dict):
        notice(method, params)


def _connect(paths: Sequence[str]) -> tuple[str, socket.socket]:
    """The first at which somebody listens."""
    closed = ""
    for path in paths:
        line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        line.settimeout(CONNECT_S)
        try:
            line.connect(path)
        except (FileNotFoundError, NotADirectoryError, ConnectionRefusedError):
            line.close()
        except PermissionError:
            line.close()
            closed = closed or path
        except OSError as error:
            line.close()
            why = error.strerror or str(error)
            raise Complaint(
                f"can't reach a daemon at {inert(path)}: {why}", *_START[2:], exit_code=Exit.NOT_RUNNING
            ) from None
        else:
            return path, line
    if closed:
        raise Complaint(
            f"you may not use the socket {inert(closed)}",
            "its group may: sudo usermod -aG failoverd $USER, then log in again",
            "or just this once: sudo failoverctl ...",
            "or begin one of your own, in another terminal: failoverd run",
            exit_code=Exit.NOT_ALLOWED,
        )
    looked = "\n".join(f"  looked at {inert(path)}: {_how_empty(path)}" for path in paths)
    raise Complaint(f"no daemon is running\n{looked}", *_START, exit_code=Exit.NOT_RUNNING)


def _how_empty(path: str) -> str:
    return "nobody listens there any more" if os.path.exists(path) else "not there"  # noqa: PTH110 - pathlib costs 8 ms
