"""Run a job: each row becomes a call of the sync client, then the missing items are handled."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from ardoqpy._messages import quote_name
from ardoqpy.errors import ArdoqClientException, BlockReason, ConfigurationError, DeleteBlocked, InvalidInput
from ardoqpy_sync.job.problems import JobInvalid, Problem
from ardoqpy_sync.job.resolver import ResolvedComponents, ResolvedReferences, resolve_names
from ardoqpy_sync.job.result import JobResult
from ardoqpy_sync.job.row_mapping import (
    list_columns,
    make_attribute_reader,
    make_name_reader,
    make_row_filter,
    to_text,
)
from ardoqpy_sync.sources import from_rows, open_source
from ardoqpy_sync.sources.cell_formats import DEFAULT_FORMATS, read_formats
from ardoqpy_sync.writing.circuit_breaker import is_unreachable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from ardoqpy.entities import Attributes
    from ardoqpy_sync.client import ArdoqSyncClient
    from ardoqpy_sync.documents import SourceCount
    from ardoqpy_sync.job.model import Job
    from ardoqpy_sync.job.resolver import ResolvedMapping, ResolvedSelector, TypeGroup
    from ardoqpy_sync.sources import Row, Source
    from ardoqpy_sync.sources.row import Values


def find_problems(job: Job, client: ArdoqSyncClient) -> list[Problem]:
    """Return every problem of a job that can be found without reading rows: files, columns, names in Ardoq.

    Raise `ArdoqClientException` if Ardoq does not answer.
    """
    problems: list[Problem] = []
    for source in open_sources(job, {}, problems).values():
        source.close()
    resolve_names(job, client, problems)
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
        try:
            if mapping.rows not in sources:
                sources[mapping.rows] = _open_source(job, mapping.rows, given)
        except (ConfigurationError, InvalidInput) as error:
            problem = job.problem_at(("sources", mapping.rows), str(error))
            if problem not in problems:
                problems.append(problem)
            continue
        for column in list_columns(mapping):
            try:
                sources[mapping.rows].require([column])
            except ArdoqClientException as error:
                problem = job.problem_at(mapping.key_path, str(error))
                if problem not in problems:  # an unreadable source raises the same error for each column
                    problems.append(problem)
    return sources


def _open_source(job: Job, name: str, given: Mapping[str, Iterable[Mapping[str, Any]]]) -> Source:
    if name in given:
        return from_rows(given[name], name=name)
    table = {key: value for key, value in job.sources[name].items() if key != "formats"}
    return open_source(table, job.path.parent)


def run_job(
    job: Job, client: ArdoqSyncClient, *, sources: Mapping[str, Iterable[Mapping[str, Any]]] | None = None
) -> JobResult:
    """Run a job with a client, which simulates or writes.

    - `job`: as `load_job` returns it; its table `[ardoq]` is not used, because the client is already open.
    - `sources`: by source name, rows to use instead of those in the job: each a dict from column to cell.

    All sources are read to their end before anything is written, so that a damaged source stops the run
    before it begins. Rows that fail are in the client's report. What the delete guard blocks, and an error
    that ends the run early, are in the result; the client's report then has the status `failure`.

    Raise `JobInvalid` with every problem if the job does not match its sources or Ardoq, and
    `ArdoqClientException` if Ardoq does not answer; nothing is written in these cases.
    """
    problems: list[Problem] = []
    opened = open_sources(job, sources or {}, problems)
    try:
        components, references = resolve_names(job, client, problems)
        if problems:
            raise JobInvalid(str(job.path), problems)
        if not client.simulate:
            for name, source in opened.items():
                if name not in (sources or {}):
                    for _ in source:
                        pass
        return _Run(job, client, opened).run(components, references)
    finally:
        for source in opened.values():
            source.close()


class _MappedRow(NamedTuple):
    """A usable row: its cells by column, its attributes, and for each selector the names in its cells."""

    row: Row
    counts: SourceCount
    values: Values
    attributes: Attributes
    names: list[list[str]]


class _ComponentRow(NamedTuple):
    """A row that becomes a component; `parent` is the name or key of its parent, if the row has one."""

    mapping: ResolvedComponents
    counts: SourceCount
    label: str
    component: Attributes
    parent: str | None


class _FirstRow(NamedTuple):
    """The first row that described an item: a hash of its content, and its label."""

    content: int
    label: str


class _Run:
    def __init__(self, job: Job, client: ArdoqSyncClient, sources: Mapping[str, Source]) -> None:
        self._job = job
        self._client = client
        self._sources = sources
        self._result = JobResult()
        self._component_ids: dict[tuple[str, str, str | None, str], str] = {}
        #: By mapping and matching key of an item.
        self._first_rows: dict[tuple[Any, ...], _FirstRow] = {}
        #: The groups for which a row could be used.
        self._groups_with_rows: set[TypeGroup] = set()
        #: The rows whose parents do not exist yet.
        self._waiting: list[_ComponentRow] = []

    def run(self, components: list[ResolvedComponents], references: list[ResolvedReferences]) -> JobResult:
        client = self._client
        try:
            workspaces = [mapping.ws_id for mapping in components]
            workspaces += [end.ws_id for mapping in references for end in (mapping.source, mapping.target)]
            client.load_workspaces(list(dict.fromkeys(workspaces)))
            for component_mapping in components:
                self._run_components(component_mapping)
            self._create_waiting()
            for reference_mapping in references:
                self._run_references(reference_mapping)
            client.flush()
            client.check_reach()
            self._handle_missing([*components, *references])
            client.flush()
        except ArdoqClientException as error:
            self._result.failure = error
            if not is_unreachable(error):
                with suppress(ArdoqClientException):  # the report has the error
                    client.flush()
            client.give_up(str(error))
        return self._result

    # -- components -----------------------------------------------------------------------------------------

    def _run_components(self, mapping: ResolvedComponents) -> None:
        selector = mapping.parent
        for mapped in self._read_rows(mapping, *([make_name_reader(selector)] if selector else [])):
            row, counts, values, attributes, names = mapped
            component = {"rootWorkspace": mapping.ws_id, "typeId": mapping.type_id, **attributes}
            if component.get("name") is not None:
                component["name"] = component["name"].strip()
            parents = names[0] if names else []
            problems = _find_row_problems(mapping, component, parents)
            if problems:
                described = {**values, "name": component.get("name")}
                matches = self._guess_matches(mapping, values)
                self._reject(counts, "component", described, " ".join(problems), row.label, matches)
                continue
            if selector is not None and not parents and "parent" not in mapping.never_null:
                component["parent"] = None
            parent = parents[0] if parents else None
            self._create_component(_ComponentRow(mapping, counts, row.label, component, parent))

    def _create_waiting(self) -> None:
        """Create the components whose parents came later, level by level; reject those without a parent."""
        while self._waiting:
            waiting, self._waiting = self._waiting, []
            for row in waiting:
                self._create_component(row)
            if len(self._waiting) == len(waiting):
                for mapping, counts, label, component, parent in waiting:
                    if mapping.parent is not None and parent is not None:
                        problem = f"There is no parent {mapping.parent.describe(parent)}."
                        matches = self._match_ids(mapping, component)
                        self._reject(counts, "component", component, problem, label, matches)
                return

    def _create_component(self, row: _ComponentRow) -> None:
        """Create or update the component of a row; keep the row for later if there is no parent yet."""
        mapping, counts, label, component, parent = row
        if mapping.parent is not None and parent is not None:
            parent_id = self._find_component(mapping.parent, parent)
            if parent_id is None:
                self._waiting.append(row)
                return
            component = {**component, "parent": parent_id}
        value = component["name"].casefold() if mapping.key is None else str(component[mapping.key])
        identity = (mapping.mapping.key_path, value)
        if not self._is_first(
            identity, component, label, counts, "component", lambda: self._match_ids(mapping, component)
        ):
            return
        component = self._drop_protected(mapping, component, lambda: self._match(mapping, component))
        self._client.create_component(component, mapping.key, label=label)
        self._client.check_reach()

    def _match(self, mapping: ResolvedComponents, component: Attributes) -> list[Attributes]:
        value = component["name"] if mapping.key is None else component[mapping.key]
        return self._client.match_component(mapping.ws_id, mapping.type_id, value, mapping.key)

    def _match_ids(self, mapping: ResolvedComponents, component: Attributes) -> list[str]:
        return [match["_id"] for match in self._match(mapping, component)]

    def _find_component(self, selector: ResolvedSelector, value: str) -> str | None:
        """Return the id of the component with this name or key, None if there is none."""
        key = selector.ws_id, selector.type_id, selector.field, value
        if key not in self._component_ids:
            matches = self._client.match_component(selector.ws_id, selector.type_id, value, selector.field)
            if not matches:
                return None
            self._component_ids[key] = matches[0]["_id"]
        return self._component_ids[key]

    # -- references -----------------------------------------------------------------------------------------

    def _run_references(self, mapping: ResolvedReferences) -> None:
        readers = make_name_reader(mapping.source), make_name_reader(mapping.target)
        for mapped in self._read_rows(mapping, *readers):
            sources, targets = mapped.names
            for source in sources:
                for target in targets:
                    self._create_reference(mapping, mapped, source, target)

    def _create_reference(
        self, mapping: ResolvedReferences, mapped: _MappedRow, source: str, target: str
    ) -> None:
        counts, label = mapped.counts, mapped.row.label
        ends = ((mapping.source, source), (mapping.target, target))
        source_id, target_id = (self._find_component(selector, value) for selector, value in ends)
        if source_id is None or target_id is None:
            problems = [
                f"There is no {selector.describe(value)}."
                for (selector, value), comp_id in zip(ends, (source_id, target_id), strict=True)
                if comp_id is None
            ]
            described = {"name": f"{source} -> {target}", "type": mapping.mapping.type}
            self._reject(counts, "reference", described, " ".join(problems), label)
            return
        reference = {
            "rootWorkspace": mapping.ws_id,
            "source": source_id,
            "target": target_id,
            "type": mapping.type_id,
            **mapped.attributes,
        }
        identity = (mapping.mapping.key_path, source_id, target_id)
        if not self._is_first(identity, reference, label, counts, "reference", list):
            return
        client = self._client
        reference = self._drop_protected(
            mapping,
            reference,
            lambda: client.match_reference(mapping.ws_id, source_id, target_id, mapping.type_id),
        )
        client.create_reference(reference, label=label)
        client.check_reach()

    # -- both -----------------------------------------------------------------------------------------------

    def _read_rows(
        self, mapping: ResolvedMapping, *name_readers: Callable[[Values], list[str]]
    ) -> Iterator[_MappedRow]:
        """Yield the rows of a mapping that can be used; reject the others."""
        row_mapping = mapping.mapping
        name = row_mapping.rows
        unread: SourceCount = {"name": name, "rows": 0, "skipped": 0, "failed": 0}
        counts = self._result.counts.setdefault(name, unread)
        table = self._job.sources.get(name, {})
        formats = read_formats(table["formats"]) if "formats" in table else DEFAULT_FORMATS
        read_attributes = make_attribute_reader(mapping, formats)
        is_selected = make_row_filter(row_mapping.where)
        for row in self._sources[name]:
            counts["rows"] += 1
            values: Values = {}
            try:
                values = _usable_values(row)
                if is_selected is not None and not is_selected(values):
                    counts["skipped"] += 1
                    continue
                attributes, *names = _read_all([read_attributes, *name_readers], values)
            except InvalidInput as error:
                matches = (
                    self._guess_matches(mapping, values) if isinstance(mapping, ResolvedComponents) else []
                )
                described = {**values, "name": _describe_row(mapping, values), "type": row_mapping.type}
                self._reject(counts, row_mapping.kind, described, str(error), row.label, matches)
                continue
            self._groups_with_rows.add(mapping.group)
            yield _MappedRow(row, counts, values, attributes, names)

    def _guess_matches(self, mapping: ResolvedComponents, values: Values) -> list[str]:
        """Return the ids of the components that an unusable row describes, if its key can be read."""
        key = mapping.key or "name"
        read_cell = next(template.getter() for field, template in mapping.cells if field.name == key)
        try:
            value = to_text(read_cell(values))
        except InvalidInput:
            return []
        if not value:
            return []
        matches = self._client.match_component(mapping.ws_id, mapping.type_id, value, mapping.key)
        return [match["_id"] for match in matches]

    def _drop_protected(
        self,
        mapping: ResolvedMapping,
        attributes: Attributes,
        find_current: Callable[[], list[Attributes]],
    ) -> Attributes:
        """Return a row without attributes that are written only on creation, or only if they are empty."""
        if not mapping.create_only and not mapping.fill_if_empty:
            return attributes
        matches = find_current()
        if not matches:
            return attributes
        api = self._client.api
        current = (api.components if "typeId" in attributes else api.references).flatten(matches[0])
        filled = {name for name in mapping.fill_if_empty if current.get(name) not in (None, "", [])}
        protected = mapping.create_only | filled
        return {name: value for name, value in attributes.items() if name not in protected}

    def _is_first(
        self,
        identity: tuple[Any, ...],
        attributes: Attributes,
        label: str,
        counts: SourceCount,
        kind: str,
        find_matches: Callable[[], list[str]],
    ) -> bool:
        """Return whether a row is the first that describes an item.

        An identical row is ignored. A different one is rejected, because nobody knows which of the two is
        right.
        """
        content = hash(repr(attributes))
        first = self._first_rows.setdefault(identity, _FirstRow(content, label))
        if first.label == label:
            return True
        if first.content != content:
            problem = (
                f"The row conflicts with {first.label}, which describes the same {kind}. Make both rows the "
                "same, or remove one."
            )
            self._reject(counts, kind, attributes, problem, label, find_matches())
        return False

    def _reject(
        self,
        counts: SourceCount,
        kind: str,
        described: Mapping[str, Any],
        reason: str,
        label: str,
        matches: Iterable[str] = (),
    ) -> None:
        counts["failed"] += 1
        self._client.reject_row(dict(described), reason, kind=kind, label=label, means=matches)

    # -- missing items --------------------------------------------------------------------------------------

    def _handle_missing(self, mappings: Iterable[ResolvedMapping]) -> None:
        guard = self._job.guard
        deleted: list[TypeGroup] = []
        marked: dict[TypeGroup, Attributes] = {}
        for mapping in mappings:
            action = mapping.mapping.missing.action
            if action == "report":
                continue
            if mapping.group not in self._groups_with_rows:
                self._block_empty_source(mapping)
            elif action == "delete":
                deleted.append(mapping.group)
            else:
                marked[mapping.group] = mapping.missing_values
        if not deleted and not marked:
            return
        missing = self._kinds_with_missing()
        if any(group[:2] in missing for group in deleted):
            kinds = list(dict.fromkeys(group.kind for group in deleted))
            with self._collect_blocked():
                self._client.delete_cache_misses(kinds=kinds, types=deleted, **guard)
        limits: Attributes = {key: value for key, value in guard.items() if key != "take_along"}
        for group, values in marked.items():
            if group[:2] in missing:
                with self._collect_blocked():
                    self._client.mark_cache_misses(dict(values), types=[group], **limits)

    def _kinds_with_missing(self) -> set[tuple[str, str]]:
        """Return (kind, workspace id) of everything that is missing."""
        report = self._client.get_report()
        missing = {("component", component["rootWorkspace"]) for component in report["cache_miss_comps"]}
        return missing | {("reference", ref["rootWorkspace"]) for ref in report["cache_miss_refs"]}

    @contextmanager
    def _collect_blocked(self) -> Iterator[None]:
        try:
            yield
        except DeleteBlocked as error:
            self._result.blocked.append(error)

    def _block_empty_source(self, resolved: ResolvedMapping) -> None:
        mapping = resolved.mapping
        message = (
            f"No row of source {quote_name(mapping.rows)} could be used as a {mapping.kind} of type "
            f"{quote_name(mapping.type)}, so nothing of that type is {mapping.missing.past_tense}. Check "
            "whether the source is empty."
        )
        reason: BlockReason = {"bound": "source", "sentence": message, "allow": None}
        self._result.blocked.append(DeleteBlocked(message, reasons=[reason], would_delete=[]))


def _usable_values(row: Row) -> Values:
    """Return the cells of a row; raise `InvalidInput` without the row's label, which the report adds."""
    if row.problem is not None:
        raise InvalidInput(row.problem)
    return row.values


def _read_all(readers: Iterable[Callable[[Values], Any]], values: Values) -> list[Any]:
    """Return the result of each reader; raise `InvalidInput` with the messages of all that fail."""
    results, problems = [], []
    for read in readers:
        try:
            results.append(read(values))
        except InvalidInput as error:
            problems.append(str(error))
    if problems:
        raise InvalidInput(" ".join(dict.fromkeys(problems)))
    return results


def _find_row_problems(mapping: ResolvedComponents, component: Attributes, parents: list[str]) -> list[str]:
    problems = []
    if component.get("name") is None:
        problems.append("The name is blank.")
    if mapping.key is not None and component.get(mapping.key) is None:
        problems.append(f"The key {mapping.key} is blank.")
    if len(parents) > 1:
        problems.append(f"The row names {len(parents)} parents. A component can have one.")
    return problems


def _describe_row(mapping: ResolvedMapping, values: Values) -> str | None:
    """Return the name in a row that cannot be used, or the names of both ends, if it has any."""
    templates = [template for field, template in mapping.cells if field.name == "name"]
    if isinstance(mapping, ResolvedReferences):
        templates += [mapping.source.selector.value, mapping.target.selector.value]
    cells = [template.getter()(values) for template in templates]
    return " -> ".join(str(cell).strip() for cell in cells if cell is not None) or None
