"""How the daemon lives and dies, seen from outside: real processes, real signals."""

import signal
import time
from pathlib import Path

import pytest

from daemon.exits import Exit
from tests.process import running, write_config


@pytest.fixture
def home(tmp_path):
    write_config(tmp_path)
    return tmp_path


def house(home: Path, kind: str, **environ: str):
    return running(home, "-m", "tests.houses", kind, environ=environ)


def test_it_says_that_it_is_ready_and_stops_when_told_to(home):
    with running(home) as daemon:
        daemon.wait_ready()
        assert any(line.startswith("STATUS=serving 1 provider, 2 lanes") for line in daemon.told)
        assert daemon.stop() == Exit.OK
    assert "journal drained" in daemon.log


def test_ctrl_c_is_a_sigterm(home):
    with running(home) as daemon:
        daemon.wait_ready()
        daemon.signal(signal.SIGINT)
        assert daemon.wait_exit() == Exit.OK


def test_a_second_instance_is_refused_and_touches_nothing(home):
    def fixtures() -> dict[str, tuple[int, bytes]]:
        """What a second one could damage. The first goes on writing its journal meanwhile."""
        locks = sorted(home.rglob("failoverd.lock"))
        stay = [*locks, home / "state" / "journal.db"]
        return {str(each): (each.stat().st_ino, each.read_bytes() if each in locks else b"") for each in stay}

    with running(home) as first:
        first.wait_ready()
        before = fixtures()
        words = ("-m", "daemon.main", "run", "--config", str(home / "failoverd.toml"))
        with running(home.parent / f"{home.name}-2", *words) as second:
            assert second.wait_exit() == Exit.ALREADY_RUNNING
            assert f"process {first.popen.pid} holds" in second.log
        assert fixtures() == before
        assert first.stop() == Exit.OK


def test_kill_9_leaves_nothing_that_keeps_the_next_one_from_starting(home):
    for _ in range(3):
        with running(home) as daemon:
            daemon.wait_ready()
            daemon.signal(signal.SIGKILL)
            assert daemon.wait_exit() == -signal.SIGKILL
    with running(home) as daemon:
        daemon.wait_ready()
        assert daemon.stop() == Exit.OK


def test_a_wrong_config_starts_nothing(home):
    (home / "failoverd.toml").write_text("[provider.nobody\n")
    with running(home) as daemon:
        assert daemon.wait_exit() == Exit.USAGE
        assert daemon.log.startswith(f"{home}/failoverd.toml: ")
        assert len(daemon.log.splitlines()) == 1
    assert not (home / "state").exists()


@pytest.mark.slow
def test_a_sigterm_at_any_moment_of_the_start_ends_it_in_good_order(home):
    for delay_ms in (0, 60, 120, 180, 240, 300, 400, 600):
        with running(home) as daemon:
            time.sleep(delay_ms / 1000)
            daemon.signal(signal.SIGTERM)
            # Before the loop listens, the signal simply ends the process: there is nothing to drain.
            assert daemon.wait_exit() in (Exit.OK, -signal.SIGTERM)
            assert "Traceback" not in daemon.log
    with running(home) as daemon:
        daemon.wait_ready()
        assert daemon.stop() == Exit.OK


def test_a_sigterm_stops_a_start_that_waits_for_somebody(home):
    with house(home, "neverready") as daemon:
        daemon.wait_hears(signal.SIGTERM)
        daemon.signal(signal.SIGTERM)
        assert daemon.wait_exit() == Exit.OK
        assert "READY=1" not in daemon.told


def test_the_second_sigterm_does_not_wait_any_longer(home):
    with house(home, "slow") as daemon:
        daemon.wait_ready()
        daemon.signal(signal.SIGTERM)
        daemon.wait_told("STOPPING=1")
        assert daemon.popen.poll() is None, "it drains"
        daemon.signal(signal.SIGTERM)
        assert daemon.wait_exit() == Exit.OK
        assert "slow cancelled" in daemon.log
        assert "ground drained" in daemon.log or "ground cancelled" in daemon.log


def test_who_ignores_cancellation_is_named_and_does_not_keep_the_process(home):
    with house(home, "stubborn") as daemon:
        daemon.wait_ready()
        daemon.signal(signal.SIGTERM)
        daemon.wait_told("STOPPING=1")
        daemon.signal(signal.SIGTERM)
        assert daemon.wait_exit() == Exit.FAILED
        assert "stubborn would not stop" in daemon.log


def test_a_vital_part_that_dies_again_and_again_takes_the_daemon_with_it(home):
    with house(home, "crashing") as daemon:
        assert daemon.wait_exit() == Exit.INTERNAL
        assert "a bug of ours" in daemon.log


def test_the_watchdog_hears_us_breathe(home):
    with house(home, "quick", WATCHDOG_USEC="300000") as daemon:
        daemon.wait_told("WATCHDOG=1")
        daemon.forget_told()
        daemon.wait_told("WATCHDOG=1")
        assert daemon.stop() == Exit.OK


@pytest.mark.parametrize(("kind", "sign"), [("hung", "no sign of life from hung"), ("deaf", "deaf to all")])
def test_the_watchdog_hears_nothing_when_an_actor_is_stuck(home, kind, sign):
    with house(home, kind, WATCHDOG_USEC="300000") as daemon:
        daemon.wait_logged(sign)
        daemon.hear_out()
        daemon.forget_told()
        time.sleep(1)  # ten beats
        daemon.hear_out()
        assert "WATCHDOG=1" not in daemon.told


def test_a_bad_reload_changes_nothing_and_says_why(home):
    with running(home) as daemon:
        daemon.wait_ready()
        (home / "failoverd.toml").write_text("[provider.gemini]\nkey = 'env:NOT_SET'\n")
        daemon.forget_told()
        daemon.signal(signal.SIGHUP)
        daemon.wait_ready()
        assert daemon.told[0] == "RELOADING=1"
        assert daemon.told[1].startswith("MONOTONIC_USEC=")
        assert daemon.told[-1].startswith("STATUS=reload refused, everything stays as it was: ")
        assert "provider.gemini" in daemon.log
        assert daemon.stop() == Exit.OK


def test_a_good_reload_says_what_changed(home):
    with running(home) as daemon:
        daemon.wait_ready()
        write_config(home, "[provider.pollinations]\n[provider.ollama]\n")
        daemon.forget_told()
        daemon.signal(signal.SIGHUP)
        daemon.wait_ready()
        assert daemon.told[-1] == "STATUS=reloaded: added ollama"
        assert daemon.stop() == Exit.OK


def test_reloads_that_overlap_end_with_the_last_config(home):
    with running(home) as daemon:
        daemon.wait_ready()
        write_config(home, "[provider.pollinations]\n[provider.ollama]\n")
        for _ in range(20):
            daemon.signal(signal.SIGHUP)
        daemon.wait_told("STATUS=reloaded: added ollama")
        assert daemon.stop() == Exit.OK
