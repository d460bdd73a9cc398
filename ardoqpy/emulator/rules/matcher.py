"""Find entities by what they are, over indexes: for filters, aliases, upserts and deletes by match."""

from dataclasses import dataclass
from typing import Any

from ardoqpy.emulator import assumptions
from ardoqpy.emulator.rules.fields import Fields
from ardoqpy.emulator.state import State
from ardoqpy.emulator.table import Lookup, Row, Table
from ardoqpy.emulator.values import as_text

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
_INDEXES_BY_WORKSPACE = {
    "components": {"name": "name", "typeId": "type"},
    "references": {"type": "type"},
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Describe entities by attributes and custom values that all have to be equal; custom values as text."""

    attributes: tuple[tuple[str, Any], ...] = ()
    custom: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        pairs = [*self.attributes, *((f"customFields.{name}", text) for name, text in self.custom)]
        return ", ".join(f"{name}={value!r}" for name, value in pairs)


class Matching:
    """Find the rows of a table that are as wanted."""

    def __init__(self, state: State, fields: Fields) -> None:
        self._state = state
        self._fields = fields

    def find(self, table: Table, wanted: Wanted) -> list[Row]:
        """Return the rows that are as wanted, looking at no more of them than the best index leads to."""
        rows = table.narrowed(self._ways(table, wanted))
        return [row for row in rows if self._fits(row, wanted)]

    def _ways(self, table: Table, wanted: Wanted) -> list[list[Lookup]]:
        plain = _INDEXES.get(table.name, {})
        by_workspace = _INDEXES_BY_WORKSPACE.get(table.name, {})
        asked = [value for name, value in wanted.attributes if name == "rootWorkspace"]
        workspaces = [row for row in map(self._state.workspaces.get, asked) if row is not None]
        if not asked and (by_workspace or wanted.custom):
            workspaces = self._state.workspaces.rows()
        ways: list[list[Lookup]] = []
        for name, value in wanted.attributes:
            if name in plain and not (name == "name" and assumptions.V2_FILTERS_IGNORE_CASE):
                ways.append([(plain[name], value)])
            elif name in by_workspace:
                key = value.casefold() if name == "name" else value
                ways.append([(by_workspace[name], (workspace["_id"], key)) for workspace in workspaces])
        for name, value in wanted.custom:
            texts = ((row, self._fields.text(row["componentModel"], name, value)) for row in workspaces)
            ways.append([("custom", (row["_id"], name, text)) for row, text in texts])
        return ways

    def _fits(self, row: Row, wanted: Wanted) -> bool:
        return all(_equal(row.get(name), value) for name, value in wanted.attributes) and all(
            name in row["customFields"]
            and as_text(row["customFields"][name]) == self._fields.text(row["model"], name, value)
            for name, value in wanted.custom
        )


def _equal(stored: Any, value: Any) -> bool:
    if assumptions.V2_FILTERS_IGNORE_CASE and isinstance(stored, str) and isinstance(value, str):
        return stored.casefold() == value.casefold()
    return bool(stored == value)
