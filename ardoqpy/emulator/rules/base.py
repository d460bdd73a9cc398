"""Create, list, change and delete the rows of one kind, as far as all kinds do it alike."""

from typing import ClassVar, Generic, cast

from ardoqpy.emulator.rows import Attributes, EntityRow, R
from ardoqpy.emulator.rules.custom_values import CustomValues
from ardoqpy.emulator.schema import Kind
from ardoqpy.emulator.state import State, check_version
from ardoqpy.emulator.table import Table


class Rules(Generic[R]):
    """Apply the rules of one kind of entity. Subclasses add what their kind requires in `_complete`."""

    kind: ClassVar[Kind]

    def __init__(self, state: State, table: Table[R]) -> None:
        """Apply the rules to the rows of a table."""
        self._state = state
        self._custom_values = CustomValues(state)
        self.table = table

    def get(self, row_id: str) -> R:
        """Return a row, or raise NotFound."""
        return self._state.require(self.table, row_id)

    def all(self, *, include_common: bool = False) -> list[R]:  # noqa: ARG002 (models and fields read it)
        """Return all rows, for models and fields with or without those of the common templates."""
        return self.table.rows()

    def in_workspace(self, workspace_id: str) -> list[R]:
        """Return the components, references or tags of a workspace."""
        return self.table.find("workspace", workspace_id)

    def new_attributes(self, given: Attributes) -> Attributes:
        """Return all attributes of a new row except its custom values, or raise an ApiError."""
        attributes = self.kind.new(given)
        self._complete(attributes, given, None)
        return attributes

    def create(self, given: Attributes, custom: Attributes | None = None, *, strict: bool = False) -> R:
        """Create a row from its attributes and custom values, or raise an ApiError.

        `strict` rejects custom values that do not fit their field, as v2 does and v1 does not.
        """
        attributes = self.new_attributes(given)
        if self.kind.has_custom_fields:
            attributes["customFields"] = self._custom_values.merge(
                attributes["model"], custom or {}, {}, strict=strict
            )
        return self._state.insert(self.table, attributes)

    def update(
        self,
        row_id: str,
        given: Attributes,
        custom: Attributes | None = None,
        *,
        version: int | None = None,
        replace: bool = False,
        strict: bool = False,
    ) -> R:
        """Change a row, or raise an ApiError.

        `version` is the version that has to be stored, if any. `replace` resets what is not given.
        """
        row = self._in_version(row_id, version)
        attributes: Attributes = {**row, **self.kind.next(row, given, replace=replace)}
        self._complete(attributes, given, row)
        if self.kind.has_custom_fields:
            attributes["customFields"] = self._custom_values.merge(
                attributes["model"], custom or {}, attributes["customFields"], replace=replace, strict=strict
            )
        return self._state.update(self.table, row, attributes)

    def delete(self, row_id: str) -> None:
        """Delete a row, or raise NotFound."""
        self.get(row_id)
        self.table.remove(row_id)

    def _in_version(self, row_id: str, version: int | None) -> R:
        row = self.get(row_id)
        check_version(self.table.kind, cast("EntityRow", row), version)
        return row

    def _complete(self, attributes: Attributes, given: Attributes, before: R | None) -> None:
        """Add derived attributes, or raise an ApiError; `before` is the stored row, None for a new one."""
