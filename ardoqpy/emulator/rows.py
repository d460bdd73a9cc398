"""Type the rows of the tables. A seed consists of the same rows.

A stored row has all of its keys. A row of a seed may leave out every key that is not `Required`.
"""

from collections.abc import Mapping
from typing import Any, Required, TypedDict, TypeVar

#: A JSON object whose keys are not known here: a body, an answer, or custom values by field name.
Attributes = dict[str, Any]


class Row(TypedDict, total=False):
    """Identify a row of any table by its id."""

    _id: str


R = TypeVar("R", bound=Row)


class Version(TypedDict):
    """Name an entity in one of its versions."""

    _id: str
    _version: int


class EntityRow(Row, total=False):
    """Record who created and changed an entity, and when (ISO-8601 in UTC)."""

    _version: int
    created: str
    createdBy: str
    lastUpdated: str
    lastModifiedBy: str
    origin: Version | None


class CounterRow(Row, total=False):
    """Hold the last number that a counter has given out."""

    value: Required[int]


class NamedRow(EntityRow, total=False):
    """Name and describe an entity."""

    name: Required[str]
    description: str | None


class Style(TypedDict, total=False):
    """Describe how a component, or a type of components, looks."""

    color: str | None
    icon: str | None
    shape: str | None
    image: str | None


class UserRow(Row, total=False):
    """Describe a person or a service account; only a user with a `token` has that and `serviceAccount`."""

    name: str
    email: str
    token: str
    serviceAccount: bool


class ComponentTypeDefinition(Style, total=False):
    """Describe a component type within a model; `children` has the types below it by id."""

    id: str
    name: Required[str]
    index: float
    level: int
    children: "dict[str, ComponentTypeDefinition]"
    returnsValue: bool
    standard: str | None


class ReferenceTypeDefinition(TypedDict, total=False):
    """Describe a reference type within a model."""

    id: int
    name: Required[str]
    line: str
    lineEnding: str
    color: str | None
    svgStyle: str | None
    returnsValue: bool


class ModelRow(NamedRow, total=False):
    """Describe a model: component types by id, reference types by number."""

    root: dict[str, ComponentTypeDefinition]
    referenceTypes: dict[str, ReferenceTypeDefinition]
    useAsTemplate: bool
    common: bool
    createdFromTemplate: str | None
    flexible: bool
    blankTemplate: bool
    category: str
    defaultViews: list[str]
    startView: str | None
    defaultSort: str | None
    folder: str | None


_Global = TypedDict("_Global", {"global": bool}, total=False)


class FieldRow(EntityRow, _Global, total=False):
    """Define a field of a model; `componentType` and `referenceType` list the types that show it."""

    name: str
    label: Required[str]
    type: str
    model: Required[str]
    componentType: list[str]
    referenceType: list[str]
    globalref: bool
    defaultValue: Any
    description: str | None
    required: bool
    order: float
    dateTimeFields: list[Any]
    calculatedFieldSettings: Attributes | None


class FolderRow(NamedRow, total=False):
    """Describe a folder of workspaces."""


class WorkspaceRow(NamedRow, total=False):
    """Describe a workspace."""

    folder: str | None
    views: list[str]
    startView: str | None
    defaultPerspective: str | None
    componentModel: str
    workspaceKey: str


class ComponentRow(NamedRow, Style, total=False):
    """Describe a component."""

    rootWorkspace: Required[str]
    typeId: str
    parent: str | None
    version: str | None
    isPublic: bool | None
    order: float
    model: str
    componentKey: str
    customFields: Attributes


class ReferenceRow(EntityRow, total=False):
    """Describe a reference between two components."""

    source: Required[str]
    target: Required[str]
    type: Required[int]
    description: str | None
    displayText: str | None
    returnValue: str | None
    order: int
    rootWorkspace: str
    targetWorkspace: str
    model: str
    customFields: Attributes


class TagRow(NamedRow, total=False):
    """Describe a tag with the ids of the components and references that carry it."""

    rootWorkspace: Required[str]
    components: list[str]
    references: list[str]


class AttachmentRow(EntityRow, total=False):
    """Describe an uploaded file; `content` is its bytes in Base64."""

    resourceType: str
    resourceId: Required[str]
    filename: Required[str]
    contentType: str
    content: Required[str]
    size: int
    folder: str | None


class BranchRow(Row, total=False):
    """Record a branch: the new workspace, and the id of the workspace that it was copied from."""

    created: str
    createdBy: str
    name: Required[str]
    origin: Required[str]
    workspace: Required[str]


class Column(TypedDict):
    """Describe a column of a report."""

    key: str
    label: str


class ReportRow(EntityRow, total=False):
    """Describe a report; `query` may have "rootWorkspace" and "typeId"."""

    name: str | None
    description: str | None
    query: dict[str, str | None]
    datasource: str
    columns: list[Column]


class Seed(TypedDict, total=False):
    """Hold everything that an emulator stores: what it starts from, and what `dump` returns."""

    format: Required[int]
    users: list[UserRow]
    models: list[ModelRow]
    fields: list[FieldRow]
    folders: list[FolderRow]
    workspaces: list[WorkspaceRow]
    components: list[ComponentRow]
    references: list[ReferenceRow]
    tags: list[TagRow]
    attachments: list[AttachmentRow]
    branches: list[BranchRow]
    reports: list[ReportRow]
    counters: list[CounterRow]


def copy_values(row: Mapping[str, Any], *names: str) -> Attributes:
    """Return these attributes of a row."""
    return {name: row[name] for name in names}
