"""Define the fields of models."""

import re
from typing import Any, cast

from ardoqpy.emulator import assumptions
from ardoqpy.emulator.errors import Conflict, Unprocessable
from ardoqpy.emulator.rows import Attributes, FieldRow, copy_values
from ardoqpy.emulator.rules.base import Rules
from ardoqpy.emulator.schema import FIELD
from ardoqpy.emulator.table import Table
from ardoqpy.emulator.values import (
    FIELD_TYPES,
    canonical_field_type,
    date_range_parts,
    date_time_field,
)

_CAMEL_CASE_BORDER = re.compile(r"(?<=[a-zæøåäöü])(?=[A-ZÆØÅÄÖÜ])")
_NO_NAME_CHARACTERS = re.compile(r"[^0-9a-zæøåäöüß]+")


def name_from_label(label: str) -> str:
    """Return the key for a label: lower case, with underscores between words, as in "yearly_cost"."""
    return _NO_NAME_CHARACTERS.sub("_", _CAMEL_CASE_BORDER.sub("_", label).casefold()).strip("_")


def _stored_fields(field: FieldRow) -> list[FieldRow]:
    labels = {part["name"]: part.get("label") for part in field["dateTimeFields"] if "name" in part}
    if not labels:
        return [field]
    shown = copy_values(field, "componentType", "referenceType", "global", "globalref")
    return [
        cast("FieldRow", {**date_time_field(field["model"], name, labels[name]), **shown})
        for name in date_range_parts(field)
    ]


class Fields(Rules[FieldRow]):
    """Apply the rules of fields."""

    kind = FIELD

    def all(self, *, include_common: bool = False) -> list[FieldRow]:
        """Return all fields, with or without those of the common templates."""
        if include_common or not assumptions.LISTS_EXCLUDE_COMMON:
            return self.table.rows()
        models = self._state.models
        return [row for row in self.table.rows() if not models[row["model"]]["common"]]

    def in_model(self, model_id: str) -> list[FieldRow]:
        """Return the fields of a model under whose names values are stored: the two ends of a date range."""
        return [
            part for field in self._state.fields.find("model", model_id) for part in _stored_fields(field)
        ]

    def create(
        self, given: Attributes, custom: Attributes | None = None, *, strict: bool = False
    ) -> FieldRow:
        """Create a field, or raise Conflict if its model has a field of that name."""
        if assumptions.FIELD_LABEL_FROM_NAME and given.get("label") is None and given.get("name") is not None:
            given = {**given, "label": given["name"]}
        return super().create(given, custom, strict=strict)

    def delete(self, row_id: str) -> None:
        """Delete a field; the values that are stored under its name stay."""
        field = self.get(row_id)
        super().delete(row_id)
        if not assumptions.FIELD_DELETE_KEEPS_VALUES:
            self._remove_values(field, self._state.components)
            self._remove_values(field, self._state.references)

    def _complete(self, attributes: Attributes, given: Attributes, before: FieldRow | None) -> None:  # noqa: ARG002
        if not attributes["name"]:
            attributes["name"] = before["name"] if before else name_from_label(attributes["label"])
        model = self._state.resolve(self._state.models, attributes["model"], "'model' of a field")
        canonical = canonical_field_type(attributes["type"])
        if canonical is None and before is not None and before["type"] == attributes["type"]:
            canonical = before["type"]
        if canonical is None:
            raise Unprocessable(
                f"There is no field type '{attributes['type']}'; there are {', '.join(FIELD_TYPES)}."
            )
        if not attributes["name"]:
            raise Unprocessable("A field needs a 'name', or a 'label' with letters to make one of.")
        attributes["type"] = canonical
        attributes["componentType"] = [str(item) for item in attributes["componentType"]]
        attributes["referenceType"] = [str(item) for item in attributes["referenceType"]]
        existing = self._custom_values.field(attributes["model"], attributes["name"])
        if existing is not None and (before is None or existing["_id"] != before["_id"]):
            raise Conflict(
                f"Model '{model['name']}' already has a field '{attributes['name']}' ({existing['_id']}).",
                {"id": existing["_id"]},
            )

    def _remove_values(self, field: FieldRow, table: Table[Any]) -> None:
        for workspace in self._state.workspaces.ids("model", field["model"]):
            for row in table.find("workspace", workspace):
                if field["name"] in row["customFields"]:
                    values = {
                        key: value for key, value in row["customFields"].items() if key != field["name"]
                    }
                    self._state.update(table, row, {"customFields": values})
