"""The kernels that proc_jail is tried on, and where they come from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from debian import Archive, extract


@dataclass(frozen=True)
class Kernel:
    """Debian's cloud kernel of a suite."""

    name: str
    suite: str
    arch: str = "amd64"

    def fetch(self, cache: Path) -> Path:
        """A folder with its image and modules, somewhere below."""
        target = cache / "kernels" / self.name
        if not target.exists():
            archive = Archive(cache, self.suite, self.arch)
            (image,) = archive.dependencies(
                f"linux-image-cloud-{self.arch}",
                rf"linux-image-[0-9].*cloud-{self.arch}",
            )
            # Since 7.3 the package of the image is empty.
            parts = archive.dependencies(
                image, r"linux-(binary|modules)-[0-9].*"
            )
            part = target.with_name(f"{self.name}.part")
            for name in (image, *parts):
                extract(archive.one(name), part)
            part.rename(target)
        return target


KERNELS = {
    kernel.name: kernel
    for kernel in (
        Kernel("5.10", "bullseye"),
        Kernel("6.1", "bookworm"),
        Kernel("6.12", "trixie"),
        Kernel("7", "trixie-backports"),
        Kernel("6.12-arm64", "trixie", "arm64"),
    )
}
