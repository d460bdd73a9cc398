"""Every table of a model file and every key in it; docs/model-file.md lists them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ardoqpy._messages import suggest
from ardoqpy.metamodel import LIST_TYPES
from ardoqpy_sync.job.file.schema import FORMAT, TABLES, TEXT, Key, Table, ValueType

if TYPE_CHECKING:
    from collections.abc import Mapping


#: The types that a field can be created with (JavaScript SDK, developer portal).
FIELD_TYPES = (*LIST_TYPES, "Text", "TextArea", "Checkbox", "Number", "DateTime", "Url", "Email", "User")


def _check_field_type(value: Any) -> str | None:
    if not isinstance(value, str):
        return ""
    return None if value in FIELD_TYPES else suggest(value, FIELD_TYPES)


def _is_names(value: Any) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(item, str) and item.strip() for item in value)
    )


NAMES = ValueType(
    'a list of names, such as ["Live", "Retired"]', lambda value: None if _is_names(value) else ""
)
NAMES_OR_NONE = ValueType(
    'a list of names, such as ["Application"], or [] for none',
    lambda value: None if value == [] or _is_names(value) else "",
)
FIELD_TYPE = ValueType("a type of field, such as Text, Number or List", _check_field_type)

MODEL = Table(
    "",
    "The keys before the first table.",
    {
        "format": Key(FORMAT, "The version of the format: 1.", required=True),
        "workspaces": Key(TABLES, "The workspaces.", required=True),
    },
)

WORKSPACE = Table(
    "[[workspaces]]",
    "A workspace with what its rows need. What it has beside that is left as it is.",
    {
        "name": Key(TEXT, "The name.", required=True),
        "component_types": Key(TABLES, "The types of components, each a table.", required=True),
        "reference_types": Key(TABLES, "The types of references, each a table."),
        "fields": Key(TABLES, "The custom fields, each a table."),
    },
)

COMPONENT_TYPE = Table(
    "[[workspaces.component_types]]",
    "A type of components.",
    {
        "name": Key(TEXT, "The name.", required=True),
        "parent": Key(TEXT, "The type above it, which comes before it. Default: none."),
    },
)

REFERENCE_TYPE = Table(
    "[[workspaces.reference_types]]",
    "A type of references that start in the workspace.",
    {"name": Key(TEXT, "The name.", required=True)},
)

FIELD = Table(
    "[[workspaces.fields]]",
    "A custom field.",
    {
        "label": Key(TEXT, "The name that users see.", required=True),
        "name": Key(
            TEXT, "The key on components and references, made of the label by default: `yearly_cost`."
        ),
        "type": Key(FIELD_TYPE, f"One of {', '.join(f'`{name}`' for name in FIELD_TYPES)}.", required=True),
        "options": Key(NAMES, "The values of a `List` or `SelectMultipleList`, without commas."),
        "description": Key(TEXT, "The description, for a new field."),
        "component_types": Key(
            NAMES_OR_NONE, "The types of components that have it, `[]` for none. Default: all."
        ),
        "reference_types": Key(NAMES, "The types of references that have it. Default: none."),
    },
)

#: In the order of the documentation.
ALL_TABLES: Mapping[str, Table] = {
    "model": MODEL,
    "workspace": WORKSPACE,
    "component_type": COMPONENT_TYPE,
    "reference_type": REFERENCE_TYPE,
    "field": FIELD,
}
