"""What a run makes of one row, step by step: its cells, each mapping, what it matches, and the outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from ardoqpy.errors import InvalidInput
from ardoqpy.metamodel import Field
from ardoqpy_sync.compare.diff import FAILED, RowOrigin
from ardoqpy_sync.job.file.where import list_tests
from ardoqpy_sync.job.rows.row import ComponentRow, ReferenceRow
from ardoqpy_sync.job.rows.row_mapping import list_readers
from ardoqpy_sync.json_file import as_json_value
from ardoqpy_sync.report import (
    describe_ambiguous,
    describe_conflict,
    describe_edit,
    describe_not_converging,
)
from ardoqpy_sync.reporting.document import without_token
from ardoqpy_sync.reporting.labels import plural
from ardoqpy_sync.reporting.values import BUILT_IN, field_label, value_text, values_of
from ardoqpy_sync.sources.cell_conversion import convert_cell
from ardoqpy_sync.sources.cell_formats import read_source_formats

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ardoqpy_sync.client import ArdoqSyncClient
    from ardoqpy_sync.documents import DocumentChange, RunDocument
    from ardoqpy_sync.job.explanation import (
        AttributeEntry,
        CellEntry,
        ConditionEntry,
        EndEntry,
        ItemEntry,
        MappingEntry,
        RowExplanation,
        StepEntry,
        ValueEntry,
    )
    from ardoqpy_sync.job.file.model import Job, RowMapping
    from ardoqpy_sync.job.resolver import ResolvedSelector
    from ardoqpy_sync.job.rows.row import MappedRow, Target
    from ardoqpy_sync.job.rows.targets import Targets
    from ardoqpy_sync.job.trace import RunTrace
    from ardoqpy_sync.sources import Row, Source
    from ardoqpy_sync.sources.cell_formats import SourceFormats

KIND, FORMAT = "ardoqpy row", 1
_TEXT = Field("value", "value", "Text")


def explain_row(
    job: Job, client: ArdoqSyncClient, trace: RunTrace, document: RunDocument, name: str, row: Row
) -> RowExplanation:
    """Return what a previewed run of a job makes of a row.

    - `trace`, `document`: of that run; `name`: the source; `row`: one of its rows in the trace.
    """
    explainer = _Explainer(job, client, trace, document, name, row)
    explanation: RowExplanation = {
        "kind": KIND,
        "format": FORMAT,
        "job": job.name,
        "source": name,
        "row": row.label,
        "problem": row.problem,
        "cells": _explain_cells(trace.sources[name], row),
        "mappings": [
            explainer.mapping(mapping)
            for mapping in (*job.components, *job.references)
            if mapping.rows == name
        ],
    }
    return without_token(client, cast("RowExplanation", as_json_value(explanation)))


def _explain_cells(source: Source, row: Row) -> list[CellEntry]:
    values = {} if row.problem is not None else row.values
    raw = {} if row.kept is None else row.kept.raw
    cells: list[CellEntry] = []
    for column in dict.fromkeys([*raw, *row.unreadable]):
        steps = source.explain_cell(column, raw[column]) if column in raw else []
        cells.append(
            {
                "column": column,
                "raw": _plain(raw.get(column)),
                "steps": [_step(*step) for step in steps],
                "value": None if column in row.unreadable else _plain(values.get(column)),
                "problem": row.unreadable.get(column),
            }
        )
    return cells


def _step(key: str, value: Any, problem: str | None) -> StepEntry:
    return {"key": key, "value": _plain(value), "problem": problem}


def _plain(value: Any) -> Any:
    """Return a cell as JSON has it, with the text of what JSON lacks, such as a date."""
    if isinstance(value, str | bool | int | float | dict | None):
        return value
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    try:
        return convert_cell(value, _TEXT)
    except InvalidInput:
        return value


class _Explainer:
    def __init__(
        self,
        job: Job,
        client: ArdoqSyncClient,
        trace: RunTrace,
        document: RunDocument,
        name: str,
        row: Row,
    ) -> None:
        self._job = job
        self._engine = client._engine  # noqa: SLF001  (the client and its jobs are one package)
        self._trace = trace
        self._document = document
        self._name = name
        self._row = row
        self._formats: SourceFormats = read_source_formats(job.sources.get(name, {}))
        report = self._engine.report.changes
        written = [change for change in report if change.action != FAILED]
        #: What the row changes, each with the mapping that does it, and why something could not be written.
        self._changes = [
            (change.origin, entry)
            for change, entry in zip(written, document["changes"], strict=True)
            if change.label == row.label
        ]
        self._refused = [change for change in report if change.action == FAILED and change.label == row.label]

    def mapping(self, mapping: RowMapping) -> MappingEntry:
        where = self._conditions(mapping)
        mapped = [
            row
            for row in (*self._trace.components, *self._trace.mapped_references)
            if self._is_of(row, mapping)
        ]
        entry: MappingEntry = {
            "mapping": self._job.problem_at(mapping.key_path, "").key,
            "line": self._job.lines.line(mapping.key_path),
            "kind": mapping.kind,
            "type": mapped[0].mapping.mapping.type if mapped else mapping.type,
            "where": where,
            "selected": bool(mapped),
            "attributes": [],
            "items": [],
            "note": None,
        }
        if mapped:
            first = mapped[0]
            is_read = not any(condition["problem"] for condition in where)
            entry["attributes"] = self._attributes(first) if is_read else []
            rows: Sequence[MappedRow] = mapped
            if isinstance(first, ReferenceRow):
                rows = [row for row in self._trace.references if self._is_of(row, mapping)]
                entry["note"] = _blank_or_repeated(first, len(rows))
                rows = rows or [row for row in mapped if row.problems]
            entry["items"] = [self._item(row) for row in rows]
        return entry

    def _is_of(self, row: MappedRow, mapping: RowMapping) -> bool:
        own = row.mapping.mapping
        return row.label == self._row.label and own.rows == self._name and own.key_path == mapping.key_path

    def _conditions(self, mapping: RowMapping) -> list[ConditionEntry]:
        entries: list[ConditionEntry] = []
        for column, condition, test in (
            list_tests(mapping.where, self._formats) if self._row.problem is None else ()
        ):
            entry: ConditionEntry = {
                "column": column,
                "condition": str(condition),
                "value": None,
                "holds": None,
                "problem": None,
            }
            try:
                cell = self._row.values.get(column)
                entry["value"] = _plain(cell)
                entry["holds"] = test(cell)
            except InvalidInput as error:
                entry["problem"] = str(error)
            entries.append(entry)
        return entries

    def _attributes(self, row: MappedRow) -> list[AttributeEntry]:
        entries: list[AttributeEntry] = []
        row_type = row.mapping.mapping.row_type
        if row_type is not None:
            has_type = row.mapping.is_of_one_type
            name = row.mapping.mapping.type if has_type else None
            entries.append(_attribute("type", "Type", row_type.value.raw, name))
        if row.problems and not row.values:
            return entries
        for reader in list_readers(row.mapping, self._formats):
            field = reader.field
            label = BUILT_IN.get(field.name, field.label)
            entry = _attribute(field.name, label, reader.template.raw, None)
            entries.append(entry)
            try:
                entry["value"] = reader.read(row.values)
            except InvalidInput as error:
                entry["problem"] = str(error)
                continue
            if entry["value"] is None and reader.is_kept:
                entry["note"] = "blank, and never_null keeps what Ardoq has"
            else:
                entry["note"] = _left_out(row, field.name)
        return entries

    # -- what the row describes -----------------------------------------------------------------------------

    def _item(self, row: MappedRow) -> ItemEntry:
        item: ItemEntry = {
            "name": None,
            "key": row.mapping.key,
            "value": None,
            "matches": [],
            "possible": [],
            "ends": [],
            "outcome": "unchanged",
            "changes": [],
            "problems": [*row.problems],
            "notes": [] if row.skipped is None else [row.skipped],
        }
        targets = self._trace.targets
        if isinstance(row, ComponentRow):
            item["key"], item["value"] = row.mapping.key or "name", row.key
            if targets is not None:
                self._describe_component(row, item, targets)
            item_id = None if row.target is None else row.target.id
        else:
            row = cast("ReferenceRow", row)
            ends = (
                (row.mapping.source, row.sources, row.source),
                (row.mapping.target, row.targets, row.target),
            )
            for role, (selector, names, end) in zip(("source", "target"), ends, strict=True):
                item["ends"].append(
                    _end(role, selector, [str(selector.describe(name)) for name in names], end, targets)
                )
            if row.mapping.key is not None:
                item["value"] = row.attributes.get(row.mapping.key)
            item["matches"] = [self._describe_reference(match) for match in row.matches]
            item_id = row.id
        self._decide(row, item, item_id)
        return item

    def _describe_component(self, row: ComponentRow, item: ItemEntry, targets: Targets) -> None:
        target = row.target
        if target is not None:
            item["name"] = target.name or None
            item["matches"] = [targets.candidates([each]) for each in targets.of_ids(target.matches)]
            item["possible"] = [targets.candidates([each]) for each in targets.of_ids(target.maybe)]
            if target.entity is None:
                item["matches"] = []
        selector = row.mapping.parent or row.mapping.within
        if selector is not None:
            names = [] if row.parent_name is None else [selector.describe(row.parent_name)]
            end = _end("parent" if row.mapping.parent else "within", selector, names, row.parent, targets)
            if row.gives_parent and not row.sets_parent:
                end["note"] = "a policy of the mapping keeps the parent that the component has"
            elif not names and row.sets_parent:
                end["note"] = "blank, so the component is at the top"
            item["ends"].append(end)
        if row.note is not None:
            item["notes"].append(row.note)
        if target is not None and row.is_used and row not in target.rows:
            twins = [each.label for each in target.rows if each.mapping is row.mapping]
            item["outcome"] = "repeats"
            item["notes"].append(f"It repeats {' and '.join(twins)}, and is ignored.")

    def _describe_reference(self, ref_id: str) -> str:
        located = self._engine.cache.get("reference", self._engine.real_id(ref_id))
        name = None if located is None else self._engine.log.name_of("reference", located.entity)
        return f"{name or 'reference'} ({ref_id})"

    def _decide(self, row: MappedRow, item: ItemEntry, item_id: str | None) -> None:
        """Set the outcome of an item, from what the run reports of it."""
        real_id = None if item_id is None else self._engine.real_id(item_id)
        kind = row.mapping.mapping.kind
        origin = RowOrigin(self._name, row.mapping.mapping.key_path)
        for its_origin, change in self._changes:
            if (its_origin, change["kind"], change["_id"]) != (origin, kind, real_id):
                continue
            item["outcome"] = (
                "create" if "create" in (item["outcome"], change["action"]) else change["action"]
            )
            item["name"] = change["name"]
            item["changes"] += self._values(change)
            item["notes"] += [note for note in [change.get("note")] if note and note not in item["notes"]]
        item["problems"] += [
            str(change.note)
            for change in self._refused
            if change.origin == origin and _is_about(change.row or {}, row)
        ]
        item["notes"] += self._notes(real_id, row.label)
        if item["problems"]:
            item["outcome"] = "rejected"
        elif row.skipped is not None:
            item["outcome"] = "skipped"

    def _values(self, change: DocumentChange) -> list[ValueEntry]:
        return [
            {
                "attribute": name,
                "label": field_label(self._document, change["rootWorkspace"], name),
                "old": old,
                "new": new,
                "old_text": value_text(self._document, change, name, old),
                "new_text": value_text(self._document, change, name, new),
            }
            for name, old, new in values_of(change)
        ]

    def _notes(self, item_id: str | None, label: str) -> list[str]:
        """Return what else the run reports of an item, apart from its change."""
        document = self._document
        return [
            *(describe_ambiguous(each) for each in document["ambiguous"] if each["used"] == item_id),
            *(
                describe_edit(each)
                for each in document["edits"]
                if (each["_id"], each["label"]) == (item_id, label)
            ),
            *(describe_conflict(each) for each in document["conflicts"] if each["_id"] == item_id),
            *(describe_not_converging(each) for each in document["not_converging"] if each["_id"] == item_id),
        ]


def _is_about(failed: Mapping[str, Any], row: MappedRow) -> bool:
    """Return whether a row that could not be written is that of a component, or of these ends."""
    if not isinstance(row, ReferenceRow):
        return True
    ends = [None if end is None else end.id for end in (row.source, row.target)]
    return [failed.get("source"), failed.get("target")] == ends


def _attribute(name: str, label: str, template: Any, value: Any) -> AttributeEntry:
    return {
        "attribute": name,
        "label": label,
        "template": template,
        "value": value,
        "problem": None,
        "note": None,
    }


def _left_out(row: MappedRow, name: str) -> str | None:
    """Return why an attribute that a row gives is not written, None if it is."""
    if isinstance(row, ReferenceRow):
        return "kept, because of create_only or fill_if_empty" if name in row.protected else None
    row = cast("ComponentRow", row)
    if name in row.left_to_others:
        return "left to another mapping, which writes it"
    if row.problems or name in row.attributes:
        return None
    if name == "name" and row.mapping.key is not None and not row.mapping.create:
        return "not written: with create = false and a key, names are never changed"
    return "kept, because of create_only or fill_if_empty"


def _end(
    role: str, selector: ResolvedSelector, names: list[str], end: Target | None, targets: Targets | None
) -> EndEntry:
    return {
        "role": role,
        "template": selector.selector.value.raw,
        "names": " and ".join(names) or None,
        "component": None if end is None or targets is None else targets.candidates([end]),
        "note": None,
    }


def _blank_or_repeated(row: ReferenceRow, references: int) -> str | None:
    """Return why a row has fewer references than pairs of ends, or none at all; None if it has all."""
    if row.problems:
        return None
    blank = [role for role, names in (("source", row.sources), ("target", row.targets)) if not names]
    if blank:
        return f"Blank in the row, so there is no reference: {' and '.join(blank)}."
    repeated = len(row.sources) * len(row.targets) - references
    if not repeated:
        return None
    repeat = "repeats" if repeated == 1 else "repeat"
    return f"{plural(repeated, 'reference')} of the row {repeat} what an earlier row says."
