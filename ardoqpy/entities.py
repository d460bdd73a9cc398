"""Types of what travels between you, this library and Ardoq, as its JSON gives it.

What has known keys is a `TypedDict`: a type checker finds a misspelled key, and an editor completes it.
All keys are optional, because which of them an answer has depends on the API version and on the call.

Components and references are the exception. API v1 puts custom fields flat beside the built-in attributes,
and no `TypedDict` can allow keys that only a model knows. So the methods of `ArdoqClient` take and return
them as `Attributes`, where `component["cost"]` is valid. `Component` and `Reference` list the built-in
attributes, for a `Batch`, and for code that needs only these.

Source of the keys: API v2's contract; for v1, the answers that other clients of Ardoq are known to read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Attributes by name where the names are not known here: custom fields, or a dict of the caller.
Attributes = dict[str, Any]
#: One stored entity in code that handles several kinds alike. For a single kind, use its own type.
Entity = Attributes
Entities = list[Entity]

#: Attributes of components and references on v2; a custom field with such a name keeps its prefix.
_BUILT_IN = {
    *("_id", "_version", "_meta", "rootWorkspace", "name", "description", "customFields", "type"),
    *("typeId", "componentKey", "parent", "color", "icon", "image", "shape"),
    *("source", "target", "targetWorkspace", "displayText"),
}
_MAX_DEPTH = 4


class Meta(TypedDict, total=False):
    """Who wrote an entity, and when (v2)."""

    created: str
    createdBy: str
    createdByName: str
    createdByEmail: str
    lastUpdated: str
    lastModifiedBy: str
    lastModifiedByName: str
    lastModifiedByEmail: str


_Dates = TypedDict("_Dates", {"last-updated": str, "created-by": str, "last-modified-by": str}, total=False)


class Stored(_Dates, total=False):
    """What Ardoq sets itself on every entity: v1 flat, v2 below `_meta`."""

    _id: str
    _version: int
    _meta: Meta
    created: str
    createdByName: str | None
    createdByEmail: str | None
    lastModifiedByName: str | None
    lastModifiedByEmail: str | None
    ardoq: Attributes
    origin: Attributes


class _Described(Stored, total=False):
    """An entity with a name and a description."""

    name: str
    description: str | None


class _Style(TypedDict, total=False):
    """How a component, or a type of components, looks."""

    color: str | None
    icon: str | None
    image: str | None
    shape: str | None


_ComponentKey = TypedDict("_ComponentKey", {"component-key": str}, total=False)


class Component(_Described, _Style, _ComponentKey, total=False):
    """The built-in attributes of a component; v2 has its custom fields below `customFields`."""

    rootWorkspace: str
    model: str
    typeId: str
    type: str
    parent: str | None
    children: list[str]
    componentKey: str
    version: str | None
    isPublic: bool
    _order: float
    customFields: Attributes
    batchId: str


class Reference(Stored, total=False):
    """The built-in attributes of a reference; `type` is the number of a reference type in the model."""

    source: str
    target: str
    type: int
    rootWorkspace: str
    targetWorkspace: str
    model: str
    displayText: str | None
    description: str | None
    returnValue: str | None
    order: int
    customFields: Attributes
    batchId: str


_WorkspaceKeys = TypedDict(
    "_WorkspaceKeys",
    {"workspace-key": str, "comp-counter": int, "linked-workspaces": dict[str, list[str]]},
    total=False,
)


class _WorkspaceAttributes(_Described, _WorkspaceKeys, total=False):
    """What a workspace has, read alone or with all that is in it."""

    type: str
    componentModel: str
    componentTemplate: str
    folder: str | None
    views: list[str]
    startView: str | None
    defaultPerspective: str | None
    workspaceKey: str
    componentCount: int
    referenceCount: int


class Workspace(_WorkspaceAttributes, total=False):
    """A workspace; where v1 adds `components`, `references` and `tags`, they are lists of ids."""

    components: list[str]
    references: list[str]
    tags: list[str]


_Incoming = TypedDict(
    "_Incoming", {"incoming-components": Entities, "incoming-references": Entities}, total=False
)


class AggregatedWorkspace(_WorkspaceAttributes, _Incoming, total=False):
    """A workspace with everything in it; v1 gives null for `references` if there are none."""

    components: Entities
    references: Entities | None
    tags: list[Tag]
    rootWorkspace: str
    componentTypes: list[ComponentType]
    referenceTypes: list[ReferenceType]
    customFields: list[FieldDefinition]


Branch = TypedDict(
    "Branch",
    {"_id": str, "created": str, "created-by": str, "workspace-id": str, "branch-name": str},
    total=False,
)


class ComponentType(_Style, total=False):
    """A component type: by `id` in the tree of a model (v1), by `typeId` in a context (v2)."""

    id: str
    typeId: str
    name: str
    index: int
    level: int
    returnsValue: bool
    children: dict[str, ComponentType]
    parent: Attributes | None
    customFields: list[str]


class ReferenceType(TypedDict, total=False):
    """A reference type: its number is `id` in a model (v1), `type` in a context (v2)."""

    id: int
    type: int
    name: str
    line: str
    lineEnding: str
    color: str
    returnsValue: bool
    customFields: list[str]


class Model(_Described, total=False):
    """A model (v1): component types as the tree `root`, reference types by their numbers as text."""

    root: dict[str, ComponentType]
    referenceTypes: dict[str, ReferenceType]
    maxReferenceTypeKey: int
    useAsTemplate: bool
    common: bool
    flexible: bool
    blankTemplate: bool
    category: str
    defaultViews: list[str]
    startView: str | None
    workspaces: list[str]


_FieldKeys = TypedDict("_FieldKeys", {"global": bool, "globalref": bool}, total=False)


class FieldDefinition(_Described, _FieldKeys, total=False):
    """The definition of a custom field; its key on entities is `name` on v1, `apiKey` in a context (v2)."""

    apiKey: str
    label: str
    type: str
    model: str
    componentType: list[str]
    referenceType: list[str]
    defaultValue: Any
    options: list[str]
    required: bool
    calculated: bool
    readOnly: bool
    calculatedFieldSettings: Attributes


class Context(TypedDict, total=False):
    """What can be used in a workspace (v2): types of components and references, fields, names of tags."""

    rootWorkspace: str
    componentTypes: list[ComponentType]
    referenceTypes: list[ReferenceType]
    customFields: list[FieldDefinition]
    tags: list[Tag]


class Tag(_Described, total=False):
    """A tag, with the ids of the components and references that carry it; v2 gives its name alone."""

    rootWorkspace: str
    components: list[str]
    references: list[str]


class Folder(_Described, total=False):
    """A folder, with the ids of the workspaces in it."""

    workspaces: list[str]


_AttachmentKeys = TypedDict("_AttachmentKeys", {"content-type": str}, total=False)


class Attachment(Stored, _AttachmentKeys, total=False):
    """An attached file without its bytes; `size` is in bytes, `resource` (v2) is what it is attached to."""

    filename: str
    uri: str
    size: int
    folder: str | None
    resource: dict[str, str]


class User(TypedDict, total=False):
    """The user of a token and the organisation (v2); v1's answer is recorded nowhere."""

    user: dict[str, str]
    org: dict[str, str]


class ReportOverview(_Described, total=False):
    """The definition of a saved report (v2); each column is a dict with `key` and `label`."""

    columns: list[dict[str, str]]
    datasource: str


# -- more than one entity ------------------------------------------------------------------------------


class Page(TypedDict, total=False):
    """One page of a listing (v2): its values, and the link to the next page in `_links.next.href`."""

    values: list[Any]
    _links: dict[str, dict[str, str]]
    _meta: Attributes


class DeletedComponents(TypedDict, total=False):
    """The ids of what a delete of several components deleted, and the tags that it changed (v1)."""

    componentIds: list[str]
    referenceIds: list[str]
    updatedTags: list[Tag]
    clientRequestId: str | None


class BatchIds(TypedDict):
    """The ids that v1's batch created, by the caller's `batchId`."""

    components: dict[str, str]
    references: dict[str, str]


class BatchItem(TypedDict, total=False):
    """One create, update, upsert or delete in a batch (v2)."""

    body: Attributes
    batchId: str
    id: str
    ifVersionMatch: int | str
    uniqueBy: list[str]
    match: Attributes


class BatchOperations(TypedDict, total=False):
    """The operations of a batch on one kind, each a list (v2)."""

    create: list[BatchItem]
    update: list[BatchItem]
    upsert: list[BatchItem]
    delete: list[BatchItem]


class BatchBody(TypedDict, total=False):
    """A batch as it is sent (v2); `aliases` describe stored entities, by kind and alias."""

    options: dict[str, bool]
    aliases: dict[str, dict[str, Attributes]]
    components: BatchOperations
    references: BatchOperations


class BatchResultItem(TypedDict, total=False):
    """What a batch created, updated or deleted; `body` only with `respondWithEntities`."""

    id: str
    batchId: str
    body: Entity


class BatchResultLists(TypedDict, total=False):
    """What a batch did to one kind."""

    created: list[BatchResultItem]
    updated: list[BatchResultItem]
    deleted: list[BatchResultItem]


class BatchAnswer(TypedDict, total=False):
    """Ardoq's answer to a batch (v2)."""

    components: BatchResultLists
    references: BatchResultLists


def flatten(row: Any) -> Attributes:
    """Return the attributes of a row on one level: nested ones as `_meta.created`, custom fields by name.

    A custom field with the name of a built-in attribute becomes `customFields.name`. A row that is not an
    object gets the single attribute `value`.
    """
    return dict(_flattened(row, "", 1)) if isinstance(row, dict) else {"value": row}


def _flattened(row: Attributes, prefix: str, depth: int) -> Iterator[tuple[str, Any]]:
    for name, value in row.items():
        if name == "customFields" and isinstance(value, dict) and not prefix:
            yield from ((f"{name}.{key}" if key in _BUILT_IN else key, field) for key, field in value.items())
        elif isinstance(value, dict) and value and depth < _MAX_DEPTH:
            yield from _flattened(value, f"{prefix}{name}.", depth + 1)
        else:
            yield f"{prefix}{name}", value
