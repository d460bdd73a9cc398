"""A run document as Markdown, for the summary of a build or a merge request."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ardoqpy._terminal import escape_controls
from ardoqpy_sync.plans.document_schema import check_run_document
from ardoqpy_sync.report import describe_editor, describe_outcome, format_value
from ardoqpy_sync.reporting.failures import MAX_LABELS, group_failures
from ardoqpy_sync.reporting.labels import (
    describe_not_owned,
    describe_origin,
    heading,
    headline,
    plural,
    source_name,
    succeeded,
    total_rows,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from ardoqpy_sync.documents import (
        Cascade,
        DeleteGuard,
        DocumentChange,
        RunDocument,
        SkippedRow,
        ValueChange,
    )
    from ardoqpy_sync.reporting.failures import FailureGroup

#: GitHub accepts a summary of 1 MiB.
MAX_BYTES = 1_000_000
#: How many entries of each list are shown, if the text is not too large.
MAX_SHOWN = 500
#: Characters with a meaning in Markdown, HTML or tables: some anywhere, others only where they begin a line,
#: a link, or the name of an emoji.
_SPECIAL = re.compile(
    r"[\\`*_{}\[\]<>#|~&$!@^]|:(?=\S)|(?<=www)\.|^[-+=.)](?=[-+=. ]|$)|(?<=^\d)[.)]|(?<=^\d\d)[.)]",
    re.IGNORECASE,
)
#: What GitHub and GitLab take for a user, an issue or an emoji, in the rendered text: a zero-width space goes
#: in between.
_MENTION = re.compile(r"(&#(?:64|35|33|126|36|38|58);)(?=\w)")


def render(document: RunDocument) -> Iterator[str]:
    """Yield a run document as Markdown of at most a million bytes; see `render_text`."""
    yield render_text(document)


def render_text(document: RunDocument, *, longest: int = MAX_SHOWN) -> str:
    """Return a run document as Markdown of at most a million bytes.

    Each list shows at most `longest` entries, fewer if the text is too large, and how many more there are.
    All values are escaped. Raise `InvalidInput` if the document is not valid.
    """
    check_run_document(document)
    while True:
        text = "\n".join(_lines(document, longest))
        if len(text.encode()) <= MAX_BYTES:
            return text
        longest //= 2


def _lines(document: RunDocument, longest: int) -> Iterable[str]:
    yield f"# {_safe(document['title'] or 'Sync')}\n"
    sign = "✅" if succeeded(document) else "❌"
    yield f"**{sign} {heading(document)}: {_safe(headline(document), 400)}**\n"
    for line in document["description"].splitlines()[:20]:
        yield f"{_safe(line, 1000)}  "
    yield ""
    totals = ((state, f"{first:,}", f"{second:,}") for state, first, second in total_rows(document))
    yield from _table(("", "components", "references"), totals, "lrr")
    yield from (f"- {label}: {_safe(text, 1200)}" for label, text in describe_origin(document))
    yield ""
    yield from _section(
        "Sources",
        document["sources"],
        {
            "source": lambda source: _safe(source_name(source)),
            "rows>": lambda source: f"{source['rows']:,}",
            "skipped>": lambda source: f"{source['skipped']:,}",
            "failed>": lambda source: f"{source['failed']:,}",
        },
        100,
    )
    if not_owned := describe_not_owned(document):
        yield from (f"- {_safe(sentence)}" for sentence in not_owned[:100])
        yield from _more(len(not_owned), 100)
        yield ""
    if document["delete_guard"]:
        yield from _guard(document["delete_guard"], longest)
    yield from _section(
        "Failed rows",
        group_failures(document["failed"]),
        {
            "row": _labels,
            "entity": lambda group: _entity(group.rows[0]),
            "reason": lambda group: _safe(group.describe(500), 2000),
        },
        longest,
        len(document["failed"]),
    )
    yield from _section(
        "Ambiguous matches",
        document["ambiguous"],
        {
            "entity": _entity,
            "matches>": lambda entry: f"{len(entry['matches']):,}",
            "used": lambda entry: _safe(str(entry["used"])),
        },
        longest,
    )
    yield from _section(
        "Conflicts: rows that give different values",
        document["conflicts"],
        {
            "entity": _entity,
            "attribute": lambda entry: _safe(entry["attribute"], 80),
            "first value": lambda entry: _value(document, entry["first"]),
            "row": lambda entry: _safe(entry.get("first_label") or ""),
            "last value, which is used": lambda entry: _value(document, entry["last"]),
            "last row": lambda entry: _safe(entry.get("last_label") or ""),
        },
        longest,
    )
    yield from _section(
        "Edited in Ardoq since this job last wrote it",
        document["edits"],
        {
            "entity": _entity,
            "attribute": lambda entry: _safe(entry["attribute"], 80),
            "this job wrote": lambda entry: _value(document, entry["base"]),
            "Ardoq has": lambda entry: _value(document, entry["ardoq"]),
            "the source has": lambda entry: _value(document, entry["source"]),
            "last edited by": lambda entry: _safe(describe_editor(entry), 200),
            "outcome": describe_outcome,
            "row": _label,
        },
        longest,
    )
    yield from _section(
        "Changes",
        document["changes"],
        {
            "action": lambda change: change["action"],
            "entity": _entity,
            "type": _type,
            "values": lambda change: _values(document, change),
            "row": _label,
        },
        longest,
    )
    yield from _section(
        "Missing: in Ardoq, no longer in the source",
        document["missing"],
        {
            "entity": _entity,
            "type": _type,
            "would also be deleted": lambda entry: _cascade(entry.get("cascade")),
        },
        longest,
    )
    yield from _section(
        "Not deleted: changed since",
        document["not_deleted"],
        {"entity": _entity, "type": _type, "reason": lambda entry: _safe(entry["reason"], 500)},
        longest,
    )
    yield from _section(
        "Not taken back",
        document["not_undone"],
        {
            "entity": _entity,
            "attribute": lambda entry: _safe(entry["attribute"] or "", 80),
            "reason": lambda entry: _safe(entry["reason"], 500),
            "last edited by": lambda entry: _safe(f"{entry['who'] or ''} {entry['when'] or ''}".strip(), 200),
        },
        longest,
    )
    yield from _section(
        "Not converging: Ardoq does not keep the value that was sent",
        document["not_converging"],
        {
            "entity": _entity,
            "attribute": lambda entry: _safe(entry["attribute"], 80),
            "Ardoq keeps": lambda entry: _value(document, entry.get("stored")),
            "the source has": lambda entry: _value(document, entry.get("wanted")),
        },
        longest,
    )
    yield from _section(
        "Skipped rows",
        document["skipped"],
        {"row": _label, "entity": _entity, "reason": lambda row: _safe(row["reason"], 500)},
        longest,
    )


def _guard(guard: DeleteGuard, longest: int) -> Iterable[str]:
    yield f"## Delete guard blocked\n\n{_safe(guard['sentence'], 400)}\n"
    for reason in guard["reasons"][:longest]:
        allow = reason.get("allow")
        yield f"- {_safe(reason['sentence'], 1000)}{f' To allow it, set {_safe(allow)}.' if allow else ''}"
    yield from _more(len(guard["reasons"]), longest)
    yield ""
    yield from _section(
        "Would have been deleted or marked",
        guard["would_delete"],
        {
            "entity": _entity,
            "type": _type,
            "components below it>": lambda entity: f"{entity['children']:,}",
            "references at those>": lambda entity: f"{entity['references']:,}",
        },
        longest,
    )


def _section(
    title: str,
    entries: Sequence[Any],
    columns: Mapping[str, Callable[[Any], str]],
    longest: int,
    total: int | None = None,
) -> Iterable[str]:
    """Yield a heading and a table; the title of a column of numbers ends with `>`.

    `total` is the number in the heading, if it is not that of the entries.
    """
    if not entries:
        return
    yield f"## {title} ({len(entries) if total is None else total:,})\n"
    sides = "".join("r" if name.endswith(">") else "l" for name in columns)
    rows = ([cell(entry) for cell in columns.values()] for entry in entries[:longest])
    yield from _table([name.rstrip(">") for name in columns], rows, sides)
    yield from _more(len(entries), longest)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], sides: str) -> Iterable[str]:
    yield f"| {' | '.join(head)} |"
    yield f"| {' | '.join('---' if side == 'l' else '---:' for side in sides)} |"
    yield from (f"| {' | '.join(row)} |" for row in rows)
    yield ""


def _more(total: int, longest: int) -> Iterable[str]:
    if total > longest:
        yield f"… and {total - longest:,} more.\n"


def _entity(entry: Mapping[str, Any]) -> str:
    return f"{entry['kind']} {_safe(entry.get('name') or 'without a name', 120)}"


def _type(entry: Mapping[str, Any]) -> str:
    return _safe(entry["typeName"], 80)


def _label(entry: DocumentChange | SkippedRow) -> str:
    return _safe(entry.get("label") or "")


def _labels(group: FailureGroup) -> str:
    labels = [_safe(row["label"]) for row in group.rows[:MAX_LABELS] if row["label"] is not None]
    more = len(group.rows) - MAX_LABELS
    return "<br>".join([*labels, *([f"… and {more:,} more"] if more > 0 else [])])


def _values(document: RunDocument, change: DocumentChange) -> str:
    values = list(change["attributes"].items())
    texts = [_value_change(document, change["action"], name, pair) for name, pair in values[:20]]
    texts += [f"… and {len(values) - 20} more"] if len(values) > 20 else []
    note = change.get("note")
    return "<br>".join([*texts, *([_safe(note)] if note else [])])


def _value_change(document: RunDocument, action: str, name: str, pair: ValueChange) -> str:
    old, new = (_value(document, value) for value in (pair["old"], pair["new"]))
    return f"{_safe(name, 80)}: {f'{old} → {new}' if action == 'update' else new}"


def _value(document: RunDocument, value: Any) -> str:
    name = document["names"].get(value) if isinstance(value, str) else None
    return _safe(name or format_value(value), 120)


def _cascade(cascade: Cascade | None) -> str:
    if not cascade or not (cascade["components"] or cascade["references"]):
        return ""
    total = cascade["components"] + cascade["references"]
    names = [
        f"{_entity(entity)}{' (still in the source)' if entity['state'] == 'named' else ''}"
        for entity in cascade["listed"][:3]
    ]
    more = f", … and {total - len(names)} more" if total > len(names) else ""
    counts = f"{plural(cascade['components'], 'component')}, {plural(cascade['references'], 'reference')}"
    return f"{counts}: {', '.join(names)}{more}"


def _safe(text: str, columns: int = 160) -> str:
    """Return a text on one line in which nothing means anything to Markdown or HTML, or mentions anyone."""
    # As numeric references: readers and tables do not agree on what a backslash does.
    escaped = _SPECIAL.sub(lambda match: f"&#{ord(match[0])};", escape_controls(text, columns).strip())
    return _MENTION.sub(r"\1&#8203;", escaped)
