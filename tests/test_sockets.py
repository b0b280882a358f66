import os
import socket
import stat
import subprocess
import sys

import pytest

from daemon.sockets import SocketPathTaken, bind_unix, inherited, unlink_if_ours


def test_a_socket_has_its_mode_from_the_first_instant(tmp_path):
    path = tmp_path / "failoverd.sock"
    with bind_unix(path, mode=0o600):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with bind_unix(path, mode=0o660):
        assert stat.S_IMODE(path.stat().st_mode) == 0o660


def test_clients_can_connect_though_nobody_accepts_yet(tmp_path):
    path = tmp_path / "failoverd.sock"
    with bind_unix(path, mode=0o600), socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))


def test_a_dead_predecessors_socket_is_replaced(tmp_path):
    path = tmp_path / "failoverd.sock"
    bind_unix(path, mode=0o600).close()
    assert path.exists()
    bind_unix(path, mode=0o600).close()


def test_a_file_in_the_way_is_not_touched(tmp_path):
    path = tmp_path / "failoverd.sock"
    path.write_text("precious")
    with pytest.raises(SocketPathTaken, match="in the way"):
        bind_unix(path, mode=0o600)
    assert path.read_text() == "precious"


def test_a_symlink_in_the_way_is_not_followed(tmp_path):
    bind_unix(tmp_path / "other.sock", mode=0o600).close()
    path = tmp_path / "failoverd.sock"
    path.symlink_to(tmp_path / "other.sock")
    with pytest.raises(SocketPathTaken):
        bind_unix(path, mode=0o600)
    assert (tmp_path / "other.sock").exists()


def test_a_path_that_no_socket_can_have_is_explained(tmp_path):
    with pytest.raises(SocketPathTaken, match="107 bytes"):
        bind_unix(tmp_path / ("x" * 200), mode=0o600)


def test_removing_a_socket_twice_is_no_error(tmp_path):
    path = tmp_path / "failoverd.sock"
    bind_unix(path, mode=0o600).close()
    unlink_if_ours(path)
    unlink_if_ours(path)
    assert not path.exists()


RECEIVER = """
import os, socket, sys
from daemon.sockets import inherited
os.environ["LISTEN_PID"] = str(os.getpid())
found = inherited(os.environ, os.getpid())
print(sorted(found), [s.family == socket.AF_UNIX for s in found.values()],
      "LISTEN_FDS" in os.environ, [os.get_inheritable(s.fileno()) for s in found.values()])
"""


def test_sockets_opened_by_the_service_manager_are_taken_over(tmp_path):
    """A real child process gets real descriptors 3 and 4, as systemd would pass them."""
    with bind_unix(tmp_path / "a", mode=0o600) as a, bind_unix(tmp_path / "b", mode=0o600) as b:
        script = f"import os; os.dup2({a.fileno()}, 3); os.dup2({b.fileno()}, 4)\n{RECEIVER}"
        done = subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "LISTEN_FDS": "2", "LISTEN_FDNAMES": "rpc:http"},
            pass_fds=(a.fileno(), b.fileno()),
            capture_output=True,
            text=True,
            check=True,
        )
    assert done.stdout.strip() == "['http', 'rpc'] [True, True] False [False, False]"


def test_descriptors_meant_for_another_process_are_left_alone():
    environ = {"LISTEN_FDS": "1", "LISTEN_PID": "1", "LISTEN_FDNAMES": "rpc"}
    assert inherited(environ, 2) == {}
    assert environ == {}


def test_without_socket_activation_there_is_nothing_to_take():
    assert inherited({}, 1) == {}
