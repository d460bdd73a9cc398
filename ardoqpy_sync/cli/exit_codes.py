"""The exit statuses of `ardoqpy-sync`, and which of several wins."""

from __future__ import annotations

__all__ = ["CHANGES", "DONE", "FAILED", "INTERRUPTED", "MEANINGS", "NAME", "REFUSED", "worst"]

#: What the program is called.
NAME = "ardoqpy-sync"
DONE, FAILED, CHANGES, REFUSED, INTERRUPTED = 0, 1, 2, 3, 130

#: Which wins where several would do: the first.
_FIRST = (INTERRUPTED, FAILED, REFUSED, CHANGES, DONE)

#: What a webhook is told that a run came to.
MEANINGS = {
    DONE: "done",
    FAILED: "failed",
    CHANGES: "changes",
    REFUSED: "refused",
    INTERRUPTED: "interrupted",
}


def worst(*statuses: int) -> int:
    """Return the one of several statuses that wins."""
    return next(status for status in _FIRST if status in statuses)
