"""A listener and a service manager that remember what they were told."""

from typing import TypeVar

T = TypeVar("T")


class RecordingListener:
    """All facts, in the order in which they were told."""

    def __init__(self) -> None:
        self.told: list[object] = []

    def __repr__(self) -> str:
        return f"<recording listener: {len(self.told)} facts>"

    def tell(self, fact: object) -> None:
        self.told.append(fact)

    def of(self, kind: type[T]) -> list[T]:
        """Only the facts of this kind."""
        return [fact for fact in self.told if isinstance(fact, kind)]

    def clear(self) -> None:
        self.told.clear()


class FakeNotify:
    """What the service manager was told, one entry a line."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def __repr__(self) -> str:
        return f"<fake notify: {len(self.told)} lines>"

    def tell(self, *states: str) -> None:
        self.told.extend(states)
