import io
import json
import logging
import re
import sys
import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from loguru import logger

from daemon.ctl.plain import inert
from daemon.logs import LINE_CHARS_MAX, LineFormat, Logs, line_format
from state.settings.redact import Redactor


class Page:
    """A stream to write on, and a clock to turn by hand."""

    def __init__(self) -> None:
        self.stream = io.StringIO()
        self.at_ms = 0

    def open(
        self, form: LineFormat = LineFormat.JOURNAL, secrets: tuple[str, ...] = (), level: str = "INFO"
    ) -> Logs:
        return Logs(self.stream, form, level=level, now_ms=lambda: self.at_ms, redact=Redactor(secrets))

    @property
    def lines(self) -> list[str]:
        return self.stream.getvalue().splitlines()


@pytest.fixture
def page():
    yield Page()
    logger.remove()
    logging.captureWarnings(False)
    logging.root.handlers.clear()


def test_journald_gets_the_priority_before_every_line_of_a_traceback(page):
    page.open()
    try:
        raise ValueError("first\nsecond <6>forged")
    except ValueError:
        logger.exception("a provider's actor died")
    assert page.lines[0] == "<3>a provider's actor died"
    assert len(page.lines) > 3
    assert all(line.startswith("<3>") for line in page.lines)
    assert page.lines[-1] == "<3>second <6>forged"


def test_people_get_a_time_and_the_level_only_when_it_matters(page):
    page.open(LineFormat.HUMAN)
    logger.info("serving")
    logger.warning("degraded")
    assert [re.sub(r"^[\d:.]{12} ", "", line) for line in page.lines] == ["serving", "warning: degraded"]


def test_json_is_one_object_a_line_even_with_a_traceback(page):
    page.open(LineFormat.JSON)
    logger.info("serving")
    try:
        raise ValueError("boom")
    except ValueError:
        logger.exception("died")
    calm, crash = map(json.loads, page.lines)
    assert (calm["level"], calm["message"]) == ("info", "serving")
    assert crash["traceback"].endswith("ValueError: boom")


def test_a_tracebacks_variables_stay_at_home(page):
    page.open()

    def call(key):
        raise RuntimeError("upstream broke")

    try:
        call("q1w2e3r4t5z6")
    except RuntimeError:
        logger.exception("died")
    assert "q1w2e3r4t5z6" not in page.stream.getvalue().replace('call("q1w2e3r4t5z6")', "")


def test_no_secret_leaves_in_a_line_or_in_a_traceback(page):
    page.open(secrets=("s3cr3t-key-value",))
    try:
        raise ValueError("bad key s3cr3t-key-value")
    except ValueError:
        logger.exception("said s3cr3t-key-value")
    assert "s3cr3t-key-value" not in page.stream.getvalue()
    assert page.lines[0] == "<3>said ***"


HOSTILE = [
    "\x1b]0;owned\x07\x1b[2Jcleared",
    "ends here\n<0>forged: everything is fine",
    '", "level": "info", "message": "forged"}\n{"level": "info"',
    "\n12:00:00.000 forged: everything is fine\n    as if it were a traceback",
    "{0.__class__} {braces} %s %(x)s <red>markup</red> \\N{BELL}",
    "over\rwritten",
    "left\u202eto right\u2066isolated\u061c",
    "nul\x00byte \x9b31m c1",
    "next\u2028line\u2029paragraph\x85line\x0bline\x0cline",
    "hidden\u200b\u2060\ufeff\u00ad\U000e0041",
    "half of a pair \ud83d",
]
LINE_OF = {
    LineFormat.HUMAN: r"\d\d:\d\d:\d\d\.\d{3} error: (?P<says>.*)",
    LineFormat.JOURNAL: r"<3>(?P<says>.*)",
    LineFormat.JSON: r"(?P<json>\{.*\})",
}


def said_in(line: str, form: LineFormat) -> str:
    """What a line of this format says; it has no end before its last character and nothing in it acts."""
    assert line.endswith("\n")
    assert line[:-1].replace("\u200c", "").replace("\u200d", "").isprintable()
    found = re.fullmatch(LINE_OF[form], line[:-1])
    assert found is not None
    return json.loads(found["json"])["message"] if form is LineFormat.JSON else found["says"]


@given(text=st.sampled_from(HOSTILE) | st.text(), form=st.sampled_from(list(LINE_OF)), raised=st.booleans())
@settings(max_examples=500)
def test_whatever_a_provider_says_is_one_line_that_does_nothing(text, form, raised):
    stream = io.StringIO(newline="")
    logs = Logs(stream, form, now_ms=lambda: 0)
    try:
        raise ValueError(text)
    except ValueError as error:
        logger.opt(exception=error if raised else None).error("{}", text)
    finally:
        logs.close()
        logging.captureWarnings(False)
        logging.root.handlers.clear()
    said, *crash = stream.getvalue().splitlines(keepends=True)
    assert said_in(said, form) == inert(text)
    if form is LineFormat.JSON or not raised:
        assert crash == []
    for line in crash:
        assert line[:-1].replace("\u200c", "").replace("\u200d", "").isprintable()
        assert line.startswith({LineFormat.HUMAN: "    ", LineFormat.JOURNAL: "<3>"}[form])


@pytest.mark.parametrize("hostile", HOSTILE)
def test_it_is_inert_whichever_way_it_came(page, hostile):
    """Also as the format itself, with loguru's own markup in it, and through the standard library."""
    page.open()
    logger.error(hostile)
    logging.getLogger("somelib").error(hostile)
    assert page.lines == [f"<3>{inert(hostile)}", f"<3>somelib: {inert(hostile)}"]


def test_a_library_that_logs_the_old_way_is_routed_in(page):
    page.open()
    logging.getLogger("somelib").warning("pool of %d {is} full", 3)
    assert page.lines == ["<4>somelib: pool of 3 {is} full"]


def test_a_librarys_chatter_about_urls_is_not_heard(page):
    page.open(level="DEBUG")
    logging.getLogger("httpx").info("HTTP Request: GET https://host/?key=abc")
    assert page.lines == []


def test_warnings_become_lines(page):
    page.open()
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(True)
        warnings.warn("old ways", DeprecationWarning, stacklevel=1)
    assert "old ways" in page.lines[0]


def test_the_same_line_is_held_back_and_then_counted(page):
    logs = page.open()
    for _ in range(100):
        logger.warning("socket full")
    page.at_ms = 10_000
    logger.warning("socket full")
    logger.warning("socket full")
    logs.close()
    assert page.lines == [
        "<4>socket full",
        "<4>socket full (and 99 more like it)",
        "<4>socket full",
        "<6>socket full (and 1 more like it)",
    ]


def test_a_line_is_never_longer_than_it_may_be(page):
    page.open()
    logger.info("x" * 1_000_000)
    assert len(page.lines[0]) == LINE_CHARS_MAX + len("<6>")


def test_a_stream_that_breaks_does_not_break_the_daemon(page, capsys):
    page.open()
    page.stream.close()
    logger.info("into the void")
    assert "ValueError" in capsys.readouterr().err, "loguru says it on stderr, and goes on"
    page.stream = io.StringIO()


@pytest.mark.parametrize(
    ("wish", "journald", "form"),
    [
        ("auto", True, LineFormat.JOURNAL),
        ("auto", False, LineFormat.HUMAN),
        ("json", True, LineFormat.JSON),
        ("human", True, LineFormat.HUMAN),
    ],
)
def test_auto_means_journald_where_it_listens(wish, journald, form):
    assert line_format(wish, under_journald=journald) is form


def test_colour_is_for_terminals_only(page):
    page.open(LineFormat.HUMAN)
    logger.error("red?")
    assert "\x1b" not in page.stream.getvalue()
    assert sys.stderr is not page.stream
