"""Reports that are saved in Ardoq."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ardoqpy._validation import without_none
from ardoqpy.methods.base import Methods

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ardoqpy.entities import Entities, ReportOverview


class ReportMethods(Methods):
    """List saved reports and run them. The sync client's `get_report` is something else: its own report."""

    def get_reports(self, name: str | None = None) -> list[ReportOverview]:
        """Return the definitions of the reports, over all pages; with `name`, of those with that name.

        Each has `name`, `description`, `datasource` and `columns`, a list of dicts with `key` and `label`.
        v2 only. Source: GET `reports` (API v2's contract).
        """
        return list(self.iter_reports(name))

    def iter_reports(self, name: str | None = None) -> Iterator[ReportOverview]:
        """Yield what `get_reports` returns, keeping one page at a time.

        v2 only. Source: GET `reports` (API v2's contract).
        """
        return self.api.reports.iterate(without_none(name=name))

    def get_report_definition(self, report_id: str) -> ReportOverview:
        """Return the definition of one report, as `get_reports` gives it.

        v2 only. Raise `NotFoundError` if there is no such report. Source: GET `reports/{id}` (API v2's
        contract).
        """
        return self.api.reports.get(report_id)

    def run_report(self, report_id: str, *, tabular: bool = False, keys: str = "label") -> list[Any]:
        """Run a report and return its rows, over all pages.

        - `keys`: a row is a dict by the labels of the columns (`"label"`) or by their keys (`"key"`); missing
          values are left out.
        - `tabular=True`: a row is a list in the order of the columns, with None for missing values.

        v2 only; on v1 see `export_report`. Raise `NotFoundError` if there is no such report, `InvalidInput`
        if `keys` has another value, or comes with `tabular`.
        Source: GET `reports/{id}/run/objects`, `reports/{id}/run/tabular` (API v2's contract).
        """
        return list(self.iter_report(report_id, tabular=tabular, keys=keys))

    def iter_report(self, report_id: str, *, tabular: bool = False, keys: str = "label") -> Iterator[Any]:
        """Yield the rows that `run_report` returns, keeping one page at a time.

        Arguments and errors are those of `run_report`; a connection error may come at any step.
        Source: GET `reports/{id}/run/objects`, `reports/{id}/run/tabular` (API v2's contract).
        """
        return self.api.reports.rows(report_id, tabular=tabular, keys=keys)

    def export_report(self, report_id: str) -> Entities:
        """Run a saved report and return its rows as a list of dicts.

        Each row has `_id`, `name`, `typeName`, custom fields flat, and references as text. v1 only; on v2
        `run_report` returns rows of another form. Raise `NotFoundError` if there is no such report.
        Source: GET `report/{id}/export-data`, as a British public service calls it nightly.
        """
        return self.api.reports.export(report_id)
