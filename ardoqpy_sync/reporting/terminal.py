"""A run document in short, as lines for a terminal or a log."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from ardoqpy._terminal import escape_controls
from ardoqpy_sync.report import (
    CONFLICTS_TITLE,
    EDITS_TITLE,
    LINE_WIDTH,
    MISSING_TITLE,
    NOT_CONVERGING_TITLE,
    NOT_DELETED_TITLE,
    NOT_UNDONE_TITLE,
    describe_ambiguous,
    describe_candidates,
    describe_conflict,
    describe_edit,
    describe_not_converging,
    describe_not_undone,
    format_section,
    format_totals,
)
from ardoqpy_sync.reporting.failures import FailureGroup, group_failures
from ardoqpy_sync.reporting.labels import (
    describe_delete,
    describe_notes,
    describe_since,
    ended_early,
    headline,
    plural,
    source_name,
)
from ardoqpy_sync.reporting.sections import Section, list_sections
from ardoqpy_sync.reporting.values import field_label, value_text, values_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from ardoqpy_sync.documents import (
        BlockedDelete,
        DeleteGuard,
        DocumentChange,
        MissingEntry,
        NotDeletedEntry,
        RunDocument,
        SkippedRow,
        SourceCount,
    )

#: How many entries of each list are shown; deletes are listed completely.
MAX_SHOWN = 10
#: The titles of the sections; of a change, in a preview and in a live run.
_TITLES = {
    "blocked": "would have been deleted or marked",
    "failed": "failed",
    "ambiguous": "ambiguous",
    "conflicts": CONFLICTS_TITLE,
    "edits": EDITS_TITLE,
    "not_deleted": NOT_DELETED_TITLE,
    "not_undone": NOT_UNDONE_TITLE,
    "gone": "gone: in the approved plan, and no longer in this one",
    "missing": MISSING_TITLE,
    "not_converging": NOT_CONVERGING_TITLE,
    "skipped": "skipped rows",
}
_CHANGES = {
    "deletes": ("would delete", "deleted"),
    "retyped": ("would change name or type", "changed name or type"),
    "updates": ("would update", "updated"),
    "creates": ("would create", "created"),
}


def render(document: RunDocument, *, long: bool = False) -> Iterator[str]:
    """Yield the lines of a summary; each is safe to print on a terminal.

    The summary lists all deletes, a few entries of each other part, and no values. With `long` it lists
    everything, with the values.
    """
    origin, longest = document["origin"], None if long else MAX_SHOWN
    run = "preview, nothing is written" if origin["simulated"] else "live"
    title = escape_controls(document["title"], 160)
    yield escape_controls(f"{title}: {run}; {origin['host']}, API {origin['api']}", LINE_WIDTH)
    yield from format_totals(document["totals"])
    guard = document["delete_guard"]
    if guard:
        yield from format_section("delete guard blocked", guard_lines(guard), None)
    for section in list_sections(document):
        yield from _section(document, section, longest)
    yield from describe_notes(document)
    sources = [
        source
        for source in document["sources"]
        if document["failed"] or source.get("hidden_rows") or source.get("hidden_columns")
    ]
    yield from format_section("sources", map(_describe_source, sources), longest)
    if ended_early(document):
        for line in document["description"].splitlines()[:MAX_SHOWN]:
            yield escape_controls(f"{document['status']}: {line}", LINE_WIDTH)
    yield from _plan_lines(document)
    yield headline(document)


def _plan_lines(document: RunDocument) -> Iterator[str]:
    plan = document.get("plan")
    if plan and document["changes"]:
        approved = f", approved by {plan['approved_by']}" if plan.get("approved_by") else ""
        edited = ", edited after it was made" if plan.get("edited") else ""
        line = f"plan {plan['id']}, SHA-256 {plan['sha256']}{edited}{approved}"
        yield escape_controls(line, LINE_WIDTH)


def guard_lines(guard: DeleteGuard | None) -> list[str]:
    """Return a line for each reason of the delete guard, with the job key that would allow it."""
    reasons = guard["reasons"] if guard else []
    return [_describe_reason(reason["sentence"], reason.get("allow")) for reason in reasons]


def _describe_reason(sentence: str, allow: str | None) -> str:
    key, _, value = (allow or "").partition("=")
    remedy = f" To allow it, set {key} = {value.lower()} under [guard] in the job file." if allow else ""
    return escape_controls(sentence, LINE_WIDTH) + remedy


def _section(document: RunDocument, section: Section, longest: int | None) -> Iterable[str]:
    if section.key in _CHANGES:
        return _changes(document, section, longest)
    if section.key == "ambiguous" and longest is None:
        return _ambiguous(section)
    describe: dict[str, Callable[[Any], str]] = {
        "blocked": _describe_blocked,
        "ambiguous": describe_ambiguous,
        "conflicts": describe_conflict,
        "edits": describe_edit,
        "not_deleted": _describe_not_deleted,
        "not_undone": describe_not_undone,
        "gone": lambda change: f"{change['action']} {_describe(change)}",
        "missing": _describe_missing,
        "not_converging": describe_not_converging,
        "skipped": _describe_skipped,
    }
    if section.key == "failed" and longest is None:
        lines = [_describe_failures(FailureGroup([row])) for group in section.groups for row in group]
    elif section.key == "failed":
        lines = list(map(_describe_failures, group_failures(document["failed"])))
    else:
        lines = [describe[section.key](entry) for (entry,) in section.groups]
    # What stays although it was to be taken back is listed whole, as deletes are.
    return format_section(_TITLES[section.key], lines, None if section.key == "not_undone" else longest)


def _ambiguous(section: Section) -> Iterator[str]:
    """Yield a title and all ambiguous matches, each with all entities that match."""
    yield f"{_TITLES[section.key]}:"
    for (entry,) in section.groups:
        used, others = describe_candidates(entry)
        line = f"{entry['kind']} {entry['name']}: {len(entry['matches']):,} match"
        yield f"  - {escape_controls(line, LINE_WIDTH)}"
        for line in (f"{used} is used", *others):
            yield f"      - {escape_controls(line, LINE_WIDTH)}"


def _changes(document: RunDocument, section: Section, longest: int | None) -> Iterator[str]:
    """Yield a title and the changes of a section; without `longest`, each with its values."""
    preview, live = _CHANGES[section.key]
    yield f"{preview if document['origin']['simulated'] else live}:"
    limit = None if section.key == "deletes" else longest
    with_values = longest is None
    for group in section.groups[:limit]:
        line = _describe_change(document, group, with_values=with_values)
        yield f"  - {escape_controls(line, LINE_WIDTH)}"
        if with_values:
            change = group[0]
            yield from map(partial(_value_line, document, change), values_of(change))
            yield from (f"      - {_describe(other)}{_row_label(other)}" for other in group if len(group) > 1)
    more = sum(map(len, section.groups[limit:])) if limit is not None else 0
    if more:
        yield f"  ... and {more:,} more"


def _describe(entity: Mapping[str, Any]) -> str:
    name = escape_controls(str(entity.get("name") or "without a name"), 160)
    type_name = entity.get("typeName") or entity.get("type")
    return f"{entity['kind']} {name}{f' ({type_name})' if type_name else ''}"


def _row_label(entry: Mapping[str, Any]) -> str:
    return f"  [{entry['label']}]" if entry.get("label") else ""


def _describe_change(document: RunDocument, group: Sequence[DocumentChange], *, with_values: bool) -> str:
    change = group[0]
    notes = [change.get("note"), describe_since(change) if change["action"] != "delete" else None]
    note = "".join(f", {text}" for text in notes if text)
    values = values_of(change)
    if change["action"] == "delete":
        details = [note.removeprefix(", "), *describe_delete(change)]
        if values and not with_values:
            details.append(f"{plural(len(values), 'value')} lost")
        return f"{_describe(change)}{_row_label(change)}: {'; '.join(filter(None, details))}".rstrip(": ")
    attributes = ""
    if change["action"] == "update" and not with_values:
        listed = (_describe_attribute(document, change, *value, folded=len(group) > 1) for value in values)
        attributes = f": {', '.join(listed)}"
    if len(group) > 1:
        nouns = plural(len(group), change["kind"])
        return f"{nouns} of type {change['typeName']}{attributes}{note}"
    return f"{_describe(change)}{attributes}{note}{_row_label(change)}"


def _describe_attribute(
    document: RunDocument, change: DocumentChange, name: str, old: Any, new: Any, *, folded: bool
) -> str:
    """Return the label of an attribute that changes; with values if they are what people ask for first."""
    label = field_label(document, change["rootWorkspace"], name)
    if name not in ("typeId", "name") and not folded:
        return escape_controls(label, 160)
    texts = (value_text(document, change, name, value) for value in (old, new))
    return escape_controls(f"{label} {' -> '.join(texts)}", 160)


def _value_line(document: RunDocument, change: DocumentChange, value: tuple[str, Any, Any]) -> str:
    name, *pair = value
    old, new = (escape_controls(value_text(document, change, name, one), 60) for one in pair)
    text = {"update": f"{old} -> {new}", "create": new, "delete": old}[change["action"]]
    label = field_label(document, change["rootWorkspace"], name)
    return escape_controls(f"      {label}: {text}", LINE_WIDTH)


def _describe_skipped(row: SkippedRow) -> str:
    return f"{_describe(row)}: {escape_controls(row['reason'], 500)}{_row_label(row)}"


def _describe_failures(group: FailureGroup) -> str:
    first = group.rows[0]
    label = _row_label(first) if len({row["label"] for row in group.rows}) == 1 else ""
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
