"""The sections of a report, in the order in which a reviewer asks: every renderer follows it."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from ardoqpy_sync.compare.diff import CREATE, DELETE, UPDATE
from ardoqpy_sync.documents import KINDS
from ardoqpy_sync.report import list_candidates, type_label
from ardoqpy_sync.reporting.failures import order_failures, reason_key

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence

    from ardoqpy_sync.documents import AmbiguousEntry, DocumentChange, KindName, RunDocument

#: The keys of the sections in their order: what did not work, what is uncertain, what is lost, then the rest.
ORDER = (
    *("blocked", "failed", "ambiguous", "conflicts", "edits", "not_deleted", "not_undone"),
    *("deletes", "retyped", "updates", "creates", "gone"),
    *("missing", "not_converging", "skipped"),
)
TITLES = {
    "blocked": "Blocked by the delete guard",
    "failed": "Failed rows",
    "ambiguous": "Ambiguous matches",
    "conflicts": "Conflicts: rows that give different values; the last one is used",
    "edits": "Edited in Ardoq since this job last wrote it",
    "not_deleted": "Not deleted: changed since",
    "not_undone": "Not taken back",
    "deletes": "Deletes",
    "retyped": "Type changes and renames",
    "updates": "Updates",
    "creates": "Creates",
    "gone": "Gone: in the approved plan, and no longer in this one",
    "missing": "Missing but kept: in Ardoq, no longer in the source",
    "not_converging": "Not converging: Ardoq does not keep the value that was sent",
    "skipped": "Skipped rows",
}
#: So many entries that say the same are one.
FOLD_FROM = 3
#: The attributes of an update that make an entity another one to people.
_IDENTIFYING = {"component": frozenset({"name", "typeId"}), "reference": frozenset({"type"})}


class Section(NamedTuple):
    """A section with at least one entry.

    `groups` are lists of entries that say the same; most have one entry.
    """

    key: str
    title: str
    groups: Sequence[Sequence[Any]]

    @property
    def size(self) -> int:
        """Return the number of entries."""
        return sum(map(len, self.groups))


def list_sections(document: RunDocument) -> list[Section]:
    """Return the sections of a run document that have an entry, in their order."""
    guard, changes = document["delete_guard"], _sort_changes(document["changes"])
    since = document.get("since")
    failed = [{**row, "consequences": text} for row, text in order_failures(document["failed"])]
    groups: dict[str, Sequence[Sequence[Any]]] = {
        "blocked": _single(guard["would_delete"] if guard else ()),
        "failed": _fold(failed, _failure_key),
        "ambiguous": _single(map(_with_shared, document["ambiguous"])),
        "conflicts": _single(document["conflicts"]),
        "edits": _single(document["edits"]),
        "not_deleted": _single(document["not_deleted"]),
        "not_undone": _single(document["not_undone"]),
        "deletes": _single(_with_cascades(changes["deletes"])),
        "retyped": _fold(changes["retyped"], _update_key),
        "updates": _fold(changes["updates"], _update_key),
        "creates": _single(changes["creates"]),
        "gone": _single(since["gone"] if since else ()),
        "missing": _single(document["missing"]),
        "not_converging": _single(document["not_converging"]),
        "skipped": _single(document["skipped"]),
    }
    return [Section(key, TITLES[key], groups[key]) for key in ORDER if groups[key]]


def _sort_changes(changes: Iterable[DocumentChange]) -> dict[str, list[DocumentChange]]:
    """Return the changes by section, each in the order of the run."""
    by_section: dict[str, list[DocumentChange]] = {
        key: [] for key in ("deletes", "retyped", "updates", "creates")
    }
    for change in changes:
        by_section[section_of_change(change)].append(change)
    return by_section


def section_of_change(change: Mapping[str, Any]) -> str:
    """Return the key of the section in which a change is listed."""
    if change["action"] == UPDATE:
        return "updates" if _IDENTIFYING[change["kind"]].isdisjoint(change["attributes"]) else "retyped"
    return {CREATE: "creates", DELETE: "deletes"}[change["action"]]


def _with_cascades(deletes: Sequence[DocumentChange]) -> list[dict[str, Any]]:
    """Return deletes, each component with the number of entities that are deleted with it, by kind."""
    cascades = Counter((change.get("deleted_with"), change["kind"]) for change in deletes)

    def takes(change: DocumentChange) -> dict[str, dict[KindName, int]]:
        counts = {kind: cascades[change["_id"], kind] for kind in KINDS}
        return {"takes": counts} if any(counts.values()) else {}

    return [{**change, **takes(change)} for change in deletes]


def _with_shared(entry: AmbiguousEntry) -> dict[str, Any]:
    """Return an ambiguous match in which each candidate has whether only its id distinguishes it."""
    kind = entry["kind"]
    described = [
        {**candidate, "kind": kind, "typeName": type_label(kind, candidate), "shared": is_shared}
        for candidate, is_shared in list_candidates(entry)
    ]
    return {**entry, "candidates": described} if described else {**entry}


def _single(entries: Iterable[Any]) -> list[list[Any]]:
    return [[entry] for entry in entries]


def _fold(entries: Iterable[Any], key: Callable[[Any], Hashable]) -> list[list[Any]]:
    """Return entries in groups that say the same, each where its first entry was; few stay by themselves."""
    by_key: dict[Hashable, list[Any]] = {}
    for entry in entries:
        by_key.setdefault(key(entry), []).append(entry)
    return [
        group
        for entries in by_key.values()
        for group in ([entries] if len(entries) >= FOLD_FROM else _single(entries))
    ]


def _update_key(change: DocumentChange) -> Hashable:
    attributes = json.dumps(change["attributes"], sort_keys=True)
    return (
        *(change["kind"], change["typeName"], change["rootWorkspace"], attributes),
        *(change.get("note"), change.get("since")),
    )


def _failure_key(row: Any) -> Hashable:
    return *reason_key(row), row.get("cause"), row["consequences"]
