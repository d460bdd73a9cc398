"""Search entities by attributes and custom values, for filters, aliases, upserts and deletes by match."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ardoqpy.emulator import assumptions
from ardoqpy.emulator.rows import R
from ardoqpy.emulator.rules.custom_values import CustomValues
from ardoqpy.emulator.state import State
from ardoqpy.emulator.table import Lookup, Table

_INDEXES = {
    "workspaces": {"name": "name", "componentModel": "model"},
    "components": {"rootWorkspace": "workspace", "parent": "parent", "componentKey": "key"},
    "references": {
        "rootWorkspace": "workspace",
        "targetWorkspace": "target_workspace",
        "source": "source",
        "target": "target",
    },
    "reports": {"name": "name"},
    "attachments": {"filename": "filename", "folder": "folder"},
}
_INDEXES_BY_WORKSPACE = {"components": {"name": "name", "typeId": "type"}, "references": {"type": "type"}}


@dataclass(frozen=True, slots=True)
class Criteria:
    """List attributes and custom values that all have to be equal; custom values are compared as text."""

    attributes: tuple[tuple[str, Any], ...] = ()
    custom: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        """Return the criteria for a message."""
        pairs = [*self.attributes, *((f"customFields.{name}", text) for name, text in self.custom)]
        return ", ".join(f"{name}={value!r}" for name, value in pairs)


class Matcher:
    """Search the rows of a table by criteria."""

    def __init__(self, state: State) -> None:
        """Search the tables of a state."""
        self._state = state
        self._custom_values = CustomValues(state)

    def find(self, table: Table[R], criteria: Criteria) -> list[R]:
        """Return the rows that meet the criteria, read through the most selective index."""
        rows = table.candidates(self._lookups(table.name, criteria))
        return [row for row in rows if self._matches(row, criteria)]

    def _lookups(self, table: str, criteria: Criteria) -> list[list[Lookup]]:
        plain = _INDEXES.get(table, {})
        by_workspace = _INDEXES_BY_WORKSPACE.get(table, {})
        ids = [value for name, value in criteria.attributes if name == "rootWorkspace"]
        workspaces = [row for row in map(self._state.workspaces.get, ids) if row is not None]
        if not ids and (by_workspace or criteria.custom):
            workspaces = self._state.workspaces.rows()
        lookups: list[list[Lookup]] = []
        for name, value in criteria.attributes:
            if name in plain and not (name == "name" and assumptions.V2_FILTERS_IGNORE_CASE):
                lookups.append([Lookup(plain[name], value)])
            elif name in by_workspace:
                key = value.casefold() if name == "name" else value
                lookups.append([Lookup(by_workspace[name], (row["_id"], key)) for row in workspaces])
        for name, value in criteria.custom:
            if any(self._custom_values.is_date_time(row["componentModel"], name) for row in workspaces):
                continue  # one moment is stored in many spellings
            texts = [
                (row["_id"], self._custom_values.search_text(row["componentModel"], name, value))
                for row in workspaces
            ]
            lookups.append([Lookup("custom", (row_id, name, text)) for row_id, text in texts])
        return lookups

    def _matches(self, row: Mapping[str, Any], criteria: Criteria) -> bool:
        return all(_equal(row.get(name), value) for name, value in criteria.attributes) and all(
            name in row["customFields"]
            and self._custom_values.search_text(row["model"], name, row["customFields"][name])
            == self._custom_values.search_text(row["model"], name, value)
            for name, value in criteria.custom
        )


def _equal(stored: Any, value: Any) -> bool:
    if assumptions.V2_FILTERS_IGNORE_CASE and isinstance(stored, str) and isinstance(value, str):
        return stored.casefold() == value.casefold()
    return bool(stored == value)
