"""The short ways to write a provider, spelled out.

key = "env:A"                  keys = [{name = "key1", secret = "env:A"}]
keys = ["env:A", "env:B"]      keys = [{name = "key1", secret = "env:A"}, {name = "key2", ...}]
models = ["gemini-2.5-flash"]  models = [{name = "gemini-2.5-flash", can = [...], ...}]
[provider.gemini]              with all that `state.settings.known` knows beneath it

What fits nowhere is passed on as it is: `state.settings.shape` says what is wrong with it.
"""

from collections.abc import Iterator, Mapping

import msgspec
from msgspec import Struct

from state.config import ProviderConfig
from state.settings.guesses import guess
from state.settings.known import KNOWN, LOCAL_TIMEOUT
from state.settings.problems import Fault, Problem, SettingPath, did_you_mean
from state.standing.hosts import is_loopback

__all__ = ["Tree", "beneath", "faults", "places", "plain", "spell_out"]

Tree = Mapping[str, object]
"""A table as TOML gives it: anything may be in it."""

_ATOMS = frozenset({"limits", "model_limits"})
"""Tables that replace a known one whole: TOML has no word for none, so leaving a limit out must lift it."""


def spell_out(name: str, table: Tree) -> Tree:
    """The provider of that name, with every setting that somebody has an opinion on."""
    stated = {"name": name, **table}
    if "key" in stated and "keys" not in stated:
        stated["keys"] = [stated.pop("key")]
    known = KNOWN[name].provider if name in KNOWN else None
    keys, models = stated.get("keys"), stated.get("models")
    if isinstance(keys, list):
        stated["keys"] = [_key(number, key) for number, key in enumerate(keys, start=1)]
    if isinstance(models, list):
        stated["models"] = [_model(model, known) for model in models]
    return beneath(_defaults(known, stated), stated)


def faults(name: str, table: Tree) -> Iterator[Problem]:
    """What is wrong before anything is spelled out."""
    if name not in KNOWN and "url" not in table:
        hint = did_you_mean(name, KNOWN) or "write where it lives: url = ..."
        yield Fault("is missing, and failoverd knows no provider of this name", hint).at(
            "provider", name, "url"
        )
    if "key" in table and "keys" in table:
        yield Fault("stands beside keys", "write all of them in keys").at("provider", name, "key")


def places(name: str, table: Tree) -> Iterator[tuple[SettingPath, SettingPath]]:
    """For paths in the config the paths in the file, where a short way was used."""
    keys, models = table.get("keys"), table.get("models")
    at: SettingPath = ("provider", name)
    if "key" in table:
        yield (*at, "keys", 0, "secret"), (*at, "key")
        yield (*at, "keys", 0), (*at, "key")
    for index, key in enumerate(keys if isinstance(keys, list) else ()):
        if isinstance(key, str):
            yield (*at, "keys", index, "secret"), (*at, "keys", index)
    for index, model in enumerate(models if isinstance(models, list) else ()):
        if isinstance(model, str):
            yield (*at, "models", index, "name"), (*at, "models", index)


def beneath(defaults: Tree, stated: Tree) -> Tree:
    """What is stated, and where nothing is, the defaults."""
    merged = {**defaults, **stated}
    for name, default in defaults.items():
        inner = stated.get(name)
        if name not in _ATOMS and isinstance(default, dict) and isinstance(inner, dict):
            merged[name] = beneath(default, inner)
    return merged


def plain(struct: Struct) -> Tree:
    """A Struct as TOML would give it: None is not written at all."""
    tree = _plain(msgspec.to_builtins(struct))
    assert isinstance(tree, dict)
    return tree


def _plain(value: object) -> object:
    match value:
        case dict():
            return {name: _plain(inner) for name, inner in value.items() if inner is not None}
        case tuple() | list():
            return [_plain(inner) for inner in value]
        case _:
            return value


def _defaults(known: ProviderConfig | None, stated: Tree) -> Tree:
    if known is not None:
        return plain(known)
    url = stated.get("url")
    if isinstance(url, str) and is_loopback(url):
        return {"timeout": plain(LOCAL_TIMEOUT), "paid": False}
    return {}


def _key(number: int, key: object) -> object:
    name = f"key{number}"
    match key:
        case str():
            return {"name": name, "secret": key}
        case dict():
            return {"name": name, **key}
        case _:
            return key


def _model(model: object, known: ProviderConfig | None) -> object:
    stated = {"name": model} if isinstance(model, str) else model
    if not isinstance(stated, dict):
        return stated
    name = stated.get("name")
    for each in known.models if known is not None else ():
        if each.name == name:
            return beneath(plain(each), stated)
    return {"can": list(guess(name)), **stated} if isinstance(name, str) else stated
