"""A client against the emulator's rate limit over HTTP: no call fails, and few requests get a 429."""

from collections import Counter

import pytest
from error_messages import sentence_of

from ardoqpy import ArdoqClient, ConfigurationError, RateLimited, Retries
from ardoqpy.emulator.rate_limit import RateLimit
from ardoqpy_sync import ArdoqSyncClient

LATENCY = 0.003


@pytest.fixture
def limited(server, time):
    """Run an emulator that allows 30 requests a second by the client's clock; each takes 3 ms."""

    def clock():
        time.now += LATENCY
        return time.now

    server._limit = RateLimit(30, clock)
    return server


def statuses(server):
    """Count the answers that were given, by their status."""
    return Counter(record.status for record in server.requests)


@pytest.mark.parametrize("version", [pytest.param("v1", marks=pytest.mark.slow), "v2"])
def test_single_requests_as_fast_as_can_be(version, limited, time):
    """600 requests are all answered at 90 % of the granted rate or more, with at most 1 in 50 refused."""
    with ArdoqClient(limited.url, limited.token, version=version) as client:
        start = time.now
        for _ in range(600):
            client.me() if version == "v2" else client.get_folder()
    assert statuses(limited)[200] == 600
    assert statuses(limited)[429] <= 12
    assert (600 - 30) / (time.now - start) >= 0.9 * 30


@pytest.mark.slow
@pytest.mark.parametrize("version", ["v1", "v2"])
def test_a_sync_that_writes_a_request_a_row(version, limited, time):
    """A first load of 600 rows fails no row and uses 90 % of the granted rate or more."""
    workspace = limited_world(limited)
    with ArdoqSyncClient(limited.url, limited.token, version=version, on_error="collect") as client:
        start = time.now
        ids = [
            client.create_component({"name": f"App {n}", "typeId": "p1", "rootWorkspace": workspace})["_id"]
            for n in range(200)
        ]
        for n in range(400):
            ends = {"source": ids[n % 200], "target": ids[(n * 7 + n // 200) % 200], "type": n // 200}
            client.create_reference({**ends, "rootWorkspace": workspace})
        report = client.get_report()
    assert (report["status"], report["failed_comps"], report["failed_refs"]) == ("success", 0, 0)
    assert (report["new_comps"], report["new_refs"]) == (200, 400)
    done = statuses(limited).total() - statuses(limited)[429]
    assert statuses(limited)[201] == 600
    assert statuses(limited)[429] > 0
    assert (done - 30) / (time.now - start) >= 0.9 * 30


def limited_world(server):
    """Put a workspace into an emulator, and return its id."""
    model, workspace = "5f00aa00bb00cc00dd000010", "5f00aa00bb00cc00dd000020"
    types = {"0": {"name": "uses"}, "1": {"name": "owns"}}
    root = {"p1": {"name": "Application"}}
    server.load(
        {
            "format": 1,
            "models": [{"_id": model, "name": "Apps", "root": root, "referenceTypes": types}],
            "workspaces": [{"_id": workspace, "name": "Apps", "componentModel": model}],
        }
    )
    return workspace


def test_a_limit_of_the_callers_is_never_refused(limited, time):
    """With `rate_limit=30` nothing is refused, from the first request on, and nothing is lost either."""
    with ArdoqClient(limited.url, limited.token, rate_limit=30) as client:
        start = time.now
        for _ in range(300):
            client.get_folder()
    assert statuses(limited) == {200: 300}
    assert 299 / (time.now - start) == pytest.approx(30, rel=0.01)


def test_without_a_limit_nothing_waits(server, time):
    """Without a 429 and without a limit no request waits."""
    with ArdoqClient(server.url, server.token) as client:
        for _ in range(50):
            client.get_folder()
    assert time.slept == []


def test_a_429_holds_up_every_request_of_the_client(server, time):
    """A request that another thread begins while one waits for a 429 waits as well."""
    server.fail(status=429, retry_after=7)
    with ArdoqClient(server.url, server.token) as client:
        time.meanwhile.append(client.get_folder)
        client.get_workspaces()
    first, second = time.slept
    assert first == 7
    assert 0 < second < 1  # its turn comes after the other's, and not in the same moment
    assert [record.path for record in server.requests] == [
        "/api/workspace",
        "/api/workspacefolder",
        "/api/workspace",
    ]


def test_who_waits_while_another_429_comes_in_waits_for_both(server, time):
    """A turn that was given before a further 429 is not used: the longer wait counts for all."""
    server.fail(status=429, retry_after=2)
    with ArdoqClient(server.url, server.token) as client:
        time.meanwhile.append(lambda: client.api.transport._rate_limiter.record_rejected(time.now, 9))
        client.get_workspaces()
    assert time.slept == [2, 9]


def test_a_429_that_is_not_waited_for_delays_no_other_request(server, time):
    """After a request that gives up at once, the next one is sent at once."""
    server.fail(status=429, retry_after=3600)
    with ArdoqClient(server.url, server.token) as client:
        with pytest.raises(RateLimited):
            client.get_workspaces()
        assert client.get_workspaces() == []
    assert time.slept == []


@pytest.mark.parametrize(("retry_after", "first"), [(None, 1), (0, 1 / 16)])
def test_without_retry_after_the_pauses_grow(retry_after, first, server, time):
    """After a 429 without a time, or with 0, the pauses grow, and the client gives up in the end."""
    server.fail(status=429, retry_after=retry_after, times=1000)
    retries = Retries(backoff=1, longest_pause=16, longest_wait=60)
    with ArdoqClient(server.url, server.token, retries=retries) as client, pytest.raises(RateLimited):
        client.get_workspaces()
    for number, pause in enumerate(time.slept):
        full = min(16, first * 2**number)
        assert full / 2 <= pause <= full
    assert 5 <= len(time.slept) <= 12


@pytest.mark.parametrize("rate_limit", [0, -1, float("nan"), float("inf"), "30", True, [30]])
def test_a_limit_that_makes_no_sense(rate_limit):
    """A limit is a number above 0."""
    sentence = sentence_of(
        ConfigurationError, ArdoqClient, "https://yourorg.ardoq.com", "t0ken", rate_limit=rate_limit
    )
    assert sentence == f"rate_limit is {rate_limit!r}: give requests per second, above 0, or None."


@pytest.mark.parametrize("rate_limit", [None, 30, 0.5])
def test_limits_that_are_accepted(rate_limit):
    """A rate limit is any number above 0, or None."""
    ArdoqClient("https://yourorg.ardoq.com", "t0ken", rate_limit=rate_limit).close()
