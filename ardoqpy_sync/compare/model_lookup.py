"""What a run needs of Ardoq beside the loaded workspaces: types, fields, components elsewhere.

Asked for when it is first needed and kept for the client's life; a run with nothing to do asks nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ardoqpy import metamodel
from ardoqpy._messages import short_repr
from ardoqpy.errors import AuthorizationError, InvalidInput, NotFoundError
from ardoqpy.name_lookup import EXACT_NAME, resolve_name
from ardoqpy_sync.compare.field_values import QuickCheck, convert_value, explain_invalid, fits, quick_check

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Container, Mapping

    from ardoqpy.api.protocols import Dialect
    from ardoqpy.entities import Entity
    from ardoqpy.metamodel import Field

#: Rows with attributes of their own each are not worth keeping what their fields take.
_MOST_COLUMNS = 500


class ModelLookup:
    """Look targets up in Ardoq once.

    `loaded` gives what is known of a workspace already: what it says need not be asked for.
    """

    def __init__(self, api: Dialect, loaded: Callable[[str], Entity | None]) -> None:
        """Start with nothing looked up."""
        self._api = api
        self._loaded = loaded
        self._component_types: dict[str, dict[str, str]] = {}
        self._reference_types: dict[str, dict[int, str]] = {}
        self._fields: dict[str, dict[str, Field] | None] = {}
        self._looked_for: set[tuple[str, str | None]] = set()
        #: By workspace, built-in attributes and columns: what a row's custom values are checked with.
        self._checks: dict[tuple[str, Collection[str], tuple[str, ...]], list[tuple[str, *QuickCheck]]] = {}
        self._far: dict[str, str] = {}

    def _learn(self, ws_id: str) -> None:
        # The second time around the model may have grown since the workspace was loaded.
        loaded = None if ws_id in self._component_types else self._loaded(ws_id)
        model = self._api.models.of_workspace(ws_id, loaded)
        self._component_types[ws_id] = {
            type_id: str(definition.get("name"))
            for type_id, definition, _ in metamodel.component_types(model)
        }
        self._reference_types[ws_id] = {
            type_id: str(definition.get("name")) for type_id, definition in metamodel.reference_types(model)
        }

    def component_type(self, ws_id: str, type_id: Any) -> str:
        """Return the name of a component type; raise `InvalidInput` where the workspace's model lacks it."""
        if type(type_id) is not str or type_id not in self._component_types.get(ws_id, ()):
            self._learn(ws_id)  # also when it is unknown: the model may have grown since
        known = self._component_types[ws_id]
        if type(type_id) is not str or type_id not in known:
            raise _unknown(f"typeId {short_repr(type_id)} is not a component type", ws_id, known)
        return known[type_id]

    def reference_type(self, ws_id: str, type_id: Any) -> str:
        """Return the name of a reference type; raise `InvalidInput` where the workspace's model lacks it."""
        # True and 2.0 would be found under 1 and 2, and refused by Ardoq: a type is a whole number.
        if type(type_id) is not int or type_id not in self._reference_types.get(ws_id, ()):
            self._learn(ws_id)
        known = self._reference_types[ws_id]
        if type(type_id) is not int or type_id not in known:
            raise _unknown(f"type {short_repr(type_id)} is not a reference type", ws_id, known)
        return known[type_id]

    def component_type_named(self, ws_id: str, name: str) -> str:
        """Return the id of the component type of that name.

        Raise `InvalidInput` where the workspace's model has none, or several.
        """
        if name not in self._component_types.get(ws_id, {}).values():
            self._learn(ws_id)
        type_id: str = _resolve(self._component_types[ws_id], name, "component type", ws_id)
        return type_id

    def reference_type_named(self, ws_id: str, name: str) -> int:
        """Return the number of the reference type of that name.

        Raise `InvalidInput` where the workspace's model has none, or several.
        """
        if name not in self._reference_types.get(ws_id, {}).values():
            self._learn(ws_id)
        type_id: int = _resolve(self._reference_types[ws_id], name, "reference type", ws_id)
        return type_id

    def names(self, ws_id: str) -> tuple[Mapping[str, str], Mapping[int, str]]:
        """Return the names of a workspace's component types by id, and of its reference types by number."""
        if ws_id not in self._component_types:
            self._learn(ws_id)
        return self._component_types[ws_id], self._reference_types[ws_id]

    def known_type(self, kind: str, ws_id: str | None, type_of: Any) -> str | None:
        """Return the name of a component type's id or a reference type's number, None if it was not read."""
        types: Mapping[Any, str] = (
            self._component_types if kind == "component" else self._reference_types
        ).get(str(ws_id), {})
        return types.get(type_of) if isinstance(type_of, str | int) else None

    def known_labels(self, ws_id: str) -> dict[str, str]:
        """Return the labels of a workspace's fields by name; empty if they were not read."""
        return {name: field.label for name, field in (self._fields.get(ws_id) or {}).items()}

    def convert_attributes(
        self, ws_id: str, attributes: Entity, built_in: Collection[str], held: Container[str] = ()
    ) -> Entity:
        """Return flat attributes, custom values converted to their field's type, without calculated ones.

        `held` are the names of what the entity has already, with or without a definition. Raise
        `InvalidInput` where Ardoq would refuse a value.
        """
        if self._fits_quickly(ws_id, attributes, built_in):
            return attributes
        custom = [key for key in attributes if key not in built_in]
        fields = self._fields_of(ws_id)
        if fields is None:
            return attributes
        binding = self._api.fields.binding
        kept = attributes.copy()
        for key in custom:
            value = attributes[key]
            name = key.removeprefix("customFields.")  # a field that is called like an attribute
            field = fields.get(name)
            if field is None and binding and key not in held:
                fields = self._fields_of(ws_id, missing=name) or fields
                field = fields.get(name)
            if field is not None:
                if field.read_only:
                    del kept[key]
                    continue
                if fits(field, value):
                    continue
            kept[key] = convert_value(field, value)
            if binding and (field is not None or key not in held):
                problem = explain_invalid(name, kept[key], fields)
                if problem:
                    raise InvalidInput(problem)
        return kept

    def _fits_quickly(self, ws_id: str, attributes: Entity, built_in: Collection[str]) -> bool:
        """Return whether all custom values stay as they are and none is refused, as far as that is quick."""
        # All rows of a source have the same columns: what their fields take is worked out once.
        columns = ws_id, built_in, tuple(attributes)
        checks = self._checks.get(columns)
        if checks is None:
            custom = [key for key in attributes if key not in built_in]
            fields = (self._fields_of(ws_id) or {}) if custom else {}
            if len(self._checks) >= _MOST_COLUMNS:
                self._checks.clear()
            checks = [(key, *quick_check(fields.get(key.removeprefix("customFields.")))) for key in custom]
            self._checks[columns] = checks
        for key, types, passes in checks:
            value = attributes[key]
            if type(value) not in types or not (passes is None or value is None or passes(value)):
                return False
        return True

    def _fields_of(self, ws_id: str, missing: str | None = None) -> dict[str, Field] | None:
        """Return the fields of a workspace; if one is `missing` they are read again, since it may be new."""
        if ws_id not in self._fields or (missing is not None and (ws_id, missing) not in self._looked_for):
            loaded = self._loaded(ws_id) if missing is None else None
            self._looked_for.add((ws_id, missing))
            self._checks.clear()
            try:
                self._fields[ws_id] = self._api.fields.of_workspace(ws_id, loaded)
            except AuthorizationError:
                # A token that may write components need not be allowed to read definitions.
                self._fields[ws_id] = None
        return self._fields[ws_id]

    def workspace_of(self, comp_id: str, argument: str) -> str:
        """Return the workspace of a component that is in no loaded one.

        Raise `InvalidInput` naming `argument` where Ardoq has no such component.
        """
        if comp_id not in self._far:
            self._far[comp_id] = _workspace_of(
                lambda: self._api.components.get(comp_id, incl_refs=False), argument, comp_id
            )
        return self._far[comp_id]


def _workspace_of(read: Callable[[], Entity], argument: str, comp_id: str) -> str:
    try:
        return str(read()["rootWorkspace"])
    except NotFoundError:
        pass
    raise InvalidInput(f"{argument} {comp_id!r} is not a component that Ardoq holds.")


def _resolve(types: Mapping[Any, str], name: str, kind: str, ws_id: str) -> Any:
    return resolve_name(name, types.items(), kind, owner=f"Workspace {ws_id}", matches=EXACT_NAME)


def _unknown(what: str, ws_id: str, known: Mapping[Any, str]) -> InvalidInput:
    offered = ", ".join(f"{name} ({type_id!r})" for type_id, name in known.items()) or "none"
    return InvalidInput(f"{what} of workspace {ws_id}: its model has {offered}.")
