"""Carry out many changes at once: creations, upserts, updates and deletions that name one another."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from ardoqpy.emulator import assumptions
from ardoqpy.emulator.errors import Problem, Unprocessable
from ardoqpy.emulator.rules.batch_create import Draft, refuse_twins
from ardoqpy.emulator.rules.components import Components
from ardoqpy.emulator.rules.matcher import Matching, Wanted
from ardoqpy.emulator.rules.parent_order import parents_first
from ardoqpy.emulator.rules.references import References
from ardoqpy.emulator.state import State
from ardoqpy.emulator.table import Row, Table
from ardoqpy.emulator.values import as_text

_ENDS = ("source", "target")
# Attributes of a reference that follow from its ends, under the names that "uniqueBy" may give them.
_DERIVED = {"rootWorkspace": "source", "source.rootWorkspace": "source", "target.rootWorkspace": "target"}


@dataclass(frozen=True, slots=True)
class Update:
    """Describe a change: of which entity (an id or an alias), in which version, and what it is to be."""

    name: str
    version: int | None
    attributes: Row
    custom: Row


@dataclass(frozen=True, slots=True)
class Deletion:
    """Describe a deletion, of one entity by its name or of all that match."""

    name: str | None = None
    match: Wanted | None = None


@dataclass(frozen=True, slots=True)
class Operations:
    """List what is to be done with one kind of entity."""

    create: list[Draft] = field(default_factory=list)
    upsert: list[Draft] = field(default_factory=list)
    update: list[Update] = field(default_factory=list)
    delete: list[Deletion] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ChangeRequest:
    """Describe a whole batch; aliases are what they are to match, by name."""

    components: Operations
    references: Operations
    component_aliases: Mapping[str, Wanted]
    reference_aliases: Mapping[str, Wanted]


@dataclass(slots=True)
class Done:
    """List what was done with one kind of entity: ids, with the batchId where the request gave one."""

    created: list[tuple[str, str | None]] = field(default_factory=list)
    updated: list[tuple[str, str | None]] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)

    def written(self) -> dict[str, None]:
        """Return the ids of what was created or updated."""
        return dict.fromkeys(row_id for row_id, _ in (*self.created, *self.updated))


@dataclass(slots=True)
class Names:
    """Tell which ids the names of a request stand for; what is no name is an id already."""

    components: dict[str, str] = field(default_factory=dict)
    references: dict[str, str] = field(default_factory=dict)

    def in_row(self, attributes: Row, names: tuple[str, ...]) -> Row:
        """Return attributes with ids in place of names of components."""
        resolved = dict(attributes)
        for name in names:
            value = resolved.get(name)
            if isinstance(value, str):
                resolved[name] = self.components.get(value, value)
        return resolved

    def in_wanted(self, wanted: Wanted) -> Wanted:
        """Return a description of references with ids in place of names of components."""
        attributes = tuple(
            (name, self.components.get(value, value) if name in _ENDS else value)
            for name, value in wanted.attributes
        )
        return Wanted(attributes, wanted.custom)


class Changes:
    """Carry out change requests; whoever calls this holds the transaction that makes it all or nothing."""

    def __init__(
        self, state: State, components: Components, references: References, matching: Matching
    ) -> None:
        self._state = state
        self._components = components
        self._references = references
        self._matching = matching

    def carry_out(self, request: ChangeRequest) -> tuple[Done, Done]:
        """Do everything that a request asks for, and return what was done with components and references."""
        names = self.names(request)
        doomed_components = self._doomed(request.components, "components", names)
        doomed_references = self._doomed(request.references, "references", names)
        components, references = Done(), Done()
        self._write_components(request.components, names, components)
        self._write_references(request.references, names, references)
        self._delete(doomed_components, doomed_references, components, references)
        return components, references

    def names(self, request: ChangeRequest) -> Names:
        """Return what the aliases of a request stand for, or raise Unprocessable."""
        drafts = [
            draft
            for operations in (request.components, request.references)
            for draft in (*operations.create, *operations.upsert)
        ]
        refuse_twins(drafts)
        for draft in drafts:
            if draft.batch_id in request.component_aliases or draft.batch_id in request.reference_aliases:
                sentence = f"'{draft.batch_id}' is both an alias and a batchId."
                raise Unprocessable(sentence)
        names = Names()
        for alias, wanted in request.component_aliases.items():
            names.components[alias] = self._only(self._state.components, alias, wanted)
        for alias, wanted in request.reference_aliases.items():
            resolved = names.in_wanted(wanted)
            names.references[alias] = self._only(self._state.references, alias, resolved)
        return names

    def _only(self, table: Table, alias: str, wanted: Wanted) -> str:
        found = self._matching.find(table, wanted)
        if len(found) != 1:
            count = f"{len(found)} {table.name}" if found else f"no {table.kind}"
            sentence = (
                f"The alias '{alias}' ({wanted}) has to match exactly one {table.kind}: it matches {count}."
            )
            raise Unprocessable(sentence, {"alias": alias, "ids": [row["_id"] for row in found]})
        row_id: str = found[0]["_id"]
        return row_id

    def _doomed(self, operations: Operations, kind: str, names: Names) -> list[str]:
        table = self._state.tables[kind]
        known = names.components if kind == "components" else names.references
        doomed: dict[str, None] = {}
        for position, deletion in enumerate(operations.delete):
            with _located(f"{kind}.delete[{position}]"):
                if deletion.name is not None:
                    doomed[self._state.named(table, known.get(deletion.name, deletion.name))["_id"]] = None
                elif deletion.match is not None:
                    wanted = names.in_wanted(deletion.match)
                    found = self._matching.find(table, wanted)
                    if not found and assumptions.V2_MATCH_NEEDS_A_HIT:
                        sentence = f"nothing matches ({wanted})."
                        raise Unprocessable(sentence)
                    doomed.update((row["_id"], None) for row in found)
        return list(doomed)

    def _write_components(self, operations: Operations, names: Names, done: Done) -> None:
        drafts = _placed("components", operations)
        order = parents_first([(draft.batch_id, draft.attributes.get("parent")) for _, draft in drafts])
        for where, draft in (drafts[position] for position in order):
            with _located(where):
                row_id = self._write_component(draft, names, done)
            if draft.batch_id is not None:
                names.components[draft.batch_id] = row_id
        for position, update in enumerate(operations.update):
            with _located(f"components.update[{position}]"):
                row = self._components.update(
                    names.components.get(update.name, update.name),
                    names.in_row(update.attributes, ("parent",)),
                    update.custom,
                    version=update.version,
                    strict=True,
                    circles_later=True,
                )
            done.updated.append((row["_id"], None))
        self._components.refuse_circles(done.written())

    def _write_component(self, draft: Draft, names: Names, done: Done) -> str:
        attributes = names.in_row(draft.attributes, ("parent",))
        found = self._like(self._state.components, draft, attributes) if draft.unique_by else None
        if found is None:
            row = self._components.create(attributes, draft.custom, strict=True)
            done.created.append((row["_id"], draft.batch_id))
        else:
            _refuse_another_type(found, attributes.pop("typeId"), "typeId")
            row = self._components.update(
                found["_id"], attributes, draft.custom, strict=True, circles_later=True
            )
            done.updated.append((row["_id"], draft.batch_id))
        row_id: str = row["_id"]
        return row_id

    def _write_references(self, operations: Operations, names: Names, done: Done) -> None:
        for where, draft in _placed("references", operations):
            with _located(where):
                self._write_reference(draft, names, done)
        for position, update in enumerate(operations.update):
            with _located(f"references.update[{position}]"):
                row = self._references.update(
                    names.references.get(update.name, update.name),
                    names.in_row(update.attributes, _ENDS),
                    update.custom,
                    version=update.version,
                    strict=True,
                )
            done.updated.append((row["_id"], None))

    def _write_reference(self, draft: Draft, names: Names, done: Done) -> None:
        attributes = names.in_row(draft.attributes, _ENDS)
        found = self._like(self._state.references, draft, attributes) if draft.unique_by else None
        if found is None:
            row = self._references.create(attributes, draft.custom, strict=True)
            done.created.append((row["_id"], draft.batch_id))
        else:
            _refuse_another_type(found, attributes.pop("type"), "type")
            row = self._references.update(found["_id"], attributes, draft.custom, strict=True)
            done.updated.append((row["_id"], draft.batch_id))

    def _like(self, table: Table, draft: Draft, attributes: Row) -> Row | None:
        """Return the one entity that is like a draft in what makes it unique, if there is one."""
        wanted_attributes = []
        wanted_custom = []
        for name in draft.unique_by:
            key = name.removeprefix("customFields.")
            if key != name:
                value = draft.custom.get(key)
                wanted_custom.append((key, as_text(value)))
            elif table is self._state.references and name in _DERIVED:
                end = _DERIVED[name]
                value = self._state.meant(self._state.components, attributes[end], f"'{end}'")[
                    "rootWorkspace"
                ]
                wanted_attributes.append(("rootWorkspace" if end == "source" else "targetWorkspace", value))
            else:
                value = attributes.get(name)
                wanted_attributes.append((name, value))
            if value is None:
                sentence = f"'uniqueBy' names '{name}', which has no value in the body."
                raise Unprocessable(sentence)
        wanted = Wanted(tuple(wanted_attributes), tuple(wanted_custom))
        found = self._matching.find(table, wanted)
        if len(found) > 1:
            sentence = f"'uniqueBy' ({wanted}) matches {len(found)} {table.name}, at most one would do."
            raise Unprocessable(sentence, {"ids": [row["_id"] for row in found]})
        return found[0] if found else None

    def _delete(
        self,
        doomed_components: list[str],
        doomed_references: list[str],
        components: Done,
        references: Done,
    ) -> None:
        for reference in doomed_references:
            self._references.delete(reference)
        removed = self._components.delete(doomed_components)
        along = assumptions.V2_DELETED_LISTS_CASCADES
        gone = {*removed.components, *removed.references, *doomed_references}
        for written in (*components.written(), *references.written()):
            if written in gone:
                sentence = f"The batch writes {written} and deletes it, too."
                raise Unprocessable(sentence)
        components.deleted = removed.components if along else doomed_components
        references.deleted = [*doomed_references, *(removed.references if along else ())]


def _placed(kind: str, operations: Operations) -> list[tuple[str, Draft]]:
    """Return creations and upserts, each with where it stands in the request."""
    return [
        (f"{kind}.{verb}[{position}]", draft)
        for verb, drafts in (("create", operations.create), ("upsert", operations.upsert))
        for position, draft in enumerate(drafts)
    ]


def _refuse_another_type(found: Row, wanted: object, name: str) -> None:
    if assumptions.V2_UPSERT_REFUSES_ANOTHER_TYPE and found[name] != wanted:
        sentence = f"{found['_id']} has the '{name}' {found[name]}, which cannot become {wanted}."
        raise Unprocessable(sentence)


@contextmanager
def _located(where: str) -> Iterator[None]:
    """Have problems say where in the request they come from."""
    try:
        yield
    except Problem as problem:
        raise type(problem)(f"{where}: {problem.message}", problem.data) from problem
