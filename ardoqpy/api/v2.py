"""Ardoq's API v2: every path, verb, parameter and body of it.

v2 is below `/api/v2/`, answers listings in pages, and has custom fields below `customFields`. It writes
components and references only: other entities can be read, or are not offered at all.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import cache, cached_property, partial
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from ardoqpy import metamodel
from ardoqpy._http.json import EncodedJson
from ardoqpy._http.transport import Transport
from ardoqpy._validation import attributes, filters, id_segment
from ardoqpy.api.custom_fields import SET_ON_COMPONENTS, SET_ON_REFERENCES, flatten, nest
from ardoqpy.api.protocols import (
    Dialect,
    LastChange,
    checked_entities,
    checked_entity,
    checked_object,
    checked_objects,
    checked_stored,
    read_last_change,
    unsupported,
)
from ardoqpy.api.v2_schema import COMPONENT, REFERENCE, Writable, checked_version
from ardoqpy.errors import ConfigurationError, Conflict, InvalidInput, UnexpectedAnswer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ardoqpy import entities
    from ardoqpy.config import Settings
    from ardoqpy.entities import Attributes, Entities, Entity
    from ardoqpy.metamodel import Field

__all__ = ["V2"]

#: The host that many organisations share: there the token alone does not identify one.
SHARED_HOST = "app.ardoq.com"
#: How many requests of one call run in parallel.
PARALLEL_REQUESTS = 3


def _unsupported(operation: str, alternative: str = "version='v1'") -> Callable[..., Any]:
    return unsupported("v2", operation, alternative)


def _iter_values(transport: Transport, path: str, query: Mapping[str, str] | None = None) -> Iterator[Any]:
    """Yield every value of a listing, page after page."""
    for page in transport.pages(path, query):
        yield from page["values"]


def _all_values(
    transport: Transport, path: str, query: Mapping[str, str], identity: frozenset[str]
) -> Entities:
    """Return every entity of a listing; raise `UnexpectedAnswer` if it may lack some.

    A page without `_links`, which the contract requires, does not say whether another page follows.
    """
    entities = []
    for page in transport.pages(path, query):
        if not isinstance(page.get("_links"), dict):
            raise UnexpectedAnswer(
                f"A page of {path} has no '_links': whether another page follows is unknown."
            )
        entities += checked_entities(page["values"], identity)
    return entities


class _Part:
    """A part of the API, over one transport."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport


class _Listing(_Part):
    """List and read the entities below one path."""

    path: str
    id_argument: str
    filters: tuple[str, ...] = ()
    custom = False

    def _at(self, entity_id: str) -> str:
        return f"{self.path}/{id_segment(entity_id, self.id_argument)}"

    def get(self, entity_id: str) -> Any:
        return checked_object(self._transport.get(self._at(entity_id)))

    def iterate(self, params: Mapping[str, Any]) -> Iterator[Any]:
        query = filters(params, self.filters, custom=self.custom)  # raises now, not at the first step
        return _iter_values(self._transport, self.path, query)

    def all(self) -> list[Any]:
        return list(self.iterate({}))


class Workspaces(_Listing):
    path = "workspaces"
    id_argument = "ws_id"
    filters = ("name", "componentModel")

    def all(self, *, summary: bool = False) -> list[entities.Workspace]:
        if summary:
            _unsupported("list workspaces in the short form with counts")()
        return super().all()

    def find(self, name: str, *, exact: bool) -> list[entities.Workspace]:
        if exact:
            return list(self.iterate({"name": name}))
        start = name.casefold()
        return [ws for ws in self.all() if str(ws.get("name")).casefold().startswith(start)]

    def context(self, ws_id: str) -> entities.Context:
        return checked_object(self._transport.get(self._at(ws_id) + "/context"))

    def components(self, ws_id: str) -> Entities:
        query = {"rootWorkspace": id_segment(ws_id, "ws_id")}
        return _all_values(self._transport, "components", query, Components.identity)

    def references(self, ws_id: str, *, incoming: bool) -> Entities:
        workspace = id_segment(ws_id, "ws_id")
        identity = References.identity
        refs = _all_values(self._transport, "references", {"rootWorkspace": workspace}, identity)
        if incoming:
            targeting = _all_values(self._transport, "references", {"targetWorkspace": workspace}, identity)
            refs += [ref for ref in targeting if ref["rootWorkspace"] != workspace]
        return refs

    def aggregated(self, ws_id: str) -> Entity:
        id_segment(ws_id, "ws_id")
        with ThreadPoolExecutor(PARALLEL_REQUESTS) as threads:
            workspace = threads.submit(self.get, ws_id)
            components = threads.submit(self.components, ws_id)
            references = threads.submit(self.references, ws_id, incoming=False)
            context = threads.submit(self.context, ws_id)
            return {
                **context.result(),
                **workspace.result(),
                "components": components.result(),
                "references": references.result(),
            }

    branches = _unsupported("list branches")
    create_branch = _unsupported("branch a workspace")
    create = _unsupported("create a workspace")
    update = _unsupported("change a workspace")
    delete = _unsupported("delete a workspace")


class _Writing(_Listing):
    """Read and write the entities below one path."""

    custom = True
    argument: str
    writable: Writable
    identity: frozenset[str]

    #: Attributes that a sync does not compare, because Ardoq sets them itself, on either version.
    read_only: frozenset[str]

    @property
    def built_in(self) -> frozenset[str]:
        return self.writable.built_in | self.writable.elsewhere

    @cached_property
    def _not_custom(self) -> frozenset[str]:
        return self.built_in | self.read_only

    @property
    def unavailable(self) -> frozenset[str]:
        return self.writable.elsewhere

    @property
    def fixed(self) -> frozenset[str]:
        return self.writable.fixed

    def flatten(self, body: Attributes) -> Attributes:
        # Beside the others, a name that v1 sets itself is ignored; below `customFields` it is a custom field.
        return flatten(body, self._not_custom) if "customFields" in body else body

    def nest(self, attributes: Attributes, leave_out: frozenset[str] = frozenset()) -> Attributes:
        for key in self.writable.elsewhere & attributes.keys():
            raise InvalidInput(
                f"{self.argument} has {key!r}, which API v2 does not offer on {self.writable.noun}: leave it "
                "out, or use version='v1'."
            )
        return nest(attributes, self.writable.built_in, leave_out, self._not_custom)

    def read(self, entity_id: str) -> Entity:
        return checked_entity(self._transport.get(self._at(entity_id)), entity_id, self.identity)

    def in_workspace(self, ws_id: str) -> Entities:
        return self._all_matching({"rootWorkspace": id_segment(ws_id, "ws_id")})

    def _all_matching(self, params: Mapping[str, Any]) -> Entities:
        query = filters(params, self.filters)
        return _all_values(self._transport, self.path, query, self.identity)

    def selected(self, ws_id: str | None, params: Mapping[str, Any]) -> Entities:
        return list(self.iterate(_within(ws_id, params)))

    def create_body(self, attributes: Attributes) -> Attributes:
        body = self.nest(attributes, leave_out=self.writable.read_only)
        self.writable.check_nulls(body, self.argument)
        return body

    def update_body(self, current: Entity, changed: Attributes) -> Attributes:  # noqa: ARG002  (v1 sends all of it)
        sent = {key: value for key, value in changed.items() if key not in self.writable.read_only}
        return self.writable.for_patch(self.nest(sent), self.argument)

    def is_sent_alone(self, changed: Attributes) -> bool:  # noqa: ARG002  (components have such a change)
        return False

    def apply_changes(self, current: Entity, changed: Attributes) -> Entity:
        version = checked_version(current.get("_version"))
        return self.change(current["_id"], self.update_body(current, changed), version)

    def create(self, body: Mapping[str, Any]) -> Entity:
        answer = self._transport.post(self.path, self.writable.for_create(body, self.argument))
        return checked_stored(answer, f"POST /api/v2/{self.path}")

    def update(self, entity_id: str, body: Mapping[str, Any]) -> Entity:
        version = body.get("_version") if isinstance(body, dict) else None
        version = "latest" if version is None else checked_version(version, f"{self.argument}['_version']")
        return self.change(entity_id, self.writable.for_update(body, self.argument), version)

    def patch(self, entity_id: str, payload: Mapping[str, Any] | None, version: int | str) -> Entity:
        return self.change(entity_id, self.writable.for_patch(payload, "payload"), checked_version(version))

    def change(self, entity_id: str, changes: Attributes, version: int | str) -> Entity:
        path = self._at(entity_id)
        answer = self._transport.patch(
            path, changes, {"ifVersionMatch": version}, is_applied=_is_applied(changes, version)
        )
        return checked_stored(answer, f"PATCH /api/v2/{path}")

    def delete(self, entity_id: str) -> Entity:
        return checked_object(self._transport.delete(self._at(entity_id)))

    def last_change(self, entity: Entity) -> LastChange:
        users = "lastModifiedByName", "lastModifiedByEmail", "lastModifiedBy"
        return read_last_change(entity.get("_meta"), users, "lastUpdated")

    def value(self, entity: Entity, name: str) -> Any:
        return entity[name] if name in entity else (entity.get("customFields") or {}).get(name)


class Components(_Writing):
    path = "components"
    id_argument = "comp_id"
    argument = "comp"
    writable = COMPONENT
    identity = frozenset({"_id", "_version", "typeId", "name", "rootWorkspace", "customFields"})
    read_only = SET_ON_COMPONENTS
    filters = ("name", "rootWorkspace", "parent", "componentKey", "typeId")

    def __init__(self, transport: Transport, v1: Callable[[], Transport]) -> None:
        """List components; `v1` connects to API v1, which alone can change the type of a component."""
        super().__init__(transport)
        self._v1 = v1

    @property
    def fixed(self) -> frozenset[str]:
        return self.writable.fixed - {"typeId"}

    def is_sent_alone(self, changed: Attributes) -> bool:
        return "typeId" in changed

    def update_body(self, current: Entity, changed: Attributes) -> Attributes:
        return super().update_body(current, {key: value for key, value in changed.items() if key != "typeId"})

    def apply_changes(self, current: Entity, changed: Attributes) -> Entity:
        if "typeId" not in changed:
            return super().apply_changes(current, changed)
        self._change_through_v1(current, changed)
        return self.read(current["_id"])

    def _change_through_v1(self, current: Entity, changed: Attributes) -> None:
        """Write all changes in one request of API v1, which has custom fields beside the other attributes."""
        transport, path = self._v1(), f"component/{id_segment(current['_id'], self.id_argument)}"
        component = checked_object(transport.get(path))
        if component.get("_version") != current.get("_version"):
            raise Conflict(f"The component {current['_id']} was changed by somebody else.")
        for key in changed:
            if key.startswith("customFields."):
                raise InvalidInput(
                    f"The type of {current['_id']} cannot change together with the custom field "
                    f"{key.removeprefix('customFields.')!r}, which API v1 takes for a built-in attribute: "
                    "change the type alone."
                )
        body = {key: value for key, value in component.items() if key not in ("type", "references")}
        transport.put(
            path,
            {**body, **changed},
            is_applied=lambda stored: (
                isinstance(stored, dict) and all(stored.get(key) == new for key, new in changed.items())
            ),
        )

    def search(self, ws_id: str, name: str, field: str | None, value: Any) -> Entities:
        wanted = {"name": name} if field is None else {"name": name, field: value}
        return self.by_fields(ws_id, wanted)

    def by_fields(self, ws_id: str | None, fields: Mapping[str, Any]) -> Entities:
        if not fields:
            raise InvalidInput("No field to search for: give the name of a field and its value.")
        params = {
            name if name in self.filters else f"customFields.{name}": value for name, value in fields.items()
        }
        return self.selected(ws_id, params)

    def get(self, entity_id: str, *, incl_refs: bool = False) -> Entity:
        comp = checked_object(self._transport.get(self._at(entity_id)))
        if incl_refs:
            comp["references"] = {
                end: _all_values(self._transport, "references", {attribute: entity_id}, References.identity)
                for end, attribute in (("in", "target"), ("out", "source"))
            }
        return comp

    def find_duplicates(self, body: Attributes) -> Entities:
        return self._all_matching({key: body[key] for key in ("rootWorkspace", "typeId", "name")})

    def preview(self, body: Attributes) -> Entity:
        return {"parent": None, "description": None, "customFields": {}, **body}

    def children(self, comp: Entity) -> list[str]:
        return [child["_id"] for child in self._all_matching({"parent": comp["_id"]})]

    def references_at(self, comp: Entity) -> Entities:
        return [ref for end in ("in", "out") for ref in comp["references"][end]]

    delete_many = _unsupported("delete components by a list of ids", "version='v1', or batch()")


class References(_Writing):
    path = "references"
    id_argument = "ref_id"
    argument = "ref"
    writable = REFERENCE
    identity = frozenset({"_id", "_version", "source", "target", "type", "rootWorkspace", "customFields"})
    read_only = SET_ON_REFERENCES
    filters = ("displayText", "rootWorkspace", "source", "targetWorkspace", "target", "type")

    def find_duplicates(self, body: Attributes) -> Entities:
        return self._all_matching({key: body[key] for key in ("source", "target", "type")})

    def preview(self, body: Attributes) -> Entity:
        return {"description": None, "customFields": {}, **body}

    def flatten(self, body: Attributes) -> Attributes:
        attributes = super().flatten(body) if "customFields" in body else body
        # v2 rejects null here and takes empty text: for a sync they are the same.
        return {**attributes, "displayText": None} if attributes.get("displayText") == "" else attributes

    def nest(self, attributes: Attributes, leave_out: frozenset[str] = frozenset()) -> Attributes:
        body = super().nest(attributes, leave_out)
        return {**body, "displayText": ""} if body.get("displayText", ...) is None else body


class Models:
    """The contexts of workspaces, which v2 has in place of models."""

    def __init__(self, workspaces: Workspaces) -> None:
        self._workspaces = workspaces

    def of_workspace(self, ws_id: str, loaded: Mapping[str, Any] | None = None) -> entities.Context:
        if loaded and "componentTypes" in loaded:
            return cast("entities.Context", loaded)
        return self._workspaces.context(ws_id)

    def component_type(self, model: Mapping[str, Any], name: str) -> Attributes | None:
        return metamodel.find_by_name(model.get("componentTypes"), name)

    def reference_type(self, model: Mapping[str, Any], name: str) -> Attributes | None:
        return metamodel.find_by_name(model.get("referenceTypes"), name)

    def describe(self, model: Mapping[str, Any]) -> str:
        return metamodel.describe_context(model)

    all = _unsupported("list models", "version='v1', or get_context(ws_id)")
    get = _unsupported("read a model by its id", "version='v1', or get_context(ws_id)")
    create = _unsupported("create a model")
    update = _unsupported("change a model")
    patch = _unsupported("change a model")


class Fields:
    def __init__(self, workspaces: Workspaces) -> None:
        self._workspaces = workspaces

    #: Ardoq rejects values that do not fit the definition of their field, or have none.
    binding = True

    def of_workspace(self, ws_id: str, loaded: Mapping[str, Any] | None = None) -> dict[str, Field]:
        loaded = loaded if loaded and "customFields" in loaded else self._workspaces.context(ws_id)
        entries = checked_objects(loaded.get("customFields"))
        return metamodel.with_date_ranges((metamodel.field_of_context(entry), entry) for entry in entries)

    all = _unsupported("list the definitions of fields", "version='v1', or get_context(ws_id)")
    get = _unsupported("read the definition of a field", "version='v1', or get_context(ws_id)")
    create = _unsupported("create a field")
    update = _unsupported("change a field")
    delete = _unsupported("delete a field")


class Users(_Part):
    def current(self) -> entities.User:
        return checked_object(self._transport.get("me"))

    notify = _unsupported("send a mail")


class Attachments(_Listing):
    path = "attachments"
    id_argument = "attachment_id"
    filters = ("filename", "folder")

    def of(
        self, resource_type: str | None, resource_id: str | None, params: Mapping[str, Any]
    ) -> Iterator[Any]:
        if resource_type is not None or resource_id is not None:
            _unsupported("list the attachments of one resource")()
        return self.iterate(params)

    upload = _unsupported("upload a file")
    download = _unsupported("download a file")
    delete = _unsupported("delete a file")


class Batches(_Part):
    def transaction(self) -> Attributes:
        return {
            "options": {"respondWithEntities": True},
            "components": {"create": [], "update": [], "delete": []},
            "references": {"create": [], "update": [], "delete": []},
        }

    def send(self, body: Mapping[str, Any] | EncodedJson) -> entities.BatchAnswer:
        checked = body if isinstance(body, EncodedJson) else attributes(body, "batch")
        return checked_object(self._transport.post("batch", checked))

    def expand(self, body: Mapping[str, Any]) -> entities.BatchBody:
        return checked_object(self._transport.post("batch/expand", attributes(body, "batch"), reads=True))

    create = _unsupported("create by lists in v1's form", "version='v1', or batch()")


class Reports(_Listing):
    path = "reports"
    id_argument = "report_id"
    filters = ("name",)

    def rows(self, report_id: str, *, tabular: bool, keys: str) -> Iterator[Any]:
        if keys not in ("label", "key"):
            raise InvalidInput(f"keys is {keys!r}: use 'label' or 'key'.")
        if tabular and keys != "label":
            raise InvalidInput("keys are for rows as dicts: tabular rows have none.")
        view = "run/tabular" if tabular else "run/objects"
        query = {} if tabular else {"keyFormat": keys}
        return _iter_values(self._transport, f"{self._at(report_id)}/{view}", query)

    export = _unsupported("export a report in v1's form", "version='v1', or run_report(report_id)")


class Folders:
    all = _unsupported("list folders")
    get = _unsupported("read a folder")
    create = _unsupported("create a folder")
    update = _unsupported("change a folder")
    add = _unsupported("move workspaces into a folder")
    delete = _unsupported("delete a folder")


class Tags:
    all = _unsupported("list tags", "version='v1', or get_context(ws_id)")
    in_workspace = _unsupported("list tags", "version='v1', or get_context(ws_id)")
    get = _unsupported("read a tag")
    create = _unsupported("create a tag")
    update = _unsupported("change a tag")
    delete = _unsupported("delete a tag")


class Organisations:
    host = _unsupported("switch to another organisation")


class V2(Dialect):
    """API v2 of one Ardoq; `options` are keyword arguments of `Transport`.

    Raise `ConfigurationError` for the host that organisations share if there is no organisation label.
    """

    def __init__(self, settings: Settings, **options: Any) -> None:
        """Set up the transport and the collections."""
        if settings.org is None and urlsplit(settings.hosturl).hostname == SHARED_HOST:
            raise ConfigurationError(
                f"No organisation label is set, and {SHARED_HOST} is shared by many: give org, or set "
                "ARDOQ_ORG_LABEL, or give your organisation's own host."
            )
        self.transport = Transport(
            settings,
            prefix="/api/v2/",
            auth_scheme="Bearer ",
            headers={"X-org": settings.org} if settings.org else {},
            **options,
        )
        workspaces = Workspaces(self.transport)
        self.workspaces = workspaces
        params = {"org": settings.org} if settings.org else {}
        v1 = partial(
            Transport, settings, prefix="/api/", auth_scheme="Token token=", params=params, **options
        )
        self.components = Components(self.transport, cache(v1))
        self.references = References(self.transport)
        self.models = Models(workspaces)
        self.fields = Fields(workspaces)
        self.users = Users(self.transport)
        self.attachments = Attachments(self.transport)
        self.batches = Batches(self.transport)
        self.reports = Reports(self.transport)
        self.folders = Folders()
        self.tags = Tags()
        self.organisations = Organisations()

    def iterate(self, path: str, params: Mapping[str, Any] | None) -> Iterator[Any]:
        """Yield every value of the listing at `path`."""
        return _iter_values(self.transport, path, params)


def _within(ws_id: str | None, params: Mapping[str, Any]) -> Mapping[str, Any]:
    if ws_id is None or not isinstance(params, dict):
        return params
    filtered = params.get("rootWorkspace", ws_id)
    if filtered != ws_id:
        raise InvalidInput(f"ws_id is {ws_id!r} and the filter rootWorkspace {filtered!r}: give one of them.")
    return {**params, "rootWorkspace": id_segment(ws_id, "ws_id")}


def _is_applied(sent: Attributes, version: int | str) -> Callable[[Any], bool]:
    """Return a test whether the stored entity is what was sent: the next version, with every attribute."""

    def test(stored: Any) -> bool:
        if not isinstance(stored, dict) or not isinstance(version, int):
            return False
        custom = stored.get("customFields") or {}
        return (
            stored.get("_version") == version + 1
            and all(stored.get(key) == value for key, value in sent.items() if key != "customFields")
            and all(custom.get(key) == value for key, value in sent.get("customFields", {}).items())
        )

    return test
