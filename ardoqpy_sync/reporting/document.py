"""Build the run document of a sync client: the full record of one run, as plain data without the token."""

from __future__ import annotations

from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast

from ardoqpy._messages import describe_type, quote_name, short_repr, suggest
from ardoqpy.config import Token
from ardoqpy.errors import DeleteBlocked, InvalidInput
from ardoqpy_sync import json_file
from ardoqpy_sync.compare.cascade_counts import cascade_counts
from ardoqpy_sync.compare.diff import DELETE
from ardoqpy_sync.documents import KINDS
from ardoqpy_sync.json_file import as_json_value
from ardoqpy_sync.plans.document_schema import FORMAT, RUN_DOCUMENT, check_run_document, count_totals
from ardoqpy_sync.plans.names import names_in_changes, names_of_engine
from ardoqpy_sync.report import type_label
from ardoqpy_sync.reporting.graph import build_graph
from ardoqpy_sync.reporting.labels import plural
from ardoqpy_sync.reporting.type_names import TypeNames

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Mapping, Sequence

    from ardoqpy.entities import Attributes, Entity
    from ardoqpy_sync.client import ArdoqSyncClient
    from ardoqpy_sync.documents import (
        AmbiguousEntry,
        Candidate,
        ChangeEntry,
        DeleteGuard,
        DocumentChange,
        DocumentFailedRow,
        FailedRow,
        KindCounts,
        MissingEntry,
        NotDeletedEntry,
        Origin,
        PlanIdentity,
        ReportData,
        RunDocument,
        SkippedRow,
        SourceCount,
        Totals,
        ValueChange,
    )
    from ardoqpy_sync.engine import Engine
    from ardoqpy_sync.plans.plan import Plan

_T = TypeVar("_T")

#: So many entities that would be deleted with one are listed for it, and in the whole document.
MAX_LISTED, MAX_LISTED_IN_ALL = 20, 20_000
#: They are chosen among so many, the nearest ones.
MAX_CANDIDATES = 500
#: What a deleted entity loses beside the values of its fields.
_KEPT = frozenset({"description", "parent", "displayText"})
#: The parts of a run document that are lists.
_LISTS = (
    *("changes", "failed", "ambiguous", "conflicts", "edits", "not_converging", "missing", "not_deleted"),
    *("not_undone", "skipped", "sources", "notes"),
)


def build_run_document(
    client: ArdoqSyncClient,
    *,
    title: str | None = None,
    sources: Iterable[SourceCount | Mapping[str, Any]] = (),
    failed_rows: Iterable[Mapping[str, Any]] = (),
    skipped_rows: Iterable[SkippedRow | Mapping[str, Any]] = (),
    not_owned: Mapping[str, int] | None = None,
    blocked: DeleteBlocked | Mapping[str, Any] | None = None,
    notes: Iterable[str] = (),
    applied: PlanIdentity | None = None,
) -> RunDocument:
    """Return the full record of a client's run, as plain data.

    - `title`: the title of the report; by default it names the workspaces.
    - `sources`: what was read, each a mapping with `name`, `rows`, `skipped` and `failed`, and, if
      something was hidden, `hidden_rows` and `hidden_columns`.
    - `failed_rows`: rows of a source that never became a call, for example because a cell cannot be
      converted. Each is a mapping with `kind` (`component` or `reference`), `name`, `label` and `reason`.
    - `skipped_rows`: rows that were left out although nothing is wrong with them, with the same keys.
    - `not_owned`: by type, how many components belong to other sources and are never missing.
    - `blocked`: the error that `delete_cache_misses` raised, if it did.
    - `notes`: sentences about the whole run, such as that nothing can be missing yet.
    - `applied`: the plan that this run applied, from `Plan.identity`.

    Pending writes are sent first. Type names come from the model of each workspace, which is read if the run
    had no reason to (v1); if it cannot be read, a reference type is shown by its number. The keys:

    - `kind` (`ardoqpy run document`), `format` (1), `title`, and `origin`, as in a `Plan`.
    - `status` and `description`: as in the report; `failure` also if there are `failed_rows`, if the delete
      guard `blocked` the run, or if something was `not_deleted`.
    - `totals`: as `Plan.counts()`, with the `failed_rows` among the failed.
    - `changes`, `failed`, `ambiguous`, `conflicts`, `edits`, `not_converging`: as in a `Plan`; each of the
      first two has a `typeName`, also for a reference, whose `type` is a number. A delete that was not made
      with that of a component has `why`; each delete has the values that are `lost`, and, if known, `who`
      changed the entity last and `when`.
    - `missing`: entities in Ardoq that no row named, of the types that the run touched. Each has `kind`,
      `_id`, `name`, `type`, `typeName` and `rootWorkspace`. A component has `cascade`: how many `components`
      and `references` of the loaded workspaces would be deleted with it, and the first 20 of them `listed`,
      each with a `state`: `missing` itself, `named` by a row of this run, or `other`.
    - `not_deleted`: what was to be deleted and was left as it is, because it was changed since, or because
      something was added to it. Each has the keys of a `missing` one without `cascade`, and a `reason`.
    - `not_undone`: what an undo leaves as it is, with the reason.
    - `delete_guard`: None, or the `sentence`, `reasons` and `would_delete` of `DeleteBlocked`; each of the
      latter with at most 20 entries in `cascade`, and their number in `cascade_total`.
    - `workspaces` by id, and `names`, by id, of components and types in the values of changes.
    - `sources`, `skipped` (the `skipped_rows`), `not_owned` and `notes`: as given.
    - `fields`: by workspace, the labels of fields by name, as far as the run read them.
    - `plan`: of a preview, the `id` and `sha256` of its plan, and when it was made (`at`); else `applied`.
    - `graph`: what changes, and its neighbours; see `build_graph`.

    Raise `InvalidInput` if an argument is not valid, and with `on_error="raise"` the error of a pending
    write.
    """
    given = _Given(
        _title(title),
        _sources(sources),
        _failed_rows(failed_rows),
        _skipped_rows(skipped_rows),
        _not_owned(not_owned),
        _delete_guard(blocked),
        [as_json_value(str(note)) for note in notes],
    )
    engine = client._engine  # noqa: SLF001  (the client and its report are one package)
    with client._lock:  # noqa: SLF001  (the plan must not change before it is compared with the cache)
        report = client.get_report()
        plan = client.plan
        names = TypeNames(engine.model.names)
        missing = _missing(engine, report, names)
        failed = [_failed_row(engine, row, names) for row in plan.failed + given.failed_rows]
        changes = [
            cast("DocumentChange", {**_with_type_name(change, names), **_lost(engine, change)})
            for change in plan.changes
        ]
        graph = build_graph(engine.cache, engine.report.deleted, changes, failed, missing, names)
        not_deleted: list[NotDeletedEntry] = as_json_value(
            [_with_type_name(entity, names) for entity in engine.report.not_deleted]
        )
        status, description = _status(report, given, not_deleted)
        document: RunDocument = {
            "kind": RUN_DOCUMENT,
            "format": FORMAT,
            "title": given.title or _default_title(plan.workspaces),
            "origin": plan.origin,
            "status": status,
            "description": description,
            "totals": _with_failed(plan.counts(), given.failed_rows),
            "changes": changes,
            "failed": failed,
            "ambiguous": [_with_candidate_types(entry, names) for entry in plan.ambiguous],
            "conflicts": plan.conflicts,
            "edits": plan.edits,
            "not_converging": plan.not_converging,
            "missing": missing,
            "not_deleted": not_deleted,
            "not_undone": plan.not_undone,
            "skipped": given.skipped_rows,
            "not_owned": given.not_owned,
            "delete_guard": given.delete_guard and _with_type_names(given.delete_guard, names),
            "workspaces": as_json_value(plan.workspaces),
            "names": _names(engine, changes, names),
            "sources": given.sources,
            "notes": given.notes,
            "graph": as_json_value(graph),
            "fields": as_json_value(_field_labels(engine, changes)),
            "plan": plan.identity() if applied is None and plan.origin["simulated"] else applied,
        }
        return without_token(client, document)


def without_token(client: ArdoqSyncClient, data: _T) -> _T:
    """Return JSON data without the client's token, which Ardoq's own data can have; itself if it has none."""
    redacted: _T = Token(client.token).redact_data(data)
    return redacted


def build_failed_document(
    title: str,
    description: str,
    origin: Origin,
    plan: Plan | None = None,
    applied: PlanIdentity | None = None,
) -> RunDocument:
    """Return the run document of a run that ended early; `description` says why.

    `plan` has what the run did until then, None if it did not begin. `applied` is the plan that it was to
    apply.
    """
    none: KindCounts = {"component": 0, "reference": 0}
    document: Attributes = {
        "kind": RUN_DOCUMENT,
        "format": FORMAT,
        "title": title,
        "origin": origin,
        "status": "failure",
        "description": description,
        "totals": count_totals([], [], none, none),
        **{key: [] for key in _LISTS},
        "not_owned": {},
        "delete_guard": None,
        "workspaces": {},
        "names": {},
        "graph": {"nodes": [], "edges": [], "totals": {"nodes": 0, "edges": 0}},
        "plan": applied,
    }
    if plan is not None:
        document["totals"] = count_totals(plan.changes, plan.failed, plan.unchanged, none)
        for key, entries in (("changes", plan.changes), ("failed", plan.failed)):
            document[key] = [{**entry, "typeName": type_label(entry["kind"], entry)} for entry in entries]
        document["ambiguous"], document["conflicts"] = plan.ambiguous, plan.conflicts
        document["edits"], document["not_converging"] = plan.edits, plan.not_converging
        document["names"] = plan.names
    return check_run_document(document)


def read_run_document(path: str | os.PathLike[str]) -> RunDocument:
    """Return the run document of a JSON file.

    Raise `InvalidInput`, which names the file and what is wrong where, if the file cannot be read, is not a
    run document, has another format, or is damaged.
    """
    return check_run_document(*json_file.read(path, "run document"))


class _Given(NamedTuple):
    """What the client does not know about its run, checked and as JSON values."""

    title: str | None
    sources: list[SourceCount]
    failed_rows: list[FailedRow]
    skipped_rows: list[SkippedRow]
    not_owned: dict[str, int]
    delete_guard: DeleteGuard | None
    notes: list[str]


# -- arguments ---------------------------------------------------------------------------------------------


def _title(title: object) -> str | None:
    if title is not None and not isinstance(title, str):
        raise InvalidInput(f"title is {describe_type(title)}: give text, or leave it out.")
    return None if title is None else as_json_value(title) or None


def _sources(sources: Iterable[Mapping[str, Any]]) -> list[SourceCount]:
    counts = []
    for number, source in enumerate(_list_of_mappings(sources, "sources")):
        name = str(source.get("name") or f"source {number + 1}")
        count = {key: source.get(key, 0) for key in ("rows", "skipped", "failed")}
        count |= {key: source[key] for key in ("hidden_rows", "hidden_columns") if source.get(key)}
        for key, value in count.items():
            if isinstance(value, bool) or not isinstance(value, int) or value < 0:
                raise InvalidInput(f"sources[{number}].{key} is {value!r}: give a whole number.")
        counts.append(as_json_value({"name": name, **count}))
    return counts


def _rows_with_reasons(
    rows: Iterable[Mapping[str, Any]], name: str, happened: str
) -> list[Mapping[str, Any]]:
    checked = _list_of_mappings(rows, name)
    for number, row in enumerate(checked):
        kind = row.get("kind")
        if kind not in KINDS:
            raise InvalidInput(f"{name}[{number}].kind is {quote_name(kind)}: {suggest(kind, KINDS)}")
        reason = row.get("reason")
        if not isinstance(reason, str) or not reason:
            raise InvalidInput(
                f"{name}[{number}].reason is {describe_type(reason)}: say why the row {happened}."
            )
    return checked


def _failed_rows(rows: Iterable[Mapping[str, Any]]) -> list[FailedRow]:
    failed_rows = []
    for number, row in enumerate(_rows_with_reasons(rows, "failed_rows", "failed")):
        if not isinstance(row.get("row"), dict | None):
            raise InvalidInput(
                f"failed_rows[{number}].row is {describe_type(row['row'])}: give a dict, or leave it out."
            )
        blank = dict.fromkeys(("_id", "name", "type", "rootWorkspace", "label", "row"))
        failed_rows.append(as_json_value({**blank, **row}))
    return failed_rows


def _skipped_rows(rows: Iterable[SkippedRow | Mapping[str, Any]]) -> list[SkippedRow]:
    skipped_rows: list[SkippedRow] = []
    for row in _rows_with_reasons(rows, "skipped_rows", "was skipped"):
        name, label = row.get("name"), row.get("label")
        texts = {"name": None if name is None else str(name), "label": "" if label is None else str(label)}
        skipped_rows.append(as_json_value({"kind": row["kind"], **texts, "reason": row["reason"]}))
    return skipped_rows


def _not_owned(counts: Mapping[str, int] | None) -> dict[str, int]:
    for type_name, count in (counts or {}).items():
        if isinstance(count, bool) or not isinstance(count, int) or count < 0:
            raise InvalidInput(
                f"not_owned[{quote_name(type_name)}] is {short_repr(count)}: give a whole number."
            )
    return {as_json_value(str(type_name)): count for type_name, count in (counts or {}).items() if count}


def _list_of_mappings(values: Iterable[Mapping[str, Any]], name: str) -> list[Mapping[str, Any]]:
    if isinstance(values, str | bytes) or not hasattr(values, "__iter__"):
        raise InvalidInput(f"{name} is {describe_type(values)}: give a list of dicts.")
    mappings = list(values)
    for number, value in enumerate(mappings):
        if not hasattr(value, "keys") or not hasattr(value, "get"):
            raise InvalidInput(f"{name}[{number}] is {describe_type(value)}: give a dict.")
    return mappings


def _delete_guard(blocked: DeleteBlocked | Mapping[str, Any] | None) -> DeleteGuard | None:
    if blocked is None:
        return None
    if isinstance(blocked, DeleteBlocked):
        reasons, would_delete = blocked.reasons, blocked.would_delete
    elif hasattr(blocked, "keys") and {"reasons", "would_delete"} <= set(blocked.keys()):
        reasons, would_delete = list(blocked["reasons"]), list(blocked["would_delete"])
    else:
        raise InvalidInput(
            f"blocked is {describe_type(blocked)}: give the DeleteBlocked, or a dict with its reasons and "
            "would_delete."
        )
    entities = plural(len(would_delete), "entity", "entities")
    guard: DeleteGuard = as_json_value(
        {
            # A job may mark what is missing instead of deleting it, and do both.
            "sentence": f"The delete guard blocked the deleting or marking of {entities}.",
            "reasons": list(reasons),
            "would_delete": [_shorten_cascade(entity) for entity in would_delete],
        }
    )
    return guard


def _shorten_cascade(entity: Mapping[str, Any]) -> Attributes:
    cascade = list(entity.get("cascade") or ())
    return {**entity, "cascade": cascade[:MAX_LISTED], "cascade_total": len(cascade)}


# -- parts -------------------------------------------------------------------------------------------------


def _status(report: ReportData, given: _Given, not_deleted: Sequence[NotDeletedEntry]) -> tuple[str, str]:
    status, description = str(report["status"]), str(report["description"] or "")
    more = []
    if given.failed_rows:
        first = given.failed_rows[0]["reason"]
        more.append(f"{len(given.failed_rows)} row(s) could not be used; the first: {first}")
    if given.delete_guard:
        more.append(given.delete_guard["sentence"])
    if not_deleted:
        entities = "1 entity was" if len(not_deleted) == 1 else f"{len(not_deleted):,} entities were"
        more.append(f"{entities} not deleted; the first: {not_deleted[0]['reason']}")
    if more:
        status = "failure" if status == "success" else status
        parts = (description, *more)
        description = " ".join(part if part[-1:] in ".!?" else f"{part}." for part in parts if part)
    return as_json_value(status), as_json_value(description)


def _default_title(workspaces: Mapping[str, str | None]) -> str:
    names = [name or ws_id for ws_id, name in workspaces.items()]
    if not names:
        return "Sync"
    title = f"Sync of {', '.join(names[:3])}"
    return title if len(names) <= 3 else f"{title} and {len(names) - 3} more"


def _with_failed(totals: Totals, rows: Sequence[FailedRow]) -> Totals:
    for row in rows:
        totals[row["kind"]]["failed"] += 1
    return totals


def _with_type_name(entity: Mapping[str, Any], names: TypeNames) -> Attributes:
    type_name = names.of(entity["kind"], entity.get("rootWorkspace"), entity.get("type"))
    return {**entity, "typeName": type_name}


def _with_candidate_types(entry: AmbiguousEntry, names: TypeNames) -> AmbiguousEntry:
    """Return an ambiguous match with the names of the types of references."""
    if entry["kind"] != "reference":  # the type of a component is a name
        return entry
    candidates = [
        cast("Candidate", _with_type_name({**candidate, "kind": entry["kind"]}, names))
        for candidate in entry.get("candidates") or ()
    ]
    return {**entry, "candidates": candidates}


def _failed_row(engine: Engine, row: FailedRow, names: TypeNames) -> DocumentFailedRow:
    """Return a failed row with texts for a name and so on: a bad row may hold anything there."""
    texts = {
        key: value if isinstance(value, str | None) else str(value)
        for key, value in row.items()
        if key in ("_id", "name", "label", "rootWorkspace")
    }
    workspace, source = texts["rootWorkspace"], (row.get("row") or {}).get("source")
    if workspace is None and isinstance(source, str):  # a reference is of the workspace of its source
        component = engine.cache.get("component", source)
        workspace = component.workspace if component else None
    type_name = names.of(row["kind"], workspace, row.get("type"))
    return cast("DocumentFailedRow", {**row, **texts, "typeName": type_name})


def _lost(engine: Engine, change: ChangeEntry) -> Attributes:
    """Return of a delete why it is made, which values are lost, and who changed the entity last and when."""
    entity = engine.report.deleted.get(change["_id"]) if change["action"] == DELETE else None
    if entity is None:
        return {}
    kind = engine.kinds[change["kind"]]
    lost = {
        name: value
        for name, value in kind.collection.flatten(entity).items()
        if (name in _KEPT or name not in kind.built_in) and value not in (None, "", [], {})
    }
    who, when = kind.collection.last_change(entity)
    details: Attributes = {"lost": lost, "who": who, "when": when}
    if change.get("deleted_with") is None:
        is_missing = change["_id"] in engine.log.removed
        details["why"] = "no longer in the source" if is_missing else "asked for by the run"
    return cast("Attributes", as_json_value(details))


def _names(engine: Engine, changes: Sequence[DocumentChange], names: TypeNames) -> dict[str, str | None]:
    """Return the names of what the values of changes refer to, lost ones included."""
    none: dict[str, ValueChange] = {}
    lost = [
        {**change, "attributes": {name: {"old": value, "new": None} for name, value in values.items()}}
        for change in changes
        if (values := change.get("lost") or none)
    ]
    listed = cast("Sequence[DocumentChange]", [*changes, *lost])
    return names_in_changes(listed, names_of_engine(engine, partial(names.of, "component")))


def _field_labels(engine: Engine, changes: Sequence[DocumentChange]) -> dict[str, dict[str, str]]:
    workspaces = sorted({change["rootWorkspace"] for change in changes})
    labels = {ws_id: engine.model.known_labels(ws_id) for ws_id in workspaces}
    return {ws_id: by_name for ws_id, by_name in labels.items() if by_name}


def _with_type_names(guard: DeleteGuard, names: TypeNames) -> DeleteGuard:
    would_delete = [
        {
            **_with_type_name(entity, names),
            "cascade": [_with_type_name(other, names) for other in entity["cascade"]],
        }
        for entity in guard["would_delete"]
    ]
    return cast("DeleteGuard", {**guard, "would_delete": would_delete})


def _missing(engine: Engine, report: ReportData, names: TypeNames) -> list[MissingEntry]:
    cache, listed = engine.cache, 0
    misses = [("component", component) for component in report["cache_miss_comps"]]
    misses += [("reference", reference) for reference in report["cache_miss_refs"]]
    missing_ids = {entity["_id"] for _, entity in misses}

    def state(entity: Entity) -> str:
        if entity["_id"] in missing_ids:
            return "missing"
        return "named" if entity["_id"] in cache.named else "other"

    def touching(kind: str, comp_id: str) -> list[str]:
        return [
            entity["_id"] for touching_kind, _, entity in cache.touching(comp_id) if touching_kind == kind
        ]

    sizes = cascade_counts(
        [component["_id"] for component in report["cache_miss_comps"]],
        lambda comp_id: touching("component", comp_id),
        lambda comp_id: touching("reference", comp_id),
    )
    missing = []
    for kind, described in misses:
        entry = _with_type_name({"kind": kind, **described}, names)
        if kind == "component":
            room = max(0, min(MAX_LISTED, MAX_LISTED_IN_ALL - listed))
            # What a row of this run named comes first: nobody expects to lose that.
            nearest = list(islice(cache.deleted_with(entry["_id"]), MAX_CANDIDATES)) if room else []
            first = sorted(nearest, key=lambda part: state(part.entity) != "named")[:room]
            listed += len(first)
            entry["cascade"] = {
                **sizes[entry["_id"]]._asdict(),
                "listed": [
                    {
                        **_with_type_name({"kind": of, **engine.log.describe(of, entity)}, names),
                        "state": state(entity),
                    }
                    for of, _, entity in first
                ],
            }
        if entry["_id"] in engine.log.missing_runs:
            entry["missing_runs"], entry["missing_after"] = engine.log.missing_runs[entry["_id"]]
        missing.append(as_json_value(entry))
    return missing
