"""What a shell needs to complete failoverctl: bash, zsh and fish."""

from argparse import Action
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from daemon.ctl.command import Command
from daemon.ctl.commands import COMMANDS, every
from daemon.ctl.outline import Option, Outline

__all__ = ["bash", "fish", "zsh"]

_ASKED: Mapping[str, str] = MappingProxyType(
    {
        "TARGET": "failoverctl providers --names 2>/dev/null",
        "JOB": "failoverctl batch list --ids 2>/dev/null",
    }
)
"""Arguments that are called so are completed with what the running daemon knows."""
_FILES = frozenset({"FILE", "PATH"})
_SAYS = {name: command.says for name, command in every()}
_GROUPS = [name for name, command in COMMANDS.items() if command.below]


def bash(outlines: Mapping[str, Outline]) -> str:
    cases = "\n".join(
        f'        "{name}") words="{" ".join(_flags(outline))}"{_bash_names(outline)} ;;'
        for name, outline in outlines.items()
    )
    return f"""\
# Completion of failoverctl for bash. Made by python -m daemon.ctl.pages.
_failoverctl() {{
    local word=$2 before=$3 command="" each words
    for each in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
        each="${{command:+$command }}$each"
        case $each in {"|".join(f'"{name}"' for name in outlines)}) command=$each ;; esac
    done
    case $before in
        --socket|--config|--images|-o|--out) COMPREPLY=($(compgen -f -- "$word")); return ;;
    esac
    case $command in
        "") words="{" ".join(COMMANDS)} --socket --version --help" ;;
{cases}
    esac
    COMPREPLY+=($(compgen -W "$words" -- "$word"))
}}
complete -F _failoverctl failoverctl
"""


def _bash_names(outline: Outline) -> str:
    choices = [str(each) for action in outline.names for each in action.choices or ()]
    known = [f"$({ask})" for ask in _asks(outline)]
    words = f'; words+=" {" ".join([*choices, *known])}"' if choices or known else ""
    files = '; COMPREPLY=($(compgen -f -- "$word"))' if _takes_files(outline) else ""
    return words + files


def _asks(outline: Outline) -> list[str]:
    return [_ASKED[str(action.metavar)] for action in outline.names if action.metavar in _ASKED]


def _takes_files(outline: Outline) -> bool:
    return any(action.metavar in _FILES for action in outline.names)


def _flags(outline: Outline) -> list[str]:
    return [max(option.names, key=len) for option in outline.options]


def zsh(outlines: Mapping[str, Outline]) -> str:
    asking = "\n".join(
        f"""_failoverctl_{name.lower()}() {{
    local -a names
    names=(${{(f)"$({ask})"}})
    _describe {name.lower()} names
}}"""
        for name, ask in _ASKED.items()
    )
    cases = "\n".join(_zsh_case(name, outlines) for name in COMMANDS)
    return f"""\
#compdef failoverctl
# Completion of failoverctl for zsh. Made by python -m daemon.ctl.pages.
{asking}
_failoverctl() {{
    local context state line
    local -a commands
    commands=(
{_zsh_described(COMMANDS)}
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


def _zsh_case(name: str, outlines: Mapping[str, Outline], above: str = "") -> str:
    below = {} if above else COMMANDS[name].below
    if not below:
        return f"                {name}) {_zsh_arguments(outlines[above + name])} ;;"
    cases = "\n".join(_zsh_case(each, outlines, f"{name} ") for each in below)
    return f"""\
                {name})
                    commands=(
{_zsh_described(below)}
                    )
                    _arguments -C '1:command:->command' '*::argument:->argument'
                    case $state in
                        command) _describe command commands ;;
                        argument)
                            case $words[1] in
{cases}
                            esac ;;
                    esac ;;"""


def _zsh_described(commands: Mapping[str, Command]) -> str:
    return "\n".join(f"        '{name}:{_zsh_text(command.says)}'" for name, command in commands.items())


def _zsh_arguments(outline: Outline) -> str:
    words = [_zsh_option(option) for option in outline.options]
    words += [_zsh_name(at, action) for at, action in enumerate(outline.names, start=1)]
    return f"_arguments {' '.join(words)}"


def _zsh_option(option: Option) -> str:
    flag, value = max(option.names, key=len), option.metavar.lower()
    filling = "_files" if option.metavar in _FILES else ""
    return f"'{flag}[{_zsh_text(option.says)}]{f':{value}:{filling}' if value else ''}'"


def _zsh_name(at: int, action: Action) -> str:
    """Each by its place; the one that takes all the rest says so."""
    if action.choices:
        filling = f"({' '.join(map(str, action.choices))})"
    elif action.metavar in _ASKED:
        filling = f"_failoverctl_{str(action.metavar).lower()}"
    else:
        filling = "_files" if action.metavar in _FILES else ""
    place = "*" if action.nargs in ("+", "*") else f"{at}:" if action.nargs == "?" else str(at)
    return f"'{place}:{action.dest}:{filling}'"


def _zsh_text(text: str) -> str:
    return text.replace("'", "").replace(":", " -").replace("[", "(").replace("]", ")")


def fish(outlines: Mapping[str, Outline]) -> str:
    lines = [
        "# Completion of failoverctl for fish. Made by python -m daemon.ctl.pages.",
        "complete -c failoverctl -f",
        "complete -c failoverctl -l socket -r -F -d 'the socket of the daemon'",
        "complete -c failoverctl -n __fish_use_subcommand -l version -d 'which failoverctl'",
    ]
    for name, outline in outlines.items():
        above, _, last = name.rpartition(" ")
        before = (
            f"{_fish_seen(above)}; and not {_fish_among(COMMANDS[above].below)}"
            if above
            else "__fish_use_subcommand"
        )
        lines.append(f"complete -c failoverctl -n '{before}' -a {last} -d {_quoted(_SAYS[name])}")
        seen = _fish_seen(name)
        lines += [_fish_option(seen, option) for option in outline.options]
        lines += [f"complete -c failoverctl -n '{seen}' -a '({ask})'" for ask in _asks(outline)]
        if _takes_files(outline):
            lines.append(f"complete -c failoverctl -n '{seen}' -F")
        choices = " ".join(str(each) for action in outline.names for each in action.choices or ())
        if choices and name not in _GROUPS:
            lines.append(f"complete -c failoverctl -n '{seen}' -a '{choices}'")
    return "\n".join([*lines, ""])


def _fish_seen(name: str) -> str:
    """That this command has been typed, and not one of the same name below another: `batch status`."""
    above, _, last = name.rpartition(" ")
    if above:
        return f"{_fish_among([above])}; and {_fish_among([last])}"
    others = [group for group in _GROUPS if name in COMMANDS[group].below]
    return _fish_among([name]) + "".join(f"; and not {_fish_among([other])}" for other in others)


def _fish_among(names: Iterable[str]) -> str:
    return f"__fish_seen_subcommand_from {' '.join(names)}"


def _fish_option(seen: str, option: Option) -> str:
    forms = [f"-l {each[2:]}" if each.startswith("--") else f"-s {each[1:]}" for each in option.names]
    value = " -r" + (" -F" if option.metavar in _FILES else "") if option.metavar else ""
    return f"complete -c failoverctl -n '{seen}' {' '.join(forms)}{value} -d {_quoted(option.says)}"


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
