"""A provider's network in virtual time: what it says, piece by piece, each at its moment."""

from collections.abc import Callable

from msgspec import Struct

from actors.net.clocks import Clocks, Watch
from actors.net.exchange import Exchange
from actors.net.faults import ExchangeFailed, Fault
from actors.net.head import NO_KEY, Header, KeyLine
from actors.seams import Alarm, Clock
from state.timeline import ms

UNWOUND = Clocks()


class Sent(Struct, frozen=True):
    """A request as it left."""

    method: bytes
    target: bytes
    body: bytes
    key: str


class Script(Struct, frozen=True):
    """A response: its head after so long, then its pieces, each so long after the one before."""

    status: int = 200
    headers: tuple[Header, ...] = ((b"content-type", b"application/json"),)
    pieces: tuple[tuple[float, bytes], ...] = ()
    head_s: float = 0.0
    ends: bool = True
    """False: after the last piece there is silence."""
    breaks: Fault | None = None
    """How it ends instead."""


def whole(body: bytes, status: int = 200, *headers: Header, after_s: float = 0.0) -> Script:
    kind = (b"content-type", b"application/json")
    return Script(status=status, headers=(kind, *headers), pieces=((0.0, body),), head_s=after_s)


def stream(*pieces: bytes, every_s: float = 0.0, ends: bool = True, breaks: Fault | None = None) -> Script:
    return Script(
        headers=((b"content-type", b"text/event-stream"),),
        pieces=tuple((every_s, piece) for piece in pieces),
        ends=ends,
        breaks=breaks,
    )


def broken(fault: Fault, after_s: float = 0.0) -> Script:
    """It never comes to a head."""
    return Script(status=0, head_s=after_s, breaks=fault)


SILENCE = Script(status=0, ends=False)


class FakeNetwork:
    """What is out there. Plays one script a request; the last one again and again."""

    def __init__(self, clock: Clock, *scripts: Script) -> None:
        self.clock = clock
        self.sent: list[Sent] = []
        self.open = 0
        self.open_most = 0
        self.warmed = 0
        self.bug: Exception | None = None
        """Raised at whoever asks with GET: that is how our own code would break."""
        self._scripts = list(scripts)

    def __repr__(self) -> str:
        return f"<fake network: {len(self.sent)} sent, {self.open} open>"

    def play(self, *scripts: Script) -> None:
        """From now on."""
        self._scripts = list(scripts)

    def next_script(self, sent: Sent) -> Script:
        self.sent.append(sent)
        if self.bug is not None and sent.method == b"GET":
            raise self.bug
        return self._scripts.pop(0) if len(self._scripts) > 1 else self._scripts[0]


class FakeTransport:
    """One life's way there."""

    def __init__(self, network: FakeNetwork) -> None:
        self.is_closed = False
        self._network = network
        self._lines: set[_Line] = set()

    def __repr__(self) -> str:
        return f"<fake transport: {len(self._lines)} open>"

    async def send(
        self,
        method: bytes,
        target: bytes,
        headers: tuple[Header, ...] = (),
        body: bytes = b"",
        *,
        key: KeyLine = NO_KEY,
        clocks: Clocks = UNWOUND,
    ) -> Exchange:
        del headers
        if self.is_closed:
            raise ExchangeFailed(Fault.CLOSED)
        network = self._network
        script = network.next_script(Sent(method, target, body, key.end_of_head().decode().strip()))
        line = _Line(script, network.clock, clocks, self._gone)
        self._lines.add(line)
        network.open += 1
        network.open_most = max(network.open, network.open_most)
        line.start()
        try:
            await line.exchange.wait_opened()
        except BaseException:
            line.exchange.close()
            raise
        return line.exchange

    def warm(self) -> None:
        self._network.warmed += 1

    def close(self) -> None:
        self.is_closed = True
        for line in list(self._lines):
            line.fail(Fault.CLOSED)

    def _gone(self, line: "_Line") -> None:
        if line in self._lines:
            self._lines.remove(line)
            self._network.open -= 1


class _Line:
    """One exchange's other side."""

    def __init__(self, script: Script, clock: Clock, clocks: Clocks, gone: Callable[["_Line"], None]) -> None:
        self.exchange = Exchange(self)
        self._script = script
        self._clock = clock
        self._by_byte = clocks.by_byte
        self._gone = gone
        self._alarm: Alarm | None = None
        self._said = 0
        self._is_over = False
        self._watch = Watch(clock, self.fail)
        self._clocks = clocks

    def start(self) -> None:
        self._watch.start(self._clocks, self._clock.now_ms())
        self._in(self._script.head_s, self._open)

    def _in(self, seconds: float, act: Callable[[], None]) -> None:
        self._alarm = self._clock.call_at(self._clock.now_ms() + ms(seconds), act)

    def _open(self) -> None:
        if self._script.status:
            self.exchange.opened(self._script.status, self._script.headers)
        self._next()

    def _next(self) -> None:
        if self._is_over:
            return
        if self._said < len(self._script.pieces):
            self._in(self._script.pieces[self._said][0], self._say)
        elif self._script.breaks is not None:
            self.fail(self._script.breaks)
        elif self._script.ends:
            self._over()
            self.exchange.ended()

    def _say(self) -> None:
        piece = self._script.pieces[self._said][1]
        self._said += 1
        if self._by_byte:
            self._watch.heard()
        self.exchange.arrived(piece)
        self._next()

    def fail(self, fault: Fault) -> None:
        self._over()
        self.exchange.failed(ExchangeFailed(fault, heard=self.exchange.status > 0))

    def _over(self) -> None:
        self._is_over = True
        self._watch.close()
        if self._alarm is not None:
            self._alarm.cancel()
        self._gone(self)

    # What its exchange asks for.

    def pause(self) -> None:
        self._watch.hold()

    def resume(self) -> None:
        self._watch.go_on()

    def heard(self) -> None:
        self._watch.heard()

    def abort(self) -> None:
        self._over()
