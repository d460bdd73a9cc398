"""Attributes and values as people know them: labels of fields, names instead of ids, grouped numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ardoqpy_sync.plans.names import name_of_value
from ardoqpy_sync.report import format_value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ardoqpy_sync.documents import RunDocument

#: The labels of the attributes that are not fields.
BUILT_IN = {
    "name": "Name",
    "description": "Description",
    "parent": "Parent",
    "typeId": "Type",
    "type": "Type",
    "source": "Source",
    "target": "Target",
    "rootWorkspace": "Workspace",
    "targetWorkspace": "Target workspace",
}
#: From this number on, digits are grouped: a smaller one may be a year.
GROUPED_FROM = 10_000


def field_label(document: RunDocument, ws_id: object, attribute: str) -> str:
    """Return the label of an attribute, or its name if the label is not known or not unique."""
    labels = (document.get("fields") or {}).get(str(ws_id), {})
    label = labels.get(attribute) or BUILT_IN.get(attribute, attribute)
    return label if list(labels.values()).count(label) < 2 else f"{label} ({attribute})"


def values_of(change: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    """Return what a change does as attribute, old and new value; of a delete, the values that are lost."""
    if change.get("lost"):
        return [(name, value, None) for name, value in change["lost"].items()]
    return [(name, pair["old"], pair["new"]) for name, pair in change["attributes"].items()]


def value_text(document: RunDocument, change: Mapping[str, Any], attribute: str, value: Any) -> str:
    """Return a value of a change on one line, as people know it."""
    name = name_of_value(attribute, value, document["names"], document["workspaces"])
    if name:
        return name
    if attribute == "type" and change["kind"] == "reference" and value == change.get("type"):
        return str(change["typeName"])
    return plain_text(value)


def plain_text(value: Any) -> str:
    """Return a value that names nothing: numbers grouped, a list of texts and numbers as such."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value:,}" if abs(value) >= GROUPED_FROM else format_value(value)
    if isinstance(value, list) and value and all(isinstance(item, str | int | float) for item in value):
        texts = [plain_text(item) for item in value]
        if not any(separator in text for text in texts for separator in ",;"):
            return ", ".join(texts)
    return format_value(value)
