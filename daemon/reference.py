"""SETTINGS.md: every setting with what it may be, its default and its reason, read from the code itself.

python -m daemon.reference > SETTINGS.md
"""

import ast
import inspect as source
import sys
from collections.abc import Iterator
from itertools import pairwise
from textwrap import dedent

import msgspec
from msgspec import Struct, inspect

from state.config import (
    DaemonConfig,
    JournalConfig,
    KeyConfig,
    LimitsConfig,
    ModelConfig,
    PoolConfig,
    PriceConfig,
    ProbeConfig,
    ProviderConfig,
    QuarantineConfig,
    RestConfig,
    RetryConfig,
    TimeoutConfig,
)
from state.settings.known import KNOWN, Known

__all__ = ["page"]

_BEGINNING = """\
# Settings

They stand in `/etc/failoverd/failoverd.toml` for a system service, in `~/.config/failoverd/failoverd.toml`
for a user, or in the file that `--config` names. All are optional but those marked as required.
`failoverd check` says what would run, or what is wrong. This page is made from the code:
`python -m daemon.reference > SETTINGS.md`.

Keys never stand in the file. It says where they are: `file:PATH` (a file that only the daemon's user can
read; relative to the config file), `env:NAME` (a variable), `credential:NAME` (systemd's `LoadCredential=`).

Keys and models may be written short, and a provider that failoverd knows by name needs only its key: what
the file says goes before what failoverd knows, setting by setting; `limits` and lists are replaced as a
whole. With no file at all, the providers below are taken whose variable is set (and `NAME_2` to `NAME_9` for
further keys), Pollinations in any case, and Ollama if it runs on this machine or `OLLAMA_HOST` is set.

```toml
[provider.gemini]
keys = ["file:keys/gemini", "env:GEMINI_API_KEY_2"]    # key1, key2

[provider.openai]
key = "credential:openai"

[provider.local]
url = "http://127.0.0.1:8000/v1"
models = ["llava:7b", { name = "qwen3:8b", context = 32768 }]

[pool.captions]
lanes = ["gemini/*", "local/llava:7b"]
```
"""

_TABLES: dict[type[Struct], str] = {
    DaemonConfig: "[daemon]",
    JournalConfig: "[journal]",
    ProviderConfig: "[provider.NAME]",
    KeyConfig: "[[provider.NAME.keys]]",
    ModelConfig: "[[provider.NAME.models]]",
    LimitsConfig: "limits",
    PriceConfig: "price",
    TimeoutConfig: "[provider.NAME.timeout]",
    RetryConfig: "[provider.NAME.retry]",
    RestConfig: "[provider.NAME.rest]",
    QuarantineConfig: "[provider.NAME.quarantine]",
    ProbeConfig: "[provider.NAME.probe]",
    PoolConfig: "[pool.NAME]",
}


def page() -> str:
    """The whole page."""
    return "\n".join([_BEGINNING, *_known(), *(line for struct in _TABLES for line in _table(struct))])


def _known() -> Iterator[str]:
    yield "## Known providers"
    yield ""
    yield "| name | where | models | key usually in |"
    yield "|---|---|---|---|"
    for name, known in KNOWN.items():
        models = ", ".join(model.name for model in known.provider.models) or "found while running"
        yield f"| {name} | {known.provider.url} | {models} | {_usual_key(known)} |"
    yield ""


def _usual_key(known: Known) -> str:
    if not known.variable:
        return "needs none"
    return f"`{known.variable}`" if known.needs_key else f"`{known.variable}`, needs none"


def _table(struct: type[Struct]) -> Iterator[str]:
    reasons = _reasons(struct)
    shape = inspect.type_info(struct)
    assert isinstance(shape, inspect.StructType)
    yield f"## {_TABLES[struct]}"
    yield ""
    yield _one_line(struct.__doc__ or "")
    yield ""
    yield "| setting | may be | default | |"
    yield "|---|---|---|---|"
    for field in shape.fields:
        reason = reasons[field.encode_name]
        yield f"| `{field.encode_name}` | {_may_be(field.type)} | {_default(field)} | {reason} |"
    yield ""


def _reasons(struct: type[Struct]) -> dict[str, str]:
    """What stands below each field, which Python itself forgets."""
    (body,) = ast.parse(dedent(source.getsource(struct))).body
    assert isinstance(body, ast.ClassDef)
    reasons = {}
    for field, below in pairwise(body.body):
        match field, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                reasons[name] = _one_line(text)
            case _:
                pass
    return reasons


def _may_be(shape: inspect.Type) -> str:
    match shape:
        case inspect.StructType(cls=cls):
            return f"table, see {_TABLES[cls]}"
        case inspect.VarTupleType(item_type=inner):
            return f"list: {_may_be(inner)}"
        case inspect.DictType(value_type=inner):
            return f"table of names: {_may_be(inner)}"
        case inspect.UnionType(types=types):
            return next(_may_be(each) for each in types if not isinstance(each, inspect.NoneType))
        case inspect.EnumType(cls=choices):
            return ", ".join(f"`{each.value}`" for each in choices)
        case inspect.LiteralType(values=values):
            return ", ".join(f"`{each}`" for each in values)
        case inspect.BoolType():
            return "`true`, `false`"
        case inspect.IntType() | inspect.FloatType():
            kind = "whole number" if isinstance(shape, inspect.IntType) else "number"
            return f"{kind}, {shape.ge:,.15g} to {shape.le:,.15g}"
        case _:
            return "text"


def _default(field: inspect.Field) -> str:
    if field.required:
        return "required"
    value = msgspec.to_builtins(field.default) if field.default is not msgspec.NODEFAULT else {}
    if isinstance(value, dict) or value is None or value == "":
        return ""
    if isinstance(field.type, inspect.VarTupleType) and isinstance(field.type.item_type, inspect.StructType):
        return ""
    return f"`{msgspec.json.encode(value).decode()}`"


def _one_line(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    sys.stdout.write(page())
