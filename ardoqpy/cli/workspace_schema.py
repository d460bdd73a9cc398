"""What can be used in a workspace, in the shape of v2 whichever version is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ardoqpy.cli.rows import as_list
from ardoqpy.errors import UnsupportedOperation
from ardoqpy.metamodel import component_types, reference_types

if TYPE_CHECKING:
    from ardoqpy.client import ArdoqClient

__all__ = ["context_of", "field_names"]

_STYLE = ("color", "icon", "image", "shape")


def context_of(client: ArdoqClient, ws_id: str) -> Any:
    """Return the types, fields and tags of a workspace; v1 needs its model, all fields and its tags for
    it.
    """
    try:
        return client.get_context(ws_id)
    except UnsupportedOperation:
        model = client.get_model(ws_id)
        fields = [field for field in client.get_field() if field.get("model") == model.get("_id")]
        return {
            "rootWorkspace": ws_id,
            "componentTypes": _component_types(model, fields),
            "referenceTypes": [
                {"type": number, "name": kind.get("name"), "customFields": _fields_of(number, fields, "ref")}
                for number, kind in reference_types(model)
            ],
            "customFields": [_field(field) for field in fields],
            "tags": [{"name": tag.get("name")} for tag in as_list(client.get_tag(ws_id))],
        }


def field_names(context: dict[str, Any]) -> list[str]:
    """Return the names of all fields of a workspace, as they stand on components and references."""
    return [str(field.get("apiKey")) for field in context.get("customFields") or []]


def _component_types(model: dict[str, Any], fields: list[dict[str, Any]]) -> list[dict[str, Any]]:
    types: list[dict[str, Any]] = []
    above: list[dict[str, Any]] = []
    for type_id, definition, depth in component_types(model):
        del above[depth:]
        shape = {
            "typeId": type_id,
            "name": definition.get("name"),
            "customFields": _fields_of(type_id, fields, "component"),
            **{name: definition.get(name) for name in _STYLE},
        }
        if above:
            shape["parent"] = {"name": above[-1]["name"], "typeId": above[-1]["typeId"]}
        above.append(shape)
        types.append(shape)
    return types


def _fields_of(type_id: Any, fields: list[dict[str, Any]], kind: str) -> list[Any]:
    everywhere, listed = {"component": ("global", "componentType"), "ref": ("globalref", "referenceType")}[
        kind
    ]
    return [
        field.get("name")
        for field in fields
        if field.get(everywhere) or str(type_id) in map(str, field.get(listed) or [])
    ]


def _field(field: dict[str, Any]) -> dict[str, Any]:
    calculated = field.get("calculatedFieldSettings") is not None
    return {
        "apiKey": field.get("name"),
        **{name: field.get(name) for name in ("label", "type", "description", "defaultValue")},
        "calculated": calculated,
        "readOnly": calculated,
    }
