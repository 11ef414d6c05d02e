"""Count words of many files: in one process, a pool of them, and on Dask.

    python examples/fan_out.py FILE...

A policy travels as its description, and pins its programs again where it is
loaded. Whatever checks a request does so in the worker that runs it. Dask is
optional: pip install 'dask[distributed]'.
"""

from __future__ import annotations

import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from importlib import import_module
from multiprocessing import get_context

from proc_jail import (
    ArgRules,
    ExecError,
    Output,
    ProcPolicy,
    ProcPolicyBuilder,
    ProcRequest,
    Violation,
    run_many,
)

WC = "/usr/bin/wc"
WORKERS = 2


def make_policy() -> ProcPolicy:
    rules = ArgRules().allowed_flags(["-w"]).max_flags(1).max_positionals(1)
    return (
        ProcPolicyBuilder()
        .allow_bin(WC)
        .arg_rules(WC, rules.inject_double_dash())
        .timeout(10)
        .build()
    )


def run(policy: ProcPolicy, request: ProcRequest) -> Output:
    """What a worker does; its errors travel back as they are."""
    return policy.prepare(request).spawn_sync().check()


def in_one_process(
    policy: ProcPolicy, requests: list[ProcRequest]
) -> list[Output]:
    """Without any pool: commands run beside each other by themselves."""
    return [o.check() for o in run_many(policy, requests, limit=WORKERS)]


def in_a_pool(policy: ProcPolicy, requests: list[ProcRequest]) -> list[Output]:
    spawn = get_context("spawn")
    with ProcessPoolExecutor(WORKERS, mp_context=spawn) as pool:
        return list(pool.map(partial(run, policy), requests))


def on_dask(
    policy: ProcPolicy, requests: list[ProcRequest]
) -> list[Output] | None:
    """None where Dask is not installed."""
    try:
        distributed = import_module("distributed")
    except ModuleNotFoundError:
        return None
    with (
        distributed.LocalCluster(
            n_workers=WORKERS,
            threads_per_worker=1,
            dashboard_address=None,
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        futures = client.map(partial(run, policy), requests, pure=False)
        results: list[Output] = client.gather(futures)
        return results


def show(name: str, outputs: list[Output] | None) -> None:
    if outputs is None:
        print(f"{name}: not installed")
    else:
        words = sum(int(output.stdout.split()[0]) for output in outputs)
        print(f"{name}: {words} words in {len(outputs)} files")


def main(argv: list[str]) -> int:
    if len(argv) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    policy = make_policy()
    requests = [ProcRequest(WC, ["-w", path]) for path in argv[1:]]
    try:
        show("one process", in_one_process(policy, requests))
        show("process pool", in_a_pool(policy, requests))
        show("dask", on_dask(policy, requests))
    except (Violation, ExecError) as error:
        print(f"{error.code}: {error}", file=sys.stderr)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
