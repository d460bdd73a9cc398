"""An emulator with a few applications, a job file with its rows, and `ardoqpy-sync` in this process."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from checker import complaints_about
from command_line import runner
from nightly import ROWS, SEED, job_text

from ardoqpy.testing import emulator
from ardoqpy_sync.cli import main

TOKEN = "t0ken-of-the-tests-that-must-not-be-shown"
EXCHANGES = []


@pytest.fixture(scope="session")
def _running():
    """Run one emulator for all tests of the command."""
    with emulator(seed=SEED, token=TOKEN, page_size=5, recorder=EXCHANGES.append) as running:
        yield running
    assert running.crashes == []


@pytest.fixture
def ardoq(_running, monkeypatch):
    """Reset the emulator, and set the environment variables that name it."""
    _running.clear_faults()
    _running.reset()
    _running.clear_requests()
    monkeypatch.setenv("ARDOQ_API_HOST", _running.url)
    monkeypatch.setenv("ARDOQ_API_TOKEN", TOKEN)
    for name in ("GITHUB_STEP_SUMMARY", "ARDOQPY_WEBHOOK"):
        monkeypatch.delenv(name, raising=False)
    EXCHANGES.clear()
    yield _running
    _running.clear_faults()
    assert complaints_about(EXCHANGES) == []


@pytest.fixture(params=["v1", "v2"])
def version(request):
    """Return each version of the API in turn."""
    return request.param


@pytest.fixture
def home(ardoq, tmp_path, monkeypatch):
    """Change to a folder with the job file, for v2, and its rows."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "job.toml").write_text(job_text())
    (tmp_path / "apps.csv").write_text(ROWS)
    return tmp_path


@pytest.fixture
def run(capsys):
    """Return a function that runs a command line in this process."""
    return runner(main, capsys)


class Hook(ThreadingHTTPServer):
    """A webhook that records what it receives, and answers with a status."""

    def __init__(self, status=200, headers=()):
        self.received, self.received_headers, self.paths = [], [], []
        self.status, self.more = status, headers
        super().__init__(("127.0.0.1", 0), _HookHandler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}/hooks/s3cret-path"
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()


class _HookHandler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append(json.loads(body))
        self.server.received_headers.append(dict(self.headers))
        self.server.paths.append(self.path)
        self.send_response(self.server.status)
        for name, value in self.server.more:
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def hook_of():
    """Return a function that starts webhooks."""
    hooks = []

    def make(**keywords):
        hooks.append(Hook(**keywords))
        return hooks[-1]

    yield make
    for hook in hooks:
        hook.shutdown()
        hook.server_close()


@pytest.fixture
def hook(hook_of):
    """Return a webhook that answers 200."""
    return hook_of()
