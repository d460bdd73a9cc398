"""A workspace as Ardoq returns it, rewritten as a seed of the emulator.

Pure functions, for both API versions. Who created or changed something is left out: a seed is made to be
passed on, and must not name people.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ardoqpy.entities import Entities, Entity

FORMAT = 1


class Seed(TypedDict):
    """Workspaces with all that belongs to them, as the emulator starts with."""

    format: int
    models: Entities
    fields: Entities
    folders: Entities
    workspaces: Entities
    components: Entities
    references: Entities
    tags: Entities


#: Attributes of a seed that v1 spells differently; `order` only on components and fields.
_NAMES_ON_V1 = {
    "componentKey": "component-key",
    "workspaceKey": "workspace-key",
    "lastUpdated": "last-updated",
}
_NAMES_ON_V1_WITH_ORDER = {**_NAMES_ON_V1, "order": "_order"}
_STAMPS = ("_id", "_version", "created", "lastUpdated")
_COMPONENT = (
    *("name", "rootWorkspace", "description", "typeId", "parent", "componentKey", "version"),
    *("color", "shape", "icon", "image", "isPublic", "order"),
)
_REFERENCE = ("source", "target", "type", "description", "displayText", "returnValue", "order")
_WORKSPACE = (
    *("name", "description", "folder", "views", "startView", "defaultPerspective", "componentModel"),
    "workspaceKey",
)
_MODEL = (
    *("name", "description", "root", "referenceTypes", "useAsTemplate", "common", "flexible"),
    *("blankTemplate", "category", "createdFromTemplate", "defaultViews", "startView"),
    *("defaultSort", "folder"),
)
_FIELD = (
    *("name", "label", "type", "model", "componentType", "referenceType", "global", "globalref"),
    *("defaultValue", "description", "required", "order", "dateTimeFields", "calculatedFieldSettings"),
)
#: Other attributes of components and references on v1 that are not custom fields.
_NOT_FIELDS_ON_V1 = {
    *("created-by", "last-modified-by", "createdByName", "createdByEmail", "lastModifiedByName"),
    *("lastModifiedByEmail", "lastupdated", "ardoq", "ardoq-persistent", "origin", "mustBeSaved", "model"),
    *("children", "references", "type", "rootWorkspace", "targetWorkspace"),
}


def component(entity: Entity) -> Entity:
    """Return a component of v1 or v2 as a row of a seed."""
    return {
        **_attributes(entity, _COMPONENT, _NAMES_ON_V1_WITH_ORDER),
        **_custom_fields(entity, _COMPONENT, _NAMES_ON_V1_WITH_ORDER),
    }


def reference(entity: Entity) -> Entity:
    """Return a reference of v1 or v2 as a row of a seed."""
    return {**_attributes(entity, _REFERENCE), **_custom_fields(entity, _REFERENCE, _NAMES_ON_V1)}


def workspace(entity: Entity, model_id: str) -> Entity:
    """Return a workspace of v1 or v2 as a row of a seed; v2 does not name its model."""
    row = {**_attributes(entity, _WORKSPACE), "componentModel": model_id}
    origin = entity.get("origin")
    if isinstance(origin, dict) and origin.get("id"):
        row["origin"] = {"_id": origin["id"], "_version": origin.get("_version")}
    return row


def folder(entity: Entity) -> Entity:
    """Return a folder of v1 as a row of a seed."""
    return _attributes(entity, ("name", "description"))


def model(entity: Entity) -> Entity:
    """Return a model of v1 as a row of a seed."""
    return _attributes(entity, _MODEL)


def field(entity: Entity) -> Entity:
    """Return the definition of a field of v1 as a row of a seed."""
    return _attributes(entity, _FIELD, _NAMES_ON_V1_WITH_ORDER)


def tag(entity: Entity, ws_id: str, exported: Iterable[str]) -> Entity:
    """Return a tag as a row of a seed, on those of its components and references that are `exported`.

    The tag is one of v1, or the name of one, as v2 has it.
    """
    known = set(exported)
    row = {**_attributes(entity, ("name", "description")), "rootWorkspace": ws_id}
    for kind in ("components", "references"):
        row[kind] = [entity_id for entity_id in entity.get(kind) or [] if entity_id in known]
    return row


def model_of_context(context: Mapping[str, Any], name: Any, model_id: str) -> tuple[Entity, Entities]:
    """Return the model in the context of a workspace on v2, and its fields, as rows of a seed."""
    types = [item for item in context.get("componentTypes") or [] if item.get("typeId")]
    by_id: dict[str, Entity] = {}
    for item in types:
        style = {key: item[key] for key in ("color", "icon", "image", "shape") if item.get(key) is not None}
        by_id[item["typeId"]] = {"id": item["typeId"], "name": item.get("name"), **style, "children": {}}
    root: dict[str, Entity] = {}
    for item in types:
        parent = by_id.get(str((item.get("parent") or {}).get("typeId")))
        (root if parent is None else parent["children"])[item["typeId"]] = by_id[item["typeId"]]
    reference_types = [item for item in context.get("referenceTypes") or [] if item.get("type") is not None]
    row = {
        "_id": model_id,
        "name": name,
        "root": root,
        "referenceTypes": {
            str(item["type"]): {"id": item["type"], "name": item.get("name")} for item in reference_types
        },
    }
    fields = context.get("customFields") or []
    return row, [_field_of_context(item, model_id, types, reference_types) for item in fields]


def _field_of_context(item: Entity, model_id: str, types: Entities, reference_types: Entities) -> Entity:
    name = item.get("apiKey")
    row = {
        "name": name,
        **{key: item[key] for key in ("label", "type", "description") if item.get(key) is not None},
        "model": model_id,
        "componentType": [kind["typeId"] for kind in types if name in (kind.get("customFields") or [])],
        "referenceType": [
            str(kind["type"]) for kind in reference_types if name in (kind.get("customFields") or [])
        ],
    }
    default = item.get("options") or item.get("defaultValue")
    if default is not None:
        row["defaultValue"] = default
    if item.get("calculated") or item.get("readOnly"):
        row["calculatedFieldSettings"] = {}
    return row


def _is_of_v2(entity: Entity) -> bool:
    return isinstance(entity.get("_meta"), dict)


def _attributes(entity: Entity, names: Iterable[str], on_v1: Mapping[str, str] = _NAMES_ON_V1) -> Entity:
    """Return the named attributes and the stamps of when it was stored; null counts as absent."""
    if _is_of_v2(entity):
        entity, on_v1 = {**entity["_meta"], **entity}, {}
    row = {name: entity.get(on_v1.get(name, name)) for name in (*_STAMPS, *names)}
    return {name: value for name, value in row.items() if value is not None}


def _custom_fields(entity: Entity, names: Iterable[str], on_v1: Mapping[str, str]) -> Entity:
    if _is_of_v2(entity):
        values = entity.get("customFields") or {}
    else:
        built_in = {*_NOT_FIELDS_ON_V1, *(on_v1.get(name, name) for name in (*_STAMPS, *names))}
        values = {name: value for name, value in entity.items() if name not in built_in}
    kept = {name: value for name, value in values.items() if value is not None}
    return {"customFields": kept} if kept else {}
