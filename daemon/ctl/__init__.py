"""failoverctl: what a running daemon shows, and how it is steered. It starts fast and knows nothing heavy."""

import os
import sys
from collections.abc import Sequence

from daemon.ctl.commands import COMMANDS
from daemon.ctl.complaint import Complaint
from daemon.ctl.grammar import BELOW, command_in, parser_for, runs_it, welcome
from daemon.ctl.terminal import WARY, Terminal, terminal
from daemon.exits import Exit

__all__ = ["main"]

_LEAD = "failoverctl:"
_TRACE = "FAILOVERCTL_TRACE"
_OTHER_VERSION = (
    "they may be of different versions: failoverctl --version",
    "after an upgrade: systemctl restart failoverd",
    f"to report it, with the place: {_TRACE}=1 failoverctl ...",
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        # Where a locale can't show a character, it is spelled, not fatal.
        getattr(stream, "reconfigure", dict)(errors="backslashreplace")
    screen = terminal(sys.stdout, sys.stderr, os.environ)
    try:
        code = _run(list(sys.argv[1:] if argv is None else argv), screen)
        sys.stdout.flush()
    except Complaint as complaint:
        _complain(complaint, screen)
        return complaint.exit_code
    except (KeyError, TypeError, ValueError, AttributeError, IndexError):
        # The answer is not checked field by field: what fits nowhere is the daemon of another version.
        if _TRACE in os.environ:
            raise
        _complain(
            Complaint("the daemon's answer is not what this failoverctl expects", *_OTHER_VERSION), screen
        )
        return Exit.FAILED
    except KeyboardInterrupt:
        return Exit.FAILED
    except BrokenPipeError:
        # The reader of our output left, as `head` does. Nothing is wrong, but the interpreter would
        # complain when it flushes stdout at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.OK
    return code


def _run(words: list[str], screen: Terminal) -> int:
    name = command_in(words)
    if name and name not in COMMANDS:
        raise _unknown(name)
    args = parser_for([name] if name else []).parse_args(words)
    if args.version:
        from daemon.ctl import version  # noqa: PLC0415 - importlib.metadata costs 50 ms

        return version.run(args, screen)
    if not name:
        screen.say(welcome().rstrip())
        return Exit.USAGE
    command = COMMANDS[name]
    if command.below:
        command = command.below[getattr(args, BELOW)]
    return int(runs_it(command).run(args, screen))


def _unknown(name: str) -> Complaint:
    from difflib import get_close_matches  # noqa: PLC0415 - only who mistypes pays for it

    near = [f"failoverctl {each}" for each in get_close_matches(name, COMMANDS, 2)]
    hint = f"did you mean: {' or '.join(near)}" if near else "failoverctl --help lists them all"
    return Complaint(f"there is no command {name!r}", hint, exit_code=Exit.USAGE)


def _complain(complaint: Complaint, screen: Terminal) -> None:
    says = f"{_LEAD} {complaint.says}".splitlines()
    screen.tell(*says, *(f"  {hint}" for hint in complaint.hints), tone=WARY, lead=_LEAD)
