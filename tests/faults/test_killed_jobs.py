"""A job that is killed leaves nothing that the next run does not put right."""

import pytest
from fault_jobs import IN_EVERY_WAY, TOKEN, client_of, duplicates, held, nightly, seed, wanted
from killed_jobs import Assassin, crash

from ardoqpy.testing import emulator


@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize("way", IN_EVERY_WAY)
def test_g5_what_a_killed_job_left_is_completed(way, number):
    """A job killed between a write and its answer is completed by the next run, with nothing twice."""
    assassin = Assassin()
    with emulator(token=TOKEN, page_size=100, seed=seed(), recorder=assassin) as server:
        source, left, killed = crash(server, assassin, way, (40, 60), number, night=number % 2)
        assert killed
        assert duplicates(left) == set()
        with client_of(server.url, way) as client:
            report = nightly(client, source)
        assert (report["status"], report["ambiguous"]) == ("success", [])
        assert held(server.dump()) == wanted(source)
        assert server.crashes == []
