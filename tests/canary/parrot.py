"""A provider that fails in every way, and repeats the key it was given in every spelling while it does."""

import json

from tests.canary.spellings import spelled
from tests.fakeserver.answers import LAST_CHUNK, STREAM_HEAD, answer, chunk, event, head
from tests.fakeserver.server import Line

__all__ = ["WAYS", "repeat_all"]


def _error(said: str, **fields: object) -> bytes:
    return json.dumps({"error": {"message": said, **fields}}).encode()


def _bytes(key: str, said: str) -> dict[str, bytes]:
    """What is said on each way to fail."""
    nested = json.dumps({"error": {"metadata": {"raw": _error(said).decode()}}})
    return {
        "auth": answer(
            _error(f"Incorrect API key provided: {said}", code="invalid_api_key"), status="401 No"
        ),
        "limit": answer(
            _error(f"Rate limit. {said}"), "retry-after: 60", f"x-request-id: {key}", status="429 No"
        ),
        "quota": answer(nested.encode(), status="402 Payment Required"),
        "page": answer(f"<html><p>{said}</p>".encode(), status="502 Bad Gateway", kind="text/html"),
        "gone": answer(_error(f"The model {key} does not exist", code="model_not_found"), status="404 No"),
        "away": answer(b"", f"location: http://127.0.0.1:1/?key={key}", status="302 Found"),
        "wrong": answer(
            _error(f"Invalid value: {said}", type="invalid_request_error"), status="400 Bad Request"
        ),
        "policy": answer(
            _error(f"flagged {said}", code="content_policy_violation"), status="400 Bad Request"
        ),
        "long": answer(
            _error(f"maximum context length {said}", code="context_length_exceeded"), status="400 No"
        ),
        "garbage": answer(said.encode()),
        "hollow": answer(json.dumps({"choices": [], "error": {"message": said, "code": 503}}).encode()),
        "framing": head(f"bad header {key}", "content-length: 0"),
        "stream": STREAM_HEAD + chunk(b"data: " + _error(said, code=503) + b"\n\n") + LAST_CHUNK,
        "broken": STREAM_HEAD + event("one ") + chunk(b"data: {" + said.encode() + b"\n\n") + b"zz\r\n",
        "status": head(status=f"500 {key}") + said.encode(),
        "cut": answer(_error("x" * (2048 - 40) + key), status="500 No"),
    }


WAYS = tuple(_bytes("", ""))


async def repeat_all(line: Line) -> None:
    """The first part of the path is the way to fail."""
    while True:
        asked = await line.hear()
        way = asked.target.split("/")[1]
        key = asked.headers.get("authorization", "").removeprefix("Bearer ")
        said = " ".join(text for each in spelled(key).values() for text in each)
        await line.say(_bytes(key, said)[way])
        if way not in ("auth", "limit", "quota"):
            return
