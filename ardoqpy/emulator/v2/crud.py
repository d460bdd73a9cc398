"""Handle the requests that v2 answers alike for every kind of entity: list, get, create, update, delete."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic

from ardoqpy.emulator.messages import NO_CONTENT, Request, Response
from ardoqpy.emulator.rows import Attributes, R
from ardoqpy.emulator.rules.base import Rules
from ardoqpy.emulator.store import Store
from ardoqpy.emulator.v2 import bodies
from ardoqpy.emulator.v2.bodies import Body, json_object, requested_version
from ardoqpy.emulator.v2.pages import criteria_from_query, list_page
from ardoqpy.emulator.v2.serializer import Serializer


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOnlyResource(Generic[R]):
    """Describe a resource by its rules, its answer, the key of its id, and the filters of its listing."""

    rules: Callable[[Store], Rules[R]]
    serialize: Callable[[Serializer, R], Attributes]
    id_key: str
    filters: tuple[str, ...]
    number_filters: tuple[str, ...] = ()
    filters_by_custom_fields: bool = False

    def list_all(self, store: Store, request: Request) -> Response:
        """Return a page of the entities that match the query."""
        criteria = criteria_from_query(
            request, *self.filters, numbers=self.number_filters, custom=self.filters_by_custom_fields
        )
        serializer = Serializer(store)
        table = self.rules(store).table
        return list_page(store, request, table, criteria, lambda row: self.serialize(serializer, row))

    def get(self, store: Store, request: Request) -> Response:
        """Return one entity."""
        return self._answer(store, self.rules(store).get(request.path_values[self.id_key]))

    def _answer(self, store: Store, row: R, status: int = 200) -> Response:
        return Response(status, self.serialize(Serializer(store), row))


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource(ReadOnlyResource[R]):
    """Describe a resource that clients can change."""

    body: Body

    def create(self, store: Store, request: Request) -> Response:
        """Create an entity."""
        row = self.rules(store).create(*self.body.new(json_object(request)), strict=True)
        return self._answer(store, row, 201)

    def patch(self, store: Store, request: Request) -> Response:
        """Change the attributes that the body names (PATCH)."""
        version = requested_version(request)
        parts = self.body.changes(json_object(request))
        row = self.rules(store).update(request.path_values[self.id_key], *parts, version=version, strict=True)
        return self._answer(store, row)

    def delete(self, store: Store, request: Request) -> Response:
        """Delete an entity."""
        self.rules(store).delete(request.path_values[self.id_key])
        return NO_CONTENT


WORKSPACES = ReadOnlyResource(
    rules=lambda store: store.workspaces,
    serialize=Serializer.workspace,
    id_key="workspace_id",
    filters=("name", "componentModel"),
)
COMPONENTS = Resource(
    rules=lambda store: store.components,
    serialize=Serializer.component,
    body=bodies.COMPONENT,
    id_key="component_id",
    filters=("name", "rootWorkspace", "parent", "componentKey", "typeId"),
    filters_by_custom_fields=True,
)
REFERENCES = Resource(
    rules=lambda store: store.references,
    serialize=Serializer.reference,
    body=bodies.REFERENCE,
    id_key="reference_id",
    filters=("displayText", "rootWorkspace", "source", "targetWorkspace", "target"),
    number_filters=("type",),
    filters_by_custom_fields=True,
)
REPORTS = ReadOnlyResource(
    rules=lambda store: store.reports, serialize=Serializer.report, id_key="report_id", filters=("name",)
)
ATTACHMENTS = ReadOnlyResource(
    rules=lambda store: store.attachments,
    serialize=Serializer.attachment,
    id_key="attachment_id",
    filters=("filename", "folder"),
)
