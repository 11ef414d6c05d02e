"""Completion for bash and zsh, made from the parser.

Not shtab or argcomplete: the scripts are short, and completion works
without a dependency, and without starting Python at each TAB.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

BASH = """\
# bash completion for proc-jail:  eval "$(proc-jail completion bash)"
_proc_jail() {
    local IFS=$'\\n' command='' i
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
            --) COMPREPLY=($(compgen -f -- "$word")); return ;;
            -*) ;;
            *) [[ $command ]] || command=${COMP_WORDS[i]} ;;
        esac
    done
    case $command:$before:$word in
@CASES@
    esac
}
complete -o filenames -F _proc_jail proc-jail
"""
ZSH = """\
#compdef proc-jail
# zsh completion for proc-jail:  source <(proc-jail completion zsh)
_proc_jail() {
    local -a commands=(
@COMMANDS@
    )
    if (( ${words[(i)--]} < CURRENT )); then
        _files
        return
    elif (( CURRENT == 2 )); then
        _describe command commands
        return
    fi
    shift words
    (( CURRENT-- ))
    case $words[1] in
@CASES@
    esac
}
if [[ $funcstack[1] == _proc_jail ]]; then
    _proc_jail "$@"
else
    compdef _proc_jail proc-jail
fi
"""
BY_METAVAR = {"POLICY": "files", "FILE": "files", "DIR": "folders"}


class Argument(NamedTuple):
    """An option with its value, or a positional."""

    names: tuple[str, ...]
    help: str
    takes: str  # "", "nothing", "files", "folders", or "words"
    words: tuple[str, ...] = ()
    metavar: str = ""


Words = Mapping[str, Sequence[str]]


def script(parser: argparse.ArgumentParser, shell: str, words: Words) -> str:
    """The script; `words` are what positionals may be, by their name."""
    commands = dict(_commands(parser, words))
    helps = {
        c.dest: c.help or "" for c in _subparsers(parser)._choices_actions
    }
    if shell == "bash":
        return BASH.replace("@CASES@", "\n".join(_bash(commands)))
    told = [f"        {_quoted(f'{n}:{helps[n]}')}" for n in commands]
    text = ZSH.replace("@COMMANDS@", "\n".join(told))
    return text.replace("@CASES@", "\n".join(_zsh(commands)))


def _subparsers(
    parser: argparse.ArgumentParser,
) -> argparse._SubParsersAction[argparse.ArgumentParser]:
    return next(
        action
        for action in parser._actions
        if isinstance(action, argparse._SubParsersAction)
    )


def _commands(
    parser: argparse.ArgumentParser, words: Words
) -> Iterator[tuple[str, list[Argument]]]:
    for name, inner in _subparsers(parser).choices.items():
        yield name, [_argument(action, words) for action in inner._actions]


def _argument(action: argparse.Action, words: Words) -> Argument:
    metavar = str(action.metavar or action.dest)
    known = tuple(action.choices or words.get(action.dest, ()))
    takes = "words" if known else BY_METAVAR.get(metavar, "nothing")
    if action.nargs == 0:
        takes = ""
    names = tuple(action.option_strings)
    return Argument(names, action.help or "", takes, known, metavar)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


# ----------------------------------------------------------------- bash


def _reply(how: str) -> str:
    return f'COMPREPLY=($(compgen {how} -- "$word"))'


def _bash_values(argument: Argument) -> str:
    if argument.takes == "words":
        # IFS is a newline, so newlines separate the words.
        return _reply("-W $'" + "\\n".join(argument.words) + "'")
    return {"files": _reply("-f"), "folders": _reply("-d")}.get(
        argument.takes, ":"
    )


def _bash(commands: Mapping[str, list[Argument]]) -> Iterator[str]:
    """Cases of COMMAND:PREVIOUS WORD:WORD, the more specific ones first."""
    for name, arguments in commands.items():
        for argument in arguments:
            if argument.names and argument.takes:
                pattern = "|".join(f"{name}:{n}:*" for n in argument.names)
                yield f"        {pattern}) {_bash_values(argument)} ;;"
        options = Argument(
            (), "", "words", tuple(n for a in arguments for n in a.names)
        )
        yield f"        {name}:*:-*) {_bash_values(options)} ;;"
        for argument in arguments:
            if not argument.names:
                yield f"        {name}:*) {_bash_values(argument)} ;;"
    first = Argument((), "", "words", (*commands, "--help", "--version"))
    yield f"        :*) {_bash_values(first)} ;;"


# ------------------------------------------------------------------ zsh


def _zsh_values(argument: Argument) -> str:
    """:MESSAGE:ACTION of _arguments."""
    action = {
        "files": "_files",
        "folders": "_files -/",
        "words": f"({' '.join(argument.words)})",
    }
    return f":{argument.metavar}:{action.get(argument.takes, ' ')}"


def _zsh(commands: Mapping[str, list[Argument]]) -> Iterator[str]:
    for name, arguments in commands.items():
        yield f"        {name}) _arguments \\"
        for argument in arguments:
            value = _zsh_values(argument) if argument.takes else ""
            if not argument.names:
                yield f"            {_quoted('*' + value)} \\"
            for option in argument.names:
                told = f"[{argument.help}]"
                yield f"            {_quoted(f'*{option}{told}{value}')} \\"
        yield "            && return ;;"
