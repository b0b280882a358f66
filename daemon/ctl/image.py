"""`failoverctl image`: a picture, made by whoever can, into a file."""

import argparse
import os
import sys
from base64 import b64decode
from binascii import Error as NoBase64

from daemon.ctl.asking import ending, failover_options, options, report_in, tell_in_vain
from daemon.ctl.clock import now_s
from daemon.ctl.complaint import Complaint
from daemon.ctl.grammar import sockets_of
from daemon.ctl.line import Json, Line, Refused
from daemon.ctl.plain import inert
from daemon.ctl.terminal import FAINT, Terminal
from daemon.exits import Exit

__all__ = ["arguments", "run"]

_KINDS = (
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpg"),
    (b"GIF8", "gif"),
    (b"RIFF", "webp"),
)
NAMES_TRIED_MAX = 1000


def arguments(parser: argparse.ArgumentParser, _name: str) -> None:
    parser.add_argument("words", nargs="+", metavar="TEXT", help="what it should show")
    parser.add_argument(
        "-o", "--out", default="", metavar="FILE", help="where to; - is stdout (a new file here)"
    )
    parser.add_argument("--size", default="", metavar="WxH", help="1024x1024")
    options(parser)


def run(args: argparse.Namespace, screen: Terminal) -> int:
    body: Json = {
        "model": args.pool,
        "prompt": " ".join(args.words),
        "response_format": "b64_json",
        "failover": failover_options(args),
    }
    if args.size:
        body["size"] = args.size
    began_s = now_s()
    with Line(sockets_of(args.socket)) as line:
        try:
            result = line.ask("image", body, within_s=None)
        except Refused as refused:
            tell_in_vain(refused)
            raise
    picture = _picture(result)
    if args.out == "-":
        screen.out.flush()
        sys.stdout.buffer.write(picture)
        sys.stdout.buffer.flush()
    else:
        screen.say(_saved(picture, args.out))
    screen.tell(*ending(report_in(result), now_s() - began_s), tone=FAINT)
    return Exit.OK


def _picture(result: object) -> bytes:
    match result:
        case {"data": [{"b64_json": str(text)}, *_]}:
            try:
                return b64decode(text, validate=True)
            except NoBase64:
                raise Complaint(
                    "the picture that came can't be decoded", "ask again, or --not its lane"
                ) from None
        case {"data": [{"url": str(url)}, *_]}:
            raise Complaint("the provider sent an address and no picture", f"it is at {inert(url)}")
        case _:
            raise Complaint("the answer holds no picture", "ask again, or --not its lane")


def _saved(picture: bytes, asked: str) -> str:
    """Never over a file that is there, unless it was named."""
    try:
        if asked:
            _write(picture, asked, os.O_TRUNC)
            return asked
        kind = next((kind for start, kind in _KINDS if picture.startswith(start)), "img")
        for number in range(1, NAMES_TRIED_MAX + 1):
            path = f"image-{number}.{kind}"
            try:
                _write(picture, path, os.O_EXCL)
            except FileExistsError:
                continue
            return path
    except OSError as error:
        raise Complaint(
            f"the picture can't be written: {error.strerror}", "name another place: -o FILE"
        ) from None
    raise Complaint("there are a thousand pictures here already", "name a place: -o FILE")


def _write(picture: bytes, path: str, how: int) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | how, 0o644), "wb") as file:
        file.write(picture)
