"""A call without an argument that it needs."""

import inspect

import pytest

from ardoqpy import ArdoqClient, ArdoqClientException, ConfigurationError, MissingArgument
from ardoqpy_sync import ArdoqSyncClient

CLIENTS = {"client": ArdoqClient, "sync": ArdoqSyncClient}


def _required(method):
    return [
        name
        for name, parameter in inspect.signature(method).parameters.items()
        if parameter.default is parameter.empty
        and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        and name != "self"
    ]


def _methods(cls):
    for name, method in inspect.getmembers(cls, inspect.isfunction):
        if not name.startswith("_") and _required(method):
            yield pytest.param(cls, name, id=f"{cls.__name__}.{name}")


@pytest.fixture
def client_of():
    """Build a client of a class, without a server."""
    return lambda cls: cls("http://127.0.0.1:9", "t0ken")


@pytest.mark.parametrize(("cls", "name"), [each for cls in CLIENTS.values() for each in _methods(cls)])
def test_a_missing_argument_is_an_error_of_this_library(client_of, cls, name):
    """As in 0.8.4 it is an `ArdoqClientException`, and also a `TypeError`; it names what is missing."""
    method = getattr(client_of(cls), name)
    with pytest.raises(MissingArgument) as caught:
        method()
    assert isinstance(caught.value, ArdoqClientException)
    assert isinstance(caught.value, TypeError)
    assert str(caught.value).endswith(
        f"missing: {name}() needs {'them' if len(_required(method)) > 1 else 'it'}."
    )
    assert all(argument in str(caught.value) for argument in _required(method))
    assert caught.value.__cause__ is caught.value.__context__ is None


def test_there_are_many_such_methods():
    """The test above finds the methods of both clients."""
    assert min(len(list(_methods(cls))) for cls in CLIENTS.values()) > 30


@pytest.mark.parametrize("call", [{"comp": None}, {}])
def test_none_is_missing_as_well(client_of, call):
    """An argument that is None counts as missing."""
    with pytest.raises(MissingArgument, match=r"^comp is missing: "):
        client_of(ArdoqClient).create_component(**call)


@pytest.mark.parametrize(
    ("arguments", "keywords", "sentence"),
    [
        (({}, {}), {}, "takes 2 positional arguments but 3 were given"),
        (({},), {"nme": 1}, "unexpected keyword argument 'nme'"),
    ],
)
def test_other_mistakes_are_those_of_python(client_of, arguments, keywords, sentence):
    """Only a missing argument is explained; anything else in a call stays what Python says of it."""
    with pytest.raises(TypeError, match=sentence) as caught:
        client_of(ArdoqClient).create_tag(*arguments, **keywords)
    assert not isinstance(caught.value, ArdoqClientException)


def test_an_error_within_a_method_stays_what_it_is(client_of):
    """A `TypeError` of what a method calls is not taken for a missing argument."""
    client = client_of(ArdoqSyncClient)

    client.api.components.get = lambda _comp_id, _version, **_options: None
    with pytest.raises(TypeError, match="missing 1 required positional argument: '_version'") as caught:
        client.get_component(comp_id="5f00")
    assert not isinstance(caught.value, ArdoqClientException)


def test_signatures_stay_visible():
    """Whoever inspects a method sees its own arguments, names and text."""
    signature = inspect.signature(ArdoqSyncClient.create_component)
    assert list(signature.parameters) == ["self", "comp", "field_name", "field_value", "label"]
    assert ArdoqSyncClient.create_component.__doc__.startswith("Create a component, or update")
    assert inspect.signature(ArdoqClient.create_component).return_annotation == "Entity"


def test_subclasses_of_others_are_left_alone(client_of):
    """A method that somebody adds raises what Python raises."""

    class Mine(ArdoqClient):
        def greet(self, name):
            return name

    with pytest.raises(TypeError) as caught:
        client_of(Mine).greet()
    assert not isinstance(caught.value, ArdoqClientException)


def test_signature_of_a_complete_call_is_not_looked_at(client_of, monkeypatch):
    """A call with all its arguments costs no more than the `try` around it."""
    monkeypatch.setattr("ardoqpy._validation._missing_arguments", None)
    client_of(ArdoqClient).close()
    with pytest.raises(TypeError, match="not callable"):
        client_of(ArdoqClient).create_tag()


@pytest.mark.parametrize("value", [True, False, "yes"])
def test_simulate_cannot_be_set_afterwards(client_of, value):
    """A client that was built to write does not become a preview, nor the other way round."""
    client = client_of(ArdoqSyncClient)
    with pytest.raises(ConfigurationError, match=r"^simulate cannot be set to .* build another client"):
        client.simulate = value
    assert client.simulate is False
