"""What every test stands on."""

import contextlib
import socket

import pytest
from hypothesis import HealthCheck, settings
from raw_server import RawServer
from thorough import THOROUGH

from ardoqpy.testing import emulator

SETTINGS = (
    *("ARDOQ_API_HOST", "ARDOQ_API_TOKEN", "ARDOQ_ORG_LABEL", "NETRC"),
    *("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "NO_PROXY", "no_proxy"),
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"),
)

#: Its tests are slow, and loading it takes a second.
pytest_plugins = ["schemathesis.pytest.plugin"] if THOROUGH else []

# Every property test draws the same examples each time, and is never late, however busy the machine.
settings.register_profile(
    "here", deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("here")


def pytest_report_header():
    """Say which tests run."""
    return "all tests, with all examples" if THOROUGH else "slow tests are deselected: CI=true runs them, too"


def pytest_collection_modifyitems(config, items):
    """Deselect the slow tests outside CI."""
    slow = [] if THOROUGH else [item for item in items if item.get_closest_marker("slow")]
    if slow:
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if item not in slow]


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch):
    """Keep the settings of whoever runs the tests out of them."""
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def server():
    """Give an empty emulator, and look afterwards that nothing crashed in it."""
    with emulator() as running:
        yield running
        assert running.crashes == []


@pytest.fixture
def raw_server():
    """Make servers that give raw answers."""
    with contextlib.ExitStack() as stack:

        def make(*answers, **keywords):
            server = RawServer(*answers, **keywords)
            stack.callback(server.close)
            return server

        yield make


@pytest.fixture
def closed_port():
    """An address of this machine at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
    return f"http://127.0.0.1:{port}"
