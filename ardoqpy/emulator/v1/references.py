"""Answer for `/api/reference`."""

from ardoqpy.emulator import assumptions
from ardoqpy.emulator.messages import NO_CONTENT, Request, Response
from ardoqpy.emulator.store import Store
from ardoqpy.emulator.v1.bodies import REFERENCE, version_for_patch, version_for_put
from ardoqpy.emulator.v1.serializer import Shapes


def list_all(store: Store, request: Request) -> Response:
    """Answer every reference of the organisation, or those that start in a workspace."""
    table = store.state.references
    workspace = request.asked("workspace")
    if workspace is not None and assumptions.REFERENCE_LIST_HONOURS_WORKSPACE:
        return Response(json=Shapes(store).references(table.find("workspace", workspace)))
    return Response(json=Shapes(store).references(table.rows()))


def get(store: Store, request: Request) -> Response:
    """Answer one reference."""
    return Response(json=Shapes(store).reference(store.references.get(request.named["reference_id"])))


def create(store: Store, request: Request) -> Response:
    """Make a reference."""
    row = store.references.create(*REFERENCE.parts(request.json_object()))
    return Response(201, Shapes(store).reference(row))


def update(store: Store, request: Request) -> Response:
    """Replace what can be written of a reference."""
    body = request.json_object()
    row = store.references.update(
        request.named["reference_id"],
        *REFERENCE.parts(body),
        version=version_for_put(body),
        replace=True,
    )
    return Response(json=Shapes(store).reference(row))


def patch(store: Store, request: Request) -> Response:
    """Change what the body names of a reference."""
    body = request.json_object()
    row = store.references.update(
        request.named["reference_id"], *REFERENCE.parts(body), version=version_for_patch(body)
    )
    return Response(json=Shapes(store).reference(row))


def delete(store: Store, request: Request) -> Response:
    """Remove a reference."""
    store.references.delete(request.named["reference_id"])
    return NO_CONTENT
