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


class Made(TypedDict):
    """When (UTC), by which version and on which Ardoq a document was made, and whether in a preview."""

    at: str
    by: str
    api: str
    host: str
    org: NotRequired[str | None]
    simulated: bool


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


class ReportChange(_Change):
    """A change as a report lists it; a failed row is among them."""

    action: Literal["create", "update", "delete", "failed"]
    _id: str | None
    rootWorkspace: str | None


class ChangeEntry(_Change):
    """A change as a plan lists it; `deleted_with` is the `_id` of the component it is deleted with."""

    action: Literal["create", "update", "delete"]
    _id: str
    rootWorkspace: str
    deleted_with: NotRequired[str | None]


class DocumentChange(ChangeEntry):
    """A change as a run document lists it."""

    typeName: str


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


class AmbiguousEntry(TypedDict):
    """A row that several entities match: the `_id` of the one used, and of all that match."""

    kind: KindName
    name: str | None
    used: Any
    matches: list[Any]


class NotConvergingEntry(TypedDict):
    """An attribute that Ardoq keeps otherwise than it was sent."""

    kind: KindName
    _id: Any
    name: str | None
    attribute: str
    stored: Any
    wanted: Any


class PlanDocument(TypedDict):
    """A plan as its file holds it; `help(Plan)` describes the keys."""

    kind: str
    format: int
    made: Made
    totals: Totals
    changes: list[ChangeEntry]
    failed: list[FailedRow]
    ambiguous: list[AmbiguousEntry]
    not_converging: list[NotConvergingEntry]
    unchanged: KindCounts
    missing: KindCounts
    workspaces: dict[str, str | None]


class DescribedEntity(TypedDict):
    """A component or reference as a run document describes it."""

    kind: KindName
    name: str | None
    type: Any
    typeName: str
    rootWorkspace: str | None


class CascadeEntry(DescribedEntity):
    """What would be deleted along: `missing` itself, `named` by a row of this run, or `other`."""

    state: Literal["missing", "named", "other"]


class Cascade(TypedDict):
    """How much Ardoq would delete with a component, and the first 20 of it."""

    components: int
    references: int
    listed: list[CascadeEntry]


class MissingEntry(DescribedEntity):
    """What Ardoq holds and the source no longer has; a component has `along`."""

    _id: str
    along: NotRequired[Cascade | None]


class BlockedDelete(DescribedEntity):
    """What the delete guard kept, with how much would have been deleted along and at most 20 of it."""

    children: int
    references: int
    along: list[DescribedEntity]
    along_total: int


class DeleteGuard(TypedDict):
    """What the delete guard blocked, and why."""

    sentence: str
    reasons: list[BlockReason]
    would_delete: list[BlockedDelete]


class SourceCount(TypedDict):
    """How many rows a source had, how many were skipped and how many failed.

    `hidden_rows` and `hidden_columns` were not read; they are there if there were any.
    """

    name: str
    rows: int
    skipped: int
    failed: int
    hidden_rows: NotRequired[int]
    hidden_columns: NotRequired[int]


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
    made: Made
    status: str
    description: str
    totals: Totals
    changes: list[DocumentChange]
    failed: list[DocumentFailedRow]
    ambiguous: list[AmbiguousEntry]
    not_converging: list[NotConvergingEntry]
    missing: list[MissingEntry]
    delete_guard: DeleteGuard | None
    workspaces: dict[str, str | None]
    names: dict[str, str | None]
    sources: list[SourceCount]
    graph: Graph


class ReportItem(TypedDict):
    """One entry of a report's lists: an update has `changes`, a failed row `reason`, `row` and `label`."""

    _id: str | None
    name: str | None
    type: Any
    changes: NotRequired[dict[str, ValueChange]]
    reason: NotRequired[str | None]
    row: NotRequired[Any]
    label: NotRequired[str | None]


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
    cache_miss_comps: list[Attributes]
    cache_miss_refs: list[Attributes]
    ambiguous: list[AmbiguousEntry]
    not_converging: list[NotConvergingEntry]
    status: str
    description: str | None
    changes: NotRequired[list[ReportChange]]
