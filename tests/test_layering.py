"""Nobody looks up, nobody touches the world but through its owners, and `state` never waits."""

from pathlib import Path

import pytest

from tests.house import HEAVY, LAYERS, OWNERS, doors_of, faults, reached

HOME = Path(__file__).parent.parent
SOURCES = {
    path.relative_to(HOME).as_posix(): path.read_text(encoding="utf-8")
    for layer in LAYERS
    for path in sorted((HOME / layer).rglob("*.py"))
}


def test_no_file_breaks_a_rule_of_the_house():
    assert [fault for path, source in SOURCES.items() for fault in faults(path, source)] == []


def test_every_owner_goes_through_its_door_so_that_the_table_stays_true():
    idle = [
        f"{path} no longer goes to {door}"
        for door, owners in OWNERS.items()
        for path in owners
        if door not in doors_of(path, SOURCES.get(path, ""))
    ]
    assert idle == []


def test_failoverctl_reaches_nothing_heavy_by_any_way():
    for path in SOURCES:
        if path.startswith("daemon/ctl"):
            assert {name: via for name, via in reached(path, SOURCES).items() if name in HEAVY} == {}


@pytest.mark.parametrize(
    ("path", "line", "fault"),
    [
        ("state/a.py", "import actors.mailbox", "state looks up at actors.mailbox"),
        ("state/a.py", "from daemon import logs", "state looks up at daemon.logs"),
        ("state/deep/a.py", "from ...actors import mailbox", "state looks up at actors.mailbox"),
        ("actors/a.py", "from daemon.logs import say", "actors looks up at daemon.logs.say"),
        ("daemon/a.py", "from tests.fakes import FakeClock", "daemon looks up at tests.fakes.FakeClock"),
        ("state/a.py", "def f():\n    import actors", "state looks up at actors"),
        ("actors/a.py", "import time", "goes to time without owning it"),
        ("actors/a.py", "import time as clock", "goes to time without owning it"),
        ("actors/a.py", "from time import monotonic", "goes to time without owning it"),
        ("actors/a.py", "from random import random", "goes to random without owning it"),
        ("actors/a.py", "import uuid", "goes to uuid without owning it"),
        ("actors/a.py", "import secrets", "goes to secrets without owning it"),
        ("actors/a.py", "import asyncio.events", "goes to asyncio without owning it"),
        ("actors/a.py", "import socket", "goes to socket without owning it"),
        ("actors/a.py", "import ssl", "goes to ssl without owning it"),
        ("actors/a.py", "import httpx", "goes to httpx without owning it"),
        ("actors/a.py", "import sqlite3", "goes to sqlite3 without owning it"),
        ("daemon/a.py", "import aiosqlite", "goes to aiosqlite without owning it"),
        ("daemon/a.py", "from urllib import request", "goes to urllib.request without owning it"),
        ("daemon/a.py", "import subprocess", "goes to subprocess without owning it"),
        ("daemon/a.py", "import threading", "goes to threading without owning it"),
        ("daemon/a.py", "import logging.handlers", "goes to logging without owning it"),
        ("daemon/a.py", "from loguru import logger", "goes to loguru without owning it"),
        ("daemon/a.py", "open('/etc/passwd')", "goes to open() without owning it"),
        ("daemon/a.py", "os.open(path, os.O_RDONLY)", "goes to open() without owning it"),
        ("daemon/a.py", "Path('/etc/passwd').read_text()", "goes to open() without owning it"),
        ("daemon/a.py", "(home / 'x').write_bytes(b'')", "goes to open() without owning it"),
        ("state/a.py", "datetime.now(UTC)", "goes to datetime.now() without owning it"),
        ("state/a.py", "dt.datetime.utcnow()", "goes to datetime.now() without owning it"),
        ("state/a.py", "datetime.date.today()", "goes to datetime.now() without owning it"),
        ("actors/a.py", "os.urandom(8)", "goes to os.urandom() without owning it"),
        ("actors/a.py", "importlib.import_module('time')", "goes to import_module() without owning it"),
        ("actors/a.py", "__import__('time')", "goes to import_module() without owning it"),
        ("state/a.py", "async def f(): ...", "waits"),
        ("state/a.py", "f = [x async for x in y]", "waits"),
        ("state/a.py", "import anyio", "needs anyio, and state needs nobody but msgspec"),
    ],
)
def test_a_planted_violation_is_found(path, line, fault):
    at = line.count("\n") + 1 + 1
    assert faults(path, f'"""What it is."""\n{line}\n') == [f"{path}:{at}: {fault}"]


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("daemon/a.py", "from state.words import LaneId\nfrom actors.seams import Clock"),
        ("actors/clock.py", "import time"),
        ("actors/a.py", "class A:\n    async def open(self): await self.backend.open()"),
        ("state/a.py", "from datetime import datetime\nmoment = datetime.fromtimestamp(0, UTC)"),
        ("state/a.py", "day = odometer.today()"),
        ("state/a.py", "from urllib.parse import urlsplit"),
        ("state/a.py", "from msgspec import Struct"),
        ("actors/a.py", "from .time import now"),
    ],
)
def test_what_is_allowed_is_not_complained_about(path, line):
    assert faults(path, line) == []


def test_what_a_file_reaches_is_found_by_any_way():
    sources = {
        "daemon/__init__.py": "",
        "daemon/ctl.py": "from daemon import lines",
        "daemon/lines.py": "def f():\n    from state.words import LaneId",
        "state/__init__.py": "import loguru",
        "state/words.py": "import msgspec",
    }
    found = reached("daemon/ctl.py", sources)
    assert found["msgspec"] == "state/words.py"
    assert found["loguru"] == "state/__init__.py"
