"""What failoverctl reads is what the daemon says: its shapes against the daemon's own Structs."""

from importlib import import_module
from pkgutil import iter_modules

import pytest

from daemon.api import looking, probing, refusal, report, status, steering, story
from daemon.ctl import shapes
from state.memory import durability
from state.usage import statistics

HOMES = (status, story, report, refusal, looking, steering, probing, statistics, durability)
SHAPES = {
    name: getattr(module, name)
    for found in iter_modules(shapes.__path__, f"{shapes.__name__}.")
    for module in [import_module(found.name)]
    for name in module.__all__
}


@pytest.mark.parametrize("name", SHAPES)
def test_every_field_that_is_read_is_one_that_is_said(name):
    struct = next(getattr(home, name) for home in HOMES if hasattr(home, name))

    assert set(SHAPES[name].__annotations__) <= set(struct.__struct_fields__)
