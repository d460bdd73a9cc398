"""What Ardoq has made of a batch, to be looked up by batch id and never by order."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ardoqpy.api.answers import as_entities, as_entity
from ardoqpy.batch import value_at
from ardoqpy.errors import UnexpectedAnswer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ardoqpy.entities import Entities, Entity

__all__ = ["BatchResult", "Results"]

_ENDS = ("parent", "source", "target")


@dataclass(frozen=True)
class Results:
    """What became of the components, or of the references, of one batch.

    - `created`: the ids of what was created, by batch id.
    - `created_ids`: all of them, also what had no batch id.
    - `updated`, `deleted`: ids. Upserts are among `created` or `updated`; what went along with something
      deleted may be listed, or not.
    - `ids`: ids by batch id, of what was created, and of upserts that changed something where the answer
      tells them apart: by a batch id, or, with `respondWithEntities`, by their `uniqueBy` attributes.
    - `entities`: what Ardoq has stored, by id; empty without `respondWithEntities`.
    """

    created: dict[str, str] = field(default_factory=dict)
    created_ids: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    ids: dict[str, str] = field(default_factory=dict)
    entities: dict[str, Entity] = field(default_factory=dict)


@dataclass(frozen=True)
class BatchResult:
    """What became of a batch: `components`, `references`, and the `answer` as Ardoq gave it."""

    components: Results
    references: Results
    answer: Entity

    @classmethod
    def of(cls, answer: Entity, sent: Mapping[str, Any]) -> BatchResult:
        """Read the answer to a batch that was sent as `sent`.

        Raise `UnexpectedAnswer` where it is not of the form of the contract.
        """
        components = _read(answer.get("components"))
        references = _read(answer.get("references"))
        _find_upserts(components, sent.get("components"), components.ids)
        _find_upserts(references, sent.get("references"), components.ids)
        return cls(components, references, answer)


def _read(answer: Any) -> Results:
    results = Results()
    listed = as_entity({} if answer is None else answer)
    for item in _items(listed, "created"):
        results.created_ids.append(item["id"])
        if isinstance(item.get("batchId"), str):
            results.created[item["batchId"]] = item["id"]
    results.ids.update(results.created)
    for item in _items(listed, "updated"):
        results.updated.append(item["id"])
        if isinstance(item.get("batchId"), str):  # not in the contract, but good where it is there
            results.ids[item["batchId"]] = item["id"]
    results.deleted.extend(item["id"] for item in _items(listed, "deleted"))
    for item in [*_items(listed, "created"), *_items(listed, "updated")]:
        if isinstance(item.get("body"), dict):
            results.entities[item["id"]] = item["body"]
    return results


def _items(listed: Entity, name: str) -> Entities:
    items = as_entities(listed.get(name))
    for item in items:
        if not isinstance(item, dict) or not isinstance(item.get("id"), str):
            raise UnexpectedAnswer(
                f"The batch was carried out, but its answer lists something {name} without an 'id': "
                "look in Ardoq for what is stored."
            )
    return items


def _find_upserts(results: Results, sent: Any, component_ids: Mapping[str, str]) -> None:
    """Find the upserts that changed something, of which the contract says no batch id, by what they are."""
    upserts = sent.get("upsert") if isinstance(sent, dict) else None
    for upsert in upserts if isinstance(upserts, list) else []:
        batch_id = upsert.get("batchId")
        if batch_id is None or batch_id in results.ids:
            continue
        wanted = {name: value_at(upsert["body"], name) for name in upsert["uniqueBy"]}
        for end in _ENDS:
            if end in wanted:
                wanted[end] = component_ids.get(wanted[end], wanted[end])
        fitting = [
            entity_id
            for entity_id in results.updated
            if entity_id in results.entities
            and all(
                value_at(results.entities[entity_id], name) == value
                for name, value in wanted.items()
                if value is not None
            )
        ]
        if len(fitting) == 1:
            results.ids[batch_id] = fitting[0]
