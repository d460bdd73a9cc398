"""A run document as Markdown, for the summary of a build or a merge request."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from ardoqpy._terminal import escape_controls
from ardoqpy.errors import InvalidInput
from ardoqpy_sync.plans.document_schema import check_run_document
from ardoqpy_sync.report import describe_candidates, describe_editor, describe_outcome
from ardoqpy_sync.reporting.failures import MAX_LABELS, group_failures
from ardoqpy_sync.reporting.labels import (
    describe_delete,
    describe_notes,
    describe_origin,
    describe_since,
    ended_early,
    heading,
    headline,
    plural,
    source_name,
    succeeded,
    total_rows,
)
from ardoqpy_sync.reporting.sections import TITLES, Section, list_sections
from ardoqpy_sync.reporting.values import field_label, plain_text, value_text, values_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from ardoqpy_sync.documents import (
        AmbiguousEntry,
        Cascade,
        DeleteGuard,
        DocumentChange,
        RunDocument,
        SkippedRow,
    )
    from ardoqpy_sync.reporting.failures import FailureGroup

#: There is room for a heading, the result, and how much of what is left out, in as many characters.
LEAST, _NOTE_ROOM = 10_000, 1_000
#: If there is no room for all, deletes are kept first.
_RANKS = {"": 0, "deletes": 0}
#: How many entities of a fold are named.
MAX_NAMES = 10
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


class _Part(NamedTuple):
    """A part of the text: its head, and its entries, each of which is shown whole or left out.

    `key` is that of a section, or empty. `counts` has the number of entries that a line of `lines` is about.
    """

    key: str
    head: str
    lines: Sequence[str] = ()
    counts: Sequence[int] = ()

    def shown(self, number: int) -> str:
        """Return the part with its first lines, and how many entries are left out."""
        left = sum(self.counts[number:])
        more = f"\n… and {left:,} more.\n" if left else ""
        return self.head + "".join(f"{line}\n" for line in self.lines[:number]) + more + "\n"


def render(document: RunDocument) -> Iterator[str]:
    """Yield a run document as Markdown of at most a million bytes; see `render_text`."""
    yield render_text(document)


def render_text(
    document: RunDocument,
    *,
    longest: int = MAX_SHOWN,
    max_bytes: int = MAX_BYTES,
    max_chars: int | None = None,
) -> str:
    """Return a run document as Markdown of at most `max_bytes` bytes in UTF-8, and `max_chars` characters.

    Each list shows at most `longest` entries, but all deletes. If there is no room for all, whole entries are
    left out, deletes last, and the text says how many of what. All values are escaped. Raise `InvalidInput`
    if the document is not valid, or the maximum is below 10,000.
    """
    check_run_document(document)
    if min(max_bytes, max_bytes if max_chars is None else max_chars) < LEAST:
        raise InvalidInput(f"There is no room for a report: allow {LEAST:,} characters or more.")
    parts = list(_parts(document, longest))
    numbers = [len(part.lines) if part.key == "deletes" else longest for part in parts]

    def fits(text: str) -> bool:
        return len(text.encode()) <= max_bytes and (max_chars is None or len(text) <= max_chars)

    text = _text(parts, numbers)
    if not fits(text):
        text = _text(parts, _numbers_that_fit(parts, numbers, max_bytes, max_chars))
    return text


def _numbers_that_fit(
    parts: Sequence[_Part], numbers: Sequence[int], max_bytes: int, max_chars: int | None
) -> list[int]:
    """Return how many lines of each part there is room for; -1 leaves a part out altogether."""
    room = _Size(max_bytes, max_bytes if max_chars is None else max_chars) - _Size.of(" " * _NOTE_ROOM)
    fitting = [-1] * len(parts)
    order = sorted(range(len(parts)), key=lambda index: (_RANKS.get(parts[index].key, 1), index))
    for index in order:  # first all heads, so that every section has at least its number of entries
        size = _Size.of(f"{parts[index].head}\n… and {sum(parts[index].counts):,} more.\n\n")
        if size.is_within(room):
            fitting[index], room = 0, room - size
    for index in order:
        lines = parts[index].lines[: numbers[index]] if fitting[index] == 0 else ()
        for number, line in enumerate(lines, 1):
            size = _Size.of(f"{line}\n")
            if not size.is_within(room):
                break
            fitting[index], room = number, room - size
    return fitting


class _Size(NamedTuple):
    """The size of a text in bytes and in characters."""

    bytes: int
    chars: int

    @classmethod
    def of(cls, text: str) -> _Size:
        return cls(len(text.encode()), len(text))

    def __sub__(self, other: _Size) -> _Size:
        return _Size(self.bytes - other.bytes, self.chars - other.chars)

    def is_within(self, room: _Size) -> bool:
        return self.bytes <= room.bytes and self.chars <= room.chars


def _text(parts: Sequence[_Part], numbers: Sequence[int]) -> str:
    pairs = list(zip(parts, numbers, strict=True))
    left = [
        f"{sum(part.counts[max(0, number) :]):,} {_lower(TITLES[part.key])}"
        for part, number in pairs
        if part.key and sum(part.counts[max(0, number) :])
    ]
    note = f"*Left out here, for its length: {'; '.join(left)}. The page lists everything.*\n" if left else ""
    return "".join(part.shown(max(0, number)) for part, number in pairs if number >= 0) + note


def _lower(title: str) -> str:
    return title.partition(":")[0].lower()


def _parts(document: RunDocument, longest: int) -> Iterator[_Part]:
    sign = "✅" if succeeded(document) else "❌"
    yield _Part(
        "",
        f"# {_safe(document['title'] or 'Sync')}\n\n"
        f"**{sign} {heading(document)}: {_safe(headline(document), 400)}**\n",
    )
    description = document["description"].splitlines()[:20] if ended_early(document) else []
    if description:
        yield _Part("", "".join(f"{_safe(line, 1000)}  \n" for line in description))
    totals = ((state, f"{first:,}", f"{second:,}") for state, first, second in total_rows(document))
    yield _Part("", "\n".join(_table(("", "components", "references"), totals, "lrr")) + "\n")
    origin = [f"- {label}: {_safe(text, 1200)}\n" for label, text in describe_origin(document)]
    yield _Part("", "".join(origin))
    if document["delete_guard"]:
        yield _guard(document["delete_guard"])
    columns = _columns(document)
    for section in list_sections(document):
        yield _section(section, columns[section.key], document, longest)
    if document["sources"]:
        yield _table_part(
            "",
            f"## Sources ({len(document['sources']):,})",
            document["sources"][:100],
            {
                "source": lambda source: _safe(source_name(source)),
                "rows>": lambda source: f"{source['rows']:,}",
                "skipped>": lambda source: f"{source['skipped']:,}",
                "failed>": lambda source: f"{source['failed']:,}",
            },
        )
    if not_owned := describe_notes(document):
        lines = [f"- {_safe(sentence)}" for sentence in not_owned]
        yield _Part("", "", lines, [1] * len(lines))


def _columns(document: RunDocument) -> dict[str, dict[str, Callable[[Any], str]]]:
    """Return by section the columns of its table; each gives the cell of a group of entries."""

    def first(cell: Callable[[Any], str]) -> Callable[[Any], str]:
        return lambda group: cell(group[0])

    changes: dict[str, Callable[[Any], str]] = {
        "entity": _entities,
        "type": first(_type),
        "values": first(partial(_values, document)),
        "row": first(_label),
    }
    return {
        "blocked": {
            "entity": first(_entity),
            "type": first(_type),
            "components below it>": first(lambda entity: f"{entity['children']:,}"),
            "references at those>": first(lambda entity: f"{entity['references']:,}"),
        },
        "failed": {
            "row": _labels,
            "entity": lambda group: _entity(group.rows[0]),
            "reason": lambda group: _safe(group.describe(500), 2000),
        },
        "ambiguous": {
            "entity": first(_entity),
            "matches>": first(lambda entry: f"{len(entry['matches']):,}"),
            "used": first(lambda entry: _safe(describe_candidates(entry)[0], 300)),
            "not used": first(_others),
        },
        "conflicts": {
            "entity": first(_entity),
            "attribute": first(lambda entry: _safe(entry["attribute"], 80)),
            "first value": first(lambda entry: _value(document, entry["first"])),
            "row": first(lambda entry: _safe(entry.get("first_label") or "")),
            "last value, which is used": first(lambda entry: _value(document, entry["last"])),
            "last row": first(lambda entry: _safe(entry.get("last_label") or "")),
        },
        "edits": {
            "entity": first(_entity),
            "attribute": first(lambda entry: _safe(entry["attribute"], 80)),
            "this job wrote": first(lambda entry: _value(document, entry["base"])),
            "Ardoq has": first(lambda entry: _value(document, entry["ardoq"])),
            "the source has": first(lambda entry: _value(document, entry["source"])),
            "last edited by": first(lambda entry: _safe(describe_editor(entry), 200)),
            "outcome": first(describe_outcome),
            "row": first(_label),
        },
        "not_undone": {
            "entity": first(_entity),
            "attribute": first(lambda entry: _safe(entry["attribute"] or "", 80)),
            "reason": first(lambda entry: _safe(entry["reason"], 500)),
            "last edited by": first(
                lambda entry: _safe(" ".join(filter(None, (entry["who"], entry["when"]))), 200)
            ),
        },
        "not_deleted": {
            "entity": first(_entity),
            "type": first(_type),
            "reason": first(lambda entry: _safe(entry["reason"], 500)),
        },
        "deletes": {
            "entity": first(_entity),
            "type": first(_type),
            "why": first(lambda change: _safe("; ".join(_why(change)), 400)),
            "values lost": first(partial(_values, document)),
            "row": first(_label),
        },
        "retyped": changes,
        "updates": changes,
        "creates": changes,
        "gone": {
            "action": first(lambda change: str(change["action"])),
            **changes,
        },
        "missing": {
            "entity": first(_entity),
            "type": first(_type),
            "would also be deleted": first(lambda entry: _cascade(entry.get("cascade"))),
        },
        "not_converging": {
            "entity": first(_entity),
            "attribute": first(lambda entry: _safe(entry["attribute"], 80)),
            "Ardoq keeps": first(lambda entry: _value(document, entry.get("stored"))),
            "the source has": first(lambda entry: _value(document, entry.get("wanted"))),
        },
        "skipped": {
            "row": first(_label),
            "entity": first(_entity),
            "reason": first(lambda row: _safe(row["reason"], 500)),
        },
    }


def _section(
    section: Section, columns: Mapping[str, Callable[[Any], str]], document: RunDocument, longest: int
) -> _Part:
    """Return a section as a part: at most `longest` of its entries, but all deletes."""
    limit = None if section.key == "deletes" else longest
    title = f"## {section.title} ({section.size:,})"
    if section.key != "failed":
        counts = list(map(len, section.groups))
        return _table_part(section.key, title, section.groups, columns, counts, limit)
    groups = group_failures(document["failed"])
    counts = [len(group.rows) + group.consequences.total() for group in groups]
    return _table_part(section.key, title, groups, columns, counts, limit)


def _table_part(
    key: str,
    title: str,
    entries: Sequence[Any],
    columns: Mapping[str, Callable[[Any], str]],
    counts: Sequence[int] | None = None,
    limit: int | None = None,
) -> _Part:
    """Return a heading and a table; the title of a column of numbers ends with `>`.

    - `counts`: what each entry counts as, also of those after the first `limit`, which are not rendered.
    """
    sides = "".join("r" if name.endswith(">") else "l" for name in columns)
    head, *rows = _table(
        [name.rstrip(">") for name in columns],
        ([cell(entry) for cell in columns.values()] for entry in entries[:limit]),
        sides,
    )
    return _Part(key, f"{title}\n\n{head}\n{rows[0]}\n", rows[1:], counts or [1] * len(entries))


def _guard(guard: DeleteGuard) -> _Part:
    lines = []
    for reason in guard["reasons"]:
        allow = reason.get("allow")
        remedy = f" To allow it, set {_safe(allow)}." if allow else ""
        lines.append(f"- {_safe(reason['sentence'], 1000)}{remedy}")
    head = f"## Delete guard blocked\n\n{_safe(guard['sentence'], 400)}\n\n"
    return _Part("", head, lines, [1] * len(lines))


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], sides: str) -> Iterable[str]:
    yield f"| {' | '.join(head)} |"
    yield f"| {' | '.join('---' if side == 'l' else '---:' for side in sides)} |"
    yield from (f"| {' | '.join(row)} |" for row in rows)


def _entities(group: Sequence[DocumentChange]) -> str:
    """Return the name of the one entity, or how many there are with the names of the first."""
    if len(group) == 1:
        return _entity(group[0])
    names = [_safe(change["name"] or "without a name", 80) for change in group[:MAX_NAMES]]
    more = [f"… and {len(group) - MAX_NAMES:,} more"] if len(group) > MAX_NAMES else []
    return f"{plural(len(group), group[0]['kind'])}: {', '.join([*names, *more])}"


def _others(entry: AmbiguousEntry) -> str:
    """Return what matches a row beside the entity that is used."""
    _, others = describe_candidates(entry)
    more = [f"… and {len(others) - MAX_NAMES:,} more"] if len(others) > MAX_NAMES else []
    return "<br>".join([*(_safe(other, 300) for other in others[:MAX_NAMES]), *more])


def _why(change: DocumentChange) -> list[str]:
    note = change.get("note")
    return [*([note] if note else []), *describe_delete(change)]


def _entity(entry: Mapping[str, Any]) -> str:
    return f"{entry['kind']} {_safe(entry.get('name') or 'without a name', 120)}"


def _type(entry: Mapping[str, Any]) -> str:
    return _safe(entry["typeName"], 80)


def _label(entry: DocumentChange | SkippedRow) -> str:
    return _safe(entry.get("label") or "")


def _labels(group: FailureGroup) -> str:
    more = len(group.labels) - MAX_LABELS
    return "<br>".join(
        [*map(_safe, group.labels[:MAX_LABELS]), *([f"… and {more:,} more"] if more > 0 else [])]
    )


def _values(document: RunDocument, change: DocumentChange) -> str:
    values = values_of(change)
    texts = [_value_change(document, change, *value) for value in values[:20]]
    texts += [f"… and {len(values) - 20} more"] if len(values) > 20 else []
    notes = [change.get("note"), describe_since(change)] if change["action"] != "delete" else []
    return "<br>".join([*texts, *(_safe(note) for note in notes if note)])


def _value_change(document: RunDocument, change: DocumentChange, name: str, old: Any, new: Any) -> str:
    texts = [_safe(value_text(document, change, name, value), 120) for value in (old, new)]
    values = {"update": " → ".join(texts), "create": texts[1], "delete": texts[0]}[change["action"]]
    return f"{_safe(field_label(document, change['rootWorkspace'], name), 80)}: {values}"


def _value(document: RunDocument, value: Any) -> str:
    name = document["names"].get(value) if isinstance(value, str) else None
    return _safe(name or plain_text(value), 120)


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
