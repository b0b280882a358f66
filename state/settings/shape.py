"""Whether what was written has the shape of a Struct: every misfit in its place, not the first alone.

msgspec decides the same with more speed, but stops at the first misfit and repeats values, which may be keys.
What has no misfit here, `msgspec.convert` takes; a property test holds the two together.
"""

import datetime as dt
import math
from collections.abc import Iterator
from functools import cache

from msgspec import Struct, inspect

from state.settings.problems import Fault, Problem, SettingPath, did_you_mean

__all__ = ["misfits"]

SHOWN_CHOICES_MAX = 12

_CALLED_ELSEWHERE = {
    "api_base": "url",
    "api_key": "key",
    "api_keys": "keys",
    "base_url": "url",
    "endpoint": "url",
    "model": "models",
    "token": "key",
    "type": "api",
}
"""What other programs call it: no misspelling, so likeness does not find it."""


def misfits(value: object, struct: type[Struct], *path: str | int) -> Iterator[Problem]:
    """Everything that keeps this value from becoming that Struct."""
    return _misfits(value, _shape(struct), path)


@cache
def _shape(struct: type[Struct]) -> inspect.Type:
    return inspect.type_info(struct)


def _misfits(value: object, shape: inspect.Type, path: SettingPath) -> Iterator[Problem]:
    match shape:
        case inspect.StructType():
            yield from _table(value, shape, path)
        case inspect.DictType():
            yield from _names(value, shape, path)
        case inspect.VarTupleType():
            yield from _list(value, shape, path)
        case inspect.UnionType():
            # Only ever `X | None`, and TOML cannot write None: leaving the setting out says it.
            (one,) = (each for each in shape.types if not isinstance(each, inspect.NoneType))
            yield from _misfits(value, one, path)
        case _:
            fault = _single(value, shape)
            if fault is not None:
                yield fault.at(*path)


def _table(value: object, shape: inspect.StructType, path: SettingPath) -> Iterator[Problem]:
    if not isinstance(value, dict):
        yield _not("a table", value).at(*path)
        return
    fields = {field.encode_name: field for field in shape.fields}
    for name, inner in value.items():
        if name in fields:
            yield from _misfits(inner, fields[name].type, (*path, name))
        else:
            yield _unknown(name, tuple(fields)).at(*path, name)
    for name, field in fields.items():
        if field.required and name not in value:
            yield Fault("is missing").at(*path, name)


def _names(value: object, shape: inspect.DictType, path: SettingPath) -> Iterator[Problem]:
    if not isinstance(value, dict):
        yield _not("a table", value).at(*path)
        return
    if shape.max_length is not None and len(value) > shape.max_length:
        yield Fault(f"has more than {shape.max_length} entries").at(*path)
    for name, inner in value.items():
        yield from _misfits(inner, shape.value_type, (*path, name))


def _list(value: object, shape: inspect.VarTupleType, path: SettingPath) -> Iterator[Problem]:
    if not isinstance(value, list):
        yield _not("a list", value).at(*path)
        return
    if shape.min_length is not None and len(value) < shape.min_length:
        yield Fault("is empty", "one entry at least").at(*path)
    if shape.max_length is not None and len(value) > shape.max_length:
        yield Fault(f"has more than {shape.max_length} entries").at(*path)
    for index, inner in enumerate(value):
        yield from _misfits(inner, shape.item_type, (*path, index))


def _single(value: object, shape: inspect.Type) -> Fault | None:
    match shape:
        case inspect.EnumType():
            return _choice(value, tuple(str(each.value) for each in shape.cls))
        case inspect.LiteralType():
            return _choice(value, tuple(str(each) for each in shape.values))
        case inspect.BoolType():
            return None if isinstance(value, bool) else _not("true or false", value)
        case inspect.StrType():
            return None if isinstance(value, str) else _not("text", value)
        case inspect.IntType():
            if isinstance(value, bool) or not isinstance(value, int):
                return _not("a whole number", value)
            return _out_of_bounds(value, shape)
        case inspect.FloatType():
            if isinstance(value, bool) or not isinstance(value, int | float):
                return _not("a number", value)
            if isinstance(value, float) and not math.isfinite(value):
                return Fault(f"is {value}, which is no amount", _bounds(shape))
            return _out_of_bounds(value, shape)
        case _:
            raise AssertionError(f"no setting has the type {shape}")


def _choice(value: object, choices: tuple[str, ...]) -> Fault | None:
    if not isinstance(value, str):
        return _not("text", value)
    if value in choices:
        return None
    hint = did_you_mean(value, choices)
    return Fault(
        "is none of its choices", f"{hint} One of {', '.join(choices)}" if hint else _one_of(choices)
    )


def _one_of(choices: tuple[str, ...]) -> str:
    return f"one of {', '.join(choices)}"


def _out_of_bounds(value: float, shape: inspect.IntType | inspect.FloatType) -> Fault | None:
    too_little = shape.ge is not None and value < shape.ge
    too_much = shape.le is not None and value > shape.le
    if not too_little and not too_much:
        return None
    return Fault("is too small" if too_little else "is too large", _bounds(shape))


def _bounds(shape: inspect.IntType | inspect.FloatType) -> str:
    return f"from {shape.ge:,.15g} to {shape.le:,.15g}"


def _unknown(name: str, known: tuple[str, ...]) -> Fault:
    elsewhere = _CALLED_ELSEWHERE.get(name)
    # `key` is the short way to write `keys`, which `state.settings.written` has spelled out by now.
    if elsewhere is not None and (elsewhere in known or f"{elsewhere}s" in known):
        return Fault("is not a setting", f"it is called {elsewhere} here")
    hint = did_you_mean(name, known)
    return Fault("is not a setting", hint or f"settings here: {_some(known)}")


def _some(known: tuple[str, ...]) -> str:
    shown = ", ".join(known[:SHOWN_CHOICES_MAX])
    return f"{shown}, ..." if len(known) > SHOWN_CHOICES_MAX else shown


def _not(expected: str, value: object) -> Fault:
    return Fault(f"must be {expected}, not {_kind(value)}")


def _kind(value: object) -> str:
    match value:
        case bool():
            return "true or false"
        case int():
            return "a whole number"
        case float():
            return "a number"
        case str():
            return "text"
        case list():
            return "a list"
        case dict():
            return "a table"
        case dt.date() | dt.time():
            return "a date or time"
        case _:
            raise AssertionError(f"TOML has no {type(value)}")
