"""Share one emulator among all tests."""

from collections.abc import Iterator
from typing import NamedTuple

import pytest
from checker import complaints_about
from emulator_caller import Caller, Ticking

from ardoqpy.emulator import Emulator, HttpExchange

RECORDED: list[HttpExchange] = []


@pytest.fixture(scope="session")
def shared_emulator() -> Iterator[Emulator]:
    """Start one emulator for all tests."""
    with Emulator(page_size=5, clock=Ticking(), recorder=RECORDED.append) as running:
        yield running


@pytest.fixture
def emulator(shared_emulator: Emulator) -> Iterator[Emulator]:
    """Reset the emulator. Fail if it crashes, or if an answer of v2 does not match the contract."""
    shared_emulator.clear_faults()
    shared_emulator.clear_requests()
    shared_emulator.page_size = 5
    shared_emulator.reset()
    RECORDED.clear()
    yield shared_emulator
    assert shared_emulator.crashes == []
    assert complaints_about(RECORDED) == []


@pytest.fixture
def ardoq(emulator: Emulator) -> Iterator[Caller]:
    """Return a client for the emulator."""
    caller = Caller(emulator)
    yield caller
    caller.connection.close()


class Organisation(NamedTuple):
    """Hold the ids of two workspaces with the same model."""

    apps: str
    other: str
    model: str


FIELDS = [
    {"label": "Ext id", "type": "Text", "global": True, "globalref": True},
    {"label": "Cost", "type": "Number", "componentType": ["p1"]},
    {"label": "Phase", "type": "List", "defaultValue": "plan, live", "global": True},
    {"label": "Parts", "type": "SelectMultipleList", "defaultValue": "a,b,c"},
    {"label": "Since", "type": "DateTime", "description": "When it began"},
    {"label": "Open", "type": "Checkbox", "referenceType": ["2"]},
    {"label": "Mail", "type": "Email"},
    {"label": "Owner", "type": "User"},
    {"label": "Total", "type": "Number", "calculatedFieldSettings": {"storedQueryId": "q"}},
]


@pytest.fixture
def organisation(ardoq: Caller) -> Organisation:
    """Create, by v1, a model with fields and two workspaces that use it."""
    service = {"name": "Service", "icon": "cog"}
    root = {"p1": {"name": "Application", "children": {"p2": service}}, "p3": {"name": "Server"}}
    types = {"1": {"name": "uses"}, "2": {"name": "Implicit"}}
    model = ardoq.ok("POST", "/api/model", {"name": "Model", "root": root, "referenceTypes": types}, 201)
    for field in FIELDS:
        ardoq.ok("POST", "/api/field", {**field, "model": model["_id"]}, 201)
    ids = [ardoq.workspace(name, componentModel=model["_id"])["_id"] for name in ("Apps", "Other")]
    return Organisation(*ids, model["_id"])
