"""Connections are used again, closed when a client is, and not shared with a forked child."""

import json
import os
import subprocess
import sys
import threading

import pytest
import requests

from ardoqpy import AmbiguousWrite, ArdoqClient, ServiceUnavailable

FAULTS_ANSWERED = [{"status": 404}, {"status": 409}, {"status": 429, "retry_after": 0}, {"kind": "html"}]


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_one_connection_is_enough_for_one_thread(version, server):
    """A hundred requests, reads and writes, refused ones among them, go over one connection."""
    with ArdoqClient(server.url, server.token) as furnisher:
        ws = furnisher.create_workspace({"name": "W"})
    before = server.connections
    with ArdoqClient(server.url, server.token, version=version) as client:
        for number in range(30):
            new = {"name": f"C{number}", "rootWorkspace": ws["_id"], "typeId": "p1434104432900"}
            comp = client.create_component(new)
            client.update_component(comp["_id"], {**comp, "name": f"D{number}"})
            client.get_component(comp_id=comp["_id"])
            with pytest.raises(LookupError):
                client.get_component(comp_id="0" * 24)
            client.del_component(comp["_id"])
    assert server.connections == before + 1


@pytest.mark.parametrize("fault", FAULTS_ANSWERED, ids=str)
def test_a_connection_outlives_an_answer_that_is_an_error(fault, server, time):
    """An answer that was read to its end leaves the connection for the next request."""
    with ArdoqClient(server.url, server.token, retries=0) as client:
        server.fail(**fault)
        try:
            client.get_workspaces()
        except Exception:  # noqa: BLE001  (whatever it becomes)
            assert server.pending_faults() == []
        client.get_workspaces()
    assert server.connections == 1


def test_threads_have_a_connection_each_at_most(server):
    """Sixteen threads that start together and send ten requests each open sixteen connections or fewer."""
    start = threading.Barrier(16)
    failed = []

    def work(client):
        start.wait(10)
        try:
            for _ in range(10):
                client.get_workspaces()
        except Exception as problem:  # noqa: BLE001  (looked at below)
            failed.append(problem)

    with ArdoqClient(server.url, server.token) as client:
        threads = [threading.Thread(target=work, args=(client,)) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert failed == []
    assert len(server.requests) == 160
    assert server.connections <= 16


def open_connections(server, wanted):
    """Wait until the emulator has so many open connections, and return whether it has."""
    inner = server._server
    with inner._changed:
        return inner._changed.wait_for(lambda: len(inner._connections) == wanted, timeout=10)


def test_a_client_that_is_closed_leaves_no_connection(server):
    """The end of the `with` closes what is open, and so does `close`, as often as it is called."""
    with ArdoqClient(server.url, server.token) as client:
        client.get_workspaces()
        assert open_connections(server, 1)
    assert open_connections(server, 0)
    client.close()
    client.close()


def test_the_end_of_a_with_closes_after_an_error_as_well(server):
    """An error within the `with` is raised, and the connection is closed."""
    with pytest.raises(LookupError), ArdoqClient(server.url, server.token) as client:
        client.get_workspace("0" * 24)
    assert open_connections(server, 0)


def test_a_client_that_was_closed_can_be_used_again(server):
    """A request after `close` opens a connection of its own."""
    client = ArdoqClient(server.url, server.token)
    client.get_workspaces()
    client.close()
    assert client.get_workspaces() == []
    client.close()
    assert server.connections == 2


def test_an_answer_that_was_not_read_is_not_the_next_ones(raw_server):
    """A connection is not used again after an answer that was not read to its end."""
    large = b"HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n" + b"[" + b" " * 3998 + b"]"
    server = raw_server(large, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]")
    with ArdoqClient(server.url, "t0ken", retries=0, largest_answer=100) as client:
        with pytest.raises(Exception, match="larger than the 100 bytes"):
            client.get_workspaces()
        assert client.get_workspaces() == []


def test_a_redirect_of_a_download_leaves_its_connection(raw_server):
    """A redirect to a file on the same host uses one connection for both."""

    def twice(connection):
        connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: /api/there\r\nContent-Length: 4\r\n\r\nsoon")
        asked = connection.recv(65536)
        body = asked.split()[1]
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))

    with ArdoqClient(raw_server(twice).url, "t0ken", retries=0) as client:
        assert client.download_attachment("5f00", "a.txt") == b"/api/there"


@pytest.mark.parametrize(
    ("problem", "doubtful"),
    [(ConnectionResetError("gone"), True), (TimeoutError(), True), (OSError(5, "no"), False)],
)
def test_errors_of_a_custom_adapter_become_library_errors(problem, doubtful):
    """If an adapter raises a connection error of the system, the write is unconfirmed."""

    class Adapter(requests.adapters.HTTPAdapter):
        def send(self, *_args, **_keywords):
            raise problem

    with requests.Session() as session:
        session.mount("https://", Adapter())
        client = ArdoqClient("https://acme.ardoq.com", "t0ken", retries=0, session=session)
        with pytest.raises(ServiceUnavailable) as caught:
            client.create_workspace({"name": "W"})
    assert isinstance(caught.value, AmbiguousWrite) is doubtful


FORK = """
import json, multiprocessing, os, sys
from ardoqpy import ArdoqClient

url, token, ids = sys.argv[1], sys.argv[2], sys.argv[3].split(",")
client = ArdoqClient(url, token, rate_limit=1000)


def work(ws_id):
    return [client.get_workspace(ws_id)["_id"] == ws_id for _ in range(50)]


def child(ws_id, pipe):
    pipe.send(work(ws_id))


client.get_workspaces()
context = multiprocessing.get_context("fork")
ends, children = [], []
for ws_id in ids[1:]:
    end, other = context.Pipe(duplex=False)
    children.append(context.Process(target=child, args=(ws_id, other)))
    ends.append(end)
with client.api.transport._rate_limiter._lock:  # as if another thread of the parent were taking a turn
    for one in children:
        one.start()
found = [work(ids[0]), *(end.recv() for end in ends)]
for one in children:
    one.join()
client.get_workspaces()  # the parent's connection is still its own
print(json.dumps({"right": [all(one) and len(one) == 50 for one in found],
                  "exits": [one.exitcode for one in children]}))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_child_has_connections_of_its_own(server):
    """A parent and three children that share a client each get their own answers and connection."""
    with ArdoqClient(server.url, server.token) as client:
        ids = [client.create_workspace({"name": f"W{number}"})["_id"] for number in range(4)]
    before = server.connections
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", FORK, server.url, server.token, ",".join(ids)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stderr == ""
    assert json.loads(done.stdout) == {"right": [True] * 4, "exits": [0] * 3}
    assert server.connections == before + 4
