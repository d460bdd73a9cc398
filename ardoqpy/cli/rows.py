"""What a command has read, ready to be written in any format: rows with columns, or one document."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

__all__ = ["Column", "Document", "Listing", "as_list", "cell", "columns", "flat", "record"]

#: The attributes of v2's components and references: a custom field by one of these names is told apart.
_BUILT_IN = {
    *("_id", "_version", "_meta", "rootWorkspace", "name", "description", "customFields", "type"),
    *("typeId", "componentKey", "parent", "color", "icon", "image", "shape"),
    *("source", "target", "targetWorkspace", "displayText"),
}
_DEEPEST = 4


class Column(NamedTuple):
    """One column of a table: its title, and the attributes by which versions of the API know it.

    `whole` ones, such as ids, are of no use when cut: they are the last to be.
    """

    title: str
    keys: tuple[str, ...]
    whole: bool = False


class Listing(NamedTuple):
    """Rows, written as they come.

    - `rows`: entities as Ardoq gives them; each is read once.
    - `columns`: what a table shows of them.
    - `fields`: asks which attributes rows may have beyond those of the first one, so that a CSV can begin
      before the last row is known; None where nobody can tell.
    """

    rows: Iterable[Any]
    columns: tuple[Column, ...]
    fields: Callable[[], list[str]] | None = None


class Document(NamedTuple):
    """One JSON value, and what a table and a CSV show of it."""

    value: Any
    table: Listing
    csv: Listing


def columns(*names: str, whole: tuple[str, ...] = ("_id",)) -> tuple[Column, ...]:
    """Return columns by their names; `title=key|key` gives one of another title, or of several spellings."""
    made = []
    for name in names:
        title, _, keys = name.partition("=")
        made.append(Column(title, tuple((keys or title).split("|")), title in whole))
    return tuple(made)


def record(entity: Any, *, kind: str | None = None) -> Document:
    """Return one entity as a document; as a table it is a line for each attribute."""
    attributes = [{"attribute": name, "value": value} for name, value in flat(entity).items()]
    if kind is not None:
        attributes.insert(0, {"attribute": "kind", "value": kind})
    shown = (Column("attribute", ("attribute",), whole=True), Column("value", ("value",)))
    return Document(entity, Listing(attributes, shown), Listing([entity], ()))


def flat(row: Any) -> dict[str, Any]:
    """Return a row as one level of attributes: `_meta.created` for what lies deeper, custom fields by name.

    A custom field with the name of a built-in attribute is `customFields.name`. What is no object has
    the one attribute `value`.
    """
    return dict(_flattened(row, "", 1)) if isinstance(row, dict) else {"value": row}


def as_list(answer: Any) -> list[dict[str, Any]]:
    """Return the answer of a method that gives one entity or a list of them, where a list was asked for."""
    listed: list[dict[str, Any]] = answer
    return listed


def _flattened(row: dict[str, Any], before: str, depth: int) -> Iterator[tuple[str, Any]]:
    for name, value in row.items():
        if name == "customFields" and isinstance(value, dict) and not before:
            yield from ((f"{name}.{key}" if key in _BUILT_IN else key, field) for key, field in value.items())
        elif isinstance(value, dict) and value and depth < _DEEPEST:
            yield from _flattened(value, f"{before}{name}.", depth + 1)
        else:
            yield f"{before}{name}", value


def cell(value: Any) -> str:
    """Return a value as the text of one cell: nothing for null, a list of texts with commas, else JSON."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(one, str | int | float) for one in value):
        return ",".join(map(cell, value))
    return json.dumps(value, ensure_ascii=False)
