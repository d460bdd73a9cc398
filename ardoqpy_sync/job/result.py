"""The result of a job run, in addition to the report of the sync client."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ardoqpy.errors import ArdoqClientException, DeleteBlocked
    from ardoqpy_sync.documents import SourceCount


@dataclass(slots=True)
class JobResult:
    """The result of a job run.

    - `counts`: how many rows of each source were read, by its name; `skipped` were left out by `where`.
      A row that several mappings read counts for each of them.
    - `blocked`: what the delete guard blocked.
    - `failure`: the error that ended the run early; None if the run was complete.
    """

    counts: dict[str, SourceCount] = field(default_factory=dict)
    blocked: list[DeleteBlocked] = field(default_factory=list)
    failure: ArdoqClientException | None = None

    @property
    def sources(self) -> list[SourceCount]:
        """The counts in order, for the run document."""
        return list(self.counts.values())
