"""HTTP by the real process: found, taken over, steered by signals."""

import http.client
import json
import signal
import socket
import stat
from pathlib import Path
from typing import Any

import pytest

from daemon.exits import Exit
from tests.fakeserver.strange_ports import free_port
from tests.process import running, write_config

PROVIDER = '[provider.p]\nurl = "http://127.0.0.1:9/v1"\nmodels = ["m"]\n'
PATIENCE_S = 10.0


def get(where: Path | int, path: str = "/healthz", **headers: str) -> tuple[int, Any]:
    """By Unix socket or port."""
    if isinstance(where, Path):
        line = socket.socket(socket.AF_UNIX)
        line.settimeout(PATIENCE_S)
        line.connect(str(where))
    else:
        line = socket.create_connection(("127.0.0.1", where), PATIENCE_S)
    connection = http.client.HTTPConnection("localhost")
    connection.sock = line
    try:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def with_tcp(home: Path, port: int, more: str = "") -> None:
    path = write_config(home, PROVIDER)
    path.write_text(path.read_text().replace('http_tcp = ""', f'http_tcp = "127.0.0.1:{port}"\n{more}'))


def test_it_serves_by_unix_socket_and_port_and_leaves_nothing_behind(tmp_path):
    port = free_port()
    with_tcp(tmp_path, port)
    uds = tmp_path / "run/http.sock"
    with running(tmp_path) as daemon:
        daemon.wait_ready()
        well = {"status": "ok", "ready": True, "pools": {"auto": True}, "journal": "well"}
        assert get(uds) == (200, well)
        assert get(port) == (200, well)
        assert stat.S_ISSOCK(uds.stat().st_mode)
        assert stat.S_IMODE(uds.stat().st_mode) in (0o600, 0o660)
        assert daemon.stop() == Exit.OK
    assert not uds.exists()
    assert "http drained" in daemon.log


def test_a_port_that_is_taken_is_a_warning(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        with_tcp(tmp_path, other.getsockname()[1])
        with running(tmp_path) as daemon:
            daemon.wait_ready()
            assert get(tmp_path / "run/http.sock")[0] == 200
            assert daemon.stop() == Exit.OK
    assert "HTTP cannot listen at 127.0.0.1:" in daemon.log


def test_a_new_token_counts_from_the_reload_on(tmp_path):
    port, token = free_port(), tmp_path / "token"
    token.write_text("first-token")
    token.chmod(0o600)
    with_tcp(tmp_path, port, f'http_token = "file:{token}"')
    with running(tmp_path) as daemon:
        daemon.wait_ready()
        assert get(port)[0] == 401
        assert get(port, authorization="Bearer first-token")[0] == 200
        assert get(tmp_path / "run/http.sock")[0] == 200
        token.write_text("second-token")
        daemon.forget_told()
        daemon.signal(signal.SIGHUP)
        daemon.wait_told("READY=1")
        assert get(port, authorization="Bearer first-token")[0] == 401
        assert get(port, authorization="Bearer second-token")[0] == 200
        assert daemon.stop() == Exit.OK
    assert "-token" not in daemon.log.replace("http_token", "")


ACTIVATED = """
import os, socket, sys
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen()
os.dup2(listener.fileno(), 3)
os.set_inheritable(3, True)
os.environ |= {"LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid()), "LISTEN_FDNAMES": "http"}
os.execv(sys.executable, [sys.executable, "-m", "daemon.main", "run", "--config", sys.argv[2]])
"""


def test_the_socket_that_systemd_opened_is_taken_over_and_stays(tmp_path):
    config, uds = write_config(tmp_path, PROVIDER), tmp_path / "systemds.sock"
    with running(tmp_path, "-c", ACTIVATED, str(uds), str(config)) as daemon:
        daemon.wait_ready()
        assert get(uds)[0] == 200
        assert daemon.stop() == Exit.OK
    assert uds.exists()


@pytest.mark.parametrize("path", ["/healthz", "/v1/models", "/metrics"])
def test_another_name_for_this_machine_is_refused_everywhere(tmp_path, path):
    write_config(tmp_path, PROVIDER)
    with running(tmp_path) as daemon:
        daemon.wait_ready()
        assert get(tmp_path / "run/http.sock", path, host="evil.example")[0] == 421
        assert daemon.stop() == Exit.OK
