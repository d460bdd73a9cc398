"""Fixtures and settings of every test."""

import contextlib
import gc
import os
import shutil
import signal
import socket
import sys
import tempfile
from collections import defaultdict
from importlib.util import find_spec

import pytest
from example_counts import THOROUGH, examples, sample
from hypothesis import HealthCheck, settings
from raw_server import RawServer

from ardoqpy.testing import emulator

SETTINGS = (
    *("ARDOQ_API_HOST", "ARDOQ_API_TOKEN", "ARDOQ_ORG_LABEL", "NETRC"),
    *("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "NO_PROXY", "no_proxy"),
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"),
)

# Without bytecode, each worker and each command that a test starts would compile all modules again, which
# doubles their time. Where nothing may be written beside the sources, it goes to a temporary folder.
if sys.dont_write_bytecode:
    sys.pycache_prefix = os.path.join(tempfile.gettempdir(), "ardoqpy-tests-bytecode")  # noqa: PTH118
    sys.dont_write_bytecode = False
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = sys.pycache_prefix

#: Its tests are slow, and loading it takes a second; the environments of the engines do not have it.
pytest_plugins = ["schemathesis.pytest.plugin"] if THOROUGH and find_spec("schemathesis") else []

# Tests of the ledger wait longer for the disk than they compute: their files are in memory if a gigabyte is
# free there. The folder of a test that passed is removed at once (`tmp_path_retention_policy`).
IN_MEMORY = "/dev/shm"
if os.path.isdir(IN_MEMORY) and shutil.disk_usage(IN_MEMORY).free > 2**30:  # noqa: PTH112
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", IN_MEMORY)

# Python would look for garbage among ten thousand collected tests again and again.
gc.set_threshold(20_000, 20, 20)

# argparse would look for a translation of each of its words on the disk.
os.environ["LANGUAGE"] = "C"

# A shell starts what runs in the background with Ctrl-C ignored, and so would all that the tests start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Property tests draw the same examples each time, and have no deadline, however busy the machine.
settings.register_profile(
    "here",
    max_examples=examples(100),
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("here")


@pytest.hookimpl(wrapper=True)
def pytest_xdist_auto_num_workers():
    """Return one worker more than there are cores: many tests wait for a socket, a process or a lock."""
    return (yield) + 1


def pytest_report_header():
    """Print which tests run."""
    return "all tests, with all examples" if THOROUGH else "slow tests are deselected: CI=true runs them, too"


def pytest_collection_modifyitems(config, items):
    """Outside CI, deselect slow tests, and the cases that only combine what other cases of a test have."""
    if THOROUGH:
        return
    cases = defaultdict(dict)
    for item in items:
        values = {} if any(map(item.get_closest_marker, ("slow", "skipif"))) else _values_of(item)
        if len(values) > 1:
            cases[item.path, item.originalname][item.name] = values
    samples = {test: sample(of_test) for test, of_test in cases.items()}
    quick, left_out = [], []
    for item in items:
        test = item.path, getattr(item, "originalname", None)
        is_left_out = item.name in cases.get(test, ()) and item.name not in samples[test]
        (left_out if is_left_out or item.get_closest_marker("slow") else quick).append(item)
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = quick


def _values_of(item):
    """Return what distinguishes the values of a case; the arguments of one `parametrize` are one value."""
    together = {}
    for mark in item.iter_markers("parametrize"):
        names = [mark.args[0]] if isinstance(mark.args[0], str) else mark.args[0]
        together.update(dict.fromkeys(names, ",".join(names)))
    values = defaultdict(tuple)
    for name, value in item.callspec.params.items() if hasattr(item, "callspec") else ():
        values[together.get(name, name)] += (id(value),)
    return values


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch):
    """Keep the settings of the person who runs the tests out of them."""
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def server():
    """Run an empty emulator, and check afterwards that nothing crashed in it."""
    with emulator(page_size=5) as running:
        yield running
        assert running.crashes == []


@pytest.fixture
def raw_server():
    """Return a function that starts servers that send raw answers."""
    with contextlib.ExitStack() as stack:

        def make(*answers, **keywords):
            server = RawServer(*answers, **keywords)
            stack.callback(server.close)
            return server

        yield make


@pytest.fixture
def closed_port():
    """Return a local address at which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
    return f"http://127.0.0.1:{port}"
