"""What waits to be written in a batch: operations as plain data, and the order they must go in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping, Sequence

    from ardoqpy.entities import Entity
    from ardoqpy.errors import ArdoqClientException
    from ardoqpy_sync.compare.entity_kinds import Kind

__all__ = ["ENDS", "Operation", "Outcome", "in_order", "resolved"]

#: The attributes that hold the id of another component.
ENDS = ("parent", "source", "target")
#: What a batch id begins with.
BATCH_ID = "batch-"


@dataclass
class Operation:
    """One write that waits.

    - `action`: `create`, `update` or `delete`; `kind` and `id`: of what. A create has a batch id.
    - `attributes`: what is to be written, in the flat spelling; of a create all of it.
    - `base`: the entity as Ardoq holds it, None for a create.
    - `known`: the ids that were there before a create.
    - `size`: how many bytes of JSON it is, roughly.
    - `taken`: what goes along with a delete, as (kind, workspace id, entity).
    """

    action: str
    kind: Kind
    id: str
    attributes: Entity = field(default_factory=dict)
    base: Entity | None = None
    known: Container[str] = ()
    size: int = 0
    taken: Sequence[tuple[str, str, Entity]] = ()

    def ends(self) -> Iterable[str]:
        """Return the ids that the operation refers to."""
        return [self.attributes[end] for end in ENDS if self.attributes.get(end)]


class Outcome(NamedTuple):
    """What became of an operation: the entity as Ardoq `stored` it, or the `problem` that kept it from that.

    A delete that was carried out has neither. `adopted` where no answer came and it was found in Ardoq.
    """

    operation: Operation
    stored: Entity | None = None
    problem: ArdoqClientException | None = None
    adopted: bool = False


def in_order(operations: Mapping[str, Operation]) -> list[Operation]:
    """Return operations, given by id, so that each comes after all that it refers to.

    Components that are created, parents first; changes of components; references that are created;
    changes of references; deletes of references, and of components.
    """
    ordered: dict[str, Operation] = {}

    def enter(operation: Operation) -> None:
        # A chain of parents may be longer than the interpreter likes to descend.
        above = [operation]
        while (parent := operations.get(above[-1].attributes.get("parent", ""))) and (
            parent.action == "create" and parent.id not in ordered and parent not in above[-1:]
        ):
            above.append(parent)
        for one in reversed(above):
            ordered.setdefault(one.id, one)

    steps = [(action, kind) for kind in ("component", "reference") for action in ("create", "update")]
    steps += [("delete", "reference"), ("delete", "component")]
    for step in steps:
        for operation in operations.values():
            if (operation.action, operation.kind.name) == step:
                enter(operation)
    return list(ordered.values())


def resolved(attributes: Mapping[str, Any], real: Mapping[str, str]) -> Entity:
    """Return attributes with the real ids in place of the batch ids that are known by now."""
    body = dict(attributes)
    for end in ENDS:
        value = body.get(end)
        if isinstance(value, str) and value in real:
            body[end] = real[value]
    return body
