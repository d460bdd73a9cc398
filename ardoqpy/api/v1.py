"""Ardoq's API v1: every path, verb, parameter and body of it.

v1 is below `/api/`, answers with bare lists, never pages, and has custom fields flat beside the built-in
attributes. Ardoq does not document it; it is known from the clients that call it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from ardoqpy import metamodel
from ardoqpy._http.files import MultipartFile
from ardoqpy._http.transport import Transport
from ardoqpy._validation import attributes, id_segment, ids, name_segment
from ardoqpy.api.custom_fields import SET_BY_ARDOQ, SET_ON_COMPONENTS, SET_ON_REFERENCES, flatten
from ardoqpy.api.protocols import (
    Dialect,
    LastChange,
    checked_entities,
    checked_entity,
    checked_list,
    checked_object,
    checked_objects,
    checked_stored,
    read_last_change,
    unsupported,
)
from ardoqpy.errors import InvalidInput, UnexpectedAnswer, UnsupportedOperation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager
    from typing import BinaryIO

    from ardoqpy import entities
    from ardoqpy.config import Settings
    from ardoqpy.entities import Attributes, Entities, Entity
    from ardoqpy.metamodel import Field

__all__ = ["V1"]

T = TypeVar("T")


def _unsupported(operation: str, alternative: str = "version='v2'") -> Callable[..., Any]:
    return unsupported("v1", operation, alternative)


def _is_applied(sent: Entity, read_only: frozenset[str]) -> Callable[[Any], bool]:
    """Return a test whether the stored entity is what was sent: the next version, with every attribute."""
    compared = {key: value for key, value in sent.items() if key not in read_only}

    def test(stored: Any) -> bool:
        return (
            isinstance(stored, dict)
            and isinstance(sent.get("_version"), int)
            and stored.get("_version") == sent["_version"] + 1
            and all(stored.get(key) == value for key, value in compared.items())
        )

    return test


class _Part:
    """A part of the API, over one transport."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport


class _Collection(_Part, Generic[T]):
    """Read and write the entities below one path."""

    path: str
    id_argument: str
    argument: str
    required: tuple[str, ...] = ("name",)
    #: Attributes that cannot be written.
    read_only = SET_BY_ARDOQ

    def _at(self, entity_id: str) -> str:
        return f"{self.path}/{id_segment(entity_id, self.id_argument)}"

    def get(self, entity_id: str) -> T:
        return checked_object(self._transport.get(self._at(entity_id)))

    def create(self, body: Mapping[str, Any]) -> T:
        answer = self._transport.post(self.path, attributes(body, self.argument, *self.required))
        return checked_stored(answer, f"POST /api/{self.path}")

    def update(self, entity_id: str, body: Mapping[str, Any]) -> T:
        body = attributes(body, self.argument)
        answer = self._transport.put(self._at(entity_id), body, is_applied=_is_applied(body, self.read_only))
        return checked_stored(answer, f"PUT /api/{self._at(entity_id)}")

    def delete(self, entity_id: str) -> Entity:
        return checked_object(self._transport.delete(self._at(entity_id)))

    def all(self) -> list[T]:
        return checked_list(self._transport.get(self.path))

    def iterate(self, params: Mapping[str, Any]) -> Iterator[T]:
        if params:
            _unsupported(f"filter a list by {', '.join(map(str, params))}")()
        return iter(self.all())

    def _patched(self, entity_id: str, payload: Mapping[str, Any] | None, version: int | str) -> T:
        if version != "latest":
            raise UnsupportedOperation(
                f"API v1 cannot check the version ({version!r}) in a PATCH: the last write wins. Use the "
                "update method, which sends _version, or API v2."
            )
        return checked_object(self._transport.patch(self._at(entity_id), attributes(payload, "payload")))


class _Synced(_Collection["Entity"]):
    """What a sync needs of components and references."""

    fixed: frozenset[str] = frozenset()
    writable: frozenset[str]
    identity: frozenset[str]
    #: The key of these entities in an aggregated workspace.
    aggregated_key: str

    @property
    def built_in(self) -> frozenset[str]:
        return self.read_only | self.writable

    @property
    def unavailable(self) -> frozenset[str]:
        return frozenset()

    def is_sent_alone(self, changed: Attributes) -> bool:  # noqa: ARG002  (v1 sends every change alone)
        return False

    def flatten(self, body: Attributes) -> Attributes:
        return flatten(body, self.built_in) if "customFields" in body else body

    def nest(self, attributes: Attributes) -> Attributes:
        for key in attributes:
            if key.startswith("customFields."):
                field = key.removeprefix("customFields.")
                if field not in self.built_in:
                    raise InvalidInput(f"{self.argument} has {key!r}: name the field alone, {field!r}.")
                raise InvalidInput(
                    f"{self.argument} has the custom field {field!r}, which is the name of a built-in "
                    "attribute on API v1: rename the field, or use version='v2'."
                )
        return attributes

    def read(self, entity_id: str) -> Entity:
        return checked_entity(self.get(entity_id), entity_id, self.identity)

    def create_body(self, attributes: Attributes) -> Attributes:
        return self.nest(attributes)

    def update_body(self, current: Entity, changed: Attributes) -> Attributes:
        return {**current, **self.nest(changed)}

    def apply_changes(self, current: Entity, changed: Attributes) -> Entity:
        return self.update(current["_id"], self.update_body(current, changed))

    def patch(self, entity_id: str, payload: Mapping[str, Any] | None, version: int | str) -> Entity:
        return self._patched(entity_id, payload, version)

    def _or_aggregated(self, answer: Any, ws_id: str) -> Entities:
        """Return the entities of an answer; if it has another form, all those of the workspace."""
        try:
            return checked_entities(answer, self.identity)
        except UnexpectedAnswer:
            return _aggregated(self._transport, ws_id, self.aggregated_key, self.identity)

    def last_change(self, entity: Entity) -> LastChange:
        users = "lastModifiedByName", "lastModifiedByEmail", "last-modified-by"
        return read_last_change(entity, users, "last-updated")


class Workspaces(_Collection["entities.Workspace"]):
    path = "workspace"
    id_argument = "ws_id"
    argument = "ws"
    read_only = SET_BY_ARDOQ | {
        *("type", "workspace-key", "comp-counter", "linked-workspaces", "components", "references"),
        "tags",
    }

    def all(self, *, summary: bool = False) -> list[entities.Workspace]:
        return checked_list(self._transport.get("workspace/summary" if summary else "workspace"))

    def find(self, name: str, *, exact: bool) -> list[entities.Workspace]:
        path = "workspace/by-name" if exact else "workspace/search"
        return checked_list(self._transport.get(path, {"name": name}))

    def aggregated(self, ws_id: str) -> Entity:
        workspace = checked_object(self._transport.get(self._at(ws_id) + "/aggregated"))
        # Null is known to mean none; without the key, another call has to say what there is.
        for key, path, identity in (
            ("components", "component/search", Components.identity),
            ("references", "reference", References.identity),
        ):
            if key not in workspace:
                answer = self._transport.get(path, {"workspace": ws_id})
                workspace[key] = _starting_in(ws_id, checked_entities(answer, identity))
            elif workspace[key] is not None:
                checked_entities(workspace[key], identity)
        return workspace

    def components(self, ws_id: str) -> Entities:
        return checked_list(self._transport.get(self._at(ws_id) + "/component"))

    def references(self, ws_id: str, *, incoming: bool) -> Entities:
        answer = self._transport.get(self._at(ws_id) + ("/all-references" if incoming else "/reference"))
        try:
            return checked_entities(answer, References.identity)
        except UnexpectedAnswer:
            return _aggregated_references(self._transport, ws_id, incoming=incoming)

    context = _unsupported("read the context of a workspace", "version='v2', or get_model(ws_id)")

    def branches(self, ws_id: str) -> list[entities.Branch]:
        return checked_list(self._transport.get(self._at(ws_id) + "/branch"))

    def create_branch(self, ws_id: str, branch_name: str) -> entities.Workspace:
        body = attributes({"branch-name": branch_name}, "the branch", "branch-name")
        return checked_object(self._transport.post(self._at(ws_id) + "/branch/create", body))


class Folders(_Collection["entities.Folder"]):
    path = "workspacefolder"
    id_argument = "folder_id"
    argument = "folder"
    read_only = SET_BY_ARDOQ | {"workspaces"}

    def add(self, folder_id: str, ws_list: list[str]) -> Entity:
        return checked_object(
            self._transport.put(self._at(folder_id) + "/add", {"workspaces": ids(ws_list, "ws_list")})
        )


class Components(_Synced):
    path = "component"
    id_argument = "comp_id"
    argument = "comp"
    required = ("name", "rootWorkspace")
    identity = frozenset({"_id", "_version", "typeId", "name", "rootWorkspace"})
    aggregated_key = "components"
    read_only = SET_ON_COMPONENTS
    writable = frozenset(
        {
            *("name", "rootWorkspace", "description", "typeId", "parent", "version", "color", "shape"),
            *("icon", "image", "isPublic", "_order"),
        }
    )

    def preview(self, body: Attributes) -> Entity:
        return {"parent": None, "description": None, **body, "children": []}

    def in_workspace(self, ws_id: str) -> Entities:
        workspace = id_segment(ws_id, "ws_id")
        return self._or_aggregated(
            self._transport.get("component/search", {"workspace": workspace}), workspace
        )

    def search(self, ws_id: str, name: str, field: str | None, value: Any) -> Entities:
        return checked_list(self._found(ws_id, name, field, value))

    def _found(self, ws_id: str, name: str, field: str | None, value: Any) -> Any:
        query = {"workspace": id_segment(ws_id, "ws_id"), "name": name, "field": field, "value": value}
        return self._transport.get("component/search", query)

    def selected(self, _ws_id: str | None, _params: Mapping[str, Any]) -> Entities:
        raise InvalidInput("params are for API v2: on v1 search with find_component or search_components.")

    def value(self, entity: Entity, name: str) -> Any:
        return entity.get(name)

    def by_fields(self, ws_id: str | None, fields: Mapping[str, Any]) -> Entities:
        if not fields:
            raise InvalidInput("No field to search for: give the name of a field and its value.")
        for name, value in fields.items():
            if value is None or value in ([], ()):  # the query would be without it, and find everything
                raise InvalidInput(f"The value of {name!r} to search for is missing: give one.")
        query = {name: _as_query(value) for name, value in fields.items()}
        if ws_id is not None:
            query["workspace"] = id_segment(ws_id, "ws_id")
        return checked_list(self._transport.get("component/fieldsearch", query))

    def get(self, entity_id: str, *, incl_refs: bool = False) -> Entity:
        query = {"includeReferences": "true" if incl_refs else "false"}
        return checked_object(self._transport.get(self._at(entity_id), query))

    def find_duplicates(self, body: Attributes) -> Entities:
        ws_id = body["rootWorkspace"]
        return self._or_aggregated(self._found(ws_id, body["name"], None, None), ws_id)

    def children(self, comp: Entity) -> list[str]:
        children = comp.get("children")
        if isinstance(children, list):
            return list(children)
        comps = self.in_workspace(comp["rootWorkspace"])
        if not all("parent" in other for other in comps):
            raise UnexpectedAnswer(
                f"Ardoq's answers have neither the 'children' of {comp['_id']} nor every 'parent': what is "
                "below it is unknown."
            )
        return [other["_id"] for other in comps if other["parent"] == comp["_id"]]

    def references_at(self, comp: Entity) -> Entities:
        ends = comp.get("references")
        try:
            ends = checked_object(ends)
            return [
                ref for end in ("in", "out") for ref in checked_entities(ends.get(end), References.identity)
            ]
        except UnexpectedAnswer:
            refs = _aggregated_references(self._transport, comp["rootWorkspace"], incoming=True)
            return [ref for ref in refs if comp["_id"] in (ref["source"], ref["target"])]

    def delete_many(self, comp_ids: list[str], request_id: str | None) -> entities.DeletedComponents:
        body: Attributes = {"componentIds": ids(comp_ids, "comp_ids")}
        if request_id is not None:
            body["requestId"] = request_id
        return checked_object(self._transport.delete("component", body))


class References(_Synced):
    path = "reference"
    id_argument = "ref_id"
    argument = "ref"
    required = ("source", "target", "type")
    identity = frozenset({"_id", "_version", "source", "target", "type", "rootWorkspace"})
    aggregated_key = "references"
    read_only = SET_ON_REFERENCES
    writable = frozenset(
        {
            *("source", "target", "type", "rootWorkspace", "targetWorkspace", "description"),
            *("displayText", "returnValue", "order"),
        }
    )

    def preview(self, body: Attributes) -> Entity:
        return {"description": None, **body}

    def in_workspace(self, ws_id: str) -> Entities:
        workspace = id_segment(ws_id, "ws_id")
        answer = self._transport.get("reference", {"workspace": workspace})
        return _starting_in(workspace, self._or_aggregated(answer, workspace))

    def selected(self, _ws_id: str | None, _params: Mapping[str, Any]) -> Entities:
        raise InvalidInput("params are for API v2: on v1 read the references of a workspace.")

    def find_duplicates(self, body: Attributes) -> Entities:
        source = f"component/{id_segment(body['source'], 'source')}"
        comp = checked_object(self._transport.get(source, {"includeReferences": "true"}))
        try:
            return checked_entities(checked_object(comp.get("references")).get("out"), self.identity)
        except UnexpectedAnswer:
            return self.in_workspace(body["rootWorkspace"])


class Tags(_Collection["entities.Tag"]):
    path = "tag"
    id_argument = "tag_id"
    argument = "tag"
    required = ("name", "rootWorkspace")

    def in_workspace(self, ws_id: str) -> list[entities.Tag]:
        return checked_list(self._transport.get(f"tag/workspace/{id_segment(ws_id, 'ws_id')}"))


class _WithCommon(_Collection[T]):
    """List entities with or without those that Ardoq provides."""

    def all(self, *, include_common: bool = False) -> list[T]:
        query = {"includeCommon": "true"} if include_common else None
        return checked_list(self._transport.get(self.path, query))


class Models(_WithCommon["entities.Model"]):
    path = "model"
    id_argument = "model_id"
    argument = "model"
    read_only = SET_BY_ARDOQ | {"createdBy", "lastModifiedBy", "workspaces", "maxReferenceTypeKey"}

    def of_workspace(self, ws_id: str, loaded: Mapping[str, Any] | None = None) -> entities.Model:
        model_id = (loaded or {}).get("componentModel")
        if not model_id:
            workspace = checked_object(self._transport.get(f"workspace/{id_segment(ws_id, 'ws_id')}"))
            model_id = workspace.get("componentModel")
        if not model_id:
            raise UnexpectedAnswer(f"Workspace {ws_id} names no model: its componentModel is empty.")
        return self.get(model_id)

    def component_type(self, model: Mapping[str, Any], name: str) -> Attributes | None:
        return cast("Attributes | None", metamodel.find_component_type(model, name))

    def reference_type(self, model: Mapping[str, Any], name: str) -> Attributes | None:
        return cast("Attributes | None", metamodel.find_reference_type(model, name))

    def describe(self, model: Mapping[str, Any]) -> str:
        return metamodel.describe(model)

    def patch(self, entity_id: str, payload: Mapping[str, Any]) -> entities.Model:
        return self._patched(entity_id, payload, "latest")


class Fields(_WithCommon["entities.FieldDefinition"]):
    path = "field"
    id_argument = "field_id"
    argument = "field"
    required = ("label", "model")

    #: Definitions say how values are shown; Ardoq stores values that do not fit as well.
    binding = False

    def of_workspace(self, ws_id: str, loaded: Mapping[str, Any] | None = None) -> dict[str, Field]:
        workspace = loaded
        if workspace is None or "componentModel" not in workspace:
            workspace = checked_object(self._transport.get(f"workspace/{id_segment(ws_id, 'ws_id')}"))
        model_id = workspace.get("componentModel")
        return metamodel.with_date_ranges(
            (metamodel.field_of_model(definition), definition)
            for definition in checked_objects(self.all(include_common=False))
            if definition.get("model") == model_id
        )


class Users(_Part):
    def current(self) -> entities.User:
        return checked_object(self._transport.get("user/current_user"))

    def notify(self, subject: str, body: str) -> Entity:
        return checked_object(self._transport.post("user/notify/email", {"subject": subject, "body": body}))


class Attachments(_Part):
    @staticmethod
    def _of(resource_type: str, resource_id: str | None) -> str:
        if resource_type not in ("workspace", "org"):
            raise InvalidInput(f"resource_type is {resource_type!r}: use 'workspace' or 'org'.")
        return f"attachment/{resource_type}/{id_segment(resource_id, 'resource_id')}"

    def of(
        self, resource_type: str | None, resource_id: str | None, params: Mapping[str, Any]
    ) -> Iterator[entities.Attachment]:
        if params:
            _unsupported(f"filter attachments by {', '.join(params)}")()
        path = self._of("workspace" if resource_type is None else resource_type, resource_id)
        return iter(checked_list(self._transport.get(path)))

    get = _unsupported("read the attributes of a file by its id")

    def upload(
        self,
        resource_type: str,
        resource_id: str,
        content: Callable[[], BinaryIO],
        filename: str,
        content_type: str,
    ) -> entities.Attachment:
        path = self._of(resource_type, resource_id) + "/upload"
        name_segment(filename, "filename")

        def body() -> MultipartFile:
            return MultipartFile(content(), "attachment", filename, content_type)

        return checked_object(self._transport.upload(path, body))

    def download(
        self, resource_type: str, resource_id: str, filename: str
    ) -> AbstractContextManager[Iterator[bytes]]:
        segment = name_segment(filename, "filename")
        return self._transport.stream(f"{self._of(resource_type, resource_id)}/{segment}")

    def delete(self, resource_type: str, resource_id: str, filename: str) -> Entity:
        segment = name_segment(filename, "filename")
        return checked_object(self._transport.delete(f"{self._of(resource_type, resource_id)}/{segment}"))


class Batches(_Part):
    def create(
        self, components: Entities, references: Entities, options: Mapping[str, Any]
    ) -> entities.BatchIds:
        for comp in components:
            attributes(comp, "a component of the batch", "batchId", "name", "rootWorkspace")
        for ref in references:
            attributes(ref, "a reference of the batch", "batchId", "source", "target", "type")
        data = {"components": components, "references": references}
        return checked_object(
            self._transport.post("batch", {"op": "create", "options": options, "data": data})
        )

    transaction = _unsupported("write in transactions")
    send = _unsupported("send a Batch", "version='v2', or batch_create()")
    expand = _unsupported("expand a Batch")


class Reports(_Part):
    def export(self, report_id: str) -> Entities:
        return checked_list(self._transport.get(f"report/{id_segment(report_id, 'report_id')}/export-data"))

    iterate = _unsupported("list reports")
    get = _unsupported("read a report's definition")
    rows = _unsupported("run a report page by page", "version='v2', or export_report(report_id)")


class Organisations(_Part):
    def host(self, org: str) -> str:
        return self._transport.redirect_target("switchOrg", {"org": org})


class V1(Dialect):
    """API v1 of one Ardoq; `options` are keyword arguments of `Transport`."""

    def __init__(self, settings: Settings, **options: Any) -> None:
        """Set up the transport and the collections."""
        self.transport = Transport(
            settings,
            prefix="/api/",
            auth_scheme="Token token=",
            params={"org": settings.org} if settings.org else {},
            **options,
        )
        self.workspaces = Workspaces(self.transport)
        self.folders = Folders(self.transport)
        self.components = Components(self.transport)
        self.references = References(self.transport)
        self.tags = Tags(self.transport)
        self.models = Models(self.transport)
        self.fields = Fields(self.transport)
        self.users = Users(self.transport)
        self.attachments = Attachments(self.transport)
        self.batches = Batches(self.transport)
        self.reports = Reports(self.transport)
        self.organisations = Organisations(self.transport)

    def iterate(self, path: str, params: Mapping[str, Any] | None) -> Iterator[Any]:
        """Yield every value of the listing at `path`."""
        return iter(checked_list(self.transport.get(path, params)))


def _starting_in(ws_id: str, entities: Entities) -> Entities:
    # It is not known whether Ardoq honours the parameter.
    return [entity for entity in entities if entity["rootWorkspace"] == ws_id]


def _aggregated(transport: Transport, ws_id: str, key: str, identity: frozenset[str]) -> Entities:
    """Return what an aggregated workspace has under a key, after another answer was unclear.

    Ardoq gives null for none there, but after an unclear answer only a list is believed.
    """
    workspace = checked_object(transport.get(f"workspace/{id_segment(ws_id, 'ws_id')}/aggregated"))
    return checked_entities(workspace.get(key), identity)


def _aggregated_references(transport: Transport, ws_id: str, *, incoming: bool) -> Entities:
    keys = ("references", "incoming-references") if incoming else ("references",)
    return [ref for key in keys for ref in _aggregated(transport, ws_id, key, References.identity)]


def _as_query(value: Any) -> Any:
    # As JSON has it: a query for Python's 'True' would match nothing.
    return str(value).lower() if isinstance(value, bool) else value
