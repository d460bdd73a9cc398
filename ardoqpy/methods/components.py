"""
Components: the things on the map.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ardoqpy.errors import InvalidInput
from ardoqpy.methods.base import Methods

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ardoqpy.dialect import Entities, Entity

__all__ = ["ComponentMethods"]


class ComponentMethods(Methods):
    """
    Read, find, create, change and delete components.
    """

    def get_components(self) -> Entities:
        """
        Return every component of the organisation, in one list.

        Source: GET `component` (Java, C# and Go clients).
        """
        return self.api.components.all()

    def get_component(
        self,
        ws_id: str | None = None,
        comp_id: str | None = None,
        incl_refs: bool = False,  # noqa: FBT001, FBT002  (as in 0.8.4)
        params: Mapping[str, Any] | None = None,
    ) -> Entity | Entities:
        """
        Return one component by its id, or the list of all components of a workspace.

        `incl_refs=True` adds `references`, a dict with `in` and `out`, to a single component. `params`
        are search parameters of API v2: v1 refuses them. Raise `InvalidInput` where neither id is
        given, `NotFoundError` where there is no such component.
        Source: GET `component/{id}`, `component/search?workspace=`.
        """
        if params is not None:
            raise InvalidInput(
                "params are for API v2: on v1 search with find_component or search_components."
            )
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
        """
        Return the components of a workspace with that name, or with that value in one field.

        Ardoq's own search by name is not exact (how it compares is not known); `exact=True` keeps the
        first component whose name, or field, is exactly that, and gives a list of one, or of none.
        Raise `InvalidInput` where neither a name nor a field is given.
        Source: GET `component/search`, `component/fieldsearch`, as 0.8.4 calls them.
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
        return [dict(comp) for comp in found if comp.get(key) == wanted][:1]

    def search_components(self, fields: Mapping[str, Any], ws_id: str | None = None) -> Entities:
        """
        Return the components that have all these values; built-in attributes work as fields too.

        `fields` maps names to values. Ardoq may ignore `ws_id`: give `rootWorkspace` in `fields` to be
        certain. v1 only. Source: GET `component/fieldsearch` (Java client's documentation).
        """
        return self.api.components.by_fields(ws_id, fields)

    def create_component(self, comp: Entity) -> Entity:
        """
        Create a component and return it as stored.

        `comp` needs `name` and `rootWorkspace` (a workspace's id); `typeId`, `parent` (a component's
        id), `description` and custom fields may be given, on v1 as keys beside the others. Without
        `typeId` Ardoq takes a type of its own choice. Raise `InvalidInput` where a needed attribute is
        missing, `BadRequest` where Ardoq refuses. Source: POST `component`.
        """
        return self.api.components.create(comp)

    def update_component(self, comp_id: str, comp: Entity) -> Entity:
        """
        Replace the attributes of a component and return it as stored.

        `comp` is the whole component as read, with `_version`: what is left out may be reset. To clear
        a custom field, send it as None. Raise `Conflict` where Ardoq holds another version,
        `NotFoundError` where it is gone. v1 only. Source: PUT `component/{id}`.
        """
        return self.api.components.update(comp_id, comp)

    def patch_component(
        self, comp_id: str, version: int | str = "latest", payload: Entity | None = None
    ) -> Entity:
        """
        Change some attributes of a component and return it as stored.

        `payload` holds the attributes to change. v1 takes `version="latest"` alone and lets the last
        write win; another version raises `UnsupportedOperation`, and nothing is sent. Raise
        `NotFoundError` where it is gone. Source: PATCH `component/{id}` (Go client, Kubernetes bridge).
        """
        return self.api.components.patch(comp_id, payload, version)

    def del_component(self, comp_id: str) -> Entity:
        """
        Delete a component, with its descendants and all their references, and return an empty dict.

        Raise `NotFoundError` where there is none. Source: DELETE `component/{id}`.
        """
        return self.api.components.delete(comp_id)

    def del_components(self, comp_ids: list[str], request_id: str | None = None) -> Entity:
        """
        Delete many components in one request.

        Return `componentIds`, `referenceIds`, `updatedTags` (what went, or changed, with them) and
        `clientRequestId`, the `request_id` given. v1 only. Source: DELETE `component` (JavaScript SDK).
        """
        return self.api.components.delete_many(comp_ids, request_id)

    def batch_create(
        self, components: Entities | None = None, references: Entities | None = None
    ) -> dict[str, dict[str, str]]:
        """
        Create many components and references in one request and return their ids by batch id.

        Each has a `batchId` of the caller's beside its attributes; `parent`, `source` and `target` may
        be the batch id of a component in the same request. The answer is
        `{"components": {batchId: id}, "references": {batchId: id}}`. Whether a failure leaves something
        behind is not known. v1's batch. Source: POST `batch` (Java client, JavaScript SDK).
        """
        return self.api.batches.create(components or [], references or [], {})
