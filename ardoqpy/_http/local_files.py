"""Files on disk: read only if they are regular files, and written to a temporary file first."""

from __future__ import annotations

import errno
import os
import re
import secrets
import stat
import zlib
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import BinaryIO

#: Seconds after which a temporary file is a leftover, whoever wrote it: a process that writes one is faster.
_OLD = 3600.0
_TEMPORARY = re.compile(r"\..+\.([0-9a-f]{8})-([0-9]+)-[0-9a-f]{8}\.part", re.DOTALL)
#: The folders that this process has removed leftovers from.
_cleaned: set[str] = set()


def open_regular_file(path: str | os.PathLike[str]) -> BinaryIO:
    """Open a file to read its bytes.

    Raise `OSError` if it cannot be read, or is a folder, a pipe or a device: reading those may never end.
    """
    mode = os.stat(path).st_mode  # noqa: PTH116  (takes str and Path alike)
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "it is not a regular file", str(path))
    return Path(path).open("rb")


def is_special_file(path: str | os.PathLike[str]) -> bool:
    """Return whether a path is that of a pipe, a device or the like: neither a file nor a folder."""
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116
    except (OSError, ValueError):
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


def temporary_path(path: Path) -> Path:
    """Return the path of a new temporary file beside a file; its name tells which process writes it."""
    process = f"{_computer()}-{os.getpid()}-{secrets.token_hex(4)}"
    return path.with_name(f".{path.name[:40]}.{process}.part")


def remove_leftovers(temporary: Path) -> None:
    """Remove the temporary files that killed processes left beside an existing one of this process.

    A file is removed if its name is one that `temporary_path` gives, and its process has ended or, for a
    process of another computer, it is over an hour older than `temporary`: both times are of one clock, that
    of the file system. Each folder is looked at once in a process.
    """
    folder = os.path.abspath(temporary.parent)  # noqa: PTH100  (Path.resolve follows links)
    if folder in _cleaned:
        return
    _cleaned.add(folder)
    with suppress(OSError):  # whether a leftover stays does not matter to the file that is being written
        now = temporary.stat().st_mtime
        with os.scandir(folder) as entries:
            for entry in entries:
                match = _TEMPORARY.fullmatch(entry.name)
                if match is not None and _is_leftover(entry, match[1], int(match[2]), now):
                    with suppress(OSError):
                        os.unlink(entry.path)  # noqa: PTH108


def _is_leftover(entry: os.DirEntry[str], computer: str, pid: int, now: float) -> bool:
    if not entry.is_file(follow_symlinks=False):
        return False
    if computer == _computer() and not _may_run(pid):
        return True
    return entry.stat(follow_symlinks=False).st_mtime < now - _OLD


def _may_run(pid: int) -> bool:
    """Return whether a process of this computer may still run; always True on Windows."""
    if os.name != "posix":
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):  # the process of another user
        return True
    return True


@cache
def _computer() -> str:
    """Return eight digits for this computer or container: a process id means something only within it."""
    names = [os.uname().nodename if hasattr(os, "uname") else ""]
    with suppress(OSError):
        names.append(os.readlink("/proc/self/ns/pid"))  # noqa: PTH115
    return f"{zlib.crc32(repr(names).encode()):08x}"
