"""Guard the functions of an agent that run programs.

    python examples/guard.py DIRECTORY

A function says what it would run; the guard has the policy, and runs it. An
agent may be given the function, but not what the policy does not allow, and
a guard can hand on less than it has, for a task that needs less.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec

from proc_jail import (
    ArgRules,
    ExecError,
    Int,
    ProcPolicyBuilder,
    ProcRequest,
    ReadPath,
    Text,
    Violation,
)

GREP, LS = "/usr/bin/grep", "/usr/bin/ls"

P = ParamSpec("P")


class Guard:
    """Holds what an agent may run."""

    def __init__(self, programs: dict[str, ArgRules], root: str) -> None:
        self._programs = programs
        self._root = root
        builder = ProcPolicyBuilder().cwd(root).timeout(10)
        for path, rules in programs.items():
            builder = builder.allow_bin(path).arg_rules(path, rules)
        self._policy = builder.build()

    def only(self, *paths: str) -> Guard:
        """A guard that allows some of these programs, and never more."""
        return Guard(
            {path: self._programs[path] for path in paths}, self._root
        )

    def tool(self, function: Callable[P, list[str]]) -> Callable[P, str]:
        """Run the command line that a function returns; give its output.

        A denial or a failure comes back as text, which is what an agent
        reads.
        """

        @functools.wraps(function)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> str:
            path, *argv = function(*args, **kwargs)
            try:
                command = self._policy.prepare(ProcRequest(path, argv))
                return command.spawn_sync().stdout_string()
            except (Violation, ExecError) as error:
                return f"{error.code}: {error}"

        return guarded


def make_guard(root: str) -> Guard:
    files = ReadPath(root)
    grep = (
        ArgRules()
        .flag("-n")
        .option("-m", Int(1, 100))
        .positional("pattern", Text(max_length=100))
        .positional("files", files, max=10)
        .run_nothing()
    )
    ls = ArgRules().flag("-l").positional("files", files).run_nothing()
    return Guard({GREP: grep, LS: ls}, root)


def main(argv: list[str]) -> int:
    if len(argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    guard = make_guard(str(Path(argv[1]).resolve()))

    @guard.tool
    def search(pattern: str, path: str) -> list[str]:
        """Find lines in a file."""
        return [GREP, "-nm5", "--", pattern, path]

    @guard.only(GREP).tool
    def look(path: str) -> list[str]:
        """List a directory; this guard was not given the program for it."""
        return [LS, "-l", path]

    for name in sorted(path.name for path in Path(argv[1]).iterdir()):
        print(f"{name}: {search('needle', name)}", end="")
    print(search("root", "/etc/passwd"))
    print(search("--file=/etc/passwd", "."))
    print(look("."))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
