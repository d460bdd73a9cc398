"""Results of read commands, ready for any output format: rows with columns, or one document."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from ardoqpy.entities import flatten

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ardoqpy.entities import Entities


class Column(NamedTuple):
    """One column of a table.

    - `title`: its header; `keys`: its attribute's name, in each API version.
    - `is_id`: whether its values are useless when cut; such columns are cut last.
    """

    title: str
    keys: tuple[str, ...]
    is_id: bool = False


class Listing(NamedTuple):
    """Rows, which are written one by one as they arrive.

    - `rows`: entities as Ardoq returns them; read once.
    - `columns`: the columns of a table.
    - `fields`: returns the attributes that rows may have and the first row lacks, so that a CSV can
      be written before the last row is known; None where that is not known in advance.
    """

    rows: Iterable[Any]
    columns: tuple[Column, ...]
    fields: Callable[[], list[str]] | None = None


class Document(NamedTuple):
    """One JSON value, and its rows in a table and in a CSV."""

    value: Any
    table: Listing
    csv: Listing


def columns(*names: str) -> tuple[Column, ...]:
    """Return columns by name.

    `title=key|key` gives a column another title, or several keys; a `!` in front marks ids, as `_id` is.
    """
    named = []
    for name in names:
        title, _, keys = name.removeprefix("!").partition("=")
        named.append(Column(title, tuple((keys or title).split("|")), name[:1] == "!" or title == "_id"))
    return tuple(named)


def entity_document(entity: Any, *, kind: str | None = None) -> Document:
    """Return one entity as a document; its table has one row for each attribute, and one for its `kind`."""
    attributes = [{"attribute": name, "value": value} for name, value in flatten(entity).items()]
    if kind is not None:
        attributes.insert(0, {"attribute": "kind", "value": kind})
    return Document(entity, Listing(attributes, columns("!attribute", "value")), Listing([entity], ()))


def as_list(answer: Any) -> Entities:
    """Return the answer of a method that returns one entity or a list, typed as the list it is here."""
    entities: Entities = answer
    return entities


def cell_text(value: Any) -> str:
    """Return a value as the text of one cell: null as nothing, a list with commas, anything else as JSON."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(item, str | int | float) for item in value):
        return ",".join(map(cell_text, value))
    return json.dumps(value, ensure_ascii=False)
