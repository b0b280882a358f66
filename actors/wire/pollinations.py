"""Pollinations: OpenAI's dialect for text, and pictures by asking for a URL with the prompt in it."""

import base64
from urllib.parse import urlencode

import msgspec
from msgspec import Struct

from actors.wire.address import base, segment
from actors.wire.answer import Flaw
from actors.wire.call import Answer, Call, Reply, WireRequest
from actors.wire.canonical import ImageRequest, Request
from actors.wire.dialect import Gap
from actors.wire.openai import OpenAi
from actors.wire.proof import instead_of_json, refused
from state.config import Api, ModelConfig, ProviderConfig
from state.events import Usage
from state.failures import Evidence

__all__ = ["POLLINATIONS", "Pollinations"]

IMAGE_URL = "https://image.pollinations.ai/prompt"
SPEAKS = frozenset({"model", "prompt", "n", "size", "response_format", "seed", "user"})
PROMPT_CHARS_MAX = 4096
"""Percent-encoded: what servers and proxies take as a path without complaint."""
SIDE_MAX = 4096


class Pollinations(OpenAi):
    """The dialect."""

    api = Api.POLLINATIONS

    def gap(self, request: Request, provider: ProviderConfig, model: ModelConfig) -> Gap | None:
        if not isinstance(request, ImageRequest):
            return super().gap(request, provider, model)
        for name in request.fields:
            if name not in SPEAKS and request.has(name):
                return Gap(name[:64], "has no counterpart there")
        wishes = request.wishes
        if wishes.n not in {None, 1}:
            return Gap("n", "can only be 1 there")
        if wishes.response_format == "url":
            return Gap("response_format", "cannot be a URL there: the picture itself comes back")
        if wishes.size not in {None, "auto"} and _sides(wishes.size) is None:
            return Gap("size", "must be like 1024x1024")
        if len(segment(wishes.prompt)) > PROMPT_CHARS_MAX:
            return Gap("prompt", "is too long for a URL, in which it has to stand there")
        return None

    def build(self, call: Call) -> WireRequest:
        if not isinstance(call.request, ImageRequest):
            return super().build(call)
        wishes = call.request.wishes
        at = base(call.provider.image_url or IMAGE_URL)
        query: dict[str, str | int] = {"model": call.model.name, "nologo": "true", "private": "true"}
        sides = _sides(wishes.size)
        if sides is not None:
            query["width"], query["height"] = sides
        if wishes.seed is not None:
            query["seed"] = wishes.seed
        return WireRequest(
            method="GET",
            origin=at.origin,
            target=at.target(f"/{segment(wishes.prompt)}", urlencode(query)),
            headers=(("accept", "image/*"),),
            key=self.key,
        )

    def parse(self, call: Call, reply: Reply) -> Answer | Evidence:
        if not isinstance(call.request, ImageRequest):
            return super().parse(call, reply)
        if not reply.is_success:
            return refused(call, reply)
        if not _is_picture(reply.body):
            return instead_of_json(call, reply, Flaw.NO_IMAGE)
        picture = _Picture(base64.b64encode(reply.body).decode())
        body = msgspec.json.encode(_Pictures(created=call.created_s, data=(picture,)))
        return Answer(body=body, usage=Usage(images=1))


def _is_picture(body: bytes) -> bool:
    """Whether these are the first bytes of a JPEG, PNG, GIF or WebP; errors come as text with a 200 too."""
    if body.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF8")):
        return True
    return body[:4] == b"RIFF" and body[8:12] == b"WEBP"


def _sides(size: str | None) -> tuple[int, int] | None:
    """Width and height of `1024x768`; None if it says neither."""
    width, _, height = (size or "").partition("x")
    if not (width.isdecimal() and height.isdecimal() and len(size or "") < 16):
        return None
    sides = int(width), int(height)
    return sides if min(sides) > 0 and max(sides) <= SIDE_MAX else None


class _Picture(Struct, frozen=True):
    b64_json: str


class _Pictures(Struct, frozen=True):
    created: int
    data: tuple[_Picture, ...]


POLLINATIONS = Pollinations()
