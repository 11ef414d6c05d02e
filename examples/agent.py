"""An agent that answers a question about a file with the tools of a policy.

    python examples/agent.py WORD FILE

The model is a stub that behaves as models do: it first asks for what it must
not have, reads the denial, and asks for something else. Put a client of any
API that takes tools in its place; what it may run stays the same.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from proc_jail import ArgRules, ProcPolicy, ProcPolicyBuilder, ReadPath, Text
from proc_jail.tools import Tool, tools_for

GREP = "/usr/bin/grep"
MAX_TURNS = 5

Message = dict[str, Any]


def make_policy(root: str) -> ProcPolicy:
    rules = (
        ArgRules()
        .flag("-c", "--count")
        .flag("-i", "--ignore-case")
        .positional("pattern", Text(max_length=100))
        .positional("files", ReadPath(root), max=10)
        .run_nothing()
    )
    builder = ProcPolicyBuilder().allow_bin(GREP).arg_rules(GREP, rules)
    return builder.cwd(root).timeout(10).build()


def stub_model(messages: list[Message], tools: list[Message]) -> Message:
    """What a chat API would answer: a call of a tool, or the last word."""
    word, file = messages[0]["content"].split("'")[1::2]
    name = tools[0]["function"]["name"]
    told = [m["content"] for m in messages if m["role"] == "tool"]
    attempts = [
        {"pattern": word, "files": ["/etc/shadow"]},
        {"pattern": word, "files": [file], "file": "/etc/shadow"},
        {"pattern": word, "files": [file], "count": True},
    ]
    if len(told) < len(attempts):
        arguments = json.dumps(attempts[len(told)])
        function = {"name": name, "arguments": arguments}
        call = {"id": f"call_{len(told)}", "function": function}
        return {"role": "assistant", "content": None, "tool_calls": [call]}
    text = f"{told[-1]} lines of {file} have '{word}' in them."
    return {"role": "assistant", "content": text}


def answer_calls(message: Message, tools: dict[str, Tool]) -> list[Message]:
    """Run what the model asks for; a denial is an answer like any other."""
    answers = []
    for call in message["tool_calls"]:
        function = call["function"]
        tool = tools.get(function["name"])
        if tool is None:
            text = f"there is no tool {function['name']}"
        else:
            text = tool.call(function["arguments"]).text
        print(f"{function['name']}({function['arguments']})\n  {text}")
        answers.append(
            {"role": "tool", "tool_call_id": call["id"], "content": text}
        )
    return answers


def run(question: str, policy: ProcPolicy) -> str:
    tools = {tool.name: tool for tool in tools_for(policy)}
    schemas = [tool.openai() for tool in tools.values()]
    messages: list[Message] = [{"role": "user", "content": question}]
    for _ in range(MAX_TURNS):
        message = stub_model(messages, schemas)
        messages.append(message)
        if not message.get("tool_calls"):
            return str(message["content"])
        messages += answer_calls(message, tools)
    return "no answer"


def main(argv: list[str]) -> int:
    if len(argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    path = Path(argv[2]).resolve()
    question = f"How many lines have '{argv[1]}' in the file '{path.name}'?"
    print(run(question, make_policy(str(path.parent))))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
