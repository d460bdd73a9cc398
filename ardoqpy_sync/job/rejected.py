"""The rows that a run rejected, with all reasons, written again in the layout of their sources."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, NamedTuple

from ardoqpy.errors import InvalidInput
from ardoqpy_sync.compare.diff import FAILED
from ardoqpy_sync.job.rows.row_mapping import list_columns
from ardoqpy_sync.reporting.document import without_token
from ardoqpy_sync.sources.registry import check_source
from ardoqpy_sync.sources.row_layout import OTHER_REASONS, REASONS, ReturnedRow

if TYPE_CHECKING:
    from ardoqpy_sync.client import ArdoqSyncClient
    from ardoqpy_sync.job.file.model import Job
    from ardoqpy_sync.job.trace import RunTrace
    from ardoqpy_sync.sources import Row, Source


class RejectedFile(NamedTuple):
    """A file with the rejected rows of a source.

    - `rows`: how many; `content`: the file; `column`: the column of the reasons.
    - `notes`: sentences about cells that the file holds in another form than the source.
    """

    rows: int
    content: bytes
    column: str
    notes: list[str]


def used_sources(job: Job) -> list[str]:
    """Return the names of the sources that the mappings of a job read, in their order."""
    return list(dict.fromkeys(mapping.rows for mapping in (*job.components, *job.references)))


def suffixes_of(job: Job, source: str) -> tuple[str, ...]:
    """Return the suffixes that a file with rejected rows of a source can have, the usual one first."""
    table = {key: value for key, value in job.sources[source].items() if key != "formats"}
    return check_source(table)[0].written_as


def collect_rejected(trace: RunTrace, client: ArdoqSyncClient) -> dict[str, list[ReturnedRow]]:
    """Return by source the rows that a run rejected, in the order of the source, each with all reasons.

    Rows that Ardoq refused, and rows that were not sent any more, are among them.
    """
    reasons: dict[tuple[str, str], dict[str, None]] = {}
    for row in (*trace.components, *trace.mapped_references, *trace.references):
        if row.problems:
            row_reasons = reasons.setdefault((row.mapping.mapping.rows, row.label), {})
            row_reasons.update(dict.fromkeys(row.problems))
    for change in client._engine.report.changes:  # noqa: SLF001  (the client and its jobs are one package)
        if change.action == FAILED and change.origin is not None and change.label is not None:
            reasons.setdefault((change.origin.source, change.label), {})[str(change.note)] = None
    return {
        name: [
            _returned(row, " ".join(reasons[name, row.label])) for row in rows if (name, row.label) in reasons
        ]
        for name, rows in trace.rows.items()
    }


def _returned(row: Row, reasons: str) -> ReturnedRow:
    if row.kept is None:
        raise InvalidInput(f"{row.label} was read without its record, so it cannot be written again.")
    record, layout, document, _ = row.kept
    return ReturnedRow(row.label, record, layout, document, reasons)


def write_rejected(
    job: Job, client: ArdoqSyncClient, name: str, source: Source, rows: list[ReturnedRow]
) -> RejectedFile:
    """Return the file with the rejected rows of a source.

    Raise `InvalidInput` if a value cannot be written, or contains the access token.
    """
    values = [[row.reasons, repr(row.record), repr(row.document)] for row in rows]
    if without_token(client, values) is not values:
        raise InvalidInput(
            f"The rejected rows of source {name!r} are not written: a value in them contains your access "
            "token. Remove it."
        )
    column = reasons_column(job, name, source)
    content, notes = source.write_rows(rows, column)
    return RejectedFile(len(rows), content, column, notes)


def reasons_column(job: Job, name: str, source: Source) -> str:
    """Return the column of the reasons of a source: one that no mapping reads, and no new one that it has."""
    used = set(job.sources.get(name, {}).get("columns", ()))
    used |= {
        use.column
        for mapping in (*job.components, *job.references)
        if mapping.rows == name
        for use in list_columns(mapping)
    }
    if REASONS not in used:
        return REASONS
    names = map(OTHER_REASONS.format, count(2))
    return next(column for column in names if column not in used and column not in source.columns)
