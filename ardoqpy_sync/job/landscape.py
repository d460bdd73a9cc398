"""What a job's names are in Ardoq: workspaces, types and fields, each asked for once."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from ardoqpy import metamodel
from ardoqpy._messages import quote_name, suggest
from ardoqpy.errors import AuthorizationError, InvalidInput
from ardoqpy.metamodel import Field

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ardoqpy.client import ArdoqClient

__all__ = ["Landscape"]


class Landscape:
    """Find by name what is in Ardoq; raise `InvalidInput` where there is no such thing, or more than one.

    An exact name goes before one that is the same but for letter case.
    """

    def __init__(self, client: ArdoqClient) -> None:
        self._client = client
        self._models: dict[str, dict[str, Any]] = {}
        self._fields: dict[str, dict[str, Field] | None] = {}

    @cached_property
    def _workspaces(self) -> list[tuple[str, str]]:
        listed = self._client.get_workspaces()
        return [(str(one.get("_id")), str(one.get("name"))) for one in listed]

    def workspace(self, wanted: str) -> str:
        """Return the id of a workspace, given by name or id."""
        if any(ws_id == wanted for ws_id, _ in self._workspaces):
            return wanted
        return str(_the_one(wanted, self._workspaces, "workspace", "There is no workspace {}"))

    def workspace_name(self, ws_id: str) -> str:
        """Return what a workspace is called."""
        return next((name for one, name in self._workspaces if one == ws_id), ws_id)

    def component_type(self, ws_id: str, wanted: str) -> str:
        """Return the id of a component type of a workspace."""
        types = metamodel.component_types(self._model(ws_id))
        known = [(type_id, str(definition.get("name"))) for type_id, definition, _ in types]
        return str(_the_one(wanted, known, "component type", self._none(ws_id, "component type")))

    def reference_type(self, ws_id: str, wanted: str) -> int:
        """Return the number of a reference type of a workspace."""
        types = metamodel.reference_types(self._model(ws_id))
        known = [(type_id, str(definition.get("name"))) for type_id, definition in types]
        number: int = _the_one(wanted, known, "reference type", self._none(ws_id, "reference type"))
        return number

    def field(self, ws_id: str, wanted: str) -> Field:
        """Return a custom field of a workspace, given by its name or its label.

        A token that may not read definitions gets a field of no known type: its cells stay as they are.
        """
        fields = self._read(ws_id)
        if fields is None:
            return Field(wanted, wanted, "")
        if wanted in fields:
            return fields[wanted]
        known = [(field, field.label) for field in fields.values()]
        if any(label.casefold() == wanted.casefold() for _, label in known):
            found: Field = _the_one(wanted, known, "field", "")
            return found
        names = [*fields, *(label for field, label in known if label != field.name)]
        raise InvalidInput(
            f"{self._none(ws_id, 'field').format(quote_name(wanted))}: {suggest(wanted, names)}"
        )

    def fields(self, ws_id: str) -> dict[str, Field]:
        """Return the custom fields of a workspace by name; none for a token that may not read them."""
        return self._read(ws_id) or {}

    def _read(self, ws_id: str) -> dict[str, Field] | None:
        if ws_id not in self._fields:
            try:
                self._fields[ws_id] = self._client.api.fields.of_workspace(ws_id, None)
            except AuthorizationError:
                self._fields[ws_id] = None
        return self._fields[ws_id]

    def _model(self, ws_id: str) -> dict[str, Any]:
        if ws_id not in self._models:
            self._models[ws_id] = self._client.get_model(ws_id)
        return self._models[ws_id]

    def _none(self, ws_id: str, what: str) -> str:
        name = quote_name(self.workspace_name(ws_id)).replace("{", "{{").replace("}", "}}")
        return f"Workspace {name} has no {what} {{}}"


def _the_one(wanted: str, known: Iterable[tuple[Any, str]], what: str, none: str) -> Any:
    listed = list(known)
    for test in (str, str.casefold):
        found = [one for one, name in listed if test(name) == test(wanted)]
        if len(found) == 1:
            return found[0]
        if found:
            ids = ", ".join(str(getattr(one, "name", one)) for one in found)
            raise InvalidInput(
                f"{len(found)} are called {quote_name(wanted)}: say which {what} by its id ({ids})."
            )
    raise InvalidInput(f"{none.format(quote_name(wanted))}: {suggest(wanted, [name for _, name in listed])}")
