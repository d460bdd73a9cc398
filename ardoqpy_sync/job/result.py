"""The result of a job run, in addition to the report of the sync client."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ardoqpy.errors import ArdoqClientException, DeleteBlocked


@dataclass(slots=True)
class SourceCounts:
    """The rows that one mapping read from a source; `skipped` were left out by `where`.

    `hidden_rows` and `hidden_columns` of a sheet have values, and were not read.
    """

    name: str
    rows: int = 0
    skipped: int = 0
    failed: int = 0
    hidden_rows: int = 0
    hidden_columns: int = 0


@dataclass(slots=True)
class JobResult:
    """The result of a job run.

    - `counts`: the rows that were read, for each mapping.
    - `blocked`: what the delete guard blocked.
    - `failure`: the error that ended the run early; None if the run was complete.
    """

    counts: list[SourceCounts] = field(default_factory=list)
    blocked: list[DeleteBlocked] = field(default_factory=list)
    failure: ArdoqClientException | None = None

    @property
    def sources(self) -> list[dict[str, Any]]:
        """Return the counts as dicts, for the run document."""
        return [
            {key: value for key, value in asdict(counts).items() if value or not key.startswith("hidden_")}
            for counts in self.counts
        ]
