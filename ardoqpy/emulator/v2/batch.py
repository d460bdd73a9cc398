"""Answer for `/api/v2/batch`."""

import copy
from collections.abc import Callable

from ardoqpy.emulator import assumptions
from ardoqpy.emulator.messages import Request, Response
from ardoqpy.emulator.rules.batch_execution import Done
from ardoqpy.emulator.store import Store
from ardoqpy.emulator.table import Row, Table
from ardoqpy.emulator.v2.batch_parser import change_request, responds_with_entities
from ardoqpy.emulator.v2.bodies import json_object
from ardoqpy.emulator.v2.serializer import Shapes

#: Where in an operation the names of other entities stand; keys that are not known are left alone.
_PARTS = {"create": "body", "upsert": "body", "update": "body", "delete": "match"}


def execute(store: Store, request: Request) -> Response:
    """Do everything that a batch asks for, or nothing, and tell what was done."""
    body = json_object(request)
    with_entities = responds_with_entities(body)
    components, references = store.changes.carry_out(change_request(body))
    shapes, state = Shapes(store), store.state
    return Response(
        json={
            "components": _told(components, state.components, shapes.component if with_entities else None),
            "references": _told(references, state.references, shapes.reference if with_entities else None),
        }
    )


def expand(store: Store, request: Request) -> Response:
    """Answer the batch itself, with the ids of what its aliases stand for in their place; do nothing."""
    body = json_object(request)
    responds_with_entities(body)
    names = store.changes.names(change_request(body))
    expanded = copy.deepcopy(body)
    if not assumptions.V2_EXPANDED_KEEPS_ALIASES:
        expanded.pop("aliases", None)
    for kind, known, ends in (
        ("components", names.components, ("parent",)),
        ("references", names.references, ("source", "target")),
    ):
        operations = expanded.get(kind, {})
        for verb, part in _PARTS.items():
            for item in operations.get(verb, ()):
                if verb in {"update", "delete"}:
                    _replace(item, ("id",), known)
                _replace(item.get(part, {}), ends, names.components)
    return Response(json=expanded)


def _replace(item: Row, keys: tuple[str, ...], known: dict[str, str]) -> None:
    for key in keys:
        if isinstance(item.get(key), str):
            item[key] = known.get(item[key], item[key])


def _told(done: Done, table: Table, shape: Callable[[Row], Row] | None) -> Row:
    def item(row_id: str, batch_id: str | None) -> Row:
        told: Row = {"id": row_id}
        if batch_id is not None:
            told["batchId"] = batch_id
        if shape is not None:
            told["body"] = shape(table[row_id])
        return told

    return {
        "created": [item(row_id, batch_id) for row_id, batch_id in done.created],
        "updated": [
            item(row_id, batch_id if assumptions.V2_UPDATED_CARRIES_BATCH_ID else None)
            for row_id, batch_id in done.updated
        ],
        "deleted": [{"id": row_id} for row_id in done.deleted],
    }
