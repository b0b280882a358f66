"""The plot, as SVG: requests a second of everybody at 64 connections, on a logarithmic scale, and what each costs."""

import math
from html import escape

from bench.notebook import Notebook

__all__ = ["plot"]

CASE = "0 ms, 64 at once"
WIDTH, LEFT, RIGHT, TOP, ROW = 760, 110, 250, 56, 38
LEAST, MOST = 10, 100_000
OURS, OTHERS, GRID, INK = "#0b7a75", "#9aa5b1", "#e4e7eb", "#323f4b"


def plot(notes: Notebook, caption: str) -> str:
    """The picture; empty rows are left out."""
    seen = {who: notes.median("plain", CASE, who, "per_s") for who in notes.everybody("plain")}
    rows = sorted(((who, rate) for who, rate in seen.items() if rate), key=lambda row: -row[1])
    height = TOP + ROW * len(rows) + 54
    drawn = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        f'font-family="system-ui, sans-serif" font-size="13" fill="{INK}">',
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        '<text x="16" y="26" font-size="16" font-weight="600">Requests a second, 64 connections, one core, '
        "an upstream that answers at once</text>",
    ]
    bottom = TOP + ROW * len(rows)
    for power in range(round(math.log10(LEAST)), round(math.log10(MOST)) + 1):
        x = _x(10**power)
        drawn.append(f'<line x1="{x:.0f}" y1="{TOP - 8}" x2="{x:.0f}" y2="{bottom}" stroke="{GRID}"/>')
        drawn.append(
            f'<text x="{x:.0f}" y="{bottom + 16}" text-anchor="middle" font-size="11">{10**power:,}</text>'
        )
    for at, (who, rate) in enumerate(rows):
        drawn += _bar(notes, who, rate, TOP + at * ROW)
    drawn.append(f'<text x="16" y="{height - 12}" font-size="11">{escape(caption)}</text>')
    return "\n".join([*drawn, "</svg>", ""])


def _bar(notes: Notebook, who: str, rate: float, y: float) -> list[str]:
    cpu_us = notes.median("plain", CASE, who, "cpu_us")
    says = f"{rate:,.0f}/s" + (f", {cpu_us:,.0f} us of CPU each" if cpu_us else "")
    colour = OURS if who == "failoverd" else OTHERS
    weight = "600" if who == "failoverd" else "400"
    return [
        f'<text x="{LEFT - 10}" y="{y + 17:.0f}" text-anchor="end" font-weight="{weight}">{escape(who)}</text>',
        f'<rect x="{LEFT}" y="{y:.0f}" width="{_x(rate) - LEFT:.0f}" height="24" rx="3" fill="{colour}"/>',
        f'<text x="{_x(rate) + 8:.0f}" y="{y + 17:.0f}" font-weight="{weight}">{says}</text>',
    ]


def _x(rate: float) -> float:
    share = math.log10(max(rate, LEAST) / LEAST) / math.log10(MOST / LEAST)
    return LEFT + share * (WIDTH - LEFT - RIGHT)
