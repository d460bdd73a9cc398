"""The next run completes a job that was killed."""

import pytest
from fault_jobs import ALL_MODES, TOKEN, client_of, duplicates, expected_rows, run_job, seed, stored_rows
from killed_jobs import JobKiller, run_and_kill

from ardoqpy.testing import emulator

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize("mode", ALL_MODES)
def test_g5_killed_job_is_completed(mode, number):
    """The next run completes a job that was killed between a write and its answer, without duplicates."""
    killer = JobKiller()
    with emulator(token=TOKEN, page_size=100, seed=seed(), recorder=killer) as server:
        source, left, killed = run_and_kill(server, killer, mode, (40, 60), number, changed=number % 2)
        assert killed
        assert duplicates(left) == set()
        with client_of(server.url, mode) as client:
            report = run_job(client, source)
        assert (report["status"], report["ambiguous"]) == ("success", [])
        assert stored_rows(server.dump()) == expected_rows(source)
        assert server.crashes == []
