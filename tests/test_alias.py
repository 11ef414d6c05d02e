"""Programs of many names: the name that was allowed is the one they find."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from pathlib import Path

import pytest

from conftest import Build, program
from containment import NOBODY, ROOT, folder, in_host, uids
from hosts import needs_proc, on_linux, run_host
from proc_jail import (
    ArgRules,
    BinChanged,
    Output,
    ProcPolicyBuilder,
    ProcRequest,
    Sandbox,
    Tree,
)

pytestmark = on_linux

SANDBOXES = {
    "default": Sandbox(),
    "compat": Sandbox.compat(),
    "strict": Sandbox.strict(),
}
if ROOT:
    SANDBOXES["user"] = Sandbox().user(NOBODY, NOBODY)


def allowed(link: Path, sandbox: Sandbox) -> ProcPolicyBuilder:
    return (
        ProcPolicyBuilder()
        .allow_bin(str(link))
        .arg_rules(str(link), ArgRules().max_positionals(1))
        .cwd("/")
        .sandbox(sandbox)
    )


@uids
@pytest.mark.parametrize("sandbox", SANDBOXES)
def test_both_names_are_that_of_the_link(
    uid: int, sandbox: str, helper: Build
) -> None:
    if sandbox == "user" and uid != 0:
        pytest.skip("needs root")
    with folder(uid) as place:
        place.chmod(0o755)
        shutil.copy(helper("execfn"), place / "many")
        link = place / "cat"
        link.symlink_to("many")

        def work() -> Output:
            policy = allowed(link, SANDBOXES[sandbox]).build()
            return policy.run(str(link), [])

        outcome = in_host(uid, work)
        assert outcome.get().stdout == b"cat cat\n"
        assert outcome.survivors == []


@pytest.mark.parametrize("mode", [0o711, 0o755])
def test_in_a_namespace_it_is_argv_0(
    tmp_path: Path, mode: int, helper: Build
) -> None:
    """And the right file all the same."""
    shutil.copy(helper("execfn"), tmp_path / "many")
    (tmp_path / "many").chmod(mode)
    link = tmp_path / "cat"
    link.symlink_to("many")
    sandbox = Sandbox().tree(Tree.PidNamespace)
    output = allowed(link, sandbox).build().run(str(link), [])
    assert output.stdout.split()[1] == b"cat"


def test_a_file_under_its_own_name_is_executed_by_descriptor(
    tmp_path: Path, helper: Build
) -> None:
    shutil.copy(helper("execfn"), tmp_path / "many")
    path = tmp_path / "many"
    output = allowed(path, Sandbox()).build().run(str(path), [])
    name, argv0 = output.stdout.split()
    assert argv0 == b"many"
    assert name.isdigit()


def test_what_runs_is_the_file_that_was_checked(
    tmp_path: Path, helper: Build
) -> None:
    """The link is swapped all the time; the other file never runs."""
    shutil.copy(helper("execfn"), tmp_path / "many")
    evil = tmp_path / "evil"
    shutil.copy(program("echo"), evil)
    link, spare = tmp_path / "cat", tmp_path / "spare"
    link.symlink_to("many")
    command = (
        allowed(link, Sandbox())
        .build()
        .prepare(ProcRequest(str(link), ["EVIL"]))
    )
    done = threading.Event()

    def swap() -> None:
        while not done.is_set():
            for target in ("evil", "many"):
                spare.symlink_to(target)
                os.replace(spare, link)

    thread = threading.Thread(target=swap)
    thread.start()
    seen, changed = set(), 0
    try:
        for _ in range(400):
            try:
                seen.add(command.spawn_sync().stdout)
            except BinChanged:
                changed += 1
        control = {
            subprocess.run(
                [link, "EVIL"], capture_output=True, check=False
            ).stdout
            for _ in range(100)
        }
    finally:
        done.set()
        thread.join()
    assert b"EVIL\n" in control
    assert seen == {b"cat cat\n"}
    assert changed > 0


@needs_proc
def test_with_no_descriptor_left_to_look_with(
    helper: Build, tmp_path: Path
) -> None:
    """It is looked at all the same, or was not executed."""
    shutil.copy(helper("execfn"), tmp_path / "many")
    link = tmp_path / "cat"
    link.symlink_to("many")
    out = run_host(
        """
        policy = policy_for(sys.argv[1], None, lambda b: b.timeout(20))
        command = policy.prepare(ProcRequest(sys.argv[1], []))
        command.spawn_sync()
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        used = {int(name) for name in os.listdir("/proc/self/fd")}
        highest = max(used) + 1
        while len(used) < highest:
            used.add(os.dup(0))
        seen = set()
        for free in range(16):
            resource.setrlimit(
                resource.RLIMIT_NOFILE, (highest + free, hard))
            try:
                seen.add(command.spawn_sync().stdout.split()[1].decode())
            except proc_jail.OutOfDescriptors:
                seen.add("none")
            except proc_jail.SpawnFailed as error:
                seen.add("none" if error.errno == 24 else error.code)
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        print(*sorted(seen))
        """,
        str(link),
    )
    assert out == "cat none\n"


def test_a_link_that_is_gone(tmp_path: Path, helper: Build) -> None:
    """The file is held; only the name for it is lost."""
    shutil.copy(helper("execfn"), tmp_path / "many")
    link = tmp_path / "cat"
    link.symlink_to("many")
    command = (
        allowed(link, Sandbox()).build().prepare(ProcRequest(str(link), []))
    )
    link.unlink()
    assert command.spawn_sync().stdout.split()[1] == b"cat"


@pytest.mark.skipif(not Path("/bin/busybox").exists(), reason="needs busybox")
def test_busybox_is_the_applet_that_was_allowed(tmp_path: Path) -> None:
    link = tmp_path / "echo"
    link.symlink_to("/bin/busybox")
    output = allowed(link, Sandbox()).build().run(str(link), ["ash"])
    assert output.stdout == b"ash\n"
