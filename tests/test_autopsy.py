"""What an actor died of is told in bounded words, without its local variables."""

import pytest

from actors.kernel.autopsy import CAUSES_MAX, ERROR_CHARS_MAX, TRACE_CHARS_MAX, Death, autopsy


class UnspeakableError(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")


def die(error: Exception) -> Death:
    secret = "sk-very-secret"
    try:
        assert secret
        raise error
    except type(error) as raised:
        return autopsy(raised)


def test_a_death_names_the_error_and_the_place():
    death = die(ValueError("bad luck"))
    assert str(death) == death.error
    assert death.error.startswith("ValueError: bad luck (tests/test_autopsy.py:")
    assert death.error.endswith(" in die)")
    assert "ValueError: bad luck" in death.trace


def test_an_error_that_was_never_raised_has_no_place():
    assert autopsy(ValueError("bad luck")).error == "ValueError: bad luck"


def test_local_variables_stay_untold():
    death = die(ValueError("bad luck"))
    assert "raise error" in death.trace
    assert "sk-very-secret" not in death.error + death.trace


def test_a_group_is_told_by_what_it_is_made_of():
    inner = ExceptionGroup("inner", [KeyError("b"), OSError("c")])
    assert autopsy(ExceptionGroup("outer", [ValueError("a"), inner])).error == (
        "ValueError: a; KeyError: 'b'; OSError: c"
    )


def test_of_a_large_group_the_first_few_are_told():
    errors = [ValueError(str(number)) for number in range(CAUSES_MAX + 2)]
    assert autopsy(ExceptionGroup("many", errors)).error.endswith("ValueError: 2; and more")


def test_an_endless_message_is_cut_and_keeps_the_place():
    death = die(ValueError("x" * 1_000_000))
    assert len(death.error) <= ERROR_CHARS_MAX
    assert len(death.trace) <= TRACE_CHARS_MAX
    assert death.error.startswith("ValueError: xxx")
    assert death.error.endswith(" in die)")


def test_a_message_of_many_lines_becomes_one():
    assert die(ValueError("one\ntwo\r\n  three")).error.startswith("ValueError: one two three (")


def test_an_error_that_cannot_even_speak_is_told():
    assert die(UnspeakableError()).error.startswith("tests.test_autopsy.UnspeakableError: <exception str")


def test_bottomless_recursion_is_told():
    def fall() -> None:
        fall()

    with pytest.raises(RecursionError) as caught:
        fall()
    death = autopsy(caught.value)
    assert death.error.startswith("RecursionError: maximum recursion depth exceeded")
    assert len(death.trace) <= TRACE_CHARS_MAX
