"""What came of a job: the closing report, the checkpoint and the list, as lines. Pure."""

from collections.abc import Iterator, Mapping, Sequence

from daemon.ctl.batch.bars import how_far, standing
from daemon.ctl.batch.shapes import Checkpoint, JobLine, JobStatus, LaneProgress
from daemon.ctl.clock import clock_time
from daemon.ctl.plain import counted, inert, number, seconds, share, span
from daemon.ctl.telling import cost
from daemon.ctl.terminal import BAD, GOOD, STRONG, WARY, Cell, Terminal
from daemon.exits import Exit

__all__ = ["checkpoint", "closing", "ending", "listing", "status_lines"]

UNSENT = "unsent"
"""The tag of what was no request: to ask it again would not help."""
_TONES = {"done": GOOD, "running": GOOD, "paused": BAD, "sleeping": WARY, "cancelled": WARY}


def ending(status: JobStatus) -> Exit:
    """Well is only what is wholly done."""
    is_well = status["state"] == "done" and status["counts"]["done"] == status["total"]
    return Exit.OK if is_well else Exit.FAILED


def closing(status: JobStatus, screen: Terminal) -> Iterator[str]:
    """The report at the end."""
    done, total = status["counts"]["done"], status["total"]
    took = _took_s(status)
    head = f"job {inert(status['job_id'])} is {inert(status['state'])}: "
    rate = f" ({share(done / total)})" if total else ""
    tone = GOOD if done == total else WARY
    within = "" if took is None else f" in {span(took)}"
    yield screen.paint(f"{head}{number(done)} of {counted(total, 'item')} answered{rate}{within}", tone)
    yield ""
    yield from screen.facts(list(_facts(status)))
    yield from _counts("TAG", status["tags"], screen)
    yield from _counts("ERROR", status["errors"], screen)
    yield from _lanes(status["lanes"], screen)


def status_lines(status: JobStatus, screen: Terminal, now_s: float) -> Iterator[str]:
    """Where a job stands, and where it would go on."""
    name = f" {inert(status['name'])}" if status["name"] else ""
    yield screen.paint(f"job {inert(status['job_id'])}{name}", STRONG)
    yield ""
    said = standing(status["state"], status["why"], status["until_wall_ms"])
    yield from screen.facts(
        [
            ("state", said, _TONES.get(status["state"], "")),
            ("items", how_far(status)),
            ("checkpoint", checkpoint(status["checkpoint"], status["total"], now_s)),
            ("begun", clock_time(status["created_wall_ms"] / 1000)),
            *_facts(status),
        ]
    )
    yield from _counts("TAG", status["tags"], screen)
    yield from _counts("ERROR", status["errors"], screen)
    yield from _lanes(status["lanes"], screen)


def checkpoint(at: Checkpoint | None, total: int, now_s: float) -> str:
    """`item 1,204 of 5,000 (img1203.png) by gemini/key2/gemini-2.5-flash, 14:03:12 (4s ago)`."""
    if at is None:
        return "nothing is done yet"
    when_s = at["at_wall_ms"] / 1000
    name = f" ({inert(at['custom_id'])})" if at["custom_id"] else ""
    by = f" by {inert(at['lane'])}" if at["lane"] else ""
    ago = f"{clock_time(when_s)} ({span(now_s - when_s)} ago)"
    return f"item {number(at['n'] + 1)} of {number(total)}{name}{by}, {ago}"


def listing(jobs: Sequence[JobLine], screen: Terminal) -> list[str]:
    """One a line, the newest first as they came."""
    if not jobs:
        return ["no jobs; failoverctl batch run FILE --out RESULTS makes one"]
    header = ("JOB", "STATE", "DONE", "FAILED", "BEGUN", "NAME", "WHY")
    return screen.table(header, [_job(job) for job in jobs])


def _job(job: JobLine) -> tuple[Cell | str, ...]:
    return (
        inert(job["job_id"]),
        Cell(inert(job["state"]), _TONES.get(job["state"], "")),
        f"{number(job['done'])} of {number(job['total'])}",
        number(job["failed"]) if job["failed"] else "",
        clock_time(job["created_wall_ms"] / 1000),
        inert(job["name"]),
        standing("", job["why"], job["until_wall_ms"]).removeprefix(": ").strip(),
    )


def _facts(status: JobStatus) -> Iterator[tuple[str, str] | tuple[str, str, str]]:
    counts = status["counts"]
    unsent = status["tags"].get(UNSENT, 0)
    if counts["failed"] > unsent:
        yield "failed", _next(counts["failed"] - unsent, "failed", "--failed retry", status), BAD
    if unsent:
        yield "unsent", f"{counted(unsent, 'item')} could not be sent; the results say why", BAD
    if counts["unknown"]:
        yield "held", _next(counts["unknown"], "may have been asked", "--unknown retry", status), WARY
    if counts["cancelled"]:
        yield "cancelled", number(counts["cancelled"]), WARY
    yield "failovers", number(status["failovers"])
    yield "tokens", number(status["tokens"])
    yield "cost", _cost(status["cost_usd"])


def _next(count: int, what: str, option: str, status: JobStatus) -> str:
    again = f"failoverctl batch resume {inert(status['job_id'])} {option}"
    return f"{counted(count, 'item')} {what}; to ask again: {again}"


def _counts(head: str, counts: Mapping[str, int], screen: Terminal) -> Iterator[str]:
    """The most frequent first."""
    if counts:
        whole = sum(counts.values())
        ranked = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
        yield ""
        yield from screen.table(
            (head, "COUNT", "SHARE"),
            [(inert(name), number(count), share(count / whole)) for name, count in ranked],
        )


def _lanes(lanes: Sequence[LaneProgress], screen: Terminal) -> Iterator[str]:
    if lanes:
        yield ""
        yield from screen.table(
            ("LANE", "DONE", "FAILED", "EACH", "TOKENS", "COST"),
            [
                (
                    inert(lane["lane"]),
                    number(lane["done"]),
                    number(lane["failed"]) if lane["failed"] else "",
                    "" if lane["seconds_mean"] is None else seconds(lane["seconds_mean"]),
                    number(lane["tokens"]),
                    _cost(lane["cost_usd"]),
                )
                for lane in lanes
            ],
        )


def _cost(dollars: float) -> str:
    """Nothing counted is not free: of many models nobody knows the price."""
    return cost(dollars) if dollars else "none counted"


def _took_s(status: JobStatus) -> float | None:
    finished = status["finished_wall_ms"]
    return None if finished is None else (finished - status["created_wall_ms"]) / 1000
