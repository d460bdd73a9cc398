"""Answer for `/api/workspacefolder`."""

from ardoqpy.emulator import assumptions
from ardoqpy.emulator.messages import Request, Response
from ardoqpy.emulator.store import Store
from ardoqpy.emulator.v1.bodies import FOLDER, ids_of, version_for_put
from ardoqpy.emulator.v1.serializer import Shapes


def list_all(store: Store, _request: Request) -> Response:
    """Answer all folders."""
    shapes = Shapes(store)
    return Response(json=[shapes.folder(row) for row in store.state.folders.rows()])


def get(store: Store, request: Request) -> Response:
    """Answer one folder."""
    return Response(json=Shapes(store).folder(store.folders.get(request.named["folder_id"])))


def create(store: Store, request: Request) -> Response:
    """Make a folder."""
    row = store.folders.create(FOLDER.attributes(request.json_object()))
    return Response(assumptions.STATUS_FOLDER_CREATED, Shapes(store).folder(row))


def update(store: Store, request: Request) -> Response:
    """Replace what can be written of a folder."""
    body = request.json_object()
    workspaces = ids_of(request, "workspaces") if body.get("workspaces") is not None else None
    row = store.folders.update(
        request.named["folder_id"],
        FOLDER.attributes(body),
        workspaces,
        version=version_for_put(body),
        replace=True,
    )
    return Response(json=Shapes(store).folder(row))


def add(store: Store, request: Request) -> Response:
    """Move workspaces into a folder."""
    row = store.folders.add(request.named["folder_id"], ids_of(request, "workspaces"))
    return Response(json=Shapes(store).folder(row))


def delete(store: Store, request: Request) -> Response:
    """Remove a folder, not what is in it."""
    store.folders.delete(request.named["folder_id"])
    return Response(assumptions.STATUS_FOLDER_DELETED)
