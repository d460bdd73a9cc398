"""The exit codes of `ardoqpy-sync`, and which of several it ends with."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ardoqpy_sync.documents import RunDocument

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


def exit_code_of(document: RunDocument) -> int:
    """Return the exit code that follows from a run document."""
    totals = document["totals"]
    has_failures = totals["component"]["failed"] or totals["reference"]["failed"]
    return most_severe(
        DONE,
        FAILED if has_failures or document["not_deleted"] else DONE,
        BLOCKED if document["delete_guard"] or document["not_undone"] else DONE,
        BLOCKED if any(edit["outcome"] == "unresolved" for edit in document["edits"]) else DONE,
        CHANGES if document["changes"] and document["origin"]["simulated"] else DONE,
    )
