"""Names of types: a reference holds its type as a number, people know the type by its name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ardoqpy.errors import ArdoqClientException

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

#: Names of component types by id, and of reference types by number.
Names = tuple["Mapping[str, str]", "Mapping[int, str]"]


class TypeNames:
    """Return the names of types from the models of their workspaces.

    `look_up` returns the names of one workspace. After it fails once, nothing more is looked up, and numbers
    are shown: an Ardoq that does not answer must not delay a report.
    """

    def __init__(self, look_up: Callable[[str], Names]) -> None:
        """See the class."""
        self._look_up = look_up
        self._known: dict[str, Names] = {}
        self._failed = False

    def of(self, kind: str, ws_id: object, type_of: Any) -> str:
        """Return a type's name; `type_of`: a reference type's number, or a component type's name or id."""
        components, references = self._names(ws_id)
        if kind == "reference":
            if type(type_of) is int:
                return references.get(type_of, f"type {type_of}")
            return "no type" if type_of is None else str(type_of)
        return components.get(type_of, type_of) if isinstance(type_of, str) else "no type"

    def _names(self, ws_id: object) -> Names:
        if not isinstance(ws_id, str):
            return {}, {}
        if ws_id not in self._known:
            names: Names = {}, {}
            if not self._failed:
                try:
                    names = self._look_up(ws_id)
                except ArdoqClientException:
                    self._failed = True
            self._known[ws_id] = names
        return self._known[ws_id]
