from daemon.flood import WINDOW_MS, Flood


def test_a_line_is_said_once_in_ten_seconds_and_then_counted():
    flood = Flood()
    assert flood.admit("provider gone", 0)
    assert not flood.admit("provider gone", 1)
    assert not flood.admit("provider gone", WINDOW_MS - 1)
    assert flood.swept(WINDOW_MS) == [("provider gone", 2)]
    assert flood.admit("provider gone", WINDOW_MS)


def test_different_lines_do_not_hold_each_other_back():
    flood = Flood()
    assert flood.admit("one", 0)
    assert flood.admit("two", 0)


def test_a_line_that_was_said_once_is_not_reported_as_held_back():
    flood = Flood()
    flood.admit("once", 0)
    assert flood.swept(WINDOW_MS) == []


def test_a_window_that_runs_is_not_swept_but_the_end_sweeps_all():
    flood = Flood()
    flood.admit("x", 0)
    flood.admit("x", 1)
    assert flood.swept(5) == []
    assert flood.swept() == [("x", 1)]


def test_memory_is_bounded_by_forgetting_the_oldest():
    flood = Flood()
    for number in range(5_000):
        flood.admit(f"line {number}", 0)
    assert flood.admit("line 0", 0), "long forgotten, so it may be said again"
    assert not flood.admit("line 4999", 0)
