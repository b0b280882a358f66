"""Whether a host takes a connection: the smallest question there is, and nothing is sent with it."""

from contextlib import suppress

from anyio import connect_tcp

from actors.net.origin import parse_origin

__all__ = ["reach"]


async def reach(url: str) -> bool:
    """A plain TCP connection to the URL's host, closed again at once. Who asks sees to the time."""
    scheme, _, rest = url.partition("://")
    origin = parse_origin(f"{scheme}://{rest.partition('/')[0]}")
    try:
        stream = await connect_tcp(origin.host, origin.port)
    except (OSError, UnicodeError):  # no host has a name like that
        return False
    with suppress(OSError):
        await stream.aclose()
    return True
