"""`rpc.discover` tells the table that drives the server, in a form that OpenRPC's own schema accepts."""

import json
import subprocess
from pathlib import Path

import msgspec
import pytest

from daemon.rpc.discovery import described
from daemon.rpc.methods import METHODS
from daemon.verdicts import ENDINGS
from tests.strangers import absent

HERE = Path(__file__).parent / "openrpc"
STRANGERS = Path(__file__).parent.parent / ".strangers" / "rpc"
DOCUMENT = json.loads(msgspec.json.encode(described(METHODS.values())))


JUDGE = """
import json, sys
from jsonschema import Draft7Validator
from referencing.jsonschema import DRAFT7, EMPTY_REGISTRY
schema, of_schemas = (json.load(open(path)) for path in sys.argv[1:])
registry = EMPTY_REGISTRY.with_resource("https://meta.json-schema.tools", DRAFT7.create_resource(of_schemas))
print(json.dumps([error.message for error in Draft7Validator(schema, registry=registry).iter_errors(json.load(sys.stdin))]))
"""
"""Its environment is that of the strangers: nothing of ours needs a validator."""


@pytest.mark.stranger
def test_it_is_valid_openrpc():
    assert objections(DOCUMENT) == []
    assert objections({**DOCUMENT, "methods": [{"name": "x"}]}) != []


def objections(document: object) -> object:
    python = STRANGERS / "python" / "bin" / "python"
    if not list(python.parent.glob("jsonschema")):
        absent("jsonschema is not installed; .ci/strangers rpc_clients does that")
    words: list[str | Path] = [python, "-c", JUDGE, HERE / "meta-schema.json", HERE / "json-schema.json"]
    told = subprocess.run(words, input=json.dumps(document), capture_output=True, text=True, check=True)
    return json.loads(told.stdout)


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
