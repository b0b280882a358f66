"""What can be asked for by HTTP. The one table of it.

`/v1` may be left out: where a `base_url` ends is written in more than one way.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum
from types import MappingProxyType

from msgspec import Struct

from actors.wire.canonical import Request
from actors.wire.complaint import BadRequest
from actors.wire.intake import decode_chat, decode_embed, decode_image
from daemon.api.refusal import Refusal
from daemon.http.guards import Refused
from daemon.verdicts import ErrorKind

__all__ = ["ROUTES", "Ask", "Look", "find"]


class Ask(Struct, frozen=True):
    """Something is to be answered by a provider."""

    decode: Callable[[bytes], Request | BadRequest]


class Look(StrEnum):
    """Something of our own is looked at."""

    MODELS = "models"
    MODEL = "model"
    HEALTH = "health"
    METRICS = "metrics"


# fmt: off
ROUTES: Mapping[str, tuple[str, Ask | Look]] = MappingProxyType({
    "/v1/chat/completions":    ("POST", Ask(decode_chat)),
    "/v1/embeddings":          ("POST", Ask(decode_embed)),
    "/v1/images/generations":  ("POST", Ask(decode_image)),
    "/v1/models":              ("GET",  Look.MODELS),
    "/v1/models/":             ("GET",  Look.MODEL),
    "/healthz":                ("GET",  Look.HEALTH),
    "/metrics":                ("GET",  Look.METRICS),
})
# fmt: on

_ELSEWHERE = {
    "/responses": "the Responses API is not spoken here; tell your client to use chat completions",
    "/completions": "text completions are not spoken here; use /v1/chat/completions",
}


def find(method: str, path: str) -> Ask | Look | Refused:
    """What a path means."""
    found = ROUTES.get(path) or ROUTES.get(f"/v1{path}")
    if found is None:
        bare = path.removeprefix("/v1")
        if not bare.startswith("/models/"):
            hint = _ELSEWHERE.get(bare, "ask for one of " + ", ".join(ROUTES))
            message = f"nothing is at {path[:200]!r}: {hint}"
            return Refused(404, Refusal(kind=ErrorKind.UNKNOWN_METHOD, message=message))
        found = ROUTES["/v1/models/"]
    wanted, route = found
    if method != wanted:
        message = f"{path} takes {wanted}, not {method[:20]}"
        refusal = Refusal(kind=ErrorKind.INVALID_REQUEST, message=message)
        return Refused(405, refusal, ((b"allow", wanted.encode()),))
    return route
