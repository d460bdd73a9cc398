"""Answer for `/api/field`."""

from ardoqpy.emulator.messages import NO_CONTENT, Request, Response
from ardoqpy.emulator.store import Store
from ardoqpy.emulator.v1.bodies import FIELD, version_for_put
from ardoqpy.emulator.v1.serializer import Shapes


def list_all(store: Store, request: Request) -> Response:
    """Answer all fields, with those of the common templates if they are asked for."""
    shapes = Shapes(store)
    rows = store.fields.all(include_common=request.is_asked("includeCommon"))
    return Response(json=[shapes.field(row) for row in rows])


def get(store: Store, request: Request) -> Response:
    """Answer one field."""
    return Response(json=Shapes(store).field(store.fields.get(request.named["field_id"])))


def create(store: Store, request: Request) -> Response:
    """Make a field."""
    row = store.fields.create(FIELD.attributes(request.json_object()))
    return Response(201, Shapes(store).field(row))


def update(store: Store, request: Request) -> Response:
    """Replace what can be written of a field."""
    body = request.json_object()
    row = store.fields.update(
        request.named["field_id"], FIELD.attributes(body), version=version_for_put(body), replace=True
    )
    return Response(json=Shapes(store).field(row))


def delete(store: Store, request: Request) -> Response:
    """Remove a field."""
    store.fields.delete(request.named["field_id"])
    return NO_CONTENT
