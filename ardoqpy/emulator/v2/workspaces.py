"""Answer for `/api/v2/workspaces`."""

from ardoqpy.emulator.messages import Request, Response
from ardoqpy.emulator.store import Store
from ardoqpy.emulator.v2.pages import filtered, wanted
from ardoqpy.emulator.v2.serializer import Shapes


def list_all(store: Store, request: Request) -> Response:
    """Answer a page of the workspaces that the query asks for."""
    what = wanted(request, "name", "componentModel")
    return filtered(store, request, store.state.workspaces, what, Shapes(store).workspace)


def get(store: Store, request: Request) -> Response:
    """Answer one workspace."""
    return Response(json=Shapes(store).workspace(store.workspaces.get(request.named["workspace_id"])))


def context(store: Store, request: Request) -> Response:
    """Answer what can be in a workspace."""
    return Response(json=Shapes(store).context(store.workspaces.get(request.named["workspace_id"])))
