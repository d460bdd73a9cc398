"""A ledger as lines of JSON: to move it to another database, or to keep it elsewhere."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ardoqpy._messages import quote_name
from ardoqpy.errors import InvalidInput
from ardoqpy_sync.ledger.encoding import decode, encode
from ardoqpy_sync.ledger.statements import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ardoqpy_sync.ledger.ledger import Ledger

KIND, FORMAT = "ardoqpy ledger", 1


def export_lines(ledger: Ledger) -> Iterator[str]:
    """Yield the records of a ledger, each as a line of JSON: first what it is, then its tables.

    Reports of runs are left out.
    """
    yield encode({"kind": KIND, "format": FORMAT, "job": ledger.job})
    count = 0
    for table, columns in TABLES.items():
        for row in ledger.rows_of(table):
            yield encode({"table": table, **dict(zip(columns, row, strict=True))})
            count += 1
    yield encode({"records": count})  # so that a file that is cut off is recognised


def import_lines(ledger: Ledger, lines: Iterable[bytes], name: str) -> int:
    """Add records to a ledger that has none yet: all of them, or none. Return how many.

    - `name`: the file that they are from, for messages.

    Raise `InvalidInput` if the ledger is not empty, or a line is not a record.
    """
    if ledger.runs() or ledger.facts:
        raise InvalidInput(
            f"{ledger.description} has records already. Set ledger to a new file to import into."
        )
    rows: dict[str, list[dict[str, Any]]] = {table: [] for table in TABLES}
    stated: object = None
    for number, line in enumerate(lines, 1):
        record = _record(line, number, name)
        if number == 1:
            _check_header(record, name)
            continue
        if set(record) == {"records"}:
            stated = record["records"]
            continue
        table = record.pop("table", None)
        if table not in TABLES or set(record) != set(TABLES[table]):
            raise InvalidInput(f"{name} line {number} is not a record of a ledger: {quote_name(table)}.")
        rows[table].append(record)
    count = sum(map(len, rows.values()))
    if stated != count:
        raise InvalidInput(f"{name} is cut off, or not what 'ledger export' wrote: export the ledger again.")
    ledger.add_rows(rows)
    return count


def _record(line: bytes, number: int, name: str) -> dict[str, Any]:
    try:
        record = decode(line.decode())
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError):
        record = None
    if not isinstance(record, dict):
        raise InvalidInput(f"{name} line {number} is not a JSON object: import what 'ledger export' wrote.")
    return record


def _check_header(record: dict[str, Any], name: str) -> None:
    if (record.get("kind"), record.get("format")) != (KIND, FORMAT):
        raise InvalidInput(f"{name} is not a ledger: import what 'ledger export' wrote.")
