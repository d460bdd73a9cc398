"""Handle the requests for `/api/batch`."""

from ardoqpy.emulator import assumptions
from ardoqpy.emulator.errors import BadRequest, Unprocessable
from ardoqpy.emulator.messages import Request, Response
from ardoqpy.emulator.rows import Attributes
from ardoqpy.emulator.rules.batch_execution import BatchRequest, CreateOperation, Operations, WrittenIds
from ardoqpy.emulator.store import Store
from ardoqpy.emulator.v1.bodies import COMPONENT, REFERENCE, Body


def create(store: Store, request: Request) -> Response:
    """Create components and references, all or nothing, and return their ids by batchId."""
    body = request.json_object()
    if body.get("op") != "create":
        raise Unprocessable("The only 'op' of a batch is 'create'.")
    data = body.get("data")
    if not isinstance(data, dict):
        raise BadRequest("'data' of a batch has to be an object.")
    batch = BatchRequest(
        _operations(data, "components", COMPONENT), _operations(data, "references", REFERENCE)
    )
    components, references = store.batch.execute(batch, strict=False)
    answer = {
        "components": _ids(batch.components, components),
        "references": _ids(batch.references, references),
    }
    return Response(assumptions.STATUS_BATCH_CREATED, answer)


def _operations(data: Attributes, key: str, body: Body) -> Operations:
    items = data.get(key) or []
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise BadRequest(f"'{key}' of a batch has to be a list of objects.")
    return Operations([CreateOperation(_batch_id(item), *body.parts(item)) for item in items])


def _batch_id(item: Attributes) -> str | None:
    batch_id = item.get("batchId")
    if not isinstance(batch_id, str | None):
        raise BadRequest("A 'batchId' has to be a string.")
    if batch_id is None and assumptions.BATCH_NEEDS_IDS:
        raise Unprocessable("Everything in a batch needs a 'batchId'.")
    return batch_id


def _ids(operations: Operations, written: WrittenIds) -> dict[str, str]:
    ids = {batch_id: row_id for row_id, batch_id in written.created}
    names = [operation.batch_id for operation in operations.create]
    return {name: ids[name] for name in names if name is not None}
