"""README says what the code says: the two commands, the table of errors, the names of commands and files."""

import re
from pathlib import Path

import pytest

from daemon.ctl.commands import COMMANDS as CTL
from daemon.main import COMMANDS as DAEMON
from daemon.verdicts import ENDINGS
from state.standing.transitions import mermaid

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
PAGES = ["README.md", "ARCHITECTURE.md", "SECURITY.md", "CHANGELOG.md"]


def test_the_table_of_errors_is_the_one_in_the_code():
    rows = [
        f"| `{kind}` | {ending.code} | {ending.http} | {ending.says} |" for kind, ending in ENDINGS.items()
    ]
    assert "\n".join(rows) in README


def test_the_first_screen_has_two_commands_and_no_more():
    first_screen = README[: README.index("## First success")]
    assert first_screen.count("```sh") == 2
    assert re.findall(r"<!-- command: (\w+) -->", README) == ["demo", "test"]


@pytest.mark.parametrize("word", sorted(set(re.findall(r"failoverctl ([a-z]+)", README))))
def test_every_failoverctl_command_that_is_named_exists(word):
    assert word in CTL


@pytest.mark.parametrize("word", sorted(set(re.findall(r"(?<!`)failoverd ([a-z]+)\b", README)) & {*DAEMON}))
def test_every_failoverd_command_that_is_named_exists(word):
    assert word in DAEMON


@pytest.mark.parametrize("page", PAGES)
def test_every_file_that_a_page_names_is_there(page):
    text = (ROOT / page).read_text()
    named = {
        *re.findall(r"\]\((?!http)([^)#]+)\)", text),
        *re.findall(r"`((?:state|actors|daemon|tests|bench|systemd)/[\w./-]+)`", text),
    }
    missing = [name for name in sorted(named) if "NAME" not in name and not (ROOT / name).exists()]
    assert missing == []


@pytest.mark.parametrize("page", PAGES)
def test_no_page_carries_a_path_of_the_machine_it_was_written_on(page):
    assert not re.search(r"/(?:root|work|home)/\w", (ROOT / page).read_text())


def test_python_without_a_library_is_really_ten_lines_of_the_standard_library():
    (snippet,) = re.findall(r"```python\n(import json, os, socket\n.*?)```", README, re.DOTALL)
    compile(snippet, "README", "exec")
    assert len([line for line in snippet.splitlines() if line.strip()]) <= 10


def test_the_drawing_of_the_standings_is_the_one_in_the_code():
    assert f"```mermaid\n{mermaid().strip()}\n```" in (ROOT / "ARCHITECTURE.md").read_text()


@pytest.mark.parametrize("layer", ["state", "actors", "daemon"])
def test_every_room_has_its_line_on_the_architecture_page(layer):
    page = (ROOT / "ARCHITECTURE.md").read_text()
    rooms = [each.parent.name for each in sorted((ROOT / layer).glob("*/__init__.py"))]
    assert [room for room in rooms if f"`{layer}/{room}/`" not in page] == []
