"""Many writes in one request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ardoqpy.batch import wire_form
from ardoqpy.batch_result import BatchResult
from ardoqpy.methods.base import Methods

if TYPE_CHECKING:
    from ardoqpy.batch import Batch
    from ardoqpy.entities import Entities, Entity

__all__ = ["BatchMethods"]


class BatchMethods(Methods):
    """Create, change and delete many components and references at once."""

    def batch_create(
        self, components: Entities | None = None, references: Entities | None = None
    ) -> dict[str, dict[str, str]]:
        """Create many components and references in one request and return their ids by batch id.

        Each has a `batchId` of the caller's beside its attributes; `parent`, `source` and `target` may
        be the batch id of a component in the same request. The answer is
        `{"components": {batchId: id}, "references": {batchId: id}}`. Whether a failure leaves something
        behind is not known. v1 only; v2's is `batch`. Source: POST `batch` (Java client, JavaScript SDK).
        """
        return self.api.batches.create(components or [], references or [], {})

    def batch(self, batch: Batch | Entity) -> BatchResult:
        """Carry out a `Batch`, all of it or nothing, and return what became of it, by batch id.

        `batch` is a `Batch`, or a dict in the form of its `body`, which Ardoq alone looks at. Raise
        `NotFoundError`, `Conflict` or `BadRequest` where Ardoq refuses it: then nothing was changed;
        `AmbiguousWrite` where no answer came: it is not sent twice.
        v2 only; v1's is `batch_create`. Source: POST `batch` (API v2's contract).
        """
        body = wire_form(batch)
        return BatchResult.of(self.api.batches.send(body), body)

    def expand_batch(self, batch: Batch | Entity) -> Entity:
        """Return a batch in the form of its `body`, with aliases replaced by ids; nothing is written.

        Raise `BadRequest` where an alias does not name exactly one. v2 only.
        Source: POST `batch/expand` (API v2's contract).
        """
        return self.api.batches.expand(wire_form(batch))
