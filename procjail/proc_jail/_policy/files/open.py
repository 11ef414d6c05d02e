"""Open a policy file, if nobody else could have written it.

Whoever can write a policy can run what they like, so a file is read only if
this user or root owns it and nobody else may write to it. What is checked is
the open file, not its name, so it cannot be replaced before it is read.
"""

from __future__ import annotations

import errno
import os
import stat

from proc_jail._errors import PolicyFileError

MAX_SIZE = 1 << 20
WRITABLE = stat.S_IWGRP | stat.S_IWOTH

# Opening a FIFO would wait for a writer.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
# A directory that may be searched need not be readable.
_FOLDER = os.O_DIRECTORY | getattr(os, "O_PATH", os.O_RDONLY)


def read_policy(path: str) -> bytes:
    """The bytes of a policy file, or PolicyFileError."""
    folder, name = os.path.split(path)
    try:
        at = os.open(folder or ".", _FOLDER)
        try:
            _check_folder(path, os.fstat(at))
            return _read_at(path, at, name)
        finally:
            os.close(at)
    except (OSError, ValueError) as error:
        if isinstance(error, PolicyFileError):
            raise
        raise PolicyFileError.make(_why(path, error), path=path) from error


def _why(path: str, error: OSError | ValueError) -> str:
    if isinstance(error, OSError):
        if error.errno == errno.ELOOP and os.path.islink(path):
            return "is a symbolic link; give the path of the file itself"
        return f"cannot be read: {error.strerror}"
    return f"cannot be read: {error}"


def _read_at(path: str, folder: int, name: str) -> bytes:
    file = os.open(name, _FILE, dir_fd=folder)
    try:
        _check_file(path, os.fstat(file))
        data = b""
        while chunk := os.read(file, MAX_SIZE + 1 - len(data)):
            data += chunk
    finally:
        os.close(file)
    if len(data) > MAX_SIZE:
        raise _refused(path, f"is larger than {MAX_SIZE} bytes")
    return data


def _refused(path: str, reason: str) -> PolicyFileError:
    return PolicyFileError.make(reason, path=path)


def _check_folder(path: str, found: os.stat_result) -> None:
    mode = found.st_mode
    if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
        raise _refused(
            path,
            "is in a directory that everybody may write to "
            f"(mode {mode & 0o7777:04o}), so anybody may replace it",
        )


def _check_file(path: str, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise _refused(path, "is not a regular file")
    if found.st_uid not in (0, os.geteuid()):
        raise _refused(
            path,
            f"belongs to the user {found.st_uid}, "
            f"not to you ({os.geteuid()}) or root",
        )
    if found.st_mode & WRITABLE:
        raise _refused(
            path,
            "may be written to by its group or by others "
            f"(mode {found.st_mode & 0o7777:04o}); chmod go-w it",
        )
    if found.st_size > MAX_SIZE:
        raise _refused(path, f"is larger than {MAX_SIZE} bytes")
