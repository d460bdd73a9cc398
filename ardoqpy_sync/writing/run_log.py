"""What happened in a run: its report, its progress, and whether Ardoq can still be reached."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ardoqpy_sync.compare.cache import copy_entity
from ardoqpy_sync.compare.diff import Change, failed_change
from ardoqpy_sync.documents import Candidate, ReportedEntity
from ardoqpy_sync.report import Report
from ardoqpy_sync.writing.circuit_breaker import CircuitBreaker
from ardoqpy_sync.writing.pending_row import NO_ROW

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ardoqpy.api.protocols import LastChange
    from ardoqpy.entities import Attributes, Entity
    from ardoqpy.errors import ArdoqClientException
    from ardoqpy_sync.compare.cache import Cache
    from ardoqpy_sync.compare.merge import Edit
    from ardoqpy_sync.compare.model_lookup import ModelLookup
    from ardoqpy_sync.progress import Progress
    from ardoqpy_sync.writing.pending_row import RowReference

_NO_DIFFERENCES: Attributes = {}


class RunLog:
    """Record what a run did, row by row.

    `previous_report` is the report of an earlier run: its `not_converging` is known from the start.
    """

    def __init__(self, cache: Cache, model: ModelLookup, previous_report: Mapping[str, Any]) -> None:
        """Start with an empty report."""
        self._cache = cache
        self._model = model
        self.report = Report(model.known_type)
        #: What this run was allowed to delete or mark as missing so far: by id, kind, workspace and type.
        self.removed: dict[str, tuple[str, str, Any]] = {}
        #: By the id of what is missing: in how many runs in a row, and how many are needed to delete it.
        self.missing_runs: dict[str, tuple[int, int]] = {}
        self.progress: Progress | None = None
        self.circuit_breaker = CircuitBreaker()
        #: The keys of conflicts that may still have ids of pending writes.
        self._new_conflicts: dict[tuple[str, str], None] = {}
        self.not_converging: dict[tuple[str, str], Attributes] = {}
        self.know_not_converging(previous_report)

    def know_not_converging(self, previous_report: Mapping[str, Any]) -> None:
        """Know which attributes Ardoq did not keep as an earlier run sent them."""
        for note in previous_report.get("not_converging", ()):
            self.not_converging[note["_id"], note["attribute"]] = note

    def start_run(self) -> None:
        """Begin an empty report."""
        self._new_conflicts.clear()
        self.report = Report(self._model.known_type)
        self.removed = {}
        self.missing_runs = {}
        if self.progress is not None:
            self.progress.start_run()

    def loaded(self) -> None:
        """Count a workspace that was loaded."""
        if self.progress is not None:
            self.progress.loaded()

    def wrote(self) -> None:
        """Note that a write succeeded."""
        self.circuit_breaker.reset()

    def sent(self) -> None:
        """Count a write that was sent, whatever its outcome."""
        if self.progress is not None:
            self.progress.wrote()

    def failed(self, kind: str, row: Entity, problem: ArdoqClientException, reference: RowReference) -> None:
        """Report a row that failed."""
        self.circuit_breaker.failed(problem)
        change = failed_change(kind, row, str(problem), reference.label, reference.field, reference.cause)
        self.report.add(change._replace(origin=reference.origin))

    def build_change(
        self,
        action: str,
        kind: str,
        ws_id: str,
        entity: Entity,
        attributes: Attributes = _NO_DIFFERENCES,
        *,
        name: str | None = None,
        version: Any = ...,
        note: str | None = None,
        row: RowReference = NO_ROW,
    ) -> Change:
        """Return a change of an entity, for the report."""
        return Change(
            action,
            kind,
            entity["_id"],
            name or entity.get("name"),
            entity.get("type"),
            ws_id,
            attributes,
            entity.get("_version") if version is ... else version,
            note,
            None,
            row.label,
            row.field,
            None,
            row.owner,
            row.recreates,
            row.origin,
            row.ledger,
        )

    def does_not_converge(self, entity_id: str, key: str, stored: Any, wanted: Any) -> bool:
        """Return whether Ardoq is known to keep `stored` where `wanted` is sent."""
        note = self.not_converging.get((entity_id, key))
        return note is not None and (note["stored"], note["wanted"]) == (stored, wanted)

    def note_not_converging(self, kind: str, entity: Entity, key: str, stored: Any, wanted: Any) -> None:
        """Report an attribute that Ardoq does not keep as it was sent."""
        note = {"kind": kind, "_id": entity["_id"], "name": self.name_of(kind, entity)}
        note |= {"attribute": key, "stored": stored, "wanted": wanted}
        self.not_converging[entity["_id"], key] = copy_entity(note)
        entry: Any = copy_entity(note)
        self.report.not_converging[entity["_id"], key] = entry

    def note_conflict(
        self,
        kind: str,
        entity: Entity,
        attribute: str,
        first: Any,
        last: Any,
        first_label: str | None,
        last_label: str | None,
    ) -> None:
        """Report that two rows give an attribute of an entity differently; the last value is used.

        For a third row, call it again: the first value stays unless it is used in the end, the last one is
        replaced.
        """
        key = entity["_id"], attribute
        known = self.report.conflicts.get(key)
        if known is not None and known["first"] != last:
            first, first_label = known["first"], known["first_label"]
        entry = {"kind": kind, "_id": entity["_id"], "name": self.name_of(kind, entity)}
        entry |= {"attribute": attribute, "first": first, "last": last}
        entry |= {"first_label": first_label, "last_label": last_label}
        copied: Any = copy_entity(entry)
        self.report.conflicts[key] = copied
        self._new_conflicts[key] = None

    def note_edit(
        self, kind: str, entity: Entity, edit: Edit, change: LastChange, label: str | None, *, own: bool
    ) -> None:
        """Report an attribute that somebody else has changed since this job last wrote it."""
        described = self.describe(kind, entity)
        entry: Any = {key: described.get(key) for key in ("_id", "name", "type", "rootWorkspace")}
        entry |= {"kind": kind, "attribute": edit.attribute, "base": edit.base, "ardoq": edit.ardoq}
        entry |= {"source": edit.source, "conflict": edit.is_conflict, "outcome": edit.outcome}
        entry |= {"who": change.user, "when": change.time, "own": own, "label": label}
        self.report.edits[entity["_id"], edit.attribute] = copy_entity(entry)  # type: ignore[assignment]

    def put_real_ids(self, real: Mapping[str, str]) -> None:
        """Replace the ids of writes that were pending in what is noted; `real` holds the real ids by them."""
        report = self.report
        for key in [key for key in report.not_converging if key[0] in real]:
            note = report.not_converging.pop(key)
            note["_id"] = real[key[0]]
            report.not_converging[note["_id"], key[1]] = note
        while self._new_conflicts:
            entity_id, attribute = next(iter(self._new_conflicts))
            conflict = report.conflicts.pop((entity_id, attribute))
            conflict["_id"] = real.get(entity_id, entity_id)
            for value in ("first", "last"):  # may be the id of a parent
                if isinstance(conflict[value], str):
                    conflict[value] = real.get(conflict[value], conflict[value])
            report.conflicts[conflict["_id"], attribute] = conflict
            del self._new_conflicts[entity_id, attribute]
        if not all(real.keys().isdisjoint(entry["matches"]) for entry in report.ambiguous.values()):
            for entry in report.ambiguous.values():
                entry["used"] = real.get(entry["used"], entry["used"])
                entry["matches"] = [real.get(match, match) for match in entry["matches"]]
                for candidate in entry.get("candidates") or ():
                    candidate["_id"] = real.get(candidate["_id"], candidate["_id"])
            report.ambiguous = {entry["used"]: entry for entry in report.ambiguous.values()}

    def note_ambiguity(self, kind: str, matches: Sequence[Entity]) -> None:
        """Report that several entities match one row; the first of them is used."""
        used, name = matches[0]["_id"], self.name_of(kind, matches[0])
        ids = [match["_id"] for match in matches]
        known = self.report.ambiguous.get(used)
        if known is not None and known["matches"] == ids:  # thousands of rows may match the same
            known["name"] = name
        else:
            entry: Any = {"kind": kind, "name": name, "used": used, "matches": ids}
            entry["candidates"] = [self._describe_candidate(kind, match) for match in matches]
            self.report.ambiguous[used] = entry
        # The row matches all of them: they are duplicates, and none of them is missing in the source.
        self._cache.named.update(ids)

    def _describe_candidate(self, kind: str, entity: Entity) -> Candidate:
        """Return what distinguishes an entity from others of the same name."""
        parent = entity.get("parent") if kind == "component" else None
        return Candidate(
            **self.describe(kind, entity),
            parent=self._name_of_end(parent) if parent else None,
            workspace=(self._cache.attributes(entity["rootWorkspace"]) or {}).get("name"),
        )

    def describe(self, kind: str, entity: Entity) -> ReportedEntity:
        """Return what a report shows of an entity."""
        name, type_of, ws_id = self.name_of(kind, entity), entity.get("type"), entity["rootWorkspace"]
        described = ReportedEntity(name=name, _id=entity["_id"], type=type_of, rootWorkspace=ws_id)
        if kind == "reference":
            described |= {"source": entity["source"], "target": entity["target"]}
            if (type_name := self._model.known_type(kind, ws_id, type_of)) is not None:
                described["typeName"] = type_name
        return described

    def name_of(self, kind: str, entity: Entity) -> str | None:
        """Return a component's name, or the names of a reference's ends as far as they are known."""
        if kind == "component":
            name: str | None = entity.get("name")
            return name
        return f"{self._name_of_end(entity['source'])} -> {self._name_of_end(entity['target'])}"

    def _name_of_end(self, comp_id: str) -> str:
        for workspace in self._cache.workspaces.values():
            if comp_id in workspace.components.by_id:
                return str(workspace.components.by_id[comp_id].get("name") or comp_id)
        return str(comp_id)
