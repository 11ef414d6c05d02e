"""File systems of a guest: a small Debian, what is tried there, and the init
that mounts them.
"""

from __future__ import annotations

import gzip
import lzma
import os
import shutil
import stat
import tempfile
import zlib
from pathlib import Path

from cross import (
    PYTHON,
    ROOT,
    TOOLCHAINS,
    Toolchain,
    build_attacks,
    build_unit_tests,
    build_wheel,
    run,
)
from debian import Archive, Unavailable, extract

HERE = Path(__file__).parent

PACKAGES = [
    *("base-files", "base-passwd", "bash", "coreutils", "dash", "diffutils"),
    *("findutils", "git", "grep", "gzip", "hostname", "libc-bin", "login"),
    *("mawk", "mount", "procps", "python3", "sed", "tar", "util-linux"),
]

# What merged the folders of the system: no package says so itself.
MERGED = {
    "bin": "usr/bin",
    "sbin": "usr/sbin",
    "lib": "usr/lib",
    "lib64": "usr/lib64",
}

LIBRARIES = ["pytest>=8", "anyio>=4.7", "trio>=0.26"]

# In this order: one needs those before it.
MODULES = [
    "virtio_ring",
    "virtio",
    "virtio_pci_modern_dev",
    "virtio_pci_legacy_dev",
    "virtio_pci",
    "virtio_blk",
    *("crc16", "crc32c_generic", "libcrc32c", "mbcache", "jbd2", "ext4"),
]

INIT = """#!/busybox sh
b=/busybox
$b mount -t proc proc /proc
$b mount -t devtmpfs dev /dev
for module in {modules}; do $b insmod /modules/$module.ko; done
for i in 1 2 3 4 5 6 7 8 9; do [ -b /dev/vdc ] || $b sleep 1; done
$b mount -t ext4 /dev/vda /new && $b mount -t ext4 /dev/vdb /new/try ||
    {{ echo o > /proc/sysrq-trigger; $b sleep 60; }}
$b mount --move /dev /new/dev
$b umount /proc
exec $b switch_root /new /bin/sh /try/init
"""


def machine_release() -> str:
    """The name of this machine's release of Debian."""
    text = Path("/etc/os-release").read_text()
    for line in text.splitlines():
        key, _, value = line.partition("=")
        if key == "VERSION_CODENAME":
            return value.strip('"')
    raise Unavailable("a release of Debian")


def make_disk(folder: Path, spare: int, target: Path) -> None:
    """An ext4 image with the files of a folder, and some MiB to spare."""
    size = sum(f.lstat().st_size + 4096 for f in folder.rglob("*"))
    part = target.with_suffix(".part")
    with open(part, "wb") as file:
        file.truncate(size * 5 // 4 + (spare << 20))
    mke2fs = shutil.which("mke2fs", path=f"/sbin:/usr/sbin:{os.defpath}")
    if mke2fs is None:
        raise Unavailable("the package e2fsprogs")
    # Without the features that a kernel before 5.10 would not know.
    run(
        *(mke2fs, "-q", "-t", "ext4", "-O", "^metadata_csum,^orphan_file"),
        *("-E", "root_owner=0:0", "-d", folder, part),
    )
    part.rename(target)


def system_disk(cache: Path, arch: str) -> Path:
    """A small Debian with Python; its scripts of installation do not run."""
    release = machine_release()
    # Anew when this list changes.
    mark = zlib.crc32(" ".join(PACKAGES).encode())
    target = cache / f"{release}-{arch}-{mark:x}.img"
    if target.exists():
        return target
    with tempfile.TemporaryDirectory(dir=cache) as name:
        system = Path(name) / "system"
        for link, to in MERGED.items():
            (system / to).mkdir(parents=True)
            (system / link).symlink_to(to)
        for package in Archive(cache, release, arch).all(*PACKAGES):
            extract(package, system)
        _finish(system)
        make_disk(system, 64, target)
    return target


def _finish(system: Path) -> None:
    """What the scripts of the packages would have made."""
    for name in ("passwd", "group"):
        text = (system / f"usr/share/base-passwd/{name}.master").read_text()
        if name == "passwd":
            text += "user:*:1000:1000::/home/user:/bin/sh\n"
        else:
            text += "user:*:1000:\n"
        (system / "etc" / name).write_text(text)
    (system / "usr/bin/awk").symlink_to("mawk")
    (system / "home/user").mkdir()
    os.chown(system / "home/user", 1000, 1000)
    (system / "try").mkdir(exist_ok=True)
    for name in ("usr/share/doc", "usr/share/locale", "usr/share/man"):
        shutil.rmtree(system / name, ignore_errors=True)
        (system / name).mkdir()


def trial_disk(cache: Path, arch: str) -> Path:
    """The wheel, pytest, the tests, and what they would compile."""
    tools = TOOLCHAINS[arch]
    work = cache / "work" / arch
    work.mkdir(parents=True, exist_ok=True)
    trial = work / "trial"
    shutil.rmtree(trial, ignore_errors=True)
    trial.mkdir()
    build_wheel(tools, trial)
    build_unit_tests(tools, work, trial / "unit")
    shutil.copytree(build_attacks(tools, work), trial / "common")
    _fetch_libraries(work, trial)
    for name in ("tests", "examples"):
        shutil.copytree(ROOT / name, trial / name, ignore=_caches)
    for name in ("README.md", "SECURITY.md", "pyproject.toml"):
        shutil.copy(ROOT / name, trial)
    shutil.copy(HERE / "guest_init", trial / "init")
    disk = work / "trial.img"
    make_disk(trial, 512, disk)
    return disk


def _caches(_folder: str, names: list[str]) -> list[str]:
    return [n for n in names if n in ("__pycache__", "corpus")]


def _fetch_libraries(work: Path, trial: Path) -> None:
    """Pip, as an archive that runs, and what tests import: pure Python."""
    pip = work / "builder/bin/pip"
    if not pip.exists():
        run(PYTHON, "-m", "venv", work / "builder")
    libraries = work / "libraries"
    if not libraries.exists():
        run(pip, "install", "-q", "--target", work / "part", *LIBRARIES)
        (work / "part").rename(libraries)
    run(pip, "download", "-q", "--no-deps", "-d", work / "pip", "pip")
    shutil.copy(max((work / "pip").glob("pip-*.whl")), trial / "pip.whl")
    shutil.copytree(libraries, trial / "lib", ignore=_caches)


def start_disk(cache: Path, kernel: Path, tools: Toolchain) -> Path:
    """The first file system: what finds the others."""
    target = kernel / "initrd"
    busybox = cache / f"busybox-{tools.arch}"
    if not busybox.exists():
        archive = Archive(cache, machine_release(), tools.arch)
        extract(archive.one("busybox-static"), busybox)
    files = {"busybox": next(busybox.glob("**/bin/busybox")).read_bytes()}
    found = []
    for name in MODULES:
        for path in kernel.rglob(f"{name}.ko*"):
            data = path.read_bytes()
            if path.suffix == ".xz":
                data = lzma.decompress(data)
            files[f"modules/{name}.ko"] = data
            found.append(name)
    files["init"] = INIT.format(modules=" ".join(found)).encode()
    target.write_bytes(gzip.compress(_cpio(files), 1))
    return target


def _cpio(files: dict[str, bytes]) -> bytes:
    """An archive in the format "newc"."""
    folders = ["dev", "modules", "new", "proc"]
    entries = [(name, stat.S_IFDIR | 0o755, b"") for name in folders]
    entries += [(n, stat.S_IFREG | 0o755, d) for n, d in files.items()]
    out = bytearray()
    for name, mode, data in [*entries, ("TRAILER!!!", 0, b"")]:
        text = name.encode() + b"\0"
        numbers = [0, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(text), 0]
        out += b"070701" + b"".join(b"%08X" % n for n in numbers) + text
        out += bytes(-len(out) % 4) + data
        out += bytes(-len(out) % 4)
    return bytes(out)


def image_of(kernel: Path) -> Path:
    """The kernel itself."""
    return next(p for p in kernel.rglob("vmlinuz*") if p.is_file())


def need_tools() -> None:
    """Say what is missing before anything is built."""
    for name in ("apt-get", "dpkg-deb", "tar", "make"):
        if shutil.which(name) is None:
            raise Unavailable(f"the program {name}")
    if os.geteuid() != 0:
        raise Unavailable("root, whose files those of a system are")
