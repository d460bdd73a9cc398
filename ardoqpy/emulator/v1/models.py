"""Answer for `/api/model`."""

from ardoqpy.emulator import assumptions
from ardoqpy.emulator.messages import Request, Response
from ardoqpy.emulator.store import Store
from ardoqpy.emulator.v1.bodies import MODEL, version_for_patch, version_for_put
from ardoqpy.emulator.v1.serializer import Shapes


def list_all(store: Store, request: Request) -> Response:
    """Answer all models, with the common templates if they are asked for."""
    shapes = Shapes(store)
    rows = store.models.all(include_common=request.is_asked("includeCommon"))
    return Response(json=[shapes.model(row) for row in rows])


def get(store: Store, request: Request) -> Response:
    """Answer one model."""
    return Response(json=Shapes(store).model(store.models.get(request.named["model_id"])))


def create(store: Store, request: Request) -> Response:
    """Make a model."""
    row = store.models.create(MODEL.attributes(request.json_object()))
    return Response(assumptions.STATUS_MODEL_CREATED, Shapes(store).model(row))


def update(store: Store, request: Request) -> Response:
    """Replace what can be written of a model."""
    body = request.json_object()
    row = store.models.update(
        request.named["model_id"], MODEL.attributes(body), version=version_for_put(body), replace=True
    )
    return Response(json=Shapes(store).model(row))


def patch(store: Store, request: Request) -> Response:
    """Change what the body names of a model."""
    body = request.json_object()
    row = store.models.update(
        request.named["model_id"], MODEL.attributes(body), version=version_for_patch(body)
    )
    return Response(json=Shapes(store).model(row))
