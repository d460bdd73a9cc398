"""Whenever a run of the command line is interrupted, its reports are what is in Ardoq."""

import os

import pytest
from fault_jobs import ALL_MODES, TOKEN, duplicates, seed
from interrupted_jobs import Interrupter, Webhook, interrupt_repeatedly

from ardoqpy.testing import emulator

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM to send"),
]


@pytest.mark.parametrize("mode", ALL_MODES)
def test_reports_of_interrupted_runs_are_what_is_in_ardoq(mode, tmp_path):
    """Page, JSON, Markdown, webhook and terminal have what was written, and the next run completes it."""
    interrupter = Interrupter()
    with (
        Webhook() as hook,
        emulator(token=TOKEN, page_size=100, seed=seed(), recorder=interrupter) as server,
    ):
        complaints, interrupted = interrupt_repeatedly(server, interrupter, hook, tmp_path, mode, 1, 3)
        hook.shutdown()
        assert (complaints, interrupted) == ([], 3)
        assert duplicates(server.dump()) == set()
        assert server.crashes == []
