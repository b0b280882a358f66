"""Whether a text is a URL that we would send a prompt and a key to."""

from urllib.parse import SplitResult, urlsplit

from state.settings.addresses import why_forbidden
from state.settings.problems import Fault, did_you_mean
from state.standing.hosts import host_of, is_loopback

__all__ = ["address_fault", "clear_text_fault", "split_host_port", "url_fault"]

URL_CHARS_MAX = 2048
_SCHEMES = ("http", "https")


def url_fault(url: str, *, query_allowed: bool = False) -> Fault | None:
    """What keeps this from being an HTTP URL of ours; nothing of it is quoted, for it may hold a key."""
    if not url or not url.isascii() or not url.isprintable() or " " in url or len(url) > URL_CHARS_MAX:
        return Fault("is no URL", "one looks like https://api.example.com/v1")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return Fault("has a host or port that is none", "one looks like https://api.example.com/v1")
    return _parts_fault(parts, port, query_allowed=query_allowed)


def _parts_fault(parts: SplitResult, port: int | None, *, query_allowed: bool) -> Fault | None:
    if parts.scheme not in _SCHEMES:
        hint = did_you_mean(parts.scheme, _SCHEMES)
        return Fault("does not begin with https:// or http://", hint)
    if parts.username is not None or parts.password is not None:
        return Fault("has a name or password in it", "take it out; a key goes into key = ...")
    if not parts.hostname:
        return Fault("names no host")
    if port == 0:
        return Fault("has port 0, where nobody listens")
    if parts.fragment or (parts.query and not query_allowed):
        return Fault("has something behind a ? or #", "leave only scheme, host and path")
    return None


def address_fault(url: str) -> Fault | None:
    """Whether it names an address that no request goes to. A host's name is looked at when it is resolved."""
    host = host_of(url)
    if not host.replace(".", "").isdecimal() and ":" not in host:
        return None
    why = why_forbidden(host)
    if why is None:
        return None
    if is_loopback(url):
        return Fault("is an address to listen on, not one to call", "write 127.0.0.1 or localhost")
    return Fault(f"is an address that is refused: {why}", "if it is meant, set allow_private = true")


def clear_text_fault(url: str) -> Fault | None:
    """Whether a key sent there could be read on the way."""
    if urlsplit(url).scheme == "https" or is_loopback(url):
        return None
    return Fault(
        "would send the key unencrypted to another machine",
        "use https://, or set allow_http = true if everybody on the way may read it",
    )


def split_host_port(text: str) -> tuple[str, int] | None:
    """`127.0.0.1:4747` or `[::1]:4747` in its parts."""
    try:
        parts = urlsplit(f"//{text}")
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    plain = parts.netloc == text and "@" not in text and text.isascii() and text.isprintable()
    return (host, port) if plain and host and port else None
