"""Handle the requests for workspaces, and for all that is in one, that other resources do not have."""

from ardoqpy.emulator.errors import BadRequest
from ardoqpy.emulator.messages import Request, Response
from ardoqpy.emulator.store import Store
from ardoqpy.emulator.v1.serializer import Serializer


def summary(store: Store, _request: Request) -> Response:
    """Return all workspaces with the numbers of their components and references."""
    serializer = Serializer(store)
    return Response(json=[serializer.summary(row) for row in store.workspaces.all()])


def search(store: Store, request: Request) -> Response:
    """Return the workspaces whose name starts with a text."""
    rows = store.workspaces.search(request.query_value("name") or "")
    return Response(json=Serializer(store).workspaces(rows))


def by_name(store: Store, request: Request) -> Response:
    """Return the workspaces of exactly this name."""
    rows = store.workspaces.with_name(request.query_value("name") or "")
    return Response(json=Serializer(store).workspaces(rows))


def aggregated(store: Store, request: Request) -> Response:
    """Return one workspace with everything in it."""
    row = store.workspaces.get(request.path_values["workspace_id"])
    return Response(json=Serializer(store).aggregated(row))


def components(store: Store, request: Request) -> Response:
    """Return the components of a workspace."""
    rows = store.components.in_workspace(_workspace_id(store, request))
    return Response(json=Serializer(store).components(rows))


def references(store: Store, request: Request) -> Response:
    """Return the references that start in a workspace."""
    rows = store.references.in_workspace(_workspace_id(store, request))
    return Response(json=Serializer(store).references(rows))


def all_references(store: Store, request: Request) -> Response:
    """Return the references that start or end in a workspace."""
    workspace_id = _workspace_id(store, request)
    rows = store.references.in_workspace(workspace_id)
    incoming = store.state.references.find("target_workspace", workspace_id)
    rows += [row for row in incoming if row["rootWorkspace"] != workspace_id]
    return Response(json=Serializer(store).references(rows))


def tags(store: Store, request: Request) -> Response:
    """Return the tags of a workspace."""
    return Response(json=Serializer(store).tags(store.tags.in_workspace(_workspace_id(store, request))))


def branches(store: Store, request: Request) -> Response:
    """Return the branches of a workspace."""
    serializer = Serializer(store)
    rows = store.branches.of_workspace(request.path_values["workspace_id"])
    return Response(json=[serializer.branch(row) for row in rows])


def create_branch(store: Store, request: Request) -> Response:
    """Branch a workspace, and return the new workspace."""
    name = request.json_object().get("branch-name")
    if not isinstance(name, str | None):
        raise BadRequest("'branch-name' has to be a string.")
    row = store.branches.create(request.path_values["workspace_id"], name)
    return Response(201, Serializer(store).workspace(row))


def _workspace_id(store: Store, request: Request) -> str:
    return store.workspaces.get(request.path_values["workspace_id"])["_id"]
