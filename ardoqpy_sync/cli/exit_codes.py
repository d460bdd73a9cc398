"""The exit codes of `ardoqpy-sync`, and which of several it ends with."""

from __future__ import annotations

#: The name of the program.
NAME = "ardoqpy-sync"
DONE, FAILED, CHANGES, BLOCKED, INTERRUPTED = 0, 1, 2, 3, 130

#: The most severe code first.
_BY_SEVERITY = (INTERRUPTED, FAILED, BLOCKED, CHANGES, DONE)

#: The status in the summary for a webhook.
MEANINGS = {
    DONE: "done",
    FAILED: "failed",
    CHANGES: "changes",
    BLOCKED: "blocked",
    INTERRUPTED: "interrupted",
}


def most_severe(*exit_codes: int) -> int:
    """Return the most severe of several exit codes."""
    return next(exit_code for exit_code in _BY_SEVERITY if exit_code in exit_codes)
