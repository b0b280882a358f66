"""`rpc.discover`: the table of methods as an OpenRPC document, with schemas made from the very same types."""

from collections.abc import Iterable, Iterator
from importlib.metadata import version
from typing import Any

import msgspec
from msgspec import Struct

from daemon.rpc.method import Method
from daemon.rpc.replies import ErrorData
from daemon.verdicts import ENDINGS, ErrorKind

__all__ = ["OPENRPC", "Discovery", "described"]

OPENRPC = "1.3.2"
REFERENCES = "#/components/schemas/{name}"
JSON = dict[str, Any]
"""A JSON document of others' making: its shape is OpenRPC's."""


class Discovery(Struct, frozen=True):
    """An OpenRPC document."""

    openrpc: str
    info: dict[str, str]
    methods: list[dict[str, Any]]
    components: dict[str, Any]


def described(methods: Iterable[Method]) -> JSON:
    """All of them."""
    rows = list(methods)
    types = [each for row in rows for each in (row.takes, row.gives, *(notice.of for notice in row.notices))]
    schemas, components = msgspec.json.schema_components([*types, ErrorData], ref_template=REFERENCES)
    schema_of = iter(schemas)
    return {
        "openrpc": OPENRPC,
        "info": {
            "title": "failoverd",
            "version": version("failoverd"),
            "description": "Keeps AI calls alive: one local socket, many providers, a reason for everything.",
        },
        "methods": [_method(row, schema_of, components) for row in rows],
        "components": {"schemas": components, "errors": {kind: _error(kind) for kind in ErrorKind}},
    }


def _method(row: Method, schema_of: Iterator[JSON], components: JSON) -> JSON:
    takes, gives = next(schema_of), next(schema_of)
    told: JSON = {
        "name": row.name,
        "summary": row.says,
        "paramStructure": "either" if not row.takes_raw else "by-name",
        "params": list(_params(_resolved(takes, components))),
        "result": {"name": f"{row.name} result", "schema": gives},
        "errors": [{"$ref": f"#/components/errors/{kind}"} for kind in ErrorKind],
        "x-scope": row.scope,
    }
    if row.notices:
        told["x-notifications"] = [
            {"name": notice.name, "summary": notice.says, "member": notice.member, "schema": next(schema_of)}
            for notice in row.notices
        ]
    return told


def _params(schema: JSON) -> Iterator[JSON]:
    """Each field of the params by itself; those that must be there come first, as OpenRPC wants it."""
    required = schema.get("required", [])
    fields = sorted(schema["properties"].items(), key=lambda field: field[0] not in required)
    for name, field in fields:
        yield {"name": name, "required": name in required, "schema": field}


def _resolved(schema: JSON, components: JSON) -> JSON:
    found: JSON = components[schema["$ref"].rpartition("/")[2]]
    return found


def _error(kind: ErrorKind) -> JSON:
    ending = ENDINGS[kind]
    return {"code": ending.code, "message": kind, "data": {"says": ending.says, "http": ending.http}}
