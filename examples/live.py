"""Grep several files at once and show each match as it comes.

    python examples/live.py PATTERN FILE...

The commands run on one event loop, without a thread for each. Ctrl-C, or
the first LIMIT matches, end them all: leaving `async with` kills.
"""

from __future__ import annotations

import asyncio
import sys

from proc_jail import (
    ArgRules,
    ExecError,
    ProcPolicyBuilder,
    ProcRequest,
    Violation,
)

GREP = "/usr/bin/grep"
LIMIT = 1000

policy = (
    ProcPolicyBuilder()
    .allow_bin(GREP)
    .arg_rules(
        GREP,
        ArgRules()
        .allowed_flags(["-n", "--line-buffered"])
        .max_flags(2)
        .max_positionals(2)
        .inject_double_dash(),
    )
    .timeout(30)
    .max_stdout(1 << 30)
    .build()
)


async def grep(pattern: str, path: str) -> int:
    """Print the matches of one file; return how many there were."""
    request = ProcRequest(GREP, ["-n", "--line-buffered", pattern, path])
    matches = 0
    async with policy.prepare(request).start() as running:
        async for line in running.lines(limit=4096):
            print(f"{path}:{line.decode(errors='replace').rstrip()}")
            matches += 1
            if matches == LIMIT:
                return matches
        output = await running.wait()
    if output.returncode > 1:
        print(output.stderr_string().rstrip(), file=sys.stderr)
    return matches


async def search(pattern: str, paths: list[str]) -> int:
    found = await asyncio.gather(*(grep(pattern, path) for path in paths))
    return sum(found)


def main(argv: list[str]) -> int:
    if len(argv) < 3:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        found = asyncio.run(search(argv[1], argv[2:]))
    except (Violation, ExecError) as error:
        print(f"{error.code}: {error}", file=sys.stderr)
        return 3
    print(f"{found} matches", file=sys.stderr)
    return 0 if found else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv))
