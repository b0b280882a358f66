"""The rules of the house, read off the source: who may look at whom, and who owns which door to the world.

state <- actors <- daemon: nobody looks up. A fault is a line that breaks a rule; a rule is checked over text, so
that a test can plant a violation and see it found.
"""

import ast
import sys
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import NamedTuple

__all__ = ["OWNERS", "doors_of", "faults", "reached"]

LAYERS = ("state", "actors", "daemon")
"""Each may look at itself and at those before it."""

PURE = "state"
LIBRARIES_OF_THE_PURE = frozenset({"msgspec"})

TRANSPORT = (
    "actors/net/connection.py",
    "actors/net/dial.py",
    "actors/net/exchange.py",
    "actors/net/httpxseam.py",
    "actors/net/pool.py",
    "actors/net/tls.py",
    "actors/net/transport.py",
)
"""On protocols and futures of the loop itself: anyio's streams would cost a task hop for each piece."""

RPC = ("daemon/rpc/clerk.py", "daemon/rpc/connection.py", "daemon/rpc/outlet.py", "daemon/rpc/server.py")
"""A protocol for each connection and a task for each call: structure is paid where it keeps a promise."""

OWNERS: Mapping[str, tuple[str, ...]] = {
    # Time and chance. The watchdog's notify wants a clock of systemd's own choice; `failoverd classify` looks
    # at the wall once, and the daemon's clock would bring the event loop with it.
    "time": ("actors/clock.py", "daemon/classify.py", "daemon/ctl/clock.py", "daemon/notify.py"),
    "datetime.now()": (),
    "random": ("actors/chance.py",),
    "secrets": (),
    "uuid": (),
    "os.urandom()": (),
    # The loop and the network.
    "asyncio": ("actors/clock.py", "actors/kernel/cutoff.py", "daemon/http/connection.py", *RPC, *TRANSPORT),
    "httpx": ("actors/net/httpxseam.py",),
    "httptools": ("actors/net/response.py",),
    "uvicorn": ("daemon/http/connection.py", "daemon/http/cycle.py", "daemon/http/server.py"),
    "ssl": ("actors/net/dial.py", "actors/net/tls.py"),
    "socket": (
        "actors/net/dial.py",
        "daemon/ctl/line.py",
        "daemon/doorstep.py",
        "daemon/http/port.py",
        "daemon/http/server.py",
        "daemon/neighbours.py",
        "daemon/notify.py",
        "daemon/rpc/identity.py",
        "daemon/rpc/server.py",
        "daemon/sockets.py",
    ),
    "select": ("daemon/rpc/identity.py",),
    "selectors": (),
    "urllib.request": (),
    "http.client": (),
    "requests": (),
    # The disk. Transactions name the type of the connection that they are given; only one file opens one.
    "aiosqlite": ("actors/journal/journal_file.py",),
    "sqlite3": (
        "actors/jobs/entries.py",
        "actors/jobs/shelf.py",
        "actors/jobs/turning.py",
        "actors/journal/batch.py",
        "actors/journal/journal.py",
        "actors/journal/journal_file.py",
        "actors/journal/recall.py",
        "actors/seams.py",
    ),
    "open()": (
        "actors/clock.py",
        "actors/journal/journal_file.py",
        "daemon/ctl/__init__.py",
        "daemon/ctl/batch/images.py",
        "daemon/ctl/batch/keeping.py",
        "daemon/ctl/batch/run.py",
        "daemon/ctl/image.py",
        "daemon/ctl/pages.py",
        "daemon/files.py",
        "daemon/init.py",
        "daemon/lock.py",
        "daemon/main.py",
        "daemon/stage/house.py",
    ),
    "shutil": (),
    "tempfile": ("daemon/stage/house.py",),
    # What is said.
    "prometheus_client": (
        "daemon/metrics/counters.py",
        "daemon/metrics/gauges.py",
        "daemon/metrics/scrape.py",
    ),
    "logging": ("daemon/logs.py",),
    "loguru": ("daemon/lines.py", "daemon/logs.py", "daemon/run.py"),
    # Other lives.
    "subprocess": ("daemon/stage/house.py",),
    "threading": (),
    "multiprocessing": (),
    "concurrent": (),
    "import_module()": ("daemon/ctl/grammar.py", "daemon/main.py"),
}
"""A door to the world, and the files that may go through it; a name with `()` is a call."""

CALLS: Mapping[str, str] = {
    "open": "open()",
    "io.open": "open()",
    "os.open": "open()",
    "os.fdopen": "open()",
    "*.read_text": "open()",
    "*.read_bytes": "open()",
    "*.write_text": "open()",
    "*.write_bytes": "open()",
    "*.datetime.now": "datetime.now()",
    "*.datetime.utcnow": "datetime.now()",
    "*.datetime.today": "datetime.now()",
    "*.date.today": "datetime.now()",
    "os.urandom": "os.urandom()",
    "os.getrandom": "os.urandom()",
    "__import__": "import_module()",
    "*.import_module": "import_module()",
}

HEAVY = frozenset({"aiosqlite", "anyio", "asyncio", "httptools", "httpx", "loguru", "msgspec", "uvloop"})
"""What failoverctl cannot afford: asked for the status, it costs little more than a bare interpreter."""


class Imported(NamedTuple):
    """`from a.b import c` imports `a.b.c`, which may be a module or something in one."""

    line: int
    name: str


def faults(path: str, source: str) -> list[str]:
    """Everything in a file that breaks a rule, line by line."""
    tree = ast.parse(source)
    found = [*_looking_up(path, tree), *_without_right(path, tree)]
    if _layer(path) == PURE:
        found += [*_waiting(tree), *_foreign(path, tree)]
    return [f"{path}:{line}: {what}" for line, what in sorted(found)]


def doors_of(path: str, source: str) -> set[str]:
    """The doors to the world that a file goes through."""
    return {door for _, door in _doors(path, ast.parse(source))}


def reached(path: str, sources: Mapping[str, str]) -> dict[str, str]:
    """Every module that is imported when this file is, near or far, and the file that does it; what is
    imported for types only, or where a function asks for it, counts as well: better not to know it at all.
    """
    modules = {_module(each): each for each in sources}
    found: dict[str, str] = {}
    to_read = [path]
    for each in to_read:
        for _, name in _imports(each, ast.parse(sources[each])):
            for module in _with_parents(name):
                if module not in found:
                    found[module] = each
                    to_read += [modules[module]] if module in modules else []
    return found


def _looking_up(path: str, tree: ast.AST) -> Iterator[tuple[int, str]]:
    below = LAYERS[: LAYERS.index(_layer(path)) + 1]
    for line, name in _imports(path, tree):
        top = name.partition(".")[0]
        if top in (*LAYERS, "tests", "bench") and top not in below:
            yield line, f"{_layer(path)} looks up at {name}"


def _without_right(path: str, tree: ast.AST) -> Iterator[tuple[int, str]]:
    for line, door in _doors(path, tree):
        if path not in OWNERS[door]:
            yield line, f"goes to {door} without owning it"


def _waiting(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.AsyncFunctionDef | ast.AsyncFor | ast.AsyncWith | ast.Await):
            yield node.lineno, "waits"
        if isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp) and any(
            each.is_async for each in node.generators
        ):
            yield node.lineno, "waits"


def _foreign(path: str, tree: ast.AST) -> Iterator[tuple[int, str]]:
    known = sys.stdlib_module_names | LIBRARIES_OF_THE_PURE | set(LAYERS)
    for line, name in _imports(path, tree):
        if name.partition(".")[0] not in known:
            yield line, f"needs {name}, and {PURE} needs nobody but {', '.join(LIBRARIES_OF_THE_PURE)}"


def _doors(path: str, tree: ast.AST) -> Iterator[tuple[int, str]]:
    for line, name in _imports(path, tree):
        yield from ((line, module) for module in _with_parents(name) if module in OWNERS)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            for pattern, door in CALLS.items():
                if called == pattern.removeprefix("*.") or (
                    pattern.startswith("*") and called.endswith(pattern[1:])
                ):
                    yield node.lineno, door


def _imports(path: str, tree: ast.AST) -> Iterator[Imported]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (Imported(node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = PurePosixPath(path).parts[: -node.level] if node.level else ()
            base = ".".join((*package, *([node.module] if node.module else ())))
            yield from (Imported(node.lineno, f"{base}.{alias.name}") for alias in node.names)


def _with_parents(name: str) -> Iterator[str]:
    parts = name.split(".")
    return (".".join(parts[:count]) for count in range(1, len(parts) + 1))


def _layer(path: str) -> str:
    return PurePosixPath(path).parts[0]


def _module(path: str) -> str:
    parts = PurePosixPath(path).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
