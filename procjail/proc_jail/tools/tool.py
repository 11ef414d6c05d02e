"""A tool: its schema, its calls, and the results of these."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from proc_jail._core import ExecError, Output, ProcRequest, Violation
from proc_jail._escape import clip, plain
from proc_jail._policy.model import programs_of, setting_of
from proc_jail.tools.params import OutsideParameter
from proc_jail.tools.reach import Reach, reach_of
from proc_jail.tools.schema import Shape, shapes_of, tool_name, unique
from proc_jail.tools.values import BadArgument

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from langchain_core.tools import BaseTool

    from proc_jail._core import PreparedCommand, ProcPolicy

MAX_OUTPUT = 65536
# The code of a call that does not match the schema.
INVALID = "ArgumentsInvalid"


@dataclass(frozen=True)
class ToolResult:
    """The result of a call.

    `ok`: the command ran and its exit status was 0. `denied`: nothing was
    started. `code` is that of the error, or None for a command that ended by
    itself. `stdout` and `stderr` are decoded, without terminal sequences,
    and cut (`truncated`). `text` describes the result to a model.
    """

    __module__ = "proc_jail.tools"  # where users import it from

    ok: bool
    exit_code: int | None
    stdout: str
    stderr: str
    truncated: bool
    denied: bool
    code: str | None
    text: str

    def to_dict(self) -> dict[str, Any]:
        """Return everything but `text`, as a dict for JSON.

        >>> result = ToolResult(True, 0, "", "", False, False, None, "")
        >>> result.to_dict()["exit_code"]
        0
        """
        return {name: getattr(self, name) for name in _FIELDS}


_FIELDS: dict[str, Any] = {
    "ok": {"type": "boolean", "description": "exit status was 0"},
    "exit_code": {"type": ["integer", "null"]},
    "stdout": {"type": "string"},
    "stderr": {"type": "string"},
    "truncated": {"type": "boolean", "description": "output was cut"},
    "denied": {"type": "boolean", "description": "nothing was started"},
    "code": {"type": ["string", "null"], "description": "of the error"},
}
RESULT_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": _FIELDS,
    "required": list(_FIELDS),
    "additionalProperties": False,
}


@dataclass(frozen=True, repr=False)
class Tool:
    """One program of a policy, or one subcommand of it, as a tool.

    `parameters` is the JSON Schema of the arguments of call(). Returned by
    tools_for().
    """

    __module__ = "proc_jail.tools"

    name: str
    title: str
    description: str
    parameters: dict[str, Any]
    reach: Reach
    _shape: Shape
    _policy: ProcPolicy
    _max_output: int

    def call(self, arguments: Mapping[str, Any] | str) -> ToolResult:
        """Run the program with these arguments; never raises because of them.

        `arguments` is a mapping, or its JSON as models write it.

        >>> tool.call({"args": ["-n", "x", "file.txt"]}).stdout
        '1:x\\n'
        """
        try:
            command = self._prepare(arguments)
            return self._ended(command.spawn_sync())
        except (BadArgument, Violation) as error:
            return _denied(error)
        except ExecError as error:
            return self._failed(error, error.stdout)

    async def acall(
        self,
        arguments: Mapping[str, Any] | str,
        progress: Callable[[int], Awaitable[None]] | None = None,
    ) -> ToolResult:
        """Do what call() does, on an event loop; cancelling kills the command.

        `progress` is awaited with the number of bytes on stdout so far,
        whenever there are more.

        >>> (await tool.acall({"args": ["x", "file.txt"]})).ok
        True
        """
        kept: list[bytes] = []
        try:
            command = self._prepare(arguments)
            if progress is None:
                return self._ended(await command.spawn())
            async with command.start() as running:
                size = 0
                async for chunk in running:
                    kept.append(chunk)
                    size += len(chunk)
                    await progress(size)
                output = await running.wait()
            return self._ended(output, b"".join(kept))
        except (BadArgument, Violation) as error:
            return _denied(error)
        except ExecError as error:
            return self._failed(error, b"".join(kept) + error.stdout)

    def argv(self, arguments: Mapping[str, Any] | str) -> list[str]:
        """Return the command line of a call, before the policy checks it.

        Raises ValueError for arguments that do not have the schema's shape.

        >>> tool.argv({"args": ["-n", "x"]})
        ['-n', 'x']
        """
        try:
            return self._shape.argv(_parsed(arguments))
        except BadArgument as error:
            raise ValueError(str(error)) from None

    def openai(
        self, *, strict: bool = False, responses: bool = False
    ) -> dict[str, Any]:
        """Return the tool for OpenAI's chat completions, or its Responses API.

        With `strict` every property is required and may be null, and the
        schema leaves out what strict mode does not know.

        >>> tool.openai()["function"]["name"]
        'grep'
        """
        from proc_jail.tools.openai import openai

        return openai(self, strict, responses)

    def anthropic(self) -> dict[str, Any]:
        """Return the tool for Anthropic's Messages API.

        >>> schema = tool.anthropic()["input_schema"]
        """
        return {
            "name": self.name,
            "description": self.description,
            "input_schema": self.parameters,
        }

    def langchain(self) -> BaseTool:
        """Return the tool for LangChain (langchain-core must be installed).

        >>> text = tool.langchain().invoke({"args": ["x", "file.txt"]})
        """
        from proc_jail.tools.langchain import langchain

        return langchain(self)

    def __repr__(self) -> str:
        return f"<Tool {self.name}>"

    def _prepare(self, arguments: Mapping[str, Any] | str) -> PreparedCommand:
        given = _parsed(arguments)
        try:
            request = ProcRequest(
                self._shape.program.path,
                self._shape.argv(given),
                cwd=self._shape.outside(given, "cwd"),
            )
            text = self._shape.outside(given, "stdin")
            if text is not None:
                request = request.with_stdin(text.encode())
        except UnicodeEncodeError:
            raise BadArgument(
                "an argument holds what is no text: half a surrogate pair"
            ) from None
        return self._policy.prepare(request)

    def _ended(
        self, output: Output, stdout: bytes | None = None
    ) -> ToolResult:
        out = output.stdout if stdout is None else stdout
        cut = output.stdout_total > len(out) or output.stderr_truncated
        status = f"exit status {output.exit_code}"
        if output.signal is not None:
            status = f"ended by signal {output.signal}"
        return self._result(
            out,
            output.stderr,
            "" if output.success else status,
            ok=output.success,
            exit_code=output.exit_code,
            truncated=cut,
        )

    def _failed(self, error: ExecError, stdout: bytes) -> ToolResult:
        head = f"{error.code}: {error}"
        return self._result(stdout, error.stderr, head, code=error.code)

    def _result(
        self,
        stdout: bytes,
        stderr: bytes,
        head: str,
        *,
        ok: bool = False,
        exit_code: int | None = None,
        truncated: bool = False,
        code: str | None = None,
    ) -> ToolResult:
        out, left_out = clip(stdout, self._max_output)
        err, left_err = clip(stderr, self._max_output)
        out, err = plain(out), plain(err)
        parts = [head, out.rstrip("\n")]
        if err.strip():
            parts.append(f"stderr: {err.rstrip()}")
        text = "\n".join(part for part in parts if part)
        return ToolResult(
            ok=ok,
            exit_code=exit_code,
            stdout=out,
            stderr=err,
            truncated=truncated or left_out + left_err > 0,
            denied=False,
            code=code,
            text=text or "(no output)",
        )


def _parsed(arguments: Mapping[str, Any] | str) -> Mapping[str, Any]:
    if isinstance(arguments, str):
        try:
            # A call without any arguments has no text for them.
            arguments = json.loads(arguments or "{}")
        except (ValueError, RecursionError) as error:
            raise BadArgument(f"the arguments are no JSON: {error}") from None
    if not isinstance(arguments, Mapping):
        raise BadArgument("the arguments must be an object")
    return arguments


def _denied(error: BadArgument | Violation) -> ToolResult:
    code = error.code if isinstance(error, Violation) else INVALID
    assert code is not None
    advice = "This tool cannot do that."
    if code.startswith("Arg"):
        advice = "Change the arguments and call it again."
    return ToolResult(
        ok=False,
        exit_code=None,
        stdout="",
        stderr="",
        truncated=False,
        denied=True,
        code=code,
        text=f"denied ({code}): {error}. Nothing was started. {advice}",
    )


def _extras(policy: ProcPolicy) -> list[OutsideParameter]:
    """What the policy lets a request bring besides its arguments."""
    found = []
    limit = setting_of(policy, "max_stdin")
    if limit is not None:
        text = f"standard input, at most {limit[0]} bytes"
        found.append(OutsideParameter("stdin", text))
    for name, text in (
        ("cwd_jailed", "directory to run in, below"),
        ("cwd_allowlist", "directory to run in, one of"),
    ):
        choice = setting_of(policy, name)
        if choice is not None:
            places = [choice[0]] if name == "cwd_jailed" else choice[0]
            found.append(OutsideParameter("cwd", f"{text} {' '.join(places)}"))
    return found


def tools_for(
    policy: ProcPolicy, *, max_output: int = MAX_OUTPUT
) -> list[Tool]:
    """Return the tools of a policy: each program, or each of its subcommands.

    A result has at most `max_output` bytes of each stream.

    >>> names = [tool.name for tool in tools_for(policy)]
    """
    if max_output < 1:
        raise ValueError("max_output must be positive")
    seconds = setting_of(policy, "timeout")
    limits = f"Stopped after {seconds[0]} s." if seconds is not None else ""
    extras = _extras(policy)
    tools: dict[str, Tool] = {}
    for program in programs_of(policy):
        reach = reach_of(program)
        for shape in shapes_of(program, extras, limits):
            name = unique(tool_name(shape), tools, 64)
            tools[name] = Tool(
                name=name,
                title=shape.title,
                description=shape.text,
                parameters=shape.schema(),
                reach=reach,
                _shape=shape,
                _policy=policy,
                _max_output=max_output,
            )
    return list(tools.values())
