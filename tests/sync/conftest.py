"""One emulator for all tests of the sync engine, and clients that close when a test ends."""

from contextlib import ExitStack
from functools import partial

import pytest
from checker import complaints_about
from example_counts import examples
from hypothesis import settings
from sync_scenarios import (
    TOKEN,
    api_mode,
    open_client,
    open_sync_client,
    seed,
    stored_component,
    stored_reference,
)

from ardoqpy.testing import emulator

settings.register_profile("sync", max_examples=examples(30))


#: Requests to v2 and their answers since the test began.
EXCHANGES = []


def _record(exchange):
    if exchange.path.startswith("/api/v2/"):
        EXCHANGES.append(exchange)


def default_seed():
    """Return the seed of most tests."""
    return seed(
        [
            stored_component("web", "Web", cost=5, note="kept"),
            stored_component("shop", "Shop", parent="web", code="S-1", nr=7),
            stored_component("till", "Till", parent="shop", type_id="svc"),
            stored_component("host", "Host", "ws2"),
        ],
        [
            stored_reference("web-shop", "web", "shop", displayText="as it was"),
            stored_reference("shop-host", "shop", "host"),
            stored_reference("host-till", "host", "till", 3),
        ],
    )


def pytest_generate_tests(metafunc):
    """Run each test on v1, in batches and, in CI, request by request on v2, as far as these may differ."""
    marked = metafunc.definition.get_closest_marker
    if "ardoq" not in metafunc.fixturenames or marked("unsent"):
        versions = ["v2"]
    elif only := marked("only"):
        versions = only.args
    elif marked("immediate"):
        versions = ["v1", "v2"]
    elif marked("waiting"):
        versions = ["batched"]
    else:
        versions = ["v1", pytest.param("v2", marks=pytest.mark.slow), "batched"]
    metafunc.parametrize("version", versions, indirect=True)


@pytest.fixture(autouse=True)
def version(request):
    """Set the API version of sync clients, and check requests and answers of v2 against the contract."""
    api_mode.batch = request.param == "batched"
    api_mode.version = "v2" if api_mode.batch else request.param
    EXCHANGES.clear()
    yield api_mode.version
    assert complaints_about(EXCHANGES) == []


@pytest.fixture(scope="session")
def server():
    """Run an emulator for all tests; each test replaces its content."""
    with emulator(token=TOKEN, page_size=5, recorder=_record) as running:
        yield running
    assert running.crashes == []


@pytest.fixture
def ardoq(server, version):
    """Reset the emulator to the seed, with no request recorded."""
    server.clear_faults()
    server.load(default_seed())
    server.clear_requests()
    yield server
    server.clear_faults()


@pytest.fixture
def rewritten_times(monkeypatch):
    """Let Ardoq store every time in UTC with milliseconds, as it may."""
    monkeypatch.setattr("ardoqpy.emulator.assumptions.REWRITE_DATE_TIMES", True)


@pytest.fixture
def clients():
    """Provide an exit stack that closes the clients of a test."""
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def new_sync(ardoq, clients):
    """Return a function that creates sync clients."""

    def make(**options):
        return clients.enter_context(open_sync_client(ardoq, **options))

    return make


@pytest.fixture
def sync(new_sync):
    """Return a sync client."""
    return new_sync()


@pytest.fixture
def other(ardoq, clients):
    """Return a plain client, for changes that the sync client does not see."""
    return clients.enter_context(open_client(ardoq))


@pytest.fixture(params=[False, True], ids=["live", "simulated"])
def either(request, new_sync):
    """Return a sync client: once one that writes, once one that simulates."""
    return partial(new_sync, simulate=request.param)()
