"""
What Ardoq would refuse is refused before it is sent: so a simulated run and a real one refuse the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ardoqpy._arguments import attributes, id_segment
from ardoqpy._json import a_type
from ardoqpy.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Callable

    from ardoqpy.dialect import Entity
    from ardoqpy_sync.cache import Cache, Workspace
    from ardoqpy_sync.catalogue import Catalogue
    from ardoqpy_sync.changes import Differences
    from ardoqpy_sync.kinds import Kind

__all__ = ["Checks", "checked_ids"]


class Checks:
    """
    Check rows against what is loaded, and ask Ardoq about the rest.

    Every check raises `InvalidInput` with a sentence that names the attribute.
    """

    def __init__(self, cache: Cache, catalogue: Catalogue, workspace: Callable[[str], Workspace]) -> None:
        self._cache = cache
        self._catalogue = catalogue
        self._workspace = workspace

    def new(self, kind: Kind, ws_id: str, wanted: Entity) -> tuple[Entity, str | None]:
        """
        Check what is to be created; return it whole, and the name of a component's type.
        """
        wanted = attributes({**wanted, "rootWorkspace": ws_id}, kind.argument, *kind.required)
        if kind.name == "component":
            _named(wanted["name"])
            self._parent(ws_id, None, wanted.get("parent"))
            return wanted, self._catalogue.component_type(ws_id, wanted["typeId"])
        source_workspace = self.workspace_of(wanted["source"], "source", ws_id)
        if source_workspace != ws_id:
            raise InvalidInput(
                f"ref's source {wanted['source']!r} is in workspace {source_workspace}, its rootWorkspace "
                f"says {ws_id}: a reference belongs to the workspace of its source."
            )
        self._catalogue.reference_type(ws_id, wanted["type"])
        target = self.workspace_of(wanted["target"], "target", wanted.get("targetWorkspace"))
        return {**wanted, "targetWorkspace": target}, None

    def changed(
        self, kind: Kind, ws_id: str, current: Entity, found: Differences
    ) -> tuple[Entity, str | None]:
        """
        Check what is to be changed; return what follows from it, and the name of a component's type.
        """
        new = {key: values[1] for key, values in found.items()}
        for key in kind.collection.fixed & new.keys():
            raise InvalidInput(
                f"{kind.argument}'s {key} is {current.get(key)!r} and cannot become {new[key]!r}: on this "
                f"version of the API only a new {kind.name} can be given one."
            )
        if kind.name == "reference":
            return self._changed_reference(ws_id, current, new), None
        if "name" in new:
            _named(new["name"])
        if "parent" in new:
            self._parent(ws_id, current["_id"], new["parent"])
        if "typeId" in new:
            return {}, self._catalogue.component_type(ws_id, new["typeId"])
        return {}, current.get("type")

    def _changed_reference(self, ws_id: str, current: Entity, new: Entity) -> Entity:
        derived = {}
        at = ws_id
        if "source" in new:
            at = derived["rootWorkspace"] = self.workspace_of(new["source"], "source", None)
        if "target" in new:
            derived["targetWorkspace"] = self.workspace_of(new["target"], "target", None)
        if "type" in new or at != ws_id:
            self._catalogue.reference_type(at, new.get("type", current["type"]))
        return derived

    def workspace_of(self, comp_id: Any, argument: str, hint: str | None) -> str:
        """
        Return the workspace of a component; `hint` says where it should be, and is loaded first.
        """
        id_segment(comp_id, argument)
        found = self._cache.get("component", comp_id)
        if found is None and hint is not None and hint not in self._cache.workspaces:
            self._workspace(hint)
            found = self._cache.get("component", comp_id)
        if found is not None:
            return found[0]
        if comp_id in self._cache.gone:
            raise InvalidInput(
                f"{argument} {comp_id!r} is a component that this run has deleted, or could not create."
            )
        return self._catalogue.workspace_of(comp_id, argument)

    def _parent(self, ws_id: str, comp_id: str | None, parent: Any) -> None:
        if parent is None:
            return
        parent_workspace = self.workspace_of(parent, "parent", ws_id)
        if parent_workspace != ws_id:
            raise InvalidInput(
                f"comp's parent {parent!r} is in workspace {parent_workspace}, the component in {ws_id}: "
                "a component's parent is in its own workspace."
            )
        components = self._workspace(ws_id).components.by_id
        above, seen = parent, set()
        while comp_id is not None and above is not None and above not in seen:
            if above == comp_id:
                raise InvalidInput(f"comp's parent {parent!r} is the component itself, or lies below it.")
            seen.add(above)
            above = components.get(above, {}).get("parent")


def _named(name: Any) -> None:
    if not isinstance(name, str) or not name.strip():
        raise InvalidInput(f"comp's name is {name!r}: a name is text, and not blank.")


def checked_ids(body: Entity, argument: str, *names: str) -> None:
    """
    Refuse a row that lacks one of these ids, or gives one that is no text.
    """
    attributes(body, argument, *names)
    for name in names:
        if not isinstance(body[name], str):
            raise InvalidInput(f"{argument}'s {name} is {a_type(body[name])}: give it as text.")
