"""The table of the wire, cell by cell, on API v1 and v2, over real sockets: what may be sent twice.

| outcome | GET | PUT / PATCH with a version | DELETE | POST create, batch |
|---|---|---|---|---|
| never left this machine (DNS, refused) | resend | resend | resend | resend |
| 429 | wait for Retry-After, resend, any verb | | | |
| 502, 503, 504 | resend | resend; a 409 that follows is checked | resend; a 404 is success | never blindly |
| sent, no answer (reset, time-out, cut-off) | resend | as above | as above | never blindly |
"""

import socket

import pytest

from ardoqpy import AmbiguousWrite, ArdoqClient, Batch, RateLimited, Retries

TYPE = "p1434104432900"
VERSIONS = ("v1", "v2")


class Scenario:
    """An emulated Ardoq with one component in it, and a client of one version of its API."""

    def __init__(self, server, version, time):
        self.ardoq, self.version, self.time = server, version, time
        with ArdoqClient(server.url, server.token) as furnisher:
            self.ws_id = furnisher.create_workspace({"name": "W"})["_id"]
            new = {"name": "One", "rootWorkspace": self.ws_id, "typeId": TYPE}
            self.comp_id = furnisher.create_component(new)["_id"]
        retries = Retries(count=2, backoff=0.5)
        self.client = ArdoqClient(server.url, server.token, version=version, retries=retries, timeout=10)
        self.comp = self.client.get_component(comp_id=self.comp_id)
        self.new = {"name": "Two", "rootWorkspace": self.ws_id, "typeId": TYPE}
        server.clear_requests()

    def act(self, action):
        """Read, change or delete the component, create a second one, or create it in a batch."""
        if action == "read":
            return self.client.get_component(comp_id=self.comp_id)
        if action == "change":
            return self.client.update_component(self.comp_id, {**self.comp, "name": "Two"})
        if action == "delete":
            return self.client.del_component(self.comp_id)
        if action == "create":
            return self.client.create_component(self.new)
        if self.version == "v1":
            return self.client.batch_create([{**self.new, "batchId": "two"}])
        batch = Batch()
        batch.create_component(self.new)
        return self.client.batch(batch)

    def verb(self, action):
        """Return the verb with which the client does this."""
        change = "PUT" if self.version == "v1" else "PATCH"
        return {"read": "GET", "change": change, "delete": "DELETE"}.get(action, "POST")

    @property
    def names(self):
        """The names of the components that are stored."""
        return sorted(row["name"] for row in self.ardoq.dump()["components"])

    def arrived(self, verb):
        """Return the status of each request of one verb that arrived, None if it was not handled."""
        return [record.status for record in self.ardoq.requests if record.method == verb]


@pytest.fixture(params=VERSIONS)
def scenario(request, server, time):
    """Give an emulator with a client, for each version of the API."""
    new_scenario = Scenario(server, request.param, time)
    yield new_scenario
    new_scenario.client.close()


AFTER = {"read": ["One"], "change": ["Two"], "delete": [], "create": ["One", "Two"], "batch": ["One", "Two"]}
ACTIONS = tuple(AFTER)
CREATES = ("create", "batch")


def refused(scenario, verb):
    """Refuse the connection of the first attempt."""
    scenario.ardoq.stop()
    scenario.client.session.close()
    scenario.time.meanwhile.append(scenario.ardoq.start)


def unknown_host(scenario, verb):
    """Let the host name not resolve for the first attempt."""
    resolve, asked = socket.getaddrinfo, []

    def first_unknown(*args, **keywords):
        asked.append(args)
        if len(asked) == 1:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return resolve(*args, **keywords)

    scenario.client.session.close()
    scenario.patch.setattr(socket, "getaddrinfo", first_unknown)


def fault(**keys):
    """Let the emulator do something to the first try."""
    return lambda scenario, verb: scenario.ardoq.fail(method=verb, **keys)


def timed_out(scenario, verb):
    """Let the first try take longer than the client waits."""
    transport = scenario.client.api.transport
    transport.timeout = 0.2
    scenario.time.meanwhile.append(lambda: setattr(transport, "timeout", 10))
    scenario.ardoq.fail("wait", seconds=30, method=verb)


#: Outcome: how it comes about, the statuses of the first try as the emulator saw it, is it carried out?
NEVER_LEFT = {"refused": (refused, [], False), "unknown host": (unknown_host, [], False)}
LIMITED = {
    "429 with Retry-After": (fault(status=429, retry_after=2), [429], False),
    "429 without": (fault(status=429), [429], False),
}
UNAVAILABLE = {str(status): (fault(status=status), [status], False) for status in (500, 502, 503, 504)}
NO_ANSWER = {
    "reset before handling": (fault(kind="reset"), [None], False),
    "dropped before handling": (fault(kind="drop-before"), [None], False),
    "dropped after commit": (fault(kind="drop-after"), ["done"], True),
    "cut-off body": (fault(kind="cut-off"), ["done"], True),
    "time-out": (timed_out, [], False),
    "a web page": (fault(kind="html"), [200], False),
}


def cells(*groups):
    """Return a parameter for each outcome of some groups."""
    return [
        pytest.param(*outcome, id=name.replace(" ", "-"))
        for group in groups
        for name, outcome in group.items()
    ]


def go_wrong(scenario, action, cause, monkeypatch):
    """Prepare the outcome for the first request of an action."""
    scenario.patch = monkeypatch
    cause(scenario, scenario.verb(action))


@pytest.mark.parametrize(("cause", "first", "_done"), cells(NEVER_LEFT, LIMITED))
@pytest.mark.parametrize("action", ACTIONS)
def test_requests_that_were_not_carried_out_are_sent_again(
    action, cause, first, _done, scenario, time, monkeypatch
):
    """For every verb, a request that was not sent, or got a 429, is sent again and carried out once."""
    go_wrong(scenario, action, cause, monkeypatch)
    scenario.act(action)
    assert scenario.names == AFTER[action]
    assert len(scenario.arrived(scenario.verb(action))) == len(first) + 1
    assert len(time.slept) == 1
    if first and cause is LIMITED["429 with Retry-After"][0]:
        assert time.slept == [2]
    else:
        assert 0.25 <= time.slept[0] <= 0.5


@pytest.mark.parametrize(("cause", "first", "done"), cells(UNAVAILABLE, NO_ANSWER))
@pytest.mark.parametrize("action", [action for action in ACTIONS if action not in CREATES])
def test_idempotent_requests_are_sent_again(action, cause, first, done, scenario, time, monkeypatch):
    """A read, a change with a version and a delete end as if nothing had happened, carried out once."""
    go_wrong(scenario, action, cause, monkeypatch)
    answer = scenario.act(action)
    verb = scenario.verb(action)
    assert scenario.names == AFTER[action]
    repeated = done and action != "read"
    status = {"change": 409, "delete": 404}.get(action) if repeated else None
    assert len(scenario.arrived(verb)) == len(first) + 1
    if status:
        assert scenario.arrived(verb)[-1] == status
    assert len(time.slept) == 1
    assert 0.25 <= time.slept[0] <= 0.5
    # A conflict that may be our own doing is looked into: what is stored is the answer.
    if action == "change":
        assert (answer["name"], answer["_version"]) == ("Two", scenario.comp["_version"] + 1)
        assert len(scenario.arrived("GET")) == (1 if repeated else 0)
    elif action == "delete":
        assert answer == {}


@pytest.mark.parametrize(("cause", "first", "done"), cells(UNAVAILABLE, NO_ANSWER))
@pytest.mark.parametrize("action", CREATES)
def test_an_uncertain_create_is_never_retried(action, cause, first, done, scenario, time, monkeypatch):
    """A create and a batch are sent once; if they fail unconfirmed, the error says so."""
    go_wrong(scenario, action, cause, monkeypatch)
    with pytest.raises(AmbiguousWrite) as caught:
        scenario.act(action)
    assert caught.value.method == "POST"
    assert len(scenario.arrived("POST")) == len(first)
    assert scenario.names == (AFTER[action] if done else ["One"])
    assert time.slept == []


@pytest.mark.parametrize("action", ACTIONS)
def test_a_write_that_only_got_429_is_not_ambiguous(action, scenario, time):
    """If Ardoq asks for a longer wait than allowed, nothing was carried out, and nothing is ambiguous."""
    scenario.ardoq.fail(status=429, retry_after=3600, method=scenario.verb(action))
    with pytest.raises(RateLimited):
        scenario.act(action)
    assert scenario.names == ["One"]
    assert time.slept == []


@pytest.mark.parametrize("action", ["change", "delete"])
@pytest.mark.parametrize("last", ["refused", "429"])
def test_an_uncertain_write_stays_uncertain(action, last, scenario, time):
    """After a try without an answer, a later one that never left or met a 429 does not make it certain."""
    scenario.ardoq.fail("drop-after", method=scenario.verb(action))
    if last == "429":
        scenario.ardoq.fail(status=429, retry_after=3600, method=scenario.verb(action))
    else:
        scenario.time.meanwhile.append(scenario.ardoq.stop)
        scenario.client.session.close()
    with pytest.raises(AmbiguousWrite):
        scenario.act(action)
    scenario.ardoq.start()
    assert scenario.names == AFTER[action]


def test_a_read_is_never_ambiguous(scenario, time):
    """A read that gets no answer and then a 429 is limited, not ambiguous."""
    scenario.ardoq.fail("drop-after", method="GET")
    scenario.ardoq.fail(status=429, retry_after=3600, method="GET")
    with pytest.raises(RateLimited) as caught:
        scenario.act("read")
    assert "may have been carried out" not in str(caught.value)


def test_an_error_after_an_unanswered_attempt_mentions_it(scenario, time):
    """The error of a change that got no answer and is then refused mentions the first attempt."""
    verb = scenario.verb("change")
    scenario.ardoq.fail("drop-after", method=verb)
    scenario.ardoq.fail(status=403, method=verb)
    with pytest.raises(PermissionError) as caught:
        scenario.act("change")
    assert str(caught.value).endswith("An earlier attempt got no answer, and may have been carried out.")


@pytest.mark.parametrize("kind", ["drop-before", "status"])
def test_a_conflict_that_cannot_be_checked_is_ambiguous(kind, scenario, time):
    """If the stored state cannot be read, the cause of a conflict is not known."""
    scenario.ardoq.fail("drop-after", method=scenario.verb("change"))
    scenario.ardoq.fail(kind, method="GET", times=9)
    with pytest.raises(AmbiguousWrite, match="409 after a retry, and what is stored cannot be read"):
        scenario.act("change")
    assert scenario.names == ["Two"]


def test_a_batch_that_only_reads_is_sent_again(server, time):
    """The POST that expands a batch writes nothing: it is sent again, and never ambiguous."""
    with ArdoqClient(server.url, server.token, version="v2", retries=Retries(count=1)) as client:
        server.fail("drop-after", method="POST")
        assert client.expand_batch(Batch()) is not None
        server.fail("drop-after", method="POST", times=2)
        with pytest.raises(ConnectionError) as caught:
            client.expand_batch(Batch())
    assert not isinstance(caught.value, AmbiguousWrite)
