"""
The table of endpoints, held against the client and the emulator.
"""

import inspect
import re
from contextlib import suppress

import pytest
from endpoints import V1

from ardoqpy import ArdoqClient, BadRequest, NotFoundError
from ardoqpy.emulator.routes import ROUTES

#: Public names of the client that are not a call of their own.
HELPERS = {"close", "pprint", "print_model", "find_component_type", "find_reference_type"}


def _pattern(path):
    return "/api/" + path


@pytest.mark.parametrize(("verb", "path", "call"), V1, ids=[f"{verb} {path}" for verb, path, _ in V1])
def test_the_flat_method_calls_its_endpoint_and_no_other(server, verb, path, call):
    """Each flat method sends one request, to the verb and path of the table."""
    with suppress(NotFoundError, BadRequest):  # the table's id names nothing
        call(ArdoqClient(server.url, server.token))
    (request,) = server.requests
    assert request.method == verb
    assert re.fullmatch(_pattern(path).replace("{}", "[^/]+"), request.path)


def test_the_emulator_answers_every_endpoint_and_no_other():
    """The emulator's routes of v1 are the endpoints of the table, neither more nor fewer."""
    routes = {(route.method, re.sub(r"\{\w+\}", "{}", route.pattern)) for route in ROUTES}
    v1 = {(verb, pattern) for verb, pattern in routes if not pattern.startswith("/api/v2/")}
    assert v1 == {(verb, _pattern(path)) for verb, path, _ in V1}


def test_every_flat_method_is_in_the_table():
    """No public method of the client is missing from the table."""
    called = {name for _, _, call in V1 for name in call.__code__.co_names}
    public = {
        name
        for name, member in inspect.getmembers(ArdoqClient, inspect.isfunction)
        if not name.startswith("_")
    }
    assert public - HELPERS == called & public
    assert not public - HELPERS - called


def test_every_public_method_says_what_it_does():
    """Every public method has a docstring that begins with one sentence."""
    for name, member in inspect.getmembers(ArdoqClient, inspect.isfunction):
        if not name.startswith("_"):
            first = (inspect.getdoc(member) or "").split("\n\n")[0]
            assert first.endswith("."), name
