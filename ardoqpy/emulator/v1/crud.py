"""Handle the requests that v1 answers alike for every kind of entity: list, get, create, update, delete."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic

from ardoqpy.emulator import assumptions
from ardoqpy.emulator.messages import Request, Response
from ardoqpy.emulator.rows import Attributes, R
from ardoqpy.emulator.rules.base import Rules
from ardoqpy.emulator.store import Store
from ardoqpy.emulator.v1 import bodies
from ardoqpy.emulator.v1.bodies import Body, version_for_patch, version_for_put
from ardoqpy.emulator.v1.serializer import Serializer


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource(Generic[R]):
    """Describe a resource by its rules, its request body and its answer."""

    rules: Callable[[Store], Rules[R]]
    body: Body
    serialize: Callable[[Serializer, R], Attributes]
    created: int = 201
    deleted: int = 204
    filters_by_workspace: bool = False

    def list_all(self, store: Store, request: Request) -> Response:
        """Return all entities, with those of the common templates if `includeCommon` is true."""
        rules, workspace = self.rules(store), request.query_value("workspace")
        if self.filters_by_workspace and workspace is not None:
            rows = rules.in_workspace(workspace)
        else:
            rows = rules.all(include_common=request.query_flag("includeCommon"))
        serializer = Serializer(store)
        return Response(json=[self.serialize(serializer, row) for row in rows])

    def get(self, store: Store, request: Request) -> Response:
        """Return one entity."""
        return self._answer(store, self.rules(store).get(self._id(request)))

    def create(self, store: Store, request: Request) -> Response:
        """Create an entity."""
        row = self.rules(store).create(*self.body.parts(request.json_object()))
        return self._answer(store, row, self.created)

    def update(self, store: Store, request: Request) -> Response:
        """Replace the writable attributes of an entity (PUT)."""
        body = request.json_object()
        version = version_for_put(body)
        parts = self.body.parts(body)
        row = self.rules(store).update(self._id(request), *parts, version=version, replace=True)
        return self._answer(store, row)

    def patch(self, store: Store, request: Request) -> Response:
        """Change the attributes that the body names (PATCH)."""
        body = request.json_object()
        version = version_for_patch(body)
        row = self.rules(store).update(self._id(request), *self.body.parts(body), version=version)
        return self._answer(store, row)

    def delete(self, store: Store, request: Request) -> Response:
        """Delete an entity."""
        self.rules(store).delete(self._id(request))
        return Response(self.deleted)

    def _id(self, request: Request) -> str:
        return request.path_values[f"{self.body.kind}_id"]

    def _answer(self, store: Store, row: R, status: int = 200) -> Response:
        return Response(status, self.serialize(Serializer(store), row))


COMPONENTS = Resource(
    rules=lambda store: store.components, body=bodies.COMPONENT, serialize=Serializer.component
)
REFERENCES = Resource(
    rules=lambda store: store.references,
    body=bodies.REFERENCE,
    serialize=Serializer.reference,
    filters_by_workspace=assumptions.REFERENCE_LIST_FILTERS_BY_WORKSPACE,
)
WORKSPACES = Resource(
    rules=lambda store: store.workspaces, body=bodies.WORKSPACE, serialize=Serializer.workspace
)
FOLDERS = Resource(
    rules=lambda store: store.folders,
    body=bodies.FOLDER,
    serialize=Serializer.folder,
    created=assumptions.STATUS_FOLDER_CREATED,
    deleted=assumptions.STATUS_FOLDER_DELETED,
)
TAGS = Resource(rules=lambda store: store.tags, body=bodies.TAG, serialize=Serializer.tag)
MODELS = Resource(
    rules=lambda store: store.models,
    body=bodies.MODEL,
    serialize=Serializer.model,
    created=assumptions.STATUS_MODEL_CREATED,
)
FIELDS = Resource(rules=lambda store: store.fields, body=bodies.FIELD, serialize=Serializer.field)
