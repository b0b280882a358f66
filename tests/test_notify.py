import os
import socket
from pathlib import Path

import pytest

from daemon.notify import Silent, Systemd, systemd_from


@pytest.fixture
def notified():
    """Our end, closed when the test is over."""
    ours: list[Systemd | Silent] = []

    def make(pid: int = 1, **variables: str) -> Systemd | Silent:
        ours.append(systemd_from(dict(variables), pid))
        return ours[-1]

    yield make
    for each in ours:
        each.close()


@pytest.fixture
def manager(tmp_path):
    """The service manager's end of the conversation: a real datagram socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.settimeout(5)
        yield listening


def path_of(manager: socket.socket) -> str:
    name = manager.getsockname()
    assert isinstance(name, str)
    return name


def test_states_arrive_in_one_datagram(manager, notified):
    notify = notified(NOTIFY_SOCKET=path_of(manager))
    notify.tell("READY=1", "STATUS=3 providers, 12 lanes")
    assert manager.recv(4096) == b"READY=1\nSTATUS=3 providers, 12 lanes"


def test_a_status_cannot_smuggle_in_a_state_of_its_own(manager, notified):
    notify = notified(NOTIFY_SOCKET=path_of(manager))
    notify.tell("STATUS=said\nMAINPID=1")
    assert manager.recv(4096) == b"STATUS=said MAINPID=1"


def test_an_abstract_address_works(notified):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        name = f"failoverd-test-{os.getpid()}"
        listening.bind("\0" + name)
        listening.settimeout(5)
        notified(NOTIFY_SOCKET=f"@{name}").tell("READY=1")
        assert listening.recv(64) == b"READY=1"


def test_the_variables_are_taken_so_that_no_child_speaks_for_us(manager):
    environ = {
        "NOTIFY_SOCKET": path_of(manager),
        "WATCHDOG_USEC": "30000000",
        "WATCHDOG_PID": "1",
        "HOME": "/",
    }
    systemd_from(environ, 1).close()
    assert environ == {"HOME": "/"}


def test_the_watchdog_is_ours_only_if_it_names_us(manager, notified):
    def watchdog_s(**variables):
        return notified(42, NOTIFY_SOCKET=path_of(manager), **variables).watchdog.timeout_s

    assert watchdog_s(WATCHDOG_USEC="30000000", WATCHDOG_PID="42") == 30.0
    assert watchdog_s(WATCHDOG_USEC="30000000") == 30.0
    assert watchdog_s(WATCHDOG_USEC="30000000", WATCHDOG_PID="43") == 0.0
    assert watchdog_s(WATCHDOG_USEC="soon") == 0.0


def test_nobody_listening_is_no_reason_to_die(tmp_path, notified):
    notify = notified(NOTIFY_SOCKET=str(tmp_path / "nobody"))
    assert isinstance(notify, Systemd)
    notify.tell("READY=1")


@pytest.mark.parametrize("address", ["", "relative", "vsock:2:1234"])
def test_without_an_address_that_we_understand_we_stay_silent(address, notified):
    notify = notified(NOTIFY_SOCKET=address)
    assert isinstance(notify, Silent)
    notify.tell("READY=1")


def test_a_manager_that_does_not_read_does_not_stop_us(manager, notified):
    notify = notified(NOTIFY_SOCKET=path_of(manager))
    for _ in range(10_000):
        notify.tell("WATCHDOG=1")
    assert Path(path_of(manager)).exists()
