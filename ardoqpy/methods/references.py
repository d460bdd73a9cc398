"""References: typed connections from one component to another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Unpack

from ardoqpy.errors import InvalidInput
from ardoqpy.methods.base import Methods, ReferenceFilters, given_filters

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ardoqpy.entities import Attributes, Entities, Entity


class ReferenceMethods(Methods):
    """Read, create, change and delete references.

    A reference is a dict: `_id`, `_version`, `source`, `target`, `type` and so on (see
    `ardoqpy.entities.Reference`). v1 has custom fields as keys beside these, v2 below `customFields`.
    """

    def get_references(self, **filters: Unpack[ReferenceFilters]) -> Entities:
        """Return every reference that matches all filters, as one list; without filters, every reference.

        - `displayText`: text that has to be equal; `type`: the number of a reference type.
        - `rootWorkspace`, `targetWorkspace`: workspaces' ids; `source`, `target`: components' ids.
        - `customFields`: values by field name, None for null.

        v2 takes filters, v1 none; v2 is read to the last page. Raise `UnsupportedOperation` for a filter on
        v1, `InvalidInput` if a value cannot be a filter, and `TypeError` for an unknown filter.
        Source: GET `references` (API v2's contract); GET `reference` (Java, C# and Go clients).
        """
        return list(self.iter_references(**filters))

    def iter_references(self, **filters: Unpack[ReferenceFilters]) -> Iterator[Entity]:
        """Yield what `get_references` returns; v2 keeps one page at a time, v1 reads the whole list.

        Arguments and errors are those of `get_references`; a connection error may come at any step.
        Source: GET `references` (API v2's contract); GET `reference` (Java, C# and Go clients).
        """
        return self.api.references.iterate(given_filters(filters, ReferenceFilters))

    def get_reference(
        self, ws_id: str | None = None, ref_id: str | None = None, params: Mapping[str, Any] | None = None
    ) -> Entity | Entities:
        """Return one reference by its id, or the list of those that start in a workspace.

        - `ws_id`: a workspace's id, for the list; `ref_id`: a reference's id, for one.
        - `params`: filters of `get_references` as a dict, on v2 only, combined with `ws_id`. A custom field
          may also be named as `customFields.name`.

        v2's lists are read to the last page. Raise `NotFoundError` if there is no such reference, and
        `InvalidInput` if neither id is given, `params` come with `ref_id`, or a filter is unknown.
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
            raise InvalidInput("Neither ws_id nor ref_id is given: name a workspace or a reference.")
        return self.api.references.in_workspace(ws_id)

    def create_reference(self, ref: Attributes) -> Entity:
        """Create a reference and return it as stored.

        `ref` needs `source` and `target` (components' ids) and `type`, the number of a reference type in the
        model of the source's workspace. `displayText`, `description` and custom fields are optional: on v1 as
        keys beside the others, on v2 below `customFields`. v1 also takes `rootWorkspace` and
        `targetWorkspace`; v2 derives them, and they are not sent. Raise `InvalidInput` if a needed attribute
        is missing or, on v2, an attribute is unknown; `BadRequest` if Ardoq rejects it.
        Source: POST `references` (API v2's contract); POST `reference`.
        """
        return self.api.references.create(ref)

    def update_reference(self, ref_id: str, ref: Attributes) -> Entity:
        """Replace the attributes of a reference and return it as stored.

        `ref` is the whole reference as read, with `_version`. v1 may reset what you leave out. v2 changes
        what you give and keeps the rest: attributes that cannot be changed (`type` and others) are not sent,
        and without `_version` the last write wins.
        Raise `Conflict` if Ardoq holds another version, `NotFoundError` if there is no such reference,
        `InvalidInput` if `ref` is not a dict or, on v2, has an unknown attribute.
        Source: PATCH `references/{id}` (API v2's contract); PUT `reference/{id}`.
        """
        return self.api.references.update(ref_id, ref)

    def patch_reference(
        self, ref_id: str, version: int | str = "latest", payload: Attributes | None = None
    ) -> Entity:
        """Change some attributes of a reference and return it as stored.

        `payload` has the attributes to change; on v2, `type` cannot be changed. v2 changes nothing unless
        Ardoq holds `version`, a number from 1; with `"latest"` the last write wins. v1 takes `"latest"` only:
        another version raises `UnsupportedOperation`, and nothing is sent.
        Raise `Conflict` if Ardoq holds another version, `NotFoundError` if there is no such reference,
        `InvalidInput` if, on v2, an attribute cannot be changed.
        Source: PATCH `references/{id}` (API v2's contract); PATCH `reference/{id}` (Go client).
        """
        return self.api.references.patch(ref_id, payload, version)

    def del_reference(self, ref_id: str) -> Entity:
        """Delete a reference and return an empty dict.

        Raise `NotFoundError` if there is no such reference: it may have been deleted with its component.
        Source: DELETE `references/{id}` (API v2's contract); DELETE `reference/{id}`.
        """
        return self.api.references.delete(ref_id)
