"""The table of methods: it drives the server, and `rpc.discover` tells the same table.

scope    who may call                          methods
call     everybody who can open the socket     chat, image, embed, cancel; status, stats, capacity, explain
jobs     the same                              job.submit and all else about one's own jobs
read     who may see what others have asked    journal.query, events.subscribe
admin    who may steer                         all that changes something
"""

from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

import msgspec
from msgspec import Raw, Struct

from daemon.api import looking, probing, steering, upkeep
from daemon.api.caller import Caller
from daemon.api.cast import Cast
from daemon.api.glance import glance
from daemon.api.params import Nothing
from daemon.api.refusal import Refusal
from daemon.api.status import Status
from daemon.api.story import Story
from daemon.rpc.asking import ASKING
from daemon.rpc.calls import Call
from daemon.rpc.discovery import Discovery, described
from daemon.rpc.jobs import JOBS
from daemon.rpc.method import Method, Notice
from daemon.rpc.scopes import Scope
from daemon.rpc.watching import Subscribed, SubscribeParams, subscribe
from state.events import Event

__all__ = ["METHODS"]

Act = Callable[[Cast, Any, Caller], Awaitable[Struct | Refusal]]


async def _glance(cast: Cast, _params: Nothing, _call: Call) -> Status:
    return glance(cast)


async def _stats(cast: Cast, params: looking.StatsParams, _call: Call) -> looking.StatsSaid | Refusal:
    return looking.stats(cast, params)


async def _room(cast: Cast, _params: Nothing, _call: Call) -> looking.CapacitySaid:
    return looking.room(cast)


async def _explain(cast: Cast, params: looking.ExplainParams, call: Call) -> Story | Refusal:
    return await looking.explain(cast, params, call.caller)


async def _journal(cast: Cast, params: looking.JournalParams, _call: Call) -> looking.JournalSaid | Refusal:
    return await looking.journal(cast, params)


async def _probe(cast: Cast, params: probing.ProbeParams, _call: Call) -> probing.Probed | Refusal:
    return await probing.probe(cast, params)


async def _check(cast: Cast, _params: Nothing, _call: Call) -> upkeep.Checked:
    return await upkeep.check(cast)


async def _reload(cast: Cast, _params: Nothing, _call: Call) -> upkeep.ReloadSaid | Refusal:
    return await upkeep.reload(cast)


@cache
def _document() -> Raw:
    return Raw(msgspec.json.encode(described(METHODS.values())))


def _discover(_cast: Cast, _params: Nothing, _call: Call) -> Raw:
    return _document()


LOOKING = (
    Method(
        name="status",
        says="Tell at a glance how it stands: who serves, who is out, why and until when.",
        scope=Scope.CALL,
        takes=Nothing,
        gives=Status,
        works=_glance,
        is_heavy=True,
        while_draining=True,
    ),
    Method(
        name="stats",
        says="Tell success, speed, tokens and cost of each lane since the last reset.",
        scope=Scope.CALL,
        takes=looking.StatsParams,
        gives=looking.StatsSaid,
        works=_stats,
        is_heavy=True,
    ),
    Method(
        name="capacity",
        says="Tell what is left of every limit, and when it comes back.",
        scope=Scope.CALL,
        takes=Nothing,
        gives=looking.CapacitySaid,
        works=_room,
        is_heavy=True,
    ),
    Method(
        name="explain",
        says="Tell why a request went where it went; others' look as if they did not exist.",
        scope=Scope.CALL,
        takes=looking.ExplainParams,
        gives=Story,
        works=_explain,
        is_heavy=True,
    ),
    Method(
        name="journal.query",
        says="Read events from the journal, the newest first.",
        scope=Scope.READ,
        takes=looking.JournalParams,
        gives=looking.JournalSaid,
        works=_journal,
        is_heavy=True,
    ),
    Method(
        name="events.subscribe",
        says="Follow the journal: every event from now on as a notification, until it is cancelled.",
        scope=Scope.READ,
        takes=SubscribeParams,
        gives=Subscribed,
        works=subscribe,
        is_endless=True,
        notices=(Notice("events.event", "event", "Something that was journalled.", Event),),
    ),
)


def _steers(name: str, says: str, takes: type[Struct], act: Act) -> Method:
    """A row for an act of the operator."""

    async def works(cast: Cast, params: Struct, call: Call) -> Struct | Refusal:
        return await act(cast, params, call.caller)

    return Method(name=name, says=says, scope=Scope.ADMIN, takes=takes, gives=steering.Acted, works=works)


STEERING = (
    Method(
        name="probe",
        says="Look at a provider's health now; costs nothing.",
        scope=Scope.ADMIN,
        takes=probing.ProbeParams,
        gives=probing.Probed,
        works=_probe,
    ),
    _steers(
        "enable",
        "Let a target serve again, after disable or a refused key.",
        steering.TargetParams,
        steering.enable,
    ),
    _steers("disable", "Take a target out for a time.", steering.DisableParams, steering.disable),
    _steers(
        "quarantine", "Send a target no traffic for a while.", steering.QuarantineParams, steering.quarantine
    ),
    _steers("release", "End a quarantine or a rest now.", steering.ReleaseParams, steering.release),
    _steers(
        "force", "Send all that can use a target to it, for a while.", steering.ForceParams, steering.force
    ),
    _steers("prefer.clear", "Forget force and remembered rescues.", steering.ClearParams, steering.clear),
    _steers(
        "strategy.set",
        "Choose how a pool picks its first lane, for a while.",
        steering.StrategyParams,
        steering.strategy,
    ),
    _steers("stats.reset", "Begin to count anew.", steering.ResetParams, steering.reset),
)

UPKEEP = (
    Method(
        name="config.check",
        says="Read the config as it stands in its file, and say what a reload would do; nothing changes.",
        scope=Scope.ADMIN,
        takes=Nothing,
        gives=upkeep.Checked,
        works=_check,
    ),
    Method(
        name="config.reload",
        says="Let a changed config take effect; one with a mistake changes nothing.",
        scope=Scope.ADMIN,
        takes=Nothing,
        gives=upkeep.ReloadSaid,
        works=_reload,
    ),
    Method(
        name="drain",
        says="Finish what is under way, then stop.",
        scope=Scope.ADMIN,
        takes=Nothing,
        gives=upkeep.Draining,
        answers=lambda cast, _params, call: upkeep.drain(cast, call.caller),
    ),
    Method(
        name="ping",
        says="Say that it is there.",
        scope=Scope.CALL,
        takes=Nothing,
        gives=upkeep.Pong,
        answers=lambda cast, _params, _call: upkeep.ping(cast),
        while_draining=True,
    ),
    Method(
        name="rpc.discover",
        says="Describe all methods, as OpenRPC.",
        scope=Scope.CALL,
        takes=Nothing,
        gives=Discovery,
        answers=_discover,
        while_draining=True,
    ),
)

METHODS: Mapping[str, Method] = MappingProxyType(
    {method.name: method for method in (*ASKING, *JOBS, *LOOKING, *STEERING, *UPKEEP)}
)
