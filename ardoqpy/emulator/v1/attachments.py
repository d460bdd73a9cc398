"""Answer for `/api/attachment`."""

from ardoqpy.emulator.messages import NO_CONTENT, Request, Response
from ardoqpy.emulator.multipart import file_part
from ardoqpy.emulator.rules.attachments import content_of
from ardoqpy.emulator.store import Store
from ardoqpy.emulator.v1.serializer import Shapes


def list_all(store: Store, request: Request) -> Response:
    """Answer the attachments of a workspace or of the organisation."""
    shapes = Shapes(store)
    rows = store.attachments.of(request.named["resource_type"], request.named["resource_id"])
    return Response(json=[shapes.attachment(row) for row in rows])


def upload(store: Store, request: Request) -> Response:
    """Keep an uploaded file."""
    part = file_part("attachment", request.headers.get("content-type", ""), request.body)
    row = store.attachments.store(
        request.named["resource_type"],
        request.named["resource_id"],
        part.filename,
        part.content_type,
        part.content,
    )
    return Response(201, Shapes(store).attachment(row))


def download(store: Store, request: Request) -> Response:
    """Answer the bytes of a file."""
    named = request.named
    row = store.attachments.get(named["resource_type"], named["resource_id"], named["filename"])
    return Response(content=content_of(row), content_type=row["contentType"])


def delete(store: Store, request: Request) -> Response:
    """Remove a file."""
    named = request.named
    store.attachments.delete(named["resource_type"], named["resource_id"], named["filename"])
    return NO_CONTENT
