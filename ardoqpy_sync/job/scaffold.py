"""Write a first job from the types and fields of a workspace and the columns of a source."""

from __future__ import annotations

import json
import re
from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from ardoqpy import metamodel
from ardoqpy._messages import is_similar, quote_name
from ardoqpy.errors import InvalidInput
from ardoqpy.name_lookup import NameLookup
from ardoqpy_sync.job.where import to_text
from ardoqpy_sync.sources import open_source

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from ardoqpy.client import ArdoqClient
    from ardoqpy.metamodel import Field

#: The number of rows that are read to find columns of unique values.
SAMPLE_ROWS = 200
#: The usual names of a column with component names, and of one with descriptions.
NAMES = ("name", "title", "navn", "namn", "nom", "nombre", "label", "component")
DESCRIPTIONS = ("description", "summary", "beskrivelse", "beschreibung")
#: The most types and fields that a comment lists.
MAX_LISTED = 12


class _Column(NamedTuple):
    """A column: its name, and whether its text is different in each row of the sample."""

    name: str
    is_unique: bool


def scaffold_job(client: ArdoqClient, ws: str, source: str | Mapping[str, Any], base: Path) -> str:
    """Return the text of a first job that writes the rows of a source into a workspace.

    - `client`: reads the workspace, its model and its fields; nothing is written.
    - `ws`: the name or id of the workspace.
    - `source`: a file, or a table as below `[sources]` in a job.
    - `base`: the folder of the job.

    Columns are mapped to the fields of the same name or label; the other columns are listed in comments.
    Raise `InvalidInput` if there is no such workspace, or if it has no component type. Raise
    `ConfigurationError` or `SourceUnreadable` if the source cannot be opened or read.
    """
    table = {"file": source} if isinstance(source, str) else dict(source)
    with open_source(table, base) as opened:
        # A template cannot name a column with a brace in its name.
        usable = [name for name in opened.columns if not {"{", "}"} & set(name)]
        columns = _sample_columns(
            usable, [row.values for row in islice(opened, SAMPLE_ROWS) if not row.problem]
        )
    if not columns:
        raise InvalidInput(f"{opened.name} has no columns that can be mapped.")
    lookup = NameLookup(client)
    ws_id = lookup.workspace(ws)
    model = client.get_model(ws_id)
    types = [str(name) for name in metamodel.component_type_names(model)]
    if not types:
        raise InvalidInput(f"Workspace {quote_name(ws)} has no component type. Create one in Ardoq first.")
    fields = [field for field in lookup.fields(ws_id).values() if not field.read_only]
    references = [str(name) for name in metamodel.reference_type_names(model)]
    return "\n".join(
        [
            *_head(client, opened.name),
            "[sources.rows]",
            *(f"{_toml_key(key)} = {_toml_value(value)}" for key, value in table.items()),
            "",
            *_components(lookup.workspace_name(ws_id), types, fields, columns),
            *_references(references, types[0], lookup.workspace_name(ws_id)),
        ]
    )


def _sample_columns(names: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> list[_Column]:
    columns = []
    for name in names:
        texts = [_blank_or_text(row, name) for row in rows]
        columns.append(_Column(name, bool(texts) and all(texts) and max(Counter(texts).values()) == 1))
    return columns


def _blank_or_text(row: Mapping[str, Any], name: str) -> str:
    try:
        return to_text(row.get(name))
    except InvalidInput:
        return ""


def _head(client: ArdoqClient, source: str) -> list[str]:
    return [
        f"# A first job for {_comment(source)}. Read it, change it, then run:",
        "#   ardoqpy-sync check <this file>      list what would fail",
        "#   ardoqpy-sync plan <this file>       preview the changes; nothing is written",
        "#   ardoqpy-sync apply <this file>      write the changes",
        "# Never write the token here: set ARDOQ_API_TOKEN.",
        "format = 1",
        f"name = {_toml_text(f'{source} to Ardoq')}",
        "",
        "[ardoq]",
        f"host = {_toml_text(client.hosturl)}",
        *([f"org = {_toml_text(client.org)}"] if client.org else []),
        f"version = {_toml_text(client.version)}",
        "",
        "[guard]",
        "# The largest share of a type that can be deleted or set because it is in no row.",
        "share = 0.2",
        "",
    ]


def _components(ws: str, types: list[str], fields: list[Field], columns: list[_Column]) -> list[str]:
    name = _find_column(columns, NAMES) or next(
        (column for column in columns if column.is_unique), columns[0]
    )
    description = _find_column(columns, DESCRIPTIONS)
    used = {name.name, *([description.name] if description else [])}
    free_columns = [column.name for column in columns if column.name not in used]
    mapped = {name: field for name in free_columns if (field := _field_for(name, fields)) is not None}
    unique = [column.name for column in columns if column.is_unique and column.name in mapped]
    keys = [mapped[column].name for column in unique if re.search(r"(?i)\b(id|key|nr|no|number)\b", column)]
    unmapped = [name for name in free_columns if name not in mapped]
    others = [name for name in types[1:] if name]
    free = [field.name for field in fields if field not in mapped.values()]
    return [
        "[[components]]",
        'rows = "rows"',
        f"workspace = {_toml_text(ws)}",
        f"type = {_toml_text(types[0])}",
        *([f"# other types: {_list_names(others)}"] if others else []),
        f"name = {_toml_text(_template(name.name))}",
        f"key = {_toml_text(keys[0])}"
        if keys
        else '# key = "name"      # or a custom field below, so that a new name renames the component',
        *([f"description = {_toml_text(_template(description.name))}"] if description else []),
        '# parent = { value = "{Column}" }',
        '# create_only = ["..."]     # written only when a component is created',
        '# fill_if_empty = ["..."]   # written only if empty in Ardoq',
        "# never_null = true         # a blank cell changes nothing",
        'missing = "report"          # or "delete", or { set = { lifecycle = "Retired" } }',
        "",
        "[components.fields]",
        *(f"{_toml_key(field.name)} = {_toml_text(_template(column))}" for column, field in mapped.items()),
        *([f"# columns without a field of the same name: {_list_names(unmapped)}"] if unmapped else []),
        *([f"# other fields: {_list_names(free)}"] if free else []),
        "",
    ]


def _references(types: list[str], component_type: str, ws: str) -> list[str]:
    if not types:
        return []
    lines = [
        "[[references]]",
        'rows = "rows"',
        f"workspace = {_toml_text(ws)}",
        f"type = {_toml_text(types[0])}",
        *([f"# other types: {_list_names(types[1:])}"] if types[1:] else []),
        f'source = {{ type = {_toml_text(component_type)}, value = "{{Column}}" }}',
        f'target = {{ type = {_toml_text(component_type)}, value = "{{Other column}}", split = "," }}',
    ]
    return ["# References, if there are columns for both ends:", *(f"# {line}" for line in lines), ""]


def _find_column(columns: Iterable[_Column], names: Sequence[str]) -> _Column | None:
    return next((column for column in columns if any(is_similar(column.name, name) for name in names)), None)


def _field_for(column: str, fields: Sequence[Field]) -> Field | None:
    return next(
        (field for field in fields if is_similar(field.name, column) or is_similar(field.label, column)), None
    )


def _template(name: str) -> str:
    return f"{{{name}}}"


def _list_names(names: Sequence[str]) -> str:
    listed = ", ".join(_toml_text(_comment(name)) for name in names[:MAX_LISTED])
    return listed if len(names) <= MAX_LISTED else f"{listed} and {len(names) - MAX_LISTED} more"


def _comment(text: str) -> str:
    """Return a text for a comment line, without control characters."""
    return "".join(character if character.isprintable() else "?" for character in text)


def _toml_key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _toml_text(name)


def _toml_text(text: str) -> str:
    """Return a TOML string; JSON differs in one character."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _toml_value(value: Any) -> str:
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{_toml_key(key)} = {_toml_value(item)}' for key, item in value.items())} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(_toml_value, value))}]"
    return _toml_text(value) if isinstance(value, str) else json.dumps(value)
