"""`ardoqpy report list`, `show`, `run`: reports that are saved in Ardoq."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ardoqpy._messages import quote_name, suggest
from ardoqpy.cli.command import reading
from ardoqpy.cli.errors import Refusal
from ardoqpy.cli.output import form_of
from ardoqpy.cli.rows import Column, Document, Listing, cell, columns, record

if TYPE_CHECKING:
    import argparse

    from ardoqpy.cli.connection import Connection
    from ardoqpy.client import ArdoqClient

__all__ = ["COMMANDS"]

REPORTS = columns("name", "datasource", "description", "_id")
EXPORTED = columns("name", "type=typeName", "key=component-key", "_id")


def _list_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--name", help="with exactly this name")


def _list(connection: Connection, options: argparse.Namespace) -> Listing:
    return connection.ask(lambda client: Listing(client.iter_reports(options.name), REPORTS))


def _report_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("report", metavar="REPORT", help="its name or id")


def _show(connection: Connection, options: argparse.Namespace) -> Document:
    return connection.ask(lambda client: record(_definition(client, options.report)))


def _definition(client: ArdoqClient, wanted: str) -> Any:
    from ardoqpy.cli.names import is_id  # noqa: PLC0415
    from ardoqpy.errors import NotFoundError  # noqa: PLC0415

    if is_id(wanted):
        try:
            return client.get_report_definition(wanted)
        except NotFoundError:
            pass  # perhaps somebody calls a report so
    found = client.get_reports(wanted)
    if not found:
        names = [one.get("name") for one in client.iter_reports()]
        raise Refusal(f"There is no report {quote_name(wanted)}: {suggest(wanted, names)}")
    if len(found) > 1:
        ids = ", ".join(str(one.get("_id")) for one in found)
        raise Refusal(f"{len(found)} reports are called {quote_name(wanted)}: say which by its id ({ids}).")
    return found[0]


def _run_arguments(parser: argparse.ArgumentParser) -> None:
    _report_argument(parser)
    parser.add_argument(
        "--keys", choices=("label", "key"), default="label", help="call columns by their labels or their keys"
    )


def _run(connection: Connection, options: argparse.Namespace) -> Listing:
    return connection.ask(lambda client: _rows(client, options))


def _rows(client: ArdoqClient, options: argparse.Namespace) -> Listing:
    from ardoqpy.errors import UnsupportedOperation  # noqa: PLC0415

    try:
        report = _definition(client, options.report)
    except UnsupportedOperation:
        if options.keys == "key":
            raise Refusal(
                "API v1 calls columns by names of its own: leave --keys out, or say --api v2."
            ) from None
        return Listing(client.export_report(options.report), EXPORTED)
    if form_of(options) in ("json", "ndjson"):
        return Listing(client.iter_report(report["_id"], keys=options.keys), ())
    titles = _titles(report, options.keys)
    rows = client.iter_report(report["_id"], tabular=True)
    return Listing(
        (dict(zip(titles, map(_in_one_cell, row), strict=False)) for row in rows),
        tuple(Column(title, (title,)) for title in titles),
        lambda: titles,
    )


def _titles(report: dict[str, Any], keys: str) -> list[str]:
    """Return a title for each column: those that several columns share get the key of the column behind."""
    shown = report.get("columns") or []
    titles = [str(one.get(keys)) for one in shown]
    return [
        title if titles.count(title) == 1 else f"{title} ({one.get('key')})"
        for one, title in zip(shown, titles, strict=True)
    ]


def _in_one_cell(value: Any) -> Any:
    return cell(value) if isinstance(value, dict) else value


COMMANDS = (
    reading(
        "report list",
        "list the reports that are saved (v2)",
        _list,
        (("report list", "all of them"), ("report list --name 'All applications' --format json", "by name")),
        arguments=_list_arguments,
    ),
    reading(
        "report show",
        "show the definition of a report (v2)",
        _show,
        (("report show 'All applications'", "its columns, and where it searches"),),
        arguments=_report_argument,
    ),
    reading(
        "report run",
        "run a report",
        _run,
        (
            ("report run 'All applications'", "as a table"),
            ("report run 'All applications' --keys key --format ndjson", "a line for each row"),
            ("report run 5f00aa00bb00cc00dd00ee40 --api v1 --format csv", "in v1's form, by its id"),
        ),
        arguments=_run_arguments,
    ),
)
