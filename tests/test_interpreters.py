"""Subinterpreters, reloads and collection: no state outside the module."""

from __future__ import annotations

import gc
import importlib
import pickle
import re
import sys
import warnings
import weakref
from pathlib import Path
from typing import Any

import pytest

import proc_jail
from conftest import policy_for, program
from hosts import run_host
from proc_jail import ArgRules, ProcPolicyBuilder, ProcRequest, _core

SOURCES = Path(__file__).parent.parent / "csrc" / "python"

# Names that are younger than 3.10, and the version that brought them.
YOUNG = {
    "PyErr_GetRaisedException": 0x030C,
    "PyErr_SetRaisedException": 0x030C,
    "PyErr_DisplayException": 0x030C,
    "PyType_FromMetaclass": 0x030C,
    "PyType_GetName": 0x030B,
    "PyType_GetQualName": 0x030B,
    "PyType_GetModuleByDef": 0x030B,
    "PyFrame_GetLasti": 0x030B,
    "PyObject_GetOptionalAttr": 0x030D,
    "PyObject_HasAttrWithError": 0x030D,
    "PyDict_GetItemRef": 0x030D,
    "PyDict_GetItemStringRef": 0x030D,
    "PyDict_Pop": 0x030D,
    "PyList_GetItemRef": 0x030D,
    "PyList_Extend": 0x030D,
    "PyLong_AsInt": 0x030D,
    "PyMapping_GetOptionalItem": 0x030D,
    "PyModule_Add": 0x030D,
    "PyUnicode_EqualToUTF8": 0x030D,
    "PyWeakref_GetRef": 0x030D,
    "PyBytes_Join": 0x030E,
    "PyBytesWriter_Create": 0x030F,
    "Py_TPFLAGS_MANAGED_DICT": 0x030C,
    "Py_TPFLAGS_ITEMS_AT_END": 0x030C,
}

# What a subinterpreter does with a proc_jail of its own.
INNER = """
import os, proc_jail
builder = proc_jail.ProcPolicyBuilder().allow_bin("/bin/echo")
rules = proc_jail.ArgRules().max_positionals(2)
policy = builder.arg_rules("/bin/echo", rules).build()
try:
    policy.run("/bin/echo", ["too", "many", "words"])
except proc_jail.ArgTooManyPositionals:
    for number in range(30):
        output = policy.run("/bin/echo", [str(number)])
        assert output.stdout == b"%d\\n" % number
    os.write(1, b"ok ")
"""

# The module has had three names.
OUTER = """
    try:
        import _interpreters as interpreters
    except ImportError:
        try:
            import _xxsubinterpreters as interpreters
        except ImportError:
            print("none")
            sys.exit()

    def run(which):
        failed = interpreters.run_string(which, sys.argv[1])
        assert failed is None, failed
    """

ONE_BY_ONE = """
    for _ in range(4):
        one, two = interpreters.create(), interpreters.create()
        run(one)
        run(two)
        interpreters.destroy(two)
        interpreters.destroy(one)
    """


def run_interpreters(code: str) -> str:
    out = run_host(OUTER + code, INNER)
    if out == "none\n":
        pytest.skip("no subinterpreters")
    return out


def test_subinterpreters() -> None:
    assert run_interpreters(ONE_BY_ONE) == "ok " * 8


def test_the_main_interpreter_is_not_disturbed() -> None:
    before = """
    policy = shell()
    """
    after = """
    output = policy.run("/bin/sh", ["-c", "echo main"])
    os.write(1, output.stdout)
    try:
        policy.run("/bin/ls", [])
    except proc_jail.BinNotAllowed:
        os.write(1, b"refused")
    """
    out = run_interpreters(before + ONE_BY_ONE + after)
    assert out == "ok " * 8 + "main\nrefused"


def test_threads_of_subinterpreters() -> None:
    """Each with a GIL of its own where the version has that (3.12)."""
    out = run_interpreters(
        """
    each = [interpreters.create() for _ in range(4)]
    threads = [threading.Thread(target=run, args=(i,)) for i in each]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for which in each:
        interpreters.destroy(which)
    """
    )
    assert out == "ok " * 4


def test_a_second_import_makes_a_second_module() -> None:
    """Its types are its own, and the first one goes on working."""
    saved = {
        name: sys.modules.pop(name)
        for name in list(sys.modules)
        if name.partition(".")[0] == "proc_jail"
    }
    try:
        second = importlib.import_module("proc_jail")
        assert second is not proc_jail
        assert second.ProcPolicy is not proc_jail.ProcPolicy
        assert second.Violation is not proc_jail.Violation
        echo = program("echo")
        rules = second.ArgRules().max_positionals(1)
        builder = second.ProcPolicyBuilder().allow_bin(echo)
        builder = builder.arg_rules(echo, rules)
        with warnings.catch_warnings():
            # It has a class of warnings of its own, too.
            warnings.simplefilter("ignore", second.SandboxWarning)
            policy = builder.build()
        assert policy.run(echo, ["x"]).stdout == b"x\n"
        with pytest.raises(second.ArgTooManyPositionals):
            policy.run(echo, ["x", "y"])
        with pytest.raises(TypeError):
            ProcPolicyBuilder().arg_rules(echo, rules)
        with pytest.raises(TypeError):
            policy_for(echo).prepare(second.ProcRequest(echo, []))
    finally:
        for name in list(sys.modules):
            if name.partition(".")[0] == "proc_jail":
                del sys.modules[name]
        sys.modules.update(saved)
    assert policy_for(echo).run(echo, ["y"]).stdout == b"y\n"


def test_a_dropped_module_is_collected() -> None:
    out = run_host(
        """
        import gc, importlib, weakref
        first = weakref.ref(sys.modules["proc_jail._core"].ProcPolicy)
        policy = shell()
        command = policy.prepare(ProcRequest("/bin/sh", ["-c", "exit 3"]))
        del shell, policy_for, proc_jail, ProcPolicyBuilder, ProcRequest
        for name in list(sys.modules):
            if name.startswith(("proc_jail", "conftest")):
                del sys.modules[name]
        gc.collect()
        assert command.spawn_sync().exit_code == 3  # its types still live
        with_policy = first() is not None
        del policy, command
        for _ in range(3):
            gc.collect()
        print(with_policy, first() is None)
        """
    )
    assert out == "True True\n"


# One of each type, and how it is made of a module.
INSTANCES = {
    "rules": "module.ArgRules().max_flags(1)",
    "builder": "module.ProcPolicyBuilder()",
    "sandbox": "module.Sandbox()",
    "request": "module.ProcRequest('/bin/true', ['a'], {'A': 'b'}, '/')",
    "policy": "module.ProcPolicyBuilder().build()",
    "value": "module.Text()",
    "described": "module.ArgRules().subcommand('a', module.ArgRules())",
    "command": "policy.prepare(module.ProcRequest('/bin/true', []))",
    "process": "module._core._start({command})",
    "output": "policy.run('/bin/true', [])",
}
INSTANCES["process"] = INSTANCES["process"].format(**INSTANCES)


@pytest.mark.parametrize("name", INSTANCES)
def test_an_instance_in_its_own_module_is_collected(name: str) -> None:
    """The collector sees that it holds its type, and that the module."""
    out = run_host(
        """
        import gc, importlib, weakref
        module = sys.modules["proc_jail"]
        policy = policy_for("/bin/true") if "policy." in sys.argv[1] else None
        module._core.kept = eval(sys.argv[1])
        seen = [
            weakref.ref(type(module._core.kept)),
            weakref.ref(module._core.Violation),
            weakref.ref(module),
        ]
        del policy, module, shell, policy_for, proc_jail
        del ProcPolicyBuilder, ProcRequest
        for name in list(sys.modules):
            if name.startswith(("proc_jail", "conftest")):
                del sys.modules[name]
        for _ in range(3):
            gc.collect()
        print([ref() is None for ref in seen])
        """,
        INSTANCES[name],
    )
    assert out == "[True, True, True]\n"


def test_an_output_in_a_cycle_is_collected() -> None:
    """A pickle can bring one that holds whatever it likes."""

    class Holder:
        held: object

    holder = Holder()
    seen = weakref.ref(holder)
    parts: list[Any] = [[holder], b"", b"", 0, 0.0, (), 0, 0]
    holder.held = _core._output(*parts)
    del parts
    del holder
    gc.collect()
    assert seen() is None


def test_objects_do_not_keep_each_other() -> None:
    true = program("true")
    policy = policy_for(true)
    command = policy.prepare(ProcRequest(true, []))
    output = command.spawn_sync()
    copies = pickle.loads(pickle.dumps((policy, output)))
    for item in (policy, command, output, *copies):
        assert sys.getrefcount(item) <= 5
    del policy, command, output, copies
    gc.collect()


def test_an_exception_is_freed_with_its_output() -> None:
    sleep = program("sleep")

    class Marked(proc_jail.Timeout):
        """Weak references want a Python subclass."""

    error = Marked("x")
    seen = weakref.ref(error)
    del error
    assert seen() is None
    policy = policy_for(sleep, None, lambda b: b.timeout(0.01))
    before = len(gc.get_objects())
    for _ in range(20):
        with pytest.raises(proc_jail.Timeout):
            policy.run(sleep, ["1000"])
    gc.collect()
    assert len(gc.get_objects()) - before < 100


def test_reloading_is_harmless() -> None:
    rules = ArgRules().max_flags(3)
    assert importlib.reload(_core) is _core
    assert rules == ArgRules().max_flags(3)


def guarded(text: str, at: int) -> bool:
    """Whether a place in a C file is below a condition on the version."""
    depth: list[bool] = []
    for line in text[:at].splitlines():
        word = line.strip()
        if word.startswith("#if"):
            depth.append("PY_VERSION_HEX" in word or "Py_mod_" in word)
        elif word.startswith("#endif"):
            depth.pop()
    return any(depth)


@pytest.mark.parametrize("name", sorted(YOUNG))
def test_names_younger_than_3_10_are_guarded(name: str) -> None:
    for path in sorted(SOURCES.glob("*.[ch]")):
        text = path.read_text()
        for found in re.finditer(rf"\b{name}\b", text):
            assert guarded(text, found.start()), path.name


def test_the_module_declares_what_it_supports() -> None:
    text = (SOURCES / "module.c").read_text()
    assert "Py_MOD_PER_INTERPRETER_GIL_SUPPORTED" in text
    assert "Py_MOD_GIL_NOT_USED" in text
