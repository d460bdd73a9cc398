"""Answer for `/api/v2/components`."""

from ardoqpy.emulator.messages import NO_CONTENT, Request, Response
from ardoqpy.emulator.store import Store
from ardoqpy.emulator.v2.bodies import COMPONENT, json_object, version_asked
from ardoqpy.emulator.v2.pages import filtered, wanted
from ardoqpy.emulator.v2.serializer import Shapes


def list_all(store: Store, request: Request) -> Response:
    """Answer a page of the components that the query asks for."""
    what = wanted(request, "name", "rootWorkspace", "parent", "componentKey", "typeId", custom=True)
    return filtered(store, request, store.state.components, what, Shapes(store).component)


def get(store: Store, request: Request) -> Response:
    """Answer one component."""
    return Response(json=Shapes(store).component(store.components.get(request.named["component_id"])))


def create(store: Store, request: Request) -> Response:
    """Make a component."""
    row = store.components.create(*COMPONENT.new(json_object(request)), strict=True)
    return Response(201, Shapes(store).component(row))


def update(store: Store, request: Request) -> Response:
    """Change what the body names of a component."""
    version = version_asked(request)
    attributes, custom = COMPONENT.changes(json_object(request))
    row = store.components.update(
        request.named["component_id"], attributes, custom, version=version, strict=True
    )
    return Response(json=Shapes(store).component(row))


def delete(store: Store, request: Request) -> Response:
    """Remove a component with its descendants and their references."""
    store.components.delete([request.named["component_id"]])
    return NO_CONTENT
