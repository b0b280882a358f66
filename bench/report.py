"""The results as a page of Markdown: where and when, which bars hold, and a table for each part."""

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from bench.bars import BARS, Bar, Height, height
from bench.meters import Machine
from bench.notebook import Notebook
from bench.parts import PARTS

__all__ = ["Run", "bars_table", "page"]

COLUMNS: Mapping[str, tuple[str, float, str]] = {
    "per_s": ("requests/s", 1, ",.0f"),
    "p50_us": ("median, ms", 1000, ".3f"),
    "p99_us": ("p99, ms", 1000, ".2f"),
    "cpu_us": ("CPU per request, us", 1, ",.0f"),
    "first_p50_us": ("first chunk, ms", 1000, ".2f"),
    "chunks_per_s": ("chunks/s", 1, ",.0f"),
    "cpu_us_per_chunk": ("CPU per chunk, us", 1, ".1f"),
    "answered": ("answered", 1, ",.0f"),
    "failed": ("failed", 1, ",.0f"),
    "late_p50_us": ("late at the median, ms", 1000, ".1f"),
    "late_max_us": ("late at most, ms", 1000, ".1f"),
    "pss_mib": ("memory, MiB", 1, ".0f"),
    "idle_pss_mib": ("idle memory, MiB", 1, ".0f"),
    "first_answer_ms": ("first answer after, ms", 1, ",.0f"),
}
"""What each number is called, in which unit it is shown, and how."""

_MARKS = {Height.MISSED: "**missed**"}


class Run(Struct, frozen=True, kw_only=True):
    """The circumstances, without which a number says nothing."""

    machine: Machine
    date: str
    command: str
    others_share: float
    """How much of the machine others used just before."""
    load: float
    rounds: int


def page(notes: Notebook, run: Run) -> str:
    """The whole page."""
    busy = f"{run.others_share:.0%} of it in use by others just before, load {run.load:.1f} just after"
    head = [
        "# How fast it is",
        "",
        f"Measured on {run.date} by `{run.command}` on {run.machine}; {busy}. "
        f"Medians of {run.rounds} interleaved rounds. Who is measured has one core, upstream and callers the other. "
        "failoverd runs as it always does: journal, deadlines, explain, cancelling and limits are on.",
        "",
        "![requests per second](speed.svg)",
        "",
        "## The bars",
        "",
        *bars_table(notes),
    ]
    parts = (line for name, part in PARTS.items() for line in _part(notes, name, part.says))
    return "\n".join([*head, *parts, ""])


def bars_table(notes: Notebook) -> list[str]:
    """Which of them hold."""
    rows = []
    for bar in BARS:
        value = bar.reads(notes)
        cleared = height(bar, value)
        rows.append([bar.says, _shown(bar, value), _bounds(bar), _MARKS.get(cleared, str(cleared))])
    return _table(["", "measured", "must / goal / stretch", "clears"], rows)


def _part(notes: Notebook, name: str, says: str) -> Iterable[str]:
    metrics = [metric for metric in notes.metrics(name) if metric in COLUMNS]
    if not metrics:
        return
    yield from ("", f"## {says}", "")
    rows = []
    for case in notes.cases(name):
        for who in notes.everybody(name):
            values = [notes.median(name, case, who, metric) for metric in metrics]
            if any(value is not None for value in values):
                rows.append(
                    [
                        case,
                        who,
                        *(_cell(metric, value, who) for metric, value in zip(metrics, values, strict=True)),
                    ]
                )
    yield from _table(["", "", *(COLUMNS[metric][0] for metric in metrics)], rows)


def _cell(metric: str, value: float | None, who: str) -> str:
    _, scale, form = COLUMNS[metric]
    if value is None or (who == "direct" and metric.startswith(("cpu", "pss"))):
        return ""
    return format(value / scale, form)


def _shown(bar: Bar, value: float | None) -> str:
    return "" if value is None else f"{_number(value)} {bar.unit}".strip()


def _bounds(bar: Bar) -> str:
    return " / ".join(_number(bound) for bound in (bar.must, bar.goal, bar.stretch) if bound is not None)


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 or value == round(value) else f"{value:.3g}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [head, ["---"] * len(head), *rows]
    return [f"| {' | '.join(line)} |" for line in lines]
