"""What every test can ask for by name: the event loop, and a fake for every seam."""

import signal
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, is_hypothesis_test, settings

from tests.fakes import FakeClock, FakeJournalBackend, FakeNotify, FakeRng, RecordingListener

# Whoever starts the tests in the background may have them ignore Ctrl-C, and every child would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# How fast this machine is, is no property of the code.
calm = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("quick", calm, max_examples=100)
settings.register_profile("whole", calm)
settings.load_profile("quick")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Look for exceptions to each law among a hundred examples, or with `--hypothesis-profile=whole` among all.

    The laws themselves say how many examples they want, and nobody waits for half a minute of them
    before each commit: CI looks at all of them.
    """
    if config.getoption("hypothesis_profile") == "whole":
        return
    most = settings.get_profile("quick").max_examples
    for law in {_function(item) for item in items if is_hypothesis_test(_function(item))}:
        wanted: settings = law._hypothesis_internal_use_settings
        law._hypothesis_internal_use_settings = settings(wanted, max_examples=min(wanted.max_examples, most))


def _function(item: pytest.Item) -> Any:
    """The function behind a test, which a method and each set of parameters wrap anew."""
    test = getattr(item, "obj", None)
    return getattr(test, "__func__", test)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def rng() -> FakeRng:
    return FakeRng()


@pytest.fixture
def listener() -> RecordingListener:
    return RecordingListener()


@pytest.fixture
def notify() -> FakeNotify:
    return FakeNotify()


@pytest.fixture
def journal_backend() -> Iterator[FakeJournalBackend]:
    backend = FakeJournalBackend()
    yield backend
    backend.connection.close()
