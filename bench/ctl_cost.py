"""What `failoverctl` costs in CPU above a bare interpreter, against a daemon that answers at once.

    python bench/ctl_cost.py

Bytecode is compiled first: PYTHONDONTWRITEBYTECODE would double the figures.
"""

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.ctl.said import STATUS
from tests.fakes.daemon import fake_daemon, says

RUNS = 20
ENVIRONMENT = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}


def cpu_ms(*words: str) -> float:
    """User and system time of one child, the median of several."""
    costs = []
    for _ in range(RUNS):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, *words], check=False, env=ENVIRONMENT, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        costs.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return statistics.median(costs) * 1000


def main() -> None:
    with tempfile.TemporaryDirectory() as home, fake_daemon(Path(home) / "s") as daemon:
        daemon.on("status", says(json.loads(json.dumps(STATUS))))
        at = ("-m", "daemon.ctl", "--socket", str(daemon.path))
        cpu_ms("-c", "pass")
        bare = cpu_ms("-c", "pass")
        print(f"a bare interpreter    {bare:6.1f} ms")
        for words in (("status",), ("status", "--json"), ("providers",), ("--help",)):
            print(f"failoverctl {' '.join(words):<16} {cpu_ms(*at, *words) - bare:+6.1f} ms")


if __name__ == "__main__":
    main()
