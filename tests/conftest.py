"""What every test can ask for by name: the event loop, and a fake for every seam."""

import signal
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.fakes import FakeClock, FakeJournalBackend, FakeNotify, FakeRng, RecordingListener

# Whoever starts the tests in the background may have them ignore Ctrl-C, and every child would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# How fast this machine is, is no property of the code.
settings.register_profile("calm", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("calm")


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
