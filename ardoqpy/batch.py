"""`Batch`: many writes in one request of API v2, as plain data; `BatchResult`: what became of them.

Nothing here sends anything. `body` has the form of the contract. Every method checks what it adds, because
one error in the caller's code is better than a 422 for the whole batch.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Any, Literal, Self, cast

from ardoqpy._messages import describe_type, did_you_mean, suggest
from ardoqpy._validation import attributes, without_none
from ardoqpy.api.protocols import checked_list, checked_object
from ardoqpy.api.v2_schema import COMPONENT, REFERENCE, Writable, checked_version
from ardoqpy.errors import InvalidInput, UnexpectedAnswer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ardoqpy.entities import (
        Attributes,
        BatchAnswer,
        BatchBody,
        BatchItem,
        BatchResultItem,
        Component,
        Entity,
        Reference,
    )

__all__ = ["Batch", "BatchResult", "Results", "batch_body"]

_Kind = Literal["components", "references"]
_Operation = Literal["create", "update", "upsert", "delete"]

_KINDS: dict[_Kind, Writable] = {"components": COMPONENT, "references": REFERENCE}
_OPERATIONS: tuple[_Operation, ...] = ("create", "update", "upsert", "delete")
_ALIAS_FORMS = {
    "components": ({"rootWorkspace", "customFields"}, {"rootWorkspace", "name"}, {"componentKey"}),
    "references": ({"rootWorkspace", "customFields"}, {"source", "target", "type"}, {"source", "type"}),
}
_MATCH_KEYS = {
    "components": ("rootWorkspace", "typeId", "name", "componentKey", "customFields"),
    "references": ("rootWorkspace", "targetWorkspace", "source", "target", "type", "customFields"),
}
#: What `uniqueBy` may name although the body of a reference does not have it.
_DERIVED = {
    "components": frozenset[str](),
    "references": frozenset({"rootWorkspace", "source.rootWorkspace"}),
}
_REFERRING = ("parent", "source", "target")
_UNIQUE_BY_HINT = "name attributes that it has, and custom fields as 'customFields.name'."


class Batch:
    """Collect creates, updates, upserts and deletes of components and references for one request.

    Ardoq carries out all of them, or none. Every method that adds something returns the batch itself, so
    that calls can be chained, as in Ardoq's own example client. A batch id names an entity that does not
    exist yet: take one from `new_id()`, or choose one, pass it as `batchId`, and use it as `parent`, `source`
    or `target` in the same batch, in any order. The batch copies what you pass.

    - `respondWithEntities`: whether Ardoq answers with the stored entities, not with their ids alone.
    - `body`: what is sent, in the form of API v2's contract.

    Every method raises `InvalidInput` for what the contract forbids, and leaves the batch as it was.
    Source: POST `batch` (API v2's contract, and the guides on batches and aliases).
    """

    def __init__(self, respondWithEntities: bool = False) -> None:  # noqa: FBT001, FBT002  (the vendor's)
        """Begin an empty batch."""
        if not isinstance(respondWithEntities, bool):
            raise InvalidInput(f"respondWithEntities is {respondWithEntities!r}: use True or False.")
        self.body: BatchBody = {
            "options": {"respondWithEntities": respondWithEntities},
            "aliases": {kind: {} for kind in _KINDS},
            "components": {"create": [], "update": [], "upsert": [], "delete": []},
            "references": {"create": [], "update": [], "upsert": [], "delete": []},
        }
        self._last_number = 0

    def __repr__(self) -> str:
        """Return how many operations there are of each kind."""
        counts = [f"{len(items)} to {verb}" for verb, items in self._counted() if items]
        return f"<Batch: {', '.join(counts) or 'empty'}>"

    def is_empty(self) -> bool:
        """Return whether there is nothing to carry out; aliases alone do nothing."""
        return not any(items for _, items in self._counted())

    def new_id(self, prefix: str = "new") -> str:
        """Return a batch id that this batch has neither used nor returned before.

        `prefix` is the text before its number. Source: ours; Ardoq accepts any text.
        """
        _checked_text(prefix, "prefix")
        while True:
            self._last_number += 1
            name = f"{prefix}-{self._last_number}"
            if not any(name in self._batch_ids(kind) for kind in _KINDS):
                return name

    # -- aliases -------------------------------------------------------------------------------------

    def alias_component(
        self,
        alias: str,
        *,
        rootWorkspace: str | None = None,
        name: str | None = None,
        componentKey: str | None = None,
        customFields: Mapping[str, str] | None = None,
    ) -> Self:
        """Name a stored component, to use as `id`, `parent`, `source` or `target` in this batch.

        Describe it by `rootWorkspace` (a workspace's id) and `name`, by `rootWorkspace` and one custom field
        with its value as text, or by `componentKey` (such as `APP-1`) alone. Ardoq fails the whole batch if
        it does not find exactly one. Raise `InvalidInput` for any other form, or a name that is taken.
        Source: `aliases` (API v2's contract; the guides list the forms).
        """
        description = without_none(
            rootWorkspace=rootWorkspace, name=name, componentKey=componentKey, customFields=customFields
        )
        return self._alias("components", alias, description)

    def alias_reference(
        self,
        alias: str,
        *,
        rootWorkspace: str | None = None,
        source: str | None = None,
        target: str | None = None,
        type: int | None = None,  # noqa: A002  (Ardoq's own name)
        customFields: Mapping[str, str] | None = None,
    ) -> Self:
        """Name a stored reference, to use as `id` in this batch.

        Describe it by `source` and `type` (the number of a reference type), with or without `target`, or by
        `rootWorkspace` and one custom field with its value as text. `source` and `target` are ids or aliases
        of components. Ardoq fails the whole batch if it does not find exactly one. Raise `InvalidInput` for
        any other form, or a name that is taken. Source: `aliases` (API v2's contract; the guides list the
        forms).
        """
        description = without_none(
            rootWorkspace=rootWorkspace, source=source, target=target, type=type, customFields=customFields
        )
        return self._alias("references", alias, description)

    # -- components ----------------------------------------------------------------------------------

    def create_component(self, data: Component | Attributes, batchId: str | None = None) -> Self:
        """Create a component: `data` needs `rootWorkspace`, `typeId` and `name`.

        `batchId` is the name by which this batch, and its result, refer to it. Raise `InvalidInput` if an
        attribute is missing or unknown, or the name is taken.
        Source: `components.create` (API v2's contract).
        """
        return self._create("components", data, batchId)

    def update_component(self, id: str, data: Component | Attributes, version: int | str = "latest") -> Self:  # noqa: A002
        """Change the attributes in `data` of the component with that id or alias.

        `version`, a number from 1, is what Ardoq has to hold, or the whole batch fails; with `"latest"` the
        last write wins. Raise `InvalidInput` for `typeId`, `rootWorkspace` and other attributes that cannot
        be changed. Source: `components.update` (API v2's contract).
        """
        return self._update("components", id, data, version)

    def upsert_component(
        self, data: Component | Attributes, uniqueBy: Sequence[str], batchId: str | None = None
    ) -> Self:
        """Change the component with the same values in the attributes `uniqueBy`, or create it.

        `data` has everything that a new component needs; `uniqueBy` names attributes in it, such as
        `["rootWorkspace", "customFields.ext_id"]`. If several components match, Ardoq fails the whole batch.
        Raise `InvalidInput` if an attribute is missing or unknown, or the name is taken.
        Source: `components.upsert` (API v2's contract).
        """
        return self._upsert("components", data, uniqueBy, batchId)

    def delete_component(self, id: str | None = None, *, match: Mapping[str, Any] | None = None) -> Self:  # noqa: A002
        """Delete the component with that id or alias, or every component that matches.

        `match` has some of `rootWorkspace`, `typeId`, `name`, `componentKey` and `customFields` (values
        as text); all of them must match. Raise `InvalidInput` if neither or both are given, or `match` is
        empty or has another key. Source: `components.delete` (API v2's contract).
        """
        return self._delete("components", id, match)

    # -- references ----------------------------------------------------------------------------------

    def create_reference(self, data: Reference | Attributes, batchId: str | None = None) -> Self:
        """Create a reference: `data` needs `source`, `target` and `type`.

        `source` and `target` are ids, aliases or batch ids of components. Raise `InvalidInput` if an
        attribute is missing or unknown, or the name is taken.
        Source: `references.create` (API v2's contract).
        """
        return self._create("references", data, batchId)

    def update_reference(self, id: str, data: Reference | Attributes, version: int | str = "latest") -> Self:  # noqa: A002
        """Change the attributes in `data` of the reference with that id or alias.

        `version` is that of `update_component`. Raise `InvalidInput` for `type` and other attributes that
        cannot be changed. Source: `references.update` (API v2's contract).
        """
        return self._update("references", id, data, version)

    def upsert_reference(
        self, data: Reference | Attributes, uniqueBy: Sequence[str], batchId: str | None = None
    ) -> Self:
        """Change the reference with the same values in the attributes `uniqueBy`, or create it.

        `uniqueBy` names attributes in `data`; `source.rootWorkspace` and `rootWorkspace` stand for the
        workspace of its source. Raise `InvalidInput` if an attribute is missing or unknown, or the name is
        taken. Source: `references.upsert` (API v2's contract, and the guides).
        """
        return self._upsert("references", data, uniqueBy, batchId)

    def delete_reference(self, id: str | None = None, *, match: Mapping[str, Any] | None = None) -> Self:  # noqa: A002
        """Delete the reference with that id or alias, or every reference that matches.

        `match` has some of `rootWorkspace`, `targetWorkspace`, `source`, `target`, `type` and
        `customFields` (values as text). Raise `InvalidInput` if neither or both are given, or `match` is
        empty or has another key. Source: `references.delete` (API v2's contract).
        """
        return self._delete("references", id, match)

    # -- both kinds ----------------------------------------------------------------------------------

    def _counted(self) -> list[tuple[str, list[BatchItem]]]:
        return [
            (f"{operation} among {kind}", self.body[kind][operation])
            for kind in _KINDS
            for operation in _OPERATIONS
        ]

    def _batch_ids(self, kind: _Kind) -> set[str]:
        items = [*self.body[kind]["create"], *self.body[kind]["upsert"]]
        return {item["batchId"] for item in items if "batchId" in item}

    def _add(self, kind: _Kind, operation: _Operation, item: BatchItem) -> Self:
        self.body[kind][operation].append(copy.deepcopy(item))
        return self

    def _alias(self, kind: _Kind, alias: str, description: Attributes) -> Self:
        self._check_is_free(kind, alias, "alias")
        keys = set(description)
        if keys not in _ALIAS_FORMS[kind]:
            forms = "; or ".join(" and ".join(sorted(form)) for form in _ALIAS_FORMS[kind])
            given = " and ".join(sorted(keys)) or "nothing"
            raise InvalidInput(f"The alias {alias!r} is described by {given}: describe it by {forms}.")
        if "customFields" in description:
            custom = _checked_texts(description["customFields"], f"customFields of the alias {alias!r}")
            if len(custom) != 1:
                raise InvalidInput(f"The alias {alias!r} has {len(custom)} custom fields: give one.")
        _check_values(description, f"The alias {alias!r}")
        self.body["aliases"][kind][alias] = copy.deepcopy(description)
        return self

    def _create(self, kind: _Kind, data: object, batch_id: str | None) -> Self:
        item: BatchItem = {"body": _KINDS[kind].for_create(data, _noun(kind))}
        return self._add(kind, "create", self._with_batch_id(kind, item, batch_id))

    def _update(self, kind: _Kind, entity_id: str, data: object, version: int | str) -> Self:
        item: BatchItem = {
            "id": self._stored_id(kind, entity_id),
            "ifVersionMatch": checked_version(version),
            "body": _KINDS[kind].for_patch(data, _noun(kind)),
        }
        return self._add(kind, "update", item)

    def _upsert(self, kind: _Kind, data: object, unique_by: Sequence[str], batch_id: str | None) -> Self:
        body = _KINDS[kind].for_create(data, _noun(kind))
        if not isinstance(unique_by, list | tuple) or not unique_by:
            raise InvalidInput(
                f"uniqueBy is {unique_by!r}: give a list of names, such as ['rootWorkspace', 'name']."
            )
        for name in unique_by:
            if not isinstance(name, str) or (name not in _DERIVED[kind] and _value_at(body, name) is None):
                custom = [f"customFields.{field}" for field in body.get("customFields") or {}]
                known = [key for key in [*body, *custom] if _value_at(body, key) is not None]
                hint = did_you_mean(name, [*known, *sorted(_DERIVED[kind])]) or _UNIQUE_BY_HINT
                raise InvalidInput(f"uniqueBy names {name!r}, of which {_noun(kind)} has no value: {hint}")
        item: BatchItem = {"uniqueBy": list(unique_by), "body": body}
        return self._add(kind, "upsert", self._with_batch_id(kind, item, batch_id))

    def _delete(self, kind: _Kind, entity_id: str | None, match: Mapping[str, Any] | None) -> Self:
        if (entity_id is None) == (match is None):
            raise InvalidInput("A delete needs an id or a match: give one of them.")
        if match is None:
            return self._add(kind, "delete", {"id": self._stored_id(kind, entity_id)})
        wanted = attributes(match, "match")
        for key in wanted:
            if key not in _MATCH_KEYS[kind]:
                raise InvalidInput(
                    f"match has {key!r}, by which {kind} do not match: {suggest(key, _MATCH_KEYS[kind])}"
                )
        if not wanted or wanted == {"customFields": {}}:
            raise InvalidInput("match is empty, which would match everything: name what to delete.")
        if "customFields" in wanted:
            _checked_texts(wanted["customFields"], "customFields of match")
        _check_values(wanted, "match")
        return self._add(kind, "delete", {"match": wanted})

    def _with_batch_id(self, kind: _Kind, item: BatchItem, batch_id: str | None) -> BatchItem:
        if batch_id is not None:
            self._check_is_free(kind, batch_id, "batchId")
            item["batchId"] = batch_id
        return item

    def _check_is_free(self, kind: _Kind, name: str, argument: str) -> None:
        _checked_text(name, argument)
        if name in self._batch_ids(kind):
            raise InvalidInput(f"{argument} {name!r} is already a batch id of this batch: choose another.")
        if name in self.body["aliases"][kind]:
            raise InvalidInput(f"{argument} {name!r} is already an alias of this batch: choose another.")

    def _stored_id(self, kind: _Kind, entity_id: object) -> str:
        name = _checked_text(entity_id, "id")
        if name in self._batch_ids(kind):
            raise InvalidInput(
                f"id {name!r} is the batch id of an entity that this batch creates: "
                "put the final values there."
            )
        return name


# -- results ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Results:
    """What became of the components, or of the references, of one batch.

    - `created`: the ids of what was created, by batch id; `created_ids`: all of them, with or without one.
    - `updated`, `deleted`: ids. Upserts are in `created` or `updated`. Entities that Ardoq deletes along
      with another one may be listed, or not.
    - `ids`: ids by batch id, of what was created, and of upserts that changed something if the answer
      identifies them: by a batch id or, with `respondWithEntities`, by their `uniqueBy` attributes.
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
    """What became of a batch: `components`, `references`, and the `answer` as Ardoq gave it.

    Look entities up by batch id: the order of the answer means nothing.
    """

    components: Results
    references: Results
    answer: BatchAnswer

    @classmethod
    def of(cls, answer: BatchAnswer, sent: Mapping[str, Any]) -> BatchResult:
        """Return the result of a batch that was sent as `sent`.

        Raise `UnexpectedAnswer` if the answer does not have the form of the contract.
        """
        components = _read_results(answer.get("components"))
        references = _read_results(answer.get("references"))
        _find_upserts(components, sent.get("components"), components.ids)
        _find_upserts(references, sent.get("references"), components.ids)
        return cls(components, references, answer)


def _read_results(lists: Any) -> Results:
    lists = checked_object({} if lists is None else lists)
    created, updated = _checked_items(lists, "created"), _checked_items(lists, "updated")
    ids = _ids_by_batch_id(created)
    return Results(
        created=ids,
        created_ids=[item["id"] for item in created],
        updated=[item["id"] for item in updated],
        deleted=[item["id"] for item in _checked_items(lists, "deleted")],
        # Batch ids of updates are not in the contract, but reliable if they are there.
        ids={**ids, **_ids_by_batch_id(updated)},
        entities={
            item["id"]: item["body"] for item in chain(created, updated) if isinstance(item.get("body"), dict)
        },
    )


def _ids_by_batch_id(items: list[BatchResultItem]) -> dict[str, str]:
    return {item["batchId"]: item["id"] for item in items if isinstance(item.get("batchId"), str)}


def _checked_items(lists: Attributes, name: str) -> list[BatchResultItem]:
    items = checked_list(lists.get(name))
    for item in items:
        if not isinstance(item, dict) or not isinstance(item.get("id"), str):
            raise UnexpectedAnswer(
                f"The batch was carried out, but its answer lists something {name} without an 'id': "
                "look in Ardoq for what is stored."
            )
    return items


def _find_upserts(results: Results, sent: Any, component_ids: Mapping[str, str]) -> None:
    """Identify the upserts that changed something by what they are: the contract gives no batch id."""
    upserts = sent.get("upsert") if isinstance(sent, dict) else None
    for upsert in upserts if isinstance(upserts, list) else []:
        batch_id = upsert.get("batchId")
        if batch_id is None or batch_id in results.ids:
            continue
        wanted = {name: _value_at(upsert["body"], name) for name in upsert["uniqueBy"]}
        for name in _REFERRING:
            if name in wanted:
                wanted[name] = component_ids.get(wanted[name], wanted[name])
        matching = [
            entity_id
            for entity_id in results.updated
            if entity_id in results.entities
            and all(
                _value_at(results.entities[entity_id], name) == value
                for name, value in wanted.items()
                if value is not None
            )
        ]
        if len(matching) == 1:
            results.ids[batch_id] = matching[0]


# -- helpers ---------------------------------------------------------------------------------------------


def batch_body(batch: object) -> Attributes:
    """Return a batch as it is sent: the body of a `Batch`, or a dict that has that form already.

    Raise `InvalidInput` if it is neither.
    """
    if isinstance(batch, Batch):
        return cast("Attributes", batch.body)
    if not isinstance(batch, dict):
        raise InvalidInput(
            f"batch is {describe_type(batch)}: give a Batch, or a dict of the form of its body."
        )
    return batch


def _value_at(body: Mapping[str, Any], name: object) -> Any:
    """Return the value of an attribute, or of a custom field as `customFields.name`; None if absent."""
    if not isinstance(name, str):
        return None
    if name.startswith("customFields."):
        return (body.get("customFields") or {}).get(name.removeprefix("customFields."))
    return body.get(name)


def _noun(kind: _Kind) -> str:
    return "the " + _KINDS[kind].noun.removeprefix("a ")


def _checked_text(value: object, argument: str) -> str:
    if not isinstance(value, str) or not value.strip():
        description = "empty" if isinstance(value, str) else describe_type(value)
        raise InvalidInput(f"{argument} is {description}: give it as text.")
    return value


def _checked_texts(values: object, argument: str) -> Attributes:
    for key, value in attributes(values, argument).items():
        if not isinstance(value, str) or not value:
            raise InvalidInput(
                f"{argument} has {key!r} {value!r}: API v2 takes text here, so write it as text."
            )
    return attributes(values, argument)


def _check_values(description: Mapping[str, Any], argument: str) -> None:
    for key, value in description.items():
        if key == "type" and (not isinstance(value, int) or isinstance(value, bool)):
            raise InvalidInput(f"{argument} has 'type' {value!r}: the type of a reference is a number.")
        if key not in ("type", "customFields") and (not isinstance(value, str) or not value):
            raise InvalidInput(f"{argument} has {key!r} {value!r}: give it as text.")
