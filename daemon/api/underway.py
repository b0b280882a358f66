"""Whose request is whose: to cancel one by its name, and to keep those of others out of sight."""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from daemon.api.caller import Caller

__all__ = ["UnderWay"]

REMEMBERED_MAX = 16_384
"""An older request can be explained to those who may see everything."""


class UnderWay:
    """The requests of now, and the users behind those of late."""

    def __init__(self) -> None:
        self._cancels: dict[str, list[Callable[[], None]]] = {}
        self._uids: OrderedDict[str, int | None] = OrderedDict()

    def __repr__(self) -> str:
        return f"<{len(self._cancels)} requests under way>"

    @contextmanager
    def one(self, request_id: str, caller: Caller, cancel: Callable[[], None]) -> Iterator[None]:
        """While a request is served. Several may be under way by one name: they wait for the same answer."""
        if request_id not in self._uids:
            self._uids[request_id] = caller.client.uid
            if len(self._uids) > REMEMBERED_MAX:
                self._uids.popitem(last=False)
        cancels = self._cancels.setdefault(request_id, [])
        cancels.append(cancel)
        try:
            yield
        finally:
            cancels.remove(cancel)
            if not cancels:
                del self._cancels[request_id]
                if request_id in self._uids:
                    self._uids.move_to_end(request_id)

    def shows(self, request_id: str, caller: Caller) -> bool:
        """Whether this caller may know that there is such a request."""
        return caller.owns(self._uids.get(request_id))

    def last(self, caller: Caller) -> str:
        """The latest to end of those that this caller may know of; else the latest to begin; empty: none."""
        known = [name for name, uid in reversed(self._uids.items()) if caller.owns(uid)]
        return next((name for name in known if name not in self._cancels), next(iter(known), ""))

    def cancel(self, request_id: str, caller: Caller) -> bool:
        """Whether there was one that this caller may cancel."""
        cancels = self._cancels.get(request_id)
        if not cancels or not self.shows(request_id, caller):
            return False
        for cancel in list(cancels):
            cancel()
        return True
