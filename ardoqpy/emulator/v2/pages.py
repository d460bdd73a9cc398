"""Answer listings page by page, with filters from the query and a link to the next page."""

import re
from collections.abc import Callable, Hashable
from typing import Any
from urllib.parse import quote, urlencode

from ardoqpy.emulator import assumptions
from ardoqpy.emulator.messages import Request, Response
from ardoqpy.emulator.rows import Attributes, R
from ardoqpy.emulator.rules.matcher import Criteria
from ardoqpy.emulator.store import Store
from ardoqpy.emulator.table import Table

_CUSTOM = "customFields."
_HOST = re.compile(r"[\w.:\[\]-]+")
_NUMBER = re.compile(r"-?[0-9]{1,18}")


def criteria_from_query(
    request: Request, *names: str, numbers: tuple[str, ...] = (), custom: bool = False
) -> Criteria:
    """Return the filters of the query; other parameters are ignored.

    `names` are filters by text, `numbers` by integer; `custom` adds "customFields.NAME".
    """
    attributes: dict[tuple[str, Any], None] = {}
    values: dict[tuple[str, str], None] = {}
    for key, value in request.query:
        if not value and assumptions.V2_IGNORES_EMPTY_FILTERS:
            continue
        if key in numbers and _NUMBER.fullmatch(value):
            attributes[key, int(value)] = None
        elif key in names or key in numbers:
            attributes[key, value] = None
        elif custom and key.startswith(_CUSTOM) and key != _CUSTOM:
            values[key.removeprefix(_CUSTOM), value] = None
    return Criteria(tuple(attributes), tuple(values))


def list_page(
    store: Store, request: Request, table: Table[R], criteria: Criteria, serialize: Callable[[R], Any]
) -> Response:
    """Return one page of the rows that meet the criteria."""
    return page(store, request, table, criteria, lambda: store.matcher.find(table, criteria), serialize)


def page(
    store: Store,
    request: Request,
    table: Table[R],
    listing_key: Hashable,
    find: Callable[[], list[R]],
    serialize: Callable[[R], Any],
    meta: Attributes | None = None,
) -> Response:
    """Return one page of the rows that `find` returns."""
    result = store.paginator.page(
        table,
        listing_key,
        find,
        depends_on=(store.state.fields, store.state.reports),
        cursor=request.query_value(assumptions.V2_CURSOR_PARAMETER),
        size=request.settings.page_size,
        by_offset=request.settings.paging == "offset",
    )
    links: Attributes = {}
    if result.cursor is not None:
        links["next"] = {"href": _next_link(request, result.cursor)}
    values = [serialize(row) for row in result.rows]
    return Response(json={"values": values, "_links": links, "_meta": meta or {}})


def _next_link(request: Request, cursor: str) -> str:
    # The link must not grow if a client repeats its parameters in addition to the link.
    pairs = dict.fromkeys(pair for pair in request.query if pair[0] != assumptions.V2_CURSOR_PARAMETER)
    query = urlencode([*pairs, (assumptions.V2_CURSOR_PARAMETER, cursor)])
    host = request.headers.get("host", "")
    base = f"http://{host}" if _HOST.fullmatch(host) else request.settings.base_url
    path = "/".join(quote(segment, safe="") for segment in request.segments)
    return f"{base}/{path}?{query}"
