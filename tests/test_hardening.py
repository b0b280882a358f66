"""What a running daemon has given up, looked at from outside, as the kernel tells it."""

import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from daemon.hardening import forget
from daemon.homes import Unsafe, make_home
from tests.others import NOBODY, as_root, open_ground, python_as, run_as
from tests.process import Process, running, write_config

KEY = "sk-in-memory-0123456789"
BECOME = ("-c", "import os, sys; os.execvp(sys.argv[1], sys.argv[1:])")


@pytest.fixture
def home(tmp_path):
    write_config(tmp_path)
    return tmp_path


def status_of(daemon: Process) -> dict[str, str]:
    lines = Path(f"/proc/{daemon.popen.pid}/status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def test_it_leaves_no_core_gains_no_privileges_and_writes_for_itself_alone(home):
    with running(home) as daemon:
        daemon.wait_ready()
        assert resource.prlimit(daemon.popen.pid, resource.RLIMIT_CORE) == (0, 0)
        assert status_of(daemon)["NoNewPrivs"] == "1"
        assert status_of(daemon)["Umask"] == "0077"
        loose = [path for path in home.rglob("state/*") if path.stat().st_mode & 0o077]
        assert loose == []
        daemon.stop()


PEEK = """
import os, sys
for name in ("environ", "mem", "maps", "fd", "cwd", "root", "exe", "auxv", "stack"):
    path = f"/proc/{sys.argv[1]}/{name}"
    try:
        if name == "fd":
            os.listdir(path)
        elif name in ("cwd", "root", "exe"):
            os.readlink(path)
        else:
            open(path, "rb").read(1)
    except PermissionError:
        continue
    except OSError as error:
        print(name, error)
        continue
    print(name, "can be read")
"""


@as_root
def test_not_even_another_process_of_the_same_user_can_look_into_it():
    words, environ = python_as(NOBODY)
    with open_ground() as home:
        write_config(home, "[provider.gemini]\nkey = 'env:A_KEY'\nmodels = ['gemini-2.5-flash']\n")
        os.chown(home, NOBODY, NOBODY)
        run = ("-m", "daemon.main", "run", "--config", str(home / "failoverd.toml"))
        with running(home, *BECOME, *words, *run, environ={**environ, "A_KEY": KEY}) as daemon:
            os.chown(home / "notify", NOBODY, NOBODY)
            daemon.wait_ready()
            assert status_of(daemon)["Uid"].split() == [str(NOBODY)] * 4
            assert run_as(NOBODY, PEEK, str(daemon.popen.pid)).stdout == ""
            assert KEY not in Path(f"/proc/{daemon.popen.pid}/cmdline").read_text()
            daemon.stop()


@as_root
def test_without_that_it_could_be_looked_into(tmp_path):
    """So the test above can tell the difference."""
    words, environ = python_as(NOBODY)
    sleeper = subprocess.Popen([*words, "-c", "input()"], env=environ, stdin=subprocess.PIPE)
    try:
        while b"setpriv" in Path(f"/proc/{sleeper.pid}/cmdline").read_bytes():
            time.sleep(0.01)
        assert "environ can be read" in run_as(NOBODY, PEEK, str(sleeper.pid)).stdout
    finally:
        sleeper.communicate(b"\n")


def test_a_killed_one_says_where_it_was_and_not_with_what(home):
    write_config(home, "[provider.gemini]\nkey = 'env:A_KEY'\nmodels = ['gemini-2.5-flash']\n")
    with running(home, environ={"A_KEY": KEY}) as daemon:
        daemon.wait_ready()
        daemon.signal(signal.SIGABRT)
        assert daemon.wait_exit() == -signal.SIGABRT
    assert "Fatal Python error: Aborted" in daemon.log
    assert "Current thread" in daemon.log
    assert KEY not in daemon.log
    assert not list(home.glob("core*"))


def test_variables_of_the_surroundings_are_said_and_not_followed(home):
    environ = {"https_proxy": "http://127.0.0.1:1", "SSLKEYLOGFILE": str(home / "keylog")}
    with running(home, environ=environ) as daemon:
        daemon.wait_ready()
        daemon.stop()
    assert daemon.log.splitlines()[:2] == [
        "SSLKEYLOGFILE is set and not followed: nobody is told the keys of its connections",
        "https_proxy is set and not followed: say proxy = ... at the provider that needs one",
    ]
    assert not (home / "keylog").exists()


def test_what_is_forgotten_is_gone_and_nothing_else():
    environ = {
        "HTTP_PROXY": "a",
        "Ssl_Cert_File": "b",
        "OPENSSL_CONF": "c",
        "GEMINI_API_KEY": "d",
        "PATH": "e",
    }
    said = forget(environ)
    assert [line.partition(" ")[0] for line in said] == ["HTTP_PROXY", "OPENSSL_CONF", "Ssl_Cert_File"]
    assert environ == {"GEMINI_API_KEY": "d", "PATH": "e"}


def test_openssl_is_not_loaded_before_its_variables_are_gone():
    """It reads them once, while it is loaded."""
    code = "import sys, daemon.main; print({'ssl', '_ssl', '_hashlib'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


# The way to the directories we live in.


def test_a_home_is_made_with_all_that_is_missing(tmp_path):
    made = make_home(tmp_path / "a" / "b", mode=0o700)
    assert made.stat().st_mode & 0o777 == 0o700


def test_a_link_of_our_own_may_lead_home(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    make_home(tmp_path / "link" / "state", mode=0o700)
    assert (tmp_path / "real" / "state").is_dir()


@as_root
def test_a_link_of_somebody_else_leads_nowhere(tmp_path):
    (tmp_path / "real").mkdir()
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "real")
    os.lchown(link, NOBODY, NOBODY)
    with pytest.raises(Unsafe, match=f"link is a link of user {NOBODY}"):
        make_home(link / "state", mode=0o700)
    assert list((tmp_path / "real").iterdir()) == []


@as_root
def test_a_directory_of_somebody_else_on_the_way_is_refused(tmp_path):
    theirs = tmp_path / "theirs"
    (theirs / "state").mkdir(parents=True, mode=0o700)
    os.chown(theirs, NOBODY, NOBODY)
    with pytest.raises(Unsafe, match=f"theirs belongs to user {NOBODY}"):
        make_home(theirs / "state", mode=0o700)


def test_a_directory_on_the_way_that_everybody_writes_is_refused_unless_it_is_like_tmp(tmp_path):
    common = tmp_path / "common"
    common.mkdir()
    common.chmod(0o777)
    with pytest.raises(Unsafe, match="writable by everybody"):
        make_home(common / "state", mode=0o700)
    common.chmod(0o1777)
    make_home(common / "state", mode=0o700)


def test_links_that_go_round_in_circles_are_an_error_and_no_hang(tmp_path):
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    with pytest.raises((OSError, RuntimeError)):
        make_home(tmp_path / "a" / "state", mode=0o700)
