"""What every version of Ardoq's API offers: the interface that `v1.py` and `v2.py` implement.

`ArdoqClient` and the sync client call these methods and never ask for the version. A method that a version
lacks is there all the same, made by `unsupported`: it raises an error that names the version that has it.
"""

from __future__ import annotations

from itertools import repeat
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, Protocol, TypeVar

from ardoqpy._messages import describe_type, quote_name
from ardoqpy.errors import UnexpectedAnswer, UnsupportedOperation

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Mapping
    from collections.abc import Set as AbstractSet
    from contextlib import AbstractContextManager
    from typing import BinaryIO

    from ardoqpy import entities
    from ardoqpy._http.json import EncodedJson
    from ardoqpy._http.transport import Transport
    from ardoqpy.entities import Attributes, Entities, Entity
    from ardoqpy.metamodel import Field

T_co = TypeVar("T_co", covariant=True)


def unsupported(version: str, operation: str, alternative: str) -> Callable[..., Any]:
    """Return a method for something that this version of the API does not have.

    `operation` completes "cannot do this (...)", `alternative` completes "use ...". Called with any
    arguments, it raises `UnsupportedOperation` and sends nothing.
    """

    def raise_unsupported(*_: Any, **__: Any) -> NoReturn:
        raise UnsupportedOperation(f"API {version} cannot do this ({operation}): use {alternative}.")

    return raise_unsupported


# -- checks of answers; what is in them is up to Ardoq, so the type is Any ---------------------------------


def checked_list(answer: Any) -> list[Any]:
    """Return an answer that has to be a list; Ardoq gives null for some empty ones.

    Raise `UnexpectedAnswer` if it is anything else.
    """
    if answer is None:
        return []
    if not isinstance(answer, list):
        raise UnexpectedAnswer(f"Ardoq answered with {describe_type(answer)} where a list was expected.")
    return answer


def checked_objects(answer: Any) -> list[Any]:
    """Return an answer that has to be a list of JSON objects, as `checked_list` does."""
    for item in checked_list(answer):
        checked_object(item)
    return checked_list(answer)


def checked_object(answer: Any) -> Any:
    """Return an answer that has to be a JSON object; raise `UnexpectedAnswer` if it is anything else."""
    if not isinstance(answer, dict):
        raise UnexpectedAnswer(f"Ardoq answered with {describe_type(answer)} where an object was expected.")
    return answer


#: The JSON types of attributes that a sync reads; null is an absent value only for the last two.
_TYPES: Mapping[str, AbstractSet[type]] = {
    **{key: {str} for key in ("_id", "rootWorkspace", "typeId", "name", "source", "target")},
    "_version": {int},
    "parent": {str, type(None)},
    "customFields": {dict, type(None)},
}


#: How many entities are checked at a time.
_BLOCK = 200
_REFERENCE_TYPES = {**_TYPES, "type": {int}}


def _types_of(keys: Container[str]) -> Mapping[str, AbstractSet[type]]:
    """Return the JSON types of an entity with these keys; the type of a reference is a number."""
    return _REFERENCE_TYPES if "source" in keys else _TYPES


def checked_stored(answer: Any, request: str) -> Any:
    """Return what a write has stored.

    Raise `UnexpectedAnswer` if the answer lacks its id, or has an attribute of another type than Ardoq's.
    """
    for key in ("_id", *(_types_of(checked_object(answer)).keys() & answer.keys())):
        if type(answer.get(key)) not in _types_of(answer)[key]:
            has = "no" if key not in answer else f"{describe_type(answer[key])} for"
            raise UnexpectedAnswer(
                f"{request} was carried out, but the answer has {has} {key!r}: look in Ardoq for what is "
                "stored."
            )
    return answer


def checked_entities(answer: Any, identity: AbstractSet[str]) -> Entities:
    """Return an answer that has to be a list of entities, each with a value for every key of `identity`.

    Raise `UnexpectedAnswer` if it is anything else. What is written again, or deleted, depends on such a
    list: null, or an entity without one of the keys, says nothing about what Ardoq holds.
    """
    if not isinstance(answer, list):
        raise UnexpectedAnswer(
            f"Ardoq answered with {describe_type(answer)} where a list was expected: what it holds is "
            "unknown."
        )
    if not set(map(type, answer)) <= {dict}:
        checked_objects(answer)  # says which JSON type it is
    keys, expected = sorted(identity), _types_of(identity)
    # A block after the other, which the processor's cache holds for all keys: a workspace has tens of
    # thousands of entities.
    for start in range(0, len(answer), _BLOCK):
        _check_types(answer[start : start + _BLOCK], keys, expected)
    return answer


def checked_entity(answer: Any, entity_id: str, identity: AbstractSet[str]) -> Entity:
    """Return an answer that has to be the entity with an id, as `checked_entities` does."""
    (entity,) = checked_entities([answer], identity)
    if entity["_id"] != entity_id:
        raise UnexpectedAnswer(f"Ardoq answered with another entity than {quote_name(entity_id)}.")
    return entity


def _check_types(block: Entities, keys: list[str], expected: Mapping[str, AbstractSet[type]]) -> None:
    """Check some entities, key by key, in loops that make no objects."""
    for key in keys:
        try:
            types = set(map(type, map(itemgetter(key), block)))
        except KeyError:
            types = {type(None)}
        if type(None) in types:
            raise UnexpectedAnswer(
                f"Ardoq answered with an entity without {key!r}: what it holds is unknown."
            )
        if not types <= expected.get(key, types):
            raise _other_type(key)
    for key in ("parent", "customFields"):
        if not set(map(type, map(dict.get, block, repeat(key)))) <= expected[key]:
            raise _other_type(key)


def _other_type(key: str) -> UnexpectedAnswer:
    return UnexpectedAnswer(f"Ardoq answered with an entity whose {key!r} is of another JSON type.")


# -- the interface ---------------------------------------------------------------------------------------


class Collection(Protocol[T_co]):
    """The entities of one kind; attributes are a dict, or a `TypedDict` of `ardoqpy.entities`."""

    def get(self, entity_id: str) -> T_co:
        """Return one entity."""

    def create(self, body: Mapping[str, Any]) -> T_co:
        """Create an entity and return it as stored."""

    def update(self, entity_id: str, body: Mapping[str, Any]) -> T_co:
        """Replace the attributes of an entity and return it as stored."""

    def delete(self, entity_id: str) -> Entity:
        """Delete an entity and return an empty dict."""


class Workspaces(Collection["entities.Workspace"], Protocol):
    """The workspaces."""

    def all(self, *, summary: bool) -> list[entities.Workspace]:
        """Return every workspace; `summary`: in the short form with counts (v1)."""

    def iterate(self, params: Mapping[str, Any]) -> Iterator[entities.Workspace]:
        """Yield the workspaces that match all filters."""

    def find(self, name: str, *, exact: bool) -> list[entities.Workspace]:
        """Return the workspaces whose name begins with `name`, or is `name` if `exact`."""

    def aggregated(self, ws_id: str) -> Entity:
        """Return a workspace with everything in it."""

    def context(self, ws_id: str) -> entities.Context:
        """Return what can be used in a workspace: types, fields, tags."""

    def components(self, ws_id: str) -> Entities:
        """Return the components of a workspace."""

    def references(self, ws_id: str, *, incoming: bool) -> Entities:
        """Return the references that start in a workspace, and if `incoming` those that end there."""

    def branches(self, ws_id: str) -> list[entities.Branch]:
        """Return the branches of a workspace."""

    def create_branch(self, ws_id: str, branch_name: str) -> entities.Workspace:
        """Branch a workspace and return the new workspace."""


class Folders(Collection["entities.Folder"], Protocol):
    """The folders that contain workspaces."""

    def all(self) -> list[entities.Folder]:
        """Return every folder."""

    def add(self, folder_id: str, ws_list: list[str]) -> Entity:
        """Move workspaces into a folder."""


class LastChange(NamedTuple):
    """Who changed an entity last, and when; None for what the entity does not have."""

    user: str | None
    time: str | None


def read_last_change(data: Any, users: tuple[str, ...], time: str) -> LastChange:
    """Return who changed an entity last, by the first of the keys `users` that has text, and when."""
    held = data if isinstance(data, dict) else {}
    texts = {key: held[key] for key in (*users, time) if isinstance(held.get(key), str)}
    return LastChange(next((texts[key] for key in users if texts.get(key)), None), texts.get(time))


class Synced(Protocol):
    """What a sync needs of components and of references.

    A sync gives every attribute one name: the flat form, whichever version the client speaks.
    """

    @property
    def read_only(self) -> frozenset[str]:
        """Return the names of the attributes that cannot be written."""

    @property
    def identity(self) -> frozenset[str]:
        """Return the attributes that every entity has, and without which it is not known which one it is."""

    @property
    def built_in(self) -> frozenset[str]:
        """Return the names that are not those of custom fields."""

    @property
    def unavailable(self) -> frozenset[str]:
        """Return the names of the attributes that only the other version offers."""

    @property
    def fixed(self) -> frozenset[str]:
        """Return the names of the attributes that only a new entity can be given."""

    def is_sent_alone(self, changed: Attributes) -> bool:
        """Return whether a change cannot be part of a transaction."""

    def flatten(self, body: Attributes) -> Attributes:
        """Return a body with its custom fields beside the other attributes."""

    def nest(self, attributes: Attributes) -> Attributes:
        """Return flat attributes in the form that this version has."""

    def read(self, entity_id: str) -> Entity:
        """Return one entity as this version gives it; raise `UnexpectedAnswer` if it is not whole."""

    def in_workspace(self, ws_id: str) -> Entities:
        """Return all entities of a workspace; raise `UnexpectedAnswer` if Ardoq's answer may lack some."""

    def find_duplicates(self, body: Attributes) -> Entities:
        """Return the entities among which those are that a sync takes for the same as `body`.

        Raise `UnexpectedAnswer` if Ardoq's answer may lack some.
        """

    def create(self, body: Mapping[str, Any]) -> Entity:
        """Create an entity and return it as stored."""

    def create_body(self, attributes: Attributes) -> Attributes:
        """Return the body that creates an entity with flat `attributes`."""

    def update_body(self, current: Entity, changed: Attributes) -> Attributes:
        """Return the body that changes flat attributes of `current`."""

    def apply_changes(self, current: Entity, changed: Attributes) -> Entity:
        """Change flat attributes of `current` at the version that it was read at."""

    def delete(self, entity_id: str) -> Entity:
        """Delete an entity and return an empty dict."""

    def preview(self, body: Attributes) -> Entity:
        """Return what Ardoq would answer to a create with that body, without the id and what Ardoq counts."""

    def last_change(self, entity: Entity) -> LastChange:
        """Return who changed an entity last, and when."""


class _Filtered(Synced, Protocol):
    """What components and references offer beside a sync."""

    def all(self) -> Entities:
        """Return every entity of this kind."""

    def iterate(self, params: Mapping[str, Any]) -> Iterator[Entity]:
        """Yield the entities that match all filters."""

    def selected(self, ws_id: str | None, params: Mapping[str, Any]) -> Entities:
        """Return the entities, of one workspace if it is given, that match all filters."""

    def update(self, entity_id: str, body: Mapping[str, Any]) -> Entity:
        """Change an entity into `body` and return it as stored."""

    def patch(self, entity_id: str, payload: Mapping[str, Any] | None, version: int | str) -> Entity:
        """Change some attributes at a version, or at "latest", and return the entity as stored."""


class Components(_Filtered, Protocol):
    """The components."""

    def get(self, entity_id: str, *, incl_refs: bool) -> Entity:
        """Return one component, with its references in `references` if `incl_refs`."""

    def value(self, entity: Entity, name: str) -> Any:
        """Return the value of a built-in attribute or a custom field."""

    def search(self, ws_id: str, name: str, field: str | None, value: Any) -> Entities:
        """Return the components of a workspace with that name and, if given, that value in a field."""

    def by_fields(self, ws_id: str | None, fields: Mapping[str, Any]) -> Entities:
        """Return the components that have all these values."""

    def children(self, comp: Entity) -> list[str]:
        """Return the ids of the children of a component that was just read.

        Raise `UnexpectedAnswer` if Ardoq's answer does not say which they are.
        """

    def references_at(self, comp: Entity) -> Entities:
        """Return the references at a component that was just read with `incl_refs`, whichever end it is.

        Raise `UnexpectedAnswer` if Ardoq's answer does not say which they are.
        """

    def delete_many(self, comp_ids: list[str], request_id: str | None) -> entities.DeletedComponents:
        """Delete several components in one request."""


class References(_Filtered, Protocol):
    """The references between components."""

    def get(self, entity_id: str) -> Entity:
        """Return one reference."""


class Tags(Collection["entities.Tag"], Protocol):
    """The tags on components and references."""

    def all(self) -> list[entities.Tag]:
        """Return every tag."""

    def in_workspace(self, ws_id: str) -> list[entities.Tag]:
        """Return the tags of a workspace."""


class Models(Protocol):
    """The models: which types of components and references there are."""

    def all(self, *, include_common: bool) -> list[entities.Model]:
        """Return every model; `include_common`: Ardoq's own as well."""

    def get(self, entity_id: str) -> entities.Model:
        """Return one model."""

    def of_workspace(
        self, ws_id: str, loaded: Mapping[str, Any] | None = None
    ) -> entities.Model | entities.Context:
        """Return the model (v1) or context (v2) of a workspace, from `loaded` if it is in there."""

    def component_type(self, model: Mapping[str, Any], name: str) -> Attributes | None:
        """Return the first component type of that name as this version has it."""

    def reference_type(self, model: Mapping[str, Any], name: str) -> Attributes | None:
        """Return the first reference type of that name as this version has it."""

    def describe(self, model: Mapping[str, Any]) -> str:
        """Return the types of a model as text."""

    def create(self, body: Mapping[str, Any]) -> entities.Model:
        """Create a model and return it as stored."""

    def update(self, entity_id: str, body: Mapping[str, Any]) -> entities.Model:
        """Replace a model and return it as stored."""

    def patch(self, entity_id: str, payload: Mapping[str, Any]) -> entities.Model:
        """Change some attributes of a model and return it as stored."""


class Fields(Collection["entities.FieldDefinition"], Protocol):
    """The definitions of custom fields."""

    @property
    def binding(self) -> bool:
        """Return whether Ardoq rejects values that do not fit the definition."""

    def of_workspace(self, ws_id: str, loaded: Mapping[str, Any] | None = None) -> dict[str, Field]:
        """Return the fields of a workspace's model by name, from `loaded` if they are in there."""

    def all(self, *, include_common: bool) -> list[entities.FieldDefinition]:
        """Return every definition; `include_common`: Ardoq's own as well."""


class Users(Protocol):
    """The user of the token."""

    def current(self) -> entities.User:
        """Return the user."""

    def notify(self, subject: str, body: str) -> Entity:
        """Have Ardoq send a mail to the user."""


class Attachments(Protocol):
    """Files attached to a workspace or the organisation."""

    def of(
        self, resource_type: str | None, resource_id: str | None, params: Mapping[str, Any]
    ) -> Iterator[entities.Attachment]:
        """Yield the files of one resource (v1), or those that match all filters (v2)."""

    def get(self, entity_id: str) -> entities.Attachment:
        """Return what Ardoq has about one file."""

    def upload(
        self,
        resource_type: str,
        resource_id: str,
        content: Callable[[], BinaryIO],
        filename: str,
        content_type: str,
    ) -> entities.Attachment:
        """Send a file; `content` opens it, for each attempt."""

    def download(
        self, resource_type: str, resource_id: str, filename: str
    ) -> AbstractContextManager[Iterator[bytes]]:
        """Open a file for reading in chunks."""

    def delete(self, resource_type: str, resource_id: str, filename: str) -> Entity:
        """Delete a file and return an empty dict."""


class Batches(Protocol):
    """Many writes in one request."""

    def transaction(self) -> Attributes:
        """Return an empty batch that is carried out whole or not at all, and answers with what it stored."""

    def create(
        self, components: Entities, references: Entities, options: Mapping[str, Any]
    ) -> entities.BatchIds:
        """Create components and references and return their ids by batch id (v1)."""

    def send(self, body: Mapping[str, Any] | EncodedJson) -> entities.BatchAnswer:
        """Carry out a batch (v2)."""

    def expand(self, body: Mapping[str, Any]) -> entities.BatchBody:
        """Return a batch with its aliases replaced by ids (v2)."""


class Reports(Protocol):
    """The reports saved in Ardoq."""

    def export(self, report_id: str) -> Entities:
        """Run a report and return its rows (v1)."""

    def iterate(self, params: Mapping[str, Any]) -> Iterator[entities.ReportOverview]:
        """Yield the definitions of the reports that match all filters (v2)."""

    def get(self, entity_id: str) -> entities.ReportOverview:
        """Return the definition of one report (v2)."""

    def rows(self, report_id: str, *, tabular: bool, keys: str) -> Iterator[Any]:
        """Run a report and yield its rows: lists if `tabular`, else dicts by "label" or "key" (v2)."""


class Organisations(Protocol):
    """The organisations that the user belongs to."""

    def host(self, org: str) -> str:
        """Return the address of an organisation."""


class Dialect(Protocol):
    """One version of the API: its collections, over the one transport that sends the requests."""

    transport: Transport
    workspaces: Workspaces
    folders: Folders
    components: Components
    references: References
    tags: Tags
    models: Models
    fields: Fields
    users: Users
    attachments: Attachments
    batches: Batches
    reports: Reports
    organisations: Organisations

    def iterate(self, path: str, params: Mapping[str, Any] | None) -> Iterator[Any]:
        """Yield every value of the listing at `path`."""
