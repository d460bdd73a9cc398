"""Decide what is stored for the custom values that a request gives."""

from collections.abc import Mapping
from typing import Any

from ardoqpy.emulator import assumptions
from ardoqpy.emulator.errors import Unprocessable
from ardoqpy.emulator.rows import Attributes, FieldRow
from ardoqpy.emulator.state import State
from ardoqpy.emulator.values import (
    InvalidValue,
    as_text,
    convert_value,
    date_time_field,
    describe_accepted_values,
    moment,
)


class CustomValues:
    """Apply the field definitions of a model to custom values."""

    def __init__(self, state: State) -> None:
        """Read the definitions from a state."""
        self._state = state

    def field(self, model_id: str, name: str) -> FieldRow | None:
        """Return the definition of a field in a model, or None; a part of a date range is a DateTime."""
        field = self._state.fields.first("name", (model_id, name))
        if field is None and self._state.fields.first("part", (model_id, name)) is not None:
            return date_time_field(model_id, name)
        return field

    def merge(
        self,
        model_id: str,
        given: Mapping[str, Any],
        stored: Mapping[str, Any],
        *,
        replace: bool = False,
        strict: bool = False,
    ) -> Attributes:
        """Return the custom values to store after a request: those stored, changed by those given.

        Null removes a value. A value that does not fit its field is stored as given (v1), or rejected if
        `strict` (v2).
        """
        if replace and assumptions.PUT_RESETS_OMITTED:
            values = {name: value for name, value in stored.items() if self._is_calculated(model_id, name)}
        else:
            values = dict(stored)
        for name, value in given.items():
            field = self.field(model_id, name)
            if strict and field is None and name not in stored and assumptions.V2_REJECTS_UNDEFINED_FIELDS:
                raise Unprocessable(self._describe_undefined(model_id, name))
            if field is not None and field["calculatedFieldSettings"] is not None:
                if (
                    assumptions.V2_REJECTS_CALCULATED_VALUES
                    if strict
                    else not assumptions.V1_IGNORES_CALCULATED_VALUES
                ):
                    raise Unprocessable(f"Field '{name}' is calculated and cannot be written.")
            elif value is None:
                values.pop(name, None)
            elif field is None or not assumptions.CONVERT_DEFINED_FIELDS:
                values[name] = value
            else:
                values[name] = self._convert(field, value, strict=strict)
        return values

    def search_text(self, model_id: str, name: str, value: Any) -> str:
        """Return the text that a search compares for a value of this field, stored or wanted."""
        field = self.field(model_id, name)
        try:
            if self.is_date_time(model_id, name):
                return moment(value)
            return as_text(value if field is None else convert_value(field, value))
        except InvalidValue:
            return as_text(value)

    def is_date_time(self, model_id: str, name: str) -> bool:
        """Return whether the values of a field are compared as moments, and not as they are stored."""
        field = self.field(model_id, name)
        return field is not None and field["type"] == "DateTime"

    def _convert(self, field: FieldRow, value: Any, *, strict: bool) -> Any:
        try:
            return self._convert_strictly(field, value) if strict else convert_value(field, value)
        except InvalidValue as error:
            if strict or not assumptions.V1_STORES_INVALID_VALUES:
                raise Unprocessable(
                    f"Field '{field['name']}' is of type {field['type']} and cannot hold {value!r}:"
                    f" it takes {describe_accepted_values(field)}.",
                    {"field": field["name"], "value": value},
                ) from error
            return value

    def _convert_strictly(self, field: FieldRow, value: Any) -> Any:
        converted = convert_value(field, value, strict=not assumptions.V2_CONVERTS_OTHER_JSON_TYPES)
        if field["type"] == "User" and converted not in self._state.users:
            raise InvalidValue
        return converted

    def _describe_undefined(self, model_id: str, name: str) -> str:
        model = self._state.models[model_id]["name"]
        names = ", ".join(field["name"] for field in self._state.fields.find("model", model_id))
        return f"Model '{model}' has no field '{name}'; it has {names or 'no fields'}."

    def _is_calculated(self, model_id: str, name: str) -> bool:
        field = self.field(model_id, name)
        return field is not None and field["calculatedFieldSettings"] is not None
