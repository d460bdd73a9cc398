"""Say which fields an entity has without a value: Ardoq sends them as null."""

from collections.abc import Callable

from ardoqpy.emulator import assumptions
from ardoqpy.emulator.rows import Attributes, ComponentRow, FieldRow, ReferenceRow
from ardoqpy.emulator.rules.fields import Fields


class EmptyFields:
    """Return null for each field of a type, for the entities of one answer; caches the fields by type."""

    def __init__(self, fields: Fields) -> None:
        """Look up the fields of models."""
        self._fields = fields
        self._of_components: dict[tuple[str, str], Attributes] = {}
        self._of_references: dict[tuple[str, int], Attributes] = {}

    def of_component(self, row: ComponentRow) -> Attributes:
        """Return null for each field that the type of a component shows."""
        key = row["model"], row["typeId"]
        if key not in self._of_components:
            self._of_components[key] = self._nulls(
                row["model"], lambda field: field["global"] or row["typeId"] in field["componentType"]
            )
        return self._of_components[key]

    def of_reference(self, row: ReferenceRow) -> Attributes:
        """Return null for each field that the type of a reference shows."""
        key = row["model"], row["type"]
        if key not in self._of_references:
            number = str(row["type"])
            self._of_references[key] = self._nulls(
                row["model"], lambda field: field["globalref"] or number in field["referenceType"]
            )
        return self._of_references[key]

    def _nulls(self, model_id: str, is_shown: Callable[[FieldRow], bool]) -> Attributes:
        if not assumptions.SEND_NULL_FOR_EMPTY_FIELDS:
            return {}
        return {field["name"]: None for field in self._fields.in_model(model_id) if is_shown(field)}
