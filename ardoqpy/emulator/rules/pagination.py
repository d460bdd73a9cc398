"""Cut listings into pages that stay right while entities come and go between them.

A page begins after an entity, not at a number: what is added or removed elsewhere moves nothing.
"""

import base64
import binascii
from bisect import bisect_right
from collections.abc import Callable, Hashable
from typing import NamedTuple

from ardoqpy.emulator.errors import BadRequest
from ardoqpy.emulator.table import Row, Table

_KEPT_LISTINGS = 16


class Page(NamedTuple):
    """Hold a part of a listing, and the cursor that leads to the next part, if there is one."""

    rows: list[Row]
    cursor: str | None


class _Listing(NamedTuple):
    versions: tuple[int, ...]
    ids: list[str]
    positions: list[int]


class Pages:
    """Cut pages, and keep the latest listings: whoever walks through one does not pay for it on every
    page.
    """

    def __init__(self) -> None:
        self._kept: dict[Hashable, _Listing] = {}

    def cut(
        self,
        table: Table,
        what: Hashable,
        find: Callable[[], list[Row]],
        *,
        depends_on: tuple[Table, ...] = (),
        cursor: str | None,
        size: int,
    ) -> Page:
        """Return the page after a cursor of what `find` finds; `what` names the listing.

        A listing is found anew when the table, or one that it depends on, has changed.
        """
        listing = self._listing(table, what, find, depends_on)
        start = bisect_right(listing.positions, _place(table, cursor)) if cursor is not None else 0
        ids = listing.ids[start : start + size]
        more = start + size < len(listing.ids)
        return Page(
            [table[row_id] for row_id in ids],
            _written(listing.positions[start + size - 1], ids[-1]) if more else None,
        )

    def _listing(
        self, table: Table, what: Hashable, find: Callable[[], list[Row]], depends_on: tuple[Table, ...]
    ) -> _Listing:
        key = (table.name, what)
        versions = tuple(one.version for one in (table, *depends_on))
        listing = self._kept.pop(key, None)
        if listing is None or listing.versions != versions:
            placed = [(table.position(row["_id"]) or 0, row["_id"]) for row in find()]
            listing = _Listing(versions, [row_id for _, row_id in placed], [place for place, _ in placed])
        self._kept[key] = listing
        while len(self._kept) > _KEPT_LISTINGS:
            del self._kept[next(iter(self._kept))]
        return listing


def _written(position: int, row_id: str) -> str:
    return base64.urlsafe_b64encode(f"{position}.{row_id}".encode()).decode("ascii").rstrip("=")


def _place(table: Table, cursor: str) -> int:
    """Return the place that a cursor speaks of: that of its entity, or where this was while it was there."""
    try:
        written = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise BadRequest("The cursor is not one of ours.") from error
    position, dot, row_id = written.partition(".")
    if not dot or not position.isdecimal() or len(position) > 18:
        raise BadRequest("The cursor is not one of ours.")
    now = table.position(row_id)
    return int(position) if now is None else now
