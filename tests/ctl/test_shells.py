"""Shells and troff themselves read the pages that are made for them, and complete as somebody types."""

import subprocess
from pathlib import Path

import pytest

from tests.ctl.screen import on_screen
from tests.strangers import need

pytestmark = pytest.mark.stranger

SHARE = Path(__file__).parent.parent.parent / "share"
COMPLETIONS = SHARE / "completions"

TYPED = [
    ("failoverctl sta", {"stats", "status"}),
    ("failoverctl status --w", {"--watch"}),
    ("failoverctl strategy auto round", {"round_robin"}),
    ("failoverctl batch re", {"results", "resume"}),
]
AS_ZSH = "import os; os.execlp('zsh', 'zsh', '-f')"
BEGIN = f"""\
fpath=({COMPLETIONS} $fpath); autoload -Uz compinit; compinit -D -u; bindkey '^Xl' list-choices; PS1='rea''dy '
"""


@pytest.mark.parametrize(("typed", "found"), TYPED)
def test_fish_completes(typed, found):
    need("fish")
    script = f"source {COMPLETIONS}/failoverctl.fish; complete -C {typed!r}"
    told = subprocess.run(["fish", "-N", "-c", script], capture_output=True, text=True, check=True)

    assert (_first_words(told.stdout), told.stderr) == (found, "")


@pytest.mark.parametrize(("typed", "found"), TYPED)
def test_zsh_completes(typed, found):
    need("zsh")
    with on_screen("-c", AS_ZSH, columns=200) as screen:
        screen.press(BEGIN.encode())
        screen.wait_drawn("ready ")
        # This key only lists what there is.
        screen.press(typed.encode() + b"\x18l")
        for word in found:
            screen.wait_drawn(word)
        assert "_arguments:" not in screen.drawn


def test_zsh_and_fish_find_no_mistake():
    for shell, name in (("zsh", "_failoverctl"), ("fish", "failoverctl.fish")):
        need(shell)
        told = subprocess.run([shell, "-n", COMPLETIONS / name], capture_output=True, text=True, check=False)
        assert (told.returncode, told.stderr) == (0, "")


def test_the_man_page_has_no_mistakes():
    need("groff")
    words = ["groff", "-man", "-Tutf8", "-ww", "-z", str(SHARE / "man/failoverctl.1")]
    told = subprocess.run(words, capture_output=True, text=True, check=False)

    assert (told.returncode, told.stderr) == (0, "")


def _first_words(lines: str) -> set[str]:
    return {line.split("\t")[0] for line in lines.splitlines()}
