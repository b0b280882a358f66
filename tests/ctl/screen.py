"""failoverctl on a real terminal: a pseudo-terminal of a given size, and all that was drawn on it."""

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

__all__ = ["Screen", "on_screen"]

PATIENCE_S = 20.0


class Screen:
    """The other end of the terminal."""

    def __init__(self, master: int, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.drawn = ""
        self._master = master

    def wait_drawn(self, text: str, within_s: float = PATIENCE_S, *, after: int = 0) -> None:
        """Until this can be read on it; behind the first so many characters."""
        until_s = time.monotonic() + within_s
        while text not in self.drawn[after:]:
            is_drawing = self._read() and time.monotonic() < until_s
            assert is_drawing, f"never drew {text!r}, only:\n{self.drawn}"

    def resize(self, columns: int, rows: int = 24) -> None:
        """As somebody does who drags the window's corner."""
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def wait_end(self) -> int:
        """Its exit code."""
        while self._read():
            pass
        return self.process.wait(PATIENCE_S)

    def press(self, keys: bytes) -> None:
        os.write(self._master, keys)

    def _read(self) -> bool:
        with suppress(OSError):  # the terminal's way to say that nobody writes any more
            if select.select([self._master], [], [], PATIENCE_S)[0]:
                piece = os.read(self._master, 65_536)
                self.drawn += piece.decode().replace("\r\n", "\n")
                return bool(piece)
        return False


def _own_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


@contextmanager
def on_screen(
    *words: str, columns: int = 80, rows: int = 24, environ: dict[str, str] | None = None
) -> Iterator[Screen]:
    """Run a Python program there."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    inherited = {
        name: os.environ[name] for name in ("PATH", "HOME", "PYTHONDONTWRITEBYTECODE") if name in os.environ
    }
    process = subprocess.Popen(
        [sys.executable, *words],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env={**inherited, "TERM": "xterm", **(environ or {})},
        start_new_session=True,
        preexec_fn=_own_terminal,  # noqa: PLW1509 - one system call, and Ctrl-C needs it
    )
    os.close(slave)
    try:
        yield Screen(master, process)
    finally:
        process.kill()
        process.wait()
        os.close(master)
