"""Ardoq's API v2: every path, verb, parameter and body of it.

v2 lives below `/api/v2/`, answers listings in pages, keeps custom fields apart under `customFields`, and
writes components and references alone: workspaces, models, fields, tags and folders are read, or not there.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ardoqpy import metamodel
from ardoqpy._http.transport import Transport
from ardoqpy._validation import attributes, filters, id_segment
from ardoqpy.api.answers import as_entity, as_stored
from ardoqpy.api.custom_fields import COMPONENT_BOOKKEEPING, REFERENCE_BOOKKEEPING, flat, nested
from ardoqpy.api.protocols import not_offered
from ardoqpy.api.v2_schema import COMPONENT, REFERENCE, Writable, checked_version
from ardoqpy.errors import ConfigurationError, InvalidInput

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ardoqpy.config import Settings
    from ardoqpy.entities import Entities, Entity
    from ardoqpy.metamodel import Field

__all__ = ["V2"]

#: The host that many organisations share, where the token alone does not say which it is for.
SHARED_HOST = "app.ardoq.com"
#: How many requests of one call run side by side.
SIDE_BY_SIDE = 3


def _missing(what: str, use: str = "version='v1'") -> Callable[..., Any]:
    return not_offered("v2", what, use)


def _walk(transport: Transport, path: str, query: Mapping[str, str] | None = None) -> Iterator[Any]:
    """Yield every value of a listing, page after page."""
    for page in transport.pages(path, query):
        yield from page["values"]


class _Listing:
    """List and read what lies below one path."""

    path: str
    id_argument: str
    known: tuple[str, ...] = ()
    custom = False

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def _at(self, entity_id: str) -> str:
        return f"{self.path}/{id_segment(entity_id, self.id_argument)}"

    def iterate(self, params: Mapping[str, Any]) -> Iterator[Any]:
        query = filters(params, self.known, custom=self.custom)  # refused now, not at the first step
        return _walk(self._transport, self.path, query)

    def all(self) -> Entities:
        return list(self.iterate({}))


class Workspaces(_Listing):
    path = "workspaces"
    id_argument = "ws_id"
    known = ("name", "componentModel")

    def all(self, *, summary: bool = False) -> Entities:
        if summary:
            _missing("list workspaces in the short form with counts")()
        return super().all()

    def find(self, name: str, *, exact: bool) -> Entities:
        if exact:
            return list(self.iterate({"name": name}))
        start = name.casefold()
        return [ws for ws in self.all() if str(ws.get("name")).casefold().startswith(start)]

    def get(self, entity_id: str) -> Entity:
        return as_entity(self._transport.get(self._at(entity_id)))

    def context(self, ws_id: str) -> Entity:
        return as_entity(self._transport.get(self._at(ws_id) + "/context"))

    def components(self, ws_id: str) -> Entities:
        return list(_walk(self._transport, "components", {"rootWorkspace": id_segment(ws_id, "ws_id")}))

    def references(self, ws_id: str, *, incoming: bool) -> Entities:
        workspace = id_segment(ws_id, "ws_id")
        found = list(_walk(self._transport, "references", {"rootWorkspace": workspace}))
        if incoming:
            ending = _walk(self._transport, "references", {"targetWorkspace": workspace})
            found += [ref for ref in ending if ref.get("rootWorkspace") != workspace]
        return found

    def aggregated(self, ws_id: str) -> Entity:
        id_segment(ws_id, "ws_id")
        with ThreadPoolExecutor(SIDE_BY_SIDE) as threads:
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

    branches = _missing("list branches")
    create_branch = _missing("branch a workspace")
    create = _missing("create a workspace")
    update = _missing("change a workspace")
    delete = _missing("delete a workspace")


class _Writing(_Listing):
    """Write below one path as well."""

    custom = True
    argument: str
    writable: Writable

    #: What a sync does not compare: what Ardoq sets itself, on either version.
    read_only: frozenset[str]

    @property
    def built_in(self) -> frozenset[str]:
        return self.writable.built_in | self.writable.elsewhere

    @cached_property
    def _not_custom(self) -> frozenset[str]:
        return self.built_in | self.read_only

    @property
    def fixed(self) -> frozenset[str]:
        return self.writable.fixed

    def flat(self, body: Entity) -> Entity:
        # What v1 tells of itself is ignored beside the others; below `customFields` it is a custom field.
        return flat(body, self._not_custom) if "customFields" in body else body

    def nested(self, attributes: Entity) -> Entity:
        for key in self.writable.elsewhere & attributes.keys():
            raise InvalidInput(
                f"{self.argument} has {key!r}, which API v2 does not offer on {self.writable.noun}: leave it "
                "out, or use version='v1'."
            )
        return nested(attributes, self.writable.built_in)

    def read(self, entity_id: str) -> Entity:
        return as_entity(self._transport.get(self._at(entity_id)))

    def creation(self, attributes: Entity) -> Entity:
        return self.writable.new(self.nested(attributes), self.argument)

    def revision(self, current: Entity, changed: Entity) -> Entity:  # noqa: ARG002  (v1 sends all of it)
        ours = {key: value for key, value in changed.items() if key not in self.writable.read_only}
        return self.writable.changes(self.nested(ours), self.argument)

    def revise(self, current: Entity, changed: Entity) -> Entity:
        version = checked_version(current.get("_version"))
        return self.change(current["_id"], self.revision(current, changed), version)

    def create(self, body: Entity) -> Entity:
        answer = self._transport.post(self.path, self.writable.new(body, self.argument))
        return as_stored(answer, f"POST /api/v2/{self.path}")

    def update(self, entity_id: str, body: Entity) -> Entity:
        version = body.get("_version") if isinstance(body, dict) else None
        checked = "latest" if version is None else checked_version(version, f"{self.argument}['_version']")
        return self.change(entity_id, self.writable.whole(body, self.argument), checked)

    def patch(self, entity_id: str, payload: Entity | None, version: int | str) -> Entity:
        return self.change(entity_id, self.writable.changes(payload, "payload"), checked_version(version))

    def change(self, entity_id: str, changes: Entity, version: int | str) -> Entity:
        path = self._at(entity_id)
        answer = self._transport.patch(
            path, changes, {"ifVersionMatch": version}, is_applied=_is_applied(changes, version)
        )
        return as_stored(answer, f"PATCH /api/v2/{path}")

    def delete(self, entity_id: str) -> Entity:
        return as_entity(self._transport.delete(self._at(entity_id)))

    def touched(self, entity: Entity) -> tuple[str | None, str | None]:
        meta = entity.get("_meta") or {}
        who = meta.get("lastModifiedByName") or meta.get("lastModifiedByEmail")
        return who or meta.get("lastModifiedBy"), meta.get("lastUpdated")

    def value(self, entity: Entity, name: str) -> Any:
        return entity[name] if name in entity else (entity.get("customFields") or {}).get(name)


class Components(_Writing):
    path = "components"
    id_argument = "comp_id"
    argument = "comp"
    writable = COMPONENT
    read_only = COMPONENT_BOOKKEEPING
    known = ("name", "rootWorkspace", "parent", "componentKey", "typeId")

    def in_workspace(self, ws_id: str) -> Entities:
        return list(self.iterate({"rootWorkspace": id_segment(ws_id, "ws_id")}))

    def selected(self, ws_id: str | None, params: Mapping[str, Any]) -> Entities:
        return list(self.iterate(_within(ws_id, params)))

    def search(self, ws_id: str, name: str, field: str | None, value: Any) -> Entities:
        wanted = {"name": name} if field is None else {"name": name, field: value}
        return self.by_fields(ws_id, wanted)

    def by_fields(self, ws_id: str | None, fields: Mapping[str, Any]) -> Entities:
        if not fields:
            raise InvalidInput("No field to search for: give the name of a field and its value.")
        params = {
            name if name in self.known else f"customFields.{name}": value for name, value in fields.items()
        }
        return self.selected(ws_id, params)

    def get(self, entity_id: str, *, incl_refs: bool = False) -> Entity:
        comp = as_entity(self._transport.get(self._at(entity_id)))
        if incl_refs:
            comp["references"] = {
                end: list(_walk(self._transport, "references", {attribute: entity_id}))
                for end, attribute in (("in", "target"), ("out", "source"))
            }
        return comp

    def twins(self, body: Entity) -> Entities:
        return list(self.iterate({key: body[key] for key in ("rootWorkspace", "typeId", "name")}))

    def imagined(self, attributes: Entity) -> Entity:
        return {"parent": None, "description": None, "customFields": {}, **self.nested(attributes)}

    def children(self, comp: Entity) -> list[str]:
        return [child["_id"] for child in self.iterate({"parent": comp["_id"]})]

    delete_many = _missing("delete components by a list of ids", "version='v1', or batch()")


class References(_Writing):
    path = "references"
    id_argument = "ref_id"
    argument = "ref"
    writable = REFERENCE
    read_only = REFERENCE_BOOKKEEPING
    known = ("displayText", "rootWorkspace", "source", "targetWorkspace", "target", "type")

    def in_workspace(self, ws_id: str) -> Entities:
        return list(self.iterate({"rootWorkspace": id_segment(ws_id, "ws_id")}))

    def selected(self, ws_id: str | None, params: Mapping[str, Any]) -> Entities:
        return list(self.iterate(_within(ws_id, params)))

    def get(self, entity_id: str) -> Entity:
        return as_entity(self._transport.get(self._at(entity_id)))

    def twins(self, body: Entity) -> Entities:
        return list(self.iterate({key: body[key] for key in ("source", "target", "type")}))

    def imagined(self, attributes: Entity) -> Entity:
        return {"description": None, "customFields": {}, **self.nested(attributes)}

    def flat(self, body: Entity) -> Entity:
        attributes = super().flat(body)
        # v2 takes no null here, only empty text: to a sync they are the same.
        return {**attributes, "displayText": None} if attributes.get("displayText") == "" else attributes

    def nested(self, attributes: Entity) -> Entity:
        body = super().nested(attributes)
        return {**body, "displayText": ""} if body.get("displayText", ...) is None else body


class Models:
    """What v1 calls a model is here the context of a workspace."""

    def __init__(self, workspaces: Workspaces) -> None:
        self._workspaces = workspaces

    def of_workspace(self, ws_id: str, loaded: Entity | None = None) -> Entity:
        return loaded if loaded and "componentTypes" in loaded else self._workspaces.context(ws_id)

    def component_type(self, model: Entity, name: str) -> dict[str, Any] | None:
        return metamodel.find_by_name(model.get("componentTypes"), name)

    def reference_type(self, model: Entity, name: str) -> dict[str, Any] | None:
        return metamodel.find_by_name(model.get("referenceTypes"), name)

    def describe(self, model: Entity) -> str:
        return metamodel.describe_context(model)

    all = _missing("list models", "version='v1', or get_context(ws_id)")
    get = _missing("read a model by its id", "version='v1', or get_context(ws_id)")
    create = _missing("create a model")
    update = _missing("change a model")
    patch = _missing("change a model")


class Fields:
    def __init__(self, workspaces: Workspaces) -> None:
        self._workspaces = workspaces

    #: What does not fit the definition of its field, or has none, is refused.
    binding = True

    def of_workspace(self, ws_id: str, loaded: Entity | None = None) -> dict[str, Field]:
        context = loaded if loaded and "customFields" in loaded else self._workspaces.context(ws_id)
        found = [metamodel.field_of_context(entry) for entry in context.get("customFields") or []]
        return {field.name: field for field in found}

    all = _missing("list the definitions of fields", "version='v1', or get_context(ws_id)")
    get = _missing("read the definition of a field", "version='v1', or get_context(ws_id)")
    create = _missing("create a field")
    update = _missing("change a field")
    delete = _missing("delete a field")


class Users:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def current(self) -> Entity:
        return as_entity(self._transport.get("me"))

    notify = _missing("send a mail")


class Attachments(_Listing):
    path = "attachments"
    id_argument = "attachment_id"
    known = ("filename", "folder")

    def of(
        self, resource_type: str | None, resource_id: str | None, params: Mapping[str, Any]
    ) -> Iterator[Any]:
        if resource_type is not None or resource_id is not None:
            _missing("list the attachments of one resource")()
        return self.iterate(params)

    def get(self, entity_id: str) -> Entity:
        return as_entity(self._transport.get(self._at(entity_id)))

    upload = _missing("upload a file")
    download = _missing("download a file")
    delete = _missing("delete a file")


class Batches:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def transaction(self) -> Entity:
        return {
            "options": {"respondWithEntities": True},
            "components": {"create": [], "update": [], "delete": []},
            "references": {"create": [], "update": [], "delete": []},
        }

    def send(self, body: Entity) -> Entity:
        return as_entity(self._transport.post("batch", attributes(body, "batch")))

    def expand(self, body: Entity) -> Entity:
        return as_entity(self._transport.post("batch/expand", attributes(body, "batch"), reads=True))

    create = _missing("create by lists in v1's form", "version='v1', or batch()")


class Reports(_Listing):
    path = "reports"
    id_argument = "report_id"
    known = ("name",)

    def get(self, entity_id: str) -> Entity:
        return as_entity(self._transport.get(self._at(entity_id)))

    def rows(self, report_id: str, *, tabular: bool, keys: str) -> Iterator[Any]:
        if keys not in ("label", "key"):
            raise InvalidInput(f"keys is {keys!r}: say 'label' or 'key'.")
        if tabular and keys != "label":
            raise InvalidInput("keys are for rows as dicts: tabular rows have none.")
        view = "run/tabular" if tabular else "run/objects"
        query = {} if tabular else {"keyFormat": keys}
        return _walk(self._transport, f"{self._at(report_id)}/{view}", query)

    export = _missing("export a report in v1's form", "version='v1', or run_report(report_id)")


class Folders:
    all = _missing("list folders")
    get = _missing("read a folder")
    create = _missing("create a folder")
    update = _missing("change a folder")
    add = _missing("move workspaces into a folder")
    delete = _missing("delete a folder")


class Tags:
    all = _missing("list tags", "version='v1', or get_context(ws_id)")
    in_workspace = _missing("list tags", "version='v1', or get_context(ws_id)")
    get = _missing("read a tag")
    create = _missing("create a tag")
    update = _missing("change a tag")
    delete = _missing("delete a tag")


class Organisations:
    host = _missing("switch to another organisation")


class V2:
    """API v2 of one Ardoq: `settings` say which, `wire` how to reach it (see `Transport`).

    Raise `ConfigurationError` where the host is the one that organisations share, and no label says which.
    """

    def __init__(self, settings: Settings, **wire: Any) -> None:
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
            **wire,
        )
        self.workspaces = Workspaces(self.transport)
        self.components = Components(self.transport)
        self.references = References(self.transport)
        self.models = Models(self.workspaces)
        self.fields = Fields(self.workspaces)
        self.users = Users(self.transport)
        self.attachments = Attachments(self.transport)
        self.batches = Batches(self.transport)
        self.reports = Reports(self.transport)
        self.folders = Folders()
        self.tags = Tags()
        self.organisations = Organisations()

    def iterate(self, path: str, params: Mapping[str, Any] | None) -> Iterator[Any]:
        return _walk(self.transport, path, params)


def _within(ws_id: str | None, params: Mapping[str, Any]) -> Mapping[str, Any]:
    if ws_id is None:
        return params
    if not isinstance(params, dict):
        return params
    named = params.get("rootWorkspace", ws_id)
    if named != ws_id:
        raise InvalidInput(f"ws_id is {ws_id!r} and the filter rootWorkspace {named!r}: give one of them.")
    return {**params, "rootWorkspace": id_segment(ws_id, "ws_id")}


def _is_applied(sent: Entity, version: int | str) -> Callable[[Any], bool]:
    """Return the test whether what is stored is what was sent: the next version, and every attribute in
    it.
    """

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
