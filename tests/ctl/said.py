"""What a daemon says, built from its own Structs: so the fake can't say what the real one never would."""

from typing import Any

import msgspec

from daemon.api.status import (
    Condition,
    ForcedSaid,
    Health,
    HoldSaid,
    KeySaid,
    LaneSaid,
    Measures,
    PoolSaid,
    ProviderSaid,
    Status,
    SteeredSaid,
)
from daemon.ctl.clock import clock_time
from state.memory.durability import JournalHealth
from state.usage.statistics import Spread

__all__ = [
    "NOON",
    "NOON_MS",
    "STATUS",
    "TROUBLED",
    "as_json",
    "hold",
    "lane",
    "measures",
    "pool",
    "provider",
    "status",
]

NOON_MS = 1_790_000_000_000
NOON = clock_time(NOON_MS / 1000)


def as_json(value: object) -> Any:
    """As it comes over the wire."""
    return msgspec.json.decode(msgspec.json.encode(value))


def measures(**over: Any) -> Measures:
    usual: dict[str, Any] = {
        "attempts": 1200,
        "answered": 1188,
        "success_rate": 0.99,
        "samples": 64.0,
        "latency": Spread(430.0, 420, 1210, 1800),
        "first_token": Spread(210.0, 200, 400, 600),
        "rpm": 12,
    }
    return Measures(**{**usual, **over})


def hold(kind: str, why: str, left_s: float | None, **over: Any) -> HoldSaid:
    until = None if left_s is None else NOON_MS + round(left_s * 1000)
    return HoldSaid(
        kind=kind, why=why, since_wall_ms=NOON_MS - 10_000, until_wall_ms=until, left_s=left_s, **over
    )


def lane(name: str, **over: Any) -> LaneSaid:
    _, key, model = name.split("/", 2)
    usual: dict[str, Any] = {
        "lane": name,
        "model": model,
        "key": key,
        "is_usable": True,
        "condition": Condition.WELL,
        "says": "well",
        "in_flight": 0,
        "left": {},
        "measures": measures(),
    }
    return LaneSaid(**{**usual, **over})


def provider(name: str, *lanes: LaneSaid, **over: Any) -> ProviderSaid:
    usual: dict[str, Any] = {
        "provider": name,
        "is_enabled": True,
        "condition": Condition.WELL,
        "says": "well",
        "actor": "alive",
        "usable": sum(each.is_usable for each in lanes),
        "in_flight": 0,
        "left": {},
        "measures": measures(),
        "keys": tuple(
            KeySaid(key=key, condition=Condition.WELL, says="well")
            for key in dict.fromkeys(each.key for each in lanes)
        ),
        "lanes": lanes,
    }
    return ProviderSaid(**{**usual, **over})


def pool(name: str, *lanes: str, **over: Any) -> PoolSaid:
    usual: dict[str, Any] = {
        "pool": name,
        "strategy": "primary_only",
        "serves": lanes[0] if lanes else "",
        "lead": "strategy",
        "usable": len(lanes),
        "lanes": lanes,
    }
    return PoolSaid(**{**usual, **over})


def status(*providers: ProviderSaid, **over: Any) -> Any:
    usual: dict[str, Any] = {
        "health": Health.WELL,
        "says": (),
        "version": "0.1.0",
        "uptime_s": 252.0,
        "pid": 4242,
        "source": "/etc/failoverd/failoverd.toml",
        "at_wall_ms": NOON_MS,
        "in_flight": 3,
        "is_offline": False,
        "verdicts": {"ok": 1190, "unavailable": 8, "cancelled": 6},
        "measures": measures(),
        "clock_set_s": 0.0,
        "journal": JournalHealth(written=9000),
        "pools": (pool("auto", *(each.lane for one in providers for each in one.lanes)),),
        "providers": providers,
        "forced": (),
        "steered": (),
        "remembered": 0,
        "children": (),
    }
    return as_json(Status(**{**usual, **over}))


STATUS = status(
    provider("gemini", lane("gemini/key1/gemini-2.5-flash"), left={"rpm": 9, "rpd": 241}),
    provider("openrouter", lane("openrouter/key1/openrouter/auto"), left={"rpm": 20}, in_flight=3),
    provider("ollama", lane("ollama/key1/llava:7b")),
)

_GEMINI = "gemini/key1/gemini-2.5-flash"
_OUT = hold("quarantine", "timeout", 251.2, rule="first-token", row=3)
_SENTENCE = "quarantined for 4m 12s more after 3 in a row: timeout (rule first-token)"

TROUBLED = status(
    provider(
        "gemini",
        lane(_GEMINI, is_usable=False, condition=Condition.QUARANTINED, says=_SENTENCE, hold=_OUT),
        lane("gemini/key1/gemini-2.5-flash-lite"),
        left={"rpm": 9},
        measures=measures(success_rate=0.41),
    ),
    provider(
        "openai",
        lane("openai/key1/gpt-4o-mini", is_usable=False),
        keys=(
            KeySaid(
                key="key1",
                condition=Condition.OUT,
                says="out, its key was refused until its config changes or it is enabled",
                hold=hold("auth", "auth", None, rule="invalid-key"),
            ),
        ),
        measures=measures(attempts=1, answered=0, success_rate=None, latency=None, first_token=None),
    ),
    provider("ollama", lane("ollama/key1/llava:7b"), is_enabled=False, condition=Condition.DISABLED),
    health=Health.DEGRADED,
    says=(
        "openai/key1: out, its key was refused until its config changes or it is enabled",
        f"{_GEMINI}: {_SENTENCE}",
    ),
    pools=(
        pool("captions", "gemini/key1/gemini-2.5-flash-lite", lead="remembered"),
        pool("night", _GEMINI, serves="", lead="", usable=0, back_in_s=251.2),
    ),
    forced=(ForcedSaid(target="gemini", pool="captions", until_wall_ms=NOON_MS, left_s=3482.0),),
    steered=(SteeredSaid(pool="auto", strategy="round_robin", until_wall_ms=NOON_MS, left_s=60.0),),
    journal=JournalHealth(degraded="disk full", pending=120, lost=0),
)
