"""What providers say when they fail, written anew from the shapes in which they say it: no recordings.

A case is a status (WIRE: there was no answer), what was said, and the kind and scope that it means. A body
given as a value travels as JSON; a pair is headers and body.
"""

import json
from collections.abc import Mapping
from typing import Final, TypeAlias

from state.failures import Evidence, Where

__all__ = ["WIRE", "Case", "Json", "error", "event", "evidence_of"]

Json: TypeAlias = Mapping[str, "Json"] | list["Json"] | str | int | float | bool | None
Body: TypeAlias = Json | tuple[dict[str, str], Json]
Case: TypeAlias = tuple[int | str | None, Body, str]

WIRE: Final = "wire"


def error(message: str, **more: Json) -> dict[str, Json]:
    """The shape that OpenAI made common."""
    return {"error": {"message": message, **more}}


def event(kind: str, message: str) -> dict[str, Json]:
    """Anthropic's."""
    return {"type": "error", "error": {"type": kind, "message": message}}


def evidence_of(status: int | str | None, body: Body) -> Evidence:
    headers: dict[str, str] = {}
    if isinstance(body, tuple):
        headers, body = body
    text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
    if isinstance(status, str):
        return Evidence(where=Where.TRANSPORT, exception=text)
    where = Where.BODY_200 if status == 200 else Where.RESPONSE
    return Evidence(where=where, status=status, headers=tuple(headers.items()), body=text)
