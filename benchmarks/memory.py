"""Return the memory that this process uses and has used, and its system time."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

__all__ = ["memory_now", "peak_memory", "system_time"]

_STATM = Path("/proc/self/statm")


def peak_memory() -> int:
    """Return the peak memory of this process, in KiB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak // 1024 if sys.platform == "darwin" else peak


def memory_now() -> int:
    """Return the memory that this process uses, in KiB; its peak on systems without /proc."""
    if not _STATM.exists():
        return peak_memory()
    return int(_STATM.read_text(encoding="ascii").split()[1]) * resource.getpagesize() // 1024


def system_time() -> float:
    """Return the system time of this process in seconds, most of it spent on memory."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_stime
