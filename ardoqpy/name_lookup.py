"""Find workspaces, types and fields by id or name."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ardoqpy import metamodel
from ardoqpy._messages import quote_name, suggest
from ardoqpy.api.protocols import checked_objects
from ardoqpy.errors import AuthorizationError, InvalidInput
from ardoqpy.metamodel import Field

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ardoqpy.client import ArdoqClient
    from ardoqpy.entities import Entity


_Match = Callable[[Any, str, str], bool]
#: How a text is compared with the id and the name of an item, one comparison after the other.
EXACT_NAME: tuple[_Match, ...] = (lambda _, name, wanted: name == wanted,)
NAME = (*EXACT_NAME, lambda _, name, wanted: name.casefold() == wanted.casefold())
ID_OR_NAME = (lambda item_id, _, wanted: str(item_id) == wanted, *NAME)


def resolve_name(
    wanted: str,
    items: Iterable[tuple[Any, Any]],
    kind: str,
    *,
    owner: str = "",
    matches: Iterable[_Match] = ID_OR_NAME,
) -> Any:
    """Return the id of the item that a text means.

    - `items`: pairs of id and name.
    - `kind`: what messages call an item, such as "component type".
    - `owner`: what the items belong to, at the start of a sentence, such as "Workspace 'Apps'".
    - `matches`: `ID_OR_NAME`, `NAME` or `EXACT_NAME`. An id wins over a name, an exact name over one in
      another letter case.

    Raise `InvalidInput` if no item matches, or several match equally well.
    """
    known = [(item_id, str(name)) for item_id, name in items]
    for is_match in matches:
        ids = [item_id for item_id, name in known if is_match(item_id, name, wanted)]
        if len(ids) == 1:
            return ids[0]
        if ids:
            subject = f"{owner} has" if owner else "There are"
            named = f"{len(ids)} {kind}s with the name {quote_name(wanted)}"
            raise InvalidInput(f"{subject} {named}. Use the ID of one: {', '.join(map(str, ids))}.")
    subject = f"{owner} has no {kind}" if owner else f"There is no {kind}"
    raise InvalidInput(f"{subject} {quote_name(wanted)}: {suggest(wanted, [name for _, name in known])}")


class NameLookup:
    """Find what is in Ardoq by name; each workspace is read only once.

    An exact name wins over one in another letter case. Each method raises `InvalidInput` if nothing matches,
    or several items match equally well.
    """

    def __init__(self, client: ArdoqClient) -> None:
        """Look up names with a client; nothing is read yet."""
        self._client = client
        self._models: dict[str, Entity] = {}
        self._fields: dict[str, dict[str, Field] | None] = {}

    @cached_property
    def _workspaces(self) -> list[tuple[str, str]]:
        workspaces = checked_objects(self._client.get_workspaces())
        return [(str(workspace.get("_id")), str(workspace.get("name"))) for workspace in workspaces]

    def workspace(self, wanted: str) -> str:
        """Return the id of a workspace, given by id or name."""
        return str(resolve_name(wanted, self._workspaces, "workspace"))

    def workspace_name(self, ws_id: str) -> str:
        """Return the name of a workspace; its id if it is not known."""
        return dict(self._workspaces).get(ws_id, ws_id)

    def component_type(self, ws_id: str, wanted: str) -> str:
        """Return the id of a component type of a workspace, given by name."""
        types = metamodel.component_types(self._model(ws_id))
        known = [(type_id, definition.get("name")) for type_id, definition, _ in types]
        return str(self._resolve(ws_id, wanted, known, "component type"))

    def component_types(self, ws_id: str) -> dict[str, str]:
        """Return the names of the component types of a workspace by id."""
        types = metamodel.component_types(self._model(ws_id))
        return {str(type_id): str(definition.get("name")) for type_id, definition, _ in types}

    def reference_types(self, ws_id: str) -> dict[int, str]:
        """Return the names of the reference types of a workspace by number."""
        types = metamodel.reference_types(self._model(ws_id))
        return {number: str(definition.get("name")) for number, definition in types}

    def reference_type(self, ws_id: str, wanted: str) -> int:
        """Return the number of a reference type of a workspace, given by name."""
        types = metamodel.reference_types(self._model(ws_id))
        known = [(number, definition.get("name")) for number, definition in types]
        number: int = self._resolve(ws_id, wanted, known, "reference type")
        return number

    def field(self, ws_id: str, wanted: str) -> Field:
        """Return a custom field of a workspace, given by name or label.

        If the token cannot read field definitions, return a field of unknown type: its cells are not
        converted.
        """
        fields = self._read_fields(ws_id)
        if fields is None:
            return Field(wanted, wanted, "")
        if wanted in fields:
            return fields[wanted]
        labels = [(name, field.label) for name, field in fields.items()]
        if any(label.casefold() == wanted.casefold() for _, label in labels):
            return fields[self._resolve(ws_id, wanted, labels, "field")]
        names = [*fields, *(label for name, label in labels if label != name)]
        raise InvalidInput(
            f"{self._owner(ws_id)} has no field {quote_name(wanted)}: {suggest(wanted, names)}"
        )

    def fields(self, ws_id: str) -> dict[str, Field]:
        """Return the custom fields of a workspace by name; an empty dict if the token cannot read them."""
        return self._read_fields(ws_id) or {}

    def _read_fields(self, ws_id: str) -> dict[str, Field] | None:
        if ws_id not in self._fields:
            try:
                self._fields[ws_id] = self._client.api.fields.of_workspace(ws_id, None)
            except AuthorizationError:
                self._fields[ws_id] = None
        return self._fields[ws_id]

    def _model(self, ws_id: str) -> Entity:
        if ws_id not in self._models:
            self._models[ws_id] = self._client.get_model(ws_id)
        return self._models[ws_id]

    def _owner(self, ws_id: str) -> str:
        return f"Workspace {quote_name(self.workspace_name(ws_id))}"

    def _resolve(self, ws_id: str, wanted: str, items: Iterable[tuple[Any, Any]], kind: str) -> Any:
        return resolve_name(wanted, items, kind, owner=self._owner(ws_id), matches=NAME)
