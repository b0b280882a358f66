"""Where a transport sends, fixed for its life: nothing that a request says can change it.

https://api.example.com:8443/v1     ->  scheme, host, port, prefix
http://user:word@proxy:3128         ->  host, port, and what the proxy is to be told
"""

from base64 import b64encode
from urllib.parse import SplitResult, unquote_to_bytes, urlsplit

from msgspec import Struct

__all__ = ["Origin", "Proxy", "UnusableUrl", "parse_origin", "parse_proxy"]

_PORTS = {"http": 80, "https": 443}


class UnusableUrl(ValueError):
    """A URL of the config that a transport cannot work with. Says why without repeating it: it may hold
    a password.
    """


class Origin(Struct, frozen=True):
    """A provider's place. Everything that its transport sends goes below the prefix."""

    scheme: str
    host: str
    """As it is resolved and as its certificate has it: ASCII, without brackets."""
    port: int
    prefix: str = ""

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}{self.prefix}"

    @property
    def is_tls(self) -> bool:
        return self.scheme == "https"

    @property
    def has_usual_port(self) -> bool:
        return self.port == _PORTS[self.scheme]

    @property
    def authority(self) -> str:
        """As the Host header says it: the scheme's own port goes without saying."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.has_usual_port else f"{host}:{self.port}"

    @property
    def host_and_port(self) -> str:
        """As CONNECT says it."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Proxy(Struct, frozen=True):
    """Whom to ask to be let through. Its repr does not say with which password."""

    host: str
    port: int
    authorization: bytes = b""

    def __repr__(self) -> str:
        return f"<proxy {self.host}:{self.port}>"


def parse_origin(url: str) -> Origin:
    """The place that a provider's `url` names."""
    parts = _split(url)
    if parts.scheme not in _PORTS:
        raise UnusableUrl("a provider's URL begins with https:// or http://")
    if parts.username is not None or parts.password is not None:
        raise UnusableUrl("a provider's URL holds no user and no password: keys have a place of their own")
    if parts.query or parts.fragment:
        raise UnusableUrl("a provider's URL ends with its path: no ? and no #")
    if not parts.path.isascii() or any(char <= " " or char == "\x7f" for char in parts.path):
        raise UnusableUrl("a provider's URL is plain ASCII: percent-encode the path")
    return Origin(parts.scheme, _host(parts), _port(parts), parts.path.rstrip("/"))


def parse_proxy(url: str) -> Proxy | None:
    """The proxy that a provider's `proxy` names; None for an empty one."""
    if not url:
        return None
    parts = _split(url)
    if parts.scheme != "http":
        raise UnusableUrl("a proxy's URL begins with http://; TLS to the provider goes through it untouched")
    authorization = b""
    if parts.username is not None:
        user, word = unquote_to_bytes(parts.username), unquote_to_bytes(parts.password or "")
        authorization = b"Basic " + b64encode(user + b":" + word)
    return Proxy(_host(parts), parts.port or 3128, authorization)


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise UnusableUrl("the URL cannot be read: look at its brackets and its port") from None
    return parts


def _port(parts: SplitResult) -> int:
    return _PORTS[parts.scheme] if parts.port is None else parts.port


def _host(parts: SplitResult) -> str:
    host = parts.hostname or ""
    try:
        ascii_host = host if ":" in host else host.encode("idna").decode("ascii")
    except UnicodeError:
        raise UnusableUrl("the URL's host is no name that can be looked up") from None
    if not ascii_host or any(char <= " " or char in "\"'<>\\^`{|}\x7f" for char in ascii_host):
        raise UnusableUrl("the URL names no host")
    return ascii_host
