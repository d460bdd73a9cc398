"""
Give the tests of the wire a strict mock, a transport to it, and a server that says what it is told.
"""

import contextlib
import socket
import threading
from functools import partial

import pytest
import requests
import responses
from responses.registries import OrderedRegistry

from ardoqpy import Retries
from ardoqpy._transport import Transport
from ardoqpy.config import read_settings

URL = "https://ardoq.example"
TOKEN = "s3cret-T0ken-of-the-tests"

NOTHING = {}


class StrictMock(responses.RequestsMock):
    """
    Answer in the order registered, and let a request that nobody expects end the test.

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
    """
    Say each verb of a transport in the same words: read or write `thing/1`.
    """

    def __init__(self, transport):
        self.transport = transport

    def __call__(self, verb, **keywords):
        """
        Send the verb and return what the transport makes of the answer.
        """
        calls = {
            "GET": partial(self.transport.get, "thing/1"),
            "PUT": partial(self.transport.put, "thing/1", {"_version": 1}),
            "PATCH": partial(self.transport.patch, "thing/1", {"name": "a"}),
            "DELETE": partial(self.transport.delete, "thing/1"),
            "POST": partial(self.transport.post, "thing/1", {"name": "a"}),
        }
        return calls[verb](**keywords)


class RawServer:
    """
    Listen on this machine and give each connection the next of some raw answers, then close it.

    An answer of None keeps the connection open and says nothing until the end of the test (or until the
    patience of five seconds ends, so that a client without a time-out fails instead of hanging); with
    `stays_open` so does every other, once it is given.
    """

    def __init__(self, *answers, stays_open=False):
        self.received = []
        self._stays_open = stays_open
        self._answers = list(answers)
        self._end = threading.Event()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._socket.settimeout(5)
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        for answer in self._answers:
            try:
                connection = self._socket.accept()[0]
            except OSError:
                return
            with connection, contextlib.suppress(OSError):
                connection.settimeout(5)
                self.received.append(connection.recv(65536).decode())
                if answer is not None:
                    connection.sendall(answer)
                if answer is None or self._stays_open:
                    self._end.wait(5)

    def close(self):
        """
        Stop listening, and end what is kept open.
        """
        self._end.set()
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(5)


@pytest.fixture
def url():
    """
    The address that `wire` answers for.
    """
    return URL


@pytest.fixture
def token():
    """
    The token that `transport` holds, for tests that look for it.
    """
    return TOKEN


@pytest.fixture
def thing():
    """
    The address that a `call` reads or writes.
    """
    return f"{URL}/api/thing/1"


@pytest.fixture
def wire():
    """
    Answer for the network: in order, each answer once, nothing unexpected, nothing left over.
    """
    with StrictMock(registry=OrderedRegistry, assert_all_requests_are_fired=True) as mock:
        yield mock


@pytest.fixture
def new_transport():
    """
    Make transports, closed at the end; keywords are those of `Transport`.
    """
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
    """
    A transport to `url` that repeats up to twice.
    """
    return new_transport(retries=Retries(count=2, backoff=0.5))


@pytest.fixture
def call(transport):
    """
    Call `thing/1` by a verb, over `transport`.
    """
    return Caller(transport)


@pytest.fixture
def caller():
    """
    Make such a call over another transport.
    """
    return Caller


class FakeTime:
    """
    Be the time for a transport: it passes only while somebody sleeps, and nobody really does.
    """

    def __init__(self):
        self.now = 0.0
        self.slept = []

    def monotonic(self):
        """
        Return the time.
        """
        return self.now

    def sleep(self, seconds):
        """
        Let it be so much later.
        """
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def pauses(monkeypatch):
    """
    Record the seconds that the transport would sleep, and do not sleep.
    """
    time = FakeTime()
    monkeypatch.setattr("ardoqpy._transport.time", time)
    return time.slept


@pytest.fixture
def raw_server():
    """
    Make servers that give raw answers.
    """
    with contextlib.ExitStack() as stack:

        def make(*answers, **keywords):
            server = RawServer(*answers, **keywords)
            stack.callback(server.close)
            return server

        yield make


@pytest.fixture
def closed_port():
    """
    An address of this machine at which nobody listens.
    """
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
    return f"http://127.0.0.1:{port}"
