"""A line that outlives the daemon's lives: what it broke off in is asked again when the daemon is back.

Only what may be asked twice belongs here: the pieces of a job say where they begin, looks change nothing.
"""

from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

from daemon.ctl.clock import now_s, pause
from daemon.ctl.complaint import Complaint
from daemon.ctl.line import Broken, Json, Line, Notice, Refused
from daemon.exits import Exit
from daemon.verdicts import ErrorKind

__all__ = ["Steady"]

AWAY_S_MAX = 600.0
"""A machine that boots is back by then."""
PAUSE_S_FIRST, PAUSE_S_MAX = 0.1, 2.0
_COMES_BACK = frozenset({ErrorKind.DRAINING, ErrorKind.JOURNAL_UNAVAILABLE, ErrorKind.OVERLOADED})


class Steady:
    """`tell` hears once that it waits and why, and once that it goes on."""

    def __init__(self, paths: Sequence[str], tell: Callable[[str], None]) -> None:
        self._paths = paths
        self._tell = tell
        # Somebody who mistyped the socket wants to know now.
        self._line: Line | None = Line(paths)
        self._since_s: float | None = None
        self._pause_s = PAUSE_S_FIRST

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._hang_up()

    def ask(
        self,
        method: str,
        params: Json | bytes | None = None,
        *,
        notice: Notice | None = None,
        within_s: float | None = 60.0,
    ) -> object:
        """The result; a Complaint when it is refused for good, or the daemon stays away."""

        def heard(method: str, params: Json) -> None:
            self._is_back()
            if notice is not None:
                notice(method, params)

        while True:
            try:
                self._line = self._line or Line(self._paths)
                result = self._line.ask(method, params, notice=heard, within_s=within_s)
            except Complaint as complaint:
                self._wait(complaint)
            else:
                self._is_back()
                return result

    def _wait(self, complaint: Complaint) -> None:
        if isinstance(complaint, Refused):
            if complaint.kind not in _COMES_BACK:
                raise complaint
            why = complaint.says
        elif isinstance(complaint, Broken) or complaint.exit_code is Exit.NOT_RUNNING:
            self._hang_up()
            why = "the daemon is away"
        else:
            raise complaint
        if self._since_s is None:
            self._since_s = now_s()
            self._tell(f"{why}; waiting for it")
        if now_s() - self._since_s > AWAY_S_MAX:
            raise complaint
        pause(self._pause_s)
        self._pause_s = min(2 * self._pause_s, PAUSE_S_MAX)

    def _is_back(self) -> None:
        if self._since_s is not None:
            self._since_s, self._pause_s = None, PAUSE_S_FIRST
            self._tell("it goes on")

    def _hang_up(self) -> None:
        if self._line is not None:
            self._line.__exit__(None, None, None)
            self._line = None
