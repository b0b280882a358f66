"""After the storm: everybody is well, and so is the daemon; then it is asked to go."""

import asyncio
import signal

from daemon.exits import Exit
from tests.siege.siege import Besieged
from tests.siege.visitors import Asking, Call, Wire, body_of, wire

__all__ = ["calm_again", "drained"]

RSS_MIB_MAX = 160
FDS_MAX = 64 * 5 + 64


async def calm_again(there: Besieged) -> list[str]:
    """Every server is well from now on: soon everybody is answered, by every provider."""
    found: list[str] = []
    for server in there.servers.values():
        server.is_well = True
    async with wire(there.street.rpc) as line:
        there.write_config(patience=60.0)
        await line.ask("config.reload", {})
        await line.ask("prefer.clear", {})
        for name in there.servers:
            await line.ask("enable", {"target": name})
            await line.ask("enable", {"target": f"{name}/key1"})
            await line.ask("enable", {"target": f"{name}/key2"})
        for name in there.servers:
            call = _call(f"calm-{name}", name)
            answered = line.expect(call, call.asking.label)
            line.send({"id": call.asking.label, "method": "chat", "params": body_of(call.asking)})
            there.street.calls.append(call)
            said = await answered
            if "result" not in said:
                found.append(f"{name} is well, and its caller is told {said}")
        found += await _unexplained(there, line)
        there.street.heard += line.heard
    measured = there.measured()
    if measured.rss_mib > RSS_MIB_MAX:
        found.append(f"it takes {measured.rss_mib:.0f} MiB")
    if measured.fds > FDS_MAX:
        found.append(f"it holds {measured.fds} descriptors")
    return found


async def drained(there: Besieged) -> list[str]:
    """Asked to go while it is busy, it answers everybody first."""
    found: list[str] = []
    async with wire(there.street.rpc) as line:
        calls = []
        for number in range(20):
            call = _call(f"drain-{number}", "many", streams=number % 2 == 0)
            calls.append(line.expect(call, number))
            there.street.calls.append(call)
            line.send({"id": number, "method": "chat", "params": body_of(call.asking)})
        await line.ask("ping")
        there.process.signal(signal.SIGTERM)
        found += [
            f"somebody was under way when it was asked to go, and is told {said}"
            for said in await asyncio.gather(*calls)
            if "result" not in said
        ]
        there.street.heard += line.heard
        there.street.strays += line.strays
    code = await asyncio.to_thread(there.process.wait_exit)
    if code != Exit.OK:
        found.append(f"it went with {code}")
    return found


async def _unexplained(there: Besieged, line: Wire) -> list[str]:
    """Each lane of each look was chosen, is behind the chosen one, or has a reason why it could not be."""
    found: list[str] = []
    ids = [report["request_id"] for call in there.street.calls for report in _reports_of(call)]
    for request_id in ids[:: max(1, len(ids) // 50)]:
        said = await line.ask("explain", {"request_id": request_id})
        looks = said.get("result", {}).get("looks", [])
        if "result" not in said:
            found.append(f"{request_id} is not explained: {said}")
        for look in looks:
            chosen = [lane for lane in look.get("lanes", []) if lane.get("place") == 1]
            mute = [lane for lane in look.get("lanes", []) if not lane.get("place") and not lane.get("why")]
            if mute or not look.get("lanes"):
                found.append(f"{request_id} has no reason for {mute} in {look}")
            if (
                look.get("chose")
                and not look.get("as_last_resort")
                and [lane["lane"] for lane in chosen] != [look["chose"]]
            ):
                found.append(f"{request_id} chose {look['chose']}, and explains {chosen}")
    return found


def _reports_of(call: Call) -> list[dict[str, str]]:
    """Of answers by JSON-RPC to calls without a name that nobody can have forgotten."""
    if call.saw_the_end or call.asking.options.get("request_id"):
        return []
    return [said["result"]["failover"] for said in call.answers if "result" in said]


def _call(label: str, model: str, *, streams: bool = False) -> Call:
    """Of somebody with time."""
    asking = Asking(
        label=label,
        question=label,
        prompt=f"<<{label} of 200 words>>",
        model=model,
        by_rpc=True,
        streams=streams,
        options={"app": label, "deadline_s": 60.0, "max_wait_s": 60.0},
    )
    return Call(asking=asking)
