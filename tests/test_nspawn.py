"""As an operator has it: a real systemd, the installer, the units as they are shipped; and what may befall them."""

import json
import time
from collections.abc import Iterator

import pytest

from tests.machine import Machine, booted

pytestmark = [pytest.mark.stranger, pytest.mark.slow]

KEY = "sk-of-the-machine-0123456789"
CONFIG = """
[provider.well]
url = "http://127.0.0.1:8080/well"
key = "credential:well"
models = ["m"]
probe = { enabled = false }

[provider.sick]
url = "http://127.0.0.1:8080/sick"
priority = 1
models = ["m"]
probe = { enabled = false }
retry = { retries = 0 }
"""

PROVIDER = """
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
class Provider(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        with open("/run/provider-saw", "a") as saw:
            saw.write(f"{self.path} {self.headers.get('authorization')}\\n")
        is_well = self.path.startswith("/well")
        body = b'{"choices":[{"index":0,"message":{"role":"assistant","content":"hello"},"finish_reason":"stop"}]}'
        body = body if is_well else b'{"error":{"message":"out of order"}}'
        self.send_response(200 if is_well else 503)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
ThreadingHTTPServer(("127.0.0.1", 8080), Provider).serve_forever()
"""

CALL = """
import json, socket, sys
line = socket.socket(socket.AF_UNIX)
line.settimeout(30)
line.connect(sys.argv[1])
asked = {"jsonrpc": "2.0", "id": 1, "method": sys.argv[2], "params": json.loads(sys.argv[3])}
line.sendall(json.dumps(asked).encode() + b"\\n")
heard = b""
while not heard.endswith(b"\\n"):
    heard += line.recv(65536)
print(heard.decode(), end="")
"""

WAITING = """
import socket, threading
def client(number):
    line = socket.socket(socket.AF_UNIX)
    line.settimeout(120)
    try:
        line.connect("/run/failoverd/failoverd.sock")
        line.sendall(b'{}')
        print("heard", line.recv(1))
    except OSError as error:
        print(type(error).__name__)
threads = [threading.Thread(target=client, args=(number,)) for number in range(3)]
for each in threads: each.start()
for each in threads: each.join()
"""

FIVE = """
import json, socket, sys, threading, time
until = time.monotonic() + float(sys.argv[1])
refused, dropped, answered = [], [], []
def client():
    while time.monotonic() < until:
        line = socket.socket(socket.AF_UNIX)
        line.settimeout(30)
        try:
            line.connect("/run/failoverd/failoverd.sock")
        except OSError as error:
            refused.append(repr(error))
            continue
        try:
            line.sendall(b'{"jsonrpc":"2.0","id":1,"method":"ping"}\\\\n')
            (answered if line.recv(4096) else dropped).append(time.monotonic())
        except OSError:
            dropped.append(time.monotonic())
        line.close()
        time.sleep(0.005)
threads = [threading.Thread(target=client) for _ in range(5)]
for each in threads: each.start()
for each in threads: each.join()
print(json.dumps({"refused": refused, "dropped": len(dropped), "answered": len(answered), "last_s": until - max(answered)}))
"""


@pytest.fixture(scope="module")
def machine(tmp_path_factory) -> Iterator[Machine]:
    with booted(tmp_path_factory.mktemp("machine")) as made:
        made.write("/root/provider.py", PROVIDER)
        made.run("touch", "/run/provider-saw")
        made.write("/root/call.py", CALL)
        made.write("/root/waiting.py", WAITING)
        made.write("/root/five.py", FIVE.replace("\\\\n", "\\n"))
        made.run("systemd-run", "--unit=provider", "/usr/bin/python3", "/root/provider.py")
        made.write("/etc/failoverd/failoverd.toml", CONFIG)
        made.write("/etc/failoverd/keys/well", KEY + "\n", 0o600)
        made.run("sh", "/root/failoverd/systemd/install", "--wheels", "/root/wheels")
        made.run("useradd", "--create-home", "--groups", "failoverd", "ada")
        made.run("useradd", "--create-home", "eve")
        yield made


def call(
    machine: Machine, method: str, params: object = None, *, user: str = "", socket: str = "failoverd.sock"
):
    path = socket if socket.startswith("/") else f"/run/failoverd/{socket}"
    said = machine.run("python3", "/root/call.py", path, method, json.dumps(params or {}), user=user)
    return json.loads(said)


def chat(machine: Machine, model: str, user: str = ""):
    return call(machine, "chat", {"model": model, "messages": [{"role": "user", "content": "hi"}]}, user=user)


def drop_in(machine: Machine, text: str) -> None:
    machine.write("/etc/systemd/system/failoverd.service.d/test.conf", text)
    machine.run("systemctl", "daemon-reload")


def main_pid(machine: Machine) -> str:
    return machine.shown("MainPID")


def test_it_is_installed_ready_and_says_how_it_stands(machine):
    assert machine.shown("ActiveState") == "active"
    assert machine.shown("StatusText").startswith(
        "serving 2 providers, 2 lanes on /run/failoverd/failoverd.sock"
    )
    for unit in ("failoverd.service", "failoverd.socket", "failoverd-http.socket"):
        assert machine.run("systemctl", "is-enabled", unit).strip() == "enabled"
    assert machine.run("systemctl", "--failed", "--no-legend").strip() == ""
    assert "failoverd is well" in machine.run("failoverctl", "status")


def test_it_runs_as_nobody_in_particular_and_can_do_nothing(machine):
    status = machine.run("cat", f"/proc/{main_pid(machine)}/status")
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    uid = machine.run("id", "-u", "failoverd").strip()
    assert fields["Uid"].split() == [uid] * 4
    assert {fields[each] for each in ("CapPrm", "CapEff", "CapBnd", "CapAmb")} == {"0" * 16}
    assert (fields["NoNewPrivs"], fields["Seccomp"]) == ("1", "2")


def test_its_keys_reach_it_and_nothing_else_does(machine):
    assert "result" in chat(machine, "well/m")
    assert f"/well/chat/completions Bearer {KEY}" in machine.run("cat", "/run/provider-saw")
    pid = main_pid(machine)
    environ = machine.run("cat", f"/proc/{pid}/environ")
    assert KEY not in environ
    names = {each.partition("=")[0] for each in environ.split("\0") if each}
    ours = {f"{name}_DIRECTORY" for name in ("CONFIGURATION", "CREDENTIALS", "RUNTIME", "STATE")}
    systemds = {
        "INVOCATION_ID",
        "JOURNAL_STREAM",
        "LISTEN_FDNAMES",
        "LISTEN_FDS",
        "LISTEN_PID",
        "NOTIFY_SOCKET",
    }
    systemds |= {"SYSTEMD_EXEC_PID", "WATCHDOG_PID", "WATCHDOG_USEC"}
    assert names == ours | systemds | {"HOME", "LANG", "LOGNAME", "PATH", "USER"} | ({"SHELL"} & names)
    credentials = f"/proc/{pid}/root/run/credentials/failoverd.service"
    assert machine.run("ls", credentials).split() == ["key_well"]
    assert machine.code("cat", "/etc/failoverd/keys/well", user="failoverd") != 0
    assert machine.code("cat", "/run/credentials/failoverd.service/key_well", user="ada") != 0


def test_keys_may_be_encrypted_on_the_disk(machine):
    encrypted = "/etc/failoverd/encrypted"
    machine.run("mkdir", "-p", encrypted)
    machine.run(
        "systemd-creds", "encrypt", "--with-key=host", "--name=key_well", "-", f"{encrypted}/well", stdin=KEY
    )
    assert KEY not in machine.run("cat", f"{encrypted}/well")
    drop_in(machine, f"[Service]\nLoadCredential=\nLoadCredentialEncrypted=key:{encrypted}\n")
    try:
        machine.run("systemctl", "restart", "failoverd")
        before = machine.run("cat", "/run/provider-saw").count(KEY)
        assert "result" in chat(machine, "well/m")
        assert machine.run("cat", "/run/provider-saw").count(KEY) == before + 1
    finally:
        drop_in(machine, "")
        machine.run("systemctl", "restart", "failoverd")


def test_members_of_its_group_may_call_and_others_may_not(machine):
    assert "result" in chat(machine, "well/m", user="ada")
    assert call(machine, "drain", user="ada")["error"]["data"]["kind"] == "forbidden"
    for socket in ("failoverd.sock", "http.sock"):
        path = f"/run/failoverd/{socket}"
        assert machine.code("python3", "/root/call.py", path, "ping", "{}", user="eve") != 0
    assert machine.code("ls", "/var/lib/failoverd", user="ada") != 0


def test_a_reload_is_told_and_a_bad_one_fails_and_changes_nothing(machine):
    pid = main_pid(machine)
    machine.write("/etc/failoverd/failoverd.toml", CONFIG + "[provider.ollama]\n")
    machine.run("systemctl", "reload", "failoverd")
    assert machine.shown("StatusText") == "reloaded: added ollama"
    machine.write("/etc/failoverd/failoverd.toml", CONFIG + "[provider.nobody\n")
    assert machine.code("systemctl", "reload", "failoverd") != 0
    assert machine.shown("StatusText").startswith("reload refused, everything stays as it was")
    machine.write("/etc/failoverd/failoverd.toml", CONFIG)
    machine.run("systemctl", "reload", "failoverd")
    assert (machine.shown("ActiveState"), main_pid(machine)) == ("active", pid)
    assert "result" in chat(machine, "well/m")


def test_one_that_hangs_is_ended_by_the_watchdog_and_comes_back_with_its_quarantines(machine):
    drop_in(machine, "[Service]\nWatchdogSec=3\n")
    try:
        machine.run("systemctl", "restart", "failoverd")
        answered = chat(machine, "auto")["result"]["failover"]
        assert (answered["lane"], len(answered["attempts"])) == ("well/key1/m", 2)
        assert "quarantine" in machine.run("failoverctl", "providers", "sick", check=False)
        pid = main_pid(machine)
        machine.run("kill", "-STOP", pid)
        machine.wait("another life", lambda: main_pid(machine) not in ("0", pid))
        machine.wait("its readiness", lambda: machine.shown("ActiveState") == "active")
        assert "Failed with result 'watchdog'" in machine.run("journalctl", "-u", "failoverd", "--no-pager")
        assert "quarantine" in machine.run("failoverctl", "providers", "sick", check=False)
        assert "result" in chat(machine, "well/m")
    finally:
        drop_in(machine, "")
        machine.run("systemctl", "restart", "failoverd")


@pytest.mark.parametrize("blow", ["restart", "kill"])
def test_while_it_is_away_nobody_is_refused(machine, blow):
    before = main_pid(machine)
    machine.run(
        "systemd-run",
        "--unit=five",
        "--property=StandardOutput=truncate:/run/five",
        "python3",
        "/root/five.py",
        "8",
    )
    time.sleep(2)
    if blow == "restart":
        machine.run("systemctl", "restart", "failoverd")
    else:
        machine.run("kill", "-9", before)
    machine.wait("the end of the five", lambda: machine.shown("ActiveState", "five.service") != "active")
    seen = json.loads(machine.run("cat", "/run/five"))
    assert seen["refused"] == []
    if blow == "restart":
        assert seen["dropped"] < 5, (
            "who waited in the queue was not forgotten; PartOf= in the socket does that"
        )
    assert seen["answered"] > 100
    assert seen["last_s"] < 2, "the last were answered by the new life"
    assert main_pid(machine) not in ("0", before)


def test_an_upgrade_refuses_nobody_and_keeps_the_release_before(machine):
    releases = machine.run("ls", "/opt/failoverd/releases").split()
    machine.run(
        "systemd-run",
        "--unit=five",
        "--property=StandardOutput=truncate:/run/five",
        "python3",
        "/root/five.py",
        "20",
    )
    machine.run("sh", "/root/failoverd/systemd/install", "--wheels", "/root/wheels")
    machine.wait("the end of the five", lambda: machine.shown("ActiveState", "five.service") != "active")
    assert json.loads(machine.run("cat", "/run/five"))["refused"] == []
    after = machine.run("ls", "/opt/failoverd/releases").split()
    assert len(after) == 2
    assert after[0] in releases
    assert machine.run("readlink", "/opt/failoverd/current").strip() == f"releases/{after[1]}"
    assert machine.run("cat", "/etc/failoverd/failoverd.toml") == CONFIG


def test_an_upgrade_that_does_not_come_up_gives_way_to_the_release_before(machine):
    current = machine.run("readlink", "/opt/failoverd/current")
    only_the_old = f"test $$(readlink /opt/failoverd/current) = {current.strip()}"
    drop_in(machine, f"[Service]\nExecStartPre=/bin/sh -c '{only_the_old}'\n")
    try:
        said = machine.run("sh", "/root/failoverd/systemd/install", "--wheels", "/root/wheels", check=False)
        assert "serves again" in said
        assert machine.run("readlink", "/opt/failoverd/current") == current
        assert "result" in chat(machine, "well/m")
    finally:
        drop_in(machine, "")
        machine.run("systemctl", "reset-failed", "failoverd", check=False)
        machine.run("systemctl", "restart", "failoverd")


def test_with_a_wrong_config_it_gives_up_soon_who_waits_is_told_and_a_restart_is_all_it_takes(machine):
    machine.run("systemctl", "reset-failed", "failoverd")
    machine.run("systemctl", "stop", "failoverd")
    machine.write("/etc/failoverd/failoverd.toml", CONFIG + "[provider.nobody\n")
    complaints = _complaints(machine)
    try:
        told = machine.run("python3", "/root/waiting.py")
        assert told.split() == ["ConnectionResetError"] * 3
        machine.wait("the end of the attempts", lambda: machine.shown("ActiveState") == "failed")
        assert _complaints(machine) - complaints <= 7
        assert machine.shown("Result", "failoverd.socket") == "trigger-limit-hit"
        assert machine.code("systemctl", "is-active", "--quiet", "failoverd.socket") != 0
    finally:
        machine.write("/etc/failoverd/failoverd.toml", CONFIG)
    machine.run("systemctl", "restart", "failoverd")
    for unit in ("failoverd.service", "failoverd.socket", "failoverd-http.socket"):
        assert machine.shown("ActiveState", unit) == "active"
    assert "result" in chat(machine, "well/m")
    machine.run("systemctl", "reset-failed", "failoverd")


def _complaints(machine: Machine) -> int:
    return machine.run("journalctl", "-u", "failoverd", "--no-pager").count("the ] of a table is missing")


def test_a_user_has_one_of_ones_own(machine):
    uid = machine.run("id", "-u", "eve").strip()
    machine.run("loginctl", "enable-linger", "eve")
    machine.wait("her manager", lambda: machine.shown("ActiveState", f"user@{uid}.service") == "active")
    hers = ("env", f"XDG_RUNTIME_DIR=/run/user/{uid}", "HOME=/home/eve")
    machine.write(
        "/home/eve/.config/failoverd/failoverd.toml", CONFIG.replace('key = "credential:well"\n', "")
    )
    machine.run("chown", "-R", "eve:", "/home/eve")
    machine.run(
        *hers, "sh", "/root/failoverd/systemd/install", "--user", "--wheels", "/root/wheels", user="eve"
    )
    status = machine.run(
        *hers, "systemctl", "--user", "show", "failoverd", "-p", "ActiveState,StatusText", user="eve"
    )
    assert "ActiveState=active" in status
    assert f"serving 2 providers, 2 lanes on /run/user/{uid}/failoverd/failoverd.sock" in status
    path = f"/run/user/{uid}/failoverd/failoverd.sock"
    assert "result" in call(machine, "ping", user="eve", socket=path)
    assert machine.code("python3", "/root/call.py", path, "ping", "{}", user="ada") != 0
    machine.run(*hers, "systemctl", "--user", "reload", "failoverd", user="eve")
    machine.run(*hers, "sh", "/root/failoverd/systemd/uninstall", "--user", "--purge", user="eve")
    assert machine.code("test", "-e", path) != 0


def test_it_goes_without_a_trace(machine):
    """The last one here."""
    said = machine.run("sh", "/root/failoverd/systemd/uninstall")
    assert "These stayed" in said
    assert machine.code("test", "-e", "/etc/failoverd/keys/well") == 0
    machine.run("sh", "/root/failoverd/systemd/uninstall", "--purge")
    left = machine.run(
        "find", "/etc", "/opt", "/run", "/usr/lib", "/usr/local", "/var/lib", "-path", "*failoverd*"
    )
    assert left.splitlines() == []
    assert machine.code("getent", "passwd", "failoverd") != 0
