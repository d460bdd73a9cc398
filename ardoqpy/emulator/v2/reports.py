"""Handle the requests that run a report."""

from collections.abc import Callable
from typing import Any

from ardoqpy.emulator.errors import BadRequest
from ardoqpy.emulator.messages import Request, Response
from ardoqpy.emulator.rows import Attributes, Column
from ardoqpy.emulator.store import Store
from ardoqpy.emulator.v2.pages import page
from ardoqpy.emulator.v2.serializer import Serializer


def run_objects(store: Store, request: Request) -> Response:
    """Return a page of a report's rows as objects, without the keys of missing values."""
    by_key = _uses_keys(request)

    def to_object(columns: list[Column], cells: list[Any]) -> Attributes:
        pairs = zip(columns, cells, strict=True)
        return {
            column["key"] if by_key else column["label"]: cell for column, cell in pairs if cell is not None
        }

    return _run(store, request, to_object)


def run_tabular(store: Store, request: Request) -> Response:
    """Return a page of a report's rows as lists in the order of the columns; null is a missing value."""
    return _run(store, request, lambda _columns, cells: cells)


def _run(store: Store, request: Request, serialize: Callable[[list[Column], list[Any]], Any]) -> Response:
    report = store.reports.get(request.path_values["report_id"])
    serializer = Serializer(store)
    columns = serializer.columns(report)
    return page(
        store,
        request,
        store.state.components,
        ("report", report["_id"]),
        lambda: store.reports.run(report["_id"]),
        lambda row: serialize(columns, serializer.cells(report, row)),
        {"name": report["name"], "columns": columns},
    )


def _uses_keys(request: Request) -> bool:
    formats = [value for key, value in request.query if key == "keyFormat"] or ["label"]
    for value in formats:
        if value not in {"label", "key"}:
            raise BadRequest(f"'keyFormat' is one of label, key, not '{value}'.")
    return formats[0] == "key"
