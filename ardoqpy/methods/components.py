"""Components: the things on the map."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ardoqpy._validation import given
from ardoqpy.errors import InvalidInput
from ardoqpy.methods.base import Methods

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ardoqpy.entities import Entities, Entity

__all__ = ["ComponentMethods"]


class ComponentMethods(Methods):
    """Read, find, create, change and delete components."""

    def get_components(
        self,
        *,
        name: str | None = None,
        rootWorkspace: str | None = None,
        parent: str | None = None,
        componentKey: str | None = None,
        typeId: str | None = None,
        customFields: Mapping[str, Any] | None = None,
    ) -> Entities:
        """Return every component that fits all the filters, in one list; without filters, every component.

        `name`, `rootWorkspace` (a workspace's id), `parent` (a component's id), `componentKey` (such as
        `APP-1`), `typeId`, and `customFields` (names of fields with their values, None for null) are
        compared by Ardoq; v2 takes them, v1 none. v2 pages: all of them are read. Raise
        `UnsupportedOperation` for a filter on v1, `InvalidInput` where a value cannot be looked for.
        Source: GET `components` (API v2's contract); GET `component` (Java, C# and Go clients).
        """
        return list(
            self.iter_components(
                name=name,
                rootWorkspace=rootWorkspace,
                parent=parent,
                componentKey=componentKey,
                typeId=typeId,
                customFields=customFields,
            )
        )

    def iter_components(
        self,
        *,
        name: str | None = None,
        rootWorkspace: str | None = None,
        parent: str | None = None,
        componentKey: str | None = None,
        typeId: str | None = None,
        customFields: Mapping[str, Any] | None = None,
    ) -> Iterator[Entity]:
        """Yield what `get_components` returns, one by one: v2 holds a page at a time, v1 reads the list.

        Arguments and errors are those of `get_components`; an error of the wire may come at any step.
        Source: GET `components` (API v2's contract); GET `component` (Java, C# and Go clients).
        """
        return self.api.components.iterate(
            given(
                name=name,
                rootWorkspace=rootWorkspace,
                parent=parent,
                componentKey=componentKey,
                typeId=typeId,
                customFields=customFields,
            )
        )

    def get_component(
        self,
        ws_id: str | None = None,
        comp_id: str | None = None,
        incl_refs: bool = False,  # noqa: FBT001, FBT002  (as in 0.8.4)
        params: Mapping[str, Any] | None = None,
    ) -> Entity | Entities:
        """Return one component by its id, or the list of all components of a workspace.

        `incl_refs=True` adds `references`, a dict with `in` and `out`, to a single component; v2 needs
        two listings more for it. `params` are the filters of `get_components` as a dict, on v2 only,
        where a custom field may be named as `customFields.name`, too; with `ws_id` both have to hold.
        v2's lists are read to the last page.
        Raise `InvalidInput` where nothing says what to read, `params` stand beside `comp_id`, or a
        filter is not known; `NotFoundError` where there is no such component.
        Source: GET `components/{id}`, `components` (API v2's contract); GET `component/{id}`,
        `component/search?workspace=` (v1).
        """
        if params is not None:
            if comp_id is not None:
                raise InvalidInput("params are filters of a list: give comp_id or params, not both.")
            return self.api.components.selected(ws_id, params)
        if comp_id is not None:
            return self.api.components.get(comp_id, incl_refs=incl_refs)
        if ws_id is None:
            raise InvalidInput("Neither ws_id nor comp_id is given: say which workspace or which component.")
        return self.api.components.in_workspace(ws_id)

    def find_component(
        self,
        ws_id: str,
        comp_name: str | None = None,
        field_name: str | None = None,
        field_value: Any = None,
        exact: bool = False,  # noqa: FBT001, FBT002  (as in 0.8.4)
    ) -> Entities:
        """Return the components of a workspace with that name, or with that value in one field.

        Ardoq's own search by name is not exact (how it compares is not known); `exact=True` keeps the
        first component whose name, or field, is exactly that, and gives a list of one, or of none.
        v2 compares as its filters do. Raise `InvalidInput` where neither a name nor a field is given.
        Source: GET `component/search`, `component/fieldsearch`, as 0.8.4 calls them; GET `components`
        (API v2's contract).
        """
        if comp_name is not None:
            key, wanted = "name", comp_name
            found = self.api.components.search(ws_id, comp_name, field_name, field_value)
        elif field_name is not None:
            key, wanted = field_name, field_value
            found = self.api.components.by_fields(ws_id, {field_name: field_value})
        else:
            raise InvalidInput("Neither comp_name nor field_name is given: say what to look for.")
        if not exact:
            return found
        return [dict(comp) for comp in found if self.api.components.value(comp, key) == wanted][:1]

    def search_components(self, fields: Mapping[str, Any], ws_id: str | None = None) -> Entities:
        """Return the components that have all these values; built-in attributes work as fields too.

        `fields` maps names to values; on v2 what is no filter of `get_components` is a custom field.
        v1 may ignore `ws_id`: give `rootWorkspace` in `fields` to be certain.
        Raise `InvalidInput` where no field is given. Source: GET `component/fieldsearch` (Java client's
        documentation); GET `components` (API v2's contract).
        """
        return self.api.components.by_fields(ws_id, fields)

    def create_component(self, comp: Entity) -> Entity:
        """Create a component and return it as stored.

        `comp` needs `name` and `rootWorkspace` (a workspace's id); `typeId`, `parent` (a component's
        id), `description` and custom fields may be given: on v1 as keys beside the others, on v2 below
        `customFields`. v1 takes a type of its own choice where `typeId` is left out, v2 needs it.
        Raise `InvalidInput` where a needed attribute is missing, or, on v2, one is not known;
        `BadRequest` where Ardoq refuses. Source: POST `components` (API v2's contract); POST `component`.
        """
        return self.api.components.create(comp)

    def update_component(self, comp_id: str, comp: Entity) -> Entity:
        """Change a component into what is given and return it as stored.

        `comp` is the whole component as read, with `_version`. On v1 what is left out may be reset, and
        a custom field is cleared by None. v2 changes what is given and leaves the rest; attributes that
        cannot be changed (`typeId`, `rootWorkspace`, ...) are left out, and without `_version` the last
        write wins; leave calculated fields out of `customFields` there. Raise `Conflict` where Ardoq
        holds another version, `NotFoundError` where it is gone, `InvalidInput` where `comp` is no dict
        or, on v2, has an unknown attribute.
        Source: PATCH `components/{id}` (API v2's contract); PUT `component/{id}`.
        """
        return self.api.components.update(comp_id, comp)

    def patch_component(
        self, comp_id: str, version: int | str = "latest", payload: Entity | None = None
    ) -> Entity:
        """Change some attributes of a component and return it as stored.

        `payload` holds the attributes to change. v2 changes nothing unless `version`, a number from 1,
        is what Ardoq holds; `"latest"` lets the last write win. v1 takes `"latest"` alone: another
        version raises `UnsupportedOperation`, and nothing is sent. Raise `Conflict` where Ardoq holds
        another version, `NotFoundError` where it is gone, `InvalidInput` where, on v2, an attribute
        cannot be changed. Source: PATCH `components/{id}` (API v2's contract); PATCH `component/{id}` (Go
        client, Kubernetes bridge).
        """
        return self.api.components.patch(comp_id, payload, version)

    def del_component(self, comp_id: str) -> Entity:
        """Delete a component, with its descendants and all their references, and return an empty dict.

        Raise `NotFoundError` where there is none. Source: DELETE `components/{id}` (API v2's contract);
        DELETE `component/{id}`.
        """
        return self.api.components.delete(comp_id)

    def del_components(self, comp_ids: list[str], request_id: str | None = None) -> Entity:
        """Delete many components in one request.

        Return `componentIds`, `referenceIds`, `updatedTags` (what went, or changed, with them) and
        `clientRequestId`, the `request_id` given. v1 only; on v2 a `Batch` deletes many.
        Source: DELETE `component` (JavaScript SDK).
        """
        return self.api.components.delete_many(comp_ids, request_id)
