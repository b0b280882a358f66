"""The clocks of an exchange, in virtual time."""

import pytest

from actors.net.clocks import Clocks, Watch
from actors.net.faults import Fault

STREAM = Clocks(first_token_ms=10_000, gap_ms=15_000)
WHOLE = Clocks(total_ms=30_000)


@pytest.fixture
def rung():
    return []


@pytest.fixture
def watch(clock, rung):
    return Watch(clock, lambda fault: rung.append((clock.now_ms(), fault)))


def test_the_first_token_has_its_own_clock(clock, watch, rung):
    watch.start(STREAM, clock.now_ms())
    clock.jump(9.999)
    assert rung == []
    clock.jump(0.001)
    assert rung == [(10_000, Fault.FIRST_TOKEN_TIMEOUT)]


def test_each_sign_of_life_grants_another_gap(clock, watch, rung):
    watch.start(STREAM, clock.now_ms())
    for _ in range(10):
        clock.jump(9)
        watch.heard()
    clock.jump(14.999)
    assert rung == []
    clock.jump(0.001)
    assert rung == [(105_000, Fault.GAP_TIMEOUT)]


def test_a_gap_shorter_than_the_first_token_is_noticed_in_time(clock, watch, rung):
    watch.start(Clocks(first_token_ms=60_000, gap_ms=1_000), clock.now_ms())
    clock.jump(2)
    watch.heard()
    clock.jump(60)
    assert rung == [(3_000, Fault.GAP_TIMEOUT)]


def test_dripping_does_not_outlive_the_total(clock, watch, rung):
    watch.start(Clocks(first_token_ms=10_000, gap_ms=15_000, total_ms=30_000), clock.now_ms())
    for _ in range(50):
        clock.jump(1)
        watch.heard()
    assert rung == [(30_000, Fault.TOTAL_TIMEOUT)]


def test_the_total_counts_from_when_the_exchange_began_not_from_when_it_was_sent(clock, watch, rung):
    clock.jump(4)
    watch.start(WHOLE, clock.now_ms() - 4_000)
    clock.jump(60)
    assert rung == [(30_000, Fault.TOTAL_TIMEOUT)]


def test_whichever_end_comes_first_gives_its_name():
    assert Clocks(total_ms=5_000, deadline_ms=8_000).end(2_000) == (7_000, Fault.TOTAL_TIMEOUT)
    assert Clocks(total_ms=5_000, deadline_ms=6_000).end(2_000) == (6_000, Fault.DEADLINE)
    assert Clocks(connect_ms=5_000, deadline_ms=6_000).connected_by(2_000) == (6_000, Fault.DEADLINE)
    assert Clocks(connect_ms=1_000, deadline_ms=6_000).connected_by(2_000) == (3_000, Fault.CONNECT_TIMEOUT)


def test_a_deadline_that_has_passed_rings_at_once(clock, watch, rung):
    clock.jump(5)
    watch.start(Clocks(deadline_ms=4_000), clock.now_ms())
    clock.jump(0)
    assert rung == [(5_000, Fault.DEADLINE)]


def test_silence_while_we_do_not_read_is_not_the_servers(clock, watch, rung):
    watch.start(STREAM, clock.now_ms())
    watch.heard()
    watch.hold()
    clock.jump(100)
    watch.heard()  # the reader still works through what it has
    clock.jump(100)
    assert rung == []
    watch.go_on()
    clock.jump(14)
    assert rung == []
    clock.jump(1)
    assert rung == [(215_000, Fault.GAP_TIMEOUT)]


def test_holding_does_not_stop_the_end(clock, watch, rung):
    watch.start(Clocks(gap_ms=1_000, deadline_ms=20_000), clock.now_ms())
    watch.hold()
    clock.jump(60)
    assert rung == [(20_000, Fault.DEADLINE)]


def test_an_exchange_that_is_over_rings_nothing_and_only_once_does_one_ring(clock, watch, rung):
    watch.start(STREAM, clock.now_ms())
    watch.stop()
    clock.jump(60)
    assert rung == []
    watch.start(STREAM, clock.now_ms())
    clock.jump(600)
    assert len(rung) == 1


def test_a_thousand_exchanges_in_a_second_set_one_alarm(clock, watch, rung):
    for _ in range(1_000):
        watch.start(STREAM, clock.now_ms())
        watch.heard()
        watch.stop()
        clock.jump(0.001)
    assert clock.pending == 1
    watch.start(STREAM, clock.now_ms())
    clock.jump(9.999)
    assert rung == []
    clock.jump(0.001)
    assert rung == [(11_000, Fault.FIRST_TOKEN_TIMEOUT)]


def test_a_closed_connection_leaves_no_alarm_behind(clock, watch):
    watch.start(STREAM, clock.now_ms())
    watch.close()
    assert clock.pending == 0


def test_a_clock_that_is_not_wound_never_rings(clock, watch, rung):
    watch.start(Clocks(), clock.now_ms())
    watch.heard()
    assert clock.pending == 0
    clock.jump(1e6)
    assert rung == []
