"""Keep models: the tree of component types and the reference types of a workspace."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from ardoqpy.emulator import assumptions
from ardoqpy.emulator.errors import BadRequest, Unprocessable
from ardoqpy.emulator.schema import FIELD, MODEL
from ardoqpy.emulator.state import State, check_version
from ardoqpy.emulator.table import Row

_STYLE = ("color", "icon", "shape", "image", "standard")


class ComponentType(NamedTuple):
    """Describe one component type of a model without its children."""

    type_id: str
    name: str
    parent: str | None
    level: int
    place: float
    definition: Row


class Models:
    """Create, change and look into models."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._known_types: dict[str, tuple[Row, dict[str, ComponentType]]] = {}

    def get(self, model_id: str) -> Row:
        """Return a model, or raise NotFound."""
        return self._state.named(self._state.models, model_id)

    def all(self, *, include_common: bool) -> list[Row]:
        """Return all models, with or without the common templates."""
        everything = include_common or not assumptions.LISTS_LEAVE_OUT_COMMON
        return [row for row in self._state.models.rows() if everything or not row["common"]]

    def create(self, given: Row) -> Row:
        """Make a model."""
        attributes = tidied(MODEL.new(given))
        return self._state.models.put(
            self._state.stamped({**attributes, "common": False, "createdFromTemplate": None})
        )

    def update(self, model_id: str, given: Row, *, version: int | None = None, replace: bool = False) -> Row:
        """Change a model; types that are in use cannot be taken away."""
        row = self.get(model_id)
        check_version("model", row, version)
        changed = self._state.changed(row, tidied(MODEL.next(row, given, replace=replace)))
        if assumptions.REFUSE_REMOVAL_OF_USED_TYPES:
            self._refuse_removal_of_used_types(row, changed)
        return self._state.models.put(changed)

    def clone(self, template_id: str, workspace_name: str) -> Row:
        """Make a model after a template, with its fields."""
        state = self._state
        template = state.meant(state.models, template_id, "'componentTemplate'")
        attributes = {name: template[name] for name in MODEL.attributes}
        attributes["useAsTemplate"] = False
        attributes["blankTemplate"] = False
        if not assumptions.CLONED_MODEL_KEEPS_NAME:
            attributes["name"] = workspace_name
        model = state.models.put(
            state.stamped({**attributes, "common": False, "createdFromTemplate": template_id})
        )
        if assumptions.CLONE_COPIES_FIELDS:
            for field in state.fields.find("model", template_id):
                copy = {name: field[name] for name in FIELD.attributes}
                state.fields.put(state.stamped({**copy, "model": model["_id"]}))
        return model

    def types(self, model_id: str) -> dict[str, ComponentType]:
        """Return the component types of a model by their id."""
        row = self._state.models[model_id]
        known = self._known_types.get(model_id)
        if known is None or known[0] is not row:
            known = (row, {found.type_id: found for found in _walk(row["root"], None, 1)})
            self._known_types[model_id] = known
        return known[1]

    def type_of(self, workspace: Row, type_id: str) -> ComponentType:
        """Return a component type of the workspace's model, or raise Unprocessable."""
        types = self.types(workspace["componentModel"])
        found = types.get(type_id)
        if found is None:
            has = ", ".join(f"{known.name} ({known.type_id})" for known in types.values()) or "none at all"
            sentence = f"Workspace '{workspace['name']}' has no component type '{type_id}'; it has {has}."
            raise Unprocessable(sentence)
        return found

    def default_type(self, workspace: Row, parent_type: str | None) -> str:
        """Return the type of a component that comes without one."""
        types = self.types(workspace["componentModel"]).values()
        below = [found for found in types if parent_type is not None and found.parent == parent_type]
        candidates = (assumptions.DEFAULT_TYPE_FOLLOWS_PARENT and below) or [
            found for found in types if found.parent is None
        ]
        if not candidates:
            sentence = (
                f"Workspace '{workspace['name']}' has no component types, so it can have no components."
            )
            raise Unprocessable(sentence)
        return min(candidates, key=lambda found: found.place).type_id

    def check_reference_type(self, workspace: Row, type_number: int) -> None:
        """Raise Unprocessable unless the workspace's model has the reference type."""
        types: Row = self._state.models[workspace["componentModel"]]["referenceTypes"]
        if str(type_number) not in types:
            has = ", ".join(f"{known['name']} ({number})" for number, known in types.items()) or "none at all"
            sentence = f"Workspace '{workspace['name']}' has no reference type {type_number}; it has {has}."
            raise Unprocessable(sentence)

    def _refuse_removal_of_used_types(self, before: Row, after: Row) -> None:
        state = self._state
        kept = {found.type_id for found in _walk(after["root"], None, 1)}
        lost = [found for found in _walk(before["root"], None, 1) if found.type_id not in kept]
        lost_numbers = [
            number for number in before["referenceTypes"] if number not in after["referenceTypes"]
        ]
        for workspace in state.workspaces.ids("model", before["_id"]):
            for found in lost:
                if state.components.count("type", (workspace, found.type_id)):
                    sentence = (
                        f"Component type {found.name} ({found.type_id}) is in use and cannot be removed."
                    )
                    raise Unprocessable(sentence)
            for number in lost_numbers:
                if state.references.count("type", (workspace, int(number))):
                    sentence = f"Reference type {number} is in use and cannot be removed."
                    raise Unprocessable(sentence)


def _walk(types: Row, parent: str | None, level: int) -> Iterator[ComponentType]:
    for type_id, definition in types.items():
        name, index = definition["name"], definition["index"]
        yield ComponentType(type_id, name, parent, level, index, definition)
        yield from _walk(definition["children"], type_id, level + 1)


def tidied(attributes: Row) -> Row:
    """Return a model's attributes with complete types, or raise a Problem where one cannot be understood."""
    tidy = dict(attributes)
    if "root" in tidy:
        tidy["root"] = _tidy_types(tidy["root"], 1, set())
    if "referenceTypes" in tidy:
        tidy["referenceTypes"] = {
            key: _tidy_reference_type(key, value) for key, value in tidy["referenceTypes"].items()
        }
    return tidy


def _tidy_types(types: Any, level: int, seen: set[str]) -> Row:
    if types is None:
        return {}
    if not isinstance(types, dict):
        raise BadRequest("Component types have to be an object, keyed by their ids.")
    tidy: Row = {}
    for position, (type_id, given) in enumerate(types.items(), start=1):
        name = given.get("name") if isinstance(given, dict) else None
        if not isinstance(name, str) or not name:
            sentence = f"Component type '{type_id}' has to be an object with a 'name'."
            raise Unprocessable(sentence)
        if type_id in seen:
            sentence = f"The component type id '{type_id}' is there twice."
            raise Unprocessable(sentence)
        seen.add(type_id)
        index = given.get("index")
        tidy[type_id] = {
            **dict.fromkeys(_STYLE),
            "returnsValue": False,
            **given,
            "id": type_id,
            "level": level,
            "index": index if isinstance(index, int | float) else position,
            "children": _tidy_types(given.get("children"), level + 1, seen),
        }
    return tidy


def _tidy_reference_type(key: str, given: Any) -> Row:
    name = given.get("name") if isinstance(given, dict) else None
    if not key.isdecimal() or not isinstance(name, str) or not name:
        sentence = f"Reference type '{key}' has to be an object with a 'name', keyed by its number."
        raise Unprocessable(sentence)
    return {
        "line": "solid",
        "lineEnding": "none",
        "color": None,
        "svgStyle": None,
        "returnsValue": False,
        **given,
        "id": int(key),
    }
