"""Our own statement of API v2, held against the vendor's, the emulator's routes, and itself."""

import re
from typing import Any

import pytest
from in_force import in_force, vendors
from openapi import REFUSALS, contract

from ardoqpy.emulator.routes import ROUTES

#: What a schema says about values; the rest is for readers.
SAYING = (
    "type",
    "format",
    "nullable",
    "enum",
    "minimum",
    "required",
    "additionalProperties",
    "items",
    "anyOf",
)


def plain(schema: Any, whole: dict[str, Any]) -> Any:
    """Return a schema with nothing referred to elsewhere, and only what says something about values."""
    if isinstance(schema, list):
        return [plain(item, whole) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        referred = whole
        for step in schema["$ref"].removeprefix("#/").split("/"):
            referred = referred[step]
        return plain(referred, whole)
    said = {key: plain(schema[key], whole) for key in SAYING if key in schema}
    if "required" in said:
        said["required"] = sorted(said["required"])
    if "properties" in schema:
        said["properties"] = {name: plain(one, whole) for name, one in schema["properties"].items()}
    return said


def operations(whole: dict[str, Any]) -> dict[str, Any]:
    """Return what a contract says about each operation, in one form: refusals left out."""
    found = {}
    for path, verbs in whole["paths"].items():
        for verb, operation in verbs.items():
            body = operation.get("requestBody", {})
            if "$ref" in body:
                body = whole["components"]["requestBodies"][body["$ref"].rpartition("/")[2]]
            found[f"{verb} {path}"] = {
                "parameters": {
                    (one["in"], one["name"]): (one["required"], plain(one["schema"], whole))
                    for one in operation.get("parameters", ())
                },
                "body": (body.get("required"), _content(body, whole)),
                "answers": {
                    status: _content(answer, whole)
                    for status, answer in operation["responses"].items()
                    if int(status) not in REFUSALS
                },
            }
    return found


def _content(holder: dict[str, Any], whole: dict[str, Any]) -> Any:
    return {kind: plain(one["schema"], whole) for kind, one in holder.get("content", {}).items()}


OURS = operations(contract())


def test_there_are_22_operations():
    """The contract has all operations, each with its refusals."""
    assert len(OURS) == 22
    for verbs in contract()["paths"].values():
        for operation in verbs.values():
            assert {str(status) for status in REFUSALS} < set(operation["responses"])


@pytest.mark.parametrize("name", OURS)
def test_ours_says_what_the_contract_in_force_says(name):
    """Parameters, bodies, answers, required lists, nulls and types agree, attribute by attribute."""
    assert OURS[name] == operations(in_force())[name]


def test_ours_has_all_operations_of_the_contract_in_force():
    """Neither contract has an operation that the other lacks."""
    assert set(OURS) == set(operations(vendors() or contract()))


def test_the_emulator_has_the_operations_of_the_contract_and_no_other():
    """The routes below /api/v2 are those of the contract."""
    routes = {f"{route.method.lower()} {re.sub(r'{.*?}', '{id}', route.pattern)}" for route in ROUTES}
    assert {route for route in routes if "/api/v2/" in route} == set(OURS)
