"""Give the tests of the transport a strict mock, and a transport to it."""

import contextlib
from functools import partial

import pytest
import requests
import responses
from responses.registries import OrderedRegistry

from ardoqpy import Retries
from ardoqpy._http.transport import Transport
from ardoqpy.config import read_settings

URL = "https://ardoq.example"
TOKEN = "s3cret-T0ken-of-the-tests"

NOTHING = {}


class StrictMock(responses.RequestsMock):
    """Answer in the order registered, and let a request that nobody expects end the test.

    The library takes a `requests.ConnectionError`, which `responses` raises by itself, for a mishap on
    the wire and repeats the request; an AssertionError it lets through.
    """

    def _on_request(self, adapter, request, **keywords):
        try:
            return super()._on_request(adapter, request, **keywords)
        except requests.ConnectionError as problem:
            if str(problem).startswith("Connection refused by Responses"):
                raise AssertionError(str(problem)) from None
            raise


class Caller:
    """Say each verb of a transport in the same words: read or write `thing/1`."""

    def __init__(self, transport):
        self.transport = transport

    def __call__(self, verb, **keywords):
        """Send the verb and return what the transport makes of the answer."""
        calls = {
            "GET": partial(self.transport.get, "thing/1"),
            "PUT": partial(self.transport.put, "thing/1", {"_version": 1}),
            "PATCH": partial(self.transport.patch, "thing/1", {"name": "a"}),
            "DELETE": partial(self.transport.delete, "thing/1"),
            "POST": partial(self.transport.post, "thing/1", {"name": "a"}),
        }
        return calls[verb](**keywords)


@pytest.fixture
def url():
    """The address that `wire` answers for."""
    return URL


@pytest.fixture
def token():
    """The token that `transport` holds, for tests that look for it."""
    return TOKEN


@pytest.fixture
def thing():
    """The address that a `call` reads or writes."""
    return f"{URL}/api/thing/1"


@pytest.fixture
def wire():
    """Answer for the network: in order, each answer once, nothing unexpected, nothing left over."""
    with StrictMock(registry=OrderedRegistry, assert_all_requests_are_fired=True) as mock:
        yield mock


@pytest.fixture
def new_transport():
    """Make transports, closed at the end; keywords are those of `Transport`."""
    with contextlib.ExitStack() as stack:

        def make(hosturl=URL, *, org=None, **keywords):
            settings = read_settings(hosturl, TOKEN, org, environ=NOTHING)
            keywords = {"prefix": "/api/", "auth_scheme": "Token token=", **keywords}
            made = Transport(settings, **keywords)
            stack.callback(made.close)
            return made

        yield make


@pytest.fixture
def transport(new_transport):
    """A transport to `url` that repeats up to twice."""
    return new_transport(retries=Retries(count=2, backoff=0.5))


@pytest.fixture
def call(transport):
    """Call `thing/1` by a verb, over `transport`."""
    return Caller(transport)


@pytest.fixture
def caller():
    """Make such a call over another transport."""
    return Caller


class FakeTime:
    """Be the time for a transport: it passes only while somebody sleeps, and nobody really does."""

    def __init__(self):
        self.now = 0.0
        self.slept = []

    def monotonic(self):
        """Return the time."""
        return self.now

    def sleep(self, seconds):
        """Let it be so much later."""
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def pauses(monkeypatch):
    """Record the seconds that the transport would sleep, and do not sleep."""
    time = FakeTime()
    monkeypatch.setattr("ardoqpy._http.transport.time", time)
    return time.slept
