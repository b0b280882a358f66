"""How things are said: times, numbers, and the words of strangers."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.ctl.plain import (
    columns_of,
    counted,
    cut,
    cut_inside,
    folded,
    inert,
    joined,
    number,
    seconds,
    share,
    span,
)


@pytest.mark.parametrize(
    ("amount", "said"),
    [
        (0, "0s"),
        (0.2, "1s"),
        (59.1, "1m"),
        (252, "4m 12s"),
        (3600, "1h"),
        (7512, "2h 5m"),
        (90_000, "1d 1h"),
        (-3, "0s"),
    ],
)
def test_a_time_is_rounded_up_so_that_nobody_comes_back_too_early(amount, said):
    assert span(amount) == said


@pytest.mark.parametrize(
    ("amount", "said"),
    [(0.0004, "0.4ms"), (0.42, "0.42s"), (9.94, "9.94s"), (12.34, "12.3s"), (252.0, "4m 12s")],
)
def test_how_long_it_took(amount, said):
    assert seconds(amount) == said


@pytest.mark.parametrize(
    ("part", "said"),
    [(0, "0%"), (1, "100%"), (0.987, "98.7%"), (0.99999, ">99.9%"), (0.00001, "<0.1%"), (0.5, "50%")],
)
def test_almost_all_is_not_all_and_almost_none_is_not_none(part, said):
    assert share(part) == said


def test_numbers_and_lists():
    assert [number(each) for each in (0, 1204, 1_204_000, 7_300_000_000)] == ["0", "1,204", "1.2M", "7.3G"]
    assert [counted(1, "lane"), counted(2, "lane"), counted(2, "key", "keys")] == [
        "1 lane",
        "2 lanes",
        "2 keys",
    ]
    assert [joined([]), joined(["a"]), joined(["a", "b"]), joined(["a", "b", "c"])] == [
        "",
        "a",
        "a and b",
        "a, b and c",
    ]


@settings(max_examples=500)
@given(st.text())
def test_no_stranger_can_steer_the_terminal(text):
    shown = inert(text)

    assert all(char.isprintable() or char in "\u200c\u200d" for char in shown)
    assert inert(shown) == shown


@settings(max_examples=500)
@given(st.text(), st.integers(min_value=1, max_value=30))
def test_nothing_gets_wider_than_its_place(text, width):
    shown = inert(text)

    assert columns_of(cut(shown, width)) <= width
    assert columns_of(cut_inside(shown, width)) <= width
    assert "".join("".join(folded(shown, width)).split()) == "".join(shown.split())
    if width >= 2:
        assert all(columns_of(line) <= width for line in folded(shown, width))


def test_wide_characters_take_two_columns_and_marks_none():
    assert [columns_of(text) for text in ("ab", "日本", "e\u0301", "👩\u200d🚀")] == [2, 4, 1, 4]
    assert cut("日本語", 4) == "日…"
