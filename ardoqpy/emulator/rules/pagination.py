"""Cut listings into pages that stay correct while entities are added and deleted between requests.

A page begins after an entity, not at a number, so changes elsewhere do not shift it. Whether Ardoq does
the same is not known, so pages can be cut by numbers, too.
"""

import base64
import binascii
from bisect import bisect_right
from collections.abc import Callable, Hashable
from typing import Any, Generic, NamedTuple

from ardoqpy.emulator.errors import BadRequest
from ardoqpy.emulator.rows import R
from ardoqpy.emulator.table import Table

_CACHED_LISTINGS = 16


class Page(NamedTuple, Generic[R]):
    """Hold a part of a listing, and the cursor of the next part, None for the last."""

    rows: list[R]
    cursor: str | None


class _Listing(NamedTuple):
    versions: tuple[int, ...]
    ids: list[str]
    positions: list[int]


class Paginator:
    """Cut pages, and cache the latest listings so that a search runs once for all of its pages."""

    def __init__(self) -> None:
        """Start with an empty cache."""
        self._cache: dict[Hashable, _Listing] = {}

    def page(
        self,
        table: Table[R],
        listing_key: Hashable,
        find: Callable[[], list[R]],
        *,
        depends_on: tuple[Table[Any], ...] = (),
        cursor: str | None,
        size: int,
        by_offset: bool = False,
    ) -> Page[R]:
        """Return the page after a cursor of the rows that `find` returns.

        `listing_key` identifies the listing in the cache. `find` runs again if the table, or a table in
        `depends_on`, has changed. `by_offset`: whether the cursor is the number of rows before the page.
        """
        listing = self._listing(table, listing_key, find, depends_on)
        if by_offset:
            first = 0 if cursor is None else _offset(cursor)
            rows = [table[row_id] for row_id in listing.ids[first : first + size]]
            return Page(rows, str(first + size) if first + size < len(listing.ids) else None)
        start = bisect_right(listing.positions, _cursor_position(table, cursor)) if cursor is not None else 0
        ids = listing.ids[start : start + size]
        more = start + size < len(listing.ids)
        return Page(
            [table[row_id] for row_id in ids],
            _encode_cursor(listing.positions[start + size - 1], ids[-1]) if more else None,
        )

    def _listing(
        self,
        table: Table[R],
        listing_key: Hashable,
        find: Callable[[], list[R]],
        depends_on: tuple[Table[Any], ...],
    ) -> _Listing:
        key = (table.name, listing_key)
        versions = (table.version, *(other.version for other in depends_on))
        listing = self._cache.pop(key, None)
        if listing is None or listing.versions != versions:
            ids = [row["_id"] for row in find()]
            listing = _Listing(versions, ids, [table.position(row_id) or 0 for row_id in ids])
        self._cache[key] = listing
        while len(self._cache) > _CACHED_LISTINGS:
            del self._cache[next(iter(self._cache))]
        return listing


def _offset(cursor: str) -> int:
    if not cursor.isdecimal() or len(cursor) > 18:
        raise BadRequest("The cursor is invalid.")
    return int(cursor)


def _encode_cursor(position: int, row_id: str) -> str:
    return base64.urlsafe_b64encode(f"{position}.{row_id}".encode()).decode("ascii").rstrip("=")


def _cursor_position(table: Table[Any], cursor: str) -> int:
    """Return the position of a cursor's entity, or the position that it had if it has been deleted."""
    try:
        decoded = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise BadRequest("The cursor is invalid.") from error
    position, dot, row_id = decoded.partition(".")
    if not dot or not position.isdecimal() or len(position) > 18:
        raise BadRequest("The cursor is invalid.")
    now = table.position(row_id)
    return int(position) if now is None else now
