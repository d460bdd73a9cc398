"""How much memory this process has, and had, in use; and the time that the system took for it."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

__all__ = ["memory_now", "peak_memory", "system_time"]

_STATM = Path("/proc/self/statm")


def peak_memory() -> int:
    """Return the most memory that this process had in use so far, in KiB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak // 1024 if sys.platform == "darwin" else peak


def memory_now() -> int:
    """Return the memory that this process has in use, in KiB; where none can tell, the most it had."""
    if not _STATM.exists():
        return peak_memory()
    return int(_STATM.read_text(encoding="ascii").split()[1]) * resource.getpagesize() // 1024


def system_time() -> float:
    """Return the seconds that the system has worked for this process so far, mostly to find memory for it."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_stime
