"""Handle the requests for `/api/component` that other resources do not have."""

from collections.abc import Mapping
from typing import Any

from ardoqpy.emulator import assumptions
from ardoqpy.emulator.messages import Request, Response
from ardoqpy.emulator.rows import Attributes, ComponentRow
from ardoqpy.emulator.store import Store
from ardoqpy.emulator.v1.bodies import COMPONENT, ids_of
from ardoqpy.emulator.v1.serializer import Serializer
from ardoqpy.emulator.values import as_text


def get(store: Store, request: Request) -> Response:
    """Return one component, with its references if `includeReferences` is true."""
    row = store.components.get(request.path_values["component_id"])
    serializer = Serializer(store)
    if request.query_flag("includeReferences"):
        return Response(json=serializer.component_with_references(row))
    return Response(json=serializer.component(row))


def search(store: Store, request: Request) -> Response:
    """Return the components of a workspace, filtered by name and by one field."""
    filters = []
    workspace = request.query_value("workspace")
    if workspace is not None:
        filters.append(("rootWorkspace", workspace))
    field, value = request.query_value("field"), request.query_value("value")
    if assumptions.COMPONENT_SEARCH_FILTERS_BY_FIELD and field is not None and value is not None:
        filters.append((field, value))
    components = _with_equal_values(store, filters)
    name = request.query_value("name")
    if name is not None:
        components = [component for component in components if _name_matches(component["name"], name)]
    return Response(json=components)


def fieldsearch(store: Store, request: Request) -> Response:
    """Return the components whose values equal every pair of the query."""
    filters = []
    for key, value in request.query:
        if key == "workspace":
            if assumptions.FIELDSEARCH_FILTERS_BY_WORKSPACE:
                filters.append(("rootWorkspace", value))
        elif key != "org":
            filters.append((key, value))
    return Response(json=_with_equal_values(store, filters))


def delete_many(store: Store, request: Request) -> Response:
    """Delete components, and return the ids of all that was deleted."""
    requested = ids_of(request, "componentIds")
    deleted = store.components.delete_many(requested)
    serializer = Serializer(store)
    answer = {
        "clientRequestId": request.json_object().get("requestId"),
        "componentIds": deleted.components if assumptions.BULK_DELETE_LISTS_DESCENDANTS else requested,
        "referenceIds": deleted.references,
        "updatedTags": [serializer.tag(store.tags.get(tag_id)) for tag_id in deleted.tags],
    }
    return Response(json=answer)


def _with_equal_values(store: Store, filters: list[tuple[str, str]]) -> list[Attributes]:
    components = Serializer(store).components(_candidates(store, filters))
    return [component for component in components if _matches(component, filters)]


def _candidates(store: Store, filters: list[tuple[str, str]]) -> list[ComponentRow]:
    """Narrow the components down by an index, so that a search takes no longer than its result needs."""
    table = store.state.components
    workspaces = [value for key, value in filters if key == "rootWorkspace"][:1]
    custom = next((pair for pair in filters if pair[0] not in COMPONENT.writable), None)
    if custom is not None and custom[0] not in COMPONENT.read_only:
        key, value = custom
        return [
            row
            for workspace in workspaces or [row["_id"] for row in store.state.workspaces.rows()]
            for row in table.find("custom", (workspace, key, value))
        ]
    if workspaces:
        return table.find("workspace", workspaces[0])
    return table.rows()


def _matches(component: Mapping[str, Any], filters: list[tuple[str, str]]) -> bool:
    return all(_equal(component.get(key), value) for key, value in filters)


def _equal(stored: object, wanted: str) -> bool:
    if stored is None:
        return False
    return as_text(stored) == wanted if assumptions.FIELDSEARCH_COMPARES_AS_TEXT else stored == wanted


def _name_matches(name: str, wanted: str) -> bool:
    if assumptions.COMPONENT_SEARCH_IGNORES_CASE:
        name, wanted = name.casefold(), wanted.casefold()
    if assumptions.COMPONENT_SEARCH_MATCH == "prefix":
        return name.startswith(wanted)
    return wanted in name
