"""The shape of what a run leaves behind: report, plan and run document, as plain data.

`plans/document_schema.py` checks files against these types: a key whose type allows None may be absent.
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

from ardoqpy.entities import Attributes  # noqa: TC001  (the schema resolves the hints)
from ardoqpy.errors import BlockReason  # noqa: TC001

KindName = Literal["component", "reference"]
KINDS: tuple[KindName, ...] = ("component", "reference")
State = Literal["created", "updated", "deleted", "missing", "failed", "unchanged"]


class Origin(TypedDict):
    """When (UTC), by which version and on which Ardoq a document was made, and whether in a preview."""

    at: str
    by: str
    api: str
    host: str
    org: NotRequired[str | None]
    simulated: bool
    #: The run that a plan takes back.
    undoes: NotRequired[int | None]
    #: The job whose ledger a plan was decided with.
    job: NotRequired[str | None]


class Counts(TypedDict):
    """How many components, or references, had each outcome."""

    created: int
    updated: int
    deleted: int
    unchanged: int
    missing: int
    failed: int


class Totals(TypedDict):
    """The counts of each kind."""

    component: Counts
    reference: Counts


class KindCounts(TypedDict):
    """A number for each kind."""

    component: int
    reference: int


class ValueChange(TypedDict):
    """The value of an attribute before and after."""

    old: Any
    new: Any


class OwnerEntry(TypedDict):
    """The mapping of a job that a change comes from, the field that its rows are matched by, and its key."""

    mapping: str
    field: str | None
    key: Any


class LedgerEntry(TypedDict):
    """What a change takes along for the ledger of the run that applies it.

    - `marks`: whether it marks a component as missing.
    - `beside`: of what an undo creates again, the ids of others of its name and type, or of its ends and
      type, that were there when the plan was made.
    """

    marks: NotRequired[bool]
    beside: NotRequired[list[str]]


class _Change(TypedDict):
    kind: KindName
    name: str | None
    #: A component's type is its name, a reference's its number.
    type: Any
    version: int | None
    attributes: dict[str, ValueChange]
    note: NotRequired[str | None]
    label: NotRequired[str | None]
    field: NotRequired[str | None]
    owner: NotRequired[OwnerEntry | None]
    #: The id of the deleted entity that an undo creates again.
    recreates: NotRequired[str | None]
    ledger: NotRequired[LedgerEntry | None]


class ReportChange(_Change):
    """A change as a report lists it, `typeName` for a reference if known; a failed row is among them."""

    action: Literal["create", "update", "delete", "failed"]
    _id: str | None
    rootWorkspace: str | None
    typeName: NotRequired[str | None]


class _PlannedChange(_Change):
    action: Literal["create", "update", "delete"]
    rootWorkspace: str
    deleted_with: NotRequired[str | None]


class ChangeEntry(_PlannedChange):
    """A change as a plan lists it; `deleted_with` is the `_id` of the component it is deleted with.

    `typeName` is the name of a reference's type, if known.
    """

    _id: str
    typeName: NotRequired[str | None]


class AppliedChange(_PlannedChange):
    """A change of a plan as `apply` returns it: `_id` as in Ardoq, `reason` why it was not carried out."""

    _id: str | None
    typeName: NotRequired[str | None]
    reason: str | None


class DocumentChange(_PlannedChange):
    """A change as a run document lists it.

    `since` is how it differs from the approved plan, if compared with one. A delete has `why` it is made, the
    values that are `lost`, and `who` changed the entity last and `when`, if known.
    """

    _id: str
    typeName: str
    since: NotRequired[Literal["new", "changed"]]
    why: NotRequired[str | None]
    lost: NotRequired[Attributes | None]
    who: NotRequired[str | None]
    when: NotRequired[str | None]


class FailedRow(TypedDict):
    """A row that failed, as it was given: a bad row may hold anything anywhere."""

    kind: KindName
    _id: Any
    name: Any
    type: Any
    rootWorkspace: Any
    reason: str
    label: Any
    row: Any
    cause: NotRequired[str | None]


class DocumentFailedRow(TypedDict):
    """A row that failed, as a run document lists it."""

    kind: KindName
    _id: Any
    name: str | None
    type: Any
    typeName: str
    rootWorkspace: str | None
    reason: str
    label: str | None
    row: Attributes | None
    cause: NotRequired[str | None]


class AmbiguousEntry(TypedDict):
    """A row that several entities match: the `_id` of the used one and of all. Old files lack candidates."""

    kind: KindName
    name: str | None
    used: Any
    matches: list[Any]
    candidates: NotRequired[list[Candidate] | None]


class ConflictEntry(TypedDict):
    """An attribute that rows of one run give differently; the last row wins.

    `first` and `last` are the values, `first_label` and `last_label` the rows that give them, if known.
    """

    kind: KindName
    _id: Any
    name: str | None
    attribute: str
    first: Any
    last: Any
    first_label: str | None
    last_label: str | None


class EditEntry(TypedDict):
    """An attribute that somebody else has changed in Ardoq since this job last wrote it.

    - `base`: the value that the job last wrote; `ardoq`: the one in Ardoq; `source`: the one of the row.
    - `conflict`: whether the source has changed it, too.
    - `outcome`: `overwritten` with the value of the source, `kept` as it is in Ardoq, or `unresolved`: kept
      until a person decides.
    - `who`, `when`: who last edited the component or reference, and when, if known; Ardoq keeps that for all
      its attributes together. `own`: whether that is the user that this job writes as.
    - `label`: the row, if known.
    """

    kind: KindName
    _id: str
    name: str | None
    type: Any
    rootWorkspace: str
    attribute: str
    base: Any
    ardoq: Any
    source: Any
    conflict: bool
    outcome: Literal["overwritten", "kept", "unresolved"]
    who: str | None
    when: str | None
    own: bool
    label: str | None


class NotUndoneEntry(TypedDict):
    """What an undo leaves as it is: an `attribute`, or all if None, with the reason and the last edit."""

    kind: KindName
    _id: str
    name: str | None
    type: Any
    rootWorkspace: str | None
    attribute: str | None
    reason: str
    who: str | None
    when: str | None


class NotConvergingEntry(TypedDict):
    """An attribute that Ardoq keeps otherwise than it was sent."""

    kind: KindName
    _id: Any
    name: str | None
    attribute: str
    stored: Any
    wanted: Any


class MatchedEntry(TypedDict):
    """What a row of a preview matched, and the ledger of its job does not have as its own yet.

    - `version`: of `values` in Ardoq; None if they are not those in Ardoq.
    - `given`: the names of the attributes that its rows gave; `values`: those that the plan does not change.
    """

    kind: KindName
    _id: str
    rootWorkspace: str
    version: int | None
    owner: OwnerEntry
    given: list[str]
    values: Attributes


class MissingRuns(TypedDict):
    """What was missing in a preview: `runs` is in how many runs in a row, this one included."""

    kind: KindName
    _id: str
    runs: int


class PlanDocument(TypedDict):
    """A plan as its file holds it; `help(Plan)` describes the keys."""

    kind: str
    format: int
    origin: Origin
    totals: Totals
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
    #: What the ledger of the job learns when the plan is applied; absent without a ledger.
    matched: NotRequired[list[MatchedEntry] | None]
    missing_runs: NotRequired[list[MissingRuns] | None]
    #: Of the content as the plan was made; absent in a file of an earlier version.
    sha256: NotRequired[str | None]


class PlanIdentity(TypedDict):
    """The plan that a run document is about: its `id`, the `sha256` of its content, and when it was made.

    Once it is applied: whether it was `edited` since it was made, and by whom it was approved, if known.
    """

    id: str
    sha256: str
    at: str
    edited: NotRequired[bool]
    approved_by: NotRequired[str | None]


class SincePlan(TypedDict):
    """The approved plan that a run document was compared with, and which of its changes are gone."""

    id: str
    sha256: str
    gone: list[DocumentChange]


class DescribedEntity(TypedDict):
    """A component or reference as a run document describes it."""

    kind: KindName
    name: str | None
    type: Any
    typeName: str
    rootWorkspace: str | None


class CascadeEntry(DescribedEntity):
    """What would be deleted with a component: `missing` itself, `named` by a row of this run, or `other`."""

    state: Literal["missing", "named", "other"]


class Cascade(TypedDict):
    """How much Ardoq would delete with a component, and the first 20 of it."""

    components: int
    references: int
    listed: list[CascadeEntry]


class MissingEntry(DescribedEntity):
    """What Ardoq holds and the source no longer has; a component has `cascade`.

    `missing_runs` is in how many successful runs in a row, this one included; `missing_after`, in how many of
    them it has to be missing before it is deleted or marked.
    """

    _id: str
    cascade: NotRequired[Cascade | None]
    missing_runs: NotRequired[int | None]
    missing_after: NotRequired[int | None]


class NotDeletedEntry(DescribedEntity):
    """A missing entity that was to be deleted and was left as it is, and the reason."""

    _id: str
    reason: str


class BlockedDelete(DescribedEntity):
    """What the delete guard kept, with how much would have been deleted with it and at most 20 of it."""

    _id: str
    children: int
    references: int
    cascade: list[DescribedEntity]
    cascade_total: int


class DeleteGuard(TypedDict):
    """What the delete guard blocked, and why."""

    sentence: str
    reasons: list[BlockReason]
    would_delete: list[BlockedDelete]


class SourceCount(TypedDict):
    """How many rows of a source were read, skipped and failed, over all mappings that read it.

    `hidden_rows` and `hidden_columns` were not read; they are there if there were any.
    """

    name: str
    rows: int
    skipped: int
    failed: int
    hidden_rows: NotRequired[int]
    hidden_columns: NotRequired[int]


class SkippedRow(TypedDict):
    """A row that was not written, because what it describes does not exist and is not to be created."""

    kind: KindName
    name: str | None
    label: str
    reason: str


class GraphNode(TypedDict):
    """A component in the graph."""

    id: str
    name: str
    type: str
    workspace: str | None
    state: State


class GraphEdge(TypedDict):
    """A reference, or the line from a component to its parent; `number` is the reference type's."""

    source: str
    target: str
    type: str
    state: State
    number: NotRequired[Any]


class GraphTotals(TypedDict):
    """How many nodes and edges there are, listed or not."""

    nodes: int
    edges: int


class Graph(TypedDict):
    """What changes, with its direct neighbours."""

    nodes: list[GraphNode]
    edges: list[GraphEdge]
    totals: GraphTotals


class RunDocument(TypedDict):
    """The full record of one run; `help(build_run_document)` describes the keys."""

    kind: str
    format: int
    title: str
    origin: Origin
    status: str
    description: str
    totals: Totals
    changes: list[DocumentChange]
    failed: list[DocumentFailedRow]
    ambiguous: list[AmbiguousEntry]
    conflicts: list[ConflictEntry]
    edits: list[EditEntry]
    not_converging: list[NotConvergingEntry]
    missing: list[MissingEntry]
    not_deleted: list[NotDeletedEntry]
    not_undone: list[NotUndoneEntry]
    skipped: list[SkippedRow]
    not_owned: dict[str, int]
    delete_guard: DeleteGuard | None
    workspaces: dict[str, str | None]
    names: dict[str, str | None]
    sources: list[SourceCount]
    notes: list[str]
    graph: Graph
    #: By workspace, the labels of fields by name; absent in a document of an earlier version.
    fields: NotRequired[dict[str, dict[str, str]]]
    plan: NotRequired[PlanIdentity | None]
    since: NotRequired[SincePlan | None]


class ReportItem(TypedDict):
    """One entry of a report's lists: an update has `changes`, a failed row `reason`, `row` and `label`."""

    _id: str | None
    name: str | None
    type: Any
    changes: NotRequired[dict[str, ValueChange]]
    reason: NotRequired[str | None]
    row: NotRequired[Any]
    label: NotRequired[str | None]
    cause: NotRequired[str | None]


class ReportedEntity(TypedDict):
    """An entity as a report lists it; a reference has its ends, and the name of its type if known."""

    _id: str
    name: str | None
    type: Any
    rootWorkspace: str
    typeName: NotRequired[str]
    source: NotRequired[str]
    target: NotRequired[str]


class Candidate(ReportedEntity):
    """An entity that a row matches beside others, as it was then; `parent` and `workspace` are names."""

    parent: str | None
    workspace: str | None


class EntityResult(ReportedEntity):
    """A component or reference in the result of deleting or marking what is missing."""

    kind: str


class UndeletedEntity(EntityResult):
    """An entity that was left as it is, and the reason."""

    reason: str


class DeletedEntity(EntityResult):
    """A deleted entity; `note` names the component it was deleted with."""

    note: NotRequired[str]


class DriftedEntity(EntityResult):
    """An entity that is kept because someone changed it after it was loaded; `who` and `when`, if known."""

    version: int | None
    current_version: int | None
    who: str | None
    when: str | None


class KeptEntity(EntityResult):
    """A component that is kept because something was added to it."""

    because: list[EntityResult]


class FailedEntity(UndeletedEntity):
    """An entity that could not be deleted or marked, and the reason."""


class DeleteResult(TypedDict):
    """The result of `ArdoqSyncClient.delete_cache_misses`."""

    deleted: list[DeletedEntity]
    already_deleted: list[EntityResult]
    drifted: list[DriftedEntity]
    kept: list[KeptEntity]
    failed: list[FailedEntity]


class MarkResult(TypedDict):
    """The result of `ArdoqSyncClient.mark_cache_misses`."""

    marked: list[EntityResult]
    already_deleted: list[EntityResult]
    failed: list[FailedEntity]


class BlockedEntity(EntityResult):
    """An entity that the delete guard kept, in `DeleteBlocked.would_delete`."""

    children: int
    references: int
    cascade: list[EntityResult]


class ReportData(TypedDict):
    """What `get_report` returns, in the keys of ardoqpy 0.8.4 and some more; see `Report`."""

    new_comps: int
    new_comps_l: list[ReportItem]
    updated_comps: int
    updated_comps_l: list[ReportItem]
    del_comps: int
    del_comps_l: list[ReportItem]
    failed_comps: int
    failed_comps_l: list[ReportItem]
    new_refs: int
    new_refs_l: list[ReportItem]
    updated_refs: int
    updated_refs_l: list[ReportItem]
    del_refs: int
    del_refs_l: list[ReportItem]
    failed_refs: int
    failed_refs_l: list[ReportItem]
    cache_hit_comps: int
    cache_hit_comps_l: list[ReportItem]
    cache_hit_refs: int
    cache_miss_comps: list[ReportedEntity]
    cache_miss_refs: list[ReportedEntity]
    ambiguous: list[AmbiguousEntry]
    conflicts: list[ConflictEntry]
    edits: list[EditEntry]
    not_converging: list[NotConvergingEntry]
    status: str
    description: str | None
    changes: NotRequired[list[ReportChange]]


class PreviousReport(TypedDict, total=False):
    """What a run uses of the report of an earlier run, as the state file of a job keeps it."""

    cache_hit_comps: int
    cache_hit_refs: int
    not_converging: list[NotConvergingEntry]
