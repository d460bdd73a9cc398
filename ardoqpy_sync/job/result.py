"""What a run of a job came to, besides what the sync client reports."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ardoqpy.errors import ArdoqClientException, DeleteBlocked

__all__ = ["Outcome", "Read"]


@dataclass(slots=True)
class Read:
    """What was read of a source: how many rows, how many were left out by `where`, how many failed."""

    name: str
    rows: int = 0
    skipped: int = 0
    failed: int = 0

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {"name": self.name, "rows": self.rows, "skipped": self.skipped, "failed": self.failed}


@dataclass(slots=True)
class Outcome:
    """What a run of a job came to.

    - `reads`: by mapping what was read; `refused`: what the guard refused; `failure`: why the run ended
      before its end, None where it did not.
    """

    reads: list[Read] = field(default_factory=list)
    refused: list[DeleteBlocked] = field(default_factory=list)
    failure: ArdoqClientException | None = None

    @property
    def sources(self) -> list[dict[str, Any]]:
        """Return what was read, as plain data."""
        return [read.as_dict() for read in self.reads]
