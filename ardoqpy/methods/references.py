"""
References: typed arrows between components.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ardoqpy.errors import InvalidInput
from ardoqpy.methods.base import Methods

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ardoqpy.dialect import Entities, Entity

__all__ = ["ReferenceMethods"]


class ReferenceMethods(Methods):
    """
    Read, create, change and delete references.
    """

    def get_references(self) -> Entities:
        """
        Return every reference of the organisation, in one list.

        Source: GET `reference` (Java, C# and Go clients).
        """
        return self.api.references.all()

    def get_reference(
        self,
        ws_id: str | None = None,
        ref_id: str | None = None,
        params: Mapping[str, Any] | None = None,
    ) -> Entity | Entities:
        """
        Return one reference by its id, or the list of those that start in a workspace.

        `params` are search parameters of API v2: v1 refuses them. Raise `InvalidInput` where neither id
        is given, `NotFoundError` where there is no such reference.
        Source: GET `reference/{id}`, `reference?workspace=`.
        """
        if params is not None:
            raise InvalidInput("params are for API v2: on v1 read the references of a workspace.")
        if ref_id is not None:
            return self.api.references.get(ref_id)
        if ws_id is None:
            raise InvalidInput("Neither ws_id nor ref_id is given: say which workspace or which reference.")
        return self.api.references.in_workspace(ws_id)

    def create_reference(self, ref: Entity) -> Entity:
        """
        Create a reference and return it as stored.

        `ref` needs `source` and `target` (components' ids) and `type` (a number from the model of the
        source's workspace); `rootWorkspace`, `targetWorkspace`, `displayText`, `description` and custom
        fields may be given. Raise `InvalidInput` where a needed attribute is missing, `BadRequest`
        where Ardoq refuses. Source: POST `reference`.
        """
        return self.api.references.create(ref)

    def update_reference(self, ref_id: str, ref: Entity) -> Entity:
        """
        Replace the attributes of a reference and return it as stored.

        `ref` is the whole reference as read, with `_version`. Raise `Conflict` where Ardoq holds
        another version, `NotFoundError` where it is gone. v1 only. Source: PUT `reference/{id}`.
        """
        return self.api.references.update(ref_id, ref)

    def patch_reference(
        self, ref_id: str, version: int | str = "latest", payload: Entity | None = None
    ) -> Entity:
        """
        Change some attributes of a reference and return it as stored.

        v1 takes `version="latest"` alone and lets the last write win; another version raises
        `UnsupportedOperation`, and nothing is sent. Source: PATCH `reference/{id}` (Go client).
        """
        return self.api.references.patch(ref_id, payload, version)

    def del_reference(self, ref_id: str) -> Entity:
        """
        Delete a reference and return an empty dict.

        Raise `NotFoundError` where there is none: it may have gone with its component.
        Source: DELETE `reference/{id}`.
        """
        return self.api.references.delete(ref_id)
