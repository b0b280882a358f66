"""Which host a URL means, and whether that is this machine itself."""

from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from urllib.parse import urlsplit

__all__ = ["host_of", "is_loopback"]


@lru_cache(maxsize=1024)
def host_of(url: str) -> str:
    """The host's name in lower case without a final dot; empty where the URL names none."""
    try:
        return (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:  # half a bracket
        return ""


@lru_cache(maxsize=1024)
def is_loopback(url: str) -> bool:
    """Whether a call to this URL never leaves the machine: its failures say nothing about our network.

    `0.0.0.0` and `::` are what local servers are told to listen on, and what their users then copy.
    """
    host = host_of(url)
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ip_address(host)
    except ValueError:  # a name
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return address.is_loopback or address.is_unspecified
