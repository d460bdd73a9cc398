"""Keep field definitions, and settle what is stored for custom values."""

import re
from collections.abc import Mapping
from typing import Any

from ardoqpy.emulator import assumptions
from ardoqpy.emulator.errors import Conflict, Unprocessable
from ardoqpy.emulator.schema import FIELD
from ardoqpy.emulator.state import State, check_version
from ardoqpy.emulator.table import Row
from ardoqpy.emulator.values import (
    FIELD_TYPES,
    CannotRead,
    as_text,
    field_type,
    read_value,
    taken_by,
)

_HUMP = re.compile(r"(?<=[a-zæøåäöü])(?=[A-ZÆØÅÄÖÜ])")
_NOT_OF_A_NAME = re.compile(r"[^0-9a-zæøåäöüß]+")


def name_from_label(label: str) -> str:
    """Return the key that a label stands for: lower case, words and humps joined by underscores."""
    return _NOT_OF_A_NAME.sub("_", _HUMP.sub("_", label).casefold()).strip("_")


class Fields:
    """Create, change and apply field definitions."""

    def __init__(self, state: State) -> None:
        self._state = state

    def get(self, field_id: str) -> Row:
        """Return a field, or raise NotFound."""
        return self._state.named(self._state.fields, field_id)

    def all(self, *, include_common: bool) -> list[Row]:
        """Return all fields, with or without those of the common templates."""
        everything = include_common or not assumptions.LISTS_LEAVE_OUT_COMMON
        models = self._state.models
        return [row for row in self._state.fields.rows() if everything or not models[row["model"]]["common"]]

    def create(self, given: Row) -> Row:
        """Make a field, unless its model has one of that name."""
        if assumptions.FIELD_LABEL_FROM_NAME and given.get("label") is None and given.get("name") is not None:
            given = {**given, "label": given["name"]}
        attributes = FIELD.new(given)
        if not attributes["name"]:
            attributes["name"] = name_from_label(attributes["label"])
        self._check(attributes)
        return self._state.fields.put(self._state.stamped(attributes))

    def update(self, field_id: str, given: Row, *, version: int | None = None, replace: bool = False) -> Row:
        """Change a field."""
        row = self.get(field_id)
        check_version("field", row, version)
        changed = self._state.changed(row, FIELD.next(row, given, replace=replace))
        if not changed["name"]:
            changed["name"] = row["name"]
        self._check(changed, field_id)
        return self._state.fields.put(changed)

    def delete(self, field_id: str) -> None:
        """Remove a field; what is stored under its name stays."""
        field = self.get(field_id)
        self._state.fields.remove(field_id)
        if not assumptions.FIELD_DELETE_KEEPS_VALUES:
            self._forget_values(field)

    def of_model(self, model_id: str, name: str) -> Row | None:
        """Return the definition that a model has for a name."""
        return self._state.fields.first("name", (model_id, name))

    def settled(
        self,
        model_id: str,
        given: Mapping[str, Any],
        stored: Mapping[str, Any],
        *,
        replace: bool = False,
        strict: bool = False,
    ) -> Row:
        """Return the custom values to store after a request gave some.

        Null removes a value. What the field's type cannot hold is stored as given, or refused when strict;
        strict is what v2 is, v1 is not.
        """
        if replace and assumptions.PUT_RESETS_OMITTED:
            values = {name: value for name, value in stored.items() if self._is_calculated(model_id, name)}
        else:
            values = dict(stored)
        for name, value in given.items():
            field = self.of_model(model_id, name)
            if strict and field is None and name not in stored and assumptions.V2_REFUSES_UNDEFINED_FIELDS:
                raise Unprocessable(self._undefined(model_id, name))
            if field is not None and field["calculatedFieldSettings"] is not None:
                if (
                    assumptions.V2_REFUSES_CALCULATED_VALUES
                    if strict
                    else not assumptions.V1_IGNORES_CALCULATED_VALUES
                ):
                    sentence = f"Field '{name}' is calculated and cannot be written."
                    raise Unprocessable(sentence)
            elif value is None:
                values.pop(name, None)
            elif field is None or not assumptions.NORMALISE_DEFINED_FIELDS:
                values[name] = value
            else:
                values[name] = self._read(field, value, strict=strict)
        return values

    def text(self, model_id: str, name: str, value: Any) -> str:
        """Return the text by which a value of this field is found, however it is written."""
        field = self.of_model(model_id, name)
        try:
            return as_text(value if field is None else read_value(field, value))
        except CannotRead:
            return as_text(value)

    def _read(self, field: Row, value: Any, *, strict: bool) -> Any:
        try:
            return self._read_strictly(field, value) if strict else read_value(field, value)
        except CannotRead as error:
            if strict or not assumptions.V1_STORES_UNREADABLE_VALUES:
                sentence = (
                    f"Field '{field['name']}' is of type {field['type']} and cannot hold {value!r}:"
                    f" it takes {taken_by(field)}."
                )
                raise Unprocessable(sentence, {"field": field["name"], "value": value}) from error
            return value

    def _read_strictly(self, field: Row, value: Any) -> Any:
        read = read_value(field, value, strict=not assumptions.V2_TAKES_TEXT_FOR_OTHER_TYPES)
        if field["type"] == "User" and read not in self._state.users:
            raise CannotRead
        return read

    def _undefined(self, model_id: str, name: str) -> str:
        model = self._state.models[model_id]["name"]
        names = ", ".join(field["name"] for field in self._state.fields.find("model", model_id))
        return f"Model '{model}' has no field '{name}'; it has {names or 'none at all'}."

    def _is_calculated(self, model_id: str, name: str) -> bool:
        field = self.of_model(model_id, name)
        return field is not None and field["calculatedFieldSettings"] is not None

    def _check(self, attributes: Row, field_id: str | None = None) -> None:
        state = self._state
        model = state.meant(state.models, attributes["model"], "'model' of a field")
        canonical = field_type(attributes["type"])
        if canonical is None:
            sentence = f"There is no field type '{attributes['type']}'; there are {', '.join(FIELD_TYPES)}."
            raise Unprocessable(sentence)
        if not attributes["name"]:
            raise Unprocessable("A field needs a 'name', or a 'label' with letters to make one of.")
        attributes["type"] = canonical
        attributes["componentType"] = [str(item) for item in attributes["componentType"]]
        attributes["referenceType"] = [str(item) for item in attributes["referenceType"]]
        holder = self.of_model(attributes["model"], attributes["name"])
        if holder is not None and holder["_id"] != field_id:
            sentence = (
                f"Model '{model['name']}' already has a field '{attributes['name']}' ({holder['_id']})."
            )
            raise Conflict(sentence, {"id": holder["_id"]})

    def _forget_values(self, field: Row) -> None:
        state = self._state
        for workspace in state.workspaces.ids("model", field["model"]):
            for table in (state.components, state.references):
                for row in table.find("workspace", workspace):
                    if field["name"] in row["customFields"]:
                        left = {name: v for name, v in row["customFields"].items() if name != field["name"]}
                        table.put(state.changed(row, {"customFields": left}))
