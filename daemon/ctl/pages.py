"""The man page and the completions of failoverctl, made from its parser when it is built.

python -m daemon.ctl.pages share        writes them below `share/`; a test holds them to be current
"""

import sys
from argparse import SUPPRESS, Action, ArgumentParser, _SubParsersAction
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from daemon.ctl.commands import COMMANDS, GROUPS, Command
from daemon.ctl.grammar import parser_for

__all__ = ["pages", "write"]


class Option(NamedTuple):
    """A word with dashes."""

    names: tuple[str, ...]
    says: str
    metavar: str
    """Of its value; empty: it takes none."""


class Shape(NamedTuple):
    """What may stand behind a command."""

    options: tuple[Option, ...]
    names: tuple[Action, ...]
    """Those without dashes, in their order."""


NAMES = "TARGET"
"""Arguments that are called so are completed with what the running daemon knows."""


def pages() -> Mapping[str, str]:
    """Everything, by its path below `share/`."""
    shapes = _shapes()
    return {
        "completions/failoverctl.bash": _bash(shapes),
        "completions/_failoverctl": _zsh(shapes),
        "completions/failoverctl.fish": _fish(shapes),
        "man/failoverctl.1": _man(shapes),
    }


def write(directory: Path) -> None:
    """Put them where the build finds them."""
    for name, text in pages().items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def _shapes() -> dict[str, Shape]:
    parser = parser_for()
    subs = next(action for action in parser._actions if isinstance(action, _SubParsersAction))  # noqa: SLF001 - argparse has no other way to ask
    return {name: _shape(sub) for name, sub in subs.choices.items()}


def _shape(parser: ArgumentParser) -> Shape:
    actions = parser._actions  # noqa: SLF001 - as above
    options = [
        Option(tuple(action.option_strings), action.help or "", _metavar(action))
        for action in actions
        if action.option_strings and action.help != SUPPRESS
    ]
    return Shape(tuple(options), tuple(action for action in actions if not action.option_strings))


def _metavar(action: Action) -> str:
    if action.nargs == 0:
        return ""
    return action.metavar if isinstance(action.metavar, str) else action.dest.upper()


# bash


def _bash(shapes: Mapping[str, Shape]) -> str:
    cases = "\n".join(
        f'        {name}) words="{" ".join(_flags(shape))}"{_bash_names(shape)} ;;'
        for name, shape in shapes.items()
    )
    return f"""\
# Completion of failoverctl for bash. Made by python -m daemon.ctl.pages.
_failoverctl() {{
    local word=$2 before=$3 command="" each words
    for each in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
        case $each in -*) ;; {"|".join(shapes)}) command=$each; break ;; esac
    done
    case $before in
        --socket|--config|-o|--out) COMPREPLY=($(compgen -f -- "$word")); return ;;
    esac
    case $command in
        "") words="{" ".join(shapes)} --socket --version --help" ;;
{cases}
    esac
    COMPREPLY=($(compgen -W "$words" -- "$word"))
}}
complete -F _failoverctl failoverctl
"""


def _bash_names(shape: Shape) -> str:
    choices = [str(each) for action in shape.names for each in action.choices or ()]
    known = " $(failoverctl providers --names 2>/dev/null)" if _takes_names(shape) else ""
    return f'; words+=" {" ".join(choices)}{known}"' if choices or known else ""


def _takes_names(shape: Shape) -> bool:
    return any(action.metavar == NAMES for action in shape.names)


def _flags(shape: Shape) -> list[str]:
    return [max(option.names, key=len) for option in shape.options]


# zsh


def _zsh(shapes: Mapping[str, Shape]) -> str:
    described = "\n".join(f"        '{name}:{_zsh_text(COMMANDS[name].says)}'" for name in shapes)
    cases = "\n".join(_zsh_case(name, shape) for name, shape in shapes.items())
    return f"""\
#compdef failoverctl
# Completion of failoverctl for zsh. Made by python -m daemon.ctl.pages.
_failoverctl_targets() {{
    local -a targets
    targets=(${{(f)"$(failoverctl providers --names 2>/dev/null)"}})
    _describe target targets
}}
_failoverctl() {{
    local context state line
    local -a commands
    commands=(
{described}
    )
    _arguments -C '--socket[the socket of the daemon]:path:_files' '--version[which failoverctl]' \\
        '--help[all commands]' '1:command:->command' '*::argument:->argument'
    case $state in
        command) _describe command commands ;;
        argument)
            case $words[1] in
{cases}
            esac ;;
    esac
}}
_failoverctl "$@"
"""


def _zsh_case(name: str, shape: Shape) -> str:
    words = [_zsh_option(option) for option in shape.options] + [_zsh_name(action) for action in shape.names]
    return f"                {name}) _arguments {' '.join(words)} ;;"


def _zsh_option(option: Option) -> str:
    flag, value = max(option.names, key=len), option.metavar.lower()
    filling = "_files" if option.metavar in ("PATH", "FILE") else ""
    return f"'{flag}[{_zsh_text(option.says)}]{f':{value}:{filling}' if value else ''}'"


def _zsh_name(action: Action) -> str:
    if action.choices:
        filling = f"({' '.join(map(str, action.choices))})"
    else:
        filling = "_failoverctl_targets" if action.metavar == NAMES else ""
    return f"'*:{action.dest}:{filling}'"


def _zsh_text(text: str) -> str:
    return text.replace("'", "").replace(":", " -").replace("[", "(").replace("]", ")")


# fish


def _fish(shapes: Mapping[str, Shape]) -> str:
    lines = [
        "# Completion of failoverctl for fish. Made by python -m daemon.ctl.pages.",
        "complete -c failoverctl -f",
        "complete -c failoverctl -l socket -r -F -d 'the socket of the daemon'",
        "complete -c failoverctl -n __fish_use_subcommand -l version -d 'which failoverctl'",
    ]
    for name, shape in shapes.items():
        says = _quoted(COMMANDS[name].says)
        lines.append(f"complete -c failoverctl -n __fish_use_subcommand -a {name} -d {says}")
        lines += [_fish_option(name, option) for option in shape.options]
        if _takes_names(shape):
            names = "'(failoverctl providers --names 2>/dev/null)'"
            lines.append(f"complete -c failoverctl -n '__fish_seen_subcommand_from {name}' -a {names}")
        choices = " ".join(str(each) for action in shape.names for each in action.choices or ())
        if choices:
            lines.append(f"complete -c failoverctl -n '__fish_seen_subcommand_from {name}' -a '{choices}'")
    return "\n".join([*lines, ""])


def _fish_option(name: str, option: Option) -> str:
    forms = [f"-l {each[2:]}" if each.startswith("--") else f"-s {each[1:]}" for each in option.names]
    value = " -r" + (" -F" if option.metavar in ("PATH", "FILE") else "") if option.metavar else ""
    return (
        f"complete -c failoverctl -n '__fish_seen_subcommand_from {name}' {' '.join(forms)}{value} "
        f"-d {_quoted(option.says)}"
    )


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


# man


def _man(shapes: Mapping[str, Shape]) -> str:
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
        for name in names:
            lines += _man_command(name, COMMANDS[name], shapes[name])
    return "\n".join([*lines, _MAN_END])


def _man_command(name: str, command: Command, shape: Shape) -> Iterator[str]:
    names = " ".join(f"\\fI{_roff(_metavar(action))}\\fR" for action in shape.names)
    yield ".TP"
    yield f"\\fB{name}\\fR {names}".rstrip()
    yield f"{_roff(command.says[:1].upper() + command.says[1:])}. {_roff(command.more)}"
    yield ".RS"
    for option in shape.options:
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


if __name__ == "__main__":
    write(Path(sys.argv[1]))
