"""Where failoverctl speaks: how wide it is, whether it has colours, and tables that line up on it.

data goes to stdout, messages to stderr; only a terminal gets colours, and nothing is cut for a pipe.
"""

import json
import os
from collections.abc import Mapping, Sequence
from typing import NamedTuple, TextIO

from daemon.ctl.plain import columns_of, cut, cut_inside, folded, paragraph

__all__ = [
    "BAD",
    "ENDLESS",
    "FAINT",
    "GOOD",
    "PLAIN",
    "STRONG",
    "WARY",
    "Cell",
    "Terminal",
    "Tone",
    "terminal",
]

Tone = str
PLAIN, STRONG, FAINT, GOOD, WARY, BAD = "", "1", "2", "32", "33", "31"
"""What a colour means; the numbers are the terminal's own."""

ENDLESS = 1_000_000
"""The width of a pipe."""
SIZE_MIN = {"COLUMNS": 40, "LINES": 8}
GAP = 2
CUT_MIN = 8
"""A column that is cut shorter tells nothing."""
KEPT = 2
NAME_MIN = 40
"""A name that is no longer is never cut: whoever needs it needs all of it."""


class Cell(NamedTuple):
    """A word, and how it is meant."""

    text: str
    tone: Tone = PLAIN


class Terminal(NamedTuple):
    """The two ends that a person reads, and the screen they are shown on."""

    out: TextIO
    err: TextIO
    width: int = ENDLESS
    height: int = ENDLESS
    is_screen: bool = False
    """Whether stdout is a terminal: then it can be redrawn."""
    has_colour: bool = False
    tells_colour: bool = False
    """The same of stderr."""
    tells_width: int = ENDLESS

    def paint(self, text: str, tone: Tone) -> str:
        """Coloured where that can be seen."""
        return _painted(text, tone) if self.has_colour else text

    def say(self, *lines: str) -> None:
        """Data."""
        self.out.writelines(f"{line}\n" for line in lines)

    def say_json(self, value: object) -> None:
        """Data for programs, as the daemon sent it; in ASCII, so that nothing in it can move a cursor."""
        self.say(json.dumps(value, indent=2))

    def redraw(self, lines: Sequence[str]) -> None:
        """In the place of what was drawn before, without a flicker; below it, where there is no screen."""
        if not self.is_screen:
            self.say(*lines, "")
        else:
            shown = lines if len(lines) < self.height else [*lines[: self.height - 2], "..."]
            # Home; each line wipes what it is shorter by; then whatever is below.
            self.out.write("\x1b[H" + "".join(f"{line}\x1b[K\n" for line in shown) + "\x1b[J")
        self.out.flush()

    def tell(self, *lines: str, tone: Tone = PLAIN, lead: str = "") -> None:
        """What is not data: news and complaints, folded between words where somebody reads them. Where `lead`
        is given, the first words, only they are coloured.
        """
        self.out.flush()
        told = [part for line in lines for part in _hung(line, self.tells_width)]
        if self.tells_colour and lead:
            told[0] = _painted(lead, tone) + told[0].removeprefix(lead)
        elif self.tells_colour:
            told = [_painted(line, tone) for line in told]
        self.err.writelines(f"{line}\n" for line in told)
        self.err.flush()

    def table(self, header: Sequence[str], rows: Sequence[Sequence[Cell | str]]) -> list[str]:
        """Aligned columns, the important ones first. Where the line is too long, very long names give way;
        then the last column is cut or left out, and so on; the first two stay.
        """
        body = [[cell if isinstance(cell, Cell) else Cell(cell) for cell in row] for row in rows]
        whole = [[Cell(word, FAINT) for word in header], *body]
        widths = [max(columns_of(cell.text) for cell in column) for column in zip(*whole, strict=True)]
        over = sum(widths) + GAP * (len(widths) - 1) - self.width
        if over > 0:
            widths[0] = max(widths[0] - over, min(widths[0], max(NAME_MIN, self.width // 2)))
        while True:
            room = self.width - sum(widths[:-1]) - GAP * (len(widths) - 1)
            if room >= min(widths[-1], CUT_MIN) or len(widths) <= KEPT:
                widths[-1] = min(widths[-1], max(room, CUT_MIN))
                return [self._row(row[: len(widths)], widths) for row in whole]
            widths.pop()

    def facts(self, rows: Sequence[tuple[str, str] | tuple[str, str, Tone]]) -> list[str]:
        """`name  value` below each other; a long value goes on below itself."""
        left = max((len(row[0]) for row in rows), default=0) + GAP
        lines = []
        for name, value, *tones in rows:
            tone = tones[0] if tones else PLAIN
            for at, part in enumerate(folded(value, self.width - left)):
                head = name if at == 0 else ""
                lines.append(self.paint(head.ljust(left), FAINT) + self.paint(part, tone))
        return lines

    def _row(self, cells: Sequence[Cell], widths: Sequence[int]) -> str:
        line = ""
        for at, (cell, width) in enumerate(zip(cells, widths, strict=True)):
            text = cut(cell.text, width) if at else cut_inside(cell.text, width)
            # Blanks stay outside of the colour, so that a line can end where its last word does.
            line += self.paint(text, cell.tone) if text else ""
            if any(after.text for after in cells[at + 1 :]):
                line += " " * (width - columns_of(text) + GAP)
        return line


def terminal(out: TextIO, err: TextIO, environment: Mapping[str, str]) -> Terminal:
    """What these two streams are."""
    is_screen = out.isatty()
    plain = environment.get("NO_COLOR", "") != "" or environment.get("TERM") == "dumb"
    return Terminal(
        out,
        err,
        width=_size("COLUMNS", 80, out, environment) if is_screen or "COLUMNS" in environment else ENDLESS,
        height=_size("LINES", 24, out, environment) if is_screen else ENDLESS,
        is_screen=is_screen,
        has_colour=is_screen and not plain,
        tells_colour=err.isatty() and not plain,
        tells_width=_size("COLUMNS", 80, err, environment) if err.isatty() else ENDLESS,
    )


def _painted(text: str, tone: Tone) -> str:
    return f"\x1b[{tone}m{text}\x1b[0m" if tone else text


def _hung(line: str, width: int) -> list[str]:
    """As it is, where it fits."""
    if columns_of(line) <= width:
        return [line]
    return paragraph(line, width, indent=len(line) - len(line.lstrip()))


def _size(name: str, usual: int, out: TextIO, environment: Mapping[str, str]) -> int:
    stated = environment.get(name, "")
    if stated.isdecimal() and int(stated):
        return max(SIZE_MIN[name], int(stated))
    try:
        size = os.get_terminal_size(out.fileno())
    except (OSError, ValueError):
        return usual
    return max(SIZE_MIN[name], (size.columns if name == "COLUMNS" else size.lines) or usual)
