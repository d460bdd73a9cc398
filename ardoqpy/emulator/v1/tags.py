"""Answer for `/api/tag`."""

from ardoqpy.emulator.messages import NO_CONTENT, Request, Response
from ardoqpy.emulator.store import Store
from ardoqpy.emulator.v1.bodies import TAG, version_for_put
from ardoqpy.emulator.v1.serializer import Shapes


def list_all(store: Store, _request: Request) -> Response:
    """Answer every tag of the organisation."""
    return Response(json=Shapes(store).tags(store.state.tags.rows()))


def of_workspace(store: Store, request: Request) -> Response:
    """Answer the tags of a workspace."""
    workspace = store.workspaces.get(request.named["workspace_id"])
    return Response(json=Shapes(store).tags(store.state.tags.find("workspace", workspace["_id"])))


def get(store: Store, request: Request) -> Response:
    """Answer one tag."""
    return Response(json=Shapes(store).tag(store.tags.get(request.named["tag_id"])))


def create(store: Store, request: Request) -> Response:
    """Answer the workspace's tag of that name, made if it was not there."""
    row = store.tags.find_or_create(TAG.attributes(request.json_object()))
    return Response(201, Shapes(store).tag(row))


def update(store: Store, request: Request) -> Response:
    """Replace what can be written of a tag."""
    body = request.json_object()
    row = store.tags.update(
        request.named["tag_id"], TAG.attributes(body), version=version_for_put(body), replace=True
    )
    return Response(json=Shapes(store).tag(row))


def delete(store: Store, request: Request) -> Response:
    """Remove a tag."""
    store.tags.delete(request.named["tag_id"])
    return NO_CONTENT
