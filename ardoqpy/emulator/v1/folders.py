"""Handle the requests for `/api/workspacefolder` that other resources do not have."""

from ardoqpy.emulator.messages import Request, Response
from ardoqpy.emulator.store import Store
from ardoqpy.emulator.v1.bodies import ids_of
from ardoqpy.emulator.v1.crud import FOLDERS
from ardoqpy.emulator.v1.serializer import Serializer


def update(store: Store, request: Request) -> Response:
    """Replace the writable attributes of a folder, and its workspaces if the body lists them."""
    moves = request.json_object().get("workspaces") is not None
    workspaces = ids_of(request, "workspaces") if moves else []
    response = FOLDERS.update(store, request)
    if moves:
        store.folders.set_workspaces(request.path_values["folder_id"], workspaces)
        return FOLDERS.get(store, request)
    return response


def add(store: Store, request: Request) -> Response:
    """Move workspaces into a folder."""
    row = store.folders.add(request.path_values["folder_id"], ids_of(request, "workspaces"))
    return Response(json=Serializer(store).folder(row))
