"""What is wrong with a pool: patterns that mean nothing, names that mean two things."""

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from itertools import islice

from state.config import Config, PoolConfig
from state.routing.pools import AUTO
from state.settings.naming import name_fault
from state.settings.problems import Fault, Problem, SettingPath, did_you_mean
from state.words import LaneId, matches

__all__ = ["pool_problems"]

COMPARED_MAX = 500
"""Names that a misspelled pattern is compared with."""


def pool_problems(name: str, pool: PoolConfig, config: Config) -> Iterator[Problem]:
    """All that is wrong with it, given the providers of the whole config."""
    at: SettingPath = ("pool", name)
    yield from _name(at, pool, config)
    everything = config.lanes
    for index, pattern in enumerate(pool.lanes):
        if not _means_something(pattern, everything, config):
            hint = _close(pattern, everything, config) or "failoverd check shows those that there are"
            yield Fault("matches no lane", hint).at(*at, "lanes", index)
    own = tuple(lane for lane in everything if any(matches(pattern, lane) for pattern in pool.lanes))
    beside: list[tuple[SettingPath, str]] = [
        *((("no_failover_to", index), pattern) for index, pattern in enumerate(pool.no_failover_to)),
        *((("weights", pattern), pattern) for pattern in pool.weights),
    ]
    for path, pattern in beside:
        if not _means_something(pattern, own, config):
            yield Fault("matches none of this pool's lanes").at(*at, *path)
    yield from _data_class(at, pool, own, config)


def _name(at: SettingPath, pool: PoolConfig, config: Config) -> Iterator[Problem]:
    if pool.name != at[-1]:
        yield Fault("differs from the table's name", "take this line out").at(*at, "name")
    fault = name_fault(pool.name)
    if fault is not None:
        yield fault.at(*at)
    if pool.name == AUTO:
        yield Fault("is the name of the pool of everything, which is there anyway", "choose another").at(*at)
    if pool.name in config.provider:
        yield Fault(
            "is the name of a provider too", "choose another: an app that asks for it must mean one"
        ).at(*at)


def _means_something(pattern: str, lanes: Iterable[LaneId], config: Config) -> bool:
    """A provider whose models are found while running may yet have what a pattern asks for."""
    if any(matches(pattern, lane) for lane in lanes):
        return True
    first, slash, _ = pattern.partition("/")
    discovering = [name for name, provider in config.provider.items() if provider.discovers]
    if slash:
        return any(fnmatchcase(name, first) for name in discovering)
    return bool(pattern and discovering)


def _close(pattern: str, lanes: tuple[LaneId, ...], config: Config) -> str:
    names = (name for lane in lanes for name in (f"{lane.provider}/{lane.model}", lane.model, str(lane)))
    return did_you_mean(pattern, islice(dict.fromkeys([*config.provider, *names]), COMPARED_MAX))


def _data_class(
    at: SettingPath, pool: PoolConfig, own: tuple[LaneId, ...], config: Config
) -> Iterator[Problem]:
    if not pool.data_class or any(provider.discovers for provider in config.provider.values()):
        return
    if not any(pool.data_class in config.provider[lane.provider].data_classes for lane in own):
        yield Fault(
            "may be seen by no provider of its lanes", "add it to data_classes of those that may see it"
        ).at(*at, "data_class")
