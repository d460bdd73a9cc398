"""References: typed arrows between components."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ardoqpy._validation import given
from ardoqpy.errors import InvalidInput
from ardoqpy.methods.base import Methods

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ardoqpy.entities import Entities, Entity

__all__ = ["ReferenceMethods"]


class ReferenceMethods(Methods):
    """Read, create, change and delete references."""

    def get_references(
        self,
        *,
        displayText: str | None = None,
        rootWorkspace: str | None = None,
        source: str | None = None,
        targetWorkspace: str | None = None,
        target: str | None = None,
        type: int | str | None = None,  # noqa: A002  (Ardoq's own name)
        customFields: Mapping[str, Any] | None = None,
    ) -> Entities:
        """Return every reference that fits all the filters, in one list; without filters, every reference.

        `displayText`, `rootWorkspace` and `targetWorkspace` (workspaces' ids), `source` and `target`
        (components' ids), `type` (a number) and `customFields` (names of fields with their values, None
        for null) are compared by Ardoq; v2 takes them, v1 none. v2 pages: all of them are read. Raise
        `UnsupportedOperation` for a filter on v1, `InvalidInput` where a value cannot be looked for.
        Source: GET `references` (API v2's contract); GET `reference` (Java, C# and Go clients).
        """
        return list(
            self.iter_references(
                displayText=displayText,
                rootWorkspace=rootWorkspace,
                source=source,
                targetWorkspace=targetWorkspace,
                target=target,
                type=type,
                customFields=customFields,
            )
        )

    def iter_references(
        self,
        *,
        displayText: str | None = None,
        rootWorkspace: str | None = None,
        source: str | None = None,
        targetWorkspace: str | None = None,
        target: str | None = None,
        type: int | str | None = None,  # noqa: A002  (Ardoq's own name)
        customFields: Mapping[str, Any] | None = None,
    ) -> Iterator[Entity]:
        """Yield what `get_references` returns, one by one: v2 holds a page at a time, v1 reads the list.

        Arguments and errors are those of `get_references`; an error of the wire may come at any step.
        Source: GET `references` (API v2's contract); GET `reference` (Java, C# and Go clients).
        """
        return self.api.references.iterate(
            given(
                displayText=displayText,
                rootWorkspace=rootWorkspace,
                source=source,
                targetWorkspace=targetWorkspace,
                target=target,
                type=type,
                customFields=customFields,
            )
        )

    def get_reference(
        self,
        ws_id: str | None = None,
        ref_id: str | None = None,
        params: Mapping[str, Any] | None = None,
    ) -> Entity | Entities:
        """Return one reference by its id, or the list of those that start in a workspace.

        `params` are the filters of `get_references` as a dict, on v2 only, where a custom field may be
        named as `customFields.name`, too; with `ws_id` both have to hold. v2's lists are read to the
        last page. Raise `InvalidInput` where nothing says what to read, `params` stand beside `ref_id`,
        or a filter is not known; `NotFoundError` where there is no such reference.
        Source: GET `references/{id}`, `references` (API v2's contract); GET `reference/{id}`,
        `reference?workspace=` (v1).
        """
        if params is not None:
            if ref_id is not None:
                raise InvalidInput("params are filters of a list: give ref_id or params, not both.")
            return self.api.references.selected(ws_id, params)
        if ref_id is not None:
            return self.api.references.get(ref_id)
        if ws_id is None:
            raise InvalidInput("Neither ws_id nor ref_id is given: say which workspace or which reference.")
        return self.api.references.in_workspace(ws_id)

    def create_reference(self, ref: Entity) -> Entity:
        """Create a reference and return it as stored.

        `ref` needs `source` and `target` (components' ids) and `type` (a number from the model of the
        source's workspace); `displayText`, `description` and custom fields may be given: on v1 as keys
        beside the others, on v2 below `customFields`. v1 takes `rootWorkspace` and `targetWorkspace`,
        too; v2 derives them, and they are not sent. Raise `InvalidInput` where a needed attribute is
        missing, or, on v2, one is not known; `BadRequest` where Ardoq refuses.
        Source: POST `references` (API v2's contract); POST `reference`.
        """
        return self.api.references.create(ref)

    def update_reference(self, ref_id: str, ref: Entity) -> Entity:
        """Change a reference into what is given and return it as stored.

        `ref` is the whole reference as read, with `_version`. On v1 what is left out may be reset. v2
        changes what is given and leaves the rest; what cannot be changed (`type`, ...) is left out, and
        without `_version` the last write wins. Raise `Conflict` where Ardoq holds another version,
        `NotFoundError` where it is gone, `InvalidInput` where `ref` is no dict or, on v2, has an unknown
        attribute. Source: PATCH `references/{id}` (API v2's contract); PUT `reference/{id}`.
        """
        return self.api.references.update(ref_id, ref)

    def patch_reference(
        self, ref_id: str, version: int | str = "latest", payload: Entity | None = None
    ) -> Entity:
        """Change some attributes of a reference and return it as stored.

        `payload` holds the attributes to change; on v2 `type` is not among them. v2 changes nothing
        unless `version`, a number from 1, is what Ardoq holds; `"latest"` lets the last write win. v1
        takes `"latest"` alone: another version raises `UnsupportedOperation`, and nothing is sent. Raise
        `Conflict` where Ardoq holds another version, `NotFoundError` where it is gone, `InvalidInput`
        where, on v2, an attribute cannot be changed.
        Source: PATCH `references/{id}` (API v2's contract); PATCH `reference/{id}` (Go client).
        """
        return self.api.references.patch(ref_id, payload, version)

    def del_reference(self, ref_id: str) -> Entity:
        """Delete a reference and return an empty dict.

        Raise `NotFoundError` where there is none: it may have gone with its component.
        Source: DELETE `references/{id}` (API v2's contract); DELETE `reference/{id}`.
        """
        return self.api.references.delete(ref_id)
