"""Many writes in one request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ardoqpy.batch import BatchResult, batch_body
from ardoqpy.methods.base import Methods

if TYPE_CHECKING:
    from ardoqpy.batch import Batch
    from ardoqpy.entities import Attributes, BatchBody, BatchIds


class BatchMethods(Methods):
    """Create, change and delete many components and references in one request."""

    def batch_create(
        self, components: list[Attributes] | None = None, references: list[Attributes] | None = None
    ) -> BatchIds:
        """Create many components and references in one request and return their ids by batch id.

        Each dict has a `batchId` that you choose, beside its attributes. `parent`, `source` and `target` may
        be the batch id of a component in the same request. The answer is
        `{"components": {batchId: id}, "references": {batchId: id}}`. It is not known whether a failed request
        leaves something behind. v1 only; on v2 use `batch`. Raise `InvalidInput` if an attribute is missing.
        Source: POST `batch` (Java client, JavaScript SDK).
        """
        return self.api.batches.create(components or [], references or [], {})

    def batch(self, batch: Batch | BatchBody | Attributes) -> BatchResult:
        """Carry out a `Batch`, all of it or nothing, and return a `BatchResult` with ids by batch id.

        `batch` is a `Batch`, or a dict in the form of its `body`, which only Ardoq checks. Raise
        `NotFoundError`, `Conflict` or `BadRequest` if Ardoq rejects it: then nothing was changed.
        `AmbiguousWrite` means that no answer came; it is not sent twice.
        v2 only; on v1 use `batch_create`. Source: POST `batch` (API v2's contract).
        """
        body = batch_body(batch)
        return BatchResult.of(self.api.batches.send(body), body)

    def expand_batch(self, batch: Batch | BatchBody | Attributes) -> BatchBody:
        """Return a batch in the form of its `body`, with aliases replaced by ids; nothing is written.

        Raise `BadRequest` if an alias does not describe exactly one entity. v2 only.
        Source: POST `batch/expand` (API v2's contract).
        """
        return self.api.batches.expand(batch_body(batch))
