"""Writes as plain data: the operations that wait to be sent, their outcomes, and their order."""

from __future__ import annotations

import json
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import TYPE_CHECKING, NamedTuple

from ardoqpy._http.json import encode_json, is_flat
from ardoqpy.errors import InvalidInput
from ardoqpy_sync.compare.diff import differences

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from ardoqpy.entities import Entity
    from ardoqpy.errors import ArdoqClientException
    from ardoqpy_sync.compare.cache import Located
    from ardoqpy_sync.compare.diff import Differences
    from ardoqpy_sync.compare.entity_kinds import Kind

#: The attributes that hold the id of another component.
ENDS = ("parent", "source", "target")
#: What a batch id begins with.
BATCH_ID = "batch-"
_STEPS = [(action, kind) for kind in ("component", "reference") for action in ("create", "update")]
_STEPS += [("delete", "reference"), ("delete", "component")]
_STEP_OF = {step: number for number, step in enumerate(_STEPS)}


@dataclass(slots=True)
class Operation:
    """One write that waits to be sent.

    - `action`: `create`, `update` or `delete`; `kind` and `id`: of which entity. A create has a batch id.
    - `attributes`: what to write, by flat attribute names; `body`: the same as Ardoq takes it; `encoded`:
      the body as JSON, None if it is not known yet.
    - `base`: the entity as Ardoq holds it, None for a create.
    - `expected`: the entity as Ardoq is expected to store it.
    - `known`: the ids that were there before a create.
    - `field`: the attribute that the row of a create is matched by, beside name and type; None for no other.
    - `refers`: whether `attributes` have ids of entities that were not stored yet when it was added.
    - `size`: how many bytes of JSON it takes, roughly.
    - `removed`: all that a delete removes, the entity itself first.
    - `after`: the ids of the deletes that must have succeeded before this delete.
    """

    action: str
    kind: Kind
    id: str
    attributes: Entity = dataclass_field(default_factory=dict)
    body: Entity = dataclass_field(default_factory=dict)
    encoded: bytes | None = None
    base: Entity | None = None
    expected: Entity | None = None
    known: Collection[str] = ()
    field: str | None = None
    refers: bool = False
    size: int = 0
    removed: Sequence[Located] = ()
    after: Sequence[str] = ()

    @property
    def is_sent_alone(self) -> bool:
        """Whether the operation cannot be part of a transaction."""
        return self.action == "update" and self.kind.collection.is_sent_alone(self.attributes)

    def ends(self) -> Iterable[str]:
        """Return the ids of what has to be written before the operation can be."""
        if self.action == "delete":
            return self.after
        return [end_id for end in ENDS if (end_id := self.attributes.get(end))]

    def real_body(self, real: Mapping[str, str]) -> Entity:
        """Return the body with the real ids in place of the batch ids that have one by now."""
        return with_real_ids(self.body, real) if self.refers else self.body


class Outcome(NamedTuple):
    """The outcome of an operation: the entity as Ardoq `stored` it, or the `problem` that prevented it.

    A delete that succeeded has neither. `adopted` if no answer came and the entity was then found in Ardoq.
    """

    operation: Operation
    stored: Entity | None = None
    problem: ArdoqClientException | None = None
    adopted: bool = False


def in_order(operations: Mapping[str, Operation]) -> list[Operation]:
    """Return operations, given by id, so that each comes after all that it refers to.

    First new components, parents first; then changed components, the same; then new references, changed
    references, deleted references, and deleted components.
    """
    if len(operations) == 1:
        return list(operations.values())
    steps: list[list[Operation]] = [[] for _ in _STEPS]
    for operation in operations.values():
        steps[_STEP_OF[operation.action, operation.kind.name]].append(operation)
    created, updated, *others = steps
    return [
        *_parents_first(created, operations),
        *_parents_first(updated, operations),
        *(operation for step in others for operation in step),
    ]


def _parents_first(step: Iterable[Operation], operations: Mapping[str, Operation]) -> Iterable[Operation]:
    """Return the operations of a step so that each comes after that of its parent in the same step.

    A component that has moved below what was below it until then must not come before that.
    """
    ordered: dict[str, Operation] = {}
    for operation in step:
        if operation.attributes.get("parent") not in operations:
            ordered.setdefault(operation.id, operation)
            continue
        # A chain of parents may be too long for recursion.
        chain = {operation.id: operation}
        parent = operations.get(operation.attributes.get("parent") or "")
        while (
            parent and parent.action == operation.action and not (parent.id in ordered or parent.id in chain)
        ):
            chain[parent.id] = parent
            parent = operations.get(parent.attributes.get("parent") or "")
        for each in reversed(chain.values()):
            ordered.setdefault(each.id, each)
    return ordered.values()


def with_real_ids(attributes: Entity, real: Mapping[str, str]) -> Entity:
    """Return attributes with the real ids in place of the batch ids that have one by now."""
    replaced = attributes
    for end in ENDS:
        if end in attributes and isinstance(value := attributes[end], str) and value in real:
            replaced = {**replaced, end: real[value]}
    return replaced


def as_json(body: Entity) -> tuple[Entity, int]:
    """Return a body as it arrives in Ardoq, and its size in bytes of JSON.

    Raise `InvalidInput` if JSON cannot hold it.
    """
    flat = is_flat(body)
    text = encode_json(body, text_keys=flat)
    # Nothing in a flat body can be changed in place.
    return (body if flat else json.loads(text)), len(text)


def encode_new(kind: Kind, wanted: Entity, *, flat: bool) -> tuple[Entity, Entity, bytes]:
    """Return attributes as they arrive in Ardoq, the body that creates an entity with them, and its JSON.

    Raise `InvalidInput` if JSON cannot hold them. `flat` is what `is_flat` says of them.
    """
    if not flat:
        wanted, _ = as_json(wanted)
    body = kind.collection.create_body(wanted)
    try:
        return wanted, body, encode_json(body, text_keys=True)
    except InvalidInput:
        encode_json(wanted)  # names the attribute as the row does
        raise


def expected_after(kind: Kind, current: Entity, changed: Entity, type_name: str | None) -> Entity:
    """Return the entity that Ardoq is expected to store after an update."""
    new = kind.collection.nest(changed)
    if "customFields" in new:
        new["customFields"] = {**(current.get("customFields") or {}), **new["customFields"]}
    stored = {**current, **new, "_version": (current.get("_version") or 0) + 1}
    return stored | {"type": type_name} if kind.name == "component" else stored


def not_stored(operation: Operation, stored: Entity, real: Mapping[str, str]) -> Differences:
    """Return what of a write is stored otherwise than it was sent, by attribute; empty if it was carried out.

    Values are compared attribute by attribute, since Ardoq may keep dates and numbers in another format.
    """
    if operation.real_body(real).items() <= stored.items():
        return {}  # the usual create: stored to the letter
    wanted = with_real_ids(operation.attributes, real)
    return differences(wanted, operation.kind.collection.flatten(stored), operation.kind.ignored)
