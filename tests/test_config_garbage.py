"""Whatever stands in a config file: it is a config or has problems, and no key in it is ever repeated."""

import datetime as dt
from typing import Any

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec import inspect

from daemon.configfile import load
from state.config import Config, DaemonConfig, JournalConfig, PoolConfig, ProviderConfig
from state.settings.configcheck import check
from state.settings.problems import Fault
from state.settings.shape import misfits
from state.settings.shorthand import plain
from state.settings.toml import tables
from state.settings.written import read
from tests.configs import KEY, here, write

HOME = DaemonConfig(state_dir="/var/lib/failoverd")


def words(shape: inspect.Type) -> set[str]:
    """The names of all settings and the choices that there are: garbage is most dangerous where it nearly fits."""
    match shape:
        case inspect.StructType(fields=fields):
            return {field.encode_name for field in fields}.union(*(words(field.type) for field in fields))
        case inspect.DictType(value_type=inner) | inspect.VarTupleType(item_type=inner):
            return words(inner)
        case inspect.UnionType(types=types):
            return set().union(*map(words, types))
        case inspect.EnumType(cls=choices):
            return {str(choice.value) for choice in choices}
        case _:
            return set()


NAMES = st.sampled_from(
    sorted(
        words(inspect.type_info(Config)) | {"key", "gemini", "ollama", "pollinations", "a", "auto", "", KEY}
    )
)
SINGLES = st.one_of(
    NAMES,
    st.sampled_from(
        [
            KEY,
            f"env:{KEY}",
            f"file:{KEY}",
            f"credential:{KEY}",
            "env:A",
            "http://a/v1",
            f"http://{KEY}@a",
            "*",
            "\x00",
            "[",
            "0.0.0.0:1",
        ]
    ),
    st.text(max_size=8),
    st.integers(),
    st.just(10**400),
    st.floats(),
    st.booleans(),
    st.just(dt.date(2026, 1, 1)),
)
VALUES = st.recursive(
    SINGLES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)


def tables_of(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(NAMES, inner, max_size=3)


TREES = st.one_of(
    tables_of(VALUES),
    st.fixed_dictionaries(
        {},
        optional={
            "daemon": tables_of(SINGLES),
            "journal": tables_of(SINGLES),
            "provider": tables_of(tables_of(VALUES)),
            "pool": tables_of(tables_of(VALUES)),
        },
    ),
)


@given(TREES)
@settings(max_examples=500)
@example({"provider": {KEY: {"url": KEY, "keys": [KEY], "models": [KEY]}}, "pool": {KEY: {"lanes": [KEY]}}})
@example({"provider": {"ollama": {"timeout": {"connect_s": 10**400}}}})
@example({"provider": {"ollama": {"keys": [{"name": KEY, "secret": f"env:{KEY}"}]}}})
def test_garbage_is_a_config_or_has_problems_and_no_key_is_repeated(tree):
    written = read(tree, HOME)
    problems = [*written.problems, *map(written.in_file, check(written.config, whole=not written.problems))]

    for problem in problems:
        line = str(problem)
        assert KEY not in line
        assert line.isprintable()


@given(TREES)
@settings(max_examples=500)
def test_what_has_no_misfit_is_what_the_decoder_takes(tree):
    def decodes() -> bool:
        try:
            msgspec.convert(tree, Config)
        except msgspec.ValidationError:
            return False
        return True

    assert decodes() == (not any(misfits(tree, Config)))


@given(st.binary(max_size=200) | st.text(alphabet="[]{}=\"'.,#\n ab1-", max_size=40).map(str.encode))
@settings(max_examples=500)
def test_any_bytes_are_tables_or_a_fault(content):
    assert isinstance(tables(content), dict | Fault)


@given(
    st.text(alphabet="[]{}=\"'.,#\n \\a1-", max_size=12), st.text(alphabet="[]{}=\"'.,#\n \\a1-", max_size=12)
)
@settings(max_examples=500)
def test_no_complaint_about_toml_repeats_what_stands_there(before, after):
    found = tables(f"{before}{KEY}{after}".encode())

    assert not isinstance(found, Fault) or KEY not in str(found)


def test_every_number_has_bounds():
    """So that none is too large for a deadline, a database or a float."""

    def unbounded(shape: inspect.Type, name: str) -> list[str]:
        match shape:
            case inspect.StructType(fields=fields):
                return [bad for field in fields for bad in unbounded(field.type, f"{name}.{field.name}")]
            case inspect.DictType(value_type=inner) | inspect.VarTupleType(item_type=inner):
                return unbounded(inner, name)
            case inspect.UnionType(types=types):
                return [bad for each in types for bad in unbounded(each, name)]
            case inspect.IntType(ge=ge, le=le) | inspect.FloatType(ge=ge, le=le):
                return [name] if ge is None or le is None else []
            case _:
                return []

    assert unbounded(inspect.type_info(Config), "") == []


@pytest.mark.parametrize(
    "struct", [DaemonConfig(), JournalConfig(), ProviderConfig(url="a"), PoolConfig(lanes=("a",))]
)
def test_every_default_is_within_its_own_bounds(struct):
    assert list(misfits(plain(struct), type(struct))) == []


def test_a_key_in_the_wrong_place_is_not_repeated_by_the_file_either(tmp_path):
    path = write(
        tmp_path, f'{KEY} = "{KEY}"\n[provider."{KEY}"]\nkey = "file:/{KEY}/x"\nurl = "https://a/{KEY}"\n'
    )

    lines = load(str(path), here(tmp_path)).lines  # type: ignore[union-attr] # it is refused

    assert lines
    assert not any(KEY in line for line in lines)
