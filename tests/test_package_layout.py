"""The rooms of the Python package: arrows, circles, and what importing costs.

The same for the core is in test_core_layout.py.
"""

from __future__ import annotations

import ast
import operator
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import proc_jail

PACKAGE = Path(__file__).parent.parent / "procjail" / "proc_jail"

# What a room, or a module that is in none, may import: at its top or later.
ROOMS = {
    "_core": set(),
    "_escape": set(),
    "_errors": {"_core", "_escape"},
    "_events": {"_core", "_escape"},
    "otel": {"_core", "_escape", "_events"},
    "_live": {"_core"},
    "_policy": {"_core", "_errors", "_escape"},
    "_display": {"_core", "_errors", "_escape", "_policy"},
    "_jupyter": {"_core", "_policy"},
    "_lint": {"_core", "_policy"},
    "_doctor": {"_core"},
    "profiles": {"_core", "_policy"},
    "tools": {"_core", "_escape", "_live", "_policy"},
    "cli": {
        *("_core", "_doctor", "_errors", "_escape", "_lint", "_live"),
        *("_policy", "profiles", "tools"),
    },
    "__main__": {"cli"},
    # The face of the package, and what it fetches later.
    "proc_jail": {
        *("_core", "_doctor", "_errors", "_jupyter", "_lint", "_live"),
    },
}


def name_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts).removesuffix(".__init__")


MODULES = {name_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}
KNOWN = {*MODULES, "proc_jail._core"}


def room_of(module: str) -> str:
    return module.split(".")[1] if "." in module else module


def at_run_time(node: ast.AST) -> Iterator[ast.AST]:
    """What stands below a node, but for what only type checkers read."""
    if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
        children: Iterator[ast.AST] = iter(node.orelse)
    else:
        children = ast.iter_child_nodes(node)
    for child in children:
        yield child
        yield from at_run_time(child)


def imports_of(module: str) -> set[str]:
    """The modules of the package that one imports, wherever it does.

    Also those that it names, as importlib would be told.
    """
    found = set()
    tree = ast.parse(MODULES[module].read_text("utf-8"))
    for node in at_run_time(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports from a dot"
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                found.add(inner if inner in KNOWN else str(node.module))
        elif isinstance(node, (ast.Dict, ast.Call)):
            told = node.values if isinstance(node, ast.Dict) else node.args
            texts = [n.value for n in told if isinstance(n, ast.Constant)]
            found |= {text for text in map(str, texts) if "." in text}
    return (found & KNOWN) - {module}


GRAPH = {module: imports_of(module) for module in MODULES}


def test_no_module_leads_back_to_itself() -> None:
    assert len(GRAPH) > 45
    assert "proc_jail._live.many" in GRAPH["proc_jail"]
    assert "proc_jail.tools.mcp" in GRAPH["proc_jail.cli.main"]
    # CycleError names the circle.
    list(TopologicalSorter(GRAPH).static_order())


def test_arrows_point_one_way() -> None:
    list(TopologicalSorter(ROOMS).static_order())
    for module, found in GRAPH.items():
        room = room_of(module)
        assert {room_of(name) for name in found} <= ROOMS[room] | {room}, (
            module
        )
    assert {room_of(module) for module in GRAPH} | {"_core"} == set(ROOMS)


def test_a_room_says_what_it_is() -> None:
    for module, path in MODULES.items():
        text = ast.get_docstring(ast.parse(path.read_text("utf-8")))
        assert text is not None, module
        assert (path.parent / "__init__.py").exists(), module


# --------------------------------------------------------------- importing

# Each takes longer than all of proc_jail, or is much of what it took.
SLOW = {
    *("argparse", "asyncio", "dataclasses", "inspect", "json", "logging"),
    *("re", "selectors", "signal", "subprocess", "tempfile", "threading"),
    *("typing", "contextlib", "pathlib", "shutil"),
}
# Without what site imports before us.
FRESH = [sys.executable, "-I", "-S", "-c"]
FOLDER = Path(proc_jail.__file__).parent.parent


def imported_by(code: str) -> set[str]:
    """What a statement imports in a fresh interpreter."""
    done = subprocess.run(
        [
            *FRESH,
            f"import sys; sys.path.append({str(FOLDER)!r});"
            f"before = set(sys.modules); {code};"
            "print(*(set(sys.modules) - before))",
        ],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return set(done.stdout.split())


def test_importing_loads_little() -> None:
    """What costs time is left to the first use; see bench/ for how much."""
    found = imported_by("import proc_jail")
    assert found.isdisjoint(SLOW), found & SLOW
    ours = {name for name in found if name.startswith("proc_jail")}
    assert ours == {f"proc_jail{name}" for name in ("", "._core", "._errors")}
    assert len(found) < len(imported_by("import subprocess"))


def test_what_is_left_out_is_there_when_it_is_asked_for() -> None:
    later = set(vars(proc_jail)["_LATER"])
    assert later < set(proc_jail.__all__)
    assert later <= set(dir(proc_jail))
    code = "from proc_jail import run_many, RunningCommand"
    found = imported_by(code)
    assert "proc_jail._live.many" in found
    assert "proc_jail._lint" not in found


def test_what_is_not_there_is_told_as_ever() -> None:
    with pytest.raises(AttributeError) as caught:
        operator.attrgetter("bogus")(proc_jail)
    assert str(caught.value) == "module 'proc_jail' has no attribute 'bogus'"
