"""Give tests an emulator of their own."""

from collections.abc import Iterator
from typing import NamedTuple

import pytest
from checker import complaints_about
from emulator_caller import Caller, Ticking

from ardoqpy.emulator import Emulator, HttpExchange


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """Run an emulator that must not make mistakes, nor answer v2 as its contract does not say."""
    recorded: list[HttpExchange] = []
    with Emulator(clock=Ticking(), recorder=recorded.append) as running:
        yield running
    assert running.crashes == []
    assert complaints_about(recorded) == []


@pytest.fixture
def ardoq(emulator: Emulator) -> Iterator[Caller]:
    """Call the emulator."""
    caller = Caller(emulator)
    yield caller
    caller.connection.close()


class Place(NamedTuple):
    """Name what a test of v2 finds: two workspaces of one model, and its fields."""

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
def place(ardoq: Caller) -> Place:
    """Make, by v1, a model with fields and two workspaces over it."""
    service = {"name": "Service", "icon": "cog"}
    root = {"p1": {"name": "Application", "children": {"p2": service}}, "p3": {"name": "Server"}}
    types = {"1": {"name": "uses"}, "2": {"name": "Implicit"}}
    model = ardoq.ok("POST", "/api/model", {"name": "Model", "root": root, "referenceTypes": types}, 201)
    for field in FIELDS:
        ardoq.ok("POST", "/api/field", {**field, "model": model["_id"]}, 201)
    ids = [ardoq.workspace(name, componentModel=model["_id"])["_id"] for name in ("Apps", "Other")]
    return Place(*ids, model["_id"])
