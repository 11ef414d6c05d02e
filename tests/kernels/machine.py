"""One run of a guest under qemu."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import IO, Any

from cross import TOOLCHAINS
from debian import Unavailable
from image import image_of, start_disk

MACHINES = {
    "amd64": ["qemu-system-x86_64"],
    "arm64": ["qemu-system-aarch64", "-machine", "virt,gic-version=3"],
}
# Without the cipher of arm64's pointers, most of the time when emulated.
PROCESSORS = {"amd64": "max", "arm64": "max,pauth-impdef=on"}
CONSOLES = {"amd64": "ttyS0", "arm64": "ttyAMA0"}
PACKAGES = {"amd64": "qemu-system-x86", "arm64": "qemu-system-arm"}
SECONDS = int(os.environ.get("PJ_KERNEL_SECONDS", "7200"))
# Room for what the guest tells.
RESULTS = 8 << 20


def boot(
    cache: Path, arch: str, kernel: Path, disks: list[Path], words: str
) -> dict[str, Any]:
    """What the guest told; its console is in console.log beside it."""
    command = [*MACHINES[arch]]
    if shutil.which(command[0]) is None:
        raise Unavailable(f"the package {PACKAGES[arch]}")
    initrd = start_disk(cache, kernel, TOOLCHAINS[arch])
    with tempfile.TemporaryDirectory(dir=cache) as name:
        results = Path(name) / "results"
        results.write_bytes(bytes(RESULTS))
        drives = [f"file={disk},snapshot=on" for disk in disks]
        drives.append(f"file={results},cache=unsafe")
        for drive in drives:
            command += ["-drive", f"{drive},format=raw,if=virtio"]
        # The check of the timer fails where this machine is busy.
        line = f"console={CONSOLES[arch]} quiet panic=5 mitigations=off"
        line += f" no_timer_check {words}"
        command += [
            # Not by the processor's help, which nested machines lack.
            *("-accel", "tcg,thread=multi", "-cpu", PROCESSORS[arch]),
            *("-smp", "2", "-m", "2048"),
            *("-nographic", "-no-reboot", "-nic", "none"),
            *("-kernel", str(image_of(kernel)), "-initrd", str(initrd)),
            *("-append", line),
        ]
        with open(kernel / "console.log", "wb") as log:
            late = _run_for(command, log, {**os.environ, "TMPDIR": name})
        data = results.read_bytes().rstrip(b"\0")
    if not data:
        print((kernel / "console.log").read_text(errors="replace")[-4000:])
        raise RuntimeError("the guest told nothing")
    told: dict[str, Any] = json.loads(data)
    if late:
        told["error"] = f"not done in {SECONDS} seconds"
    return told


def _run_for(command: list[str], log: IO[bytes], env: dict[str, str]) -> bool:
    """Run a guest; whether it had to be ended."""
    try:
        subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=env,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return True
    return False
