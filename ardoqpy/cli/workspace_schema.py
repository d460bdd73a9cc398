"""Types, fields and tags of a workspace, in the form of v2 on both API versions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ardoqpy.cli.rows import as_list
from ardoqpy.errors import UnsupportedOperation
from ardoqpy.metamodel import component_types, reference_types

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ardoqpy.client import ArdoqClient
    from ardoqpy.entities import Entities, Entity

_STYLE = ("color", "icon", "image", "shape")


def get_context(client: ArdoqClient, ws_id: str) -> Mapping[str, Any]:
    """Return the types, fields and tags of a workspace.

    v2 returns them at once; on v1 they come from the model, all fields, and the tags of the workspace.
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
                {
                    "type": number,
                    "name": kind.get("name"),
                    "customFields": _fields_of(number, fields, "globalref", "referenceType"),
                }
                for number, kind in reference_types(model)
            ],
            "customFields": [_field(field) for field in fields],
            "tags": [{"name": tag.get("name")} for tag in as_list(client.get_tag(ws_id))],
        }


def field_names(context: Mapping[str, Any]) -> list[str]:
    """Return the names of all fields of a context, as components and references have them."""
    return [str(field.get("apiKey")) for field in context.get("customFields") or []]


def _component_types(model: Entity, fields: Entities) -> Entities:
    types: Entities = []
    ancestors: Entities = []
    for type_id, definition, depth in component_types(model):
        del ancestors[depth:]
        component_type = {
            "typeId": type_id,
            "name": definition.get("name"),
            "customFields": _fields_of(type_id, fields, "global", "componentType"),
            **{name: definition.get(name) for name in _STYLE},
        }
        if ancestors:
            component_type["parent"] = {"name": ancestors[-1]["name"], "typeId": ancestors[-1]["typeId"]}
        ancestors.append(component_type)
        types.append(component_type)
    return types


def _fields_of(type_id: Any, fields: Entities, is_global: str, types: str) -> list[Any]:
    return [
        field.get("name")
        for field in fields
        if field.get(is_global) or str(type_id) in map(str, field.get(types) or [])
    ]


def _field(field: Entity) -> Entity:
    calculated = field.get("calculatedFieldSettings") is not None
    return {
        "apiKey": field.get("name"),
        **{name: field.get(name) for name in ("label", "type", "description", "defaultValue")},
        "calculated": calculated,
        "readOnly": calculated,
    }
