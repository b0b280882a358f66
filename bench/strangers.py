"""Where everybody comes from: Debian, PyPI and npm; fetched once, into a directory that git does not see.

Whoever is written in Python runs on the distribution's, ourselves included, because that is what users have: one
that somebody compiled without profiling, as version managers do by default, takes half as long again.
"""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec

__all__ = ["LITELLM", "OURS", "PORTKEY", "available", "fetch", "python_version"]

ROOT = Path(__file__).resolve().parent.parent
HERE = ROOT / ".strangers" / "bench"
DISTRIBUTIONS = "/usr/bin/python3"
OURS = HERE / "failoverd" / "bin" / "python"
"""Our own Python, with what the lock names; the code is the checkout's."""
LITELLM = HERE / "litellm-proxy" / "bin" / "litellm"
PORTKEY = HERE / "portkey" / "node_modules" / "@portkey-ai" / "gateway" / "build" / "start-server.js"

LITELLM_VERSION = "1.102.4"
PORTKEY_VERSION = "1.15.2"
"""Named, so that two runs compare the same things."""
HONO_VERSION = "1.3.3"
"""Of the server below Portkey: with newer ones this release answers every stream with a 500."""


def fetch() -> None:
    """Get whoever is missing; who cannot be had does not take part."""
    HERE.mkdir(parents=True, exist_ok=True)
    (HERE / ".gitignore").write_text("*\n")
    for name, is_here, get in _WAYS:
        if is_here():
            continue
        print(f"fetching {name}", file=sys.stderr)
        try:
            get()
        except (OSError, subprocess.CalledProcessError) as error:
            print(f"{name} cannot be had, and is left out: {error}", file=sys.stderr)


def available() -> set[str]:
    """Who can take part."""
    return {name for name, is_here, _ in _WAYS if is_here()}


def _get_debians() -> None:
    subprocess.run(["apt-get", "update", "-qq"], check=True)
    subprocess.run(
        ["apt-get", "install", "-y", "-qq", "nginx-light", "wrk"], check=True, stdout=subprocess.DEVNULL
    )


def python_version() -> str:
    """Of what everybody runs on."""
    said = subprocess.run([str(OURS), "-V"], check=True, capture_output=True, text=True).stdout
    whose = " of the distribution" if _python() == DISTRIBUTIONS else ""
    return f"{said.strip()}{whose}"


def _python() -> str:
    """The distribution's, where it is new enough and can make environments; else the one that runs this."""
    asks = "import ensurepip, sys; sys.exit(sys.version_info < (3, 11))"
    try:
        subprocess.run([DISTRIBUTIONS, "-c", asks], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        return sys.executable
    return DISTRIBUTIONS


def _environment(place: Path, *wanted: str) -> None:
    subprocess.run([_python(), "-m", "venv", str(place)], check=True)
    pip = [str(place / "bin" / "python"), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    subprocess.run([*pip, *wanted], check=True)


def _get_ourselves() -> None:
    place = OURS.parent.parent
    _environment(place, "--require-hashes", "-r", str(ROOT / "requirements.lock"))
    pip = [str(OURS), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    subprocess.run([*pip, "--no-deps", str(ROOT)], check=True)


def _get_litellm() -> None:
    _environment(LITELLM.parent.parent, f"litellm[proxy]=={LITELLM_VERSION}")


def _get_portkey() -> None:
    place = HERE / "portkey"
    place.mkdir(exist_ok=True)
    wanted = {
        "dependencies": {"@portkey-ai/gateway": PORTKEY_VERSION},
        "overrides": {"@hono/node-server": HONO_VERSION},
    }
    (place / "package.json").write_bytes(msgspec.json.encode(wanted))
    npm = ["npm", "install", "--silent", "--ignore-scripts", "--omit=dev", "--no-audit"]
    subprocess.run(npm, check=True, cwd=place)


def _has(name: str) -> Callable[[], bool]:
    return lambda: shutil.which(name, path="/usr/sbin:/usr/bin:/usr/local/bin:/bin") is not None


_WAYS: tuple[tuple[str, Callable[[], bool], Callable[[], None]], ...] = (
    ("wrk", _has("wrk"), _get_debians),
    ("nginx", _has("nginx"), _get_debians),
    ("failoverd", OURS.exists, _get_ourselves),
    ("litellm", LITELLM.exists, _get_litellm),
    ("portkey", PORTKEY.exists, _get_portkey),
)
