"""Seven ways to write a key, by which a leak is recognised; none of them asks the code that is to prevent it."""

import base64
import html
import re
from collections.abc import Iterator, Mapping
from urllib.parse import quote

__all__ = ["SPELLINGS", "leaks", "spelled"]


def _base64_middles(key: str) -> Iterator[str]:
    """What is left of it wherever it begins in a longer text."""
    for shift in range(3):
        yield base64.b64encode(bytes(shift) + key.encode()).decode()[4:-4]


def spelled(key: str) -> Mapping[str, tuple[str, ...]]:
    """By the spelling's name, what to look for."""
    middles = tuple(_base64_middles(key))
    return {
        "plain": (key,),
        "backwards": (key[::-1],),
        "hex": (key.encode().hex(), ":".join(f"{byte:02x}" for byte in key.encode())),
        "base64": (*middles, *(text.replace("+", "-").replace("/", "_") for text in middles)),
        "percent": (quote(key, safe=""), "".join(f"%{byte:02x}" for byte in key.encode())),
        "json": (_json(key), "".join(f"\\u{byte:04x}" for byte in key.encode()), key.replace("/", "\\/")),
        "html": (html.escape(key), "".join(f"&#{byte};" for byte in key.encode())),
    }


def _json(key: str) -> str:
    return key.replace("\\", "\\\\").replace('"', '\\"')


SPELLINGS = tuple(spelled("a-key"))


def leaks(keys: Mapping[str, str], seen: Mapping[str, bytes]) -> list[str]:
    """`answer of explain: the key of gemini, base64`: where which key stands, and how it is written there."""
    found = []
    for where, content in seen.items():
        text = content.decode("latin-1").lower()
        plainer = _once_unescaped(text)
        for owner, key in keys.items():
            for how, spellings in spelled(key).items():
                if any(each.lower() in text or each.lower() in plainer for each in spellings):
                    found.append(f"{where}: the key of {owner}, {how}")
    return found


def _once_unescaped(text: str) -> str:
    """As it was before it was put into JSON."""
    return re.sub(r"\\(u00([0-9a-f]{2})|.)", lambda m: chr(int(m[2], 16)) if m[2] else m[1], text)
