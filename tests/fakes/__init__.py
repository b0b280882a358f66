"""Fakes with behaviour for every seam: virtual time, repeatable chance, listeners that remember."""

from tests.fakes.chance import FakeRng
from tests.fakes.clock import FakeClock, settle
from tests.fakes.journal import FakeJournalBackend
from tests.fakes.listener import FakeNotify, RecordingListener

__all__ = ["FakeClock", "FakeJournalBackend", "FakeNotify", "FakeRng", "RecordingListener", "settle"]
