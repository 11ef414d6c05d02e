"""Tools for agents: one for each program that a policy allows.

>>> from proc_jail import ProcPolicyBuilder
>>> policy = ProcPolicyBuilder().profile("wc", read=["/etc"]).build()
>>> tool = tools_for(policy)[0]
>>> tool.name
'wc'
>>> tool.call({"files": ["/etc/passwd"], "lines": True}).ok
True
>>> tool.call({"files": ["/root/.ssh/id_rsa"]}).code
'ArgPathForbidden'
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from proc_jail.tools.tool import (
    MAX_OUTPUT,
    Tool,
    ToolResult,
    tools_for,
)
from proc_jail.tools.tool import (
    RESULT_SCHEMA as RESULT_SCHEMA,
)

if TYPE_CHECKING:
    from proc_jail._core import ProcPolicy

__all__ = ["Tool", "ToolResult", "serve_mcp", "tools_for"]


def serve_mcp(
    policy: ProcPolicy,
    *,
    name: str = "proc_jail",
    max_output: int = MAX_OUTPUT,
) -> int:
    """Serve the tools of a policy to an MCP client on stdio.

    Returns an exit status when the client has left: call it as
    `sys.exit(serve_mcp(policy))`. Requires the extra `mcp`.
    """
    from proc_jail.tools.mcp import main

    return main(policy, name=name, max_output=max_output)
