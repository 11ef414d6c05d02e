"""Grep one file through a policy.

    python examples/grep.py PATTERN FILE

The policy allows grep, the flags -n and -i, and two positionals. Whatever
PATTERN is, grep cannot read it as an option.
"""

from __future__ import annotations

import sys

from proc_jail import (
    ArgRules,
    ExecError,
    ProcPolicyBuilder,
    ProcRequest,
    Violation,
)

GREP = "/usr/bin/grep"

policy = (
    ProcPolicyBuilder()
    .allow_bin(GREP)
    .arg_rules(
        GREP,
        ArgRules()
        .allowed_flags(["-n", "-i"])
        .max_flags(2)
        .max_positionals(2)
        .inject_double_dash(),
    )
    .timeout(5)
    .build()
)


def main(argv: list[str]) -> int:
    if len(argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        request = ProcRequest(GREP, ["-n", *argv[1:]])
        output = policy.prepare(request).spawn_sync()
    except (Violation, ExecError) as error:
        print(f"{error.code}: {error}", file=sys.stderr)
        return 3
    sys.stdout.write(output.stdout_string())
    sys.stderr.write(output.stderr_string())
    return output.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv))
