"""The man page and the completions of failoverctl, made from its parser when it is built.

python -m daemon.ctl.pages share        writes them below `share/`; a test holds them to be current
"""

import sys
from collections.abc import Mapping
from pathlib import Path

from daemon.ctl.completions import bash, fish, zsh
from daemon.ctl.manpage import man_page
from daemon.ctl.outline import outlines

__all__ = ["pages", "write"]


def pages() -> Mapping[str, str]:
    """Everything, by its path below `share/`."""
    found = outlines()
    return {
        "completions/failoverctl.bash": bash(found),
        "completions/_failoverctl": zsh(found),
        "completions/failoverctl.fish": fish(found),
        "man/failoverctl.1": man_page(found),
    }


def write(directory: Path) -> None:
    """Put them where the build finds them."""
    for name, text in pages().items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
