"""How tests talk to a fake server: a real transport, real time, and the end of an exchange as a value."""

from actors.clock import SystemClock
from actors.net.clocks import Clocks
from actors.net.exchange import BODY_BYTES_MAX
from actors.net.faults import ExchangeFailed, Fault
from actors.net.origin import parse_origin
from actors.net.tls import TrustStore
from actors.net.transport import HttpTransport, Transport
from actors.seams import Clock
from tests.fakeserver.misbehaviours import PATIENT, Delivered
from tests.fakeserver.server import FakeServer

BOTH_LOOPS = [
    ("asyncio", {"use_uvloop": False}),
    ("asyncio", {"use_uvloop": True}),
]


def transport_to(
    server: FakeServer,
    *,
    connections: int = 64,
    clock: Clock | None = None,
    body_bytes_max: int = BODY_BYTES_MAX,
) -> HttpTransport:
    """As a provider's actor makes one; use it `with closing(...)`."""
    return HttpTransport(
        parse_origin(server.url + "/v1"),
        clock=clock or SystemClock(),
        trust=TrustStore(),
        connections=connections,
        body_bytes_max=body_bytes_max,
    )


async def outcome(
    transport: Transport,
    clocks: Clocks = PATIENT,
    *,
    body: bytes = b"{}",
    target: bytes = b"/chat/completions",
) -> Fault | Delivered:
    try:
        with await transport.send(b"POST", target, body=body, clocks=clocks) as exchange:
            return Delivered(exchange.status, await exchange.read())
    except ExchangeFailed as failed:
        return failed.fault
