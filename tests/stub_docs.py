"""Write the docstrings of C objects into the stub, for editors to show.

    python tests/stub_docs.py

The extension module has the docstrings; this copies those of all public
objects to _core.pyi, and a test compares the two.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path

from proc_jail import _core

STUB = Path(__file__).parent.parent / "procjail/proc_jail/_core.pyi"

Documented = ast.ClassDef | ast.FunctionDef


def documented(tree: ast.Module) -> Iterator[tuple[Documented, str | None]]:
    """Public classes and functions, with the docstrings of the runtime.

    Of overloads the first one has it.
    """
    for node in tree.body:
        if isinstance(node, Documented) and not node.name.startswith("_"):
            owner = getattr(_core, node.name)
            yield node, inspect.getdoc(owner)
            seen: set[str] = set()
            for member in getattr(node, "body", []):
                if (
                    isinstance(owner, type)
                    and isinstance(member, ast.FunctionDef)
                    and not member.name.startswith("_")
                    and member.name not in seen
                ):
                    seen.add(member.name)
                    yield member, inspect.getdoc(vars(owner)[member.name])


def literal(doc: str, indent: str) -> str:
    text = doc.replace("\\", "\\\\").replace('"""', r"\"\"\"")
    if "\n" in text or text.endswith('"'):
        text += "\n"
    lines = [indent + line if line else "" for line in text.split("\n")]
    if not lines[-1]:
        lines[-1] = indent
    return f'"""{chr(10).join(lines).removeprefix(indent)}"""'


def with_docstrings(source: str) -> str:
    """The source of a stub with the docstrings that the runtime has."""
    lines = source.splitlines(keepends=True)
    nodes = [
        (node, doc)
        for node, doc in documented(ast.parse(source))
        if doc is not None and ast.get_docstring(node) != doc
    ]
    # From the end, so that line numbers hold; a member before its class.
    nodes.sort(key=lambda n: (-n[0].body[0].lineno, -n[0].col_offset))
    for node, doc in nodes:
        indent = " " * (node.col_offset + 4)
        text = literal(doc, indent)
        first = node.body[0]
        assert first.end_lineno is not None
        value = first.value if isinstance(first, ast.Expr) else None
        if isinstance(value, ast.Constant) and value.value is ...:
            line = lines[first.lineno - 1]
            head = line[: first.col_offset].rstrip()
            lines[first.lineno - 1] = f"{head}\n{indent}{text}\n"
        elif isinstance(value, ast.Constant):
            lines[first.lineno - 1 : first.end_lineno] = [f"{indent}{text}\n"]
        else:
            start = min(
                [first.lineno]
                + [d.lineno for d in getattr(first, "decorator_list", [])]
            )
            lines.insert(start - 1, f"{indent}{text}\n\n")
    return "".join(lines)


if __name__ == "__main__":
    STUB.write_text(
        with_docstrings(STUB.read_text(encoding="utf-8")), encoding="utf-8"
    )
