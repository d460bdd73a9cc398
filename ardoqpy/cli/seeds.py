"""A workspace as Ardoq answers it, rewritten as a seed of the emulator.

Pure functions, for both versions of the API. Who made or changed something is left out: people are no part
of a workspace, and a seed goes from hand to hand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["component", "field", "folder", "model", "model_of_context", "reference", "tag", "workspace"]

Row = dict[str, Any]

#: Attributes of a seed that v1 spells otherwise; the order of references it does not.
_ON_V1 = {"componentKey": "component-key", "workspaceKey": "workspace-key", "lastUpdated": "last-updated"}
_ORDERED_ON_V1 = {**_ON_V1, "order": "_order"}
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
    *(
        "blankTemplate",
        "category",
        "createdFromTemplate",
        "defaultViews",
        "startView",
        "defaultSort",
        "folder",
    ),
)
_FIELD = (
    *("name", "label", "type", "model", "componentType", "referenceType", "global", "globalref"),
    *("defaultValue", "description", "required", "order", "dateTimeFields", "calculatedFieldSettings"),
)
#: What v1 has on components and references besides: everything else there is a custom field.
_NO_FIELDS_ON_V1 = {
    *("created-by", "last-modified-by", "createdByName", "createdByEmail", "lastModifiedByName"),
    *("lastModifiedByEmail", "lastupdated", "ardoq", "ardoq-persistent", "origin", "mustBeSaved", "model"),
    *("children", "references", "type", "rootWorkspace", "targetWorkspace"),
}


def component(entity: Row) -> Row:
    """Return a component of v1 or v2 as a row of a seed."""
    return {
        **_taken(entity, _COMPONENT, _ORDERED_ON_V1),
        **_custom(entity, _COMPONENT, _ORDERED_ON_V1),
    }


def reference(entity: Row) -> Row:
    """Return a reference of v1 or v2 as a row of a seed."""
    return {**_taken(entity, _REFERENCE), **_custom(entity, _REFERENCE, _ON_V1)}


def workspace(entity: Row, model_id: str) -> Row:
    """Return a workspace of v1 or v2 as a row of a seed; v2 does not say which model it has."""
    row = {**_taken(entity, _WORKSPACE), "componentModel": model_id}
    origin = entity.get("origin")
    if isinstance(origin, dict) and origin.get("id"):
        row["origin"] = {"_id": origin["id"], "_version": origin.get("_version")}
    return row


def folder(entity: Row) -> Row:
    """Return a folder of v1 as a row of a seed."""
    return _taken(entity, ("name", "description"))


def model(entity: Row) -> Row:
    """Return a model of v1 as a row of a seed."""
    return _taken(entity, _MODEL)


def field(entity: Row) -> Row:
    """Return the definition of a field of v1 as a row of a seed."""
    return _taken(entity, _FIELD, _ORDERED_ON_V1)


def tag(entity: Row, ws_id: str, kept: Iterable[str]) -> Row:
    """Return a tag of v1, or the name of one as v2 has it, as a row of a seed; on the entities `kept`
    alone.
    """
    known = set(kept)
    row = {**_taken(entity, ("name", "description")), "rootWorkspace": ws_id}
    for ends in ("components", "references"):
        row[ends] = [one for one in entity.get(ends) or [] if one in known]
    return row


def model_of_context(context: Row, name: Any, model_id: str) -> tuple[Row, list[Row]]:
    """Return the model that a workspace's context on v2 speaks of, and its fields, as rows of a seed."""
    types = [one for one in context.get("componentTypes") or [] if one.get("typeId")]
    made: dict[str, Row] = {}
    for one in types:
        style = {part: one[part] for part in ("color", "icon", "image", "shape") if one.get(part) is not None}
        made[one["typeId"]] = {"id": one["typeId"], "name": one.get("name"), **style, "children": {}}
    root: dict[str, Row] = {}
    for one in types:
        above = made.get(str((one.get("parent") or {}).get("typeId")))
        (root if above is None else above["children"])[one["typeId"]] = made[one["typeId"]]
    kinds = [one for one in context.get("referenceTypes") or [] if one.get("type") is not None]
    seed = {
        "_id": model_id,
        "name": name,
        "root": root,
        "referenceTypes": {str(one["type"]): {"id": one["type"], "name": one.get("name")} for one in kinds},
    }
    return seed, [_field_of_context(one, model_id, types, kinds) for one in context.get("customFields") or []]


def _field_of_context(given: Row, model_id: str, types: list[Row], kinds: list[Row]) -> Row:
    name = given.get("apiKey")
    row = {
        "name": name,
        **{part: given[part] for part in ("label", "type", "description") if given.get(part) is not None},
        "model": model_id,
        "componentType": [one["typeId"] for one in types if name in (one.get("customFields") or [])],
        "referenceType": [str(one["type"]) for one in kinds if name in (one.get("customFields") or [])],
    }
    default = given.get("options") or given.get("defaultValue")
    if default is not None:
        row["defaultValue"] = default
    if given.get("calculated") or given.get("readOnly"):
        row["calculatedFieldSettings"] = {}
    return row


def _is_of_v2(entity: Row) -> bool:
    return isinstance(entity.get("_meta"), dict)


def _taken(entity: Row, names: Iterable[str], on_v1: Mapping[str, str] = _ON_V1) -> Row:
    """Return the named attributes, and when and in which version it was stored; null counts as absent."""
    if _is_of_v2(entity):
        entity, on_v1 = {**entity["_meta"], **entity}, {}
    row = {name: entity.get(on_v1.get(name, name)) for name in (*_STAMPS, *names)}
    return {name: value for name, value in row.items() if value is not None}


def _custom(entity: Row, names: Iterable[str], on_v1: Mapping[str, str]) -> Row:
    if _is_of_v2(entity):
        values = entity.get("customFields") or {}
    else:
        built_in = {*_NO_FIELDS_ON_V1, *(on_v1.get(name, name) for name in (*_STAMPS, *names))}
        values = {name: value for name, value in entity.items() if name not in built_in}
    kept = {name: value for name, value in values.items() if value is not None}
    return {"customFields": kept} if kept else {}
