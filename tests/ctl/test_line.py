"""When it goes wrong: what failoverctl says, which next step it names, and how it exits."""

import os
import socket

import pytest

from daemon.ctl.grammar import sockets_of
from daemon.ctl.line import Line
from daemon.exits import Exit
from daemon.verdicts import ENDINGS, ErrorKind
from tests.ctl.prompt import ctl
from tests.ctl.said import STATUS
from tests.fakes.daemon import fake_daemon, raw, refuses, says

NOBODY = 65_534


def test_without_a_daemon_it_says_where_it_looked_and_how_to_start_one(tmp_path):
    said = ctl(tmp_path / "s", "status")

    assert said.code == Exit.NOT_RUNNING
    assert said.out == ""
    assert said.err.replace(str(tmp_path), "DIR") == (
        "failoverctl: no daemon is running\n"
        "  looked at DIR/s: not there\n"
        "  start it with: systemctl start failoverd\n"
        "  or, for yourself, in another terminal: failoverd run\n"
        "  if it listens elsewhere: failoverctl --socket PATH ...\n"
    )


def test_a_socket_whose_daemon_died_is_told_apart(tmp_path_factory):
    path = tmp_path_factory.mktemp("d") / "s"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))

    said = ctl(path, "status")

    assert said.code == Exit.NOT_RUNNING
    assert f"looked at {path}: nobody listens there any more" in said.err


def test_a_path_that_can_be_no_socket_is_told_in_one_line(tmp_path):
    said = ctl(tmp_path / ("long" * 40), "status")

    assert said.code == Exit.NOT_RUNNING
    assert said.err.startswith("failoverctl: can't reach a daemon at ")


def test_a_socket_that_one_may_not_use_is_not_a_daemon_that_is_missing(daemon):
    daemon.path.chmod(0)
    before = os.geteuid()
    if before == 0:
        daemon.path.parent.parent.chmod(0o755)
        os.seteuid(NOBODY)
    try:
        said = ctl(daemon, "status")
    finally:
        os.seteuid(before)

    assert said.code == Exit.NOT_ALLOWED
    assert said.err.startswith(f"failoverctl: you may not use the socket {daemon.path}\n  its group may: ")


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"HTTP/1.1 400 Bad Request\r\n\r\n", id="another protocol"),
        pytest.param(b"\xff\xfe\n", id="bytes"),
        pytest.param(b"[]\n", id="JSON, but no object"),
        pytest.param(b"[" * 100_000 + b"\n", id="nested beyond all bounds"),
        pytest.param(b'{"jsonrpc": "2.0", "id": 1, "resu', id="half an answer"),
        pytest.param(b'{"jsonrpc": "2.0", "id": 1, "result": {}}', id="an answer whose line has no end"),
    ],
)
def test_who_speaks_something_else_is_no_failoverd(daemon, answer):
    daemon.on("status", raw(answer))

    said = ctl(daemon, "status")

    assert said.code == Exit.FAILED
    assert said.err.startswith(
        f"failoverctl: what answers at {daemon.path} does not speak failoverd's language\n  "
    )


@pytest.mark.parametrize(
    "result", [None, [], {}, {"health": 7}, {"health": "well", "providers": [{}]}, "well"]
)
@pytest.mark.parametrize(
    "command", [("status",), ("explain", "x"), ("stats",), ("capacity",), ("release", "--all")]
)
def test_an_answer_of_another_shape_is_told_and_no_traceback(daemon, command, result):
    for method in ("status", "explain", "stats", "capacity", "release"):
        daemon.on(method, says(result))

    said = ctl(daemon, *command)

    assert said.code == Exit.FAILED
    assert said.err == (
        "failoverctl: the daemon's answer is not what this failoverctl expects\n"
        "  they may be of different versions: failoverctl --version\n"
        "  after an upgrade: systemctl restart failoverd\n"
        "  to report it, with the place: FAILOVERCTL_TRACE=1 failoverctl ...\n"
    )


def test_a_daemon_that_hangs_up_is_told(daemon):
    daemon.on("status", raw())

    said = ctl(daemon, "status")

    assert said.code == Exit.FAILED
    assert said.err.startswith(
        "failoverctl: the daemon hung up without an answer\n  see what it says: journalctl "
    )


def test_answers_to_other_questions_and_strange_notices_are_passed_over(daemon):
    notices: list[tuple[str, object]] = [("x", {}), ("y", None), ("z", [1])]

    def turn(request):
        yield b'{"jsonrpc": "2.0", "id": 99, "result": "not mine"}\n'
        yield b'{"jsonrpc": "2.0", "id": 1, "method": "chat"}\n'
        yield from says(STATUS, *notices)(request)

    daemon.on("status", turn)

    assert ctl(daemon, "status").code == Exit.OK


@pytest.mark.parametrize("kind", list(ErrorKind))
def test_every_error_of_the_daemon_ends_as_the_table_says(daemon, kind):
    daemon.on("status", refuses(kind, "no, and here is why"))

    said = ctl(daemon, "status")

    assert said.code == ENDINGS[kind].exit
    assert said.err.startswith("failoverctl: no, and here is why\n")


def test_who_may_not_is_told_who_may(daemon):
    daemon.on("drain", refuses(ErrorKind.FORBIDDEN, "uid 1000 may not call drain: it takes the scope admin"))

    said = ctl(daemon, "drain")

    assert said.code == Exit.NOT_ALLOWED
    assert "  only root, the daemon's own user and those in admin_uids or admin_gids may do this" in said.err


def test_an_error_without_a_known_code_is_still_told(daemon):
    daemon.on("status", raw(b'{"jsonrpc": "2.0", "id": 1, "error": {"code": "x"}}\n'))

    said = ctl(daemon, "status")

    assert (said.code, said.err) == (Exit.FAILED, "failoverctl: the daemon refused, and did not say why\n")


def test_the_first_socket_at_which_somebody_listens_is_taken(daemon, tmp_path):
    daemon.on("ping", says({"pong": True}))
    with Line([str(tmp_path / "nobody"), str(daemon.path)]) as line:
        assert line.path == str(daemon.path)
        assert line.ask("ping") == {"pong": True}


def test_the_environment_names_the_socket_where_no_option_does(monkeypatch):
    monkeypatch.setenv("FAILOVERD_SOCKET", "/named")
    assert sockets_of("") == ("/named",)
    assert sockets_of("/asked") == ("/asked",)
    monkeypatch.delenv("FAILOVERD_SOCKET")
    assert len(sockets_of("")) in (1, 2)


def test_the_socket_may_be_named_before_the_command_or_behind_it(tmp_path_factory):
    with fake_daemon(tmp_path_factory.mktemp("d") / "t") as other:
        other.on("status", says(STATUS))
        assert ctl(tmp_path_factory.mktemp("e"), "status", "--socket", str(other.path)).code == Exit.OK
