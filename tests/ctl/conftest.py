"""A scripted daemon for every test that wants one."""

from collections.abc import Iterator

import pytest

from tests.fakes.daemon import FakeDaemon, fake_daemon


@pytest.fixture
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeDaemon]:
    # A socket's path is short, and tests have long names.
    with fake_daemon(tmp_path_factory.mktemp("d") / "s") as fake:
        yield fake
