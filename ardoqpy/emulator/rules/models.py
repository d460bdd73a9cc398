"""Keep models: the tree of component types and the reference types of a workspace."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from ardoqpy.emulator import assumptions
from ardoqpy.emulator.errors import BadRequest, Unprocessable
from ardoqpy.emulator.rows import Attributes, ComponentTypeDefinition, ModelRow, WorkspaceRow, copy_values
from ardoqpy.emulator.rules.base import Rules
from ardoqpy.emulator.schema import FIELD, MODEL
from ardoqpy.emulator.state import State

_STYLE = ("color", "icon", "shape", "image", "standard")


class ComponentType(NamedTuple):
    """Describe one component type of a model; `parent` is the id of the type above it."""

    type_id: str
    name: str
    parent: str | None
    position: float
    definition: ComponentTypeDefinition


class Models(Rules[ModelRow]):
    """Apply the rules of models."""

    kind = MODEL

    def __init__(self, state: State) -> None:
        """Cache the component types of each model."""
        super().__init__(state, state.models)
        self._types: dict[str, tuple[ModelRow, dict[str, ComponentType]]] = {}

    def all(self, *, include_common: bool = False) -> list[ModelRow]:
        """Return all models, with or without the common templates."""
        if include_common or not assumptions.LISTS_EXCLUDE_COMMON:
            return self.table.rows()
        return [row for row in self.table.rows() if not row["common"]]

    def clone(self, template_id: str, workspace_name: str) -> ModelRow:
        """Create a model from a template, with its fields."""
        state = self._state
        template = state.resolve(self.table, template_id, "'componentTemplate'")
        attributes = copy_values(template, *MODEL.attributes)
        attributes["useAsTemplate"] = False
        attributes["blankTemplate"] = False
        if not assumptions.CLONED_MODEL_KEEPS_NAME:
            attributes["name"] = workspace_name
        attributes |= {"common": False, "createdFromTemplate": template_id}
        model = state.insert(self.table, attributes)
        if assumptions.CLONE_COPIES_FIELDS:
            for field in state.fields.find("model", template_id):
                copy = copy_values(field, *FIELD.attributes)
                state.insert(state.fields, {**copy, "model": model["_id"]})
        return model

    def types(self, model_id: str) -> dict[str, ComponentType]:
        """Return the component types of a model by their id."""
        row = self.table[model_id]
        known = self._types.get(model_id)
        if known is None or known[0] is not row:
            known = (row, {item.type_id: item for item in _component_types(row["root"], None)})
            self._types[model_id] = known
        return known[1]

    def type_of(self, workspace: WorkspaceRow, type_id: str) -> ComponentType:
        """Return a component type of the workspace's model, or raise Unprocessable."""
        types = self.types(workspace["componentModel"])
        component_type = types.get(type_id)
        if component_type is None:
            has = ", ".join(f"{item.name} ({item.type_id})" for item in types.values()) or "none at all"
            raise Unprocessable(
                f"Workspace '{workspace['name']}' has no component type '{type_id}'; it has {has}."
            )
        return component_type

    def default_type(self, workspace: WorkspaceRow, parent_type: str | None) -> str:
        """Return the type id of a component that is created without one."""
        types = self.types(workspace["componentModel"]).values()
        below = [item for item in types if parent_type is not None and item.parent == parent_type]
        candidates = (assumptions.DEFAULT_TYPE_FOLLOWS_PARENT and below) or [
            item for item in types if item.parent is None
        ]
        if not candidates:
            raise Unprocessable(
                f"Workspace '{workspace['name']}' has no component types, so it can have no components."
            )
        return min(candidates, key=lambda item: item.position).type_id

    def check_reference_type(self, workspace: WorkspaceRow, type_number: int) -> None:
        """Raise Unprocessable unless the workspace's model has the reference type."""
        types = self.table[workspace["componentModel"]]["referenceTypes"]
        if str(type_number) not in types:
            has = ", ".join(f"{item['name']} ({number})" for number, item in types.items()) or "none at all"
            raise Unprocessable(
                f"Workspace '{workspace['name']}' has no reference type {type_number}; it has {has}."
            )

    def _complete(self, attributes: Attributes, given: Attributes, before: ModelRow | None) -> None:  # noqa: ARG002
        attributes.update(normalize_types(attributes))
        if before is None:
            attributes |= {"common": False, "createdFromTemplate": None}
        elif assumptions.REJECT_REMOVAL_OF_USED_TYPES:
            self._check_removed_types_unused(before, attributes)

    def _check_removed_types_unused(self, before: ModelRow, after: Attributes) -> None:
        state = self._state
        kept = {item.type_id for item in _component_types(after["root"], None)}
        removed = [item for item in _component_types(before["root"], None) if item.type_id not in kept]
        removed_numbers = [
            number for number in before["referenceTypes"] if number not in after["referenceTypes"]
        ]
        for workspace in state.workspaces.ids("model", before["_id"]):
            for item in removed:
                if state.components.count("type", (workspace, item.type_id)):
                    raise Unprocessable(
                        f"Component type {item.name} ({item.type_id}) is in use and cannot be removed."
                    )
            for number in removed_numbers:
                if state.references.count("type", (workspace, int(number))):
                    raise Unprocessable(f"Reference type {number} is in use and cannot be removed.")


def normalize_types(attributes: Attributes) -> Attributes:
    """Return a model's attributes with complete types, or raise an ApiError for a malformed type."""
    normalized = dict(attributes)
    if "root" in normalized:
        normalized["root"] = _normalize_component_types(normalized["root"], 1, set())
    if "referenceTypes" in normalized:
        normalized["referenceTypes"] = {
            key: _normalize_reference_type(key, value) for key, value in normalized["referenceTypes"].items()
        }
    return normalized


def _component_types(
    types: dict[str, ComponentTypeDefinition], parent: str | None
) -> Iterator[ComponentType]:
    for type_id, definition in types.items():
        yield ComponentType(type_id, definition["name"], parent, definition["index"], definition)
        yield from _component_types(definition["children"], type_id)


def _normalize_component_types(types: Any, level: int, seen: set[str]) -> Attributes:
    if types is None:
        return {}
    if not isinstance(types, dict):
        raise BadRequest("Component types have to be an object, keyed by their ids.")
    normalized: Attributes = {}
    for position, (type_id, given) in enumerate(types.items(), start=1):
        name = given.get("name") if isinstance(given, dict) else None
        if not isinstance(name, str) or not name:
            raise Unprocessable(f"Component type '{type_id}' has to be an object with a 'name'.")
        if type_id in seen:
            raise Unprocessable(f"The component type id '{type_id}' is used twice.")
        seen.add(type_id)
        index = given.get("index")
        normalized[type_id] = {
            **dict.fromkeys(_STYLE),
            "returnsValue": False,
            **given,
            "id": type_id,
            "level": level,
            "index": index if isinstance(index, int | float) else position,
            "children": _normalize_component_types(given.get("children"), level + 1, seen),
        }
    return normalized


def _normalize_reference_type(key: str, given: Any) -> Attributes:
    name = given.get("name") if isinstance(given, dict) else None
    if not key.isdecimal() or not isinstance(name, str) or not name:
        raise Unprocessable(f"Reference type '{key}' has to be an object with a 'name', keyed by its number.")
    return {
        "line": "solid",
        "lineEnding": "none",
        "color": None,
        "svgStyle": None,
        "returnsValue": False,
        **given,
        "id": int(key),
    }
