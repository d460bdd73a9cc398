"""State API v2 in our own words: its 22 operations in OpenAPI 3.0, in a short notation.

It replaces the vendor's contract if that file is not available, and a test compares the two if it is. It adds
the errors, which the vendor's contract lacks.

An object is a line of words, one for each attribute: `name` `*` (required) `?` (null allowed) `:type`. Types
are `str` (the default), `int`, `double`, `bool`, `any`, `time`, `email`, `version` (of a change), `open` (an
object of anything), `texts` (an object of strings), enumerations `a|b`, a schema `@Name`, a list of `[...]`,
an object of `{...}`.
"""

from typing import Any

Json = dict[str, Any]

_STYLE = "color? icon? image? shape?"
_ENTITY = "_id* _meta*:@EntityMetadata"
_CHANGE_OF_COMPONENT = f"name parent? description? {_STYLE} customFields:open"
_NEW_COMPONENT = f"rootWorkspace* typeId*:any name* parent? description? {_STYLE} customFields:open"
_CHANGE_OF_REFERENCE = "source target displayText description? customFields:open"
_NEW_REFERENCE = "source* target* type*:int displayText description? customFields:open"

SCHEMAS = {
    # who is asking
    "User": "email*",
    "Org": "name* label*",
    "UserInfo": "user:@User org:@Org",
    # what all entities have
    "EntityMetadata": (
        "created*:time createdBy* createdByName* createdByEmail*:email"
        " lastUpdated*:time lastModifiedBy* lastModifiedByName* lastModifiedByEmail*:email"
    ),
    "Next": "href*",
    "Links": "next:@Next",
    # workspaces
    "Workspace": (f"{_ENTITY} _version*:int>=0 name* description? workspaceKey views?:[str] startView?"),
    "Parent": "name* typeId*:any",
    "ComponentType": ("typeId*:any name* customFields*:[str] color*? icon*? image*? shape*? parent:@Parent"),
    "ReferenceType": "type*:int name* customFields*:[str]",
    "Field": (
        "apiKey* label* type* description*? defaultValue*:any calculated*:bool readOnly*:bool options:[str]"
    ),
    "Tag": "name*",
    "WorkspaceContext": (
        "rootWorkspace* componentTypes*:[@ComponentType] referenceTypes*:[@ReferenceType]"
        " customFields*:[@Field] tags*:[@Tag]"
    ),
    # components and references
    "Component": (
        f"{_ENTITY} _version*:int>=0 rootWorkspace* typeId*:any type name* componentKey parent? description?"
        f" {_STYLE} customFields*:open"
    ),
    "CreateComponentRequest": _NEW_COMPONENT,
    "UpdateComponentRequest": _CHANGE_OF_COMPONENT,
    "Reference": (
        f"{_ENTITY} _version*:int source* target* type*:int rootWorkspace targetWorkspace"
        " displayText? description? customFields*:open"
    ),
    "CreateReferenceRequest": _NEW_REFERENCE,
    "UpdateReferenceRequest": _CHANGE_OF_REFERENCE,
    # batch
    "BatchRequest": (
        "options:@BatchRequestOptions aliases:@Aliases"
        " components:@ComponentOperations references:@ReferenceOperations"
    ),
    "BatchRequestOptions": "respondWithEntities:bool",
    "Aliases": "components:{@ComponentAlias} references:{@ReferenceAlias}",
    "ComponentAlias": "rootWorkspace name componentKey customFields:texts",
    "ReferenceAlias": "rootWorkspace source target type:int customFields:texts",
    "ComponentMatch": "rootWorkspace typeId:any name componentKey customFields:texts",
    "ReferenceMatch": "rootWorkspace targetWorkspace source target type:int customFields:texts",
    "ComponentDocument": _NEW_COMPONENT,
    "PartialComponentDocument": _CHANGE_OF_COMPONENT,
    "ReferenceDocument": _NEW_REFERENCE,
    "PartialReferenceDocument": _CHANGE_OF_REFERENCE,
    "BatchResponse": "components:@ComponentResults references:@ReferenceResults",
    "DeletedResult": "id*",
    # reports
    "Column": "key* label*",
    "ReportOverview": (
        f"{_ENTITY} _version*:int>=0 name*? description? columns*:[@Column]"
        " datasource*:graphSearch|advancedSearch|advancedSearchPostgres"
    ),
    "ReportRunMetadata": "name*? columns*:[@Column]",
    # attachments
    "AttachmentResource": "resource-type*:org|workspace resource-id*",
    "Attachment": (f"{_ENTITY} _version*:double filename*:any folder*? resource*:@AttachmentResource"),
    # errors: only the message is known
    "Refusal": "message* data:open",
}
for _kind in ("Component", "Reference"):
    SCHEMAS |= {
        f"{_kind}Operations": (
            f"create:[@{_kind}CreateOperation] upsert:[@{_kind}OperationsUpsert]"
            f" update:[@{_kind}OperationsUpdate] delete:[@{_kind}OperationsDelete]"
        ),
        f"{_kind}CreateOperation": f"batchId body*:@{_kind}Document",
        f"{_kind}OperationsUpsert": f"batchId uniqueBy*:[str] body*:@{_kind}Document",
        f"{_kind}OperationsUpdate": f"id* ifVersionMatch*:version body*:@Partial{_kind}Document",
        f"{_kind}OperationsDelete": f"id match:@{_kind}Match",
        f"{_kind}Results": (
            f"created:[@Created{_kind}Result] updated:[@Updated{_kind}Result] deleted:[@DeletedResult]"
        ),
        f"Created{_kind}Result": f"id* batchId body:@{_kind}",
        f"Updated{_kind}Result": f"id* body:@{_kind}",
    }
#: Pages: their values and their metadata.
_PAGES = {
    "Workspace": ("@Workspace", "open"),
    "Component": ("@Component", "open"),
    "Reference": ("@Reference", "open"),
    "Report": ("@ReportOverview", "open"),
    "Attachment": ("@Attachment", "open"),
    "ReportObject": ("open", "@ReportRunMetadata"),
    "ReportTabular": ("[any]", "@ReportRunMetadata"),
}
for _name, (_item, _meta) in _PAGES.items():
    SCHEMAS[f"Paginated{_name}Response"] = f"values*:[{_item}] _links*:@Links _meta:{_meta}"

#: Verb, path, query (`*` for a must, `=a|b` for choices), body, status and schema of the answer.
OPERATIONS = [
    ("get", "me", "", None, 200, "UserInfo"),
    ("get", "workspaces", "name componentModel", None, 200, "PaginatedWorkspaceResponse"),
    ("get", "workspaces/{id}", "", None, 200, "Workspace"),
    ("get", "workspaces/{id}/context", "", None, 200, "WorkspaceContext"),
    (
        "get",
        "components",
        "name rootWorkspace parent componentKey typeId",
        None,
        200,
        "PaginatedComponentResponse",
    ),
    ("post", "components", "", "CreateComponentRequest", 201, "Component"),
    ("get", "components/{id}", "", None, 200, "Component"),
    ("patch", "components/{id}", "ifVersionMatch*", "UpdateComponentRequest", 200, "Component"),
    ("delete", "components/{id}", "", None, 204, None),
    (
        "get",
        "references",
        "displayText rootWorkspace source targetWorkspace target type",
        None,
        200,
        "PaginatedReferenceResponse",
    ),
    ("post", "references", "", "CreateReferenceRequest", 201, "Reference"),
    ("get", "references/{id}", "", None, 200, "Reference"),
    ("patch", "references/{id}", "ifVersionMatch*", "UpdateReferenceRequest", 200, "Reference"),
    ("delete", "references/{id}", "", None, 204, None),
    ("post", "batch", "", "BatchRequest", 200, "BatchResponse"),
    ("post", "batch/expand", "", "BatchRequest", 200, "BatchRequest"),
    ("get", "reports", "name", None, 200, "PaginatedReportResponse"),
    ("get", "reports/{id}", "", None, 200, "ReportOverview"),
    ("get", "reports/{id}/run/objects", "keyFormat=label|key", None, 200, "PaginatedReportObjectResponse"),
    ("get", "reports/{id}/run/tabular", "", None, 200, "PaginatedReportTabularResponse"),
    ("get", "attachments", "filename folder", None, 200, "PaginatedAttachmentResponse"),
    ("get", "attachments/{id}", "", None, 200, "Attachment"),
]

#: The errors: authentication, path, form, state, rate.
REFUSALS = (400, 401, 403, 404, 405, 409, 415, 422, 429)

_PLAIN: dict[str, Json] = {
    "str": {"type": "string"},
    "int": {"type": "integer", "format": "int64"},
    "int>=0": {"type": "integer", "format": "int64", "minimum": 0},
    "double": {"type": "number", "format": "double"},
    "bool": {"type": "boolean"},
    "any": {},
    "time": {"type": "string", "format": "date-time"},
    "email": {"type": "string", "format": "email"},
    "open": {"type": "object", "additionalProperties": {}},
    "texts": {"type": "object", "additionalProperties": {"type": "string"}},
    "version": {
        "anyOf": [
            {"type": "integer", "format": "int64", "minimum": 1},
            {"type": "string", "enum": ["latest"]},
        ]
    },
}


def _type(written: str) -> Json:
    if written in _PLAIN:
        return dict(_PLAIN[written])
    if written.startswith("@"):
        return {"$ref": f"#/components/schemas/{written[1:]}"}
    if written.startswith("["):
        return {"type": "array", "items": _type(written[1:-1])}
    if written.startswith("{"):
        return {"type": "object", "additionalProperties": _type(written[1:-1])}
    return {"type": "string", "enum": written.split("|")}


def _object(line: str) -> Json:
    properties: Json = {}
    required = []
    for word in line.split():
        head, _, written = word.partition(":")
        name = head.rstrip("*?")
        properties[name] = _type(written or "str")
        if "?" in head:
            properties[name]["nullable"] = True
        if "*" in head:
            required.append(name)
    shape: Json = {"type": "object", "properties": properties}
    return {**shape, "required": required} if required else shape


def _parameters(path: str, query: str) -> list[Json]:
    parameters: list[Json] = []
    if "{id}" in path:
        parameters.append({"name": "id", "in": "path", "required": True, "schema": {"type": "string"}})
    for word in query.split():
        head, _, choices = word.partition("=")
        schema: Json = {"type": "string", "enum": choices.split("|")} if choices else {"type": "string"}
        parameters.append(
            {"name": head.rstrip("*"), "in": "query", "required": head.endswith("*"), "schema": schema}
        )
    return parameters


def _json(name: str) -> Json:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}


def errors() -> Json:
    """Return the error responses that every operation may give."""
    return {str(status): {"description": "Refused", "content": _json("Refusal")} for status in REFUSALS}


def contract() -> Json:
    """Return API v2 as OpenAPI 3.0."""
    paths: Json = {}
    for verb, path, query, body, status, answer in OPERATIONS:
        success: Json = {"description": "Done"}
        if answer is not None:
            success["content"] = _json(answer)
        operation: Json = {
            "parameters": _parameters(path, query),
            "responses": {str(status): success, **errors()},
        }
        if body is not None:
            operation["requestBody"] = {"required": True, "content": _json(body)}
        paths.setdefault(f"/api/v2/{path}", {})[verb] = operation
    return {
        "openapi": "3.0.0",
        "info": {"title": "Ardoq API v2 as ardoqpy understands it", "version": "1"},
        "paths": paths,
        "components": {
            "schemas": {name: _object(line) for name, line in SCHEMAS.items()},
            "securitySchemes": {"Token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"Token": []}],
    }
