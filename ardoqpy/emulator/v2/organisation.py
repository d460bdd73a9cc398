"""Handle the requests for the current user and for the types and fields of a workspace."""

from ardoqpy.emulator import assumptions
from ardoqpy.emulator.messages import Request, Response
from ardoqpy.emulator.store import Store
from ardoqpy.emulator.v2.serializer import Serializer


def me(store: Store, request: Request) -> Response:
    """Return the user of the token, and the organisation."""
    label = request.settings.org
    user, org = store.state.user(), {"name": assumptions.V2_ORG_NAME or label, "label": label}
    return Response(json={"user": {"email": user["email"]}, "org": org})


def workspace_context(store: Store, request: Request) -> Response:
    """Return the types, fields and tags of a workspace."""
    workspace = store.workspaces.get(request.path_values["workspace_id"])
    return Response(json=Serializer(store).context(workspace))
