"""The cell magic %%jail: command lines under a policy, without a shell.

%load_ext proc_jail

%%jail policy
grep -n root /etc/passwd
wc -l /etc/passwd
"""

from __future__ import annotations

import argparse
import shlex
from typing import TYPE_CHECKING, NoReturn

from IPython.core.error import UsageError
from IPython.display import display

from proc_jail._core import (
    Output,
    PreparedCommand,
    ProcJailError,
    ProcPolicy,
    ProcRequest,
)
from proc_jail._policy.paths import path_of

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


class _Parser(argparse.ArgumentParser):
    """A parser that does not end the kernel."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}; {self.format_usage().strip()}")


def _parser() -> _Parser:
    parser = _Parser(prog="%%jail", add_help=False)
    parser.add_argument("policy")
    parser.add_argument("-c", "--check", action="store_true")
    parser.add_argument("-o", "--out", metavar="NAME")
    return parser


def _requests(policy: ProcPolicy, cell: str) -> list[tuple[int, ProcRequest]]:
    """One request for each line; only quotes have a meaning."""
    found = []
    for number, text in enumerate(cell.splitlines(), 1):
        if not text.strip() or text.lstrip().startswith("#"):
            continue
        try:
            name, *argv = shlex.split(text)
            path = path_of(policy, name)
        except (ValueError, LookupError) as error:
            reason = error.args[0]
            raise UsageError(f"line {number}: {reason}") from None
        found.append((number, ProcRequest(path, argv)))
    if not found:
        raise UsageError("%%jail needs command lines, one a line")
    return found


def _policy_of(shell: InteractiveShell, name: str) -> ProcPolicy:
    policy = shell.user_ns.get(name)
    if not isinstance(policy, ProcPolicy):
        what = "is not defined" if policy is None else "is no ProcPolicy"
        raise UsageError(f"{name} {what}; build() makes a policy")
    return policy


def _brief(error: ProcJailError, where: str = "") -> ProcJailError:
    """Show an error without the frames of the magic."""
    text = f"{where}{type(error).__name__}: {error}"
    error._render_traceback_ = lambda: [text]  # type: ignore[attr-defined]
    return error.with_traceback(None)


def _prepared(policy: ProcPolicy, cell: str) -> list[PreparedCommand]:
    commands = []
    for number, request in _requests(policy, cell):
        try:
            commands.append(policy.prepare(request))
        except ProcJailError as error:
            raise _brief(error, f"line {number}: ") from None
    return commands


def _run(commands: list[PreparedCommand], check: bool) -> list[Output]:
    """Run one after the other and show each as it ends."""
    outputs = []
    for command in commands:
        try:
            output = command.spawn_sync()
            display(output)  # type: ignore[no-untyped-call]
            outputs.append(output.check() if check else output)
        except ProcJailError as error:
            raise _brief(error) from None
    return outputs


def load(shell: InteractiveShell) -> None:
    """Register the magic: %load_ext proc_jail."""

    def jail(line: str, cell: str) -> None:
        """Run command lines, one a line, under a policy.

            %%jail [--check] [--out NAME] POLICY

        POLICY is the name of a ProcPolicy. Each line is a program, by its
        absolute path or by its name where the policy allows one of that
        name, and its arguments. There is no shell: quotes group words, and
        nothing else has a meaning. All lines are checked before the first
        one runs. --check stops at an exit status other than 0; --out keeps
        the list of Outputs. Interrupting the kernel kills the command.
        """
        options = _parser().parse_args(line.split())
        commands = _prepared(_policy_of(shell, options.policy), cell)
        outputs = _run(commands, options.check)
        if options.out is not None:
            shell.user_ns[options.out] = outputs

    shell.magics_manager.register_function(jail, "cell")
