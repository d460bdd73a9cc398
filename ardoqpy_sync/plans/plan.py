"""A plan: what a run decided, as plain data that can be read, saved and applied later."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ardoqpy._terminal import escape_controls
from ardoqpy._version import __version__
from ardoqpy_sync import json_file
from ardoqpy_sync.compare.diff import CREATE, DELETE, FAILED, UPDATE
from ardoqpy_sync.json_file import as_json_value
from ardoqpy_sync.plans.document_schema import FORMAT, PLAN, check_plan, count_totals
from ardoqpy_sync.plans.names import name_of_value, names_in_changes
from ardoqpy_sync.report import (
    CONFLICTS_TITLE,
    EDITS_TITLE,
    LINE_WIDTH,
    NOT_CONVERGING_TITLE,
    NOT_UNDONE_TITLE,
    describe_ambiguous,
    describe_conflict,
    describe_edit,
    describe_not_converging,
    describe_not_undone,
    format_section,
    format_totals,
    format_value,
    type_label,
)

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Mapping

    from ardoqpy_sync.compare.diff import Change
    from ardoqpy_sync.documents import (
        AmbiguousEntry,
        ChangeEntry,
        ConflictEntry,
        EditEntry,
        FailedRow,
        KindCounts,
        MatchedEntry,
        MissingRuns,
        NotConvergingEntry,
        NotUndoneEntry,
        Origin,
        PlanDocument,
        PlanIdentity,
        Totals,
        ValueChange,
    )
    from ardoqpy_sync.plans.names import KnownNames
    from ardoqpy_sync.report import Report

__all__ = ["Plan", "origin_now"]


#: The id of a plan is the beginning of its SHA-256.
ID_LENGTH = 12
#: Types of keys of rows that JSON holds as they are.
_JSON_KEYS = (str, int, type(None))


def origin_now(*, api: str, host: str, org: str | None, simulated: bool) -> Origin:
    """Return the `origin` of a document: the current time, this version, and the Ardoq of the run."""
    now = datetime.now(UTC).isoformat(timespec="seconds").removesuffix("+00:00")
    by = f"ardoqpy {__version__}"
    return {"at": f"{now}Z", "by": by, "api": api, "host": host, "org": org, "simulated": simulated}


@dataclass(slots=True)
class Plan:
    """The changes that a preview would make, or that a live run made.

    - `changes`: in order, each a dict with `action` (`create`, `update` or `delete`), `kind` (`component`
      or `reference`), `_id` (`simulated-1` and so on for a create in a preview), `name`, `type`,
      `rootWorkspace`, `version` (the version in Ardoq that was compared, None for a create), `attributes`
      (by attribute a dict with `old` and `new`, custom fields among the others), and, if known,
      `typeName` (of a reference, whose `type` is a number), `label` (the name of the source row), `field`
      (by which it was matched; `parent`: by its name below that), `deleted_with` (the `_id` of
      the component with which it is deleted), `owner` (the mapping and key of its row), `recreates` (the
      `_id` of what an undo creates again), `ledger` (what the ledger of the run that applies it has to
      know) and `note` (the same as text, or how a component was matched).
    - `failed`: the rows that failed, with `reason`; values that JSON cannot hold are text.
    - `ambiguous`, `conflicts`, `edits`, `not_converging`: as in the report.
    - `not_undone`: what an undo leaves as it is, with the reason.
    - `unchanged`, `missing`: by kind, how many stay as they are, and how many no row named.
    - `workspaces`: the names of the loaded workspaces, by id.
    - `names`: by id, the names of components and types in the values of changes, as far as they are known.
    - `matched`, `missing_runs`: what the ledger of the job learns when the plan is applied: what its rows
      matched, and in how many runs in a row something is missing. None without a ledger.
    - `origin`: `at` (UTC), `by` (this library and its version), `api`, `host` and `org` of the Ardoq, and
      whether it was `simulated`.
    - `sha256`: the SHA-256 of the content as it was when the plan was saved first, None before that.

    If you remove a change from `changes`, it is not applied. The `content_sha256` is then another, and so is
    the `id` of a plan that was not saved before.
    """

    changes: list[ChangeEntry]
    failed: list[FailedRow]
    ambiguous: list[AmbiguousEntry]
    conflicts: list[ConflictEntry]
    edits: list[EditEntry]
    not_converging: list[NotConvergingEntry]
    not_undone: list[NotUndoneEntry]
    unchanged: KindCounts
    missing: KindCounts
    workspaces: dict[str, str | None]
    names: dict[str, str | None]
    origin: Origin
    matched: list[MatchedEntry] | None = None
    missing_runs: list[MissingRuns] | None = None
    sha256: str | None = field(default=None, compare=False)

    @classmethod
    def of_run(
        cls,
        report: Report,
        missing: KindCounts,
        workspaces: dict[str, str | None],
        origin: Origin,
        known_names: KnownNames | None = None,
    ) -> Plan:
        """Return the plan of a run from its report so far.

        `missing`: by kind, how many no row named. `workspaces`: names by id. `known_names` finds names.
        """
        changes = list(_changes(report))
        origin = {**origin, "at": report.decided_at(origin["at"])}
        return cls(
            changes=changes,
            failed=[_failed_row(change) for change in report.changes if change.action == FAILED],
            ambiguous=as_json_value(list(report.ambiguous.values())),
            conflicts=as_json_value(list(report.conflicts.values())),
            edits=as_json_value(list(report.edits.values())),
            not_converging=as_json_value(list(report.not_converging.values())),
            not_undone=as_json_value(report.not_undone),
            unchanged={
                "component": len(report.unchanged["component"]),
                "reference": len(report.unchanged["reference"]),
            },
            missing=missing,
            workspaces=workspaces,
            names=names_in_changes(changes, known_names) if known_names is not None else {},
            origin=origin,
        )

    # -- files ------------------------------------------------------------------------------------------

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Plan:
        """Return the plan that was saved to a file.

        Raise `InvalidInput`, which names the file and what is wrong where, if the file cannot be read, is
        not a plan, has another format, or is damaged.
        """
        return cls._of_document(check_plan(*json_file.read(path, "plan")))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the plan to a JSON file, replacing what is there; the file is never left incomplete.

        Raise `InvalidInput` if it cannot be written, or the plan was changed to something invalid.
        """
        json_file.write(path, self.as_dict(), "plan")

    @classmethod
    def from_dict(cls, data: PlanDocument) -> Plan:
        """Return the plan from what `as_dict` returned; raise `InvalidInput` if the data is not valid."""
        return cls._of_document(check_plan(as_json_value(data)))

    @classmethod
    def _of_document(cls, document: PlanDocument) -> Plan:
        parts: Any = document
        for change in parts["changes"]:  # a file may leave out what is null
            for key in ("name", "type", "version"):
                change.setdefault(key, None)
        for entry in parts.get("matched") or ():
            entry.setdefault("version", None)
        return cls(**{name: parts.get(name) for name in cls.__slots__})

    def as_dict(self) -> PlanDocument:
        """Return a copy of the plan as its file holds it; raise `InvalidInput` if it is not valid."""
        data = check_plan(as_json_value(self._content()))
        return {**data, "sha256": self.sha256 or _sha256(data)}

    def _content(self) -> dict[str, object]:
        """Return all of the plan but its hash."""
        parts = {name: getattr(self, name) for name in self.__slots__ if name not in ("origin", "sha256")}
        origin, totals = self.origin, self.counts()
        return {"kind": PLAN, "format": FORMAT, "origin": origin, "totals": totals, **parts}

    # -- what a signature is for ------------------------------------------------------------------------

    @property
    def content_sha256(self) -> str:
        """The SHA-256 of the content as it is now: of JSON in ASCII with sorted keys and no spaces.

        `names`, the `typeName` of changes and the `candidates` of ambiguous matches are not part of it: a
        run may learn more of them later.
        """
        return _sha256(as_json_value(self._content()))

    def identity(self, approved_by: str | None = None) -> PlanIdentity:
        """Return the plan's `id`, `sha256` and time (`at`), for a run document.

        A plan that was loaded also has whether it was `edited`, and by whom it was approved, if given.
        """
        content = self.content_sha256
        identity: PlanIdentity = {"id": content[:ID_LENGTH], "sha256": content, "at": self.origin["at"]}
        if self.sha256 is not None:
            identity |= {"edited": content != self.sha256, "approved_by": approved_by}
        return identity

    # -- text -------------------------------------------------------------------------------------------

    def __len__(self) -> int:
        """Return the number of changes."""
        return len(self.changes)

    def __bool__(self) -> bool:
        """Return whether there is any change."""
        return bool(self.changes)

    def counts(self) -> Totals:
        """Return by kind how many were `created`, `updated`, `deleted`, `unchanged`, `missing`, `failed`."""
        return count_totals(self.changes, self.failed, self.unchanged, self.missing)

    def __repr__(self) -> str:
        """Return when the plan was made, and how many changes it has."""
        return f"<Plan of {self.origin['at']}: {len(self)} changes>"

    def __str__(self) -> str:
        """Return where the plan comes from and its totals, as text for people."""
        origin = self.origin
        how = "preview" if origin["simulated"] else "live run"
        head = f"plan of {origin['at']}, {how} on API {origin['api']} of {origin['host']}, by {origin['by']}"
        return "\n".join([escape_controls(head, LINE_WIDTH), *format_totals(self.counts())])

    def describe(self, longest: int | None = None) -> str:
        """Return the plan as text for people: each change, and each attribute with its old and new value.

        `longest`: how many entries of each list are shown; all if None. Characters that would steer a
        terminal are escaped.
        """
        lines = [str(self), *(["changes:"] if self.changes else [])]
        for change in self.changes[:longest]:
            lines += self.describe_change(change)
        if longest is not None and len(self.changes) > longest:
            lines.append(f"  ... and {len(self.changes) - longest:,} more")
        failed = map(_describe_failed_row, self.failed)
        lines += format_section("failed rows, not part of the plan", failed, longest)
        lines += format_section("ambiguous", map(describe_ambiguous, self.ambiguous), longest)
        lines += format_section(CONFLICTS_TITLE, map(describe_conflict, self.conflicts), longest)
        lines += format_section(EDITS_TITLE, map(describe_edit, self.edits), longest)
        not_converging = map(describe_not_converging, self.not_converging)
        lines += format_section(NOT_CONVERGING_TITLE, not_converging, longest)
        lines += format_section(NOT_UNDONE_TITLE, map(describe_not_undone, self.not_undone), longest)
        return "\n".join(lines)

    def describe_change(self, change: ChangeEntry) -> list[str]:
        """Return a change of this plan as lines for people: what is done, and each attribute."""
        label = f"  [{change['label']}]" if change.get("label") else ""
        version = f", version {change['version']}" if change["action"] != CREATE else ""
        note = f", {change['note']}" if change.get("note") else ""
        kind, type_name = change["kind"], type_label(change["kind"], change)
        line = f"  - {change['action']} {kind} {change['name']} ({type_name}{version}){note}{label}"
        values = [
            f"      {attribute}: {self._describe_values(change['action'], attribute, values)}"
            for attribute, values in change["attributes"].items()
        ]
        return [escape_controls(text, LINE_WIDTH) for text in (line, *values)]

    def _describe_values(self, action: str, attribute: str, values: ValueChange) -> str:
        old, new = (
            escape_controls(
                name_of_value(attribute, value, self.names, self.workspaces) or format_value(value), 60
            )
            for value in (values["old"], values["new"])
        )
        return f"{old} -> {new}" if action == UPDATE else new


def _sha256(content: Mapping[str, Any]) -> str:
    """Return the SHA-256 of the content of a plan, whatever the order of keys and the spaces in its file."""
    changes = [
        {key: value for key, value in change.items() if key != "typeName"} for change in content["changes"]
    ]
    ambiguous = [
        {key: value for key, value in entry.items() if key != "candidates"} for entry in content["ambiguous"]
    ]
    content = {key: value for key, value in content.items() if key != "names"}
    content |= {"changes": changes, "ambiguous": ambiguous}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _changes(report: Report) -> Iterable[ChangeEntry]:
    root = None
    for change in report.changes:
        if change.action == FAILED:
            continue
        entry: Any = report.describe_change(change)
        if change.label is not None and not isinstance(change.label, str):
            entry["label"] = str(change.label)
        if change.action == DELETE and change.note is None:
            root = change.id
        elif change.action == DELETE:
            # What a component takes with it is reported right after the component.
            entry["deleted_with"] = root
        # What was created was sent as JSON. Elsewhere Ardoq's values are among it: JSON can be beyond Python.
        is_json = change.action == CREATE and (change.owner is None or type(change.owner.key) in _JSON_KEYS)
        yield entry if is_json else as_json_value(entry)


def _failed_row(change: Change) -> FailedRow:
    row: FailedRow = as_json_value(
        {
            "kind": change.kind,
            "_id": change.id,
            "name": change.name,
            "type": change.type,
            "rootWorkspace": change.workspace,
            "reason": change.note,
            "label": change.label,
            "row": change.row,
            **({"cause": change.cause} if change.cause is not None else {}),
        }
    )
    return row


def _describe_failed_row(row: FailedRow) -> str:
    label = f"  [{row['label']}]" if row.get("label") else ""
    return f"{row['kind']} {row['name']}: {row['reason']}{label}"
