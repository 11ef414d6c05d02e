"""Where programs are, by their names; $PATH has no say in it."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from proc_jail._core import ProcPolicy

PLACES = "/usr/bin:/bin:/usr/local/bin:/opt/homebrew/bin:/usr/sbin:/sbin"


def path_of(policy: ProcPolicy, name: str) -> str:
    """A path as it is, or that of the allowed program of a bare name.

    Nothing is looked up elsewhere. LookupError says what there is.
    """
    if "/" in name:
        return name
    paths = {
        path: os.path.basename(path)
        for program in policy.programs()
        for path in program.paths
    }
    found = [path for path, called in paths.items() if called == name]
    if len(found) == 1:
        return found[0]
    if found:
        raise LookupError(
            f"{name!r} is more than one program: {', '.join(found)}"
        )
    known = ", ".join(sorted(set(paths.values()))) or "none"
    raise LookupError(f"{name!r} is not allowed; there are: {known}")


def which(name: str) -> str:
    """Where a program is; never by $PATH, which others may have set."""
    found = shutil.which(name, path=PLACES)
    return found if found is not None else f"/usr/bin/{name}"
