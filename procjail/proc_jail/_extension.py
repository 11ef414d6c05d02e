"""What IPython calls for `%load_ext proc_jail`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


def load_ipython_extension(ipython: InteractiveShell) -> None:
    """Add the cell magic %%jail to a notebook.

    Called by `%load_ext proc_jail`.
    """
    from proc_jail._jupyter import load

    load(ipython)
