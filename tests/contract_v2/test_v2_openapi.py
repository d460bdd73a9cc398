"""The contract in this repository, compared with the vendor's and with the emulator's routes."""

import re
from typing import Any

import pytest
from current_contract import current_contract, vendor_contract
from openapi import REFUSALS, contract

from ardoqpy.emulator.routes import ROUTES

#: What a schema says about values; the rest is for readers.
KEYWORDS = (
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


def plain(schema: Any, contract: dict[str, Any]) -> Any:
    """Return a schema without references, reduced to what restricts values."""
    if isinstance(schema, list):
        return [plain(item, contract) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        referred = contract
        for step in schema["$ref"].removeprefix("#/").split("/"):
            referred = referred[step]
        return plain(referred, contract)
    rules = {key: plain(schema[key], contract) for key in KEYWORDS if key in schema}
    if "required" in rules:
        rules["required"] = sorted(rules["required"])
    if "properties" in schema:
        rules["properties"] = {name: plain(entry, contract) for name, entry in schema["properties"].items()}
    return rules


def operations(contract: dict[str, Any]) -> dict[str, Any]:
    """Return the operations of a contract in one form, without errors."""
    responses = {}
    for path, verbs in contract["paths"].items():
        for verb, operation in verbs.items():
            body = operation.get("requestBody", {})
            if "$ref" in body:
                body = contract["components"]["requestBodies"][body["$ref"].rpartition("/")[2]]
            responses[f"{verb} {path}"] = {
                "parameters": {
                    (entry["in"], entry["name"]): (entry["required"], plain(entry["schema"], contract))
                    for entry in operation.get("parameters", ())
                },
                "body": (body.get("required"), _content(body, contract)),
                "answers": {
                    status: _content(answer, contract)
                    for status, answer in operation["responses"].items()
                    if int(status) not in REFUSALS
                },
            }
    return responses


def _content(holder: dict[str, Any], contract: dict[str, Any]) -> Any:
    return {kind: plain(entry["schema"], contract) for kind, entry in holder.get("content", {}).items()}


OURS = operations(contract())


def test_there_are_22_operations():
    """The contract has all operations, each with its errors."""
    assert len(OURS) == 22
    for verbs in contract()["paths"].values():
        for operation in verbs.values():
            assert {str(status) for status in REFUSALS} < set(operation["responses"])


@pytest.mark.parametrize("name", OURS)
def test_contract_equals_the_one_in_force(name):
    """Parameters, bodies, answers, required attributes, nulls and types are equal."""
    assert OURS[name] == operations(current_contract())[name]


def test_contracts_have_the_same_operations():
    """Neither contract has an operation that the other lacks."""
    assert set(OURS) == set(operations(vendor_contract() or contract()))


def test_emulator_has_the_operations_of_the_contract():
    """The routes below /api/v2 are those of the contract."""
    routes = {f"{route.method.lower()} {re.sub(r'{.*?}', '{id}', route.pattern)}" for route in ROUTES}
    assert {route for route in routes if "/api/v2/" in route} == set(OURS)
