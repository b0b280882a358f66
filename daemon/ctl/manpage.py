"""The man page of failoverctl."""

from collections.abc import Iterator, Mapping

from daemon.ctl.command import Command
from daemon.ctl.commands import COMMANDS, GROUPS, every
from daemon.ctl.outline import Outline, metavar

__all__ = ["man_page"]


def man_page(outlines: Mapping[str, Outline]) -> str:
    lines = [
        '.TH FAILOVERCTL 1 "" "failoverd" "User Commands"',
        ".SH NAME",
        "failoverctl \\- show and steer the daemon that keeps AI calls alive",
        ".SH SYNOPSIS",
        ".B failoverctl",
        "[\\fB\\-\\-socket\\fR \\fIPATH\\fR] \\fICOMMAND\\fR ...",
        ".SH COMMANDS",
    ]
    for group, names in GROUPS.items():
        lines.append(f".SS {_roff(group.capitalize())}")
        for name, command in every({name: COMMANDS[name] for name in names}):
            lines += _man_command(name, command, outlines[name])
    return "\n".join([*lines, _MAN_END])


def _man_command(name: str, command: Command, outline: Outline) -> Iterator[str]:
    names = " ".join(f"\\fI{_roff(metavar(action))}\\fR" for action in outline.names)
    yield ".TP"
    yield f"\\fB{name}\\fR {names}".rstrip()
    yield f"{_roff(command.says[:1].upper() + command.says[1:])}. {_roff(command.more)}"
    yield ".RS"
    for option in outline.options:
        if "--help" in option.names:
            continue
        flags = ", ".join(f"\\fB{_roff(flag)}\\fR" for flag in option.names)
        yield ".TP"
        yield f"{flags} \\fI{_roff(option.metavar)}\\fR" if option.metavar else flags
        yield _roff(option.says)
    for typed, why in command.examples:
        yield ".PP"
        yield f"\\fB{_roff(typed)}\\fR"
        yield ".br"
        yield _roff(why)
    yield ".RE"


_MAN_END = """\
.SH EXIT STATUS
.TP
0
well
.TP
1
degraded or failed
.TP
2
wrong command line or config
.TP
3
no daemon is running
.TP
4
not allowed
.SH ENVIRONMENT
.TP
FAILOVERD_SOCKET
the daemon's socket, if it is not where it usually is
.TP
NO_COLOR
no colours, also on a terminal
.SH FILES
.TP
/run/failoverd/failoverd.sock
the socket of a system service
.TP
$XDG_RUNTIME_DIR/failoverd/failoverd.sock
the socket of a user's own daemon, looked at first
.TP
/etc/failoverd/failoverd.toml, ~/.config/failoverd/failoverd.toml
the config
"""


def _roff(text: str) -> str:
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{text}" if text.startswith((".", "'")) else text
