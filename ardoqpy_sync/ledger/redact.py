"""Values that a ledger has already, of fields that are kept out of it from now on."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

from ardoqpy_sync.ledger.encoding import decode, encode

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from ardoqpy_sync.ledger.encoding import Encoder

#: By table, the columns with attributes as JSON.
ATTRIBUTES = {
    "owned": ("vals", "marked"),
    "replaced": ("vals", "marked"),
    "writes": ("before_write", "sent"),
}


def without_values(
    table: str, records: Iterable[Mapping[str, Any]], redacted: Collection[str], encoder: Encoder
) -> list[dict[str, Any]]:
    """Return the records of a table that have values of redacted fields, without these.

    - `records`: with all columns of `TABLES`.
    """
    changed = []
    for record in records:
        kept = dict(record)
        for column in ATTRIBUTES[table]:
            if record[column] is not None:
                kept[column] = encoder.attributes(decode(record[column]))
        if decode(record["field"]) in redacted:
            kept["item_key"] = None
        if kept != record:
            changed.append(kept)
    return changed


def document_without_values(packed: bytes, encoder: Encoder) -> bytes:
    """Return a packed run document without values of redacted fields."""
    document = encoder.document(decode(zlib.decompress(packed).decode()))
    return zlib.compress(encode(document).encode(), 1)
