"""Handle the requests for `/api/v2/batch`."""

import copy
from collections.abc import Callable

from ardoqpy.emulator import assumptions
from ardoqpy.emulator.messages import Request, Response
from ardoqpy.emulator.rows import Attributes, R
from ardoqpy.emulator.rules.batch_execution import WrittenIds
from ardoqpy.emulator.store import Store
from ardoqpy.emulator.table import Table
from ardoqpy.emulator.v2.batch_parser import parse_batch, responds_with_entities
from ardoqpy.emulator.v2.bodies import json_object
from ardoqpy.emulator.v2.serializer import Serializer

#: The part of an operation that may refer to other entities by name.
_PARTS = {"create": "body", "upsert": "body", "update": "body", "delete": "match"}


def execute(store: Store, request: Request) -> Response:
    """Execute all operations of a batch or none, and return what was written."""
    body = json_object(request)
    with_entities = responds_with_entities(body)
    components, references = store.batch.execute(parse_batch(body), strict=True)
    serializer, state = Serializer(store), store.state
    return Response(
        json={
            "components": _written(
                components, state.components, serializer.component if with_entities else None
            ),
            "references": _written(
                references, state.references, serializer.reference if with_entities else None
            ),
        }
    )


def expand(store: Store, request: Request) -> Response:
    """Return the batch with ids in place of its aliases; nothing is executed."""
    body = json_object(request)
    responds_with_entities(body)
    names = store.batch.resolve_names(parse_batch(body))
    expanded = copy.deepcopy(body)
    if not assumptions.V2_EXPANDED_INCLUDES_ALIASES:
        expanded.pop("aliases", None)
    for kind, ids, ends in (
        ("components", names.components, ("parent",)),
        ("references", names.references, ("source", "target")),
    ):
        operations = expanded.get(kind, {})
        for verb, part in _PARTS.items():
            for item in operations.get(verb, ()):
                if verb in {"update", "delete"}:
                    _replace(item, ("id",), ids)
                _replace(item.get(part, {}), ends, names.components)
    return Response(json=expanded)


def _replace(item: Attributes, keys: tuple[str, ...], ids: dict[str, str]) -> None:
    for key in keys:
        if isinstance(item.get(key), str):
            item[key] = ids.get(item[key], item[key])


def _written(written: WrittenIds, table: Table[R], serialize: Callable[[R], Attributes] | None) -> Attributes:
    def item(row_id: str, batch_id: str | None) -> Attributes:
        answer: Attributes = {"id": row_id}
        if batch_id is not None:
            answer["batchId"] = batch_id
        if serialize is not None:
            answer["body"] = serialize(table[row_id])
        return answer

    return {
        "created": [item(row_id, batch_id) for row_id, batch_id in written.created],
        "updated": [
            item(row_id, batch_id if assumptions.V2_UPDATED_INCLUDES_BATCH_ID else None)
            for row_id, batch_id in written.updated
        ],
        "deleted": [{"id": row_id} for row_id in written.deleted],
    }
