"""The table of endpoints, held against the client and the emulator."""

import inspect
import re
from contextlib import suppress

import pytest
from checker import complaints_about
from endpoints import OTHERS, SEED, V1, V1_SEVERAL, V2, V2_SEVERAL, asked
from error_messages import sentence_of

from ardoqpy import ArdoqClient, BadRequest, InvalidInput, NotFoundError, UnsupportedOperation
from ardoqpy.emulator.routes import ROUTES
from ardoqpy.testing import emulator


def _name(call):
    return asked(call)[0]


def _way(call):
    """Return a method's name, and the arguments by whose names the way of a call is chosen."""
    name, args, kwargs = asked(call)
    given = inspect.signature(getattr(ArdoqClient, name)).bind(None, *args, **kwargs).arguments
    return name, frozenset(given) - {"self"}


TABLES = {"v1": ("/api/", V1), "v2": ("/api/v2/", V2)}
SEVERAL = {"v1": V1_SEVERAL, "v2": V2_SEVERAL}
CALLS = [
    pytest.param(version, verb, prefix + path, call, id=f"{verb} {prefix}{path} {_name(call)}")
    for version, (prefix, table) in TABLES.items()
    for verb, path, call in table
]
ALL = {version: [row[-1] for row in [*table, *SEVERAL[version]]] for version, (_, table) in TABLES.items()}
NAMES = {version: set(map(_name, calls)) for version, calls in ALL.items()}
ELSEWHERE = {
    _name(call): pytest.param(here, there, call, id=f"{_name(call)} on {here}")
    for here, there in (("v1", "v2"), ("v2", "v1"))
    for call in ALL[there]
    if _name(call) not in NAMES[here]
}
WAYS = {version: set(map(_way, calls)) for version, calls in ALL.items()}
OTHER_WAYS = {
    (here, _way(call)): pytest.param(here, call, id=f"{_name(call)} by {sorted(_way(call)[1])} on {here}")
    for here, there in (("v1", "v2"), ("v2", "v1"))
    for call in ALL[there]
    if _way(call) not in WAYS[here]
}


@pytest.mark.parametrize(("version", "verb", "path", "call"), CALLS)
def test_the_flat_method_calls_its_endpoint_and_no_other(server, version, verb, path, call):
    """Each flat method sends one request, to the verb and path of the table."""
    with suppress(NotFoundError, BadRequest):  # the table's id names nothing
        call(ArdoqClient(server.url, server.token, version=version))
    (request,) = server.requests
    assert request.method == verb
    assert re.fullmatch(path.replace("{}", "[^/]+"), request.path)


@pytest.mark.parametrize(
    ("version", "requests", "call"),
    [
        pytest.param(version, requests, call, id=f"{_name(call)} on {version}")
        for version, table in SEVERAL.items()
        for requests, call in table
    ],
)
def test_a_call_of_several_requests_sends_these_and_no_others(version, requests, call):
    """What takes several requests sends those of the table; side by side, so in any order."""
    exchanges = []
    with emulator(seed=SEED, page_size=5, recorder=exchanges.append) as server:
        call(ArdoqClient(server.url, server.token, version=version))
        sent = [(request.method, re.sub(r"[0-9a-f]{24}", "{}", request.path)) for request in server.requests]
        assert server.crashes == []
    assert sorted(sent) == sorted((verb, TABLES[version][0] + path) for verb, path in requests)
    assert complaints_about(exchanges) == []


@pytest.mark.parametrize(("here", "call"), OTHER_WAYS.values())
def test_a_way_that_only_the_other_version_s_table_has_is_not_there(server, here, call):
    """A way to call a method is in the tables of both versions, or the one that lacks it refuses it."""
    with pytest.raises((UnsupportedOperation, InvalidInput)):
        call(ArdoqClient(server.url, server.token, version=here))
    assert server.requests == []


@pytest.mark.parametrize(("here", "there", "call"), ELSEWHERE.values())
def test_an_unsupported_operation_names_the_other_version(server, here, there, call):
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
    assert public - set(OTHERS) == called
    assert set(OTHERS) <= public


def test_every_public_method_is_documented():
    """Every public method has a docstring that begins with one sentence."""
    for name, member in inspect.getmembers(ArdoqClient, inspect.isfunction):
        if not name.startswith("_"):
            first = (inspect.getdoc(member) or "").split("\n\n")[0]
            assert first.endswith("."), name
