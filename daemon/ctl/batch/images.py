"""Images as requests, each one question about one picture; known by what is in them, not by their names.

A file that is no picture, too large or unreadable is an item all the same: it fails alone and says why.
"""

import json
import os
import stat
from base64 import b64encode
from collections.abc import Iterable, Iterator

from daemon.ctl.batch.reading import Request
from daemon.ctl.complaint import Complaint
from daemon.ctl.plain import inert
from daemon.exits import Exit

__all__ = ["IMAGE_BYTES_MAX", "image_requests", "kind_of", "listed", "natural", "paths_in", "unsendable"]

IMAGE_BYTES_MAX = 20 * 1024 * 1024
"""No provider takes larger ones."""
HEAD_BYTES = 16
NAME_CHARS_MAX = 512
"""Of a long path the end tells more."""
LIST_LINE_BYTES_MAX = 8_192
"""Twice the longest path that Linux takes."""


def kind_of(head: bytes) -> str:
    """`image/png` and so on, from how it begins; empty: none that models can see."""
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    return "image/webp" if head[:4] == b"RIFF" and head[8:12] == b"WEBP" else ""


def natural(name: str) -> tuple[tuple[int, int, str], ...]:
    """Sorts as people count: `img2` before `img10`."""
    parts, digits = list[tuple[int, int, str]](), False
    word = ""
    for char in name:
        is_digit = char.isascii() and char.isdigit()
        if word and is_digit != digits:
            parts.append(_part(word, digits))
            word = ""
        digits = is_digit
        word += char
    return (*parts, *([_part(word, digits)] if word else []))


def _part(word: str, digits: bool) -> tuple[int, int, str]:  # noqa: FBT001 - which of the two it is
    # Equal numbers (007, 7) still need an order; a length stands for a number of any size.
    bare = word.lstrip("0")
    return (0, len(bare), f"{bare} {word}") if digits else (1, 0, f"{word.casefold()}\0{word}")


def paths_in(place: str) -> Iterator[str]:
    """A folder's files in natural order, but hidden ones; or the paths that a list names, or one image."""
    try:
        if os.path.isdir(place):  # noqa: PTH112 - pathlib costs 8 ms
            with os.scandir(place) as found:
                names = [each.name for each in found if not each.name.startswith(".") and not each.is_dir()]
            yield from (os.path.join(place, name) for name in sorted(names, key=natural))  # noqa: PTH118 - as above
            return
        with open(place, "rb") as file:  # noqa: PTH123 - as above
            if kind_of(file.peek(HEAD_BYTES)[:HEAD_BYTES]):
                yield place
            else:
                yield from listed(iter(lambda: file.readline(LIST_LINE_BYTES_MAX), b""))
    except OSError as error:
        raise Complaint(
            f"can't read {inert(place)}: {error.strerror}",
            "--images takes a folder, or a file that lists one path a line",
            exit_code=Exit.USAGE,
        ) from None


def listed(lines: Iterable[bytes]) -> Iterator[str]:
    """The paths in a list, one a line, as they are; blank lines say nothing."""
    for line in lines:
        path = line.rstrip(b"\r\n")
        if path.strip():
            yield os.fsdecode(path)


def image_requests(paths: Iterable[str], prompt: str, model: str) -> Iterator[Request]:
    """One for each, numbered as they come."""
    return (Request(at, _request(path, prompt, model)) for at, path in enumerate(paths, 1))


def unsendable(text: bytes, why: str) -> bytes:
    """The same item, if it turns out that it can't be sent."""
    return _failing(str(json.loads(text).get("custom_id", "")), why)


def _request(path: str, prompt: str, model: str) -> bytes:
    # What a file's name spells in no encoding must not end in a half character.
    name = os.fsencode(path).decode("utf-8", "backslashreplace")[-NAME_CHARS_MAX:]
    picture = _picture(path)
    if isinstance(picture, str):
        return _failing(name, picture)
    kind = kind_of(picture[:HEAD_BYTES])
    named = {"model": model} if model else {}
    url = f"data:{kind};base64,{b64encode(picture).decode()}"
    content = [{"type": "text", "text": prompt}, {"type": "image_url", "image_url": {"url": url}}]
    body = {**named, "messages": [{"role": "user", "content": content}]}
    item = {"custom_id": name, "method": "POST", "url": "/v1/chat/completions", "body": body}
    return json.dumps(item).encode()


def _failing(name: str, why: str) -> bytes:
    return json.dumps({"custom_id": name, "error": why}).encode()


def _picture(path: str) -> bytes | str:
    """What is in it, or why it can't be sent."""
    try:
        # Non-blocking, or a pipe that nobody writes to would hold up all the others.
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                return "it is no file"
            picture = file.read(IMAGE_BYTES_MAX + 1)
    except OSError as error:
        return f"it can't be read: {error.strerror}"
    except ValueError:
        return "its path holds a null byte"
    if not picture:
        return "it is empty"
    if len(picture) > IMAGE_BYTES_MAX:
        return f"it is larger than {IMAGE_BYTES_MAX >> 20} MiB"
    return picture if kind_of(picture[:HEAD_BYTES]) else "it is no PNG, JPEG or WebP"
