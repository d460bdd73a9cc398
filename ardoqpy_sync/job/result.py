"""The result of a job run, in addition to the report of the sync client."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ardoqpy.errors import ArdoqClientException, DeleteBlocked
    from ardoqpy_sync.documents import SkippedRow, SourceCount


@dataclass(slots=True)
class JobResult:
    """The result of a job run.

    - `counts`: how many rows of each source were read, by its name; no mapping selects the `skipped` ones.
    - `blocked`: what the delete guard blocked.
    - `skipped`: the rows that were not written because what they describe does not exist.
    - `not_owned`: by type, how many components no mapping of the job owns and no row describes.
    - `notes`: sentences about the whole run; `findings`: those of them that say what a source has shown.
    - `returned`: by source with returned rows the column of their reasons: it is not a whole source.
    - `failure`: the error that ended the run early; None if the run was complete.
    """

    counts: dict[str, SourceCount] = field(default_factory=dict)
    blocked: list[DeleteBlocked] = field(default_factory=list)
    skipped: list[SkippedRow] = field(default_factory=list)
    not_owned: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)
    returned: dict[str, str] = field(default_factory=dict)
    failure: ArdoqClientException | None = None

    @property
    def sources(self) -> list[SourceCount]:
        """The counts in order, for the run document."""
        return list(self.counts.values())
