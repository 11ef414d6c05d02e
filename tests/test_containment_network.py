"""Network.Deny: every way to talk to somebody outside."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from containment import (
    assert_stopped,
    attack,
    escaped,
    folder,
    in_host,
    run_here,
    uids,
)
from hosts import needs_loopback
from proc_jail import Network, Output, Sandbox

DENY = [
    pytest.param(Sandbox().network(Network.Deny), id="default"),
    pytest.param(Sandbox.compat().network(Network.Deny), id="compat"),
    pytest.param(Sandbox.strict(), id="strict"),
]
IPPROTO_MPTCP = 262

denied = pytest.mark.parametrize("sandbox", DENY)

Work = Callable[[Sandbox], Output]


def compare(uid: int, sandbox: Sandbox, work: Work, maybe: str = "") -> None:
    control = in_host(uid, lambda: work(Sandbox.compat()))
    if maybe and not escaped(control):
        pytest.skip(f"{maybe}: {control.get().stdout_string().strip()}")
    assert escaped(control), control
    assert_stopped(in_host(uid, lambda: work(sandbox)))


@needs_loopback
@uids
@denied
@pytest.mark.parametrize("kind", ["tcp", "mptcp", "fastopen", "udp"])
def test_no_message_to_an_address(
    uid: int, sandbox: Sandbox, kind: str
) -> None:
    """To a listener of the host, which gets nothing."""
    datagram = kind == "udp"

    def work(sandbox: Sandbox) -> Output:
        sort = socket.SOCK_DGRAM if datagram else socket.SOCK_STREAM
        with socket.socket(socket.AF_INET, sort) as server:
            server.bind(("127.0.0.1", 0))
            if not datagram:
                server.listen()
            port = server.getsockname()[1]
            if kind == "fastopen":
                return run_here(sandbox, attack("fastopen"), port)
            protocol = IPPROTO_MPTCP if kind == "mptcp" else 0
            return run_here(sandbox, attack("inet"), int(sort), protocol, port)

    compare(uid, sandbox, work, "no MPTCP here" if kind == "mptcp" else "")


@uids
@denied
@pytest.mark.parametrize("how", ["stream", "pair", "seqpair"])
@pytest.mark.parametrize("where", ["path", "abstract"])
def test_no_message_to_a_unix_socket(
    uid: int, sandbox: Sandbox, how: str, where: str
) -> None:
    kinds = {
        "stream": socket.SOCK_STREAM,
        "pair": socket.SOCK_DGRAM,
        "seqpair": socket.SOCK_SEQPACKET,
    }

    def work(sandbox: Sandbox) -> Output:
        name = f"@proc_jail-test-{os.getpid()}"
        if where == "path":
            name = str(place / name[1:])
        with socket.socket(socket.AF_UNIX, kinds[how]) as server:
            server.bind(name.replace("@", "\0"))
            if how != "pair":
                server.listen()
            return run_here(sandbox, attack("unix"), how, name)

    with folder(uid) as place:
        if how != "seqpair":
            compare(uid, sandbox, work)
            return
        # What is connected cannot be connected again, so no control.
        assert_stopped(in_host(uid, lambda: work(sandbox)))


SOCKETS = {
    "inet": (socket.AF_INET, socket.SOCK_STREAM, 0),
    "inet6": (socket.AF_INET6, socket.SOCK_STREAM, 0),
    "udp6": (socket.AF_INET6, socket.SOCK_DGRAM, 0),
    "raw": (socket.AF_INET, socket.SOCK_RAW, 1),
    "ping": (socket.AF_INET, socket.SOCK_DGRAM, 1),
    "packet": (socket.AF_PACKET, socket.SOCK_RAW, 0),
    "netlink": (socket.AF_NETLINK, socket.SOCK_RAW, 0),
    "audit": (socket.AF_NETLINK, socket.SOCK_RAW, 9),
    "uevent": (socket.AF_NETLINK, socket.SOCK_DGRAM, 15),
    "unix": (socket.AF_UNIX, socket.SOCK_DGRAM, 0),
    "vsock": (socket.AF_VSOCK, socket.SOCK_STREAM, 0),
    "alg": (socket.AF_ALG, socket.SOCK_SEQPACKET, 0),
    "bluetooth": (31, socket.SOCK_RAW, 1),
    "can": (29, socket.SOCK_RAW, 1),
    "tipc": (30, socket.SOCK_RDM, 0),
    "xdp": (44, socket.SOCK_RAW, 0),
}
COMMON = {"inet", "inet6", "udp6", "netlink", "unix"}


@uids
@denied
@pytest.mark.parametrize("kind", SOCKETS)
def test_no_socket(uid: int, sandbox: Sandbox, kind: str) -> None:
    compare(
        uid,
        sandbox,
        lambda sandbox: run_here(sandbox, attack("socket"), *SOCKETS[kind]),
        "" if kind in COMMON else "not in this kernel, or not for this user",
    )


@uids
@denied
def test_no_socket_by_io_uring(uid: int, sandbox: Sandbox) -> None:
    """No filter sees what io_uring does, so io_uring goes as a whole."""
    compare(
        uid,
        sandbox,
        lambda sandbox: run_here(sandbox, attack("io_uring"), "socket"),
        "io_uring is off here",
    )


@denied
def test_stream_pairs_work(sandbox: Sandbox) -> None:
    code = "import socket; a, b = socket.socketpair(); a.send(b'x'); b.recv(1)"
    # Whatever this Python needs to start.
    free = (
        sandbox.read("/").execute("/")
        if "strict" in repr(sandbox)
        else (sandbox)
    )
    output = run_here(free, "/usr/bin/python3", "-c", code, flags=["-c"])
    assert output.success, output.stderr


@uids
def test_default_leaves_the_network(uid: int) -> None:
    output = in_host(uid, lambda: run_here(None, attack("socket"), 2, 1, 0))
    assert escaped(output)


def test_place_of_the_attacks_is_readable() -> None:
    assert Path(attack("socket")).stat().st_mode & 0o5
