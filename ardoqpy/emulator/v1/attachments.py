"""Handle the requests for `/api/attachment`."""

from ardoqpy.emulator.messages import NO_CONTENT, Request, Response
from ardoqpy.emulator.multipart import file_part
from ardoqpy.emulator.rules.attachments import content_of
from ardoqpy.emulator.store import Store
from ardoqpy.emulator.v1.serializer import Serializer


def list_all(store: Store, request: Request) -> Response:
    """Return the attachments of a workspace or of the organisation."""
    serializer = Serializer(store)
    values = request.path_values
    rows = store.attachments.of_resource(values["resource_type"], values["resource_id"])
    return Response(json=[serializer.attachment(row) for row in rows])


def upload(store: Store, request: Request) -> Response:
    """Store an uploaded file."""
    part = file_part("attachment", request.headers.get("content-type", ""), request.body)
    values = request.path_values
    row = store.attachments.upload(values["resource_type"], values["resource_id"], *part)
    return Response(201, Serializer(store).attachment(row))


def download(store: Store, request: Request) -> Response:
    """Return the bytes of a file."""
    values = request.path_values
    row = store.attachments.get_file(values["resource_type"], values["resource_id"], values["filename"])
    return Response(content=content_of(row), content_type=row["contentType"])


def delete(store: Store, request: Request) -> Response:
    """Delete a file."""
    values = request.path_values
    store.attachments.delete_file(values["resource_type"], values["resource_id"], values["filename"])
    return NO_CONTENT
