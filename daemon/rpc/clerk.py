"""Takes what was asked: may this caller, is there room, who does it; and sees that each is answered once.

Asked --in the table?--> --in scope?--> --room?--> done at once, or a task that ends with the answer
          unknown          forbidden     overloaded
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from anyio import Lock
from anyio.lowlevel import checkpoint
from msgspec import Raw

from actors.seams import Clock, Listener
from daemon.api.cast import Cast
from daemon.api.refusal import Refusal
from daemon.news import CallCrashed, CallForbidden
from daemon.rpc.calls import Address, Call
from daemon.rpc.connection import Connection
from daemon.rpc.messages import UNDECODABLE, Asked, Key, Told
from daemon.rpc.method import Method, decode_params
from daemon.verdicts import ErrorKind
from state.settings.problems import did_you_mean

__all__ = ["OUTSTANDING_MAX", "Clerk"]

OUTSTANDING_MAX = 64
"""Of one connection, on their way at the same time; more are refused with a time to come back."""
RETRY_AFTER_S = 1.0
SLOW_READER_S = 30.0
"""Who does not read for so long is cut: somebody's answer waits in our memory."""
INBOX_BYTES = 64 * 1024
CANCELLING: Mapping[str, str] = {"$/cancelRequest": "id", "notifications/cancelled": "requestId"}
"""How language servers' clients and MCP's cancel: by a notification, and where in it the id stands."""

_members = msgspec.json.Decoder(dict[str, Raw])
_key: "msgspec.json.Decoder[Key]" = msgspec.json.Decoder(Key)
_CRASHED = Refusal(kind=ErrorKind.INTERNAL, message="a bug of failoverd's own; it is in the log")
_DRAINING = Refusal(
    kind=ErrorKind.DRAINING,
    message="the daemon is stopping; ask again in a moment",
    retry_after_s=RETRY_AFTER_S,
)
_FULL = Refusal(
    kind=ErrorKind.OVERLOADED,
    message=f"{OUTSTANDING_MAX} requests of this connection are under way, as many as may be",
    retry_after_s=RETRY_AFTER_S,
)
_DOUBLE = Refusal(kind=ErrorKind.INVALID_REQUEST, message="a request with this id is under way already")


class Clerk:
    """One for all connections."""

    def __init__(
        self,
        methods: Mapping[str, Method],
        cast: Cast,
        *,
        clock: Clock,
        listener: Listener,
        frame_bytes_max: Callable[[], int],
        slow_reader_s: float = SLOW_READER_S,
    ) -> None:
        self.clock = clock
        self.inbox = memoryview(bytearray(INBOX_BYTES))
        self._frame_bytes_max = frame_bytes_max
        self.slow_reader_s = slow_reader_s
        self.connections: set[Connection] = set()
        self.is_draining = False
        self._methods = methods
        self._cast = cast
        self._listener = listener
        self._tasks: set[asyncio.Task[None]] = set()
        self._endless: set[Call] = set()
        self._thinking = Lock()
        self._somebody_left = asyncio.Event()

    def __repr__(self) -> str:
        return f"<clerk: {len(self.connections)} connections, {len(self._tasks)} calls>"

    # For connections.

    @property
    def frame_bytes_max(self) -> int:
        """As the config has it when somebody connects."""
        return self._frame_bytes_max()

    def take(self, connection: Connection, incoming: Asked | Told, address: Address) -> None:
        """Answer at once, or begin to work on it."""
        method = self._methods.get(incoming.method)
        if isinstance(incoming, Told) and incoming.method in CANCELLING:
            self._cancel(connection, incoming)
            return
        if isinstance(incoming, Asked):
            call = Call(connection, address, connection.caller, id_=incoming.id, key=incoming.key)
        else:
            call = Call(connection, address, connection.caller, id_=None, key=None)
        refusal = self._objection(connection, incoming, method)
        if method is None or refusal is not None:
            call.answer(refusal or _CRASHED)
            return
        params = decode_params(method, incoming.params)
        if isinstance(params, Refusal):
            call.answer(params)
            return
        if method.works is not None:
            self._work(connection, call, method, params)
            return
        assert method.answers is not None, f"nobody does {method.name}"
        try:
            call.answer(method.answers(self._cast, params, call))
        except Exception as error:  # noqa: BLE001 - a bug in one method is told to its caller and ends nothing else
            self._crashed(call, method, error)

    def came(self, connection: Connection) -> None:
        """Let in."""
        self.connections.add(connection)

    def gone(self, connection: Connection) -> None:
        """It has ended; its calls are cancelled already."""
        self.connections.discard(connection)
        self._somebody_left.set()

    # For the server.

    async def drain(self) -> None:
        """Begin nothing new; until the last call is answered, and who asked has its answer."""
        self.is_draining = True
        for call in list(self._endless):
            call.answer(_DRAINING)
            call.cancel()
        for connection in list(self.connections):
            connection.leave()
        await self._wait_idle()
        await self._wait_deserted()

    async def end(self) -> None:
        """Now: every call is cancelled, every connection cut. Another life may begin after it."""
        for connection in list(self.connections):
            connection.abort()
        for task in self._tasks:
            task.cancel()
        await self._wait_idle()

    # Inside.

    async def _wait_idle(self) -> None:
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def _wait_deserted(self) -> None:
        """An answer is not given before its last byte has left."""
        while self.connections:
            self._somebody_left.clear()
            await self._somebody_left.wait()

    def _objection(
        self, connection: Connection, incoming: Asked | Told, method: Method | None
    ) -> Refusal | None:
        if method is None:
            hint = did_you_mean(incoming.method, self._methods)
            message = f"there is no method {incoming.method!r}" + (f"; {hint}" if hint else "")
            return Refusal(kind=ErrorKind.UNKNOWN_METHOD, message=message)
        if method.scope not in connection.scopes:
            self._listener.tell(CallForbidden(str(connection.peer), method.name, method.scope))
            message = f"{connection.peer} may not call {method.name}: it takes the scope {method.scope}"
            return Refusal(kind=ErrorKind.FORBIDDEN, message=message)
        if self.is_draining and not method.while_draining:
            return _DRAINING
        if isinstance(incoming, Asked) and incoming.key in connection.by_key:
            return _DOUBLE
        if len(connection.calls) >= OUTSTANDING_MAX and method.works is not None:
            return _FULL
        return None

    def _work(self, connection: Connection, call: Call, method: Method, params: Any) -> None:  # noqa: ANN401 - the row says which
        task = asyncio.get_running_loop().create_task(self._do(call, method, params))
        call.runs_as(task.cancel)
        connection.began(call)
        if method.is_endless:
            self._endless.add(call)
        self._tasks.add(task)
        task.add_done_callback(lambda task: self._done(connection, call, task))

    async def _do(self, call: Call, method: Method, params: Any) -> None:  # noqa: ANN401 - the row says which
        assert method.works is not None
        try:
            if method.is_heavy:
                async with self._thinking:
                    await checkpoint()
                    outcome = await method.works(self._cast, params, call)
            else:
                outcome = await method.works(self._cast, params, call)
            call.answer(outcome)
        except Exception as error:  # noqa: BLE001 - as above
            self._crashed(call, method, error)

    def _done(self, connection: Connection, call: Call, task: asyncio.Task[None]) -> None:
        """Also of a call that was cancelled before it began to run."""
        self._tasks.discard(task)
        self._endless.discard(call)
        call.cancel()
        connection.ended(call)

    def _cancel(self, connection: Connection, told: Told) -> None:
        key = _member(told.params, CANCELLING[told.method])
        call = connection.by_key.get(key) if key is not None else None
        if call is not None:
            call.cancel()

    def _crashed(self, call: Call, method: Method, error: Exception) -> None:
        self._listener.tell(CallCrashed(method.name, error))
        call.answer(_CRASHED)


def _member(params: Raw | None, name: str) -> Key | None:
    try:
        members = _members.decode(b"" if params is None else params)
        return _key.decode(members[name])
    except (*UNDECODABLE, KeyError):
        return None
