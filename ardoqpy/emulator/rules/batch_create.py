"""Create many components and references at once, in whatever order they name one another."""

from collections.abc import Mapping
from dataclasses import dataclass

from ardoqpy.emulator.errors import Problem, Unprocessable
from ardoqpy.emulator.rules.components import Components
from ardoqpy.emulator.rules.parent_order import parents_first
from ardoqpy.emulator.rules.references import References
from ardoqpy.emulator.table import Row


@dataclass(frozen=True, slots=True)
class Draft:
    """Describe an entity that is to be created: how the request calls it, and what it is to be.

    One with `unique_by` is to be created only if there is none like it in these attributes, and else changed.
    """

    batch_id: str | None
    attributes: Row
    custom: Row
    unique_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Created:
    """List what a batch has created, in the order of the request."""

    components: list[Row]
    references: list[Row]


class Batch:
    """Create drafts; whoever calls this holds the transaction that makes it all or nothing."""

    def __init__(self, components: Components, references: References) -> None:
        self._components = components
        self._references = references

    def create(self, components: list[Draft], references: list[Draft], *, strict: bool = False) -> Created:
        """Create components, parents before their children, and then references."""
        refuse_twins([*components, *references])
        made: dict[int, Row] = {}
        ids: dict[str, str] = {}
        for position in parents_first(
            [(draft.batch_id, draft.attributes.get("parent")) for draft in components]
        ):
            draft = components[position]
            attributes = _resolved(draft.attributes, ("parent",), ids)
            try:
                made[position] = self._components.create(attributes, draft.custom, strict=strict)
            except Problem as problem:
                raise _located(problem, "component", draft, position) from problem
            if draft.batch_id is not None:
                ids[draft.batch_id] = made[position]["_id"]
        rows = []
        for position, draft in enumerate(references):
            attributes = _resolved(draft.attributes, ("source", "target"), ids)
            try:
                rows.append(self._references.create(attributes, draft.custom, strict=strict))
            except Problem as problem:
                raise _located(problem, "reference", draft, position) from problem
        return Created([made[position] for position in range(len(components))], rows)


def refuse_twins(drafts: list[Draft]) -> None:
    """Raise Unprocessable if two drafts have the same batchId."""
    seen: set[str] = set()
    for draft in drafts:
        if draft.batch_id is not None and draft.batch_id in seen:
            sentence = f"The batchId '{draft.batch_id}' is there twice."
            raise Unprocessable(sentence)
        if draft.batch_id is not None:
            seen.add(draft.batch_id)


def _resolved(attributes: Row, names: tuple[str, ...], ids: Mapping[str, str]) -> Row:
    resolved = dict(attributes)
    for name in names:
        value = resolved.get(name)
        if isinstance(value, str):
            resolved[name] = ids.get(value, value)
    return resolved


def _located(problem: Problem, kind: str, draft: Draft, position: int) -> Problem:
    called = f"'{draft.batch_id}'" if draft.batch_id is not None else f"number {position + 1}"
    return type(problem)(f"Batch {kind} {called}: {problem.message}", problem.data)
