"""An emulator with a small organisation, and the command line in this process."""

import io
import shlex
import sys

import pytest
from checker import complaints_about
from command_line import runner
from organisation import SEED

from ardoqpy.cli import main
from ardoqpy.testing import emulator

TOKEN = "t0ken-of-the-tests-that-must-not-be-shown"


#: Requests and answers of a test; those of v2 must fit the contract.
EXCHANGES = []


@pytest.fixture(scope="session")
def _running():
    """Run one emulator for all tests of the command line."""
    with emulator(seed=SEED, token=TOKEN, page_size=2, recorder=EXCHANGES.append) as running:
        yield running
    assert running.crashes == []


@pytest.fixture
def ardoq(_running, monkeypatch):
    """Reset the emulator to the organisation, and set the environment variables that name it."""
    _running.clear_faults()
    _running.reset()
    _running.clear_requests()
    monkeypatch.setenv("ARDOQ_API_HOST", _running.url)
    monkeypatch.setenv("ARDOQ_API_TOKEN", TOKEN)
    EXCHANGES.clear()
    yield _running
    _running.clear_faults()
    assert complaints_about(EXCHANGES) == []


@pytest.fixture
def run(capsys):
    """Return a function that runs a command line in this process."""
    return runner(main, capsys)


class Terminal(io.StringIO):
    """A standard output that is a terminal."""

    def isatty(self):
        """Return True."""
        return True


@pytest.fixture
def on_a_terminal(monkeypatch):
    """Run a command line with a terminal of so many columns, and return its output."""

    def running(line, columns):
        terminal = Terminal()
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("COLUMNS", str(columns))
            patch.setattr(sys, "stdout", terminal)
            assert main(shlex.split(line)) == 0
        return terminal.getvalue()

    return running
