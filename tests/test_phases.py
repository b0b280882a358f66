import itertools

import pytest

from daemon.phases import Act, Phase, Signal, respond


@pytest.mark.parametrize(("phase", "signal"), list(itertools.product(Phase, Signal)))
def test_every_signal_has_a_meaning_in_every_phase(phase, signal):
    assert respond(phase, signal) in Act


def test_the_first_sigterm_drains_and_the_second_cuts():
    assert respond(Phase.SERVING, Signal.TERMINATE) is Act.DRAIN
    assert respond(Phase.DRAINING, Signal.TERMINATE) is Act.CUT


def test_a_sigterm_while_starting_stops_what_was_started():
    assert respond(Phase.STARTING, Signal.TERMINATE) is Act.CUT


def test_a_sighup_during_a_reload_is_not_lost():
    assert respond(Phase.RELOADING, Signal.HANGUP) is Act.RELOAD_AGAIN


def test_nothing_reopens_a_daemon_that_is_going():
    assert {respond(phase, Signal.HANGUP) for phase in (Phase.DRAINING, Phase.STOPPING)} == {Act.IGNORE}
