"""Small real pictures, made by hand: a PNG, a JPEG and a WebP that any viewer opens."""

import struct
import zlib
from base64 import b64decode

__all__ = ["JPEG", "PNG", "WEBP"]


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def _png(width: int, height: int) -> bytes:
    """A gradient, eight bits a colour."""
    rows = b"".join(
        b"\0" + bytes(value for x in range(width) for value in (x * 255 // width, y * 255 // height, 128))
        for y in range(height)
    )
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", head)
        + _chunk(b"IDAT", zlib.compress(rows))
        + _chunk(b"IEND", b"")
    )


PNG = _png(64, 48)

JPEG = b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDACgcHiMeGSgjISMtKygwPGRBPDc3PHtYXUlkkYCZlo+AjIqgtObDoKrarYqMyP/L2u71"
    "////m8H////6/+b9//j/2wBDASstLTw1PHZBQXb4pYyl+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4"
    "+Pj4+Pj4+Pj/wAARCAAIAAgDASIAAhEBAxEB/8QAFQABAQAAAAAAAAAAAAAAAAAAAAL/xAAXEAEAAwAAAAAAAAAAAAAAAAAAAwRh"
    "/8QAFQEBAQAAAAAAAAAAAAAAAAAAAQL/xAAYEQEAAwEAAAAAAAAAAAAAAAACAAMREv/aAAwDAQACEQMRAD8AiGpgCE1sabFzP//Z"
)
"""Eight by eight."""

WEBP = b64decode(
    "UklGRjwAAABXRUJQVlA4IDAAAACwAQCdASoIAAgABUB8JbACdAEOuwSAAP7c79VaPjQghJgrfMsvv1xfBsR2UqQAAAA="
)
"""The same."""
