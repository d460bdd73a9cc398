"""The summary of a run document for other programs: counts, without names of entities, values and reasons."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from ardoqpy._terminal import escape_controls
from ardoqpy_sync.reporting.exit_codes import MEANINGS
from ardoqpy_sync.reporting.labels import headline

if TYPE_CHECKING:
    from ardoqpy_sync.documents import RunDocument, Totals


class Summary(TypedDict):
    """The summary of a run, such as for a webhook."""

    kind: str
    format: int
    text: str
    job: str
    command: str
    status: str
    exit: int
    totals: Totals
    host: str
    org: str | None
    at: str


def summarize(document: RunDocument, command: str, exit_code: int) -> Summary:
    """Return the summary of a run document: no names of entities, no values, no reasons."""
    origin = document["origin"]
    title, host = (escape_controls(text, 160) for text in (document["title"], origin["host"]))
    return {
        "kind": "ardoqpy run",
        "format": 1,
        "text": f"{title}: {headline(document)} ({host}, exit code {exit_code})",
        "job": document["title"],
        "command": command,
        "status": MEANINGS[exit_code],
        "exit": exit_code,
        "totals": document["totals"],
        "host": origin["host"],
        "org": origin.get("org"),
        "at": origin["at"],
    }


def is_unchanged(document: RunDocument) -> bool:
    """Return whether nothing changed, and nothing needs the attention of a person."""
    return not any(
        (
            document["changes"],
            document["failed"],
            document["delete_guard"],
            document["ambiguous"],
            document["conflicts"],
            document["edits"],
            document["not_undone"],
        )
    )
