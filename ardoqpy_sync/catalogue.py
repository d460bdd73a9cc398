"""
What a run must know of Ardoq besides the loaded workspaces: types, read-only fields, far components.

Asked for when it is first needed and kept for the client's life; a run with nothing to do asks nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ardoqpy import metamodel
from ardoqpy.errors import AuthorizationError, InvalidInput, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ardoqpy.dialect import Dialect

__all__ = ["Catalogue"]


class Catalogue:
    """
    Look things up in Ardoq once.
    """

    def __init__(self, api: Dialect) -> None:
        self._api = api
        self._component_types: dict[str, dict[str, str]] = {}
        self._reference_types: dict[str, dict[int, str]] = {}
        self._read_only: dict[str, frozenset[str]] = {}
        self._far: dict[str, str] = {}

    def _learn(self, ws_id: str) -> None:
        model = self._api.models.of_workspace(ws_id)
        self._component_types[ws_id] = {
            type_id: str(definition.get("name"))
            for type_id, definition, _ in metamodel.component_types(model)
        }
        self._reference_types[ws_id] = {
            type_id: str(definition.get("name")) for type_id, definition in metamodel.reference_types(model)
        }

    def component_type(self, ws_id: str, type_id: Any) -> str:
        """
        Return the name of a component type; raise `InvalidInput` where the workspace's model lacks it.
        """
        if type(type_id) is not str or type_id not in self._component_types.get(ws_id, ()):
            self._learn(ws_id)  # also when it is unknown: the model may have grown since
        known = self._component_types[ws_id]
        if type(type_id) is not str or type_id not in known:
            raise _unknown(f"typeId {type_id!r} is not a component type", ws_id, known)
        return known[type_id]

    def reference_type(self, ws_id: str, type_id: Any) -> str:
        """
        Return the name of a reference type; raise `InvalidInput` where the workspace's model lacks it.
        """
        # True and 2.0 would be found under 1 and 2, and refused by Ardoq: a type is a whole number.
        if type(type_id) is not int or type_id not in self._reference_types.get(ws_id, ()):
            self._learn(ws_id)
        known = self._reference_types[ws_id]
        if type(type_id) is not int or type_id not in known:
            raise _unknown(f"type {type_id!r} is not a reference type", ws_id, known)
        return known[type_id]

    def read_only_fields(self, ws_id: str) -> frozenset[str]:
        """
        Return the names of the custom fields of a workspace that Ardoq calculates itself.
        """
        if ws_id not in self._read_only:
            try:
                self._read_only[ws_id] = self._api.fields.read_only_in(ws_id)
            except AuthorizationError:
                # A token that may write components need not be allowed to read definitions.
                self._read_only[ws_id] = frozenset()
        return self._read_only[ws_id]

    def workspace_of(self, comp_id: str, argument: str) -> str:
        """
        Return the workspace of a component that is in no loaded one.

        Raise `InvalidInput` naming `argument` where Ardoq has no such component.
        """
        if comp_id not in self._far:
            self._far[comp_id] = _found(
                lambda: self._api.components.get(comp_id, incl_refs=False), argument, comp_id
            )
        return self._far[comp_id]


def _found(read: Callable[[], dict[str, Any]], argument: str, comp_id: str) -> str:
    try:
        return str(read()["rootWorkspace"])
    except NotFoundError:
        pass
    raise InvalidInput(f"{argument} {comp_id!r} is not a component that Ardoq holds.")


def _unknown(what: str, ws_id: str, known: Mapping[Any, str]) -> InvalidInput:
    offered = ", ".join(f"{name} ({type_id!r})" for type_id, name in known.items()) or "none"
    return InvalidInput(f"{what} of workspace {ws_id}: its model has {offered}.")
