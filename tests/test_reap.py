"""The end of the leader is the end of its whole process tree."""

from __future__ import annotations

from pathlib import Path

import pytest

from conftest import Build, children, policy_for, program, shell
from hosts import (
    is_gone,
    on_linux,
    reap_orphans,
    run_host,
    started_host,
    wait_until,
    written_pid,
)
from proc_jail import Output


def run(script: str, *args: str | Path) -> Output:
    return shell().run("/bin/sh", ["-c", script, "sh", *args])


def test_output_of_an_ended_leader_is_kept() -> None:
    """A background process that holds the pipes delays nothing."""
    output = run("sleep 1000 & echo kept; echo also >&2")
    assert (output.stdout, output.stderr) == (b"kept\n", b"also\n")
    assert output.success
    assert output.duration < 20


def test_a_full_pipe_is_kept(helper: Build) -> None:
    output = run('"$1" 65536 0; sleep 1000 &', helper("emit"))
    assert len(output.stdout) == 65536


def test_output_of_a_background_child_is_kept(tmp_path: Path) -> None:
    script = 'mkfifo "$1"; (echo child; : > "$1"; sleep 1000) & : < "$1"'
    assert run(script, tmp_path / "fifo").stdout == b"child\n"


def test_background_children_are_killed(tmp_path: Path, helper: Build) -> None:
    """They ignore every signal that can be ignored."""
    script = """
        trap '' HUP INT TERM QUIT
        "$1" "$2" >/dev/null 2>&1 &
        until [ -s "$2" ]; do :; done
        exit 5
    """
    file = tmp_path / "pid"
    assert run(script, helper("nap"), file).exit_code == 5
    pid = written_pid(file)
    wait_until(lambda: is_gone(pid))


@pytest.mark.parametrize("ending", ["exit 3", "kill -KILL $$"])
def test_stopped_children_are_killed(
    tmp_path: Path, helper: Build, ending: str
) -> None:
    script = f"""
        "$1" "$2" & until [ -s "$2" ]; do :; done
        kill -STOP $!
        {ending}
    """
    file = tmp_path / "pid"
    output = run(script, helper("nap"), file)
    assert output.returncode in {3, -9}
    pid = written_pid(file)
    wait_until(lambda: is_gone(pid))


@pytest.mark.parametrize(
    ("depth", "width"), [(1, 1), (1, 100), (30, 1), (3, 5), (6, 2)]
)
def test_trees(helper: Build, depth: int, width: int) -> None:
    tree = helper("tree")
    count = sum(width**level for level in range(1, depth + 1))
    output = policy_for(tree).run(tree, [str(depth), str(width)])
    assert output.stdout == f"{count}\n".encode()
    assert output.success
    assert children() == {}


def test_orphaned_grandchildren(tmp_path: Path, helper: Build) -> None:
    """The process between leader and grandchild is gone already."""
    script = """
        ("$1" "$2" & exit 0)
        until [ -s "$2" ]; do :; done
    """
    file = tmp_path / "pid"
    assert run(script, helper("nap"), file).success
    pid = written_pid(file)
    wait_until(lambda: is_gone(pid))


def test_nohup_does_not_help(tmp_path: Path, helper: Build) -> None:
    nohup = program("nohup")
    script = '"$3" "$1" "$2" >&- 2>&- & until [ -s "$2" ]; do :; done'
    file = tmp_path / "pid"
    assert run(script, helper("nap"), file, nohup).success
    pid = written_pid(file)
    wait_until(lambda: is_gone(pid))


@pytest.mark.parametrize("generations", [1, 10, 1000])
def test_a_chain_of_forks_is_caught(helper: Build, generations: int) -> None:
    """Whoever forks faster than one can look: the group is killed at once."""
    chain = helper("chain")
    policy = policy_for(chain)
    for _ in range(10):
        assert policy.run(chain, [str(generations)]).success
        assert children() == {}


def test_a_leader_killed_by_its_child() -> None:
    output = run("(kill -KILL $$) & while :; do sleep 1000; done")
    assert output.signal == 9


def test_a_leader_that_kills_its_group() -> None:
    output = run("sleep 1000 & kill -TERM 0; while :; do sleep 1000; done")
    assert output.signal == 15


def test_zombies_of_the_leader_do_not_matter() -> None:
    script = "i=0; while [ $i -lt 50 ]; do : & i=$((i+1)); done; exit 7"
    assert run(script).exit_code == 7
    assert children() == {}


def test_the_leaders_status_is_its_own() -> None:
    """Not that of a child that ended first, or is killed with it."""
    assert run("(exit 9) & wait; sleep 1000 & exit 4").exit_code == 4
    assert run("sleep 1000 & exit 0").exit_code == 0


def test_many_quick_ends() -> None:
    true, false = program("true"), program("false")
    first, second = policy_for(true), policy_for(false)
    for _ in range(200):
        assert first.run(true, []).returncode == 0
        assert second.run(false, []).returncode == 1


def test_a_child_of_the_host_is_not_touched() -> None:
    """Reaping is by process and group, never by `any child`."""
    out = run_host(
        """
        other = os.spawnl(os.P_NOWAIT, "/bin/sh", "sh", "-c", "exit 6")
        os.waitid(os.P_PID, other, os.WEXITED | os.WNOWAIT)
        for _ in range(20):
            shell().run("/bin/sh", ["-c", "exit 0"])
        print(os.waitstatus_to_exitcode(os.waitpid(other, 0)[1]))
        """
    )
    assert out == "6\n"


def test_an_init_that_does_not_reap_delays_nothing() -> None:
    """As in a container whose first process knows nothing of zombies.

    The host's orphans become children of the test, which leaves them be.
    They are dead, and there is nothing to wait for.
    """
    out = run_host(
        """
        adopt_orphans(0)
        script = "sleep 1000 >/dev/null 2>&1 & exit 3"
        print(shell().run("/bin/sh", ["-c", script]).duration)
        """
    )
    reap_orphans()
    assert float(out) < 2


@on_linux
def test_the_child_dies_with_a_killed_host(
    tmp_path: Path, helper: Build
) -> None:
    file = tmp_path / "pid"
    code = "policy_for(sys.argv[1]).run(sys.argv[1], sys.argv[2:])"
    with started_host(code, helper("nap"), str(file)) as host:
        pid = written_pid(file)
        host.kill()
        host.wait()
    wait_until(lambda: is_gone(pid))


@on_linux
def test_the_child_dies_with_a_host_that_exits(
    tmp_path: Path, helper: Build
) -> None:
    """A daemon thread is in spawn_sync when the main thread leaves."""
    file = tmp_path / "pid"
    code = """
        def work():
            policy_for(sys.argv[1]).run(sys.argv[1], sys.argv[2:])

        threading.Thread(target=work, daemon=True).start()
        while not (os.path.exists(sys.argv[2])
                   and open(sys.argv[2]).read().endswith("\\n")):
            time.sleep(0.002)
        print("leaving", flush=True)
        """
    with started_host(code, helper("nap"), str(file)) as host:
        assert host.wait(timeout=60) == 0
        pid = written_pid(file)
    wait_until(lambda: is_gone(pid))


def test_a_process_that_is_init_of_its_tree() -> None:
    """As in a container: whatever loses its parent becomes the host's."""
    out = run_host(
        """
        for _ in range(20):
            script = "(sleep 1000 & sleep 1000 &) ; sleep 1000 & exit 3"
            output = shell().run("/bin/sh", ["-c", script])
            assert output.exit_code == 3
        try:
            os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            print("no child")
        """
    )
    assert out == "no child\n"
