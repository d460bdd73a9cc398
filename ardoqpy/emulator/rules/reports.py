"""Keep reports: saved queries for components."""

from ardoqpy.emulator.errors import BadRequest, Unprocessable
from ardoqpy.emulator.rows import Attributes, ComponentRow, ReportRow
from ardoqpy.emulator.rules.base import Rules
from ardoqpy.emulator.schema import REPORT

DATASOURCES = ("graphSearch", "advancedSearch", "advancedSearchPostgres")


class Reports(Rules[ReportRow]):
    """Apply the rules of reports; a client cannot create one.

    A report's query is an object with "rootWorkspace", "typeId", both or neither. Its columns are keys of a
    component, built-in or custom, each with a label.
    """

    kind = REPORT

    def run(self, report_id: str) -> list[ComponentRow]:
        """Return the components that match the query of a report."""
        components = self._state.components
        query = self.get(report_id)["query"]
        workspace, type_id = query.get("rootWorkspace"), query.get("typeId")
        if workspace is not None and type_id is not None:
            return components.find("type", (workspace, type_id))
        if workspace is not None:
            return components.find("workspace", workspace)
        return [row for row in components.rows() if type_id is None or row["typeId"] == type_id]

    def _complete(self, attributes: Attributes, given: Attributes, before: ReportRow | None) -> None:  # noqa: ARG002
        query, columns = attributes["query"], attributes["columns"]
        if attributes["datasource"] not in DATASOURCES:
            raise Unprocessable(f"The 'datasource' of a report is one of {', '.join(DATASOURCES)}.")
        if not isinstance(query, dict) or set(query) - {"rootWorkspace", "typeId"}:
            raise BadRequest(
                "The 'query' of a report is an object with 'rootWorkspace' and 'typeId', or less."
            )
        if query.get("rootWorkspace") is not None:
            self._state.resolve(self._state.workspaces, query["rootWorkspace"], "'query' of a report")
        if not isinstance(columns, list) or not all(
            isinstance(column, dict) and all(isinstance(column.get(key), str) for key in ("key", "label"))
            for column in columns
        ):
            raise Unprocessable("The 'columns' of a report are a list of objects with 'key' and 'label'.")
