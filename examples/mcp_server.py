"""Serve text tools for one directory to an MCP client, over stdio.

    python examples/mcp_server.py [DIRECTORY]

examples/mcp.json is how a client is told of it. Needs proc_jail[mcp].
"""

from __future__ import annotations

import sys
from pathlib import Path

from proc_jail import ArgRules, Int, ProcPolicyBuilder, ReadPath, Text
from proc_jail.tools import serve_mcp

GREP, WC = "/usr/bin/grep", "/usr/bin/wc"


def main(argv: list[str]) -> int:
    root = str(Path(argv[1] if len(argv) > 1 else ".").resolve())
    grep = (
        ArgRules()
        .flag("-i", "--ignore-case")
        .flag("-n", "--line-number")
        .flag("-r", "--recursive")
        .option("-m", "--max-count", Int(1, 1000))
        .positional("pattern", Text(max_length=200))
        .positional("files", ReadPath(root), max=20)
        .run_nothing()
    )
    wc = (
        ArgRules()
        .flag("-l", "--lines")
        .flag("-w", "--words")
        .positional("files", ReadPath(root), max=20)
        .run_nothing()
    )
    policy = (
        ProcPolicyBuilder()
        .allow_bin(GREP)
        .arg_rules(GREP, grep)
        .allow_bin(WC)
        .arg_rules(WC, wc)
        .cwd(root)
        .timeout(10)
        .build()
    )
    return serve_mcp(policy, name="text tools")


if __name__ == "__main__":
    sys.exit(main(sys.argv))
