"""Servers on loopback that speak in raw bytes, and lie, stall and die exactly as told."""

from tests.fakeserver.server import Asked, FakeServer, Line, Script, serving

__all__ = ["Asked", "FakeServer", "Line", "Script", "serving"]
