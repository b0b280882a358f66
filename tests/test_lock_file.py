"""What runs with us: few packages, each pinned by hash, nothing that the project does not name."""

import re
import tomllib
from pathlib import Path

REPO = Path(__file__).parent.parent
PACKAGES_MAX = 19
"""Under twenty, on the machine where most are needed."""

_PIN = re.compile(r"(?m)^([a-z0-9-]+)==(\S+)( ; (?P<where>[^\\]+?))? \\$")


def pins() -> dict[str, str]:
    """Name and marker of each."""
    lock = (REPO / "requirements.lock").read_text()
    return {found[1]: found["where"] or "" for found in _PIN.finditer(lock)}


def test_fewer_than_twenty_packages_run_with_us():
    assert 5 < len(pins()) <= PACKAGES_MAX, sorted(pins())


def test_each_is_pinned_to_files_by_their_hashes():
    lock = (REPO / "requirements.lock").read_text()
    blocks = re.split(r"(?m)^(?=[a-z0-9-]+==)", lock)[1:]
    assert len(blocks) == len(pins())
    for block in blocks:
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", block), block[:60]
    assert "--index-url" not in lock
    assert "http" not in lock.replace("httpx", "").replace("httpcore", "").replace("httptools", "")


def test_all_that_the_project_names_is_locked():
    project = tomllib.loads((REPO / "pyproject.toml").read_text())["project"]
    named = {re.split(r"[^a-z0-9-]", line.lower().replace("_", "-"))[0] for line in project["dependencies"]}
    assert named <= {*pins()}
