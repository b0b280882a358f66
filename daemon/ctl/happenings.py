"""Events as lines for people: what happened, to whom. What is only for programs says nothing here."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from daemon.ctl.clock import clock_time
from daemon.ctl.line import Json
from daemon.ctl.plain import inert, seconds
from daemon.ctl.shapes.attempts import AttemptSaid
from daemon.ctl.telling import failure
from daemon.ctl.terminal import BAD, FAINT, GOOD, PLAIN, WARY, Tone

__all__ = ["KINDS", "happening", "lane_of", "named", "time_of"]

Said = tuple[str, Tone]


def happening(event: Json) -> Said | None:
    """One event in a line; None: nothing that a person would miss."""
    say = _SAY.get(str(event.get("type")))
    return None if say is None else say(event)


def time_of(event: Json) -> str:
    """By the clock on the wall."""
    wall_ms = event.get("wall_ms")
    return clock_time(wall_ms / 1000) if isinstance(wall_ms, int) else "?"


def named(target: object) -> str:
    """A provider, key or lane: `gemini/key1/gemini-2.5-flash`."""
    match target:
        case {"provider": str(provider), **rest}:
            parts = (provider, rest.get("key"), rest.get("model"))
            return inert("/".join(part for part in parts if isinstance(part, str)))
        case _:
            return "everybody"


def lane_of(event: Json) -> str:
    """Whose it is; empty: nobody's."""
    lane = event.get("lane") or event.get("target")
    return named(lane) if isinstance(lane, dict) else ""


def _request(event: Json) -> str:
    return inert(str(event.get("request_id", "")))


def _closed(event: Json) -> Said:
    lane, took = lane_of(event), seconds(_number(event.get("duration_ms")) / 1000)
    match event.get("outcome"):
        case {"type": "answered"}:
            return f"{lane} answered {_request(event)} in {took}", PLAIN
        case {"type": "failed", **fault}:
            return f"{lane} failed {_request(event)} after {took}: {failure(_attempt(fault))}", BAD
        case {"type": "cancelled"}:
            return f"{lane} was stopped after {took}, {_request(event)} no longer wanted it", FAINT
        case _:
            return f"{lane} was interrupted by a fault of failoverd's own", BAD


def _ended(event: Json) -> Said:
    verdict = inert(str(event.get("verdict", "")))
    by = f" by {lane_of(event)}" if event.get("lane") else ""
    tone = GOOD if verdict == "ok" else FAINT if verdict in ("cancelled", "caller_error") else BAD
    took = seconds(_number(event.get("duration_ms")) / 1000)
    return f"request {_request(event)} ended {verdict}{by} after {took}", tone


def _probed(event: Json) -> Said:
    fault = event.get("failure")
    who = lane_of(event)
    if isinstance(fault, dict):
        return f"{who} looks unwell to a probe: {failure(_attempt({**fault}))}", WARY
    return f"{who} looks well to a probe", FAINT


def _rescued(event: Json) -> Said:
    others = event.get("instead_of")
    before = ", ".join(named(one) for one in others) if isinstance(others, list) else ""
    return f"{lane_of(event)} answered in the place of {before}", WARY


def _acted(event: Json) -> Said:
    act = event.get("act")
    by = inert(str(event.get("by") or "somebody"))
    if not isinstance(act, dict):
        return f"{by} steered", WARY
    what = str(act.get("type", "")).replace("_", " ")
    whom = act.get("target")
    rest = [
        named(whom) if isinstance(whom, dict) else "",
        *(str(act[name]) for name in ("pool", "strategy", "context", "reason") if act.get(name)),
    ]
    return inert(" ".join(part for part in (by, "ordered:", what, *rest) if part)), WARY


def _learned(event: Json) -> Said:
    parts = [
        f"{word} {event[name]}"
        for name, word in (("limit", "limit"), ("remaining", "left"))
        if event.get(name) is not None
    ]
    return inert(f"{lane_of(event)} stated its {event.get('window', 'limit')}: {', '.join(parts)}"), FAINT


def _attempt(fault: Mapping[object, object]) -> AttemptSaid:
    status, wait_s = fault.get("status"), fault.get("wait_s")
    return {
        "kind": str(fault.get("kind", "")),
        "status": status if isinstance(status, int) else None,
        "said": str(fault.get("said", "")),
        "wait_s": wait_s if isinstance(wait_s, int | float) else None,
    }


def _number(value: object) -> float:
    return value if isinstance(value, int | float) else 0.0


_SAY: Mapping[str, Callable[[Json], Said]] = MappingProxyType(
    {
        "attempt_closed": _closed,
        "request_closed": _ended,
        "probe_closed": _probed,
        "rescued": _rescued,
        "operator_acted": _acted,
        "limit_learned": _learned,
        "link_lost": lambda _: ("this machine is offline; nobody is blamed for it", BAD),
        "link_restored": lambda _: ("this machine is online again", GOOD),
        "config_loaded": lambda _: ("a config was loaded", WARY),
    }
)
KINDS = tuple(_SAY)
"""What there is to be told of."""
