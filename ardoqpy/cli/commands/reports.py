"""Run `ardoqpy report show` and `report run`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ardoqpy._messages import quote_name, suggest
from ardoqpy.cli.errors import CommandError
from ardoqpy.cli.names import is_id
from ardoqpy.cli.output import output_format
from ardoqpy.cli.rows import Column, Listing, cell_text, columns
from ardoqpy.errors import NotFoundError, UnsupportedOperation

if TYPE_CHECKING:
    import argparse

    from ardoqpy.client import ArdoqClient
    from ardoqpy.entities import ReportOverview


def show(client: ArdoqClient, options: argparse.Namespace) -> ReportOverview:
    """Return the definition of a report by its name or id."""
    name = options.report
    if is_id(name):
        try:
            return client.get_report_definition(name)
        except NotFoundError:
            pass  # it may still be a name
    reports = client.get_reports(name)
    if not reports:
        names = [report.get("name") for report in client.iter_reports()]
        raise CommandError(f"There is no report {quote_name(name)}: {suggest(name, names)}")
    if len(reports) > 1:
        ids = ", ".join(str(report.get("_id")) for report in reports)
        raise CommandError(f"{len(reports)} reports are called {quote_name(name)}: use an id ({ids}).")
    return reports[0]


def run(client: ArdoqClient, options: argparse.Namespace) -> Listing:
    """Return the rows of a report by its name or id."""
    try:
        report = show(client, options)
    except UnsupportedOperation:
        if options.keys == "key":
            raise CommandError(
                "API v1 has its own names for columns: leave --keys out, or pass --api v2."
            ) from None
        exported = columns("name", "type=typeName", "key=component-key", "_id")
        return Listing(client.export_report(options.report), exported)
    if output_format(options) in ("json", "ndjson"):
        return Listing(client.iter_report(report["_id"], keys=options.keys), ())
    titles = _titles(report, options.keys)
    rows = client.iter_report(report["_id"], tabular=True)
    return Listing(
        (dict(zip(titles, map(_cell, row), strict=False)) for row in rows),
        tuple(Column(title, (title,)) for title in titles),
        lambda: titles,
    )


def _titles(report: ReportOverview, keys: str) -> list[str]:
    """Return a title for each column; a title that several columns share gets the column's key added."""
    report_columns = report.get("columns") or []
    titles = [str(column.get(keys)) for column in report_columns]
    return [
        title if titles.count(title) == 1 else f"{title} ({column.get('key')})"
        for column, title in zip(report_columns, titles, strict=True)
    ]


def _cell(value: Any) -> Any:
    return cell_text(value) if isinstance(value, dict) else value
