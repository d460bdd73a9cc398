"""Jobs over rows, on each version of the API and in batches, against one emulator."""

import textwrap
from contextlib import ExitStack

import pytest
from nights import SEED, WAYS

from ardoqpy.testing import emulator
from ardoqpy_sync import ArdoqSyncClient
from ardoqpy_sync.job import read_job, run_job


@pytest.fixture(scope="session")
def server():
    """Run an emulator for all tests; whatever is in it, the next test replaces."""
    with emulator(token="a-token") as running:
        yield running
    assert running.crashes == []


@pytest.fixture
def ardoq(server):
    """Give the emulator with the organisation in it, and nothing asked yet."""
    server.clear_faults()
    server.load(SEED)
    server.clear_requests()
    yield server
    server.clear_faults()


@pytest.fixture(params=["v1", pytest.param("v2", marks=pytest.mark.slow), "batched"])
def way(request):
    """Say how Ardoq is spoken to."""
    return WAYS[request.param]


@pytest.fixture
def new_client(ardoq, way):
    """Make clients that collect what fails."""
    with ExitStack() as stack:

        def make(**options):
            options = {"on_error": "collect", **way, **options}
            return stack.enter_context(ArdoqSyncClient(ardoq.url, ardoq.token, **options))

        yield make


@pytest.fixture
def job_of(tmp_path):
    """Make jobs of their text, in a folder of their own."""

    def make(text):
        return read_job("format = 1\n" + textwrap.dedent(text), tmp_path / "job.toml")

    return make


@pytest.fixture
def night(job_of, new_client):
    """Run a job of a text over rows of its sources; return the outcome, and the report and the plan."""

    def run(text, *, simulate=False, **rows):
        client = new_client(simulate=simulate)
        job = job_of(text + "".join(f'\n[sources.{name}]\ntype = "rows"\nrows = []\n' for name in rows))
        outcome = run_job(job, client, sources=rows)
        return outcome, client.get_report(), client.plan

    return run
