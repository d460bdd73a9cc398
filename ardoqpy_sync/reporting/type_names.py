"""What types are called: a report tells a reference's type by its number, people know it by its name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ardoqpy.errors import ArdoqClientException

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["TypeNames"]

#: Names of component types by id, and of reference types by number.
Names = tuple["Mapping[str, str]", "Mapping[int, str]"]


class TypeNames:
    """Tell what types are called, as the models of their workspaces say.

    `look_up` gives the names of one workspace. Where it fails once, nothing more is looked up: a report
    is not held up by an Ardoq that does not answer, it shows numbers.
    """

    def __init__(self, look_up: Callable[[str], Names]) -> None:
        self._look_up = look_up
        self._known: dict[str, Names] = {}
        self._answering = True

    def of(self, kind: str, ws_id: Any, told: Any) -> str:
        """Return what to call a type: `told` is a reference type's number, a component type's name or id."""
        components, references = self._names(ws_id)
        if kind == "reference":
            if type(told) is int:
                return references.get(told, f"type {told}")
            return "no type" if told is None else str(told)
        return components.get(told, told) if isinstance(told, str) else "no type"

    def _names(self, ws_id: Any) -> Names:
        if not isinstance(ws_id, str):
            return {}, {}
        if ws_id not in self._known:
            names: Names = {}, {}
            if self._answering:
                try:
                    names = self._look_up(ws_id)
                except ArdoqClientException:
                    self._answering = False
            self._known[ws_id] = names
        return self._known[ws_id]
