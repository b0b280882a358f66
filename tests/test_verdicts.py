"""One table for all: no kind without its row, no code for two kinds, no verdict that nobody can say."""

import subprocess
import sys

from daemon.exits import Exit
from daemon.verdicts import ENDINGS, ErrorKind, ending_of, kind_of_code
from state.events import Verdict


def test_every_kind_has_its_row():
    assert list(ENDINGS) == list(ErrorKind)


def test_every_verdict_but_ok_is_a_kind():
    for verdict in Verdict:
        ending = ending_of(verdict)
        if verdict is Verdict.OK:
            assert ending is None
        else:
            assert ending is ENDINGS[ErrorKind(verdict.value)]


def test_a_code_means_one_kind():
    assert {kind_of_code(ending.code) for ending in ENDINGS.values()} == set(ErrorKind)
    assert kind_of_code(-32001) is None


def test_our_own_codes_are_where_the_specification_leaves_room():
    own = [ending.code for ending in ENDINGS.values() if -32100 < ending.code <= -32000]
    assert own == sorted(own, reverse=True)
    assert all(ending.code < -32000 and 400 <= ending.http < 600 for ending in ENDINGS.values())


def test_what_the_specifications_say_stands():
    codes = {kind: ENDINGS[ErrorKind(kind)].code for kind in ("parse_error", "invalid_request", "cancelled")}
    assert codes == {"parse_error": -32700, "invalid_request": -32600, "cancelled": -32800}
    assert ENDINGS[ErrorKind.UNKNOWN_METHOD].code == -32601
    assert ENDINGS[ErrorKind.INVALID_PARAMS].code == -32602
    assert ENDINGS[ErrorKind.INTERNAL].code == -32603


def test_an_error_never_exits_as_if_all_were_well():
    assert Exit.OK not in {ending.exit for ending in ENDINGS.values()}


def test_reading_it_costs_the_command_line_nothing():
    code = (
        "import daemon.verdicts, sys; sys.exit(any(name in sys.modules for name in ('msgspec', 'asyncio')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
