"""Answer for `/api/v2/me` and `/api/v2/attachments`."""

from ardoqpy.emulator import assumptions
from ardoqpy.emulator.messages import Request, Response
from ardoqpy.emulator.store import Store
from ardoqpy.emulator.v2.pages import filtered, wanted
from ardoqpy.emulator.v2.serializer import Shapes


def me(store: Store, request: Request) -> Response:
    """Answer whom the token belongs to, and the organisation."""
    label = request.settings.org
    user, org = store.state.user(), {"name": assumptions.V2_ORG_NAME or label, "label": label}
    return Response(json={"user": {"email": user["email"]}, "org": org})


def list_attachments(store: Store, request: Request) -> Response:
    """Answer a page of the attachments that the query asks for, without their bytes."""
    what = wanted(request, "filename", "folder")
    return filtered(store, request, store.state.attachments, what, Shapes(store).attachment)


def get_attachment(store: Store, request: Request) -> Response:
    """Answer one attachment, without its bytes."""
    return Response(json=Shapes(store).attachment(store.attachments.by_id(request.named["attachment_id"])))
