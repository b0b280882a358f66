"""failoverctl against the real daemon: a real process, real sockets, providers that fail."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from daemon.exits import Exit
from tests.ctl.prompt import Said, ctl
from tests.process import running, write_config
from tests.stage import Stage, on_stage

Do = Callable[..., Said]

PROVIDER = """
[provider.{name}]
url = "{url}"
models = ["parrot"]
priority = {priority}
"""
VERSE = "Please recite verse 2."


@pytest.fixture
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("d")


def test_one_life_from_the_first_look_to_the_drain(home):
    with on_stage("north", "east") as stage:
        providers = (
            PROVIDER.format(name=name, url=one.url, priority=at)
            for at, (name, one) in enumerate(stage.cast.items())
        )
        write_config(home, "".join(providers))
        with running(home) as daemon:
            daemon.wait_ready()
            do = partial(ctl, home / "run/failoverd.sock")
            _looks(do)
            _asks(do, stage)
            _explains_and_releases(do)
            stage.is_well("north")
            _steers(do)
            _measures(do)
            _reloads(do, home)
            assert do("drain").out.startswith("stopping when")
            assert daemon.wait_exit() == Exit.OK
            assert do("status").code == Exit.NOT_RUNNING


FLOOD = """
import asyncio, json, sys
ask = {"model": "auto", "messages": [{"role": "user", "content": sys.argv[2]}]}
async def pour():
    reader, writer = await asyncio.open_unix_connection(sys.argv[1], limit=1 << 24)
    def one(id):
        writer.write(json.dumps({"jsonrpc": "2.0", "id": id, "method": "chat", "params": ask}).encode() + b"\\n")
    for id in range(64):
        one(id)
    while line := await reader.readline():
        one(json.loads(line)["id"])
async def main():
    await asyncio.gather(*(pour() for _ in range(8)))
asyncio.run(main())
"""
"""As many requests as eight connections may have under way, always."""


@pytest.mark.slow
def test_status_answers_under_full_load(home):
    with on_stage("north") as stage:
        write_config(home, PROVIDER.format(name="north", url=stage.cast["north"].url, priority=0))
        with running(home) as daemon:
            daemon.wait_ready()
            socket = home / "run/failoverd.sock"
            with subprocess.Popen([sys.executable, "-c", FLOOD, str(socket), VERSE]) as flood:
                _wait_for(lambda: json.loads(ctl(socket, "status", "--json").out)["in_flight"], 100)
                for _ in range(10):
                    said = ctl(socket, "status")
                    assert said.out.startswith("failoverd is "), said.err
                    assert flood.poll() is None
                flood.kill()


def _looks(do: Do) -> None:
    assert do("--version").out.splitlines()[1].startswith("failoverd ")
    first = do("status")
    assert (first.code, first.out.splitlines()[0].split("  ")[0]) == (Exit.OK, "failoverd is well")
    assert json.loads(do("status", "--json").out)["health"] == "well"
    assert do("providers", "--names").out.split() == [
        "north", "north/key1", "north/key1/parrot", "east", "east/key1", "east/key1/parrot",
    ]  # fmt: skip


def _asks(do: Do, stage: Stage) -> None:
    answered = do("chat", VERSE)
    assert answered.out == stage.verse(VERSE) + "\n"
    assert answered.err.startswith("answered by north/key1/parrot in ")

    stage.breaks_off("north")
    rescued = do("chat", VERSE)
    assert rescued.out == stage.verse(VERSE) + "\n"
    assert rescued.err.startswith("answered by east/key1/parrot in ")
    assert "north/parrot broke off; east/parrot said it again" in rescued.err
    assert "whole story: failoverctl explain " in rescued.err


def _explains_and_releases(do: Do) -> None:
    story = do("explain")
    assert story.code == Exit.OK
    assert " was answered by east/key1/parrot.\n" in story.out
    assert "1. north/key1/parrot was tried" in story.out
    assert do("explain", "no-such-id").code == Exit.USAGE

    degraded = do("status")
    assert degraded.code == Exit.FAILED
    assert "quarantined" in degraded.out
    assert do("release", "--all").out == "all quarantines and rests are over\n"
    assert do("status").code == Exit.OK


def _steers(do: Do) -> None:
    held = do("quarantine", "north", "--for", "1m", "--reason", "a test")
    assert held.out.startswith("north is quarantined, until")
    assert do("chat", VERSE).err.startswith("answered by east/key1/parrot in ")
    assert "ordered: quarantine north a test" in do("events").out
    assert do("enable", "nrth").code == Exit.USAGE
    assert do("release", "north").out == "north is released\n"
    assert do("disable", "north/key1/parrot").out.startswith("north/key1/parrot is disabled, until")
    stays = "; what is disabled by its own name stays so: north/key1/parrot\n"
    assert do("enable", "north").out == f"north is enabled{stays}"
    assert do("enable", "north/parrot").out == "north/key1/parrot is enabled\n"
    assert do("force", "east").out.startswith("every pool goes to east where it can, until")
    assert do("chat", VERSE).err.startswith("answered by east/key1/parrot in ")
    assert do("clear").code == Exit.OK
    assert do("strategy", "auto", "round_robin").out.startswith("pool auto chooses by round_robin, until")


def _measures(do: Do) -> None:
    probed = do("probe").out.splitlines()[1:]
    assert [line.split()[:2] for line in probed] == [["north", "well"], ["east", "well"]]
    assert "north/key1/parrot" in do("stats").out
    assert do("stats", "--reset").code == Exit.OK
    assert "no limit known  north/key1/parrot, east/key1/parrot" in do("capacity").out
    _wait_for(lambda: do("journal").out.count(" ok "), 4)


def _reloads(do: Do, home: Path) -> None:
    assert do("reload").out.startswith("reloaded: no provider changed")
    (home / "failoverd.toml").write_text("[provider.nobody\n")
    refused = do("reload")
    assert refused.code == Exit.USAGE
    assert "everything stays as it was\n" in refused.err


def _wait_for(count: Callable[[], int], wanted: int) -> None:
    """Interactive answers do not wait for the journal, so neither may we expect it at once."""
    until = time.monotonic() + 30
    while count() < wanted:
        assert time.monotonic() < until
        time.sleep(0.05)
