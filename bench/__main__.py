"""The comparison: `python -m bench` fetches who is compared, measures, and writes `bench/results/`.

--quick            shorter and fewer, about ten minutes
--only plain,tls   these parts, printed and not written
--rounds N         so many rounds
--for-s N          so long for each number
--without litellm  leave somebody out
"""

import argparse
import datetime
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from bench import idle
from bench.meters import machine, others_share
from bench.notebook import Notebook
from bench.parts import CONTESTANTS, PARTS, Pace
from bench.plot import plot
from bench.report import Run, page
from bench.stage import Stage, Standing, upstream
from bench.strangers import available, fetch

RESULTS = Path(__file__).with_name("results")
IDLE_FOR_S, IDLE_QUICK_S = 60.0, 20.0
QUICK = Pace(rounds=3, for_s=1.0, at_once=(1, 16, 64, 256), waits_ms=(0,))


def main() -> int:
    args = _arguments().parse_args()
    wanted = args.only.split(",") if args.only else [*PARTS, "idle"]
    unknown = [name for name in wanted if name not in PARTS and name != "idle"]
    if unknown:
        print(
            f"no part is called {', '.join(unknown)}; there are {', '.join([*PARTS, 'idle'])}",
            file=sys.stderr,
        )
        return 2
    fetch()
    busy = others_share(len(os.sched_getaffinity(0)))
    pace = QUICK if args.quick else Pace()
    pace = Pace(args.rounds or pace.rounds, args.for_s or pace.for_s, pace.at_once, pace.waits_ms)
    notes = Notebook()
    here = available() | {"direct", "failoverd"}
    left_out = set(args.without.split(",")) | {one.name for one in CONTESTANTS if one.name not in here}
    with tempfile.TemporaryDirectory(prefix="bench-") as home:
        _measure(notes, Path(home), wanted, pace, left_out)
    if "idle" in wanted:
        print("idle", file=sys.stderr)
        idle.measure(notes, starts=pace.rounds, for_s=IDLE_QUICK_S if args.quick else IDLE_FOR_S)
    run = Run(
        machine=machine(),
        date=datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d"),
        command=" ".join(["python -m bench", *sys.argv[1:]]),
        others_share=busy,
        load=os.getloadavg()[0],
        rounds=pace.rounds,
    )
    text = page(notes, run)
    print(text)
    if not args.only:
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / "speed.md").write_text(text)
        (RESULTS / "speed.svg").write_text(plot(notes, f"{run.date}, {run.machine}"))
    return 0


def _measure(notes: Notebook, home: Path, wanted: Sequence[str], pace: Pace, left_out: set[str]) -> None:
    makes = [make for make in CONTESTANTS if make.name not in left_out]
    parts = {name: PARTS[name] for name in wanted if name in PARTS}
    with ExitStack() as stack:
        ports, ca_file = stack.enter_context(upstream(home))
        stage = Stage(home, ports, ca_file, makes)
        for name in [name for name, part in parts.items() if not part.needs_all]:
            _take(name, notes, stage, [], pace)
        together = [name for name, part in parts.items() if part.needs_all]
        if together:
            contestants = [make(home, ports, ca_file) for make in makes]
            everybody = stack.enter_context(stage.standing(contestants))
            for name in together:
                _take(name, notes, stage, everybody, pace)


def _take(name: str, notes: Notebook, stage: Stage, everybody: Sequence[Standing], pace: Pace) -> None:
    began = time.perf_counter()
    PARTS[name].measure(notes, stage, everybody, pace)
    print(f"{name}: {time.perf_counter() - began:.0f} s", file=sys.stderr)


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", default="", metavar="PARTS", help=", ".join([*PARTS, "idle"]))
    parser.add_argument("--rounds", type=int, default=0)
    parser.add_argument("--for-s", type=float, default=0.0)
    parser.add_argument("--without", default="", metavar="NAMES")
    return parser


if __name__ == "__main__":
    sys.exit(main())
