"""What a wheel holds: of the one that is installed, and its builder."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import os
import re
import shutil
import struct
import subprocess
import sys
import sysconfig
from importlib import metadata
from pathlib import Path
from types import ModuleType

import pytest

import hosts
from conftest import HELPERS, Build, compiled
from proc_jail import _core

ROOT = Path(__file__).parent.parent
LINK = re.compile(r"\]\(([^)\s]+)\)")
# What the stable ABI itself has under private names.
STABLE_PRIVATE = {
    "_PyArg_ParseTupleAndKeywords_SizeT",
    "_PyArg_ParseTuple_SizeT",
    "_PyObject_CallFunction_SizeT",
    "_PyObject_CallMethod_SizeT",
    "_PyObject_GC_New",
    "_Py_BuildValue_SizeT",
    "_Py_Dealloc",
    "_Py_DecRef",
    "_Py_EllipsisObject",
    "_Py_FalseStruct",
    "_Py_IncRef",
    "_Py_NoneStruct",
    "_Py_NotImplementedStruct",
    "_Py_TrueStruct",
}


def is_free_threaded() -> bool:
    return bool(sysconfig.get_config_var("Py_GIL_DISABLED"))


@pytest.mark.skipif(
    is_free_threaded(), reason="has no stable ABI before CPython 3.15"
)
@pytest.mark.skipif(shutil.which("nm") is None, reason="needs nm")
def test_nothing_private_of_the_interpreter_is_linked() -> None:
    """A library for all versions from 3.10 on needs what all of them keep."""
    assert _core.__file__ is not None
    assert _core.__file__.endswith(".abi3.so")
    flags = "-u" if sys.platform == "darwin" else "-uD"
    out = subprocess.run(
        ["nm", flags, _core.__file__],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    names = {line.split()[-1].partition("@")[0] for line in out.splitlines()}
    if sys.platform == "darwin":
        names = {name.removeprefix("_") for name in names}
    assert "PyModuleDef_Init" in names
    assert {n for n in names if n.startswith("_Py")} <= STABLE_PRIVATE


LARGE = """
path, size = sys.argv[1], int(sys.argv[2])
policy = policy_for(path, None, lambda b: b.max_stdout(size + 1))
output = policy.run(path, [str(size), "300000"])
kept = bytes(range(251)) * (size // 251 + 1)
print(output.stdout == kept[:size], output.stderr == kept[:300000])
try:
    print(ctypes.c_int.in_dll(ctypes.CDLL(None), "hidden").value > 0)
except ValueError:
    print("not hidden")
"""


@pytest.mark.parametrize("size", [300_000, 5_000_000])
@hosts.on_linux
def test_large_outputs_without_a_resize(
    size: int, helper: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An interpreter may lack what is not stable; then it is a copy."""
    if os.environ.get("PJ_SANITIZE"):
        pytest.skip("its runtime has to be loaded first")
    emit = helper("emit")
    assert hosts.run_host(LARGE, emit, str(size)) == "True True\nnot hidden\n"
    preload = compiled("no_resize.so", HELPERS / "no_resize.c", shared=True)
    monkeypatch.setenv("LD_PRELOAD", preload)
    assert hosts.run_host(LARGE, emit, str(size)) == "True True\nTrue\n"


def links(text: str) -> list[str]:
    return LINK.findall(text)


def test_the_indexs_page_has_no_link_into_nowhere() -> None:
    found = metadata.metadata("proc_jail")
    text = found["Description"]
    assert len(links(text)) > 20
    assert [to for to in links(text) if not to.startswith("https://")] == []
    urls = dict(
        pair.split(", ") for pair in found.get_all("Project-URL") or ()
    )
    assert f"{urls['Repository']}/blob/v{found['Version']}/SECURITY.md" in text


@pytest.fixture(scope="module")
def builder() -> ModuleType:
    path = ROOT / ".ci/wheels"
    loader = importlib.machinery.SourceFileLoader("wheels", os.fspath(path))
    spec = importlib.util.spec_from_loader("wheels", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["wheels"] = module
    loader.exec_module(module)
    return module


def macho(processor: int, *libraries: str, size: int) -> bytes:
    """A Mach-O image that loads libraries, with zeros up to its end."""
    commands = [struct.pack("<IIIIII", 0x32, 24, 1, 11 << 16, 0, 0)]
    for name in libraries:
        text = name.encode().ljust(48, b"\0")
        commands.append(struct.pack("<IIIIII", 0x0C, 72, 24, 0, 0, 0) + text)
    head = (0xFEEDFACF, processor, 3, 6, len(commands), 0, 0, 0)
    image = struct.pack("<IIIIIIII", *head) + b"".join(commands)
    return image.ljust(size, b"\0")


def test_a_universal_library_is_its_parts(builder: ModuleType) -> None:
    parts = [
        macho(0x01000007, "/usr/lib/libSystem.B.dylib", size=40_001),
        macho(0x0100000C, "/usr/lib/libSystem.B.dylib", size=30_000),
    ]
    whole = builder.fat(parts)
    assert struct.unpack_from(">II", whole) == (0xCAFEBABE, 2)
    for number, part in enumerate(parts):
        _, _, at, size, align = struct.unpack_from(
            ">IIIII", whole, 8 + 20 * number
        )
        assert at % (1 << align) == 0
        assert whole[at : at + size] == part


def test_the_builder_sees_what_a_library_needs(builder: ModuleType) -> None:
    image = macho(
        0x01000007, "/usr/lib/libSystem.B.dylib", "/x.dylib", size=400
    )
    needed, signed, oldest = builder.read_macho(image)
    assert needed == ["/usr/lib/libSystem.B.dylib", "/x.dylib"]
    assert not signed
    assert oldest == 11 << 16
    arm = builder.fat([image, macho(0x0100000C, size=400)])
    with pytest.raises(SystemExit, match="needs"):
        builder.check_macho(Path("a.whl"), arm)
