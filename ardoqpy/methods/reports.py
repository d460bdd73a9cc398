"""Reports that are saved in Ardoq."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ardoqpy._validation import given
from ardoqpy.methods.base import Methods

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ardoqpy.entities import Entities, Entity

__all__ = ["ReportMethods"]


class ReportMethods(Methods):
    """List reports and run them; the sync client's own report is `get_report`, and not meant here."""

    def get_reports(self, name: str | None = None) -> Entities:
        """Return the definitions of the reports, over all pages; with `name`, of those with that name.

        Each has `name`, `description`, `datasource` and `columns`, a list of `key` and `label`. v2 only.
        Source: GET `reports` (API v2's contract).
        """
        return list(self.iter_reports(name))

    def iter_reports(self, name: str | None = None) -> Iterator[Entity]:
        """Yield what `get_reports` returns, holding a page at a time.

        v2 only. Source: GET `reports` (API v2's contract).
        """
        return self.api.reports.iterate(given(name=name))

    def get_report_definition(self, report_id: str) -> Entity:
        """Return the definition of one report, as `get_reports` gives it.

        v2 only. Raise `NotFoundError` where there is none. Source: GET `reports/{id}` (API v2's contract).
        """
        return self.api.reports.get(report_id)

    def run_report(self, report_id: str, *, tabular: bool = False, keys: str = "label") -> list[Any]:
        """Run a report and return its rows, over all pages.

        A row is a dict by the labels of the columns, or by their keys with `keys="key"`; what is missing
        is not in it. `tabular=True` gives lists in the order of the columns, with None for what is
        missing. v2 only; on v1 see `export_report`. Raise `NotFoundError` where there is no such report,
        `InvalidInput` where `keys` is neither, or is given for lists.
        Source: GET `reports/{id}/run/objects`, `reports/{id}/run/tabular` (API v2's contract).
        """
        return list(self.iter_report(report_id, tabular=tabular, keys=keys))

    def iter_report(self, report_id: str, *, tabular: bool = False, keys: str = "label") -> Iterator[Any]:
        """Yield the rows that `run_report` returns, holding a page at a time.

        Arguments and errors are those of `run_report`; an error of the wire may come at any step.
        Source: GET `reports/{id}/run/objects`, `reports/{id}/run/tabular` (API v2's contract).
        """
        return self.api.reports.rows(report_id, tabular=tabular, keys=keys)

    def export_report(self, report_id: str) -> Entities:
        """Run a saved report and return its rows, a dict each.

        v1 only: rows carry `_id`, `name`, `typeName`, custom fields flat, and references as text. On v2
        `run_report` gives rows of another form.
        Raise `NotFoundError` where there is no such report.
        Source: GET `report/{id}/export-data`, as a British public service calls it nightly.
        """
        return self.api.reports.export(report_id)
