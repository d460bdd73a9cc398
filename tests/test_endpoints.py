"""
The table of endpoints, held against the client and the emulator.
"""

import inspect
import re
from contextlib import suppress

import pytest
from endpoints import V1, V2
from refusals import sentence_of

from ardoqpy import ArdoqClient, BadRequest, NotFoundError, UnsupportedOperation
from ardoqpy.emulator.routes import ROUTES

#: Public names of the client that are not a call of their own.
HELPERS = {
    "request",
    "iter_request",
    "close",
    "pprint",
    "print_model",
    "find_component_type",
    "find_reference_type",
}


def _name(call):
    (name,) = {name for name in call.__code__.co_names if hasattr(ArdoqClient, name)}
    return name


TABLES = {"v1": ("/api/", V1), "v2": ("/api/v2/", V2)}
CALLS = [
    pytest.param(version, verb, prefix + path, call, id=f"{verb} {prefix}{path} {_name(call)}")
    for version, (prefix, table) in TABLES.items()
    for verb, path, call in table
]
NAMES = {version: {_name(call) for _, _, call in table} for version, (_, table) in TABLES.items()}
ELSEWHERE = {
    _name(call): pytest.param(here, there, call, id=f"{_name(call)} on {here}")
    for here, there in (("v1", "v2"), ("v2", "v1"))
    for _, _, call in TABLES[there][1]
    if _name(call) not in NAMES[here]
}


@pytest.mark.parametrize(("version", "verb", "path", "call"), CALLS)
def test_the_flat_method_calls_its_endpoint_and_no_other(server, version, verb, path, call):
    """Each flat method sends one request, to the verb and path of the table."""
    with suppress(NotFoundError, BadRequest):  # the table's id names nothing
        call(ArdoqClient(server.url, server.token, version=version))
    (request,) = server.requests
    assert request.method == verb
    assert re.fullmatch(path.replace("{}", "[^/]+"), request.path)


@pytest.mark.parametrize(("here", "there", "call"), ELSEWHERE.values())
def test_what_a_version_does_not_offer_names_where_it_is(server, here, there, call):
    """A method of the other version alone sends nothing and says where it is to be had."""
    sentence = sentence_of(UnsupportedOperation, call, ArdoqClient(server.url, server.token, version=here))
    assert re.fullmatch(rf"API {here} cannot do this \(.+\): use version='{there}'(, or .+)?\.", sentence)
    assert server.requests == []


def test_the_emulator_answers_every_endpoint_and_no_other():
    """The emulator's routes are the endpoints of the tables, neither more nor fewer."""
    routes = {(route.method, re.sub(r"\{\w+\}", "{}", route.pattern)) for route in ROUTES}
    assert routes == {(verb, prefix + path) for prefix, table in TABLES.values() for verb, path, _ in table}


def test_every_flat_method_is_in_a_table():
    """No public method of the client is missing from the tables."""
    called = NAMES["v1"] | NAMES["v2"]
    public = {
        name
        for name, member in inspect.getmembers(ArdoqClient, inspect.isfunction)
        if not name.startswith("_")
    }
    assert public - HELPERS == called


def test_every_public_method_says_what_it_does():
    """Every public method has a docstring that begins with one sentence."""
    for name, member in inspect.getmembers(ArdoqClient, inspect.isfunction):
        if not name.startswith("_"):
            first = (inspect.getdoc(member) or "").split("\n\n")[0]
            assert first.endswith("."), name
