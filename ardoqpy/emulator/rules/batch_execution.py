"""Execute batches: creates, upserts, updates and deletes that refer to one another in any order."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal

from ardoqpy.emulator import assumptions
from ardoqpy.emulator.errors import ApiError, Unprocessable
from ardoqpy.emulator.rows import Attributes, R
from ardoqpy.emulator.rules.components import Components
from ardoqpy.emulator.rules.matcher import Criteria, Matcher
from ardoqpy.emulator.rules.parent_order import parents_first
from ardoqpy.emulator.rules.references import References
from ardoqpy.emulator.state import State
from ardoqpy.emulator.table import Table
from ardoqpy.emulator.values import as_text

BatchKind = Literal["components", "references"]

_ENDS = ("source", "target")
_ENDS_OF: dict[BatchKind, tuple[str, ...]] = {"components": ("parent",), "references": _ENDS}
# Derived attributes of a reference, under the names that "uniqueBy" may use, and the end they derive from.
_DERIVED = {"rootWorkspace": "source", "source.rootWorkspace": "source", "target.rootWorkspace": "target"}


@dataclass(frozen=True, slots=True)
class CreateOperation:
    """Describe an entity to create; other operations of the batch refer to it by its `batch_id`.

    With `unique_by` (an upsert), an entity with the same values for these attributes is updated instead.
    """

    batch_id: str | None
    attributes: Attributes
    custom: Attributes
    unique_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UpdateOperation:
    """Describe an update of the entity with an id or alias; `version` None accepts any stored version."""

    name: str
    version: int | None
    attributes: Attributes
    custom: Attributes


@dataclass(frozen=True, slots=True)
class DeleteOperation:
    """Describe a deletion, of the entity with an id or alias, or of all that match."""

    name: str | None = None
    match: Criteria | None = None


@dataclass(frozen=True, slots=True)
class Operations:
    """List the operations on one kind of entity."""

    create: list[CreateOperation] = field(default_factory=list)
    upsert: list[CreateOperation] = field(default_factory=list)
    update: list[UpdateOperation] = field(default_factory=list)
    delete: list[DeleteOperation] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class BatchRequest:
    """Describe a whole batch; aliases have the criteria that identify their entity."""

    components: Operations
    references: Operations
    component_aliases: Mapping[str, Criteria] = field(default_factory=dict)
    reference_aliases: Mapping[str, Criteria] = field(default_factory=dict)


@dataclass(slots=True)
class WrittenIds:
    """List the ids of what was written of one kind, with the batchId where the request gave one."""

    created: list[tuple[str, str | None]] = field(default_factory=list)
    updated: list[tuple[str, str | None]] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)

    def created_or_updated(self) -> dict[str, None]:
        """Return the ids of what was created or updated."""
        return dict.fromkeys(row_id for row_id, _ in (*self.created, *self.updated))


@dataclass(slots=True)
class ResolvedNames:
    """Map the aliases and batchIds of a request to ids; any other name is an id already."""

    components: dict[str, str] = field(default_factory=dict)
    references: dict[str, str] = field(default_factory=dict)

    def resolve_attributes(self, attributes: Attributes, names: tuple[str, ...]) -> Attributes:
        """Return attributes with ids in place of names of components."""
        resolved = dict(attributes)
        for name in names:
            value = resolved.get(name)
            if isinstance(value, str):
                resolved[name] = self.components.get(value, value)
        return resolved

    def resolve_criteria(self, criteria: Criteria) -> Criteria:
        """Return criteria for references with ids in place of names of components."""
        attributes = tuple(
            (name, self.components.get(value, value) if name in _ENDS else value)
            for name, value in criteria.attributes
        )
        return Criteria(attributes, criteria.custom)


class BatchExecutor:
    """Execute batches; the caller holds the transaction that makes each of them all or nothing."""

    def __init__(
        self, state: State, components: Components, references: References, matcher: Matcher
    ) -> None:
        """Write entities by these rules."""
        self._state = state
        self._components = components
        self._references = references
        self._rules: dict[BatchKind, Any] = {"components": components, "references": references}
        self._update: dict[BatchKind, Callable[..., Any]] = {
            "components": partial(components.update, defer_cycle_check=True),
            "references": references.update,
        }
        self._matcher = matcher

    def execute(self, request: BatchRequest, *, strict: bool) -> tuple[WrittenIds, WrittenIds]:
        """Execute all operations; return what was written of components and of references.

        `strict` rejects custom values that do not fit their field, as v2 does and v1 does not.
        """
        names = self.resolve_names(request)
        component_ids = self._ids_to_delete(request.components, "components", names)
        reference_ids = self._ids_to_delete(request.references, "references", names)
        components = self._write("components", request.components, names, strict=strict)
        self._components.check_cycles(components.created_or_updated())
        references = self._write("references", request.references, names, strict=strict)
        self._delete(component_ids, reference_ids, components, references)
        return components, references

    def resolve_names(self, request: BatchRequest) -> ResolvedNames:
        """Return the ids of a request's aliases, or raise Unprocessable."""
        operations = [
            operation
            for kind in (request.components, request.references)
            for operation in (*kind.create, *kind.upsert)
        ]
        _check_unique_batch_ids(operations)
        for operation in operations:
            name = operation.batch_id
            if name in request.component_aliases or name in request.reference_aliases:
                raise Unprocessable(f"'{name}' is both an alias and a batchId.")
        names = ResolvedNames()
        for alias, criteria in request.component_aliases.items():
            names.components[alias] = self._resolve_alias(self._state.components, alias, criteria)
        for alias, criteria in request.reference_aliases.items():
            resolved = names.resolve_criteria(criteria)
            names.references[alias] = self._resolve_alias(self._state.references, alias, resolved)
        return names

    def _resolve_alias(self, table: Table[Any], alias: str, criteria: Criteria) -> str:
        ids: list[str] = [row["_id"] for row in self._matcher.find(table, criteria)]
        if len(ids) != 1:
            count = f"{len(ids)} {table.name}" if ids else f"no {table.kind}"
            raise Unprocessable(
                f"The alias '{alias}' ({criteria}) has to match exactly one {table.kind}: "
                f"it matches {count}.",
                {"alias": alias, "ids": ids},
            )
        return ids[0]

    def _ids_to_delete(self, operations: Operations, kind: BatchKind, names: ResolvedNames) -> list[str]:
        table = self._state.tables[kind]
        known = names.components if kind == "components" else names.references
        ids: dict[str, None] = {}
        for position, deletion in enumerate(operations.delete):
            with _error_location(f"{kind}.delete[{position}]"):
                if deletion.name is not None:
                    ids[self._state.require(table, known.get(deletion.name, deletion.name))["_id"]] = None
                elif deletion.match is not None:
                    criteria = names.resolve_criteria(deletion.match)
                    rows = self._matcher.find(table, criteria)
                    if not rows and assumptions.V2_DELETE_MATCH_REQUIRES_RESULT:
                        raise Unprocessable(f"nothing matches ({criteria}).")
                    ids.update((row["_id"], None) for row in rows)
        return list(ids)

    def _write(
        self, kind: BatchKind, operations: Operations, names: ResolvedNames, *, strict: bool
    ) -> WrittenIds:
        """Execute the creates, upserts and updates of one kind; return what was written."""
        written = WrittenIds()
        ends, known = _ENDS_OF[kind], getattr(names, kind)
        creates = _creates_and_upserts(kind, operations)
        order = parents_first([(item.batch_id, item.attributes.get("parent")) for _, item in creates])
        for where, operation in (creates[position] for position in order):
            attributes = names.resolve_attributes(operation.attributes, ends)
            with _error_location(where):
                row_id = self._create_or_update(kind, operation, attributes, written, strict=strict)
            if operation.batch_id is not None and kind == "components":
                names.components[operation.batch_id] = row_id
        for position, update in enumerate(operations.update):
            with _error_location(f"{kind}.update[{position}]"):
                row = self._update[kind](
                    known.get(update.name, update.name),
                    names.resolve_attributes(update.attributes, ends),
                    update.custom,
                    version=update.version,
                    strict=strict,
                )
            written.updated.append((row["_id"], None))
        return written

    def _create_or_update(
        self,
        kind: BatchKind,
        operation: CreateOperation,
        attributes: Attributes,
        written: WrittenIds,
        *,
        strict: bool,
    ) -> str:
        rules = self._rules[kind]
        existing = self._find_unique(rules.table, operation, attributes)
        if existing is None:
            row = rules.create(attributes, operation.custom, strict=strict)
            written.created.append((row["_id"], operation.batch_id))
        else:
            name = "typeId" if kind == "components" else "type"
            _check_same_type(existing["_id"], name, existing[name], attributes.pop(name))
            row = self._update[kind](existing["_id"], attributes, operation.custom, strict=strict)
            written.updated.append((row["_id"], operation.batch_id))
        return str(row["_id"])

    def _find_unique(self, table: Table[R], operation: CreateOperation, attributes: Attributes) -> R | None:
        """Return the entity that equals an upsert in its `unique_by` attributes, or None."""
        if not operation.unique_by:
            return None
        criteria = self._unique_criteria(table.name, operation, attributes)
        rows = self._matcher.find(table, criteria)
        if len(rows) > 1:
            raise Unprocessable(
                f"'uniqueBy' ({criteria}) matches {len(rows)} {table.name}, at most one is allowed.",
                {"ids": [row["_id"] for row in rows]},
            )
        return rows[0] if rows else None

    def _unique_criteria(self, kind: str, operation: CreateOperation, attributes: Attributes) -> Criteria:
        plain: list[tuple[str, Any]] = []
        custom: list[tuple[str, str]] = []
        for name in operation.unique_by:
            key = name.removeprefix("customFields.")
            if key != name:
                value = operation.custom.get(key)
                custom.append((key, as_text(value)))
            elif kind == "references" and name in _DERIVED:
                end = _DERIVED[name]
                component = self._state.resolve(self._state.components, attributes[end], f"'{end}'")
                value = component["rootWorkspace"]
                plain.append(("rootWorkspace" if end == "source" else "targetWorkspace", value))
            else:
                value = attributes.get(name)
                plain.append((name, value))
            if value is None:
                raise Unprocessable(f"'uniqueBy' names '{name}', which has no value in the body.")
        return Criteria(tuple(plain), tuple(custom))

    def _delete(
        self,
        component_ids: list[str],
        reference_ids: list[str],
        components: WrittenIds,
        references: WrittenIds,
    ) -> None:
        for reference_id in reference_ids:
            self._references.delete(reference_id)
        deleted = self._components.delete_many(component_ids)
        all_ids = {*deleted.components, *deleted.references, *reference_ids}
        for row_id in (*components.created_or_updated(), *references.created_or_updated()):
            if row_id in all_ids:
                raise Unprocessable(f"The batch both writes and deletes {row_id}.")
        cascades = assumptions.V2_DELETED_LISTS_CASCADES
        components.deleted = deleted.components if cascades else component_ids
        references.deleted = [*reference_ids, *(deleted.references if cascades else ())]


def _check_unique_batch_ids(operations: list[CreateOperation]) -> None:
    seen: set[str] = set()
    for operation in operations:
        if operation.batch_id in seen:
            raise Unprocessable(f"The batchId '{operation.batch_id}' is used twice.")
        if operation.batch_id is not None:
            seen.add(operation.batch_id)


def _creates_and_upserts(kind: BatchKind, operations: Operations) -> list[tuple[str, CreateOperation]]:
    """Return creates and upserts, each with its location in the request."""
    return [
        (f"{kind}.{verb}[{position}]", operation)
        for verb, items in (("create", operations.create), ("upsert", operations.upsert))
        for position, operation in enumerate(items)
    ]


def _check_same_type(row_id: str, name: str, stored: object, wanted: object) -> None:
    if assumptions.V2_UPSERT_REJECTS_TYPE_CHANGE and stored != wanted:
        raise Unprocessable(f"{row_id} has the '{name}' {stored}, which cannot become {wanted}.")


@contextmanager
def _error_location(where: str) -> Iterator[None]:
    """Put the location in the request in front of the messages of errors."""
    try:
        yield
    except ApiError as error:
        raise type(error)(f"{where}: {error.message}", error.data) from error
