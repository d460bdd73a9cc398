"""Run a job: each row becomes a call of the sync client, then the missing items are handled."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from ardoqpy._messages import quote_name
from ardoqpy.errors import ArdoqClientException, ConfigurationError, InvalidInput
from ardoqpy_sync.compare.diff import FAILED, RowOrigin, equal_values
from ardoqpy_sync.job.file.problems import JobInvalid, Problem, find_named_key
from ardoqpy_sync.job.missing import MissingItems
from ardoqpy_sync.job.resolver import resolve_names
from ardoqpy_sync.job.result import JobResult
from ardoqpy_sync.job.rows.ends import resolve_ends
from ardoqpy_sync.job.rows.matching import drop_protected, match_rows
from ardoqpy_sync.job.rows.parents import in_tree_order, resolve_parents
from ardoqpy_sync.job.rows.reading import read_component_rows, read_reference_rows
from ardoqpy_sync.job.rows.row import ComponentRow, MappedRow, ReferenceRow
from ardoqpy_sync.job.rows.row_mapping import ColumnUse, list_columns
from ardoqpy_sync.job.rows.targets import Targets
from ardoqpy_sync.job.rows.within import check_within
from ardoqpy_sync.job.trace import RunTrace
from ardoqpy_sync.sources import SourceUnreadable, from_rows, open_source
from ardoqpy_sync.sources.registry import open_cleaning
from ardoqpy_sync.sources.row_layout import find_reasons
from ardoqpy_sync.writing.circuit_breaker import is_unreachable
from ardoqpy_sync.writing.pending_row import RowReference

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Iterator, Mapping

    from ardoqpy.entities import Attributes
    from ardoqpy_sync.client import ArdoqSyncClient
    from ardoqpy_sync.documents import SourceCount
    from ardoqpy_sync.job.file.model import Job, RowMapping
    from ardoqpy_sync.job.resolver import ResolvedComponents, ResolvedMapping, ResolvedReferences
    from ardoqpy_sync.job.rows.row import Target
    from ardoqpy_sync.sources import Row, Source

#: The note of a change that takes a mark off.
NO_LONGER_MISSING = "in the source again"

_R = TypeVar("_R", bound=MappedRow)


def find_problems(job: Job, client: ArdoqSyncClient) -> list[Problem]:
    """Return every problem of a job that can be found without reading rows: files, columns, names in Ardoq.

    Raise `ArdoqClientException` if Ardoq does not answer.
    """
    problems: list[Problem] = []
    for source in open_sources(job, {}, problems).values():
        source.close()
    _resolve(job, client, problems)
    return problems


def open_sources(
    job: Job, given: Mapping[str, Iterable[Mapping[str, Any]]], problems: list[Problem]
) -> dict[str, Source]:
    """Return the sources that the mappings of a job read, by name.

    - `given`: rows to use instead of those of the source with this name.
    - `problems`: a list to which the problems of the sources and the missing columns are added.
    """
    sources: dict[str, Source] = {}
    for mapping in (*job.components, *job.references):
        is_new = mapping.rows not in sources
        try:
            if is_new:
                source = _open_source(job, mapping.rows, given)
                source.require(())  # an unreadable source is one problem, not one for each column
                sources[mapping.rows] = source
        except (ConfigurationError, InvalidInput) as error:
            key = find_named_key(str(error), job.sources.get(mapping.rows, {}))
            problem = job.problem_at(("sources", mapping.rows, *key), str(error))
            if problem not in problems:
                problems.append(problem)
            continue
        cleaned = job.sources.get(mapping.rows, {}).get("columns", {})
        uses = [ColumnUse(column, ("sources", mapping.rows, "columns", column)) for column in cleaned]
        is_cleaned = is_new and mapping.rows not in given
        for column, key_path in [*list_columns(mapping), *(uses if is_cleaned else ())]:
            try:
                sources[mapping.rows].require([column])
            except ArdoqClientException as error:
                problems.append(job.problem_at(key_path, str(error)))
    return sources


def _open_source(job: Job, name: str, given: Mapping[str, Iterable[Mapping[str, Any]]]) -> Source:
    table = {key: value for key, value in job.sources.get(name, {}).items() if key != "formats"}

    def locate(keys: tuple[str, ...]) -> str:
        line = job.lines.line(("sources", name, *keys))
        return "" if line is None else f" ({job.path.name} line {line})"

    if name in given:
        cleaning = open_cleaning(table, job.path.parent, locate)
        return from_rows(given[name], name=name).clean_with(cleaning, require=False)
    return open_source(table, job.path.parent, locate)


def _read_rows(job: Job, name: str, source: Source) -> Iterator[Row]:
    """Yield the rows of a source; the error for a column that no row has names the line that asks for it."""
    try:
        yield from source
    except SourceUnreadable as error:
        mappings = [mapping for mapping in (*job.components, *job.references) if mapping.rows == name]
        uses = [use for mapping in mappings for use in list_columns(mapping) if use.column == error.column]
        if not uses:
            raise
        problem = job.problem_at(uses[0].key_path, str(error))
        raise SourceUnreadable(problem.describe(job.path.name)) from None


def _resolve(
    job: Job, client: ArdoqSyncClient, problems: list[Problem]
) -> tuple[list[ResolvedComponents], list[ResolvedReferences]]:
    """Return the mappings with ids, and add what is wrong with one or with several together to `problems`."""
    components, references = resolve_names(job, client, problems)
    check_within(job, components, problems)
    return components, references


def run_job(
    job: Job,
    client: ArdoqSyncClient,
    *,
    sources: Mapping[str, Iterable[Mapping[str, Any]]] | None = None,
    partial: bool = False,
    trace: RunTrace | None = None,
) -> JobResult:
    """Run a job with a client, which simulates or writes.

    - `job`: as `load_job` returns it; its table `[ardoq]` is not used, because the client is already open.
    - `sources`: by source name, rows to use instead of those in the job: each a dict from column to cell.
    - `partial`: the rows of `sources` are not all rows of their sources, such as the changes since yesterday:
      nothing is missing, and the mappings of other sources are left out.
    - `trace`: gets all rows and what the run made of them, also if the run is interrupted.

    All sources are read to their end before anything is written, so that a damaged source stops the run
    before it begins. Rows that fail are in the client's report. What the delete guard blocks, and an error
    that ends the run early, are in the result; the client's report then has the status `failure`.

    Raise `JobInvalid` with every problem if the job does not match its sources or Ardoq, and
    `ArdoqClientException` if Ardoq does not answer; nothing is written in these cases.
    """
    problems: list[Problem] = []
    if partial:
        job = _of_sources(job, sources or {})
    opened = open_sources(job, sources or {}, problems)
    try:
        components, references = _resolve(job, client, problems)
        if problems:
            raise JobInvalid(str(job.path), problems)
        if trace is not None:
            trace.sources = opened
            for source in opened.values():
                source.keep_records()
        if not client.simulate:
            for name, source in opened.items():
                if name not in (sources or {}):
                    for _ in _read_rows(job, name, source):
                        pass
        return _Run(job, client, opened, trace or RunTrace(), partial=partial).run(components, references)
    finally:
        for source in opened.values():
            source.close()


class _Run:
    """One run of a job: read all rows, match all of them, and only then write."""

    def __init__(
        self,
        job: Job,
        client: ArdoqSyncClient,
        sources: Mapping[str, Source],
        trace: RunTrace,
        *,
        partial: bool,
    ) -> None:
        self._job = job
        self._client = client
        self._engine = client._engine  # noqa: SLF001  (the client and its jobs are one package)
        self._sources = sources
        self._result = JobResult()
        self._trace = trace
        self._is_partial = partial
        #: By source: its rows, and the labels of those that a mapping selects.
        self._rows: dict[str, list[Row]] = {}
        self._selected: dict[str, set[str]] = {}
        #: The rows that fail in each mapping; several references of one row are one.
        self._failed: set[tuple[tuple[str | int, ...], str | None]] = set()
        #: The components of rejected rows, which are not missing.
        self._kept: set[Target] = set()

    def run(self, components: list[ResolvedComponents], references: list[ResolvedReferences]) -> JobResult:
        client = self._client
        self._engine.journal.is_missing_only_owned = False  # `missing_scope` of the job decides
        single_types = [single for mapping in components for single in mapping.single_types]
        mappings = [*single_types, *(single for mapping in references for single in mapping.single_types)]
        try:
            workspaces = [mapping.ws_id for mapping in components]
            workspaces += [end.ws_id for mapping in references for end in (mapping.source, mapping.target)]
            client.load_workspaces(list(dict.fromkeys(workspaces)))
            rows = [row for mapping in components for row in self._read(read_component_rows, mapping)]
            reference_rows = [
                row for mapping in references for row in self._read(read_reference_rows, mapping)
            ]
            self._trace.keep(self._rows, rows, reference_rows)
            self._rows.clear()
            targets = Targets(self._engine, self._type_name, _deleted(single_types))
            match_rows(rows, single_types, targets)
            resolve_parents(rows, targets)
            without_ends = [
                row for row in reference_rows if row.is_used and not (row.sources and row.targets)
            ]
            reference_rows = resolve_ends(reference_rows, targets, self._engine)
            self._trace.targets, self._trace.references = targets, reference_rows
            for row in (*rows, *reference_rows):
                self._report(row)
            for component_row in in_tree_order(rows, targets):
                self._write_component(component_row)
            for reference_row in reference_rows:
                self._write_reference(reference_row)
            client.flush()
            client.check_reach()
            all_rows = [*rows, *reference_rows, *without_ends]
            missing = MissingItems(client, self._engine, mappings, all_rows, self._result)
            if self._is_partial:
                missing.exclude_all()
            else:
                missing.exclude_others(self._job.guard)
                missing.handle(self._job.guard)
            client.flush()
        except ArdoqClientException as error:
            self._result.failure = error
            if not is_unreachable(error):
                with suppress(ArdoqClientException):  # the report has the error
                    client.flush()
            client.give_up(str(error))
        self._count_refused()
        return self._result

    def _count_refused(self) -> None:
        """Count the rows that Ardoq has refused among the failed ones of their sources."""
        for change in self._engine.report.changes:
            if change.action == FAILED and change.origin is not None:
                self._count_failed(change.origin.source, change.origin.mapping, change.label)

    def _count_failed(self, source: str, mapping: tuple[str | int, ...], label: str | None) -> None:
        """Count a row as failed: once, whatever it was to become."""
        if (mapping, label) not in self._failed:
            self._failed.add((mapping, label))
            self._result.counts[source]["failed"] += 1

    def _read(self, read_rows: Callable[..., list[_R]], mapping: ResolvedMapping) -> list[_R]:
        name = mapping.mapping.rows
        if name not in self._rows:
            self._rows[name] = list(_read_rows(self._job, name, self._sources[name]))
            rows = len(self._rows[name])
            counts: SourceCount = {"name": name, "rows": rows, "skipped": rows, "failed": 0}
            hidden = self._sources[name].hidden
            if hidden.rows:
                counts["hidden_rows"] = hidden.rows
            if hidden.columns:
                counts["hidden_columns"] = hidden.columns
            self._result.counts[name] = counts
            column = find_reasons(self._sources[name].columns) if rows else None
            if column is not None:
                self._result.returned[name] = column
            findings = [finding.message for finding in self._sources[name].findings]
            self._result.findings += findings
            self._result.notes += findings
        mapped = read_rows(self._job, self._rows[name], mapping)
        if mapping.mapping.where and self._rows[name] and not mapped:
            self._note_unused(mapping.mapping)
        selected = self._selected.setdefault(name, set())
        selected.update(row.label for row in mapped)
        self._result.counts[name]["skipped"] = self._result.counts[name]["rows"] - len(selected)
        return mapped

    def _note_unused(self, mapping: RowMapping) -> None:
        """Say that no row is selected: a value that is spelled otherwise leaves all of them out."""
        problem = self._job.problem_at(
            (*mapping.key_path, "where"),
            f"where selects no row of the source {quote_name(mapping.rows)}. Letter case counts in it.",
        )
        note = problem.describe(self._job.path.name)
        self._result.findings.append(note)
        self._result.notes.append(note)

    def _type_name(self, ws_id: str, type_id: str) -> str:
        return self._engine.model.component_type(ws_id, type_id)

    # -- rows that are not written --------------------------------------------------------------------------

    def _report(self, row: MappedRow) -> None:
        """Report a row that is rejected or skipped."""
        if row.problems:
            self._reject(row)
        elif row.skipped is not None:
            name = _describe_row(row)
            kind = row.mapping.mapping.kind
            self._result.skipped.append(
                {"kind": kind, "name": name, "label": row.label, "reason": row.skipped}
            )

    def _reject(self, row: MappedRow) -> None:
        mapping = row.mapping.mapping
        self._count_failed(mapping.rows, mapping.key_path, row.label)
        described = {**row.values, "name": _describe_row(row), "type": mapping.type}
        self._client.reject_row(
            described,
            " ".join(row.problems),
            kind=mapping.kind,
            label=row.label,
            means=self._meant_by(row),
            cause=row.cause,
        )

    def _meant_by(self, row: MappedRow) -> list[str]:
        """Return the ids of all that a rejected row may be about: none of that is missing."""
        if isinstance(row, ComponentRow):
            if row.target is None or row.target in self._kept:
                return []
            self._kept.add(row.target)
            return [*row.target.matches, *row.target.maybe]
        return row.meant if isinstance(row, ReferenceRow) else []

    # -- writing --------------------------------------------------------------------------------------------

    def _write_component(self, row: ComponentRow) -> None:
        target, mapping = row.target, row.mapping
        if target is None:
            return
        if target.id is None and not (mapping.create and "name" in row.attributes):
            cause = next((each.label for each in target.rows if each.problems), None)
            row.reject("The component that it describes could not be created.", cause)
            self._reject(row)
            return
        component = {"rootWorkspace": mapping.ws_id, "typeId": mapping.type_id, **row.attributes}
        reference = RowReference(
            row.label,
            mapping.matched_by,
            row.note,
            owner=row.owner,
            policy=mapping.policy,
            origin=_origin(mapping),
        )
        if row.sets_parent:
            if row.parent is not None and row.parent.id is None:
                row.reject(f"The parent {quote_name(row.parent.name)} could not be written.")
                self._reject(row)
                return
            component["parent"] = row.parent and row.parent.id
        restored = self._restored(target, component)
        for name in mapping.fill_if_empty & restored.keys():
            if restored[name] in (None, "", []) and name in row.all_given:  # it is empty without the mark
                restored[name] = row.all_given[name]
        if restored:
            component |= restored
            reference = reference._replace(note=row.note or NO_LONGER_MISSING)
        stored = self._client.ensure_component(component, target.matches, reference)
        if target.id is None and stored["_id"] is not None:
            target.id = stored["_id"]
            target.matches = [target.id]
        self._client.check_reach()

    def _restored(self, target: Target, component: Attributes) -> Attributes:
        """Return the values that a component gets back because it is not missing any more.

        The values that the row gives count, and so does what somebody has set since it was marked.
        """
        if target.id is None or target.entity is None:
            return {}
        owned = self._engine.journal.owned
        before = owned.before_mark(target.id)
        base = owned.base("component", target.id) if before else {}
        return {
            name: value
            for name, value in before.items()
            if name not in component and equal_values(target.entity.get(name), base.get(name))
        }

    def _write_reference(self, row: ReferenceRow) -> None:
        if not row.is_used or row.source is None or row.target is None:
            return
        for end, role in ((row.source, "source"), (row.target, "target")):
            if end.id is None:
                row.reject(f"The {role} {quote_name(end.name)} could not be written.")
                self._reject(row)
                return
        mapping, client = row.mapping, self._client
        reference: Attributes = {
            "rootWorkspace": mapping.ws_id,
            "source": row.source.id,
            "target": row.target.id,
            "type": mapping.type_id,
            **row.attributes,
        }
        matches = self._engine.match_reference(reference, mapping.key)
        flat = self._engine.reference.collection.flatten
        current = flat(matches[0]) if matches else None
        if current is None and not mapping.create:
            row.skipped = "There is no such reference, and create is false."
            self._report(row)
            return
        written = drop_protected(mapping, reference, current)
        row.matches = [match["_id"] for match in matches]
        row.protected = frozenset(reference.keys() - written.keys())
        stored = client.ensure_reference(
            written,
            row.matches,
            RowReference(
                row.label, mapping.key, owner=row.owner, policy=mapping.policy, origin=_origin(mapping)
            ),
        )
        row.id = stored["_id"]
        client.check_reach()


def _of_sources(job: Job, names: Container[str]) -> Job:
    """Return a job with the mappings of some of its sources alone."""
    return replace(
        job,
        components=tuple(mapping for mapping in job.components if mapping.rows in names),
        references=tuple(mapping for mapping in job.references if mapping.rows in names),
    )


def _deleted(mappings: Iterable[ResolvedMapping]) -> set[tuple[str, str]]:
    """Return workspace and type id of the components that are deleted if no row describes them."""
    return {
        (mapping.ws_id, mapping.type_id) for mapping in mappings if mapping.mapping.missing.action == "delete"
    }


def _origin(mapping: ResolvedMapping) -> RowOrigin:
    return RowOrigin(mapping.mapping.rows, mapping.mapping.key_path)


def _describe_row(row: MappedRow) -> str | None:
    """Return the name that a row gives, or the names of both ends; None if it has none."""
    if isinstance(row, ReferenceRow):
        ends = [" or ".join(name.path[-1] for name in names) for names in (row.sources, row.targets)]
        return " -> ".join(end for end in ends if end) or None
    templates = [template for field, template in row.mapping.cells if field.name == "name"]
    cells = [row.attributes.get("name")]
    with suppress(InvalidInput):  # a cell that cannot be read has its own problem
        cells += [template.getter()(row.values) for template in templates]
    return next((str(cell).strip() for cell in cells if cell is not None), None)
