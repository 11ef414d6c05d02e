"""The examples of all docstrings run and print what they say."""

from __future__ import annotations

import ast
import asyncio
import doctest
import importlib
import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import proc_jail
import stub_docs
from proc_jail import ArgRules, ProcPolicyBuilder, ProcRequest, _core, tools

PACKAGE = Path(proc_jail.__file__).parent
PARSER = doctest.DocTestParser()


Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def below(node: ast.AST, name: str) -> Iterator[tuple[str, str]]:
    """The docstrings of a module, class or function and of all in it."""
    if isinstance(node, Documented):
        yield name, ast.get_docstring(node) or ""
    for child in ast.iter_child_nodes(node):
        own = getattr(child, "name", None)
        yield from below(child, f"{name}.{own}" if own else name)


def of_python() -> Iterator[tuple[str, str]]:
    """The docstrings of all modules, with the name of their module."""
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        module = ".".join(parts).removesuffix(".__init__")
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for name, doc in below(tree, f"{module}:"):
            yield name.replace(":.", ":"), doc


def of_c() -> Iterator[tuple[str, str]]:
    """The docstrings of the extension module's types and functions."""
    for name, value in sorted(vars(_core).items()):
        yield f"proc_jail:{name}", inspect.getdoc(value) or ""
        if isinstance(value, type) and value.__module__ == "proc_jail":
            for member, got in sorted(vars(value).items()):
                doc = inspect.getdoc(got) or ""
                yield f"proc_jail:{name}.{member}", doc


FOUND = [(name, doc) for name, doc in [*of_python(), *of_c()] if ">>>" in doc]
EXAMPLES = dict(FOUND)


@pytest.fixture
def names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[dict[str, Any]]:
    """What examples use without making it, and files in the directory."""
    monkeypatch.chdir(tmp_path)
    Path("file.txt").write_text("x\n")
    Path("policy.toml").write_text("version = 1\n")
    rules = ArgRules().allowed_flags(["-n"]).max_flags(1).max_positionals(2)
    policy = (
        ProcPolicyBuilder()
        .allow_bin("/usr/bin/grep")
        .arg_rules("/usr/bin/grep", rules)
        .allow_bin("/usr/bin/wc")
        .arg_rules("/usr/bin/wc", rules)
        .cwd(tmp_path)
        .build()
    )
    command = policy.prepare(ProcRequest("/usr/bin/grep", ["x", "file.txt"]))
    given = {
        "policy": policy,
        "command": command,
        "output": command.spawn_sync(),
        "tool": tools.tools_for(policy)[0],
    }
    yield given
    given.clear()
    if "proc_jail.otel" in sys.modules:
        sys.modules["proc_jail.otel"].uninstrument()


def awaited(example: doctest.Example, names: dict[str, Any]) -> None:
    """Let an example that awaits something run on an event loop."""
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    code = compile(example.source, "<example>", "single", flags)
    if code.co_flags & inspect.CO_COROUTINE:
        names["_run"] = lambda: asyncio.run(eval(code, names))
        example.source = "_run()\n"


def test_there_are_examples() -> None:
    assert len(FOUND) == len(EXAMPLES) > 100


@pytest.mark.parametrize("where", EXAMPLES)
def test_example(where: str, names: dict[str, Any]) -> None:
    try:
        module = importlib.import_module(where.partition(":")[0])
    except ImportError as error:
        pytest.skip(f"an extra is not installed: {error}")
    scope = {**vars(proc_jail), **vars(module), **names}
    test = PARSER.get_doctest(EXAMPLES[where], scope, where, None, None)
    for example in test.examples:
        awaited(example, test.globs)
    try:
        doctest.DebugRunner(verbose=False).run(test)
    except doctest.UnexpectedException as failure:
        if isinstance(failure.exc_info[1], ImportError):
            pytest.skip(f"an extra is not installed: {failure.exc_info[1]}")
        raise
    except doctest.DocTestFailure as failure:
        pytest.fail(
            f"{failure.example.source}expected {failure.example.want!r}, "
            f"got {failure.got!r}"
        )


def test_the_stub_has_the_docstrings() -> None:
    """If not: python tests/stub_docs.py."""
    source = stub_docs.STUB.read_text(encoding="utf-8")
    assert source == stub_docs.with_docstrings(source)
