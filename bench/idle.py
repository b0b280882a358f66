"""What the daemon costs while nobody asks and nobody is there: `python -m bench.idle [--for-s 60]`.

Twenty providers are configured. At ten of them nobody listens; the other ten take no connection in, so that
whoever dials waits until its own clock says no.
"""

import argparse
import os
import socket
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench.contestants import free_port
from bench.meters import rss_mib
from bench.notebook import Notebook
from bench.process import Program
from bench.strangers import OURS, fetch

__all__ = ["CASE", "measure"]

PROVIDERS = 20
CASE = f"{PROVIDERS} providers, none reachable"
READY_WITHIN_S = 30.0
SETTLES_S = 2.0

_DAEMON = """\
[daemon]
socket = "{home}/run/failoverd.sock"
http_socket = "{home}/run/http.sock"
http_tcp = "127.0.0.1:{port}"
state_dir = "{home}/state"
"""
_PROVIDER = """
[provider.p{at}]
url = "http://127.0.0.1:{port}/v1"
models = ["a", "b", "c"]
keys = [{{ secret = "env:BENCH_KEY" }}]
"""


def measure(notes: Notebook, *, starts: int, for_s: float) -> None:
    """Some starts, and the last of them for longer."""
    for left in reversed(range(starts)):
        with (
            tempfile.TemporaryDirectory(prefix="bench-") as directory,
            _silent_ports(PROVIDERS // 2) as silent,
        ):
            ready_ms, cpu_percent, rss = _one(Path(directory), silent, 0.0 if left else for_s)
        notes.note("idle", CASE, "failoverd", ready_ms=ready_ms, rss_mib=rss)
        if cpu_percent is not None:
            notes.note("idle", CASE, "failoverd", cpu_percent=cpu_percent)


def _one(home: Path, silent: list[int], for_s: float) -> tuple[float, float | None, float]:
    ports = [*silent, *(free_port() for _ in range(PROVIDERS - len(silent)))]
    config = _DAEMON.format(home=home, port=free_port())
    config += "".join(_PROVIDER.format(at=at, port=port) for at, port in enumerate(ports))
    (home / "failoverd.toml").write_text(config)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(str(home / "notify"))
        words = [str(OURS), "-m", "daemon.main", "run", "--config", str(home / "failoverd.toml")]
        program = Program(words, home, {"BENCH_KEY": "sk-idle", "NOTIFY_SOCKET": str(home / "notify")})
        try:
            ready_ms = _until_ready_s(ear, program) * 1000
            time.sleep(SETTLES_S)
            if not for_s:
                return ready_ms, None, rss_mib(program.pid)
            before_s = program.cpu_s
            time.sleep(for_s)
            return ready_ms, (program.cpu_s - before_s) / for_s * 100, rss_mib(program.pid)
        finally:
            program.end()


def _until_ready_s(ear: socket.socket, program: Program) -> float:
    ear.settimeout(0.5)
    while time.perf_counter() - program.began < READY_WITHIN_S:
        program.check_alive()
        try:
            if b"READY=1" in ear.recv(4096):
                return time.perf_counter() - program.began
        except TimeoutError:
            continue
    raise TimeoutError("never said that it is ready")


@contextmanager
def _silent_ports(count: int) -> Iterator[list[int]]:
    """Their queues are full, and nobody takes anybody out."""
    with ExitStack() as stack:
        ports = []
        for _ in range(count):
            listening = stack.enter_context(socket.socket())
            listening.bind(("127.0.0.1", 0))
            listening.listen(0)
            for _ in range(2):
                waiting = stack.enter_context(socket.socket())
                waiting.setblocking(False)
                waiting.connect_ex(listening.getsockname())
            ports.append(listening.getsockname()[1])
        yield ports


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--for-s", type=float, default=60.0)
    parser.add_argument("--starts", type=int, default=5)
    args = parser.parse_args()
    fetch()
    notes = Notebook()
    measure(notes, starts=args.starts, for_s=args.for_s)
    for metric, says in {
        "ready_ms": "ms to READY",
        "rss_mib": "MiB resident",
        "cpu_percent": "% CPU",
    }.items():
        values = [value for key, each in notes.values.items() if key.metric == metric for value in each]
        print(
            f"{statistics.median(values):8.2f} {says:14} of {', '.join(f'{value:.2f}' for value in values)}"
        )
    print(f"load {os.getloadavg()[0]:.2f}")


if __name__ == "__main__":
    main()
