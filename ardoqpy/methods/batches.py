"""
Many writes in one request.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ardoqpy.methods.base import Methods

if TYPE_CHECKING:
    from ardoqpy.dialect import Entities, Entity

__all__ = ["BatchMethods"]


class BatchMethods(Methods):
    """
    Create, change and delete many components and references at once.
    """

    def batch_create(
        self, components: Entities | None = None, references: Entities | None = None
    ) -> dict[str, dict[str, str]]:
        """
        Create many components and references in one request and return their ids by batch id.

        Each has a `batchId` of the caller's beside its attributes; `parent`, `source` and `target` may
        be the batch id of a component in the same request. The answer is
        `{"components": {batchId: id}, "references": {batchId: id}}`. Whether a failure leaves something
        behind is not known. v1 only; v2's is `batch`. Source: POST `batch` (Java client, JavaScript SDK).
        """
        return self.api.batches.create(components or [], references or [], {})

    def batch(self, batch: Entity) -> Entity:
        """
        Send a batch in the form of API v2's contract and return what Ardoq answers.

        It is one transaction: any failure leaves everything untouched. v2 only.
        Source: POST `batch` (API v2's contract).
        """
        return self.api.batches.send(batch)

    def expand_batch(self, batch: Entity) -> Entity:
        """
        Return a batch with its aliases replaced by ids; nothing is written.

        v2 only. Source: POST `batch/expand` (API v2's contract).
        """
        return self.api.batches.expand(batch)
