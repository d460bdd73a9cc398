"""A first job, written from a workspace and what a source looks like: to be read, changed, and rehearsed."""

from __future__ import annotations

import json
import re
from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from ardoqpy import metamodel
from ardoqpy._messages import is_similar
from ardoqpy.errors import InvalidInput
from ardoqpy_sync.job.landscape import Landscape
from ardoqpy_sync.job.row_mapping import text_of
from ardoqpy_sync.sources import open_source

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from ardoqpy.client import ArdoqClient
    from ardoqpy.metamodel import Field

__all__ = ["first_job"]

#: So many rows are looked at to see which columns could be a name or a key.
SAMPLE = 200
#: What a column with a component's name may be called, and one with its description.
NAMES = ("name", "title", "navn", "namn", "nom", "nombre", "label", "component")
DESCRIPTIONS = ("description", "summary", "beskrivelse", "beschreibung")
#: So many types and fields are listed in a remark.
SHOWN = 12


class _Column(NamedTuple):
    """A column: what it is called, and whether each row of the sample has another text in it."""

    name: str
    unique: bool


def first_job(client: ArdoqClient, ws: str, source: str | Mapping[str, Any], base: Path) -> str:
    """Return the text of a first job that brings the rows of a source into a workspace.

    - `client`: asked for the workspace, its model and its fields; nothing is written.
    - `ws`: the workspace, by name or id.
    - `source`: a file, or a table as below `[sources]` in a job; `base`: the folder that the job will be in.

    Columns are mapped to the fields of the same name or label; what could not be mapped stands in remarks.
    Raise `InvalidInput` where there is no such workspace, or it has no component type, `ConfigurationError`
    and `SourceUnreadable` where the source cannot be opened or read.
    """
    described = {"file": source} if isinstance(source, str) else dict(source)
    with open_source(described, base) as opened:
        # A column with a brace in its name cannot be said in a template.
        usable = [name for name in opened.columns if not {"{", "}"} & set(name)]
        columns = _columns(usable, [row.values for row in islice(opened, SAMPLE) if not row.problem])
    if not columns:
        raise InvalidInput(f"{opened.name} has no columns that can be mapped.")
    known = Landscape(client)
    ws_id = known.workspace(ws)
    model = client.get_model(ws_id)
    types = [str(name) for name in metamodel.component_type_names(model)]
    if not types:
        raise InvalidInput(f"Workspace {ws!r} has no component type: give it one in Ardoq first.")
    fields = [field for field in known.fields(ws_id).values() if not field.read_only]
    references = [str(name) for name in metamodel.reference_type_names(model)]
    return "\n".join(
        [
            *_head(client, opened.name),
            *_source(described),
            *_components(known.workspace_name(ws_id), types, fields, columns),
            *_references(references, types[0], known.workspace_name(ws_id)),
        ]
    )


def _columns(names: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> list[_Column]:
    found = []
    for name in names:
        texts = [_shown(row.get(name)) for row in rows]
        found.append(_Column(name, bool(texts) and all(texts) and max(Counter(texts).values()) == 1))
    return found


def _shown(cell: Any) -> str:
    try:
        return text_of(cell)
    except InvalidInput:
        return ""


def _head(client: ArdoqClient, source: str) -> list[str]:
    host = client.hosturl
    return [
        f"# A first job, made from {_remark(source)}: read it, change it, then rehearse it:",
        "#   ardoqpy-sync check <this file>      what would fail",
        "#   ardoqpy-sync plan <this file>       what would change; nothing is written",
        "#   ardoqpy-sync apply <this file>      do it",
        "# The token does not stand here: set ARDOQ_API_TOKEN.",
        "format = 1",
        f"name = {_text(f'{source} to Ardoq')}",
        "",
        "[ardoq]",
        f"host = {_text(host)}",
        *([f"org = {_text(client.org)}"] if client.org else []),
        f"version = {_text(client.version)}",
        "",
        "[guard]",
        "# How much of a type may be deleted or set because no row names it any more.",
        "share = 0.2",
        "",
    ]


def _source(described: Mapping[str, Any]) -> list[str]:
    return [
        "[sources.rows]",
        *(f"{_key(key)} = {_value(value)}" for key, value in described.items()),
        "",
    ]


def _components(ws: str, types: list[str], fields: list[Field], columns: list[_Column]) -> list[str]:
    name = _named(columns, NAMES) or next((one for one in columns if one.unique), columns[0])
    description = _named(columns, DESCRIPTIONS)
    used = {name.name, *([description.name] if description else [])}
    mapped = {
        column.name: field
        for column in columns
        if column.name not in used
        for field in [_field_for(column.name, fields)]
        if field is not None
    }
    key = next(
        (
            mapped[column.name].name
            for column in columns
            if column.unique
            and column.name in mapped
            and re.search(r"(?i)\b(id|key|nr|no|number)\b", column.name)
        ),
        None,
    )
    left = [column.name for column in columns if column.name not in used and column.name not in mapped]
    others = [one for one in types[1:] if one]
    return [
        "[[components]]",
        'rows = "rows"',
        f"workspace = {_text(ws)}",
        f"type = {_text(types[0])}",
        *([f"# other types: {_listed(others)}"] if others else []),
        f"name = {_text(_column(name.name))}",
        *(
            [f"key = {_text(key)}"]
            if key
            else ['# key = "name"      # or a custom field below, so that a new name renames the component']
        ),
        *([f"description = {_text(_column(description.name))}"] if description else []),
        '# parent = { value = "{Column}" }',
        '# create_only = ["..."]     # written once, then left to people',
        '# fill_if_empty = ["..."]   # written only where Ardoq holds nothing',
        "# never_null = true         # a blank cell leaves things as they are",
        'missing = "report"          # or "delete", or { set = { lifecycle = "Retired" } }',
        "",
        "[components.fields]",
        *(f"{_key(field.name)} = {_text(_column(column))}" for column, field in mapped.items()),
        *([f"# no field is called as these columns are: {_listed(left)}"] if left else []),
        *_unmapped([field.name for field in fields if field not in mapped.values()]),
        "",
    ]


def _unmapped(names: list[str]) -> list[str]:
    return [f"# other fields: {_listed(names)}"] if names else []


def _references(types: list[str], component_type: str, ws: str) -> list[str]:
    if not types:
        return []
    lines = [
        "[[references]]",
        'rows = "rows"',
        f"workspace = {_text(ws)}",
        f"type = {_text(types[0])}",
        *([f"# other types: {_listed(types[1:])}"] if types[1:] else []),
        f'source = {{ type = {_text(component_type)}, value = "{{Column}}" }}',
        f'target = {{ type = {_text(component_type)}, value = "{{Other column}}", split = "," }}',
    ]
    return ["# References, once there are columns that name both ends:", *(f"# {line}" for line in lines), ""]


def _named(columns: Iterable[_Column], names: Sequence[str]) -> _Column | None:
    return next((column for column in columns if any(is_similar(column.name, name) for name in names)), None)


def _field_for(column: str, fields: Sequence[Field]) -> Field | None:
    return next(
        (one for one in fields if is_similar(one.name, column) or is_similar(one.label, column)), None
    )


def _column(name: str) -> str:
    return f"{{{name}}}"


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(_text(_remark(name)) for name in names[:SHOWN])
    return shown if len(names) <= SHOWN else f"{shown} and {len(names) - SHOWN} more"


def _remark(text: str) -> str:
    """Return a text that a line of remarks can hold."""
    return "".join(sign if sign.isprintable() else "?" for sign in text)


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _text(name)


def _text(text: str) -> str:
    """Return a text as TOML writes it; JSON does it alike, but for one character."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{_key(key)} = {_value(one)}' for key, one in value.items())} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    return _text(value) if isinstance(value, str) else json.dumps(value)
