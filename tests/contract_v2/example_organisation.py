"""Create an organisation with entities of every kind, and a contract that uses their ids."""

import copy
from typing import Any

Json = dict[str, Any]

WORKSPACE, OTHER = "5f00aa00bb00cc00dd00ee01", "5f00aa00bb00cc00dd00ee02"
MODEL = "5f00aa00bb00cc00dd00ee03"
COMPONENTS = [f"5f00aa00bb00cc00dd00ef{number:02x}" for number in range(12)]
REFERENCES = [f"5f00aa00bb00cc00dd00f0{number:02x}" for number in range(8)]
REPORT, ATTACHMENT = "5f00aa00bb00cc00dd00ee04", "5f00aa00bb00cc00dd00ee05"
USER = "5f00aa00bb00cc00dd000001"

_FIELDS = [
    {"name": "ext_id", "type": "Text", "global": True, "globalref": True},
    {"name": "cost", "type": "Number", "global": True},
    {"name": "phase", "type": "List", "defaultValue": "plan,live,gone", "componentType": ["p1"]},
    {"name": "tags", "type": "SelectMultipleList", "defaultValue": "a,b,c", "global": True},
    {"name": "since", "type": "DateTime", "global": True},
    {"name": "open", "type": "Checkbox", "globalref": True},
    {"name": "mail", "type": "Email", "global": True},
    {"name": "owner", "type": "User", "global": True},
    {"name": "sum", "type": "Number", "calculatedFieldSettings": {"storedQueryId": "q"}},
]

SEED: Json = {
    "format": 1,
    "models": [
        {
            "_id": MODEL,
            "name": "Model",
            "root": {"p1": {"name": "Application", "children": {"p2": {"name": "Service"}}}},
            "referenceTypes": {"1": {"name": "depends on"}, "2": {"name": "Implicit"}},
        }
    ],
    "fields": [{"label": field["name"].title(), "model": MODEL, **field} for field in _FIELDS],
    "workspaces": [
        {"_id": WORKSPACE, "name": "Apps", "componentModel": MODEL, "views": ["reader"]},
        {"_id": OTHER, "name": "Other", "componentModel": MODEL},
    ],
    "components": [
        {
            "_id": row_id,
            "name": f"Component {number}",
            "rootWorkspace": OTHER if number > 9 else WORKSPACE,
            "typeId": "p1" if number < 6 else "p2",
            "parent": COMPONENTS[number - 6] if 6 <= number < 9 else None,
            "customFields": {"ext_id": str(number), "cost": number / 2, "phase": "live", "tags": ["a"]},
        }
        for number, row_id in enumerate(COMPONENTS)
    ],
    "references": [
        {
            "_id": row_id,
            "source": COMPONENTS[number],
            "target": COMPONENTS[number + 4],
            "type": 1 + number % 2,
            "customFields": {"ext_id": f"r{number}"},
        }
        for number, row_id in enumerate(REFERENCES)
    ],
    "tags": [{"name": "old", "rootWorkspace": WORKSPACE, "components": COMPONENTS[:2]}],
    "attachments": [{"_id": ATTACHMENT, "resourceId": WORKSPACE, "filename": "a.txt", "content": "YQ=="}],
    "reports": [{"_id": REPORT, "name": "All", "query": {"rootWorkspace": WORKSPACE}}],
}

#: Values of this organisation, by the name of the parameter or attribute that takes them.
_KNOWN: Json = {
    "rootWorkspace": [WORKSPACE],
    "targetWorkspace": [WORKSPACE, OTHER],
    "componentModel": [MODEL],
    "parent": COMPONENTS[:4],
    "source": COMPONENTS[:4],
    "target": COMPONENTS[4:8],
    "typeId": ["p1", "p2"],
    "type": [1, 2],
    "componentKey": ["A-1"],
    "uniqueBy": ["rootWorkspace", "typeId", "name", "customFields.ext_id", "source", "target", "type"],
}
_KNOWN_VALUES: Json = {
    "type": "object",
    "properties": {
        "ext_id": {"type": "string"},
        "cost": {"type": "number"},
        "phase": {"enum": ["plan", "live", None]},
        "tags": {"type": "array", "items": {"enum": ["a", "b"]}},
    },
    "additionalProperties": False,
}
_KNOWN_TEXTS: Json = {
    "type": "object",
    "properties": {"ext_id": {"enum": ["1", "r1"]}, "cost": {"type": "string"}},
    "additionalProperties": False,
}
_ANY: Json = {
    "Anything": {},
    "Anystring": {"type": "string"},
    "Anyinteger": {"type": "integer", "format": "int64", "minimum": -(2**63), "maximum": 2**63 - 1},
    "Texts": {"type": "object", "additionalProperties": {"type": "string"}},
    "Open": {"type": "object", "additionalProperties": {}},
}
_KNOWN_IDS = {
    "workspaces": [WORKSPACE, OTHER],
    "components": COMPONENTS,
    "references": REFERENCES,
    "reports": [REPORT],
    "attachments": [ATTACHMENT],
}
_BATCH = {
    "options": {"respondWithEntities": True},
    "aliases": {
        "components": {
            "one": {"rootWorkspace": WORKSPACE, "customFields": {"ext_id": "1"}},
            "two": {"rootWorkspace": WORKSPACE, "name": "Component 2"},
        },
        "references": {"first": {"source": COMPONENTS[0], "type": 1}},
    },
    "components": {
        "create": [
            {
                "batchId": "a",
                "body": {"rootWorkspace": WORKSPACE, "typeId": "p2", "name": "A", "parent": "b"},
            },
            {"batchId": "b", "body": {"rootWorkspace": WORKSPACE, "typeId": "p1", "name": "B"}},
        ],
        "update": [{"id": "one", "ifVersionMatch": "latest", "body": {"parent": "b"}}],
        "upsert": [
            {
                "batchId": "u",
                "uniqueBy": ["rootWorkspace", "customFields.ext_id"],
                "body": {
                    "rootWorkspace": WORKSPACE,
                    "typeId": "p1",
                    "name": "U",
                    "customFields": {"ext_id": "5", "cost": 7, "phase": "plan", "tags": ["b", "c"]},
                },
            }
        ],
        "delete": [{"id": COMPONENTS[9]}, {"match": {"rootWorkspace": OTHER, "typeId": "p2"}}],
    },
    "references": {
        "create": [{"batchId": "r", "body": {"source": "a", "target": "two", "type": 2}}],
        "update": [{"id": "first", "ifVersionMatch": 1, "body": {"displayText": "seen"}}],
    },
}


def with_examples(contract: Json) -> Json:
    """Return a contract whose examples include ids of this organisation.

    It allows the same as before, except for `ifVersionMatch`, which the guides restrict more than the vendor.
    """
    contract = copy.deepcopy(contract)
    for path, operations in contract["paths"].items():
        kind = path.split("/")[3]
        for operation in operations.values():
            for parameter in operation.get("parameters", ()):
                parameter.pop("example", None)
                name = parameter["name"]
                if name == "ifVersionMatch":
                    parameter["schema"] = {"type": "string", "enum": ["latest", "1", "2"]}
                elif name == "id":
                    parameter["schema"] = _proposing(parameter["schema"], _KNOWN_IDS[kind])
                elif name in _KNOWN:
                    values = [str(value) for value in _KNOWN[name]]
                    parameter["schema"] = _proposing(parameter["schema"], values)
    schemas = contract["components"]["schemas"]
    for name, schema in schemas.items():
        if "_id" not in schema.get("properties", {}):
            _acquaint(schema, _KNOWN_IDS["references" if name.startswith("Reference") else "components"])
    schemas["BatchRequest"]["example"] = _BATCH
    schemas |= _ANY
    return contract


def with_links(contract: Json) -> Json:
    """Return a contract with links from what an operation creates or lists to other operations."""
    contract = copy.deepcopy(contract)
    schemas = contract["components"]["schemas"]
    name = {"type": "string", "pattern": "^[A-Za-z]{1,20}$"}
    schemas["CreateComponentRequest"] = _sensible("rootWorkspace", "typeId", name=name)
    schemas["CreateReferenceRequest"] = _sensible("source", "target", "type")
    for kind in ("components", "references"):
        path = f"/api/v2/{kind}"
        created = {
            f"{verb} what was created": _link(f"{path}/{{id}}", verb, {"id": "$response.body#/_id"})
            for verb in ("get", "patch", "delete")
        }
        listed = {
            f"{verb} what was listed": _link(f"{path}/{{id}}", verb, {"id": "$response.body#/values/0/_id"})
            for verb in ("get", "patch")
        }
        item = contract["paths"][f"{path}/{{id}}"]
        links = {"get what was deleted": _link(f"{path}/{{id}}", "get", {"id": "$request.path.id"})}
        contract["paths"][path]["post"]["responses"]["201"]["links"] = created
        contract["paths"][path]["get"]["responses"]["200"]["links"] = listed
        item["delete"]["responses"]["204"]["links"] = links
        item["patch"]["responses"]["200"]["links"] = {
            "patch again": _link(f"{path}/{{id}}", "patch", {"id": "$response.body#/_id"})
        }
    contract["paths"]["/api/v2/components"]["post"]["responses"]["201"]["links"]["its references"] = _link(
        "/api/v2/references", "get", {"source": "$response.body#/_id"}
    )
    return contract


def _sensible(*names: str, **properties: Json) -> Json:
    properties |= {name: {"enum": _KNOWN[name]} for name in names}
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _link(path: str, verb: str, parameters: dict[str, str]) -> Json:
    escaped = path.replace("/", "~1")
    return {"operationRef": f"#/paths/{escaped}/{verb}", "parameters": parameters}


def _acquaint(schema: Json, ids: list[str]) -> None:
    schema.pop("example", None)
    for name, item in schema.get("properties", {}).items():
        item.pop("example", None)
        if name == "customFields" and "additionalProperties" in item:
            known_ones = _KNOWN_TEXTS if item["additionalProperties"] else _KNOWN_VALUES
            others = {"$ref": f"#/components/schemas/{'Texts' if item['additionalProperties'] else 'Open'}"}
            schema["properties"][name] = {"anyOf": [known_ones, others]}
            continue
        known = ids if name == "id" else _KNOWN.get(name)
        if known is None or "enum" in item or item.get("type") == "object" or "$ref" in item:
            continue
        if item.get("type") == "array":
            if name == "uniqueBy":
                item["items"] = _proposing(item["items"], known)
        elif isinstance(known[0], str) == (item.get("type", "string") == "string"):
            schema["properties"][name] = _proposing(item, known)


def _proposing(schema: Json, values: list[Any]) -> Json:
    """Return a schema of these values or any others.

    The others are a reference, because a schema that contains the values would hide them.
    """
    name = "Anything" if "type" not in schema else f"Any{schema['type']}"
    nullable = {"nullable": True} if schema.get("nullable") else {}
    return {"anyOf": [{"enum": values}, {"$ref": f"#/components/schemas/{name}"}], **nullable}
