"""A strict mock of the network, and transports that use it."""

import contextlib
from functools import partial

import pytest
import requests
import responses
from fake_time import FakeTime
from responses.registries import OrderedRegistry

from ardoqpy import Retries
from ardoqpy._http.transport import Transport
from ardoqpy.config import read_settings

URL = "https://ardoq.example"
TOKEN = "s3cret-T0ken-of-the-tests"

NOTHING = {}


class StrictMock(responses.RequestsMock):
    """Answer in the order of registration, and fail the test at an unexpected request.

    `responses` raises `requests.ConnectionError`, which the library would treat as a network failure and
    retry; it does not catch AssertionError.
    """

    def _on_request(self, adapter, request, **keywords):
        try:
            return super()._on_request(adapter, request, **keywords)
        except requests.ConnectionError as problem:
            if str(problem).startswith("Connection refused by Responses"):
                raise AssertionError(str(problem)) from None
            raise


class Caller:
    """Call each verb of a transport in the same way: read or write `item/1`."""

    def __init__(self, transport):
        self.transport = transport

    def __call__(self, verb, **keywords):
        """Send the request, and return what the transport returns."""
        calls = {
            "GET": partial(self.transport.get, "item/1"),
            "PUT": partial(self.transport.put, "item/1", {"_version": 1}),
            "PATCH": partial(self.transport.patch, "item/1", {"name": "a"}),
            "DELETE": partial(self.transport.delete, "item/1"),
            "POST": partial(self.transport.post, "item/1", {"name": "a"}),
        }
        return calls[verb](**keywords)


@pytest.fixture
def url():
    """Return the address that `wire` answers for."""
    return URL


@pytest.fixture
def token():
    """Return the token of `transport`."""
    return TOKEN


@pytest.fixture
def endpoint():
    """Return the address that a `call` reads or writes."""
    return f"{URL}/api/item/1"


@pytest.fixture
def wire():
    """Mock the network: each answer is sent once, in order, and every answer must be used."""
    with StrictMock(registry=OrderedRegistry, assert_all_requests_are_fired=True) as mock:
        yield mock


@pytest.fixture
def new_transport():
    """Return a function that creates transports, with the keywords of `Transport`; close them at the end."""
    with contextlib.ExitStack() as stack:

        def make(hosturl=URL, *, org=None, **keywords):
            settings = read_settings(hosturl, TOKEN, org, environ=NOTHING)
            keywords = {"prefix": "/api/", "auth_scheme": "Token token=", **keywords}
            created = Transport(settings, **keywords)
            stack.callback(created.close)
            return created

        yield make


@pytest.fixture
def transport(new_transport):
    """Return a transport to `url` that retries up to twice."""
    return new_transport(retries=Retries(count=2, backoff=0.5))


@pytest.fixture
def call(transport):
    """Return a caller of `item/1` that uses `transport`."""
    return Caller(transport)


@pytest.fixture
def caller():
    """Return the class of callers, for other transports."""
    return Caller


@pytest.fixture
def pauses(monkeypatch):
    """Return the list of the seconds that the transport would have slept."""
    time = FakeTime()
    monkeypatch.setattr("ardoqpy._http.transport.time", time)
    return time.slept
