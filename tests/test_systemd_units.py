"""The units: systemd understands them without a word, they give up what they can, and they and the code agree."""

import re
import shlex
import subprocess
import sys
from configparser import RawConfigParser
from pathlib import Path

import pytest

from daemon.exits import Exit
from daemon.paths import places
from state.config import DaemonConfig
from tests.strangers import need

UNITS = Path(__file__).parent.parent / "systemd"
SERVICES = ("failoverd.service", "user/failoverd.service")
SOCKETS = {"failoverd.socket": "rpc", "failoverd-http.socket": "http"}
EXPOSURE_MAX = 1.5


class Unit(RawConfigParser):
    """One of them; where a setting stands twice, the last."""

    def __init__(self, name: str) -> None:
        super().__init__(strict=False, delimiters=("=",), comment_prefixes=("#",))
        self.read(UNITS / name)

    def optionxform(self, optionstr: str) -> str:
        return optionstr


def settings(name: str) -> dict[str, str]:
    unit = Unit(name)
    return {key: value for section in unit.sections() for key, value in unit.items(section)}


def installed(name: str, directory: Path) -> Path:
    """As it would stand on a machine on which the daemon is installed: there is something to start."""
    there = directory / Path(name).name
    there.write_text(re.sub(r"(?m)^(Exec\w+=)\S+/bin/python ", r"\1/bin/true ", (UNITS / name).read_text()))
    return there


@pytest.mark.stranger
def test_systemd_understands_them_without_a_word(tmp_path):
    need("systemd-analyze")
    units = [installed(name, tmp_path) for name in ("failoverd.service", *SOCKETS)]
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *map(str, units)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "")


@pytest.mark.stranger
def test_a_users_systemd_does_too(tmp_path, monkeypatch):
    need("systemd-analyze")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    unit = installed("user/failoverd.service", tmp_path)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--user", "--man=no", str(unit)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "")


@pytest.mark.stranger
def test_a_mistake_in_one_would_be_said(tmp_path):
    need("systemd-analyze")
    unit = installed("failoverd.service", tmp_path)
    unit.write_text(unit.read_text().replace("ProtectHome=", "ProtectHouse="))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)], capture_output=True, text=True, check=False
    )
    assert "ProtectHouse" in done.stderr


@pytest.mark.stranger
def test_the_service_has_given_up_nearly_all_that_can_be_given_up():
    need("systemd-analyze")
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", str(UNITS / "failoverd.service")],
        capture_output=True,
        text=True,
        check=True,
    )
    found = re.search(r"Overall exposure level for failoverd\.service: ([\d.]+)", done.stdout)
    assert found is not None, done.stdout
    assert float(found[1]) <= EXPOSURE_MAX, done.stdout


@pytest.mark.parametrize("name", SERVICES)
def test_what_they_start_is_isolated_and_exists(name, tmp_path):
    """Its own words, with our interpreter in the place of the installed one, in a directory full of traps."""
    for trap in ("json.py", "argparse.py", "daemon.py", "sitecustomize.py", "usercustomize.py"):
        (tmp_path / trap).write_text("raise SystemExit('a trap of the current directory')")
    for key, last in (("ExecStart", "run"), ("ExecReload", "reload")):
        _, *words = shlex.split(settings(name)[key])
        assert words[0] == "-I"
        assert words[-1] == last
        done = subprocess.run(
            [sys.executable, *words, "--help"],
            cwd=tmp_path,
            env={
                "PYTHONPATH": str(tmp_path),
                "PYTHONSTARTUP": str(tmp_path / "json.py"),
                "PYTHONHOME": "/none",
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert last in done.stdout


@pytest.mark.parametrize(("name", "descriptor"), SOCKETS.items())
def test_sockets_stand_where_the_daemon_and_its_clients_look(name, descriptor):
    unit = settings(name)
    system = places({}, uid=0, home="/root")
    path = {"rpc": system.socket, "http": system.http_socket}[descriptor]
    assert (unit["ListenStream"], unit["FileDescriptorName"], unit["Service"]) == (
        path,
        descriptor,
        "failoverd.service",
    )
    assert (unit["SocketUser"], unit["SocketGroup"], unit["SocketMode"]) == ("failoverd", "failoverd", "0660")
    assert "PartOf" not in unit, "a restart would drop whoever connects meanwhile"


def test_directories_are_those_where_the_daemon_looks():
    unit = settings("failoverd.service")
    system = places({}, uid=0, home="/root")
    assert system.config_dir == f"/etc/{unit['ConfigurationDirectory']}"
    assert system.state_dir == f"/var/lib/{unit['StateDirectory']}"
    assert system.runtime_dir == f"/run/{unit['RuntimeDirectory']}"
    assert unit["LoadCredential"] == f"key:{system.config_dir}/keys"
    made = (UNITS / "tmpfiles.d/failoverd.conf").read_text()
    assert re.search(r"(?m)^d /run/failoverd +0750 failoverd failoverd -$", made)
    assert re.search(r"(?m)^d /etc/failoverd/keys +0700 root +root +-$", made)
    assert re.search(r"(?m)^u failoverd - ", (UNITS / "sysusers.d/failoverd.conf").read_text())


@pytest.mark.parametrize("name", SERVICES)
def test_who_can_only_fail_again_is_not_started_again(name):
    unit = settings(name)
    assert unit["Restart"] == "on-failure"
    assert unit["RestartPreventExitStatus"].split() == [str(int(Exit.USAGE)), str(int(Exit.ALREADY_RUNNING))]
    assert (unit["StartLimitIntervalSec"], unit["StartLimitBurst"]) == ("300", "20")


@pytest.mark.parametrize("name", SERVICES)
def test_there_is_time_to_drain(name):
    unit = settings(name)
    assert unit["Type"] == "notify"
    assert float(unit["TimeoutStopSec"]) > DaemonConfig().drain_s + 5.0
    assert float(unit["WatchdogSec"]) > 0


@pytest.mark.parametrize("missing", ["PrivateUsers", "ProcSubset", "DynamicUser", "IPAddressDeny"])
def test_what_would_harm_is_not_there(missing):
    """Each with its reason in the unit or beside it: callers would look alike, the boot id would be hidden, the
    sockets would be out of the group's reach, and names could not be resolved on some clouds.
    """
    assert missing not in settings("failoverd.service")
