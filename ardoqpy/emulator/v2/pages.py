"""Answer page by page: filters from the query, entities in the order of making, a link to the next page."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlencode

from ardoqpy.emulator import assumptions
from ardoqpy.emulator.messages import Request, Response
from ardoqpy.emulator.rules.matcher import Wanted
from ardoqpy.emulator.store import Store
from ardoqpy.emulator.table import Row, Table

_CUSTOM = "customFields."
_HOST = re.compile(r"[\w.:\[\]-]+")
_NUMBER = re.compile(r"-?[0-9]{1,18}")


def wanted(request: Request, *names: str, custom: bool = False, numbers: tuple[str, ...] = ()) -> Wanted:
    """Return what the query filters by; parameters that are no filters are ignored."""
    attributes: dict[tuple[str, Any], None] = {}
    values: dict[tuple[str, str], None] = {}
    for key, value in request.query:
        if not value and assumptions.V2_EMPTY_FILTERS_ARE_NONE:
            continue
        if key in numbers and _NUMBER.fullmatch(value):
            attributes[key, int(value)] = None
        elif key in names or key in numbers:
            attributes[key, value] = None
        elif custom and key.startswith(_CUSTOM) and key != _CUSTOM:
            values[key.removeprefix(_CUSTOM), value] = None
    return Wanted(tuple(attributes), tuple(values))


def filtered(
    store: Store, request: Request, table: Table, what: Wanted, shape: Callable[[Row], Any]
) -> Response:
    """Answer one page of what a filter finds."""
    return page(store, request, table, what, lambda: store.matching.find(table, what), shape)


def page(
    store: Store,
    request: Request,
    table: Table,
    what: object,
    find: Callable[[], list[Row]],
    shape: Callable[[Row], Any],
    meta: Row | None = None,
) -> Response:
    """Answer one page of what `find` finds."""
    cut = store.pages.cut(
        table,
        what,
        find,
        depends_on=(store.state.fields, store.state.reports),
        cursor=request.asked(assumptions.V2_CURSOR_PARAMETER),
        size=request.settings.page_size,
    )
    links: Row = {}
    if cut.cursor is not None:
        links["next"] = {"href": _next(request, cut.cursor)}
    return Response(json={"values": [shape(row) for row in cut.rows], "_links": links, "_meta": meta or {}})


def _next(request: Request, cursor: str) -> str:
    # A client that repeats its parameters beside the link must not make it grow.
    pairs = dict.fromkeys(pair for pair in request.query if pair[0] != assumptions.V2_CURSOR_PARAMETER)
    query = urlencode([*pairs, (assumptions.V2_CURSOR_PARAMETER, cursor)])
    host = request.headers.get("host", "")
    base = f"http://{host}" if _HOST.fullmatch(host) else request.settings.base_url
    path = "/".join(quote(segment, safe="") for segment in request.segments)
    return f"{base}/{path}?{query}"
