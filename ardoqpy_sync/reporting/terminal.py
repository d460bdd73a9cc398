"""A run document in short, as lines for a terminal or a log."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ardoqpy._terminal import escape_controls
from ardoqpy_sync.plans.names import name_of_value
from ardoqpy_sync.report import (
    CONFLICTS_TITLE,
    EDITS_TITLE,
    LINE_WIDTH,
    MISSING_TITLE,
    NOT_CONVERGING_TITLE,
    NOT_DELETED_TITLE,
    NOT_UNDONE_TITLE,
    describe_ambiguous,
    describe_conflict,
    describe_edit,
    describe_not_converging,
    describe_not_undone,
    format_section,
    format_totals,
    format_value,
)
from ardoqpy_sync.reporting.failures import group_failures
from ardoqpy_sync.reporting.labels import describe_not_owned, headline, plural, source_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ardoqpy_sync.documents import (
        BlockedDelete,
        DeleteGuard,
        DocumentChange,
        MissingEntry,
        NotDeletedEntry,
        RunDocument,
        SkippedRow,
        SourceCount,
        ValueChange,
    )
    from ardoqpy_sync.reporting.failures import FailureGroup

#: How many entries of each list are shown.
MAX_SHOWN = 10
#: A description that only repeats the failed rows, or the delete guard, which are listed.
_LISTED_ABOVE = re.compile(
    r"\d+ row\(s\) (failed|could not be used)|The delete guard blocked|\d+ entit(y was|ies were) not deleted"
)
_DONE = {"create": "created", "update": "updated", "delete": "deleted"}


def render(document: RunDocument, changes_text: str | None = None) -> Iterator[str]:
    """Yield the lines of a summary; each is safe to print on a terminal.

    The summary lists a few entries of each part, without values. `changes_text`, for example from
    `Plan.describe`, replaces totals, changes and failed rows; then the other lists are complete.
    """
    origin = document["origin"]
    run = "preview, nothing is written" if origin["simulated"] else "live"
    title = escape_controls(document["title"], 160)
    yield escape_controls(f"{title}: {run}; {origin['host']}, API {origin['api']}", LINE_WIDTH)
    if changes_text is None:
        yield from _changes(document)
    else:
        yield from changes_text.splitlines()
    longest = MAX_SHOWN if changes_text is None else None
    yield from format_section(MISSING_TITLE, map(_describe_missing, document["missing"]), longest)
    yield from format_section("skipped rows", map(_describe_skipped, document["skipped"]), longest)
    if changes_text is None:
        yield from format_section("ambiguous", map(describe_ambiguous, document["ambiguous"]), longest)
        yield from format_section(CONFLICTS_TITLE, map(describe_conflict, document["conflicts"]), longest)
        yield from format_section(EDITS_TITLE, map(describe_edit, document["edits"]), longest)
        not_converging = map(describe_not_converging, document["not_converging"])
        yield from format_section(NOT_CONVERGING_TITLE, not_converging, longest)
    yield from describe_not_owned(document)
    if document["failed"]:
        yield from format_section("sources", map(_describe_source, document["sources"]), longest)
    yield from format_section(NOT_DELETED_TITLE, map(_describe_not_deleted, document["not_deleted"]), longest)
    if changes_text is None:
        yield from format_section(NOT_UNDONE_TITLE, map(describe_not_undone, document["not_undone"]), None)
    if guard := document["delete_guard"]:
        yield from format_section("delete guard blocked", guard_lines(guard), None)
        blocked = map(_describe_blocked, guard["would_delete"])
        yield from format_section("would have been deleted or marked", blocked, longest)
    if document["status"] != "success" and not _LISTED_ABOVE.match(document["description"]):
        for line in document["description"].splitlines()[:MAX_SHOWN]:
            yield escape_controls(f"{document['status']}: {line}", LINE_WIDTH)
    for note in document["notes"]:
        yield escape_controls(note, LINE_WIDTH)
    yield headline(document)


def guard_lines(guard: DeleteGuard | None) -> list[str]:
    """Return a line for each reason of the delete guard, with the job key that would allow it."""
    reasons = guard["reasons"] if guard else []
    return [_describe_reason(reason["sentence"], reason.get("allow")) for reason in reasons]


def _describe_reason(sentence: str, allow: str | None) -> str:
    key, _, value = (allow or "").partition("=")
    remedy = f" To allow it, set {key} = {value.lower()} under [guard] in the job file." if allow else ""
    return escape_controls(sentence, LINE_WIDTH) + remedy


def _changes(document: RunDocument) -> Iterator[str]:
    simulated = document["origin"]["simulated"]
    yield from format_totals(document["totals"])
    title = "would change" if simulated else "changed"
    changes = (_describe_change(document, change) for change in document["changes"])
    yield from format_section(title, changes, MAX_SHOWN)
    yield from format_section(
        "failed", map(_describe_failures, group_failures(document["failed"])), MAX_SHOWN
    )


def _describe(entity: Mapping[str, Any]) -> str:
    name = escape_controls(str(entity.get("name") or "without a name"), 160)
    type_name = entity.get("typeName") or entity.get("type")
    return f"{entity['kind']} {name}{f' ({type_name})' if type_name else ''}"


def _row_label(entry: Mapping[str, Any]) -> str:
    return f"  [{entry['label']}]" if entry.get("label") else ""


def _describe_change(document: RunDocument, change: DocumentChange) -> str:
    verb = change["action"] if document["origin"]["simulated"] else _DONE[change["action"]]
    names = [_describe_attribute(document, *attribute) for attribute in change["attributes"].items()]
    attributes = f": {', '.join(names)}" if change["action"] == "update" else ""
    note = f", {change['note']}" if change.get("note") else ""
    return f"{verb} {_describe(change)}{attributes}{note}{_row_label(change)}"


def _describe_attribute(document: RunDocument, name: str, values: ValueChange) -> str:
    """Return the name of an attribute that changes; of a type both names."""
    if name != "typeId":
        return name
    old, new = (
        name_of_value(name, value, document["names"], document["workspaces"]) or format_value(value)
        for value in (values["old"], values["new"])
    )
    return escape_controls(f"{name} {old} -> {new}", 160)


def _describe_skipped(row: SkippedRow) -> str:
    return f"{_describe(row)}: {escape_controls(row['reason'], 500)}{_row_label(row)}"


def _describe_failures(group: FailureGroup) -> str:
    first = group.rows[0]
    label = _row_label(first) if len(group.rows) == 1 else ""
    return f"{_describe(first)}: {group.describe(300)}{label}"


def _describe_missing(entry: MissingEntry) -> str:
    cascade = entry.get("cascade")
    if not cascade or not (cascade["components"] or cascade["references"]):
        return _describe(entry)
    counts = f"{plural(cascade['components'], 'component')} and {plural(cascade['references'], 'reference')}"
    return f"{_describe(entry)}, and with it {counts}"


def _describe_not_deleted(entry: NotDeletedEntry) -> str:
    return f"{_describe(entry)}: {escape_controls(entry['reason'], 500)}"


def _describe_blocked(entity: BlockedDelete) -> str:
    cascade = entity["cascade_total"]
    with_it = f", and {plural(cascade, 'entity', 'entities')} with it" if cascade else ""
    return f"{_describe(entity)}{with_it}"


def _describe_source(source: SourceCount) -> str:
    counts = f"{plural(source['rows'], 'row')}, {source['skipped']:,} skipped, {source['failed']:,} failed"
    return f"{source_name(source)}: {counts}"
