"""Components."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Unpack

from ardoqpy._messages import describe_type
from ardoqpy.errors import InvalidInput
from ardoqpy.methods.base import ComponentFilters, Methods, given_filters

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ardoqpy.entities import Attributes, DeletedComponents, Entities, Entity


class ComponentMethods(Methods):
    """Read, find, create, change and delete components.

    A component is a dict: `_id`, `_version`, `name`, `rootWorkspace`, `typeId`, `parent` and so on (see
    `ardoqpy.entities.Component`). v1 has custom fields as keys beside these, v2 below `customFields`.
    """

    def get_components(self, **filters: Unpack[ComponentFilters]) -> Entities:
        """Return every component that matches all filters, as one list; without filters, every component.

        - `name`, `componentKey` (such as `APP-1`), `typeId`: text that has to be equal.
        - `rootWorkspace`: a workspace's id; `parent`: a component's id.
        - `customFields`: values by field name, None for null.

        v2 takes filters, v1 none; v2 is read to the last page. Raise `UnsupportedOperation` for a filter on
        v1, `InvalidInput` if a value cannot be a filter, and `TypeError` for an unknown filter.
        Source: GET `components` (API v2's contract); GET `component` (Java, C# and Go clients).
        """
        return list(self.iter_components(**filters))

    def iter_components(self, **filters: Unpack[ComponentFilters]) -> Iterator[Entity]:
        """Yield what `get_components` returns; v2 keeps one page at a time, v1 reads the whole list.

        Arguments and errors are those of `get_components`; a connection error may come at any step.
        Source: GET `components` (API v2's contract); GET `component` (Java, C# and Go clients).
        """
        return self.api.components.iterate(given_filters(filters, ComponentFilters))

    def get_component(
        self,
        ws_id: str | None = None,
        comp_id: str | None = None,
        incl_refs: bool = False,  # noqa: FBT001, FBT002  (as in 0.8.4)
        params: Mapping[str, Any] | None = None,
    ) -> Entity | Entities:
        """Return one component by its id, or the list of all components of a workspace.

        - `ws_id`: a workspace's id, for the list; `comp_id`: a component's id, for one.
        - `incl_refs=True`: add `references`, a dict with the lists `in` and `out`, to a single component; v2
          needs two more listings for it.
        - `params`: filters of `get_components` as a dict, on v2 only, combined with `ws_id`. A custom field
          may also be named as `customFields.name`.

        v2's lists are read to the last page. Raise `NotFoundError` if there is no such component, and
        `InvalidInput` if neither id is given, `params` come with `comp_id`, or a filter is unknown.
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
            raise InvalidInput("Neither ws_id nor comp_id is given: name a workspace or a component.")
        return self.api.components.in_workspace(ws_id)

    def find_component(
        self,
        ws_id: str,
        comp_name: str | None = None,
        field_name: str | None = None,
        field_value: Any = None,
        exact: bool = False,  # noqa: FBT001, FBT002  (as in 0.8.4)
    ) -> Entities:
        """Return the components of a workspace with that name, or with that value in one field, as a list.

        - `ws_id`: a workspace's id; `comp_name`: the name.
        - `field_name`, `field_value`: a field and its value.
        - `exact=True`: return only the first component whose name, or field, is exactly that: one or none.

        v1's search by name is not exact; how it compares is not known. v2 compares as its filters do. Raise
        `InvalidInput` if neither a name nor a field is given.
        Source: GET `component/search`, `component/fieldsearch`, as 0.8.4 calls them; GET `components`
        (API v2's contract).
        """
        if comp_name is not None:
            key, wanted = "name", comp_name
            matches = self.api.components.search(ws_id, comp_name, field_name, field_value)
        elif field_name is not None:
            key, wanted = field_name, field_value
            matches = self.api.components.by_fields(ws_id, {field_name: field_value})
        else:
            raise InvalidInput("Neither comp_name nor field_name is given: give what to search for.")
        if not exact:
            return matches
        return [dict(comp) for comp in matches if self.api.components.value(comp, key) == wanted][:1]

    def search_components(self, fields: Mapping[str, Any], ws_id: str | None = None) -> Entities:
        """Return the components that have all these values, as a list.

        `fields` maps names of fields or built-in attributes to values; on v2, a name that is not a filter of
        `get_components` is a custom field. `ws_id` is a workspace's id; v1 may ignore it, so put
        `rootWorkspace` into `fields` to be certain. Raise `InvalidInput` if there is no field, or
        on v1 a value is None or an empty list: the query would be without it, and find everything.
        Source: GET `component/fieldsearch` (Java client's documentation); GET `components` (API v2's
        contract).
        """
        if not isinstance(fields, Mapping):
            raise InvalidInput(f"fields is {describe_type(fields)}: give a dict from names to values.")
        return self.api.components.by_fields(ws_id, fields)

    def create_component(self, comp: Attributes) -> Entity:
        """Create a component and return it as stored.

        `comp` needs `name` and `rootWorkspace` (a workspace's id), on v2 also `typeId`; v1 chooses a type if
        it is left out. `parent` (a component's id), `description` and custom fields are optional: on v1 as
        keys beside the others, on v2 below `customFields`. Raise `InvalidInput` if a needed attribute is
        missing or, on v2, an attribute is unknown; `BadRequest` if Ardoq rejects it.
        Source: POST `components` (API v2's contract); POST `component`.
        """
        return self.api.components.create(comp)

    def update_component(self, comp_id: str, comp: Attributes) -> Entity:
        """Replace the attributes of a component and return it as stored.

        `comp` is the whole component as read, with `_version`. v1 may reset what you leave out; None clears
        a custom field. v2 changes what you give and keeps the rest: attributes that cannot be changed
        (`typeId`, `rootWorkspace` and others) are not sent, and without `_version` the last write wins. On
        v2, leave calculated fields out of `customFields`.
        Raise `Conflict` if Ardoq holds another version, `NotFoundError` if there is no such component,
        `InvalidInput` if `comp` is not a dict or, on v2, has an unknown attribute.
        Source: PATCH `components/{id}` (API v2's contract); PUT `component/{id}`.
        """
        return self.api.components.update(comp_id, comp)

    def patch_component(
        self, comp_id: str, version: int | str = "latest", payload: Attributes | None = None
    ) -> Entity:
        """Change some attributes of a component and return it as stored.

        `payload` has the attributes to change. v2 changes nothing unless Ardoq holds `version`, a number from
        1; with `"latest"` the last write wins. v1 takes `"latest"` only: another version raises
        `UnsupportedOperation`, and nothing is sent.
        Raise `Conflict` if Ardoq holds another version, `NotFoundError` if there is no such component,
        `InvalidInput` if, on v2, an attribute cannot be changed.
        Source: PATCH `components/{id}` (API v2's contract); PATCH `component/{id}` (Go client, Kubernetes
        bridge).
        """
        return self.api.components.patch(comp_id, payload, version)

    def del_component(self, comp_id: str) -> Entity:
        """Delete a component with its descendants and all their references, and return an empty dict.

        Raise `NotFoundError` if there is no such component. Source: DELETE `components/{id}` (API v2's
        contract); DELETE `component/{id}`.
        """
        return self.api.components.delete(comp_id)

    def del_components(self, comp_ids: list[str], request_id: str | None = None) -> DeletedComponents:
        """Delete several components in one request.

        `comp_ids` are their ids. Return a dict with `componentIds`, `referenceIds` and `updatedTags` (what
        was deleted or changed with them) and `clientRequestId`, which is `request_id`, any text of yours.
        v1 only; on v2 use a `Batch`. Source: DELETE `component` (JavaScript SDK).
        """
        return self.api.components.delete_many(comp_ids, request_id)
