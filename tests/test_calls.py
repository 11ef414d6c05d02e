"""What a spawn asks of the kernel: so many calls and no more.

Time depends on the machine; calls are counted. A budget that is exceeded is
a step that was added, or one that is done twice.
"""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from conftest import Build, program
from hosts import on_linux

pytestmark = on_linux

SPAWNS = 50
HOST = """
import os, sys
from proc_jail import *
path = sys.argv[1]
builder = ProcPolicyBuilder().allow_bin(path).arg_rules(path, ArgRules())
command = (
    builder.cwd("/").sandbox({sandbox}).build()
    .prepare(ProcRequest(path, []))
)
for _ in range(5):
    command.spawn_sync()
os.getresuid()
for _ in range({spawns}):
    command.spawn_sync()
os.getresuid()
"""

# For one spawn: the host's calls but for those that wait, the child's until
# it executes (with user() the image that enters the sandbox), children.
# The child's are 62 dispositions of signals, which exec leaves where they
# are ignored, and one for each thing that is taken away.
BUDGETS = {
    "Sandbox.compat()": (19, 87, 1),
    "Sandbox()": (19, 94, 1),
    "Sandbox.strict()": (19, 94, 1),
    "Sandbox().tree(Tree.PidNamespace)": (27, 107, 2),
}
if os.geteuid() == 0:
    BUDGETS["Sandbox().user(65534, 65534)"] = (27, 11, 1)


def calls_of_a_spawn(helper: Build, sandbox: str) -> list[float]:
    code = HOST.format(sandbox=sandbox, spawns=SPAWNS)
    done = subprocess.run(
        [helper("calls"), sys.executable, "-c", code, program("true")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [int(word) / SPAWNS for word in done.stdout.split()]


@pytest.mark.parametrize("sandbox", BUDGETS)
def test_a_spawn_makes_so_many_calls(sandbox: str, helper: Build) -> None:
    counts = calls_of_a_spawn(helper, sandbox)
    budget = BUDGETS[sandbox]
    for count, most in zip(counts, budget, strict=True):
        # How the numbers of descriptors lie adds some.
        assert most * 0.8 <= count <= most * 1.15 + 2, (counts, budget)
