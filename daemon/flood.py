"""The same line at most once in ten seconds; what was held back is counted and said."""

from collections import OrderedDict

__all__ = ["WINDOW_MS", "Flood"]

WINDOW_MS = 10_000
LINES_MAX = 1_024
"""Different lines remembered at once; beyond it the oldest is forgotten and may be said again."""


class Flood:
    """Who remembers what was said lately. Time is an argument."""

    def __init__(self) -> None:
        self._windows: OrderedDict[str, _Window] = OrderedDict()

    def admit(self, line: str, at_ms: int) -> bool:
        """Whether this line may be written now; if not it is counted."""
        window = self._windows.get(line)
        if window is not None and at_ms < window.until_ms:
            window.held_back += 1
            return False
        self._windows[line] = _Window(at_ms + WINDOW_MS)
        self._windows.move_to_end(line)
        while len(self._windows) > LINES_MAX:
            self._windows.popitem(last=False)
        return True

    def swept(self, at_ms: int | None = None) -> list[tuple[str, int]]:
        """Forget the windows that are over (None: all), and say which lines were held back how often."""
        counts = []
        while self._windows:
            line, window = next(iter(self._windows.items()))
            if at_ms is not None and at_ms < window.until_ms:
                break
            del self._windows[line]
            if window.held_back:
                counts.append((line, window.held_back))
        return counts


class _Window:
    __slots__ = ("held_back", "until_ms")

    def __init__(self, until_ms: int) -> None:
        self.until_ms = until_ms
        self.held_back = 0
