"""What is seen of a job while it runs: bars on a terminal, plain lines elsewhere; news stand above the bars.

The bars are drawn over themselves where the cursor is, so what was on the screen before stays there.
"""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Protocol, TextIO

from daemon.ctl.batch.bars import Glyphs, how_far, rows, settled, standing
from daemon.ctl.batch.shapes import ItemNews, JobStatus
from daemon.ctl.plain import columns_of, cut, inert, number
from daemon.ctl.telling import failure, short
from daemon.ctl.terminal import BAD, SIZE_MIN, WARY, Cell, Terminal, Tone

__all__ = ["Live", "Plain", "Watcher", "item_said", "watching"]

_FINE, _ROUGH = Glyphs("█", "▒", "░"), Glyphs("#", "x", ".")
STEPS = 10
"""Where nothing can be redrawn, a line each time another tenth is done."""
NAME_COLUMNS = 60
ERRORS_TOLD = 2


class Watcher(Protocol):
    """Whoever shows it."""

    def show(self, status: JobStatus) -> None:
        """How it stands now."""
        ...

    def say(self, line: str, tone: Tone = "") -> None:
        """Something that happened."""
        ...

    def sent(self, count: int) -> None:
        """So many items are stored."""
        ...

    def leave(self) -> None:
        """What the job looks like now stays; whatever is said next stands below."""
        ...


def item_said(item: ItemNews) -> tuple[str, Tone]:
    """One line for an item that did not simply go well: what happened to it, and who did it in the end."""
    name = cut(inert(item["custom_id"] or f"item {item['n']}"), NAME_COLUMNS)
    is_done = item["state"] == "done"
    by = f", done by {short(item['lane'])}" if is_done else ""
    reason = f": {inert(item['reason'])}" if item["reason"] else ""
    errors = [f"; {short(error['lane'])}: {failure(error)}" for error in item["errors"][:ERRORS_TOLD]]
    told = "" if is_done else "".join(errors)
    return f"{name}: {inert(item['tag'] or item['state'])}{reason}{by}{told}", WARY if is_done else BAD


class Plain:
    """Lines, for logs and pipes."""

    def __init__(self, screen: Terminal) -> None:
        self._screen = screen
        self._last: tuple[str, int] = ("", 0)

    def show(self, status: JobStatus) -> None:
        step = settled(status) * STEPS // status["total"] if status["total"] else 0
        if (status["state"], step) != self._last:
            self._last = (status["state"], step)
            is_running = status["state"] == "running"
            state = "" if is_running else standing(status["state"], status["why"], status["until_wall_ms"])
            self.say(f"{how_far(status)}; {state}" if state else how_far(status))

    def say(self, line: str, tone: Tone = "") -> None:
        self._screen.tell(self._screen._replace(has_colour=self._screen.tells_colour).paint(line, tone))

    def sent(self, count: int) -> None:
        """There is nothing to see yet."""

    def leave(self) -> None:
        """Lines stay by themselves."""


class Live:
    """Bars, drawn over and over."""

    def __init__(self, screen: Terminal) -> None:
        self._screen = screen._replace(has_colour=screen.tells_colour)
        self._glyphs = _FINE if "utf" in (screen.err.encoding or "").lower() else _ROUGH
        self._drawn: list[int] = []
        """How wide each line of the last picture was."""
        self._picture: JobStatus | str = ""
        self._is_drawing = False
        self._is_outdated = False
        """The terminal got another size while it was drawn upon."""

    def show(self, status: JobStatus) -> None:
        self._picture = status
        self._draw()

    def say(self, line: str, tone: Tone = "") -> None:
        self._draw(self._screen.paint(line, tone))

    def sent(self, count: int) -> None:
        self._picture = f"submitted {number(count)} items"
        self._draw()

    def leave(self) -> None:
        if isinstance(self._picture, str):
            self._picture = ""
            self._draw()
        self._drawn = []
        self._picture = ""

    def resized(self) -> None:
        """The terminal has another size now."""
        if self._is_drawing:
            self._is_outdated = True
        else:
            self._draw()

    def _draw(self, *news: str) -> None:
        self._is_drawing = True
        self._draw_once(*news)
        while self._is_outdated:
            self._is_outdated = False
            self._draw_once()
        self._is_drawing = False

    def _draw_once(self, *news: str) -> None:
        width, height = _size(self._screen.err)
        picture = self._rows(width - 1, height - 2)
        # A terminal that got narrower has folded what stood there: it is higher now.
        up = sum(max(1, -(-columns // width)) for columns in self._drawn)
        text = f"\x1b[{up}A" if up else ""
        text += "\r\x1b[J" + "".join(f"{line}\n" for line in news)
        for row in picture:
            text += "".join(self._screen.paint(cell.text, cell.tone) for cell in row) + "\n"
        self._drawn = [sum(columns_of(cell.text) for cell in row) for row in picture]
        self._screen.err.write(text)
        self._screen.err.flush()

    def _rows(self, width: int, height: int) -> list[list[Cell]]:
        if isinstance(self._picture, str):
            return [[Cell(cut(self._picture, width))]] if self._picture else []
        return rows(self._picture, width, height, self._glyphs)


@contextmanager
def watching(screen: Terminal, environ_term: str) -> Iterator[Watcher]:
    """Bars where they can be drawn."""
    if not screen.err.isatty() or environ_term == "dumb":
        yield Plain(screen)
        return
    live = Live(screen)
    before = signal.signal(signal.SIGWINCH, lambda *_: live.resized())
    try:
        yield live
    finally:
        signal.signal(signal.SIGWINCH, before)


def _size(stream: TextIO) -> tuple[int, int]:
    """Asked each time: it may have been changed."""
    with suppress(OSError, ValueError):
        size = os.get_terminal_size(stream.fileno())
        if size.columns and size.lines:
            return max(SIZE_MIN["COLUMNS"], size.columns), max(SIZE_MIN["LINES"], size.lines)
    return 80, 24
