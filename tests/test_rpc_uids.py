"""Other users of the machine, as real processes: what they may not do is refused, said and logged."""

import json
import re

import pytest

from daemon.exits import Exit
from daemon.rpc.methods import METHODS
from daemon.rpc.scopes import EVERYBODY
from tests.others import NOBODY, as_root, open_ground, python_as, run_as
from tests.process import running, write_config

pytestmark = [pytest.mark.slow, as_root]

CONFIG = """
[provider.nobody]
url = "http://127.0.0.1:9/v1"
models = ["m1"]
probe.enabled = false
"""
ROOTS_GROUP = 0
"""The socket's: who is in it may call."""
BEYOND = sorted(name for name, method in METHODS.items() if method.scope not in EVERYBODY)

ASK_ALL = """
import json, socket, sys
line = socket.socket(socket.AF_UNIX)
line.settimeout(20)
line.connect(sys.argv[1])
lines = line.makefile()
for method in sys.argv[2:]:
    line.sendall(json.dumps({"jsonrpc": "2.0", "id": method, "method": method, "params": {}}).encode() + b"\\n")
    print(lines.readline(), end="")
"""
CTL = "import sys; from daemon.ctl import main; sys.exit(main(sys.argv[1:]))"


@pytest.fixture
def daemon():
    python_as(NOBODY)  # or skip before anything is started
    with open_ground() as home:
        (home / "run").mkdir(mode=0o755)
        write_config(home, CONFIG)
        with running(home) as daemon:
            daemon.wait_ready()
            yield daemon


def test_all_that_is_beyond_ones_scope_is_refused_and_logged(daemon):
    path = str(daemon.home / "run/failoverd.sock")

    told = run_as(NOBODY, ASK_ALL, path, *BEYOND, gids=(ROOTS_GROUP,))

    errors = {said["id"]: said["error"] for said in map(json.loads, told.stdout.splitlines())}
    assert {method: error["data"]["kind"] for method, error in errors.items()} == dict.fromkeys(
        BEYOND, "forbidden"
    )
    assert daemon.stop() == Exit.OK
    logged = re.findall(rf"uid {NOBODY} \(process \d+\) was refused (\S+):", daemon.log)
    assert sorted(logged) == BEYOND


def test_failoverctl_says_who_may_and_exits_with_4(daemon):
    path = str(daemon.home / "run/failoverd.sock")

    member = run_as(NOBODY, CTL, "--socket", path, "drain", gids=(ROOTS_GROUP,))
    outsider = run_as(NOBODY, CTL, "--socket", path, "status")

    assert (member.returncode, outsider.returncode) == (Exit.NOT_ALLOWED, Exit.NOT_ALLOWED)
    assert f"failoverctl: uid {NOBODY} " in member.stderr
    assert "may not call drain: it takes the scope admin\n  only root, " in member.stderr
    assert outsider.stderr.startswith(f"failoverctl: you may not use the socket {path}\n  its group may: ")
