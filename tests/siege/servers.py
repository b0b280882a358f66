"""The besieged: five providers on loopback, each in its own API, well or broken as chance will have it.

Every server keeps a ledger of its own: who asked what with which key, how it felt, and whether its answer left
whole. What the daemon claims is compared with that.
"""

import asyncio
import random
import re
from collections.abc import Awaitable, Callable

from msgspec import Struct

from tests.fakeserver import FakeServer, Line
from tests.fakeserver.answers import answer, head
from tests.fakeserver.server import Asked
from tests.siege.texts import continuation, text_for
from tests.siege.tongues import Question, noise, pieces_of, refusal, stream_error, understood, whole

__all__ = ["APIS", "Entry", "Server"]

APIS = {"ada": "openai", "bob": "openai", "cyd": "anthropic", "dan": "ollama", "eve": "openai"}
KEY_HEADERS = {"openai": "authorization", "anthropic": "x-api-key", "ollama": "authorization"}
QUESTION = re.compile(r"<<(\S+?)(?: of (\d+) words)?>>")


class Entry(Struct):
    """A line of a server's ledger."""

    question: str
    model: str
    mood: str
    is_whole: bool = False
    """The last byte of a whole answer was handed to the socket."""


Mood = Callable[["Server", Line, Question, Entry, str], Awaitable[bool]]
"""What is done with a question; whether the connection stays."""


class Server:
    """One provider."""

    def __init__(self, name: str, rng: random.Random) -> None:
        self.name = name
        self.api = APIS[name]
        self.ledger: list[Entry] = []
        self.fake = FakeServer(0, [])
        self.keys: tuple[str, ...] = ()
        """Those of now and of before: a server may repeat what it was shown."""
        self.is_well = False
        """From now on, for good."""
        self.rng = rng
        self._climate: list[str] = ["well"]
        self._left = 0

    @property
    def url(self) -> str:
        return self.fake.url + ("" if self.api == "ollama" else "/v1")

    async def script(self, line: Line) -> None:
        while True:
            asked = await line.hear()
            if asked.method == "GET":
                if not await self._be_probed(line):
                    return
                continue
            question = understood(self.api, asked.body)
            name = self._mood()
            found = QUESTION.search(question.text)
            assert found is not None, asked.body
            if "[refuse]" in question.text:
                name = "refuses the request"
            elif "[policy]" in question.text:
                name = "finds it improper"
            entry = Entry(found[1], question.model, name)
            self.ledger.append(entry)
            text = text_for(found[1], int(found[2] or 5), "other" if name == "says other words" else "")
            if not await MOODS[name](self, line, question, entry, text):
                return

    def shown_key(self, asked: Asked) -> str:
        return asked.headers.get(KEY_HEADERS[self.api], "").removeprefix("Bearer ")

    async def _be_probed(self, line: Line) -> bool:
        if not self.is_well and self.rng.random() < 0.2:
            if self.rng.random() < 0.5:
                return False
            await line.say(refusal(self.api, "503 Service Unavailable", "server_error", "not now"))
            return True
        await line.say(answer(b'{"data":[],"models":[]}'))
        return True

    def _mood(self) -> str:
        if self.is_well:
            return "well"
        if self._left == 0:
            self._left = self.rng.randint(3, 25)
            self._climate = self.rng.choice(CLIMATES)
        self._left -= 1
        return self.rng.choice(self._climate)


async def _say_well(server: Server, line: Line, question: Question, entry: Entry, text: str) -> bool:
    """The rest, where something was said already."""
    rest = continuation(question.said_already, text) if entry.mood != "repeats itself" else text
    if question.streams:
        pieces = pieces_of(server.api, question.model, rest)
        pause_s = server.rng.choice((0.0, 0.0, 0.002))
        await line.say(*pieces.opening)
        for word in pieces.words:
            await line.say(word)
            if pause_s:
                await asyncio.sleep(pause_s)
        await line.say(*pieces.finish)
        entry.is_whole = True
        await line.say(*pieces.end)
    else:
        entry.is_whole = True
        await line.say(answer(whole(server.api, question.model, rest)))
    return True


async def _slow(server: Server, line: Line, question: Question, entry: Entry, text: str) -> bool:
    await asyncio.sleep(server.rng.uniform(0.02, 0.4))
    return await _say_well(server, line, question, entry, text)


async def _all_at_once(server: Server, line: Line, question: Question, entry: Entry, text: str) -> bool:
    """The whole stream in one packet."""
    if not question.streams:
        return await _say_well(server, line, question, entry, text)
    pieces = pieces_of(server.api, question.model, continuation(question.said_already, text))
    entry.is_whole = True
    await line.say(b"".join((*pieces.opening, *pieces.words, *pieces.finish, *pieces.end)))
    return True


async def _byte_by_byte(server: Server, line: Line, question: Question, entry: Entry, text: str) -> bool:
    """Letters and lines are cut anywhere."""
    if not question.streams or len(text) > 200:
        return await _say_well(server, line, question, entry, text)
    pieces = pieces_of(server.api, question.model, continuation(question.said_already, text))
    stream = b"".join((*pieces.opening, *pieces.words, *pieces.finish, *pieces.end))
    entry.is_whole = True
    at = 0
    while at < len(stream):
        step = server.rng.randint(1, 60)
        await line.say(stream[at : at + step])
        at += step
        await asyncio.sleep(0)
    return True


async def _noisy(server: Server, line: Line, question: Question, entry: Entry, text: str) -> bool:
    """Whole, with much between that says nothing; and the connection is closed after it."""
    if not question.streams:
        return await _say_well(server, line, question, entry, text)
    pieces = pieces_of(server.api, question.model, continuation(question.said_already, text))
    await line.say(*pieces.opening)
    for word in pieces.words:
        await line.say(noise(server.api), word)
    entry.is_whole = True
    await line.say(*pieces.finish, *(pieces.end if server.rng.random() < 0.5 else ()))
    return False


def _cut(how: str) -> Mood:
    """After a few words, or after none."""

    async def mood(server: Server, line: Line, question: Question, entry: Entry, text: str) -> bool:
        if not question.streams:
            body = whole(server.api, question.model, text)
            at = server.rng.randrange(len(body))
            if how == "stalls":
                await line.say(answer(body)[: -(len(body) - at)])
                await line.sleep()
            if how == "resets":
                await line.say(answer(body)[:-1])
                line.reset()
                return False
            await line.say(
                answer(body[:at]) if how == "ends without a finish" else answer(body)[: -(len(body) - at)]
            )
            return how == "ends without a finish"
        pieces = pieces_of(server.api, question.model, continuation(question.said_already, text))
        await line.say(*pieces.opening, *pieces.words[: server.rng.randrange(len(pieces.words) or 1)])
        match how:
            case "stalls":
                await line.sleep()
            case "resets":
                await asyncio.sleep(0.005)
                line.reset()
            case "says an error":
                await line.say(stream_error(server.api), *pieces.end)
            case "ends without a finish":
                await line.say(*pieces.end)
                return True
        return False

    return mood


async def _silent(server: Server, line: Line, *_: object) -> bool:
    await line.sleep()
    return False


async def _closes(server: Server, line: Line, *_: object) -> bool:
    if server.rng.random() < 0.5:
        line.reset()
    return False


async def _drips(server: Server, line: Line, *_: object) -> bool:
    await line.say(head("content-type: text/event-stream", "transfer-encoding: chunked"))
    while True:
        await line.say(noise(server.api))
        await asyncio.sleep(0.05)


def _says(*packets: bytes, stays: bool = True) -> Mood:
    async def mood(server: Server, line: Line, *_: object) -> bool:
        await line.say(*packets)
        return stays

    return mood


def _refuses(status: str, kind: str, words: str, *headers: str, code: str | None = None) -> Mood:
    async def mood(server: Server, line: Line, *_: object) -> bool:
        shown = words.replace("KEY", server.rng.choice(server.keys))
        await line.say(refusal(server.api, status, kind, shown, *headers, code=code))
        return True

    return mood


async def _empty(server: Server, line: Line, question: Question, *_: object) -> bool:
    if question.streams:
        pieces = pieces_of(server.api, question.model, "")
        await line.say(*pieces.opening, *pieces.finish, *pieces.end)
    else:
        await line.say(answer(whole(server.api, question.model, "")))
    return True


PAGE = b"<!doctype html><html><title>502 Bad Gateway</title><h1>502 Bad Gateway</h1></html>"

MOODS: dict[str, Mood] = {
    "well": _say_well,
    "slow": _slow,
    "all at once": _all_at_once,
    "byte by byte": _byte_by_byte,
    "noisy": _noisy,
    "says other words": _say_well,
    "repeats itself": _say_well,
    "cut": _cut("closes"),
    "reset": _cut("resets"),
    "stalled": _cut("stalls"),
    "error in the stream": _cut("says an error"),
    "no finish": _cut("ends without a finish"),
    "empty": _empty,
    "silent": _silent,
    "closes": _closes,
    "drips": _drips,
    "garbage": _says(b"\x00\x01\x02 what?\r\n\r\n", stays=False),
    "page": _says(answer(PAGE, kind="text/html")),
    "bad gateway": _says(answer(PAGE, status="502 Bad Gateway", kind="text/html")),
    "error in a 200": _says(answer(b'{"error":{"message":"upstream failed","code":502}}')),
    "redirects": _says(answer(b"", "location: http://127.0.0.1:1/", status="302 Found")),
    "broken chunks": _says(
        head("content-type: text/event-stream", "transfer-encoding: chunked") + b"zz\r\nnonsense\r\n",
        stays=False,
    ),
    "500": _refuses("500 Internal Server Error", "server_error", "The server had an error"),
    "503": _refuses("503 Service Unavailable", "overloaded_error", "overloaded", "retry-after: 1"),
    "rate limit, stated": _refuses(
        "429 Too Many Requests",
        "rate_limit_error",
        "Rate limit reached. Please try again in 300ms.",
        "retry-after: 1",
    ),
    "rate limit": _refuses("429 Too Many Requests", "rate_limit_error", "too many requests"),
    "quota": _refuses(
        "429 Too Many Requests",
        "insufficient_quota",
        "You exceeded your current quota",
        code="insufficient_quota",
    ),
    "key refused": _refuses(
        "401 Unauthorized", "authentication_error", "Incorrect API key provided: KEY", code="invalid_api_key"
    ),
    "no such model": _refuses(
        "404 Not Found", "not_found_error", "The model `x` does not exist", code="model_not_found"
    ),
    "too long": _refuses(
        "400 Bad Request",
        "invalid_request_error",
        "maximum context length is 10 tokens",
        code="context_length_exceeded",
    ),
    "refuses the request": _refuses(
        "400 Bad Request", "invalid_request_error", "messages: at least one is malformed"
    ),
    "finds it improper": _refuses(
        "400 Bad Request",
        "invalid_request_error",
        "flagged by our content policy",
        code="content_policy_violation",
    ),
}
GOOD = ["well", "well", "slow", "all at once", "byte by byte", "noisy"]
RARE = ["key refused", "no such model", "quota", "refuses the request", "finds it improper", "too long"]
BAD = [mood for mood in MOODS if mood not in (*GOOD, *RARE)]
CLIMATES = [
    GOOD,
    GOOD * 3 + BAD,
    GOOD * 6 + BAD * 2 + RARE,
    BAD,
    [
        "cut",
        "reset",
        "stalled",
        "error in the stream",
        "no finish",
        "says other words",
        "repeats itself",
        "well",
    ],
    ["rate limit", "rate limit, stated", "quota", "well"],
    ["500", "503", "bad gateway", "closes"],
]
