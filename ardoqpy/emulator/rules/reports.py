"""Keep reports: saved questions about components, answered anew each time."""

from ardoqpy.emulator import assumptions
from ardoqpy.emulator.errors import BadRequest, Unprocessable
from ardoqpy.emulator.state import State
from ardoqpy.emulator.table import Row

DEFAULT_COLUMNS = (("name", "Name"), ("type", "Type"), ("rootWorkspace", "Workspace"))
DATASOURCES = ("graphSearch", "advancedSearch", "advancedSearchPostgres")


class Reports:
    """Save and run reports.

    A report's query is an object with any of "rootWorkspace" and "typeId". Its columns are keys of a
    component, built in or custom, each with a label.
    """

    def __init__(self, state: State) -> None:
        self._state = state

    def get(self, report_id: str) -> Row:
        """Return a report, or raise NotFound."""
        return self._state.named(self._state.reports, report_id)

    def create(
        self, name: str, query: Row, columns: list[Row] | None = None, description: str | None = None
    ) -> Row:
        """Save a report."""
        attributes: Row = {"name": name, "description": description, "query": query}
        attributes["datasource"] = assumptions.REPORT_DEFAULT_DATASOURCE
        attributes["columns"] = columns or [{"key": key, "label": label} for key, label in DEFAULT_COLUMNS]
        check_report(self._state, attributes)
        return self._state.reports.put(self._state.stamped(attributes))

    def run(self, report_id: str) -> list[Row]:
        """Return the components that a report asks for."""
        components = self._state.components
        query = self.get(report_id)["query"]
        workspace, type_id = query.get("rootWorkspace"), query.get("typeId")
        if workspace is not None and type_id is not None:
            return components.find("type", (workspace, type_id))
        if workspace is not None:
            return components.find("workspace", workspace)
        return [row for row in components.rows() if type_id is None or row["typeId"] == type_id]


def check_report(state: State, attributes: Row) -> None:
    """Raise a Problem unless a report's query and columns can be understood."""
    query, columns = attributes["query"], attributes["columns"]
    if attributes["datasource"] not in DATASOURCES:
        sentence = f"The 'datasource' of a report is one of {', '.join(DATASOURCES)}."
        raise Unprocessable(sentence)
    if not isinstance(query, dict) or set(query) - {"rootWorkspace", "typeId"}:
        raise BadRequest("The 'query' of a report is an object with 'rootWorkspace' and 'typeId', or less.")
    if query.get("rootWorkspace") is not None:
        state.meant(state.workspaces, query["rootWorkspace"], "'query' of a report")
    if not isinstance(columns, list) or not all(
        isinstance(column, dict) and all(isinstance(column.get(key), str) for key in ("key", "label"))
        for column in columns
    ):
        raise Unprocessable("The 'columns' of a report are a list of objects with 'key' and 'label'.")
