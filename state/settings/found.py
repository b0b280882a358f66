"""A config without a config file: the providers that the environment gives away.

OPENAI_API_KEY=...                       -> [provider.openai]  key = "env:OPENAI_API_KEY"
GEMINI_API_KEY=..., GEMINI_API_KEY_2=... -> [provider.gemini]  keys = ["env:GEMINI_API_KEY", ...]
nothing at all                           -> [provider.pollinations], which answers without a key
"""

from collections.abc import Mapping
from urllib.parse import urlsplit

from msgspec.structs import replace

from state.config import Config, ProviderConfig
from state.settings.known import KNOWN, Known
from state.settings.offer import KeyConfig

__all__ = ["LOCAL_OLLAMA", "from_environment", "ollama_url"]

KEYS_MAX = 9
"""`GEMINI_API_KEY`, then `GEMINI_API_KEY_2` to `GEMINI_API_KEY_9`: whoever has more writes a file."""

_OTHER_NAMES = {"GEMINI_API_KEY": "GOOGLE_API_KEY"}
"""Used where the first is not set; Google's own library knows both, and one who sets both has one key."""

LOCAL_OLLAMA = ("127.0.0.1", 11434)
"""Where one answers that nobody has configured."""


def from_environment(environment: Mapping[str, str], *, ollama_reachable: bool = False) -> Config:
    """What would run with these variables. Which are set decides; their values stay unread, but for the
    address in `OLLAMA_HOST`. An empty variable is one that is not set.
    """
    is_set = frozenset(name for name, value in environment.items() if value.strip())
    found = {name: _found(known, is_set) for name, known in KNOWN.items()}
    if "OLLAMA_HOST" in is_set or ollama_reachable:
        url = ollama_url(environment.get("OLLAMA_HOST", ""))
        found["ollama"] = replace(KNOWN["ollama"].provider, url=url)
    else:
        found["ollama"] = None
    return Config(provider={name: provider for name, provider in found.items() if provider is not None})


def ollama_url(host: str) -> str:
    """What Ollama's own client makes of `OLLAMA_HOST`: any part of a URL may be missing, and the address
    that a server listens on everywhere means this machine.
    """
    host = host.strip().rstrip("/")
    scheme, separator, rest = host.partition("://")
    if not separator:
        scheme, rest, port = "http", host, LOCAL_OLLAMA[1]
    else:
        port = {"http": 80, "https": 443}.get(scheme, LOCAL_OLLAMA[1])
    authority, slash, path = rest.partition("/")
    as_written = f"{scheme}://{rest}"
    if "@" in authority:
        return as_written  # a password in a URL: the check refuses it, in better words than an exception here
    try:
        parts = urlsplit(f"//{authority}")
        name = parts.hostname or LOCAL_OLLAMA[0]
        port = port if parts.port is None else parts.port
    except ValueError:
        return as_written  # not an address at all: the same
    name = {"0.0.0.0": LOCAL_OLLAMA[0], "::": "::1"}.get(name, name)  # noqa: S104 - nothing is bound to it
    shown = f"[{name}]" if ":" in name else name
    return f"{scheme}://{shown}:{port}{slash}{path}"


def _found(known: Known, is_set: frozenset[str]) -> ProviderConfig | None:
    variables = [name for name in _variables(known.variable) if name in is_set]
    if not variables:
        other = _OTHER_NAMES.get(known.variable, "")
        variables = [other] if other in is_set else []
    if variables and known.is_found:
        keys = (KeyConfig(name=f"key{n}", secret=f"env:{name}") for n, name in enumerate(variables, start=1))
        return replace(known.provider, keys=tuple(keys))
    return None if known.needs_key else known.provider


def _variables(first: str) -> tuple[str, ...]:
    return (first, *(f"{first}_{n}" for n in range(2, KEYS_MAX + 1))) if first else ()
