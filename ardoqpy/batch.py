"""`Batch`: many writes for one request of API v2, as plain data; and what came of them.

Nothing here sends anything. `body` has the form of the contract, and every method adds to it what the
contract allows, or refuses in a sentence: better one line of a caller's code than one 422 for all of it.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, Self

from ardoqpy._messages import describe_type, did_you_mean, suggest
from ardoqpy._validation import attributes, given
from ardoqpy.api.v2_schema import COMPONENT, REFERENCE, checked_version
from ardoqpy.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ardoqpy.entities import Entity

__all__ = ["Batch", "wire_form"]

_KINDS = {"components": COMPONENT, "references": REFERENCE}
_OPERATIONS = ("create", "update", "upsert", "delete")
_ALIAS_FORMS = {
    "components": ({"rootWorkspace", "customFields"}, {"rootWorkspace", "name"}, {"componentKey"}),
    "references": (
        {"rootWorkspace", "customFields"},
        {"source", "target", "type"},
        {"source", "type"},
    ),
}
_MATCH_KEYS = {
    "components": ("rootWorkspace", "typeId", "name", "componentKey", "customFields"),
    "references": ("rootWorkspace", "targetWorkspace", "source", "target", "type", "customFields"),
}
#: What a reference may be told apart by although its body does not hold it.
_DERIVED = {
    "components": frozenset[str](),
    "references": frozenset({"rootWorkspace", "source.rootWorkspace"}),
}
_WHAT_TO_NAME = "name attributes that it has, and custom fields as 'customFields.name'."


class Batch:
    """Collect creates, updates, upserts and deletes of components and references, to be sent as one.

    Ardoq carries out all of them, or none. Every method that adds something returns the batch itself, so
    that calls can be chained, as in Ardoq's own example client. A batch id names what is not there yet:
    take one from `new_id()`, or choose one, give it as `batchId`, and use it as `parent`, `source` or
    `target` in the same batch; the order does not matter. What callers hand over is copied.

    - `respondWithEntities`: have Ardoq answer with what it has stored, not with ids alone.
    - `body`: what is sent, in the form of API v2's contract.

    Every method raises `InvalidInput` where the contract forbids what is asked for; the batch is then as
    it was. Source: POST `batch` (API v2's contract, and the guides on batches and aliases).
    """

    def __init__(self, respondWithEntities: bool = False) -> None:  # noqa: FBT001, FBT002  (the vendor's)
        if not isinstance(respondWithEntities, bool):
            raise InvalidInput(f"respondWithEntities is {respondWithEntities!r}: say True or False.")
        self.body: dict[str, Any] = {
            "options": {"respondWithEntities": respondWithEntities},
            "aliases": {kind: {} for kind in _KINDS},
            **{kind: {operation: [] for operation in _OPERATIONS} for kind in _KINDS},
        }
        self._handed_out = 0

    def __repr__(self) -> str:
        counts = [f"{len(items)} to {verb}" for verb, items in self._counted() if items]
        return f"<Batch: {', '.join(counts) or 'empty'}>"

    def is_empty(self) -> bool:
        """Tell whether there is nothing in it to carry out; aliases alone do nothing."""
        return not any(items for _, items in self._counted())

    def new_id(self, prefix: str = "new") -> str:
        """Return a batch id that this batch has not used and not handed out before.

        `prefix` is the text before its number. Source: ours; Ardoq takes any text.
        """
        _text(prefix, "prefix")
        while True:
            self._handed_out += 1
            name = f"{prefix}-{self._handed_out}"
            if not any(name in self._named(kind) for kind in _KINDS):
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
        """Name a component that is there, to be used as `id`, `parent`, `source` or `target` in this batch.

        Describe it by `rootWorkspace` and `name`, by `rootWorkspace` and one custom field with its value
        as text, or by `componentKey` alone. Ardoq fails the whole batch where it does not find exactly
        one. Raise `InvalidInput` for any other form, or where the name is taken.
        Source: `aliases` (API v2's contract; the guides list the forms).
        """
        described = given(
            rootWorkspace=rootWorkspace, name=name, componentKey=componentKey, customFields=customFields
        )
        return self._alias("components", alias, described)

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
        """Name a reference that is there, to be used as `id` in this batch.

        Describe it by `source` and `type`, with `target` or without, or by `rootWorkspace` and one custom
        field with its value as text; `source` and `target` may be aliases of components. Ardoq fails the
        whole batch where it does not find exactly one. Raise `InvalidInput` for any other form, or where
        the name is taken. Source: `aliases` (API v2's contract; the guides list the forms).
        """
        described = given(
            rootWorkspace=rootWorkspace, source=source, target=target, type=type, customFields=customFields
        )
        return self._alias("references", alias, described)

    # -- components ----------------------------------------------------------------------------------

    def create_component(self, data: Entity, batchId: str | None = None) -> Self:
        """Create a component: `data` needs `rootWorkspace`, `typeId` and `name`.

        `batchId` is the name by which others in this batch, and the result, speak of it. Raise
        `InvalidInput` where an attribute is missing or not known, or the name is taken.
        Source: `components.create` (API v2's contract).
        """
        return self._create("components", data, batchId)

    def update_component(self, id: str, data: Entity, version: int | str = "latest") -> Self:  # noqa: A002
        """Change the attributes in `data` of the component with that id or alias.

        `version`, a number from 1, is what Ardoq has to hold, else the whole batch fails; `"latest"` lets
        the last write win. Raise `InvalidInput` for `typeId`, `rootWorkspace` and whatever else cannot
        be changed. Source: `components.update` (API v2's contract).
        """
        return self._update("components", id, data, version)

    def upsert_component(self, data: Entity, uniqueBy: Sequence[str], batchId: str | None = None) -> Self:
        """Change the component that has the same values in the attributes `uniqueBy`, or create it.

        `data` is a whole new component; `uniqueBy` names attributes in it, such as
        `["rootWorkspace", "customFields.ext_id"]`. Where several fit Ardoq fails the whole batch. Raise
        `InvalidInput` where an attribute is missing or not known, or the name is taken.
        Source: `components.upsert` (API v2's contract).
        """
        return self._upsert("components", data, uniqueBy, batchId)

    def delete_component(self, id: str | None = None, *, match: Mapping[str, Any] | None = None) -> Self:  # noqa: A002
        """Delete the component with that id or alias, or every component that fits `match`.

        `match` has some of `rootWorkspace`, `typeId`, `name`, `componentKey` and `customFields` (values
        as text); all of them have to fit. Raise `InvalidInput` where neither or both are given, or
        `match` names nothing or something else. Source: `components.delete` (API v2's contract).
        """
        return self._delete("components", id, match)

    # -- references ----------------------------------------------------------------------------------

    def create_reference(self, data: Entity, batchId: str | None = None) -> Self:
        """Create a reference: `data` needs `source`, `target` and `type`.

        `source` and `target` are ids, aliases or batch ids of components. Raise `InvalidInput` where an
        attribute is missing or not known, or the name is taken.
        Source: `references.create` (API v2's contract).
        """
        return self._create("references", data, batchId)

    def update_reference(self, id: str, data: Entity, version: int | str = "latest") -> Self:  # noqa: A002
        """Change the attributes in `data` of the reference with that id or alias; `version` as for
        components.

        Raise `InvalidInput` for `type` and whatever else cannot be changed.
        Source: `references.update` (API v2's contract).
        """
        return self._update("references", id, data, version)

    def upsert_reference(self, data: Entity, uniqueBy: Sequence[str], batchId: str | None = None) -> Self:
        """Change the reference that has the same values in the attributes `uniqueBy`, or create it.

        `uniqueBy` names attributes in `data`; besides, `source.rootWorkspace` and `rootWorkspace` stand
        for the workspace of its source. Raise `InvalidInput` where an attribute is missing or not known,
        or the name is taken. Source: `references.upsert` (API v2's contract, and the guides).
        """
        return self._upsert("references", data, uniqueBy, batchId)

    def delete_reference(self, id: str | None = None, *, match: Mapping[str, Any] | None = None) -> Self:  # noqa: A002
        """Delete the reference with that id or alias, or every reference that fits `match`.

        `match` has some of `rootWorkspace`, `targetWorkspace`, `source`, `target`, `type` and
        `customFields` (values as text). Raise `InvalidInput` where neither or both are given, or `match`
        names nothing or something else. Source: `references.delete` (API v2's contract).
        """
        return self._delete("references", id, match)

    # -- both kinds ----------------------------------------------------------------------------------

    def _counted(self) -> list[tuple[str, list[Any]]]:
        return [
            (f"{operation} among {kind}", self.body[kind][operation])
            for kind in _KINDS
            for operation in _OPERATIONS
        ]

    def _named(self, kind: str) -> set[str]:
        """Return the batch ids of one kind."""
        items = [*self.body[kind]["create"], *self.body[kind]["upsert"]]
        return {item["batchId"] for item in items if "batchId" in item}

    def _add(self, kind: str, operation: str, item: dict[str, Any]) -> Self:
        self.body[kind][operation].append(copy.deepcopy(item))
        return self

    def _alias(self, kind: str, alias: str, described: dict[str, Any]) -> Self:
        self._free(kind, alias, "alias")
        keys = set(described)
        if keys not in _ALIAS_FORMS[kind]:
            forms = "; or ".join(" and ".join(sorted(form)) for form in _ALIAS_FORMS[kind])
            had = " and ".join(sorted(keys)) or "nothing"
            raise InvalidInput(f"The alias {alias!r} is described by {had}: describe it by {forms}.")
        if "customFields" in described:
            _texts(described["customFields"], f"customFields of the alias {alias!r}")
            if len(described["customFields"]) != 1:
                raise InvalidInput(
                    f"The alias {alias!r} has {len(described['customFields'])} custom fields: give one."
                )
        _plain(described, f"The alias {alias!r}")
        self.body["aliases"][kind][alias] = copy.deepcopy(described)
        return self

    def _create(self, kind: str, data: Entity, batch_id: str | None) -> Self:
        body = _KINDS[kind].new(data, _noun(kind))
        return self._add(kind, "create", {"body": body, **self._batch_id(kind, batch_id)})

    def _update(self, kind: str, entity_id: str, data: Entity, version: int | str) -> Self:
        item = {
            "id": self._existing(kind, entity_id),
            "ifVersionMatch": checked_version(version),
            "body": _KINDS[kind].changes(data, _noun(kind)),
        }
        return self._add(kind, "update", item)

    def _upsert(self, kind: str, data: Entity, unique_by: Sequence[str], batch_id: str | None) -> Self:
        body = _KINDS[kind].new(data, _noun(kind))
        if not isinstance(unique_by, list | tuple) or not unique_by:
            raise InvalidInput(
                f"uniqueBy is {unique_by!r}: give a list of names, such as ['rootWorkspace', 'name']."
            )
        for name in unique_by:
            if not isinstance(name, str) or (name not in _DERIVED[kind] and value_at(body, name) is None):
                question = did_you_mean(name, [*_valued(body), *sorted(_DERIVED[kind])])
                raise InvalidInput(
                    f"uniqueBy names {name!r}, of which {_noun(kind)} has no value: "
                    f"{question or _WHAT_TO_NAME}"
                )
        item = {"uniqueBy": list(unique_by), "body": body, **self._batch_id(kind, batch_id)}
        return self._add(kind, "upsert", item)

    def _delete(self, kind: str, entity_id: str | None, match: Mapping[str, Any] | None) -> Self:
        if (entity_id is None) == (match is None):
            raise InvalidInput("A delete needs an id or a match: give one of them.")
        if match is None:
            return self._add(kind, "delete", {"id": self._existing(kind, entity_id)})
        wanted = attributes(match, "match")
        for key in wanted:
            if key not in _MATCH_KEYS[kind]:
                raise InvalidInput(
                    f"match has {key!r}, by which {kind} do not match: {suggest(key, _MATCH_KEYS[kind])}"
                )
        if not wanted or wanted == {"customFields": {}}:
            raise InvalidInput("match is empty, which would fit everything: say what to delete.")
        if "customFields" in wanted:
            _texts(wanted["customFields"], "customFields of match")
        _plain(wanted, "match")
        return self._add(kind, "delete", {"match": wanted})

    def _batch_id(self, kind: str, batch_id: str | None) -> dict[str, str]:
        if batch_id is None:
            return {}
        self._free(kind, batch_id, "batchId")
        return {"batchId": batch_id}

    def _free(self, kind: str, name: str, argument: str) -> None:
        _text(name, argument)
        if name in self._named(kind):
            raise InvalidInput(f"{argument} {name!r} is a batch id of this batch already: take another.")
        if name in self.body["aliases"][kind]:
            raise InvalidInput(f"{argument} {name!r} is an alias of this batch already: take another.")

    def _existing(self, kind: str, entity_id: object) -> str:
        name = _text(entity_id, "id")
        if name in self._named(kind):
            raise InvalidInput(
                f"id {name!r} is the batch id of something that this batch makes: "
                "write into it what it is to become."
            )
        return name


def wire_form(batch: object) -> dict[str, Any]:
    """Return a batch as it is sent: the body of a `Batch`, or a dict that has that form already.

    Raise `InvalidInput` where it is neither.
    """
    if isinstance(batch, Batch):
        return batch.body
    if not isinstance(batch, dict):
        raise InvalidInput(
            f"batch is {describe_type(batch)}: give a Batch, or a dict of the form of its body."
        )
    return batch


def value_at(body: Mapping[str, Any], name: object) -> Any:
    """Return the value of an attribute, or of a custom field given as `customFields.name`; None without
    one.
    """
    if not isinstance(name, str):
        return None
    if name.startswith("customFields."):
        return (body.get("customFields") or {}).get(name.removeprefix("customFields."))
    return body.get(name)


def _valued(body: Mapping[str, Any]) -> list[str]:
    """Return the names by which `value_at` finds a value in a body that has been checked."""
    custom = [f"customFields.{name}" for name in body.get("customFields") or {}]
    return [name for name in [*body, *custom] if value_at(body, name) is not None]


def _noun(kind: str) -> str:
    return "the " + _KINDS[kind].noun.removeprefix("a ")


def _text(value: object, argument: str) -> str:
    if not isinstance(value, str) or not value.strip():
        shown = "empty" if isinstance(value, str) else describe_type(value)
        raise InvalidInput(f"{argument} is {shown}: give it as text.")
    return value


def _texts(values: object, what: str) -> None:
    for key, value in attributes(values, what).items():
        if not isinstance(value, str) or not value:
            raise InvalidInput(f"{what} has {key!r} {value!r}: API v2 takes text here, so write it as text.")


def _plain(described: Mapping[str, Any], what: str) -> None:
    for key, value in described.items():
        if key == "type" and (not isinstance(value, int) or isinstance(value, bool)):
            raise InvalidInput(f"{what} has 'type' {value!r}: the type of a reference is a number.")
        if key not in ("type", "customFields") and (not isinstance(value, str) or not value):
            raise InvalidInput(f"{what} has {key!r} {value!r}: give it as text.")
