"""Run jobs on each API version and in batches, against one emulator."""

import textwrap
from contextlib import ExitStack

import pytest
from job_seed import SEED, WAYS

from ardoqpy.testing import emulator
from ardoqpy_sync import ArdoqSyncClient
from ardoqpy_sync.job import parse_job, run_job


@pytest.fixture(scope="session")
def server():
    """Run one emulator; each test replaces its content."""
    with emulator(token="a-token", page_size=5) as running:
        yield running
    assert running.crashes == []


@pytest.fixture
def ardoq(server):
    """Return the emulator with the seed, without faults and recorded requests."""
    server.clear_faults()
    server.load(SEED)
    server.clear_requests()
    yield server
    server.clear_faults()


@pytest.fixture(params=["v1", pytest.param("v2", marks=pytest.mark.slow), "batched"])
def way(request):
    """Return the client options of an API version."""
    return WAYS[request.param]


@pytest.fixture
def new_client(ardoq, way):
    """Return a function that makes clients, which collect errors."""
    with ExitStack() as stack:

        def make(**options):
            options = {"on_error": "collect", **way, **options}
            return stack.enter_context(ArdoqSyncClient(ardoq.url, ardoq.token, **options))

        yield make


@pytest.fixture
def make_job(tmp_path):
    """Return a function that parses the text of a job in an empty folder."""

    def make(text):
        return parse_job("format = 1\n" + textwrap.dedent(text), tmp_path / "job.toml")

    return make


@pytest.fixture
def run(make_job, new_client):
    """Return a function that runs a job over rows, and returns its result, the report and the plan."""

    def run(text, *, simulate=False, **rows):
        client = new_client(simulate=simulate)
        job = make_job(text + "".join(f'\n[sources.{name}]\ntype = "rows"\nrows = []\n' for name in rows))
        result = run_job(job, client, sources=rows)
        return result, client.get_report(), client.plan

    return run
