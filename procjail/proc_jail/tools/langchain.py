"""Tools as LangChain expects them; imported only when one is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from langchain_core.tools import BaseTool

if TYPE_CHECKING:
    from proc_jail.tools.tool import Tool, ToolResult


class _ProgramTool(BaseTool):
    """A tool whose answer is its text, with the ToolResult as artifact."""

    response_format: Literal["content", "content_and_artifact"] = (
        "content_and_artifact"
    )
    program: Any

    # `self` is positional-only, and no parameter can clash with the name
    # of a program's argument.
    def _run(self, /, **arguments: Any) -> tuple[str, ToolResult]:
        result: ToolResult = self.program.call(arguments)
        return result.text, result

    async def _arun(self, /, **arguments: Any) -> tuple[str, ToolResult]:
        result: ToolResult = await self.program.acall(arguments)
        return result.text, result


def langchain(tool: Tool) -> BaseTool:
    """One tool."""
    return _ProgramTool(
        name=tool.name,
        description=tool.description,
        args_schema=tool.parameters,
        program=tool,
    )
