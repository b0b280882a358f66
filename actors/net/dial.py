"""From a name to a connection: look it up, refuse bad addresses, race the rest, pass the proxy, verify TLS.

    name --DNS--> addresses --allowed?--> first that answers --[CONNECT]--> --[TLS]--> connection

The address that is judged is the one that is connected to, so a name that resolves differently a moment
later gains nothing. The connect clock runs over all of it, in the transport; here nothing watches the time.
"""

import asyncio
import re
import socket
import ssl
from collections import deque
from collections.abc import Callable
from ipaddress import ip_address
from typing import NamedTuple

from actors.net.connection import Connection
from actors.net.faults import ExchangeFailed, Fault
from actors.net.origin import Origin, Proxy
from actors.net.tls import TrustStore
from state.settings.addresses import why_forbidden

__all__ = ["Dialler"]


class Address(NamedTuple):
    """As a socket takes it."""

    family: int
    where: tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes]


HEAD_START_S = 0.25
"""An address that has not answered by then gets company by the next one (RFC 8305): a broken IPv6 route
must not cost half of the connect clock."""
ADDRESSES_MAX = 8

TUNNEL_HEAD_BYTES_MAX = 16 << 10
_TUNNEL_OPEN = re.compile(rb"HTTP/1\.[01] 2\d\d[ \r\n]")


class Dialler:
    """Makes connections to one origin."""

    def __init__(
        self,
        origin: Origin,
        trust: TrustStore,
        *,
        proxy: Proxy | None = None,
        ca_file: str = "",
        allow_private: bool = False,
    ) -> None:
        self._origin = origin
        self._trust = trust
        self._proxy = proxy
        self._ca_file = ca_file
        self._allow_private = allow_private
        self._host = proxy.host if proxy else origin.host
        self._port = proxy.port if proxy else origin.port
        self._is_closed = False
        self._lookup: asyncio.Task[list[Address]] | None = None

    def __repr__(self) -> str:
        return f"<dialler of {self._origin}>"

    def close(self) -> None:
        """Dial no more."""
        self._is_closed = True
        if self._lookup is not None:
            self._lookup.cancel()

    async def dial(self, make: Callable[[], Connection]) -> Connection:
        """Connect what `make` makes. Whatever goes wrong is an `ExchangeFailed`."""
        if self._is_closed:
            raise ExchangeFailed(Fault.CLOSED)
        try:
            return await self._dial(make)
        except ssl.SSLCertVerificationError as error:
            raise ExchangeFailed(Fault.TLS, error.verify_message) from None
        except ssl.SSLError as error:
            raise ExchangeFailed(Fault.TLS, error.reason or "handshake failed") from None
        except OSError as error:
            raise ExchangeFailed(Fault.UNREACHABLE, error.strerror or "no reason given") from None

    async def _dial(self, make: Callable[[], Connection]) -> Connection:
        if self._proxy is not None and not self._allow_private:
            _refuse_forbidden(self._origin.host)  # a name is looked up by the proxy, and judged by nobody
        context = await self._context() if self._origin.is_tls else None
        sock = await _first_to_answer(self._allowed(await self._addresses()))
        try:
            if self._proxy is not None and context is not None:
                await self._open_tunnel(sock, self._proxy)
            server_hostname = self._origin.host if context else None
            _, connection = await asyncio.get_running_loop().create_connection(
                make, sock=sock, ssl=context, server_hostname=server_hostname
            )
        except BaseException:
            sock.close()
            raise
        return connection

    async def _context(self) -> ssl.SSLContext:
        try:
            return await self._trust.context(self._ca_file)
        except OSError:
            raise ExchangeFailed(Fault.TLS, "the CA file cannot be read") from None

    async def _addresses(self) -> list[Address]:
        """What the name resolves to. All who dial at the same time share one look-up: threads for it are
        few, and a provider with a dead name server must not take all of them.
        """
        if self._lookup is None or self._lookup.done():
            self._lookup = asyncio.ensure_future(_look_up(self._host, self._port))
            self._lookup.add_done_callback(_take_note)
        try:
            return await asyncio.shield(self._lookup)
        except socket.gaierror as error:
            raise ExchangeFailed(Fault.UNRESOLVED, error.strerror or "") from None
        except UnicodeError:
            raise ExchangeFailed(Fault.UNRESOLVED, "not a host name") from None

    def _allowed(self, addresses: list[Address]) -> list[Address]:
        if self._allow_private:
            return addresses[:ADDRESSES_MAX]
        judged = [(address, why_forbidden(str(address.where[0]))) for address in addresses]
        allowed = [address for address, why in judged if why is None]
        if not allowed:
            why = judged[0][1] if judged else None
            raise ExchangeFailed(Fault.FORBIDDEN_ADDRESS if why else Fault.UNRESOLVED, why or "no address")
        return allowed[:ADDRESSES_MAX]

    async def _open_tunnel(self, sock: socket.socket, proxy: Proxy) -> None:
        loop = asyncio.get_running_loop()
        target = self._origin.host_and_port.encode()
        request = b"CONNECT %b HTTP/1.1\r\nhost: %b\r\n" % (target, target)
        if proxy.authorization:
            request += b"proxy-authorization: %b\r\n" % proxy.authorization
        await loop.sock_sendall(sock, request + b"\r\n")
        head = b""
        while b"\r\n\r\n" not in head:
            received = await loop.sock_recv(sock, 4096)
            head += received
            if not received or len(head) > TUNNEL_HEAD_BYTES_MAX:
                raise ExchangeFailed(Fault.PROXY, "no answer to CONNECT")
        if not _TUNNEL_OPEN.match(head):
            raise ExchangeFailed(Fault.PROXY, head.partition(b"\r\n")[0].decode("latin-1"))
        if not head.endswith(b"\r\n\r\n"):
            raise ExchangeFailed(Fault.PROXY, "it spoke before the provider could")


def _refuse_forbidden(host: str) -> None:
    try:
        ip_address(host)
    except ValueError:
        return
    if why := why_forbidden(host):
        raise ExchangeFailed(Fault.FORBIDDEN_ADDRESS, why)


async def _look_up(host: str, port: int) -> list[Address]:
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [Address(family, where) for family, _, _, _, where in found]


async def _first_to_answer(addresses: list[Address]) -> socket.socket:
    """A socket connected to one of these, each with a head start on the next."""
    waiting = deque(addresses)
    racing: set[asyncio.Task[socket.socket]] = set()
    failures: list[BaseException] = []
    try:
        while waiting or racing:
            if waiting:
                racing.add(asyncio.ensure_future(_connected(waiting.popleft())))
            head_start_s = HEAD_START_S if waiting else None
            arrived, _ = await asyncio.wait(racing, timeout=head_start_s, return_when=asyncio.FIRST_COMPLETED)
            for runner in arrived:
                racing.remove(runner)  # those behind the winner stay, and are discarded below
                failure = runner.exception()
                if failure is None:
                    return runner.result()
                failures.append(failure)
        raise failures[0]
    finally:
        for loser in racing:
            loser.cancel()
            loser.add_done_callback(_discard)


async def _connected(address: Address) -> socket.socket:
    # With IPPROTO_TCP named, or asyncio leaves Nagle's algorithm on.
    sock = socket.socket(address.family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, address.where)
    except BaseException:
        sock.close()
        raise
    return sock


def _discard(loser: asyncio.Task[socket.socket]) -> None:
    """It may have arrived in the moment in which it was called off."""
    if not loser.cancelled() and loser.exception() is None:
        loser.result().close()


def _take_note(lookup: asyncio.Task[list[Address]]) -> None:
    """Even if all who asked have left: an error that nobody hears of is a warning otherwise."""
    if not lookup.cancelled():
        lookup.exception()
