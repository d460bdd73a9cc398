"""Answer for `/api/v2/references`."""

from ardoqpy.emulator.messages import NO_CONTENT, Request, Response
from ardoqpy.emulator.store import Store
from ardoqpy.emulator.v2.bodies import REFERENCE, json_object, version_asked
from ardoqpy.emulator.v2.pages import filtered, wanted
from ardoqpy.emulator.v2.serializer import Shapes


def list_all(store: Store, request: Request) -> Response:
    """Answer a page of the references that the query asks for."""
    what = wanted(
        request,
        "displayText",
        "rootWorkspace",
        "source",
        "targetWorkspace",
        "target",
        custom=True,
        numbers=("type",),
    )
    return filtered(store, request, store.state.references, what, Shapes(store).reference)


def get(store: Store, request: Request) -> Response:
    """Answer one reference."""
    return Response(json=Shapes(store).reference(store.references.get(request.named["reference_id"])))


def create(store: Store, request: Request) -> Response:
    """Make a reference."""
    row = store.references.create(*REFERENCE.new(json_object(request)), strict=True)
    return Response(201, Shapes(store).reference(row))


def update(store: Store, request: Request) -> Response:
    """Change what the body names of a reference."""
    version = version_asked(request)
    attributes, custom = REFERENCE.changes(json_object(request))
    row = store.references.update(
        request.named["reference_id"], attributes, custom, version=version, strict=True
    )
    return Response(json=Shapes(store).reference(row))


def delete(store: Store, request: Request) -> Response:
    """Remove a reference."""
    store.references.delete(request.named["reference_id"])
    return NO_CONTENT
