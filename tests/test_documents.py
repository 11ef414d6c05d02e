"""What the documents name exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import proc_jail
from proc_jail import _core

ROOT = Path(__file__).parent.parent
TOP = ["README.md", "SECURITY.md", "CONTRIBUTING.md", "CHANGELOG.md"]
DOCUMENTS = [
    *TOP,
    *(f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md"))),
]


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_security_names_tests_that_exist() -> None:
    named = re.findall(
        r"`(test_\w+\.py)(?:::(test_\w+))?`", text("SECURITY.md")
    )
    assert len(named) > 30
    for file, test in named:
        source = (ROOT / "tests" / file).read_text(encoding="utf-8")
        assert not test or f"def {test}(" in source, f"{file}::{test}"


def test_every_control_is_explained() -> None:
    rows = text("csrc/include/procjail_controls.def")
    told = text("SECURITY.md")
    for name in re.findall(r'(?m)^PJ_CONTROL\(\w+, "(\w+)"', rows):
        if name.startswith("max_") or name in ("umask", "user", "no_core"):
            continue
        assert f"`{name}`" in told, name


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_lead_to_files(name: str) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", text(name)):
        assert (ROOT / name).parent.joinpath(target).exists(), target


def headings(name: str) -> set[str]:
    """The fragments that lead to a document's headings."""
    titles = re.findall(r"(?m)^#+ (.*)$", text(name))
    plain = [re.sub(r"[^\w\- ]", "", title.lower()) for title in titles]
    return {title.replace(" ", "-") for title in plain}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_fragments_lead_to_headings(name: str) -> None:
    for path, fragment in re.findall(r"\]\(([^)#:]*)#([^)]+)\)", text(name)):
        target = Path(name).parent / path if path else Path(name)
        assert fragment in headings(str(target)), f"{path}#{fragment}"


def test_readme_lists_every_code() -> None:
    told = text("README.md")
    for name, _, _, _ in _core._codes():
        assert name == "OutOfMemory" or name in told, name


def test_everything_public_has_a_docstring() -> None:
    for name in proc_jail.__all__:
        if name != "__version__":
            assert getattr(proc_jail, name).__doc__, name
