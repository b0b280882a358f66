"""Where lines leave the house: three formats, no secrets, no floods, and foreign text that stays text.

facts -> lines ─┐
stdlib logging ─┼─> loguru -> flood -> inert -> redact -> human | journal | json -> stderr
crashes ────────┘
"""

import json
import logging
import traceback
from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, TextIO

from loguru import logger

from daemon.ctl.plain import inert
from daemon.flood import Flood
from state.settings.redact import Redactor

if TYPE_CHECKING:
    from loguru import Message, Record

__all__ = ["LineFormat", "Logs", "line_format"]

LINE_CHARS_MAX = 8_192
"""Longer lines are cut: journald splits them anyway, and a provider may send megabytes."""

_PRIORITY = {"TRACE": 7, "DEBUG": 7, "INFO": 6, "SUCCESS": 5, "WARNING": 4, "ERROR": 3, "CRITICAL": 2}
_COLOUR = {"WARNING": "\x1b[33m", "ERROR": "\x1b[31m", "CRITICAL": "\x1b[31;1m", "SUCCESS": "\x1b[32m"}
_PLAIN = "\x1b[0m"


class LineFormat(StrEnum):
    AUTO = "auto"
    HUMAN = "human"
    JOURNAL = "journal"
    JSON = "json"


def line_format(wish: str, *, under_journald: bool) -> LineFormat:
    """What `auto` means: journald's prefixes when it listens, else lines for people."""
    choice = LineFormat(wish)
    if choice is not LineFormat.AUTO:
        return choice
    return LineFormat.JOURNAL if under_journald else LineFormat.HUMAN


class Logs:
    """Takes over loguru and the standard library's logging for the life of the process."""

    def __init__(
        self,
        stream: TextIO,
        form: LineFormat,
        *,
        level: str = "INFO",
        no_colour: bool = False,
        now_ms: Callable[[], int],
        redact: Redactor | None = None,
    ) -> None:
        self._stream = stream
        colourful = form is LineFormat.HUMAN and stream.isatty() and not no_colour
        self._render = _human_in_colour if colourful else _FORMATS[form]
        self._now_ms = now_ms
        self._flood = Flood()
        self.redact = redact or Redactor()
        """Replaced when a reload brings other keys."""
        logger.remove()
        # catch: a full disk behind stderr must not become the daemon's problem.
        logger.add(self._write, level=level, format="", backtrace=False, diagnose=False, catch=True)
        logging.basicConfig(handlers=[_ToLoguru()], level=logging.WARNING, force=True)
        logging.captureWarnings(True)

    def __repr__(self) -> str:
        return f"logs to {getattr(self._stream, 'name', self._stream)!s}"

    def close(self) -> None:
        """Say what was held back, and let go."""
        for line, count in self._flood.swept():
            logger.info(_held_back(line, count))
        logger.remove()

    def _write(self, message: "Message") -> None:
        record = message.record
        now_ms = self._now_ms()
        for line, count in self._flood.swept(now_ms):
            self._emit(record, _held_back(line, count), crash=False)
        text = record["message"]
        if self._flood.admit(text, now_ms):
            self._emit(record, text, crash=True)

    def _emit(self, record: "Record", text: str, *, crash: bool) -> None:
        lines = [text, *(_traceback(record) if crash else ())]
        safe = [inert(self.redact(line)[:LINE_CHARS_MAX]) for line in lines]
        self._stream.write(self._render(record, safe))
        self._stream.flush()


class _ToLoguru(logging.Handler):
    """The standard library's records, and so those of every library we use."""

    def emit(self, record: logging.LogRecord) -> None:
        level = record.levelname if record.levelname in _PRIORITY else "INFO"
        logger.opt(exception=record.exc_info).log(level, f"{record.name}: {record.getMessage()}")


def _held_back(line: str, count: int) -> str:
    return f"{line} (and {count} more like it)"


def _traceback(record: "Record") -> list[str]:
    """The frames without their variables: those are where keys live."""
    crash = record["exception"]
    if crash is None or crash.value is None:
        return []
    text = "".join(traceback.format_exception(crash.type, crash.value, crash.traceback))
    return text.rstrip("\n").split("\n")


def _human(record: "Record", lines: list[str]) -> str:
    return _for_people(record, lines, "", "")


def _human_in_colour(record: "Record", lines: list[str]) -> str:
    tint = _COLOUR.get(record["level"].name, "")
    return _for_people(record, lines, tint, _PLAIN if tint else "")


def _for_people(record: "Record", lines: list[str], tint: str, plain: str) -> str:
    level = record["level"].name
    mark = "" if level == "INFO" else f"{level.lower()}: "
    head = f"{record['time']:%H:%M:%S.%f}"[:12]
    first, *rest = lines
    return "".join((f"{head} {tint}{mark}{first}{plain}\n", *(f"    {line}\n" for line in rest)))


def _journal(record: "Record", lines: list[str]) -> str:
    prefix = f"<{_PRIORITY.get(record['level'].name, 6)}>"
    return "".join(f"{prefix}{line}\n" for line in lines)


def _json(record: "Record", lines: list[str]) -> str:
    first, *rest = lines
    line = {"time": record["time"].isoformat(), "level": record["level"].name.lower(), "message": first}
    if rest:
        line["traceback"] = "\n".join(rest)
    return json.dumps(line, ensure_ascii=False) + "\n"


_FORMATS: dict[LineFormat, Callable[["Record", list[str]], str]] = {
    LineFormat.AUTO: _human,
    LineFormat.HUMAN: _human,
    LineFormat.JOURNAL: _journal,
    LineFormat.JSON: _json,
}
