"""A process that forks while its other threads are in a call."""

import os
import subprocess
import sys

import pytest

from ardoqpy.testing import emulator

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")

#: A process forks while a thread holds the locks of a call; the child makes calls and prints what happens.
FORK = """
import os, sys, threading, warnings
from ardoqpy import ArdoqClient, InvalidInput
from ardoqpy_sync import ArdoqSyncClient
warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12 warns of any fork with threads
url, token, version, case = sys.argv[1:]

def fork(child, lock):
    held, done = threading.Event(), threading.Event()
    def hold():
        with lock:
            held.set()
            done.wait(20)
    thread = threading.Thread(target=hold)
    thread.start()
    held.wait()
    process = os.fork()
    if not process:
        try:
            child()
            os._exit(0)
        finally:
            os._exit(9)
    status = os.waitpid(process, 0)[1]
    done.set()
    thread.join()
    assert status == 0, status

def create(name):
    return sync.create_component({"name": name, "rootWorkspace": "5f00aa00bb00cc00dd00f020", "typeId": "p1"})

def raises():
    try:
        create("Twice")
    except InvalidInput as problem:
        print(problem, flush=True)

if case == "connections":
    client = ArdoqClient(url, token, version=version)
    client.get_workspaces()
    pools = client.api.transport.session.get_adapter(url).poolmanager.pools
    fork(lambda: print(len(client.get_workspaces()), flush=True), pools.lock)
    queue = next(iter(pools._container.values())).pool
    fork(lambda: print(len(client.get_workspaces()), flush=True), queue.mutex)
    client.get_workspaces()
else:
    sync = ArdoqSyncClient(url, token, version=version, batch=case == "pending")
    if case == "pending":
        create("Once")
    fork(raises, sync._lock if case == "call" else threading.Lock())
"""

SEED = {
    "format": 1,
    "models": [{"_id": "5f00aa00bb00cc00dd00f030", "name": "M", "root": {"p1": {"name": "Application"}}}],
    "workspaces": [
        {"_id": "5f00aa00bb00cc00dd00f020", "name": "Apps", "componentModel": "5f00aa00bb00cc00dd00f030"}
    ],
}


@pytest.fixture(scope="module")
def ardoq():
    """Run an emulator with a workspace."""
    with emulator(seed=SEED) as running:
        yield running


def _run(ardoq, version, case):
    command = [sys.executable, "-c", FORK, ardoq.url, ardoq.token, version, case]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert ran.stderr == ""
    return ran.stdout.splitlines()


@pytest.mark.parametrize("version", [pytest.param("v1", marks=pytest.mark.slow), "v2"])
def test_child_does_not_wait_for_threads_of_its_parent(ardoq, version):
    """A child forked while another thread is about to connect makes its calls, and the parent its own."""
    assert _run(ardoq, version, "connections") == ["1", "1"]


@pytest.mark.parametrize("version", [pytest.param("v1", marks=pytest.mark.slow), "v2"])
def test_child_is_told_of_call_in_its_parent(ardoq, version):
    """A sync client whose parent was in a call of another thread raises in the child, and does not hang."""
    (sentence,) = _run(ardoq, version, "call")
    assert sentence.endswith("was in a call of another thread: build another client in the child.")


def test_child_does_not_send_writes_of_its_parent(ardoq):
    """A sync client with pending writes raises in the child, which would send them a second time."""
    (sentence,) = _run(ardoq, "v2", "pending")
    assert sentence.endswith("had pending writes: build another client in the child.")
