"""Foreign programs that some tests want: where one is absent the test is skipped, except where CI installs all."""

import os
import shutil
from typing import NoReturn

import pytest

__all__ = ["absent", "need"]


def need(*programs: str) -> None:
    """Skip unless all of these are here."""
    for program in programs:
        if shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin") is None:
            absent(f"{program} is not installed; .ci/strangers installs it")


def absent(why: str) -> NoReturn:
    """This can't be shown here. With FAILOVERD_STRANGERS=1 that is a failure: then somebody counts on it."""
    if os.environ.get("FAILOVERD_STRANGERS") == "1":
        pytest.fail(why)
    pytest.skip(why)
