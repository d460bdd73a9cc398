"""What a run made of each row, kept for those who explain a row or write rejected rows again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ardoqpy_sync.job.rows.row import ComponentRow, ReferenceRow
    from ardoqpy_sync.job.rows.targets import Targets
    from ardoqpy_sync.sources import Row, Source


@dataclass(slots=True)
class RunTrace:
    """The rows of a run, as far as it got.

    - `sources`: by name; `rows`: by name of the source, each with what is kept of it.
    - `components`, `mapped_references`: the rows that the mappings select, each with its problems.
    - `references`: a row for each pair of ends, without those that repeat another one.
    - `targets`: the components that rows mean; None if the run did not get that far.
    """

    sources: Mapping[str, Source] = field(default_factory=dict)
    rows: Mapping[str, Sequence[Row]] = field(default_factory=dict)
    components: Sequence[ComponentRow] = ()
    mapped_references: Sequence[ReferenceRow] = ()
    references: Sequence[ReferenceRow] = ()
    targets: Targets | None = None

    def keep(
        self,
        rows: Mapping[str, Sequence[Row]],
        components: Sequence[ComponentRow],
        references: Sequence[ReferenceRow],
    ) -> None:
        """Keep what was read, if there is anybody to look at it."""
        if self.sources:
            self.rows = dict(rows)
            self.components, self.mapped_references = components, references
