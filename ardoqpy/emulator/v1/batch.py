"""Answer for `/api/batch`."""

from typing import Any

from ardoqpy.emulator import assumptions
from ardoqpy.emulator.errors import BadRequest, Unprocessable
from ardoqpy.emulator.messages import Request, Response
from ardoqpy.emulator.rules.batch_create import Draft
from ardoqpy.emulator.store import Store
from ardoqpy.emulator.table import Row
from ardoqpy.emulator.v1.bodies import COMPONENT, REFERENCE, Body


def create(store: Store, request: Request) -> Response:
    """Create components and references, all or nothing, and answer their ids by batchId."""
    body = request.json_object()
    if body.get("op") != "create":
        raise Unprocessable("The only 'op' of a batch is 'create'.")
    data = body.get("data")
    if not isinstance(data, dict):
        raise BadRequest("'data' of a batch has to be an object.")
    components = _drafts(data, "components", COMPONENT)
    references = _drafts(data, "references", REFERENCE)
    created = store.batch.create(components, references)
    answer = {
        "components": _ids(components, created.components),
        "references": _ids(references, created.references),
    }
    return Response(assumptions.STATUS_BATCH_CREATED, answer)


def _drafts(data: dict[str, Any], key: str, kind: Body) -> list[Draft]:
    items = data.get(key) or []
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        sentence = f"'{key}' of a batch has to be a list of objects."
        raise BadRequest(sentence)
    return [Draft(_batch_id(item), *kind.parts(item)) for item in items]


def _batch_id(item: dict[str, Any]) -> str | None:
    batch_id = item.get("batchId")
    if not isinstance(batch_id, str | None):
        raise BadRequest("A 'batchId' has to be a string.")
    if batch_id is None and assumptions.BATCH_NEEDS_IDS:
        raise Unprocessable("Everything in a batch needs a 'batchId'.")
    return batch_id


def _ids(drafts: list[Draft], rows: list[Row]) -> dict[str, str]:
    return {
        draft.batch_id: row["_id"]
        for draft, row in zip(drafts, rows, strict=True)
        if draft.batch_id is not None
    }
