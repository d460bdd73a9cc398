"""Answer for `/api/workspace`."""

from ardoqpy.emulator.errors import BadRequest
from ardoqpy.emulator.messages import NO_CONTENT, Request, Response
from ardoqpy.emulator.store import Store
from ardoqpy.emulator.v1.bodies import WORKSPACE, version_for_put
from ardoqpy.emulator.v1.serializer import Shapes


def list_all(store: Store, _request: Request) -> Response:
    """Answer all workspaces."""
    return Response(json=Shapes(store).workspaces(store.state.workspaces.rows()))


def summary(store: Store, _request: Request) -> Response:
    """Answer all workspaces with how much is in them."""
    shapes = Shapes(store)
    return Response(json=[shapes.summary(row) for row in store.state.workspaces.rows()])


def search(store: Store, request: Request) -> Response:
    """Answer the workspaces whose name matches loosely."""
    return Response(json=Shapes(store).workspaces(store.workspaces.search(request.asked("name") or "")))


def by_name(store: Store, request: Request) -> Response:
    """Answer the workspaces of exactly this name."""
    return Response(json=Shapes(store).workspaces(store.workspaces.called(request.asked("name") or "")))


def get(store: Store, request: Request) -> Response:
    """Answer one workspace."""
    return Response(json=Shapes(store).workspace(store.workspaces.get(request.named["workspace_id"])))


def aggregated(store: Store, request: Request) -> Response:
    """Answer one workspace with everything in it."""
    return Response(json=Shapes(store).aggregated(store.workspaces.get(request.named["workspace_id"])))


def components(store: Store, request: Request) -> Response:
    """Answer the components of a workspace."""
    workspace = store.workspaces.get(request.named["workspace_id"])
    rows = store.state.components.find("workspace", workspace["_id"])
    return Response(json=Shapes(store).components(rows))


def references(store: Store, request: Request) -> Response:
    """Answer the references that start in a workspace."""
    workspace = store.workspaces.get(request.named["workspace_id"])
    rows = store.state.references.find("workspace", workspace["_id"])
    return Response(json=Shapes(store).references(rows))


def all_references(store: Store, request: Request) -> Response:
    """Answer the references that start or end in a workspace."""
    workspace_id = store.workspaces.get(request.named["workspace_id"])["_id"]
    table = store.state.references
    rows = table.find("workspace", workspace_id)
    rows += [
        row for row in table.find("target_workspace", workspace_id) if row["rootWorkspace"] != workspace_id
    ]
    return Response(json=Shapes(store).references(rows))


def branches(store: Store, request: Request) -> Response:
    """Answer the branches that were taken from a workspace."""
    shapes = Shapes(store)
    rows = store.branches.of(request.named["workspace_id"])
    return Response(json=[shapes.branch(row) for row in rows])


def create_branch(store: Store, request: Request) -> Response:
    """Take a branch of a workspace and answer the new workspace."""
    name = request.json_object().get("branch-name")
    if not isinstance(name, str | None):
        raise BadRequest("'branch-name' has to be a string.")
    return Response(201, Shapes(store).workspace(store.branches.create(request.named["workspace_id"], name)))


def create(store: Store, request: Request) -> Response:
    """Make a workspace."""
    body = request.json_object()
    row = store.workspaces.create(
        WORKSPACE.attributes(body),
        template=body.get("componentTemplate"),
        model=body.get("componentModel"),
    )
    return Response(201, Shapes(store).workspace(row))


def update(store: Store, request: Request) -> Response:
    """Replace what can be written of a workspace."""
    body = request.json_object()
    row = store.workspaces.update(
        request.named["workspace_id"],
        WORKSPACE.attributes(body),
        version=version_for_put(body),
        replace=True,
    )
    return Response(json=Shapes(store).workspace(row))


def delete(store: Store, request: Request) -> Response:
    """Remove a workspace and everything in it."""
    store.workspaces.delete(request.named["workspace_id"])
    return NO_CONTENT
