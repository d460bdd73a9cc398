"""A call ends by its deadline in every phase, and the error names it."""

import time as real_time

import pytest
from error_messages import sentence_of

from ardoqpy import AmbiguousWrite, ArdoqClient, ConfigurationError, RateLimited, Retries, ServiceUnavailable

LATE = "Its deadline of 5 seconds leaves no time for another attempt."
PATIENT = {"count": 1000, "longest_wait": 1000}


@pytest.fixture
def hurried(server, time):
    """Give a client with a deadline of five seconds, and no other limit."""
    with ArdoqClient(server.url, server.token, retries=Retries(**PATIENT, deadline=5)) as client:
        yield client


def test_repeats_end_by_the_deadline(hurried, server, time):
    """A 503 that lasts is repeated as long as the next try begins before the deadline."""
    server.fail(status=503, times=1000)
    with pytest.raises(ServiceUnavailable) as caught:
        hurried.get_workspaces()
    assert sum(time.slept) < 5
    assert len(server.requests) == len(time.slept) + 1 >= 4
    assert str(caught.value).startswith(
        f"GET /api/workspace failed after {len(server.requests)} attempts with"
    )
    assert str(caught.value).endswith(f" {LATE}")


def test_each_call_has_its_own_deadline(hurried, server, time):
    """Each call has its own deadline."""
    for _ in range(3):
        server.fail(status=503, retry_after=4)
        assert hurried.get_workspaces() == []
    assert time.slept == [4, 4, 4]


def test_a_wait_that_is_too_long_is_not_begun(hurried, server, time):
    """A 429 that asks for more than the time left is an error at once."""
    server.fail(status=429, retry_after=3)
    server.fail(status=429, retry_after=3)
    with pytest.raises(RateLimited) as caught:
        hurried.get_workspaces()
    assert time.slept == [3]
    assert str(caught.value).endswith(f" {LATE}")


def test_a_write_past_its_deadline_is_ambiguous_only_if_it_was_sent(hurried, server, time):
    """A 429 at the deadline is not ambiguous; a change that got no answer before it is."""
    ws = hurried.create_workspace({"name": "W"})
    server.fail(status=429, retry_after=60, method="PUT")
    with pytest.raises(RateLimited):
        hurried.update_workspace(ws["_id"], ws)
    server.fail("drop-after", method="PUT")
    server.fail(status=429, retry_after=60, method="PUT")
    with pytest.raises(AmbiguousWrite):
        hurried.update_workspace(ws["_id"], ws)


def test_a_turn_that_comes_too_late_is_not_waited_for(server, time):
    """With a rate limit, a request whose slot is after its deadline is not sent."""
    with ArdoqClient(
        server.url, server.token, rate_limit=0.1, retries=Retries(**PATIENT, deadline=5)
    ) as client:
        client.get_workspaces()
        with pytest.raises(RateLimited) as caught:
            client.create_workspace({"name": "W"})
        assert str(caught.value) == (
            "POST /api/workspace was not sent: with the rate limit, its turn comes too late. " + LATE
        )
        time.now += 6
        client.get_workspaces()
    assert [record.method for record in server.requests] == ["GET", "GET"]


def test_checking_a_conflict_has_the_same_deadline(hurried, server, time):
    """The stored state is read within the time that the change has left."""
    ws = hurried.create_workspace({"name": "W"})
    server.fail(status=503, retry_after=3, method="PUT")
    server.fail("drop-after", method="PUT")
    server.fail(status=503, method="GET", times=1000)
    with pytest.raises(AmbiguousWrite, match="409 after a retry, and what is stored cannot be read"):
        hurried.update_workspace(ws["_id"], {**ws, "name": "New"})
    assert sum(time.slept) < 5


def client_in_haste(server, **keywords):
    """Make a client with a deadline of 0.3 seconds and a long time-out."""
    retries = Retries(count=5, backoff=0, deadline=0.3)
    return ArdoqClient(server.url, "t0ken", timeout=30, retries=retries, **keywords)


def test_a_silent_server_is_not_waited_for_longer(raw_server):
    """The time-out of a call is never longer than its deadline."""
    with client_in_haste(raw_server(None, None)) as client:
        sentence = sentence_of(ServiceUnavailable, client.get_workspaces)
    assert sentence.startswith("No answer to GET /api/workspace: no data arrived within the time-out.")
    assert sentence.endswith("Its deadline of 0.3 seconds leaves no time for another attempt.")


def test_a_write_to_a_silent_server_is_ambiguous(raw_server):
    """A create that is cut short by its deadline may have been carried out."""
    with client_in_haste(raw_server(None)) as client, pytest.raises(AmbiguousWrite):
        client.create_workspace({"name": "W"})


@pytest.mark.parametrize("chunked", [False, True], ids=["with-its-length", "in-chunks"])
def test_an_answer_that_trickles_is_not_read_to_its_end(chunked, raw_server):
    """Bytes that keep coming, each within the time-out, do not keep a call alive: the client leaves."""
    left = []

    def trickle(connection):
        kind = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: 62"
        connection.sendall(b"HTTP/1.1 200 OK\r\n" + kind + b"\r\n\r\n")
        for byte in b"[" + b" " * 60 + b"]":
            try:
                connection.sendall(b"1\r\n%c\r\n" % byte if chunked else b"%c" % byte)
            except OSError:
                left.append(byte)
                return
            real_time.sleep(0.05)
        if chunked:
            connection.sendall(b"0\r\n\r\n")

    server = raw_server(trickle)
    with client_in_haste(server) as client:
        sentence = sentence_of(ServiceUnavailable, client.get_workspaces)
    assert sentence == (
        "No answer to GET /api/workspace: it was not read to its end in time. "
        "Its deadline of 0.3 seconds leaves no time for another attempt."
    )
    server.close()
    assert len(left) == 1


def test_connections_are_kept_with_a_deadline_as_well(server):
    """Answers that are read as they arrive leave their connection for the next request."""
    with ArdoqClient(server.url, server.token, retries=Retries(deadline=60)) as client:
        ws = client.create_workspace({"name": "W"})
        for _ in range(10):
            assert client.get_workspace(ws["_id"])["name"] == "W"
    assert server.connections == 1


@pytest.mark.parametrize("deadline", [0, -1, float("nan"), float("inf"), "5", True, [1]])
def test_a_deadline_that_makes_no_sense(deadline):
    """A deadline is a number of seconds above 0, or none."""
    sentence = sentence_of(ConfigurationError, Retries, deadline=deadline)
    assert sentence == f"retries: deadline is {deadline!r}: give seconds above 0, or None."


@pytest.mark.parametrize("deadline", [None, 1, 0.5, 3600])
def test_deadlines_that_are_accepted(deadline):
    """A deadline is a number of seconds, or None."""
    assert Retries(deadline=deadline).deadline == deadline
