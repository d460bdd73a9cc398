"""Validate rows before anything is sent, so that a preview rejects the same rows as the real run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ardoqpy._http.json import SCALAR_TYPES, encode_json
from ardoqpy._messages import describe_type, quote_name, short_repr
from ardoqpy._validation import attributes, id_segment
from ardoqpy.errors import ArdoqClientException, InvalidInput
from ardoqpy_sync.compare.diff import equal_values

if TYPE_CHECKING:
    from collections.abc import Callable

    from ardoqpy.entities import Entity
    from ardoqpy_sync.compare.cache import Cache, Workspace
    from ardoqpy_sync.compare.diff import Differences
    from ardoqpy_sync.compare.entity_kinds import Kind
    from ardoqpy_sync.compare.model_lookup import ModelLookup

#: The errors that a bad row causes; Python raises some for a value that it cannot compare, print or look up.
PROBLEMS = (ArdoqClientException, AttributeError, RecursionError, TypeError, ValueError)
#: How deep a value may be nested; Python itself cannot go much deeper.
DEEPEST = 100
#: Python may refuse to print a whole number of more bits.
_LARGEST_BITS = 10_000


class RowValidator:
    """Check rows against what is loaded, and ask Ardoq about the rest.

    Every check raises `InvalidInput` with a sentence that names the attribute.
    """

    def __init__(self, cache: Cache, model: ModelLookup, workspace: Callable[[str], Workspace]) -> None:
        """Validate rows against a cache."""
        self._cache = cache
        self._model = model
        self._workspace = workspace

    def new(self, kind: Kind, ws_id: str, wanted: Entity, *, flat: bool) -> str | None:
        """Check what is to be created, add `targetWorkspace`, and return the component type's name.

        `flat`: whether no value of `wanted` is nested, as `is_flat` returns it.
        """
        attributes(wanted, kind.argument, *kind.required)
        if not flat:
            _checked_depth(wanted, kind.argument)
        if kind.name == "component":
            _named(wanted["name"])
            self._parent(ws_id, None, wanted.get("parent"))
            return self._model.component_type(ws_id, wanted["typeId"])
        source, target = wanted["source"], wanted["target"]
        near = self._workspace(ws_id).components.by_id
        if type(source) is type(target) is str and source in near and target in near:
            self._model.reference_type(ws_id, wanted["type"])
            wanted["targetWorkspace"] = ws_id
            return None
        source_workspace = self.workspace_of(source, "source", ws_id)
        if source_workspace != ws_id:
            raise InvalidInput(
                f"ref's source {source!r} is in workspace {source_workspace}, its rootWorkspace "
                f"says {ws_id}: a reference belongs to the workspace of its source."
            )
        self._model.reference_type(ws_id, wanted["type"])
        wanted["targetWorkspace"] = self.workspace_of(target, "target", wanted.get("targetWorkspace"))
        return None

    def changed(
        self, kind: Kind, ws_id: str, current: Entity, diff: Differences
    ) -> tuple[Entity, str | None]:
        """Check a change; return the attributes derived from it, and the name of a component's type."""
        new = {key: values[1] for key, values in diff.items()}
        _checked_depth(new, kind.argument)
        for key in kind.collection.fixed & new.keys():
            raise InvalidInput(
                f"{kind.argument}'s {key} is {current.get(key)!r} and cannot become {short_repr(new[key])}: "
                f"on this version of the API only a new {kind.name} can be given one."
            )
        if kind.name == "reference":
            return self._changed_reference(ws_id, current, new), None
        if "name" in new:
            _named(new["name"])
        if "parent" in new:
            self._parent(ws_id, current["_id"], new["parent"])
        if "typeId" in new:
            return {}, self._model.component_type(ws_id, new["typeId"])
        return {}, current.get("type")

    def _changed_reference(self, ws_id: str, current: Entity, new: Entity) -> Entity:
        derived = {}
        at = ws_id
        if "source" in new:
            at = derived["rootWorkspace"] = self.workspace_of(new["source"], "source", None)
        if "target" in new:
            derived["targetWorkspace"] = self.workspace_of(new["target"], "target", None)
        if "type" in new or at != ws_id:
            self._model.reference_type(at, new.get("type", current["type"]))
        return derived

    def by_id(self, kind: Kind, ws_id: str, body: Entity, current: Entity) -> Entity:
        """Return a row for an entity of a known id, with the id of its type if it gives the type's name.

        Raise `InvalidInput` if the row is to move the entity to another workspace.
        """
        name, workspace = body.get("type"), body.get("rootWorkspace")
        is_named = kind.name == "component" and isinstance(name, str) and body.get("typeId") is None
        if is_named and name != current.get("type"):
            body = {**body, "typeId": self._model.component_type_named(ws_id, str(name))}
        if workspace not in (None, ws_id) and body.get("source") in (None, current.get("source")):
            raise InvalidInput(
                f"{kind.argument}'s rootWorkspace is {quote_name(workspace)}, and it is in workspace {ws_id}:"
                " an update cannot move it to another one."
            )
        return body

    def workspace_of(self, comp_id: Any, argument: str, hint: str | None) -> str:
        """Return the workspace of a component; `hint` says where it should be, and is loaded first."""
        located = self._cache.get("component", comp_id) if isinstance(comp_id, str) else None
        if located is not None:
            return located.workspace
        id_segment(comp_id, argument)
        if hint is not None and hint not in self._cache.workspaces:
            self._workspace(hint)
            located = self._cache.get("component", comp_id)
        if located is not None:
            return located.workspace
        if comp_id in self._cache.deleted_ids:
            raise InvalidInput(
                f"{argument} {comp_id!r} is a component that this run has deleted, or could not create."
            )
        return self._model.workspace_of(comp_id, argument)

    def field(self, kind: Kind, name: str, value: Any) -> None:
        """Check the field that a row is matched by."""
        if value is None:
            raise InvalidInput(f"field_value is missing, and {kind.argument} has no {name!r} to match by.")
        if name in kind.ignored:
            raise InvalidInput(
                f"field_name is {quote_name(name)}, which Ardoq sets itself: a {kind.name} that this row "
                "creates would not be found again. Give a field that the row writes."
            )
        bare = name.removeprefix("customFields.") if isinstance(name, str) else name
        if bare != name and bare not in kind.built_in:
            raise InvalidInput(f"field_name is {quote_name(name)}: give the field's own name, {bare!r}.")

    def with_value(self, comp: Entity, field_name: str, value: Any) -> Entity:
        """Return a row that creates a component with the value that it is matched by."""
        if comp.get(field_name) is None:
            return {**comp, field_name: value}
        if not equal_values(comp[field_name], value):
            raise InvalidInput(
                f"field_value is {short_repr(value)}, and comp's {field_name!r} is "
                f"{short_repr(comp[field_name])}: no component has the first, and one that this row creates "
                "would not be found again. Give one of both."
            )
        return comp

    def _parent(self, ws_id: str, comp_id: str | None, parent: Any) -> None:
        if parent is None:
            return
        parent_workspace = self.workspace_of(parent, "parent", ws_id)
        if parent_workspace != ws_id:
            raise InvalidInput(
                f"comp's parent {quote_name(parent)} is in workspace {parent_workspace}, the component in "
                f"{ws_id}: a component's parent is in its own workspace."
            )
        components = self._workspace(ws_id).components.by_id
        above, seen = parent, set()
        while comp_id is not None and above is not None and above not in seen:
            if above == comp_id:
                raise InvalidInput(
                    f"comp's parent {quote_name(parent)} is the component itself, or lies below it."
                )
            seen.add(above)
            above = components.get(above, {}).get("parent")


def _named(name: Any) -> None:
    if not isinstance(name, str) or not name.strip():
        raise InvalidInput(f"comp's name is {short_repr(name)}: a name is text, and not blank.")


def checked_ids(body: Entity, argument: str, *names: str) -> None:
    """Raise `InvalidInput` if a row lacks one of these ids, or one is not text."""
    attributes(body, argument, *names)
    for name in names:
        if not isinstance(body[name], str):
            raise InvalidInput(f"{argument}'s {name} is {describe_type(body[name])}: give it as text.")


def as_row_error(odd: Exception, argument: str, row: Any, field_value: Any) -> ArdoqClientException:
    """Return the error with which a row is rejected: for an error of Python, the problem in the row.

    Raise `odd` itself if nothing is wrong with the row.
    """
    if isinstance(odd, ArdoqClientException):
        return odd
    try:
        encode_json(attributes(row, argument))
        encode_json({"field_value": field_value})
    except InvalidInput as problem:
        return problem
    if isinstance(odd, RecursionError):
        return InvalidInput(f"{argument} is nested too deeply.")
    raise odd


def is_printable(value: Any) -> bool:
    """Return whether Python can copy, compare and print a value: not too deep, no number too large."""
    level = [value]
    for _ in range(DEEPEST + 1):
        if any(isinstance(part, int) and part.bit_length() > _LARGEST_BITS for part in level):
            return False
        parts = (part for outer in level for part in _parts(outer))
        level = list({id(part): part for part in parts}.values())  # each once: a value may hold itself
        if not level:
            return True
    return False


def _parts(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [*value, *value.values()]
    return list(value) if isinstance(value, list | tuple | set | frozenset) else []


def _checked_depth(new: Entity, argument: str) -> None:
    if SCALAR_TYPES.issuperset(map(type, new.values())):
        return
    for name, value in new.items():
        if isinstance(value, dict | list | tuple) and not is_printable(value):
            encode_json({name: value})  # raises a better message if JSON cannot hold the value
            raise InvalidInput(
                f"{argument}'s {quote_name(name)} is nested more than {DEEPEST} deep: give text, a number "
                "or a list."
            )
