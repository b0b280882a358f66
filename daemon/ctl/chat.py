"""`failoverctl chat`: a question; the answer as it comes, and at the end who gave it and what happened."""

import argparse
import sys

from daemon.ctl.asking import ending, failover_options, options, report_in, tell_in_vain
from daemon.ctl.clock import now_s
from daemon.ctl.complaint import Complaint
from daemon.ctl.grammar import sockets_of
from daemon.ctl.line import Json, Line, Refused
from daemon.ctl.plain import inert
from daemon.ctl.terminal import FAINT, Terminal
from daemon.exits import Exit

__all__ = ["arguments", "run"]

STDIN_CHARS_MAX = 16 * 1024 * 1024
ANSWERS_OWN = "\n\t"
"""Control characters that an answer may mean; the others are made visible."""


def arguments(parser: argparse.ArgumentParser, _name: str) -> None:
    parser.add_argument("words", nargs="+", metavar="TEXT", help="the question; - reads the rest from stdin")
    parser.add_argument("--system", default="", metavar="TEXT", help="how it should behave")
    options(parser)
    parser.add_argument(
        "--json", action="store_true", help="the whole answer as one JSON object, not streamed"
    )


def run(args: argparse.Namespace, screen: Terminal) -> int:
    body: Json = {
        "model": args.pool,
        "messages": [
            *([{"role": "system", "content": args.system}] if args.system else []),
            {"role": "user", "content": " ".join(_read(word) for word in args.words)},
        ],
        "stream": not args.json,
        "failover": failover_options(args),
    }
    voice = _Voice(screen)
    began_s = now_s()
    with Line(sockets_of(args.socket)) as line:
        try:
            result = line.ask("chat", body, notice=voice.hear, within_s=None)
        except Refused as refused:
            tell_in_vain(refused)
            raise
        finally:
            voice.rest()
    if args.json:
        screen.say_json(result)
        return Exit.OK
    screen.tell(*ending(report_in(result), now_s() - began_s), tone=FAINT)
    return Exit.OK


class _Voice:
    """Says an answer piece by piece."""

    def __init__(self, screen: Terminal) -> None:
        self._out = screen.out
        self._ends_line = True

    def hear(self, method: str, params: Json) -> None:
        text = _text_in(params.get("chunk")) if method == "chat.chunk" else ""
        if text:
            self._out.write(inert(text, keep=ANSWERS_OWN))
            self._out.flush()
            self._ends_line = text.endswith("\n")

    def rest(self) -> None:
        """What follows begins on a line of its own."""
        if not self._ends_line:
            self._out.write("\n")
            self._ends_line = True
        self._out.flush()


def _text_in(chunk: object) -> str:
    """The visible words of a `chat.completion.chunk`."""
    match chunk:
        case {"choices": [{"delta": {"content": str(text)}}, *_]}:
            return text
        case _:
            return ""


def _read(word: str) -> str:
    if word != "-":
        return word
    text = sys.stdin.read(STDIN_CHARS_MAX + 1)
    if len(text) > STDIN_CHARS_MAX:
        raise Complaint("there is more on stdin than any model can read", exit_code=Exit.USAGE)
    return text
