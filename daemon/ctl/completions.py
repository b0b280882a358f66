"""What a shell needs to complete failoverctl: bash, zsh and fish."""

from argparse import Action
from collections.abc import Mapping

from daemon.ctl.commands import COMMANDS
from daemon.ctl.outline import Option, Outline

__all__ = ["bash", "fish", "zsh"]

NAMES = "TARGET"
"""Arguments that are called so are completed with what the running daemon knows."""


def bash(outlines: Mapping[str, Outline]) -> str:
    cases = "\n".join(
        f'        {name}) words="{" ".join(_flags(outline))}"{_bash_names(outline)} ;;'
        for name, outline in outlines.items()
    )
    return f"""\
# Completion of failoverctl for bash. Made by python -m daemon.ctl.pages.
_failoverctl() {{
    local word=$2 before=$3 command="" each words
    for each in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
        case $each in -*) ;; {"|".join(outlines)}) command=$each; break ;; esac
    done
    case $before in
        --socket|--config|-o|--out) COMPREPLY=($(compgen -f -- "$word")); return ;;
    esac
    case $command in
        "") words="{" ".join(outlines)} --socket --version --help" ;;
{cases}
    esac
    COMPREPLY=($(compgen -W "$words" -- "$word"))
}}
complete -F _failoverctl failoverctl
"""


def _bash_names(outline: Outline) -> str:
    choices = [str(each) for action in outline.names for each in action.choices or ()]
    known = " $(failoverctl providers --names 2>/dev/null)" if _takes_names(outline) else ""
    return f'; words+=" {" ".join(choices)}{known}"' if choices or known else ""


def _takes_names(outline: Outline) -> bool:
    return any(action.metavar == NAMES for action in outline.names)


def _flags(outline: Outline) -> list[str]:
    return [max(option.names, key=len) for option in outline.options]


def zsh(outlines: Mapping[str, Outline]) -> str:
    described = "\n".join(f"        '{name}:{_zsh_text(COMMANDS[name].says)}'" for name in outlines)
    cases = "\n".join(_zsh_case(name, outline) for name, outline in outlines.items())
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


def _zsh_case(name: str, outline: Outline) -> str:
    words = [_zsh_option(option) for option in outline.options] + [
        _zsh_name(action) for action in outline.names
    ]
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


def fish(outlines: Mapping[str, Outline]) -> str:
    lines = [
        "# Completion of failoverctl for fish. Made by python -m daemon.ctl.pages.",
        "complete -c failoverctl -f",
        "complete -c failoverctl -l socket -r -F -d 'the socket of the daemon'",
        "complete -c failoverctl -n __fish_use_subcommand -l version -d 'which failoverctl'",
    ]
    for name, outline in outlines.items():
        says = _quoted(COMMANDS[name].says)
        lines.append(f"complete -c failoverctl -n __fish_use_subcommand -a {name} -d {says}")
        lines += [_fish_option(name, option) for option in outline.options]
        if _takes_names(outline):
            names = "'(failoverctl providers --names 2>/dev/null)'"
            lines.append(f"complete -c failoverctl -n '__fish_seen_subcommand_from {name}' -a {names}")
        choices = " ".join(str(each) for action in outline.names for each in action.choices or ())
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
