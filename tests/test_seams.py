"""Where two texts meet: what is dropped, what is passed on, and what cannot be joined."""

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from state.telling.joining import ECHO_CHARS, TELLING_CHARS, Stage, ended, joined, joint

POEM = "The quick brown fox jumps over the lazy dog, and then it sleeps until the moon comes up."


def heard(delivered, *pieces, continues=False):
    """The whole text that a caller has in the end; None if it does not meet."""
    state = joint(delivered, continues=continues)
    text = delivered
    for piece in pieces:
        state, new = joined(state, piece)
        text += new
    state, new = ended(state)
    return None if state.stage is Stage.APART else text + new


def in_pieces(text, size):
    return [text[at : at + size] for at in range(0, len(text), size)]


@pytest.mark.parametrize("size", [1, 3, 7, 1000])
@pytest.mark.parametrize("cut", [1, 4, 9, 40, 41, len(POEM)])
def test_what_was_delivered_is_dropped_from_a_repetition(cut, size):
    assert heard(POEM[:cut], *in_pieces(POEM, size)) == POEM


@pytest.mark.parametrize("size", [1, 3, 7, 1000])
@pytest.mark.parametrize("cut", [1, 4, 9, 40, 41])
def test_a_continuation_is_passed_on_as_it_is(cut, size):
    assert heard(POEM[:cut], *in_pieces(POEM[cut:], size), continues=True) == POEM


@pytest.mark.parametrize("size", [1, 3, 7, 1000])
def test_whoever_was_to_continue_may_repeat_all_the_same(size):
    assert heard(POEM[:40], *in_pieces(POEM, size), continues=True) == POEM


def test_of_a_short_beginning_whoever_was_to_continue_is_believed():
    assert heard("1", "10", continues=True) == "110"
    assert heard("1", "10") == "10"


@pytest.mark.parametrize(
    ("delivered", "said", "whole"),
    [
        ("one two", "one  two three", "one two three"),
        ("one \ntwo", "one\ntwo three", "one \ntwo three"),
        ("one\n\ntwo", "one\n\n\ntwo three", "one\n\ntwo three"),
        ("one\r\ntwo", "one\ntwo three", "one\r\ntwo three"),
        ("one", "\n one two", "one two"),
        ("one ", "one two", "one two"),
        ("one ", "one\n\ntwo", "one \n\ntwo"),
        ("one\n\n", "one\n\n    two", "one\n\n    two"),
        ("one\n", "one two", "one\ntwo"),
    ],
)
def test_blanks_inside_a_line_and_empty_lines_do_not_matter(delivered, said, whole):
    assert heard(delivered, *in_pieces(said, 1)) == whole


@pytest.mark.parametrize(
    ("delivered", "said"),
    [
        ("if x:\n    y", "if x:\n  y()"),
        ("**one**", "one two"),
        ("one two", "onetwo three"),
        ("One", "one two"),
        ("a*b", "ab + c"),
        ("one two three", "one two"),
        ("one", ""),
    ],
    ids=["indentation", "marks", "no blank", "case", "an operator", "it ends too early", "it says nothing"],
)
def test_what_means_something_must_be_the_same(delivered, said):
    assert heard(delivered, *in_pieces(said, 1)) is None


def test_a_repetition_that_goes_astray_is_no_continuation():
    assert heard(POEM[:40], POEM[:30] + "something else", continues=True) is None


def test_a_continuation_may_begin_like_the_whole():
    delivered = "- The capital of France is Paris.\n- The capital of Italy is Rome.\n"
    new = "- The capital of Spain is Madrid."
    assert heard(delivered, *in_pieces(new, 5), continues=True) == delivered + new


def test_a_continuation_of_the_same_words_again_and_again_is_one():
    assert heard("word " * 40, *(["word "] * 20), continues=True) == "word " * 60


def test_a_continuation_does_not_say_the_blanks_again():
    assert heard("one ", " two", continues=True) == "one two"
    assert heard(POEM[:10], POEM[10:], continues=True) == POEM


def test_nothing_of_what_does_not_meet_is_passed_on():
    state = joint("one", continues=False)
    for piece in in_pieces("two three four", 1):
        state, new = joined(state, piece)
        assert new == ""
    assert state.stage is Stage.APART


def test_a_repetition_that_ends_where_the_first_broke_off_is_whole():
    assert heard(POEM, POEM) == POEM


words = st.text(st.sampled_from("ab c\nd.*é"), min_size=1, max_size=60)
sizes = st.integers(1, 9)


@settings(max_examples=500)
@given(text=words, cut=st.integers(0, 60), size=sizes)
def test_a_faithful_repetition_always_gives_the_whole(text, cut, size):
    delivered = text[:cut]
    assume(delivered.strip())

    whole = heard(delivered, *in_pieces(text, size))

    assert whole is not None
    assert whole.rstrip() == text.rstrip()
    assert whole.startswith(delivered)


@settings(max_examples=500)
@given(delivered=words, said=words, one=sizes, other=sizes, continues=st.booleans())
def test_how_it_is_cut_into_pieces_changes_nothing(delivered, said, one, other, continues):
    assume(delivered.strip())

    def end(size):
        return heard(delivered, *in_pieces(said, size), continues=continues)

    assert end(one) == end(other)


@settings(max_examples=500)
@given(delivered=words, said=words, continues=st.booleans())
def test_what_was_delivered_is_never_taken_back_and_what_is_new_was_said(delivered, said, continues):
    assume(delivered.strip())

    whole = heard(delivered, *in_pieces(said, 4), continues=continues)

    if whole is not None:
        assert whole.startswith(delivered)
        assert said.endswith(whole[len(delivered) :])


def test_the_bounds_say_what_they_are_for():
    assert TELLING_CHARS < ECHO_CHARS
