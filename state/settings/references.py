"""How a config file names a secret: by where it is.

"env:GEMINI_API_KEY"  --refer-->  FromEnvironment  --daemon reads-->  bytes  --accept-->  Secret  -> transport
"""

from msgspec import Struct

from state.settings.problems import Fault
from state.settings.quoting import looks_secret

__all__ = ["FromCredential", "FromEnvironment", "FromFile", "Reference", "refer"]


class FromCredential(Struct, frozen=True):
    """`credential:NAME`: a file that systemd put into $CREDENTIALS_DIRECTORY."""

    name: str


class FromFile(Struct, frozen=True):
    """`file:PATH`: a file that only we can read."""

    path: str


class FromEnvironment(Struct, frozen=True):
    """`env:NAME`: a variable of the daemon's environment."""

    name: str


Reference = FromCredential | FromFile | FromEnvironment

_PASTED = Fault(
    "holds a key itself, or something like one",
    "a key does not belong in this file: put it into a file of its own (chmod 600) and write file:PATH here, "
    "or env:NAME or credential:NAME",
)


def refer(text: str) -> Reference | Fault:
    """Where a secret is to be found. A pasted key is noticed, and never repeated."""
    scheme, colon, name = text.partition(":")
    if not colon or scheme not in ("credential", "file", "env"):
        return _PASTED
    if not name:
        return Fault(f"names nothing behind {scheme}:", f"write {_EXAMPLES[scheme]}")
    if not name.isprintable() or name != name.strip():
        return Fault(f"has characters behind {scheme}: that no name has", f"write {_EXAMPLES[scheme]}")
    if looks_secret(name) and "/" not in name:
        return _PASTED
    match scheme:
        case "file":
            return FromFile(name)
        case "env":
            return _from_environment(name)
        case _:
            return _from_credential(name)


_EXAMPLES = {
    "credential": "credential:gemini",
    "file": "file:/etc/failoverd/keys/gemini",
    "env": "env:GEMINI_API_KEY",
}


def _from_environment(name: str) -> Reference | Fault:
    if name.isascii() and name.replace("_", "a").isalnum() and not name[0].isdigit():
        return FromEnvironment(name)
    return Fault("is no name of a variable", f"write {_EXAMPLES['env']}")


def _from_credential(name: str) -> Reference | Fault:
    if "/" in name or name in (".", ".."):
        return Fault(
            "is no name of a credential",
            f"write {_EXAMPLES['credential']}, the name that LoadCredential= gives it; for a path, file:PATH",
        )
    return FromCredential(name)
