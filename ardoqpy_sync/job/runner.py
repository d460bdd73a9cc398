"""A job carried out: row after row becomes a call of the sync client, then what is missing is seen to."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from ardoqpy._messages import quote_name
from ardoqpy.errors import ArdoqClientException, BlockReason, ConfigurationError, DeleteBlocked, InvalidInput
from ardoqpy_sync.job.problems import JobInvalid, Problem
from ardoqpy_sync.job.resolver import BoundComponents, BoundReferences, bind
from ardoqpy_sync.job.result import Outcome, Read
from ardoqpy_sync.job.row_mapping import attributes_of, columns_of, filter_of, named_by, text_of
from ardoqpy_sync.sources import from_rows, open_source
from ardoqpy_sync.sources.cell_formats import AS_WRITTEN, read_spelling
from ardoqpy_sync.writing.circuit_breaker import is_unreachable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from ardoqpy_sync.client import ArdoqSyncClient
    from ardoqpy_sync.job.model import Job
    from ardoqpy_sync.job.resolver import Bound, BoundEnd, Group
    from ardoqpy_sync.job.row_mapping import Values
    from ardoqpy_sync.sources import Row, Source

__all__ = ["opened_sources", "run_job", "troubles_of"]


def troubles_of(job: Job, client: ArdoqSyncClient) -> list[Problem]:
    """Return everything that is wrong with a job before its first row: files, columns, names in Ardoq.

    Raise `ArdoqClientException` where Ardoq does not answer.
    """
    troubles: list[Problem] = []
    for source in opened_sources(job, {}, troubles).values():
        source.close()
    bind(job, client, troubles)
    return troubles


def opened_sources(
    job: Job, given: Mapping[str, Iterable[Mapping[str, Any]]], troubles: list[Problem]
) -> dict[str, Source]:
    """Return the sources of a job that mappings read, those `given` in place of the file's.

    What is wrong with them, and which columns they lack, is added to `troubles`.
    """
    opened: dict[str, Source] = {}
    for mapping in (*job.components, *job.references):
        try:
            if mapping.rows not in opened:
                opened[mapping.rows] = _opened(job, mapping.rows, given)
        except (ConfigurationError, InvalidInput) as problem:
            trouble = job.trouble(("sources", mapping.rows), str(problem))
            if trouble not in troubles:
                troubles.append(trouble)
            continue
        for column in columns_of(mapping):
            try:
                opened[mapping.rows].require([column])
            except ArdoqClientException as problem:
                trouble = job.trouble(mapping.place, str(problem))
                if trouble not in troubles:  # a source that cannot be read says so for each column
                    troubles.append(trouble)
    return opened


def _opened(job: Job, name: str, given: Mapping[str, Iterable[Mapping[str, Any]]]) -> Source:
    if name in given:
        return from_rows(given[name], name=name)
    table = {key: value for key, value in job.sources[name].items() if key != "spelling"}
    return open_source(table, job.path.parent)


def run_job(
    job: Job,
    client: ArdoqSyncClient,
    *,
    sources: Mapping[str, Iterable[Mapping[str, Any]]] | None = None,
) -> Outcome:
    """Carry out a job with a client, which simulates or writes, and return what it came to.

    - `job`: as `load_job` gives it; its table `ardoq` is not looked at, since the client is there already.
    - `sources`: by name rows of your own, each a dict, in place of what the job file says.

    Before anything is written all sources are read to their end, so that one that breaks off stops the run
    before it begins. Rows that fail are in the client's report. What the guard refuses, and an error that
    ends the run, are in the outcome; the client's report says `failure` then.

    Raise `JobInvalid`, with all that is wrong, where the job does not fit its sources or Ardoq, and
    `ArdoqClientException` where Ardoq does not answer; nothing is written then.
    """
    troubles: list[Problem] = []
    opened = opened_sources(job, sources or {}, troubles)
    try:
        components, references = bind(job, client, troubles)
        if troubles:
            raise JobInvalid(str(job.path), troubles)
        if not client.simulate:
            for name, source in opened.items():
                if name not in (sources or {}):
                    for _ in source:
                        pass
        return _Run(job, client, opened).run(components, references)
    finally:
        for source in opened.values():
            source.close()


class _Run:
    def __init__(self, job: Job, client: ArdoqSyncClient, sources: Mapping[str, Source]) -> None:
        self._job = job
        self._client = client
        self._sources = sources
        self._outcome = Outcome()
        self._found: dict[tuple[str, str, str | None, str], str] = {}
        #: By what rows mean: what the first of them said, and its name.
        self._said: dict[tuple[Any, ...], tuple[int, str]] = {}
        #: Of what there were rows that could be used.
        self._given: set[Group] = set()
        #: Rows whose parent may still come.
        self._waiting: list[tuple[BoundComponents, Read, str, dict[str, Any], str]] = []

    def run(self, components: list[BoundComponents], references: list[BoundReferences]) -> Outcome:
        client = self._client
        try:
            client.load_workspaces(list(dict.fromkeys(_workspaces(components, references))))
            for one in components:
                self._components(one)
            self._late_parents()
            for another in references:
                self._references(another)
            client.flush()
            client.check_reach()
            self._missing([*components, *references])
            client.flush()
        except ArdoqClientException as problem:
            self._outcome.failure = problem
            if not is_unreachable(problem):
                with suppress(ArdoqClientException):  # it is in the report
                    client.flush()
            client.give_up(str(problem))
        return self._outcome

    # -- components -----------------------------------------------------------------------------------------

    def _components(self, bound: BoundComponents) -> None:
        parents = named_by(bound.parent) if bound.parent else None
        for read, row, values, attributes, ends in self._rows(bound, parents):
            comp = {"rootWorkspace": bound.ws_id, "typeId": bound.type_id, **attributes}
            trouble = _nameless(bound, comp)
            parent = ends[0] if ends else []
            if trouble is None and len(parent) > 1:
                trouble = f"it names {len(parent)} parents."
            if trouble is not None:
                shown = {**values, "name": comp.get("name")}
                self._reject(read, "component", shown, trouble, row.label, self._guessed(bound, values))
            elif parent and bound.parent is not None:
                found = self._component(bound.parent, parent[0])
                if found is None:
                    self._waiting.append((bound, read, row.label, comp, parent[0]))
                else:
                    self._have(bound, read, row.label, {**comp, "parent": found})
            else:
                if parents is not None and "parent" not in bound.never_null:
                    comp["parent"] = None
                self._have(bound, read, row.label, comp)

    def _late_parents(self) -> None:
        """Bring in the rows whose parents came after them, level by level; what is left has no parent."""
        while self._waiting:
            waiting, self._waiting = self._waiting, []
            for bound, read, label, comp, parent in waiting:
                end = bound.parent
                found = self._component(end, parent) if end is not None else None
                if found is None:
                    self._waiting.append((bound, read, label, comp, parent))
                else:
                    self._have(bound, read, label, {**comp, "parent": found})
            if len(self._waiting) == len(waiting):
                for bound, read, label, comp, parent in waiting:
                    if bound.parent is not None:
                        trouble = f"its parent is not there: {_none(bound.parent, parent)}"
                        self._reject(read, "component", comp, trouble, label, self._means(bound, comp))
                return

    def _have(self, bound: BoundComponents, read: Read, label: str, comp: dict[str, Any]) -> None:
        key = comp["name"].casefold() if bound.key is None else str(comp[bound.key])
        if not self._first_to_say(
            (bound.mapping.place, key), comp, label, read, "component", self._means, bound
        ):
            return
        self._client.create_component(
            self._owned(bound, comp, lambda: self._matching(bound, comp)), bound.key, label=label
        )
        self._client.check_reach()

    def _matching(self, bound: BoundComponents, comp: Mapping[str, Any]) -> list[dict[str, Any]]:
        value = comp["name"] if bound.key is None else comp[bound.key]
        return self._client.match_component(bound.ws_id, bound.type_id, value, bound.key)

    def _means(self, bound: BoundComponents, comp: Mapping[str, Any]) -> list[str]:
        return [one["_id"] for one in self._matching(bound, comp)]

    def _component(self, end: BoundEnd, value: str) -> str | None:
        """Return the id of the component that a row names, None where there is none."""
        key = end.ws_id, end.type_id, end.field, value
        found = self._found.get(key)
        if found is None:
            matches = self._client.match_component(end.ws_id, end.type_id, value, end.field)
            if matches:
                found = self._found[key] = matches[0]["_id"]
        return found

    # -- references -----------------------------------------------------------------------------------------

    def _references(self, bound: BoundReferences) -> None:
        named = named_by(bound.source), named_by(bound.target)
        for read, row, _, attributes, (sources, targets) in self._rows(bound, *named):
            for source in sources:
                for target in targets:
                    self._reference(bound, read, row.label, source, target, attributes)

    def _reference(
        self,
        bound: BoundReferences,
        read: Read,
        label: str,
        source: str,
        target: str,
        attributes: Mapping[str, Any],
    ) -> None:
        found = []
        for end, value in ((bound.source, source), (bound.target, target)):
            comp_id = self._component(end, value)
            if comp_id is None:
                row = {"name": f"{source} -> {target}", "type": bound.mapping.type}
                self._reject(read, "reference", row, _none(end, value), label)
                return
            found.append(comp_id)
        ref = {
            "rootWorkspace": bound.ws_id,
            "source": found[0],
            "target": found[1],
            "type": bound.type_id,
            **attributes,
        }
        if not self._first_to_say(
            (bound.mapping.place, *found), ref, label, read, "reference", _nothing, bound
        ):
            return
        client, ends = self._client, (found[0], found[1])
        client.create_reference(
            self._owned(bound, ref, lambda: client.match_reference(bound.ws_id, *ends, bound.type_id)),
            label=label,
        )
        self._client.check_reach()

    # -- what both have -------------------------------------------------------------------------------------

    def _rows(
        self, bound: Bound, *named: Callable[[Values], list[str]] | None
    ) -> Iterator[tuple[Read, Row, Values, dict[str, Any], list[list[str]]]]:
        """Yield the rows of a mapping that can be used, with what they write and name; reject the others."""
        mapping = bound.mapping
        read = Read(mapping.rows)
        self._outcome.reads.append(read)
        told = self._job.sources.get(mapping.rows, {}).get("spelling")
        attributes_in = attributes_of(bound, AS_WRITTEN if told is None else read_spelling(told))
        meant = filter_of(mapping.where)
        for row in self._sources[mapping.rows]:
            read.rows += 1
            values: Values = {}
            try:
                values = row.values
                if meant is not None and not meant(values):
                    read.skipped += 1
                    continue
                attributes = attributes_in(values)
                ends = [names(values) for names in named if names is not None]
            except InvalidInput as problem:
                means = self._guessed(bound, values) if isinstance(bound, BoundComponents) else []
                shown = {**values, "name": _called(bound, values), "type": mapping.type}
                self._reject(read, mapping.kind, shown, str(problem), row.label, means)
                continue
            self._given.add(bound.group)
            yield read, row, values, attributes, ends

    def _guessed(self, bound: BoundComponents, values: Values) -> list[str]:
        """Return the ids of what a row means that cannot be used, as far as its key can be."""
        wanted = bound.key or "name"
        cell_of = next(template.getter() for field, template in bound.cells if field.name == wanted)
        try:
            value = text_of(cell_of(values))
        except InvalidInput:
            return []
        if not value:
            return []
        return [
            one["_id"] for one in self._client.match_component(bound.ws_id, bound.type_id, value, bound.key)
        ]

    def _owned(
        self, bound: Bound, row: dict[str, Any], current: Callable[[], list[dict[str, Any]]]
    ) -> dict[str, Any]:
        """Return a row without what is left to people: what is written once only, or only into what is
        empty.
        """
        if not bound.create_only and not bound.fill_if_empty:
            return row
        there = current()
        if not there:
            return row
        collection = self._client.api.components if "typeId" in row else self._client.api.references
        held = collection.flat(there[0])
        left = bound.create_only | {
            name for name in bound.fill_if_empty if held.get(name) not in (None, "", [])
        }
        return {name: value for name, value in row.items() if name not in left}

    def _first_to_say(
        self,
        means: tuple[Any, ...],
        row: dict[str, Any],
        label: str,
        read: Read,
        kind: str,
        ids_of: Callable[..., list[str]],
        bound: Bound,
    ) -> bool:
        """Tell whether a row is the first about something; one that says the same again is nothing new.

        One that says otherwise is rejected: which of the two is right nobody knows.
        """
        saying = hash(repr(row))
        before = self._said.setdefault(means, (saying, label))
        if before[1] == label:
            return True
        if before[0] != saying:
            trouble = f"it says otherwise than {before[1]} of the same {kind}: let one row say it."
            self._reject(read, kind, row, trouble, label, ids_of(bound, row))
        return False

    def _reject(
        self,
        read: Read,
        kind: str,
        row: Mapping[str, Any],
        reason: str,
        label: str,
        means: Iterable[str] = (),
    ) -> None:
        read.failed += 1
        text = f"{reason[:1].upper()}{reason[1:]}"
        self._client.reject_row(dict(row), text, kind=kind, label=label, means=means)

    # -- what is missing -------------------------------------------------------------------------------------

    def _missing(self, mappings: Iterable[Bound]) -> None:
        guard = self._job.guard
        deleted, marked = [], {}
        for bound in mappings:
            if bound.mapping.missing.deed == "report":
                continue
            if self._is_empty(bound):
                self._refuse_empty(bound)
            elif bound.mapping.missing.deed == "delete":
                deleted.append(bound.group)
            else:
                marked[bound.group] = bound.marks
        if not deleted and not marked:
            return
        missing = self._with_misses()
        if any(group[:2] in missing for group in deleted):
            kinds = list(dict.fromkeys(group[0] for group in deleted))
            with self._noting_refusal():
                self._client.delete_cache_misses(kinds=kinds, types=deleted, **guard)
        bounds = {key: value for key, value in guard.items() if key != "take_along"}
        for group, marks in marked.items():
            if group[:2] in missing:
                with self._noting_refusal():
                    self._client.mark_cache_misses(dict(marks), types=[group], **bounds)

    def _with_misses(self) -> set[tuple[str, str]]:
        """Return of what kinds something is missing, and in which workspaces."""
        report = self._client.get_report()
        missing = {("component", component["rootWorkspace"]) for component in report["cache_miss_comps"]}
        return missing | {("reference", ref["rootWorkspace"]) for ref in report["cache_miss_refs"]}

    @contextmanager
    def _noting_refusal(self) -> Iterator[None]:
        try:
            yield
        except DeleteBlocked as refused:
            self._outcome.refused.append(refused)

    def _is_empty(self, bound: Bound) -> bool:
        """Tell whether no row of the mappings of this type could be used."""
        return bound.group not in self._given

    def _refuse_empty(self, bound: Bound) -> None:
        mapping = bound.mapping
        sentence = (
            f"No row of the source {quote_name(mapping.rows)} could be used as {mapping.kind} of type "
            f"{quote_name(mapping.type)}, so nothing of that type is {mapping.missing.past}: "
            "is the source empty?"
        )
        reason: BlockReason = {"bound": "source", "sentence": sentence, "allow": None}
        self._outcome.refused.append(DeleteBlocked(sentence, reasons=[reason], would_delete=[]))


def _workspaces(
    components: Iterable[BoundComponents], references: Iterable[BoundReferences]
) -> Iterator[str]:
    for one in components:
        yield one.ws_id
    for another in references:
        yield from (another.source.ws_id, another.target.ws_id)


def _nameless(bound: BoundComponents, comp: dict[str, Any]) -> str | None:
    """Say what a row lacks to be a component, None where it lacks nothing; its name loses white space
    around it.
    """
    name = comp.get("name")
    if name is None:
        return "it has no name."
    comp["name"] = name.strip()
    if bound.key is not None and comp.get(bound.key) is None:
        return f"it has no key: its {bound.key} is blank."
    return None


def _none(end: BoundEnd, value: str) -> str:
    return f"there is no {end.title.format(quote_name(value))}."


def _called(bound: Bound, values: Values) -> str | None:
    """Return what a row that cannot be used calls what it is about, as far as it does."""
    templates = [template for field, template in bound.cells if field.name == "name"]
    templates += (
        [bound.source.end.value, bound.target.end.value] if isinstance(bound, BoundReferences) else []
    )
    told = [str(cell).strip() for template in templates if (cell := template.getter()(values)) is not None]
    return " -> ".join(told) or None


def _nothing(*_: Any) -> list[str]:
    return []
