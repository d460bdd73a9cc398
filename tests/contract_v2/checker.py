"""Check recorded exchanges of API v2 against the contract, whichever client sent them.

recorded = []
with Emulator(page_size=5, recorder=recorded.append) as ardoq:
    ...
assert complaints_about(recorded) == []
"""

import json
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any
from urllib.parse import parse_qsl

import jsonschema_rs
from current_contract import current_contract

from ardoqpy.emulator import HttpExchange

_PREFIX = ("api", "v2")
#: Validators by the template, the method and the status or "body" of what they are about.
_VALIDATORS: dict[str, Any] = {}


def complaints_about(exchanges: Iterable[HttpExchange]) -> list[str]:
    """Return sentences about what does not match the contract; other calls are ignored."""
    return [
        f"{exchange.method} {exchange.path} ({exchange.status}): {complaint}"
        for exchange in exchanges
        for complaint in _complaints(exchange)
    ]


def _complaints(exchange: HttpExchange) -> Iterator[str]:
    if tuple(exchange.path.strip("/").split("/")[:2]) != _PREFIX:
        return
    template, operation = _operation(exchange.method, exchange.path)
    if operation is None:
        if exchange.status not in {401, 403, 404, 405}:
            yield "there is no such operation"
        return
    rejected = exchange.status >= 400
    if not rejected:
        # A rejected request may be invalid in any way.
        yield from _about_the_request(template, operation, exchange)
    answer = operation["responses"].get(str(exchange.status))
    if answer is None:
        yield f"the status is not one of {', '.join(operation['responses'])}"
    elif "content" not in answer:
        if exchange.answer:
            yield "there is a body where none belongs"
    else:
        pointer = f"{template}|{exchange.method.lower()}|{exchange.status}"
        yield from _about_json("the answer", pointer, _schema(answer), exchange.answer)


def _about_the_request(template: str, operation: dict[str, Any], exchange: HttpExchange) -> Iterator[str]:
    given = dict(parse_qsl(exchange.query, keep_blank_values=True))
    for parameter in operation.get("parameters", ()):
        if parameter["in"] != "query":
            continue
        name, schema = parameter["name"], parameter["schema"]
        if name not in given:
            if parameter["required"]:
                yield f"the query needs '{name}'"
        elif "enum" in schema and given[name] not in schema["enum"]:
            yield f"'{name}' is not one of {', '.join(schema['enum'])}"
    body = operation.get("requestBody")
    if body is not None:
        if "$ref" in body:
            body = _contract()["components"]["requestBodies"][body["$ref"].rpartition("/")[2]]
        pointer = f"{template}|{exchange.method.lower()}|body"
        yield from _about_json("the request", pointer, _schema(body), exchange.body)


def _about_json(what: str, pointer: str, schema: dict[str, Any], text: bytes) -> Iterator[str]:
    try:
        value = json.loads(text)
    except ValueError:
        yield f"{what} is not JSON"
        return
    validator = _VALIDATORS.get(pointer)
    if validator is None:
        validator = _VALIDATORS[pointer] = _validator(schema)
    for error in validator.iter_errors(value):
        location = "/".join(str(step) for step in error.instance_path)
        yield f"{what} at '{location}': {error.message}"


def _schema(holder: dict[str, Any]) -> dict[str, Any]:
    schema: dict[str, Any] = holder["content"]["application/json"]["schema"]
    return schema


@cache
def _contract() -> dict[str, Any]:
    return current_contract()


@cache
def _definitions() -> str:
    return json.dumps(as_json_schema(_contract()["components"]["schemas"]))


def _validator(schema: dict[str, Any]) -> Any:
    document = {**as_json_schema(schema), "components": {"schemas": json.loads(_definitions())}}
    return jsonschema_rs.Draft202012Validator(document, validate_formats=True)


def as_json_schema(schema: Any) -> Any:
    """Return a schema of OpenAPI 3.0 as JSON Schema."""
    if isinstance(schema, list):
        return [as_json_schema(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    plain = {
        key: as_json_schema(value) for key, value in schema.items() if key not in {"nullable", "example"}
    }
    if schema.get("nullable") is True:
        return {"anyOf": [plain, {"type": "null"}]}
    return plain


@cache
def _templates() -> list[tuple[str, list[str], dict[str, Any]]]:
    """Return each path of the contract with its segments and its operations."""
    return [
        (template, template.strip("/").split("/"), operations)
        for template, operations in _contract()["paths"].items()
    ]


def _operation(method: str, path: str) -> tuple[str, dict[str, Any] | None]:
    segments = path.strip("/").split("/")
    candidates = [
        (template, operations) for template, wanted, operations in _templates() if _fits(wanted, segments)
    ]
    # A literal path goes before one with a name in it.
    for template, operations in sorted(candidates, key=lambda candidate: candidate[0].count("{")):
        if method.lower() in operations:
            return template, operations[method.lower()]
    return path, None


def _fits(template: list[str], segments: list[str]) -> bool:
    return len(template) == len(segments) and all(
        wanted.startswith("{") or wanted == given for wanted, given in zip(template, segments, strict=True)
    )
