"""What is measured, part by part. Each takes its turn with everybody in every round, and is bounded in time."""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from threading import Thread

from msgspec import Struct

from bench.contestants import Contestant, Direct, Door, Failoverd, LiteLlm, ManyLanes, Nginx, Portkey, Route
from bench.load import Errand, Report
from bench.notebook import Notebook
from bench.process import NeverAnswered, Program
from bench.questions import chat, http_request, ping, rpc_chat, vision
from bench.stage import Stage, Standing, first_answer_s

__all__ = ["CONTESTANTS", "PARTS", "RPC", "SLOW_AT_ONCE", "Pace", "Part"]

CONTESTANTS: tuple[type[Contestant], ...] = (Direct, Nginx, Portkey, LiteLlm, Failoverd)
UNIX, RPC = "failoverd, Unix socket", "failoverd, JSON-RPC"
SLOW_S = 2.0
SLOW_AT_ONCE = 1_000
OVER_S = 1.0
"""The thousand arrive within a second: all are there before the first has its answer."""


class Pace(Struct, frozen=True):
    """How thorough a run is."""

    rounds: int = 3
    for_s: float = 3.0
    at_once: tuple[int, ...] = (1, 16, 64, 256)
    waits_ms: tuple[int, ...] = (0, 50)


class Part(Struct, frozen=True):
    """One of them."""

    says: str
    measure: Callable[["Notebook", Stage, Sequence[Standing], Pace], None]
    needs_all: bool = True
    """Whether everybody stands on the stage meanwhile; else it starts whom it needs."""


def plain(notes: Notebook, stage: Stage, everybody: Sequence[Standing], pace: Pace) -> None:
    for wait_ms in pace.waits_ms:
        wishes = f"wait-{wait_ms}ms" if wait_ms else ""
        for _ in range(pace.rounds):
            for at_once in pace.at_once:
                for one in everybody:
                    case = f"{wait_ms} ms, {at_once} at once"
                    door = one.door()
                    _note_wrk(
                        notes, stage, "plain", case, one, door, chat(door, wishes=wishes), at_once, pace
                    )


def doors(notes: Notebook, stage: Stage, everybody: Sequence[Standing], pace: Pace) -> None:
    """The same callers at each of our doors: by TCP, by Unix socket, in JSON-RPC on one socket."""
    for _ in range(pace.rounds):
        for one in everybody:
            door = one.door()
            request = http_request(door, chat(door))
            for at_once in (1, 32):
                case = f"{at_once} at once"
                _note_errand(
                    notes,
                    stage,
                    "doors",
                    case,
                    one.name,
                    one,
                    Errand(address=door.address, request=request, callers=at_once, for_s=pace.for_s),
                )
                if not isinstance(one.contestant, Failoverd):
                    continue
                unix = Errand(
                    address=one.contestant.http_socket, request=request, callers=at_once, for_s=pace.for_s
                )
                _note_errand(notes, stage, "doors", case, UNIX, one, unix)
                rpc = Errand(
                    address=one.contestant.rpc_socket,
                    request=rpc_chat(door),
                    callers=at_once,
                    for_s=pace.for_s,
                    rpc=True,
                )
                _note_errand(notes, stage, "doors", case, RPC, one, rpc)
                pinged = Errand(
                    address=one.contestant.rpc_socket,
                    request=ping(),
                    callers=at_once,
                    for_s=pace.for_s,
                    rpc=True,
                )
                _note_errand(notes, stage, "doors", f"ping, {case}", RPC, one, pinged)


def failover(notes: Notebook, stage: Stage, everybody: Sequence[Standing], pace: Pace) -> None:
    """One caller with a pause after each answer, so that a lane that has failed is tried anew each time.
    Where the answer says how many lanes were asked, only those that failed over are counted.
    """
    for _ in range(pace.rounds):
        for route in (Route.PLAIN, Route.AFTER_500, Route.AFTER_REFUSED):
            for one in everybody:
                door = one.door(route)
                errand = Errand(
                    address=door.address,
                    request=http_request(door, chat(door)),
                    for_s=pace.for_s,
                    pause_s=0.005,
                )
                report = stage.run(errand)
                wanted = 1 if route is Route.PLAIN else 2
                took = [
                    us
                    for us, asked in zip(report.took_us, report.attempts, strict=True)
                    if asked in (0, wanted)
                ]
                if took:
                    notes.note(
                        "failover",
                        route,
                        one.name,
                        p50_us=statistics.median(took),
                        answered=len(took),
                        failed=report.failed,
                    )


def streams(notes: Notebook, stage: Stage, everybody: Sequence[Standing], pace: Pace) -> None:
    cases = (
        ("one, as fast as it goes", 1, ""),
        ("64, as fast as it goes", 64, ""),
        ("64, a chunk each 5 ms", 64, "pace-5ms"),
    )
    for _ in range(pace.rounds):
        for case, at_once, wishes in cases:
            for one in everybody:
                door = one.door()
                for who, errand in _streaming(one, door, at_once, wishes, pace).items():
                    before_s = one.cpu_s
                    report = stage.run(errand)
                    if not report.chunks:
                        continue
                    used_us = (one.cpu_s - before_s) * 1e6
                    notes.note(
                        "streams",
                        case,
                        who,
                        first_p50_us=statistics.median(report.first_us),
                        chunks_per_s=report.chunks / report.seconds,
                        cpu_us_per_chunk=used_us / report.chunks,
                        failed=report.failed,
                    )


def slow(notes: Notebook, stage: Stage, everybody: Sequence[Standing], pace: Pace) -> None:
    del pace
    for one in everybody:
        door = one.door()
        request = http_request(door, chat(door, wishes=f"wait-{SLOW_S * 1000:.0f}ms"))
        errand = Errand(
            address=door.address, request=request, callers=SLOW_AT_ONCE, for_s=OVER_S, each_once=True
        )
        with _Watching(one) as watching:
            report = stage.run(errand)
        late_us = [us - SLOW_S * 1e6 for us in report.took_us] or [float("nan")]
        notes.note(
            "slow",
            f"{SLOW_AT_ONCE} at once, {SLOW_S:.0f} s each",
            one.name,
            answered=report.answered,
            late_p50_us=statistics.median(late_us),
            late_max_us=max(late_us),
            pss_mib=watching.most_mib,
        )


def memory(notes: Notebook, stage: Stage, everybody: Sequence[Standing], pace: Pace) -> None:
    """Under load; what each needs before anybody has asked is measured where it starts."""
    for one in everybody:
        if one.program is None:
            continue
        door = one.door()
        with _Watching(one) as watching:
            stage.wrk(door, chat(door), connections=64, for_s=pace.for_s)
        notes.note("memory", "64 at once", one.name, pss_mib=watching.most_mib)


def start(notes: Notebook, stage: Stage, everybody: Sequence[Standing], pace: Pace) -> None:
    """Each alone, from nothing to its first answer."""
    del everybody
    for _ in range(pace.rounds):
        for make in stage.cast:
            with tempfile.TemporaryDirectory(prefix="bench-") as home:
                contestant = make(Path(home), stage.ports, stage.ca_file)
                words = contestant.command()
                if not words:
                    continue
                program = Program(words, contestant.home, contestant.environ)
                try:
                    took_s = first_answer_s(program, contestant.door(Route.PLAIN))
                    time.sleep(1.0)
                    notes.note(
                        "start",
                        "from nothing",
                        contestant.name,
                        first_answer_ms=took_s * 1000,
                        idle_pss_mib=program.pss_mib,
                    )
                except NeverAnswered as error:
                    print(f"{contestant.name} did not start:\n{error}", file=sys.stderr)
                finally:
                    program.end()


def lanes(notes: Notebook, stage: Stage, everybody: Sequence[Standing], pace: Pace) -> None:
    del everybody
    contestants = [ManyLanes(stage.home, stage.ports, stage.ca_file, lanes=many) for many in (10, 1_000)]
    with stage.standing(contestants) as both:
        for _ in range(pace.rounds):
            for one in both:
                door = one.door()
                _note_wrk(notes, stage, "lanes", "64 at once", one, door, chat(door), 64, pace)


def pictures(notes: Notebook, stage: Stage, everybody: Sequence[Standing], pace: Pace) -> None:
    for _ in range(pace.rounds):
        for one in everybody:
            door = one.door()
            _note_wrk(notes, stage, "pictures", "1 MB, 16 at once", one, door, vision(door), 16, pace)


def tls(notes: Notebook, stage: Stage, everybody: Sequence[Standing], pace: Pace) -> None:
    for _ in range(pace.rounds):
        for one in everybody:
            if one.program is not None:
                door = one.door(Route.SECURE)
                _note_wrk(notes, stage, "tls", "64 at once", one, door, chat(door), 64, pace)


PARTS: Mapping[str, Part] = {
    "plain": Part("Requests answered at once and after 50 ms, by wrk over TCP", plain),
    "doors": Part("The same callers at each door", doors),
    "failover": Part("The first upstream fails", failover),
    "streams": Part("Streams of 100 chunks", streams),
    "slow": Part("A thousand slow requests in flight", slow),
    "pictures": Part("A photo of a megabyte", pictures),
    "tls": Part("An upstream behind TLS", tls),
    "memory": Part("Memory under load", memory),
    "lanes": Part("Many lanes to choose from", lanes, needs_all=False),
    "start": Part("Cold start and idle memory", start, needs_all=False),
}


def _note_wrk(
    notes: Notebook,
    stage: Stage,
    part: str,
    case: str,
    one: Standing,
    door: Door,
    body: bytes,
    at_once: int,
    pace: Pace,
) -> None:
    before_s = one.cpu_s
    seen = stage.wrk(door, body, connections=at_once, for_s=pace.for_s)
    used_us = (one.cpu_s - before_s) * 1e6
    notes.note(
        part,
        case,
        one.name,
        per_s=seen.per_s,
        p50_us=seen.p50_us,
        p99_us=seen.p99_us,
        cpu_us=used_us / max(1, seen.requests),
        failed=seen.failed,
    )


def _note_errand(
    notes: Notebook, stage: Stage, part: str, case: str, who: str, one: Standing, errand: Errand
) -> Report:
    before_s = one.cpu_s
    report = stage.run(errand)
    used_us = (one.cpu_s - before_s) * 1e6
    notes.note(
        part,
        case,
        who,
        per_s=report.answered / report.seconds,
        p50_us=statistics.median(report.took_us or [0.0]),
        cpu_us=used_us / max(1, report.answered),
        failed=report.failed,
    )
    return report


def _streaming(one: Standing, door: Door, at_once: int, wishes: str, pace: Pace) -> dict[str, Errand]:
    request = http_request(door, chat(door, wishes=wishes, stream=True))
    found = {one.name: Errand(address=door.address, request=request, callers=at_once, for_s=pace.for_s)}
    if isinstance(one.contestant, Failoverd):
        asked = rpc_chat(door, wishes=wishes, stream=True)
        found[RPC] = Errand(
            address=one.contestant.rpc_socket, request=asked, callers=at_once, for_s=pace.for_s, rpc=True
        )
    return found


class _Watching:
    """Looks at somebody's memory from time to time, and keeps the most that it saw."""

    EVERY_S = 0.2

    def __init__(self, one: Standing) -> None:
        self._one = one
        self._is_over = False
        self._thread = Thread(target=self._watch, daemon=True)
        self.most_mib = 0.0

    def __enter__(self) -> "_Watching":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over = True
        self._thread.join()

    def _watch(self) -> None:
        while not self._is_over:
            self.most_mib = max(self.most_mib, self._one.pss_mib)
            time.sleep(self.EVERY_S)
