"""SETTINGS.md says what the code says."""

from pathlib import Path

import daemon
from daemon.reference import page

SETTINGS = Path(daemon.__file__).parent.parent / "SETTINGS.md"


def test_the_page_of_settings_is_current():
    assert SETTINGS.read_text() == page(), "run: python -m daemon.reference > SETTINGS.md"


def test_every_setting_has_a_reason():
    rows = [line for line in page().splitlines() if line.startswith("| `")]

    assert rows
    assert [row for row in rows if row.endswith("|  |")] == []


def test_a_setting_is_a_row():
    assert (
        "| `connect_s` | number, 0.001 to 31,622,400 | `5.0` | Until the connection stands, TLS included. |"
        in page()
    )
