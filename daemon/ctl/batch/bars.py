"""How far a job is, as bars that fit the screen: pure.

all            ██████████████░░░░░░  3,500 of 5,000, 70%, 31/min, 48m left, 2 failed
gemini/key1/…  ███████░░░░░░░░░░░░░  1,730 done, 2 failed, 4 in flight, 2.31s each
"""

from typing import NamedTuple

from daemon.ctl.batch.shapes import JobStatus, LaneProgress
from daemon.ctl.clock import clock_time
from daemon.ctl.plain import columns_of, cut, inert, number, seconds, share, span
from daemon.ctl.terminal import BAD, FAINT, GOOD, PLAIN, STRONG, WARY, Cell, Tone

__all__ = ["Glyphs", "bar", "how_far", "rows", "settled", "standing"]

BAR_COLUMNS_MAX, BAR_COLUMNS_MIN = 40, 8
NAME_COLUMNS_MAX = 40
ENDS = {"done": GOOD, "cancelled": WARY, "paused": BAD, "sleeping": WARY}


class Glyphs(NamedTuple):
    """What bars are made of."""

    full: str
    bad: str
    rest: str


def bar(width: int, done: int, failed: int, total: int, glyphs: Glyphs) -> str:
    """Exactly so wide; full only when all is settled, and whatever has failed can be seen."""
    if total <= 0:
        return glyphs.rest * width
    settled_columns = min(width, (done + failed) * width // total)
    bad = min(settled_columns, -(-failed * width // total)) if failed else 0
    return glyphs.full * (settled_columns - bad) + glyphs.bad * bad + glyphs.rest * (width - settled_columns)


def settled(status: JobStatus) -> int:
    """Items that nothing more will happen to."""
    counts = status["counts"]
    return counts["done"] + counts["failed"] + counts["cancelled"]


def how_far(status: JobStatus) -> str:
    """`3,500 of 5,000, 70%, 31/min, 48m left, 2 failed`."""
    total = status["total"]
    parts = [f"{number(settled(status))} of {number(total)}"]
    if total:
        parts.append(share(settled(status) / total))
    if status["state"] == "running":
        if status["rate_per_min"]:
            parts.append(f"{number(status['rate_per_min'])}/min")
        if status["left_s"] is not None:
            parts.append(f"{span(status['left_s'])} left")
    if status["counts"]["failed"]:
        parts.append(f"{number(status['counts']['failed'])} failed")
    if status["counts"]["unknown"]:
        parts.append(f"{number(status['counts']['unknown'])} held")
    return ", ".join(parts)


def standing(state: str, why: str, until_wall_ms: int | None) -> str:
    """`sleeping until 14:03:12: the quotas of all lanes are used up`."""
    until = "" if until_wall_ms is None else f" until {clock_time(until_wall_ms / 1000)}"
    return f"{inert(state)}{until}" + (f": {inert(why)}" if why else "")


def rows(status: JobStatus, width: int, height: int, glyphs: Glyphs) -> list[list[Cell]]:
    """The picture, at most so wide and so high: the whole first, then the lanes, or the busiest of them."""
    tail = _tail(status)
    room = max(0, height - 1 - bool(tail))
    lanes = status["lanes"]
    shown = lanes if len(lanes) <= room else _busiest(lanes, max(0, room - 1))
    names = ["all", *(cut(inert(lane["lane"]), NAME_COLUMNS_MAX) for lane in shown)]
    left = min(max(columns_of(name) for name in names), max(8, width // 4))
    bars = min(BAR_COLUMNS_MAX, max(BAR_COLUMNS_MIN, width // 5))
    counts = status["counts"]
    whole = bar(bars, counts["done"], counts["failed"], status["total"], glyphs)
    picture = [_row(("all", STRONG), whole, how_far(status), left, width)]
    for name, lane in zip(names[1:], shown, strict=True):
        part = bar(bars, lane["done"], lane["failed"], status["total"], glyphs)
        picture.append(_row((name, PLAIN), part, _lane(lane), left, width))
    if len(shown) < len(lanes) and room:
        picture.append([Cell(cut(f"and {number(len(lanes) - len(shown))} more lanes", width), FAINT)])
    if tail:
        picture.append([Cell(cut(tail, width), ENDS.get(status["state"], PLAIN))])
    return picture[:height]


def _busiest(lanes: list[LaneProgress], count: int) -> list[LaneProgress]:
    """In their usual order, so that none changes its place while one looks."""
    ranked = sorted(lanes, key=lambda lane: lane["done"] + lane["failed"] + lane["in_flight"], reverse=True)
    return [lane for lane in lanes if lane in ranked[:count]]


def _tail(status: JobStatus) -> str:
    if status["state"] in ("running", "done") and not status["why"]:
        return ""
    return standing(status["state"], status["why"], status["until_wall_ms"])


def _lane(lane: LaneProgress) -> str:
    parts = [f"{number(lane['done'])} done"]
    if lane["failed"]:
        parts.append(f"{number(lane['failed'])} failed")
    if lane["in_flight"]:
        parts.append(f"{number(lane['in_flight'])} in flight")
    if lane["seconds_mean"] is not None:
        parts.append(f"{seconds(lane['seconds_mean'])} each")
    return ", ".join(parts)


def _row(name: tuple[str, Tone], drawn: str, says: str, left: int, width: int) -> list[Cell]:
    """Its words are cut first; then there is no bar."""
    text, tone = name
    head = cut(text, left)
    head += " " * (left - columns_of(head) + 2)
    room = width - columns_of(head) - len(drawn) - 2
    if room < BAR_COLUMNS_MIN:
        return [Cell(cut(f"{head}{says}", width), tone)]
    return [Cell(head, tone), Cell(drawn, GOOD), Cell(f"  {cut(says, room)}", FAINT)]
