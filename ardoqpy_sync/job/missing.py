"""Delete or mark what is missing, of the types and components that a job is responsible for."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ardoqpy._messages import quote_name
from ardoqpy.errors import BlockReason, DeleteBlocked
from ardoqpy_sync.compare.cache import TYPE_OF
from ardoqpy_sync.compare.diff import equal_values
from ardoqpy_sync.deletion.delete_missing import Mark
from ardoqpy_sync.deletion.guard import Bounds, Selection
from ardoqpy_sync.reporting.labels import plural

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ardoqpy.entities import Entity
    from ardoqpy_sync.client import ArdoqSyncClient
    from ardoqpy_sync.engine import Engine
    from ardoqpy_sync.job.file.model import GuardTable
    from ardoqpy_sync.job.resolver import ResolvedMapping, TypeGroup
    from ardoqpy_sync.job.result import JobResult
    from ardoqpy_sync.job.rows.row import MappedRow

#: A source with a multiple of so many rows may be an export that was cut off.
ROUND_NUMBER = 1_000
#: The limits of the delete guard in a job, which `Bounds` has, too.
BOUNDS = ("share", "count", "take_along", "despite_failures")
#: How many rows that nobody can identify a message lists.
MAX_ROWS = 3


class MissingItems:
    """Handle what no row of a job describes.

    A mapping without a usable row has nothing missing, and neither has a type with a row that could be about
    any of its items: the delete guard blocks both.
    """

    def __init__(
        self,
        client: ArdoqSyncClient,
        engine: Engine,
        mappings: Sequence[ResolvedMapping],
        rows: Sequence[MappedRow],
        result: JobResult,
    ) -> None:
        """Prepare for the rows of a run, all of them written or rejected."""
        self._client = client
        self._engine = engine
        self._ledger = engine.journal.ledger
        self._mappings = mappings
        self._result = result
        self._with_rows = {row.mapping for row in rows if row.is_used}
        self._described = {single.group for mapping in self._with_rows for single in mapping.single_types}
        engine.cache.describe_types(self._described)  # rows may also say that there is nothing of a type
        self._skipped = {row.mapping for row in rows if not row.problems} - self._with_rows
        self._unidentified: dict[TypeGroup, list[MappedRow]] = {}
        for row in rows:
            if row.problems and not row.is_identified:
                for mapping in row.mapping.single_types:
                    self._unidentified.setdefault(mapping.group, []).append(row)

    def exclude_all(self) -> None:
        """Exclude everything from what can be missing, because the rows are not the whole source."""
        for kind in self._engine.kinds.values():
            for _, index in self._engine.cache.indexes(kind.name):
                self._engine.cache.excluded.update(index.by_id)
        self._engine.journal.keep_rows()
        self._result.notes.append("The rows are not the whole source, so nothing can be missing.")

    def exclude_others(self, guard: GuardTable) -> None:
        """Exclude from what can be missing what is not the job's, and what a mapping without rows owns.

        With a ledger, what the job has never created or matched is not the job's, unless `missing_scope` is
        `type`.
        """
        if self._ledger is not None and guard.get("missing_scope", "ours") == "ours":
            self._exclude_not_owned()
        by_group: dict[TypeGroup, list[ResolvedMapping]] = {}
        for mapping in self._mappings:
            by_group.setdefault(mapping.group, []).append(mapping)
        for group, mappings in by_group.items():
            owning = [mapping for mapping in mappings if mapping.owned]
            if not owning:
                continue
            flat = self._engine.component.collection.flatten
            for component in self._engine.index(self._engine.component, group.ws_id):
                if component.get("typeId") != group.type_id:
                    continue
                owners = [mapping for mapping in owning if _owns(mapping, flat(component))]
                belongs_here = bool(owners) or len(owning) < len(mappings)
                if any(owner not in self._with_rows for owner in owners):
                    self._engine.cache.protected.add(component["_id"])
                if not belongs_here or component["_id"] in self._engine.cache.protected:
                    self._engine.cache.excluded.add(component["_id"])
                    # What a row of this job describes is not only somebody else's.
                    if not belongs_here and component["_id"] not in self._engine.cache.named:
                        self._result.not_owned[mappings[0].mapping.type] += 1

    def _exclude_not_owned(self) -> None:
        """Exclude what this job has neither created nor matched, in this run or before."""
        cache, owned = self._engine.cache, self._engine.journal.owned
        for group in dict.fromkeys(mapping.group for mapping in self._mappings):
            others = [
                entity["_id"]
                for entity in self._engine.index(self._engine.kinds[group.kind], group.ws_id)
                if entity.get(TYPE_OF[group.kind]) == group.type_id
                and entity["_id"] not in cache.named
                and (group.kind, entity["_id"]) not in owned
            ]
            cache.excluded.update(others)
            if others:
                type_name = next(each.mapping.type for each in self._mappings if each.group == group)
                self._result.notes.append(
                    f"{plural(len(others), group.kind)} of type {quote_name(type_name)} in Ardoq cannot be "
                    "missing: this job has neither created nor matched "
                    f"{'it' if len(others) == 1 else 'them'} so far."
                )
        runs = () if self._ledger is None else self._ledger.runs()
        is_first = all(run.number == self._ledger.run for run in runs) if self._ledger is not None else True
        first = "This is the first run with this ledger: n" if is_first else "N"
        if owned.was_empty and any(each.mapping.missing.action != "report" for each in self._mappings):
            self._result.notes.insert(
                0,
                f"{first}othing is deleted or marked, because the job owns nothing yet.",
            )

    def handle(self, guard: GuardTable) -> None:
        """Delete and mark what is missing: all of it, or nothing if a limit of the guard is exceeded."""
        is_success = self._result.failure is None and self._engine.report.as_dict()["status"] == "success"
        is_success = is_success and not self._result.returned
        self._wait_for_more_runs(guard.get("missing_after", 1), is_counted=is_success)
        deleted: list[TypeGroup] = []
        marks: dict[TypeGroup, Mark] = {}
        missing = self._missing_groups()
        blocked = {mapping.group for mapping in self._mappings if self._keeps_type(mapping, missing)}
        for group in blocked:
            index = self._engine.index(self._engine.kinds[group.kind], group.ws_id)
            of_type = [entity["_id"] for entity in index if entity.get(TYPE_OF[group.kind]) == group.type_id]
            self._engine.cache.protected.update(of_type)
        for mapping in self._mappings:
            action, group = mapping.mapping.missing.action, mapping.group
            if action == "report" or group in blocked or group not in missing:
                continue
            if action == "delete":
                deleted.append(group)
            else:
                marks[group] = Mark(Selection.of(("component",), [group]), dict(mapping.missing_values))
        if not deleted and not marks:
            return
        kinds = list(dict.fromkeys(group.kind for group in deleted))
        selection = Selection.of(kinds, deleted) if deleted else None
        client, bounds = self._client, bounds_of(guard)
        # The public methods of the client each decide by themselves; here, one decision is about all of it.
        with self._collect_blocked(), client._lock:  # noqa: SLF001  (the client and its jobs are one package)
            client._missing_entities(bounds).handle(selection, list(marks.values()))  # noqa: SLF001

    def _wait_for_more_runs(self, runs: int, *, is_counted: bool) -> None:
        """Count this run for what is missing, and leave alone what has not been missing in so many runs.

        Only a successful run counts.
        """
        cache, owned = self._engine.cache, self._engine.journal.owned
        if self._ledger is None:
            return
        groups = {
            tuple(mapping.group) for mapping in self._mappings if mapping.mapping.missing.action != "report"
        }
        counts: dict[str, int] = {}
        for kind in (self._engine.component, self._engine.reference):
            for entity in cache.misses(kind.name):
                entity_id = entity["_id"]
                known = owned.entities.get((kind.name, entity_id))
                count = min(runs, (known.missing if known else 0) + is_counted)
                if is_counted and known is not None and known.missing != count:
                    owned.set_missing(kind.name, entity_id, count)
                if _group(kind.name, entity) in groups:
                    counts[entity_id] = count
        if runs > 1:
            self._engine.log.missing_runs = {entity_id: (count, runs) for entity_id, count in counts.items()}
            self._keep({entity_id for entity_id, count in counts.items() if count < runs}, counts)

    def _keep(self, waiting: set[str], missing: Mapping[str, int]) -> None:
        """Keep what waits for more runs, and the components that it would be deleted with."""
        cache = self._engine.cache
        for comp_id in [entity_id for entity_id in waiting if cache.get("component", entity_id)]:
            located = cache.get("component", comp_id)
            while located is not None and located.entity.get("parent") not in (None, *waiting):
                located = cache.get("component", located.entity["parent"])
                if located is not None and located.entity["_id"] in missing:
                    waiting.add(located.entity["_id"])
        cache.waiting |= waiting

    def _keeps_type(self, resolved: ResolvedMapping, missing: set[TypeGroup]) -> bool:
        """Return whether nothing of a mapping's type may be deleted or marked.

        Report why if the mapping would do that; otherwise, it could only be deleted together with a component
        of another type.
        """
        mapping, group = resolved.mapping, resolved.group
        reports_only = mapping.missing.action == "report"
        kept = f"so nothing of that type is {mapping.missing.past_tense}."
        described = f"{mapping.kind} of type {quote_name(mapping.type)}"
        if mapping.rows in self._result.returned and (group in missing or reports_only):
            column = quote_name(self._result.returned[mapping.rows])
            self._block(
                resolved,
                f"Source {quote_name(mapping.rows)} has the column {column}: these are rejected rows that "
                f"came back, not the whole source, {kept} Remove the column if the source is complete.",
            )
            return True
        hidden = self._result.counts[mapping.rows].get("hidden_rows", 0)
        if hidden and (group in missing or reports_only):
            rows = "hidden row, which is" if hidden == 1 else "hidden rows, which are"
            self._block(
                resolved,
                f"Source {quote_name(mapping.rows)} has {hidden:,} {rows} not read. Any "
                f"{described} may be in them, {kept} Set hidden = true on the source to read them.",
            )
            return True
        unidentified = self._unidentified.get(group)
        if unidentified and (group in missing or reports_only):
            labels = ", ".join(row.label for row in unidentified[:MAX_ROWS])
            more = len(unidentified) - MAX_ROWS
            labels += f" and {more:,} more" if more > 0 else ""
            self._block(
                resolved,
                f"It is not known which item these rows describe: {labels}. Any {described} may be it, "
                f"{kept}",
            )
            return True
        if (
            resolved in self._with_rows
            or reports_only
            or (resolved in self._skipped and group in self._described and group not in missing)
            or (resolved.is_of_one_type and not self._is_in_ardoq(group))
        ):
            return False
        if resolved.owned:
            kept = f"so nothing that this mapping owns is {mapping.missing.past_tense}."
        self._block(
            resolved,
            f"No row of source {quote_name(mapping.rows)} could be used as a {described}, {kept} Check "
            "whether the source is empty, or all its rows failed or were skipped.",
        )
        return not resolved.owned

    def _is_in_ardoq(self, group: TypeGroup) -> bool:
        """Return whether Ardoq has anything of a group."""
        index = self._engine.index(self._engine.kinds[group.kind], group.ws_id)
        return any(entity.get(TYPE_OF[group.kind]) == group.type_id for entity in index)

    def _block(self, resolved: ResolvedMapping, message: str) -> None:
        if resolved.mapping.missing.action == "report":
            return
        reason: BlockReason = {"bound": "source", "sentence": message, "allow": None}
        if all(reason not in error.reasons for error in self._result.blocked):
            self._result.blocked.append(DeleteBlocked(message, reasons=[reason], would_delete=[]))

    def _missing_groups(self) -> set[TypeGroup]:
        """Return the groups of which something is missing."""
        missing = set()
        for kind in (self._engine.component, self._engine.reference):
            entities = self._engine.cache.misses(kind.name)
            missing |= {_group(kind.name, entity) for entity in entities}
        return {mapping.group for mapping in self._mappings if tuple(mapping.group) in missing}

    @contextmanager
    def _collect_blocked(self) -> Iterator[None]:
        try:
            yield
        except DeleteBlocked as error:
            sentences = [
                f"Source {quote_name(name)} has exactly {counts['rows']:,} rows. Was it cut off?"
                for name, counts in self._result.counts.items()
                if counts["rows"] and counts["rows"] % ROUND_NUMBER == 0
            ]
            reasons: list[BlockReason] = [
                {"bound": "source", "sentence": sentence, "allow": None}
                for sentence in dict.fromkeys(sentences)
            ]
            message = "\n".join([str(error), *(reason["sentence"] for reason in reasons)])
            blocked = DeleteBlocked(
                message, reasons=[*error.reasons, *reasons], would_delete=error.would_delete
            )
            self._result.blocked.append(blocked)


def bounds_of(guard: GuardTable) -> Bounds:
    """Return the limits of the delete guard that a job sets."""
    limits: Any = {key: value for key, value in guard.items() if key in BOUNDS}
    return Bounds.of(**limits)


def _owns(mapping: ResolvedMapping, component: Entity) -> bool:
    return all(equal_values(component.get(name), value) for name, value in mapping.owned.items())


def _group(kind: str, entity: Entity) -> tuple[str, str, Any]:
    return kind, entity["rootWorkspace"], entity.get(TYPE_OF[kind])
