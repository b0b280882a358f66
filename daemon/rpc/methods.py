"""The table of methods: it drives the server, and `rpc.discover` tells the same table."""

from collections.abc import Mapping
from types import MappingProxyType

from daemon.api import upkeep
from daemon.rpc.asking import ASKING
from daemon.rpc.method import Method, Params
from daemon.rpc.scopes import Scope

__all__ = ["METHODS"]


class Nothing(Params, frozen=True):
    """No params."""


UPKEEP = (
    Method(
        name="ping",
        says="Say that it is there.",
        scope=Scope.CALL,
        takes=Nothing,
        gives=upkeep.Pong,
        answers=lambda cast, _params, _call: upkeep.ping(cast),
        while_draining=True,
    ),
)

METHODS: Mapping[str, Method] = MappingProxyType({method.name: method for method in (*ASKING, *UPKEEP)})
