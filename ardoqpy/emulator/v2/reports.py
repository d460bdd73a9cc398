"""Answer for `/api/v2/reports`."""

from collections.abc import Callable
from typing import Any

from ardoqpy.emulator.errors import BadRequest
from ardoqpy.emulator.messages import Request, Response
from ardoqpy.emulator.store import Store
from ardoqpy.emulator.table import Row
from ardoqpy.emulator.v2.pages import filtered, page, wanted
from ardoqpy.emulator.v2.serializer import Shapes

_KEY_FORMATS = ("label", "key")


def list_all(store: Store, request: Request) -> Response:
    """Answer a page of the reports that the query asks for."""
    what = wanted(request, "name")
    return filtered(store, request, store.state.reports, what, Shapes(store).report)


def get(store: Store, request: Request) -> Response:
    """Answer what a report asks for."""
    return Response(json=Shapes(store).report(store.reports.get(request.named["report_id"])))


def run_objects(store: Store, request: Request) -> Response:
    """Answer a page of a report's rows as objects; what a row has no value for is not in it."""
    key_format = _key_format(request)

    def shape(columns: list[Row], cells: list[Any]) -> Row:
        pairs = zip(columns, cells, strict=True)
        return {column[key_format]: cell for column, cell in pairs if cell is not None}

    return _run(store, request, shape)


def run_tabular(store: Store, request: Request) -> Response:
    """Answer a page of a report's rows as lists in the order of the columns, null where a value is
    missing.
    """
    return _run(store, request, lambda _columns, cells: cells)


def _run(store: Store, request: Request, shape: Callable[[list[Row], list[Any]], Any]) -> Response:
    report = store.reports.get(request.named["report_id"])
    shapes = Shapes(store)
    columns = shapes.columns(report)
    return page(
        store,
        request,
        store.state.components,
        ("report", report["_id"]),
        lambda: store.reports.run(report["_id"]),
        lambda row: shape(columns, shapes.cells(report, row)),
        {"name": report["name"], "columns": columns},
    )


def _key_format(request: Request) -> str:
    asked = [value for key, value in request.query if key == "keyFormat"]
    for value in asked:
        if value not in _KEY_FORMATS:
            sentence = f"'keyFormat' is one of {', '.join(_KEY_FORMATS)}, not '{value}'."
            raise BadRequest(sentence)
    return asked[0] if asked else _KEY_FORMATS[0]
