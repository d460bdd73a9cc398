"""Answer for `/api/component`."""

from ardoqpy.emulator import assumptions
from ardoqpy.emulator.messages import NO_CONTENT, Request, Response
from ardoqpy.emulator.store import Store
from ardoqpy.emulator.table import Row
from ardoqpy.emulator.v1.bodies import COMPONENT, ids_of, version_for_patch, version_for_put
from ardoqpy.emulator.v1.serializer import Shapes
from ardoqpy.emulator.values import as_text


def list_all(store: Store, _request: Request) -> Response:
    """Answer every component of the organisation."""
    return Response(json=Shapes(store).components(store.state.components.rows()))


def get(store: Store, request: Request) -> Response:
    """Answer one component, with its references if they are asked for."""
    row = store.components.get(request.named["component_id"])
    shapes = Shapes(store)
    if request.is_asked("includeReferences"):
        return Response(json=shapes.component_with_references(row))
    return Response(json=shapes.component(row))


def search(store: Store, request: Request) -> Response:
    """Answer the components of a workspace, narrowed by name and by one field if asked."""
    pairs = []
    workspace = request.asked("workspace")
    if workspace is not None:
        pairs.append(("rootWorkspace", workspace))
    field, value = request.asked("field"), request.asked("value")
    if assumptions.COMPONENT_SEARCH_HONOURS_FIELD and field is not None and value is not None:
        pairs.append((field, value))
    found = _equal_in_all(store, pairs)
    name = request.asked("name")
    if name is not None:
        found = [shape for shape in found if _name_matches(shape["name"], name)]
    return Response(json=found)


def fieldsearch(store: Store, request: Request) -> Response:
    """Answer the components for which every pair of the query holds."""
    pairs = []
    for key, value in request.query:
        if key == "workspace":
            if assumptions.FIELDSEARCH_HONOURS_WORKSPACE:
                pairs.append(("rootWorkspace", value))
        elif key != "org":
            pairs.append((key, value))
    return Response(json=_equal_in_all(store, pairs))


def create(store: Store, request: Request) -> Response:
    """Make a component."""
    row = store.components.create(*COMPONENT.parts(request.json_object()))
    return Response(201, Shapes(store).component(row))


def update(store: Store, request: Request) -> Response:
    """Replace what can be written of a component."""
    body = request.json_object()
    row = store.components.update(
        request.named["component_id"],
        *COMPONENT.parts(body),
        version=version_for_put(body),
        replace=True,
    )
    return Response(json=Shapes(store).component(row))


def patch(store: Store, request: Request) -> Response:
    """Change what the body names of a component."""
    body = request.json_object()
    row = store.components.update(
        request.named["component_id"], *COMPONENT.parts(body), version=version_for_patch(body)
    )
    return Response(json=Shapes(store).component(row))


def delete(store: Store, request: Request) -> Response:
    """Remove a component with its descendants and their references."""
    store.components.delete([request.named["component_id"]])
    return NO_CONTENT


def delete_many(store: Store, request: Request) -> Response:
    """Remove many components and tell what went with them."""
    asked = ids_of(request, "componentIds")
    removed = store.components.delete(asked)
    listed = removed.components if assumptions.BULK_DELETE_LISTS_DESCENDANTS else asked
    tags = [store.state.tags[tag] for tag in removed.tags]
    answer = {
        "clientRequestId": request.json_object().get("requestId"),
        "componentIds": listed,
        "referenceIds": removed.references,
        "updatedTags": Shapes(store).tags(tags),
    }
    return Response(json=answer)


def _equal_in_all(store: Store, pairs: list[tuple[str, str]]) -> list[Row]:
    shapes = Shapes(store)
    found = shapes.components(_candidates(store, pairs))
    return [shape for shape in found if all(_equal(shape.get(key), value) for key, value in pairs)]


def _candidates(store: Store, pairs: list[tuple[str, str]]) -> list[Row]:
    """Narrow the components down by an index, so that a search costs what it finds."""
    table = store.state.components
    workspaces = [value for key, value in pairs if key == "rootWorkspace"][:1]
    custom = next((pair for pair in pairs if pair[0] not in COMPONENT.writable), None)
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
