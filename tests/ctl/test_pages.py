"""Help, completions and the man page: kind, current, and within 80 columns."""

import shlex
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from daemon.ctl.commands import COMMANDS, GROUPS, every
from daemon.ctl.grammar import parser_for
from daemon.ctl.pages import pages
from daemon.exits import Exit
from tests.ctl.prompt import ctl

SHARE = Path(__file__).parent.parent.parent / "share"
NOWHERE = Path("/nowhere")


def test_the_pages_that_are_shipped_are_current():
    """If not: python -m daemon.ctl.pages share"""
    for name, text in pages().items():
        assert (SHARE / name).read_text(encoding="utf-8") == text


@pytest.mark.parametrize(("name", "command"), list(every()))
def test_every_command_has_help_with_an_example_that_parses(name, command):
    said = ctl(NOWHERE, *name.split(), "--help")

    assert said.code == Exit.OK
    assert said.out.startswith(f"usage: failoverctl {name}")
    assert "\nexamples:\n  " in said.out
    assert max(map(len, said.out.splitlines())) <= 80
    for typed, why in command.examples:
        words = shlex.split(typed[typed.index("failoverctl") :].split(" | ")[0].split(" && ")[0])
        assert " ".join(words[1:]).startswith(name) or "&&" in typed
        assert why
        if "--help" not in words:
            parser_for().parse_args(words[1:])


def test_every_page_is_installed_where_its_program_looks():
    build = tomllib.loads((SHARE.parent / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]

    assert set(build["wheel"]["shared-data"]) == {f"share/{name}" for name in pages()}
    assert "share" in build["sdist"]["include"]


@pytest.mark.parametrize("words", [("--help",), ()])
def test_the_first_page_lists_everything_in_80_columns(words):
    said = ctl(NOWHERE, *words)

    assert said.code == (Exit.OK if words else Exit.USAGE)
    assert all(f"\n  {name:<11} {command.says}\n" in said.out for name, command in COMMANDS.items())
    assert sorted(name for names in GROUPS.values() for name in names) == sorted(COMMANDS)
    assert max(map(len, said.out.splitlines())) <= 80


def test_a_mistyped_command_is_guessed():
    said = ctl(NOWHERE, "stauts")

    assert said.code == Exit.USAGE
    assert (
        said.err
        == "failoverctl: there is no command 'stauts'\n  did you mean: failoverctl stats or failoverctl status\n"
    )
    assert "failoverctl --help lists them all" in ctl(NOWHERE, "xyzzy").err


def test_a_mistyped_option_names_the_next_step():
    said = ctl(NOWHERE, "status", "--wach")

    assert said.code == Exit.USAGE
    assert said.err.splitlines()[-1] == "  failoverctl status --help shows how it is meant"


def test_the_version_is_told_with_and_without_a_daemon():
    said = ctl(NOWHERE, "--version")

    assert said.code == Exit.OK
    assert said.out.startswith("failoverctl ")
    assert said.out.endswith("no failoverd can be reached\n")


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("failoverctl sta", "stats status"),
        ("failoverctl status --w", "--watch"),
        ("failoverctl strategy auto round", "round_robin"),
        ("failoverctl --socket /x quarantine --r", "--reason"),
        ("failoverctl batch re", "results resume"),
        ("failoverctl batch --socket /x run --im", "--images"),
        ("failoverctl batch status --w", ""),
        (f"failoverctl batch run {SHARE}/ma", f"{SHARE}/man"),
    ],
)
@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_bash_completes(typed, found):
    script = f"""
        source {SHARE}/completions/failoverctl.bash
        COMP_WORDS=({typed}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
        _failoverctl failoverctl "${{COMP_WORDS[-1]}}" "${{COMP_WORDS[-2]}}"
        printf '%s\\n' "${{COMPREPLY[@]}}" | sort | xargs
    """
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)

    assert (done.stdout.strip(), done.stderr) == (found, "")
