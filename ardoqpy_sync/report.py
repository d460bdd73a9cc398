"""The report of a run: derived from its changes, never counted by hand."""

from __future__ import annotations

import json
import re
from collections import Counter
from itertools import chain
from typing import TYPE_CHECKING, Any, cast

from ardoqpy._http.json import collector_paused
from ardoqpy._terminal import escape_controls
from ardoqpy_sync.compare.cache import copy_entity
from ardoqpy_sync.compare.diff import CREATE, DELETE, FAILED, UPDATE, Change
from ardoqpy_sync.documents import KINDS
from ardoqpy_sync.json_file import as_json_value

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from ardoqpy.entities import Attributes, Entity
    from ardoqpy_sync.documents import (
        AmbiguousEntry,
        Candidate,
        ConflictEntry,
        EditEntry,
        NotConvergingEntry,
        NotUndoneEntry,
        ReportChange,
        ReportData,
        ReportedEntity,
        ReportItem,
        Totals,
        UndeletedEntity,
        ValueChange,
    )

__all__ = [
    "CONFLICTS_TITLE",
    "EDITS_TITLE",
    "LINE_WIDTH",
    "MISSING_TITLE",
    "NOT_CONVERGING_TITLE",
    "NOT_DELETED_TITLE",
    "NOT_UNDONE_TITLE",
    "Report",
    "count_rows",
    "describe_ambiguous",
    "describe_candidates",
    "describe_conflict",
    "describe_edit",
    "describe_editor",
    "describe_not_converging",
    "describe_not_undone",
    "describe_outcome",
    "format_report",
    "format_section",
    "format_totals",
    "format_value",
    "list_candidates",
    "type_label",
]

#: A longer line is cut.
LINE_WIDTH = 400
#: How many of the entities that match a row are listed, beside the one that is used.
MAX_CANDIDATES = 3
#: Titles of sections that the texts of a report, a plan and a run document share.
MISSING_TITLE = "missing: in Ardoq, no longer in the source"
NOT_CONVERGING_TITLE = "not converging"
NOT_DELETED_TITLE = "not deleted: changed since"
NOT_UNDONE_TITLE = "not taken back"
CONFLICTS_TITLE = "conflicts: rows that give different values; the last one is used"
EDITS_TITLE = "edited in Ardoq since this job last wrote it"

#: How the report's keys begin by action, and end by kind; the list of each is under `<name>_l`.
_PREFIXES = {CREATE: "new", UPDATE: "updated", DELETE: "del", FAILED: "failed"}
_SUFFIXES: dict[str, str] = {"component": "comps", "reference": "refs"}
#: Text that could be taken for a number, for no value, or for blank.
_CONTAINERS = frozenset({dict, list})
_AMBIGUOUS_TEXT = re.compile(r"^$|^\s|\s$|^(true|false|null|None|[-+]?[\d.]+([eE][-+]?\d+)?)$|^\"")


class Report:
    """The report of one run, in the keys of ardoqpy 0.8.4 and some more.

    - `new_`, `updated_`, `del_`, `cache_hit_`, `failed_` + `comps` or `refs`: how many; with `_l` at the
      end (not for `cache_hit_refs`) a list of them, as dicts with `_id`, `name` and `type`.
    - `changes`: all changes in order, each attribute with `old` and `new`; rows without a change are not
      listed.
    - `cache_miss_comps`, `cache_miss_refs`: entities in Ardoq that no row named, of the types that rows
      touched and in the loaded workspaces.
    - `ambiguous`: rows that several entities match: the `_id` of the one `used`, and of all `matches`;
      `candidates` has the name, type, parent and workspace of each.
    - `conflicts`: attributes that two rows of the run give differently: the `first` value and the `last` one,
      which is used, with the labels of both rows.
    - `edits`: with a ledger, attributes that somebody else has changed since this job last wrote them.
    - `not_converging`: attributes that Ardoq does not keep as they were sent.
    - `status`: `success`, or `failure` with the reason in `description`.
    """

    def __init__(self, type_name: Callable[[str, str | None, Any], str | None] | None = None) -> None:
        """Start with an empty report.

        `type_name` returns the name of a type by kind, workspace and type, None if it is not known.
        """
        self._type_name = type_name
        self.changes: list[Change] = []
        self.unchanged: dict[str, list[Entity]] = {"component": [], "reference": []}
        self.ambiguous: dict[str, AmbiguousEntry] = {}
        self.conflicts: dict[tuple[str, str], ConflictEntry] = {}
        self.edits: dict[tuple[str, str], EditEntry] = {}
        self.not_converging: dict[tuple[str, str], NotConvergingEntry] = {}
        #: What was to be deleted as missing and was left as it is, with the reason.
        self.not_deleted: list[UndeletedEntity] = []
        #: What an undo leaves as it is, with the reason.
        self.not_undone: list[NotUndoneEntry] = []
        #: Deleted entities by id, as they were: a change does not hold the ends of a deleted reference.
        self.deleted: dict[str, Entity] = {}
        self._folded = 0
        self.data: ReportData = _blank()
        #: What the report says of failed rows, unless somebody else has set its description.
        self._description: str | None = None
        self._decided: tuple[tuple[int, ...], str] | None = None

    def add(self, change: Change) -> None:
        """Add a change; entities that a row leaves unchanged go into `unchanged`."""
        self.changes.append(change)

    def decided_at(self, now: str) -> str:
        """Return the time at which the latest change was first asked for: equal plans have equal times."""
        notes = len(self.ambiguous), len(self.conflicts), len(self.not_converging)
        state = len(self.changes), *map(len, self.unchanged.values()), *notes
        if self._decided is None or self._decided[0] != state:
            self._decided = state, now
        return self._decided[1]

    def remove(self, indexes: Collection[int]) -> None:
        """Remove changes that are not counted yet: their rows are compared again."""
        if indexes:
            self.changes = [change for index, change in enumerate(self.changes) if index not in indexes]

    def as_dict(self) -> ReportData:
        """Return the report without `changes`: the same dict at each call, updated."""
        data = self._counted()
        listed = data["cache_hit_comps_l"]
        listed += _hits(self.unchanged["component"][len(listed) :])
        return data

    def _counted(self) -> ReportData:
        """Update the report, without the list of unchanged components: it is as long as the source."""
        data, by_name = self.data, cast("Attributes", self.data)
        items = [(change, _item(change)) for change in self.changes[self._folded :]]
        for change, item in items:  # calls nothing that could fail, so that nothing is counted twice
            name = f"{_PREFIXES[change.action]}_{_SUFFIXES[change.kind]}"
            self._folded += 1
            by_name[name] += 1
            by_name[f"{name}_l"].append(item)
        data["cache_hit_comps"], data["cache_hit_refs"] = (
            len(entities) for entities in self.unchanged.values()
        )
        failed = data["failed_comps"] + data["failed_refs"]
        is_own = self._description is not None and data["description"] == self._description
        if failed and (data["status"] == "success" or is_own):
            first = next(change for change in self.changes if change.action == FAILED)
            data["description"] = f"{failed} row(s) failed; the first: {first.note}"
            self._description = data["description"]
            if data["status"] == "success":
                data["status"] = "failure"
        data["ambiguous"] = list(self.ambiguous.values())
        data["conflicts"] = list(self.conflicts.values())
        data["edits"] = list(self.edits.values())
        data["not_converging"] = list(self.not_converging.values())
        return data

    def copy(self) -> ReportData:
        """Return the whole report, including `changes`, as a copy that the caller may change."""
        with collector_paused(len(self.changes) + sum(map(len, self.unchanged.values()))):
            copied: Any = copy_entity({**self._counted(), "cache_hit_comps_l": []})
            copied["cache_hit_comps_l"] = _hits(self.unchanged["component"])
            copied["changes"] = [self.describe_change(change) for change in self.changes]
        return cast("ReportData", copied)

    def describe_change(self, change: Change) -> ReportChange:
        """Return a change as plain data, each attribute with `old` and `new`."""
        data = {
            "action": change.action,
            "kind": change.kind,
            "_id": change.id,
            "name": change.name,
            "type": change.type,
            "rootWorkspace": change.workspace,
            "version": change.version,
            "attributes": _value_changes(change),
        }
        optional: Attributes = {"note": change.note, "label": change.label, "field": change.field}
        if change.owner is not None:
            optional["owner"] = change.owner._asdict()
        optional["recreates"], optional["ledger"] = change.recreates, change.ledger
        if change.kind == "reference" and self._type_name is not None:
            optional["typeName"] = self._type_name(change.kind, change.workspace, change.type)
        data |= {key: value for key, value in optional.items() if value is not None}
        return cast("ReportChange", data)

    def set_misses(self, components: Iterable[ReportedEntity], references: Iterable[ReportedEntity]) -> None:
        """Set which entities are in Ardoq and no longer in the source."""
        self.data["cache_miss_comps"] = list(components)
        self.data["cache_miss_refs"] = list(references)


def _hits(components: list[Entity]) -> list[ReportItem]:
    return [{"_id": comp["_id"], "name": comp.get("name"), "type": comp.get("type")} for comp in components]


def _blank() -> ReportData:
    data: Attributes = {}
    for name in (f"{prefix}_{suffix}" for suffix in _SUFFIXES.values() for prefix in _PREFIXES.values()):
        data |= {name: 0, f"{name}_l": []}
    data |= {
        "cache_hit_comps": 0,
        "cache_hit_comps_l": [],
        "cache_hit_refs": 0,
        "cache_miss_comps": [],
        "cache_miss_refs": [],
        "ambiguous": [],
        "conflicts": [],
        "edits": [],
        "not_converging": [],
        "status": "success",
        "description": None,
    }
    return cast("ReportData", data)


def _item(change: Change) -> ReportItem:
    item: ReportItem = {"_id": change.id, "name": change.name, "type": change.type}
    if change.action == UPDATE:
        item["changes"] = _value_changes(change)
    if change.action == FAILED:
        item |= {"reason": change.note, "row": as_json_value(change.row), "label": change.label}
        if change.cause is not None:
            item["cause"] = change.cause
    return item


def _value_changes(change: Change) -> dict[str, ValueChange]:
    written = change.attributes
    changes: dict[str, ValueChange]
    if change.action == CREATE:
        changes = {key: {"old": None, "new": new} for key, new in written.items()}
        flat = _CONTAINERS.isdisjoint(map(type, written.values()))
    else:
        changes = {key: {"old": old, "new": new} for key, (old, new) in written.items()}
        flat = _CONTAINERS.isdisjoint(map(type, chain.from_iterable(written.values())))
    return changes if flat else copy_entity(changes)


def count_rows(report: Mapping[str, Any]) -> dict[str, int]:
    """Return by kind how many rows a run brought in, as its report counts them."""
    return {
        kind: sum(
            number
            for each in ("new", "updated", "cache_hit")
            if isinstance(number := report.get(f"{each}_{suffix}"), int)
        )
        for kind, suffix in _SUFFIXES.items()
    }


# -- as text -----------------------------------------------------------------------------------------------


def format_report(report: ReportData, *, longest: int = 10) -> str:
    """Return a report, as `get_report` returns it, as text for people.

    Each list shows at most `longest` entries and how many more there are. Characters that would steer a
    terminal are escaped.
    """
    changes = report["changes"]
    created = [
        f"{kind} {change['name']} ({type_label(kind, change)})"
        for kind in KINDS
        for change in changes
        if change["action"] == CREATE and change["kind"] == kind
    ]
    values = [
        f"{change['name']}: {attribute}: {_brief(pair['old'])} -> {_brief(pair['new'])}"
        for change in changes
        if change["action"] == UPDATE
        for attribute, pair in change["attributes"].items()
    ]
    deleted = [f"{change['kind']} {change['name']}" for change in changes if change["action"] == DELETE]
    misses = (("component", report["cache_miss_comps"]), ("reference", report["cache_miss_refs"]))
    missing = [
        f"{kind} {entity['name']} ({type_label(kind, entity)})"
        for kind, entities in misses
        for entity in entities
    ]
    failed = [f"{row['name']}: {row['reason']}" for row in report["failed_comps_l"] + report["failed_refs_l"]]
    lines = format_totals(_totals(report))
    sections: tuple[tuple[str, Iterable[str]], ...] = (
        ("created", created),
        ("changed attributes", values),
        ("deleted", deleted),
        (MISSING_TITLE, missing),
        ("failed", failed),
        ("ambiguous", map(describe_ambiguous, report["ambiguous"])),
        (CONFLICTS_TITLE, map(describe_conflict, report["conflicts"])),
        (EDITS_TITLE, map(describe_edit, report["edits"])),
        (NOT_CONVERGING_TITLE, map(describe_not_converging, report["not_converging"])),
    )
    for title, entries in sections:
        lines += format_section(title, entries, longest)
    if report["status"] != "success":
        lines.append(escape_controls(f"{report['status']}: {report['description']}", LINE_WIDTH))
    return "\n".join(lines)


def format_totals(totals: Totals) -> list[str]:
    """Return the lines of a table: how many of each kind were created, updated, deleted, and so on."""
    columns = ("created", "updated", "deleted", "unchanged", "missing", "failed")
    rows: list[tuple[str, Iterable[object]]] = [("", columns)]
    rows += [(f"{kind}s", totals[kind].values()) for kind in KINDS]
    widths = (9, 9, 9, 11, 9, 8)
    return [
        f"{title:12}" + "".join(f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True))
        for title, cells in rows
    ]


def format_section(title: str, entries: Iterable[str], longest: int | None) -> list[str]:
    """Return a title and at most `longest` entries, escaped, as lines; none if there is no entry."""
    listed = list(entries)
    lines = [f"  - {escape_controls(entry, LINE_WIDTH)}" for entry in listed[:longest]]
    more = len(listed) - len(lines)
    return [*([f"{title}:"] if listed else []), *lines, *([f"  ... and {more:,} more"] if more else [])]


def describe_ambiguous(entry: AmbiguousEntry) -> str:
    """Return how many entities match a row, which one is used, and the first of the others."""
    used, others = describe_candidates(entry)
    more = f"; and {len(others) - MAX_CANDIDATES:,} more" if len(others) > MAX_CANDIDATES else ""
    is_listed = others and list_candidates(entry)  # ids alone tell nobody anything
    rest = f"; the others: {'; '.join(others[:MAX_CANDIDATES])}{more}" if is_listed else ""
    return f"{entry['kind']} {entry['name']}: {len(entry['matches'])} match, {used} is used{rest}"


def describe_candidates(entry: AmbiguousEntry) -> tuple[str, list[str]]:
    """Return the entity that is used for a row, and the others that match it.

    Each is described by name, type, parent and workspace, with its id where others are described the same.
    Entries of an earlier version have the ids only.
    """
    pairs = [(match, str(match)) for match in entry["matches"]]
    if candidates := list_candidates(entry):
        pairs = [
            (
                candidate["_id"],
                _describe_candidate(entry["kind"], candidate) + is_shared * f" [{candidate['_id']}]",
            )
            for candidate, is_shared in candidates
        ]
    used = next((text for entity_id, text in pairs if entity_id == entry["used"]), str(entry["used"]))
    return used, [text for entity_id, text in pairs if entity_id != entry["used"]]


def list_candidates(entry: AmbiguousEntry) -> list[tuple[Candidate, bool]]:
    """Return what matches a row, each with whether others have its name, type, parent and workspace.

    Return nothing for an entry without candidates, or with others than those that match.
    """
    candidates = entry.get("candidates") or []
    if [candidate["_id"] for candidate in candidates] != entry["matches"]:
        return []
    texts = [_describe_candidate(entry["kind"], candidate) for candidate in candidates]
    counts = Counter(texts)
    return [(candidate, counts[text] > 1) for candidate, text in zip(candidates, texts, strict=True)]


def _describe_candidate(kind: str, candidate: Candidate) -> str:
    workspace = candidate["workspace"] or candidate["rootWorkspace"]
    if candidate["parent"] is not None:
        location = f", below {candidate['parent']}{f' in {workspace}' if workspace else ''}"
    elif kind == "component":
        location = f", at the top{f' of {workspace}' if workspace else ''}"
    else:
        location = f", in {workspace}" if workspace else ""
    return f"{candidate['name'] or 'without a name'} ({type_label(kind, candidate)}){location}"


def describe_conflict(entry: ConflictEntry) -> str:
    """Return which values two rows give, and which rows these are."""
    rows = [f" in {label}" if label else "" for label in (entry["first_label"], entry["last_label"])]
    values = f"{_brief(entry['first'])}{rows[0]}, then {_brief(entry['last'])}{rows[1]}"
    return f"{entry['kind']} {entry['name']}: {entry['attribute']}: {values}"


def describe_edit(entry: EditEntry) -> str:
    """Return the three values of an attribute that somebody else has changed, and what becomes of it."""
    values = f"Ardoq has: {_brief(entry['ardoq'])}; this job wrote: {_brief(entry['base'])}"
    if entry["conflict"]:
        values += f"; the source now has: {_brief(entry['source'])}"
    row = f"  [{entry['label']}]" if entry["label"] else ""
    return (
        f"{entry['kind']} {entry['name']}: {entry['attribute']}: {values}; last edited by "
        f"{describe_editor(entry)}; {describe_outcome(entry)}{row}"
    )


def describe_editor(entry: EditEntry) -> str:
    """Return who last edited an entity, and when, as far as that is known."""
    who = entry["who"] or "somebody"
    own = " (this job's own user)" if entry["own"] else ""
    return f"{who}{own} at {entry['when']}" if entry["when"] else f"{who}{own}"


def describe_not_undone(entry: NotUndoneEntry) -> str:
    """Return what an undo leaves as it is, and the reason."""
    attribute = f": {entry['attribute']}" if entry["attribute"] else ""
    who = f" Last edited by {entry['who'] or 'somebody'} at {entry['when']}." if entry["when"] else ""
    return f"{entry['kind']} {entry['name']}{attribute}: {entry['reason']}{who}"


def describe_outcome(entry: EditEntry) -> str:
    """Return what becomes of an attribute that somebody else has changed."""
    outcomes = {"overwritten": "overwritten", "kept": "kept", "unresolved": "conflict, not resolved"}
    return outcomes[entry["outcome"]]


def describe_not_converging(entry: NotConvergingEntry) -> str:
    """Return which value Ardoq keeps, and which one the source has."""
    values = f"Ardoq keeps {_brief(entry['stored'])}, the source has {_brief(entry['wanted'])}"
    return f"{entry['kind']} {entry['name']}: {entry['attribute']}: {values}"


def type_label(kind: str, entity: Mapping[str, Any]) -> str:
    """Return the name of an entity's type; a reference type whose name is not known has a number."""
    if entity.get("typeName"):
        return str(entity["typeName"])
    type_of = entity["type"]
    return "no type" if type_of is None else str(type_of) if kind == "component" else f"type {type_of}"


def format_value(value: object) -> str:
    """Return a value as text: as JSON unless it is text that cannot be taken for anything else."""
    if value is None:
        return "empty"
    if isinstance(value, str) and not _AMBIGUOUS_TEXT.search(value):
        return value
    return json.dumps(value, ensure_ascii=False, default=repr)


def _brief(value: object) -> str:
    return escape_controls(format_value(value), 60)


def _totals(report: ReportData) -> Totals:
    data = cast("Attributes", report)
    totals: Any = {
        kind: {
            "created": data[f"new_{suffix}"],
            "updated": data[f"updated_{suffix}"],
            "deleted": data[f"del_{suffix}"],
            "unchanged": data[f"cache_hit_{suffix}"],
            "missing": len(data[f"cache_miss_{suffix}"]),
            "failed": data[f"failed_{suffix}"],
        }
        for kind, suffix in _SUFFIXES.items()
    }
    return cast("Totals", totals)
