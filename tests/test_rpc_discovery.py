"""`rpc.discover` tells the table that drives the server, in a form that OpenRPC's own schema accepts."""

import json
from pathlib import Path

import msgspec
import pytest

from daemon.rpc.discovery import described
from daemon.rpc.methods import METHODS
from daemon.verdicts import ENDINGS

HERE = Path(__file__).parent / "openrpc"
DOCUMENT = json.loads(msgspec.json.encode(described(METHODS.values())))


def test_it_is_valid_openrpc():
    jsonschema = pytest.importorskip("jsonschema")
    referencing = pytest.importorskip("referencing.jsonschema")
    schema, of_schemas = (
        json.loads((HERE / name).read_text()) for name in ("meta-schema.json", "json-schema.json")
    )
    known = referencing.DRAFT7.create_resource(of_schemas)
    registry = referencing.EMPTY_REGISTRY.with_resource("https://meta.json-schema.tools", known)
    validator = jsonschema.Draft7Validator(schema, registry=registry)
    assert [error.message for error in validator.iter_errors(DOCUMENT)] == []
    broken = {**DOCUMENT, "methods": [{"name": "x"}]}
    assert [error.message for error in validator.iter_errors(broken)] != []


def test_every_method_is_in_it_with_its_scope():
    assert [(each["name"], each["x-scope"]) for each in DOCUMENT["methods"]] == [
        (name, method.scope) for name, method in METHODS.items()
    ]


def test_every_reference_leads_somewhere():
    schemas = DOCUMENT["components"]["schemas"]
    errors = DOCUMENT["components"]["errors"]
    for reference in references(DOCUMENT):
        kind, name = reference.split("/")[-2:]
        assert name in (schemas if kind == "schemas" else errors), reference


def references(value: object) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        return own + [each for inner in value.values() for each in references(inner)]
    if isinstance(value, list):
        return [each for inner in value for each in references(inner)]
    return []


def test_errors_are_those_of_the_one_table():
    told = {error["message"]: error["code"] for error in DOCUMENT["components"]["errors"].values()}
    assert told == {str(kind): ending.code for kind, ending in ENDINGS.items()}


def test_params_that_must_be_there_come_first():
    for method in DOCUMENT["methods"]:
        required = [each["required"] for each in method["params"]]
        assert required == sorted(required, reverse=True), method["name"]


def test_all_methods_of_the_design_are_there():
    assert set(METHODS) == {
        *("chat", "image", "embed", "status", "stats", "stats.reset", "explain", "capacity"),
        *("events.subscribe", "journal.query", "probe", "enable", "disable", "quarantine", "release"),
        *("force", "prefer.clear", "strategy.set", "config.check", "config.reload", "drain", "ping"),
        *("job.submit", "job.list", "job.status", "job.follow", "job.results", "job.cancel", "job.resume"),
        *("job.purge", "cancel", "rpc.discover"),
    }
