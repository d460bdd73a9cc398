"""The table of `ardoqpy/_http/retry.py` over a real socket, against an emulator with faults."""

import pytest

from ardoqpy import (
    AmbiguousWrite,
    ArdoqClient,
    ArdoqClientException,
    Conflict,
    NotFoundError,
    RateLimited,
    Retries,
    ServiceUnavailable,
    UnexpectedAnswer,
)

VERBS = ("GET", "PUT", "PATCH", "DELETE", "POST")
REPEATABLE = ("GET", "PUT", "PATCH", "DELETE")
AT_ONCE = Retries(count=2, backoff=0)
TYPE = "p1434104432900"

#: Each fault, and whether Ardoq carries the request out.
UNANSWERED = {
    "drop-before": ({"kind": "drop-before"}, False),
    "drop-after": ({"kind": "drop-after"}, True),
    "cut-off": ({"kind": "cut-off"}, True),
    "html": ({"kind": "html"}, False),
    **{str(status): ({"kind": "status", "status": status}, False) for status in (500, 502, 503, 504)},
}
FAULTS = [pytest.param(*fault, id=name) for name, fault in UNANSWERED.items()]


class Scenario:
    """An emulated Ardoq with one component in it, and a client that repeats at once."""

    def __init__(self, server, client):
        self.ardoq, self.client = server, client
        self.ws_id = client.create_workspace({"name": "W"})["_id"]
        new = {"name": "One", "rootWorkspace": self.ws_id, "typeId": TYPE}
        self.comp = client.create_component(new)
        server.clear_requests()

    def call(self, verb):
        """Read, change or delete the component, or create a second one."""
        comp_id = self.comp["_id"]
        if verb == "GET":
            return self.client.get_component(comp_id=comp_id)
        if verb == "PUT":
            return self.client.update_component(comp_id, {**self.comp, "name": "Two"})
        if verb == "PATCH":
            return self.client.patch_component(comp_id, payload={"name": "Two"})
        if verb == "DELETE":
            return self.client.del_component(comp_id)
        return self.client.create_component({**self.comp, "name": "Two"})

    @property
    def names(self):
        """The names of the components that are stored."""
        return sorted(row["name"] for row in self.ardoq.dump()["components"])

    def sent(self, verb):
        """Count the requests of one verb that arrived."""
        return sum(record.method == verb for record in self.ardoq.requests)


@pytest.fixture
def scenario(server):
    """Return the data that requests with faults work on."""
    with ArdoqClient(server.url, server.token, retries=AT_ONCE, timeout=10) as client:
        yield Scenario(server, client)


AFTER = {"GET": ["One"], "PUT": ["Two"], "PATCH": ["Two"], "DELETE": [], "POST": ["One", "Two"]}


@pytest.mark.parametrize(("fault", "_carried_out"), FAULTS)
@pytest.mark.parametrize("verb", REPEATABLE)
def test_a_repeated_write_is_applied_once(verb, fault, _carried_out, scenario):
    """After one fault GET, PUT, PATCH and DELETE end as if nothing had happened, with one repeat."""
    scenario.ardoq.fail(**fault, method=verb)
    answer = scenario.call(verb)
    assert scenario.names == AFTER[verb]
    assert scenario.sent(verb) == 2
    assert scenario.ardoq.pending_faults() == []
    if verb == "DELETE":
        assert answer == {}
    else:
        assert answer["name"] == AFTER[verb][0]


@pytest.mark.parametrize(("fault", "carried_out"), FAULTS)
def test_a_create_without_an_answer_is_sent_once(fault, carried_out, scenario):
    """After one fault a POST is ambiguous: sent once, whether Ardoq carried it out or not."""
    scenario.ardoq.fail(**fault, method="POST")
    with pytest.raises(AmbiguousWrite):
        scenario.call("POST")
    assert scenario.sent("POST") == 1
    assert scenario.names == (["One", "Two"] if carried_out else ["One"])


@pytest.mark.parametrize("verb", VERBS)
def test_a_rate_limit_is_waited_for(verb, scenario):
    """After 429 every verb is sent again, more often than `count` says, and is carried out once."""
    scenario.ardoq.fail(status=429, retry_after=0, method=verb, times=4)
    scenario.call(verb)
    assert scenario.sent(verb) == 5
    assert scenario.names == AFTER[verb]


@pytest.mark.parametrize("verb", VERBS)
def test_a_rate_limit_that_lasts_too_long_changes_nothing(verb, scenario):
    """A 429 that asks for an hour is an error at once, and nothing was carried out."""
    scenario.ardoq.fail(status=429, retry_after=3600, method=verb)
    with pytest.raises(RateLimited):
        scenario.call(verb)
    assert scenario.sent(verb) == 1
    assert scenario.names == ["One"]


@pytest.mark.parametrize("verb", VERBS)
def test_an_unreachable_host_is_retried_and_given_up(verb, scenario, closed_port, pauses):
    """Where nobody listens every verb is repeated `count` times and is then no ambiguous write."""
    with (
        ArdoqClient(closed_port, "t0ken", retries=AT_ONCE) as scenario.client,
        pytest.raises(ServiceUnavailable) as caught,
    ):
        scenario.call(verb)
    assert type(caught.value) is ServiceUnavailable
    assert caught.value.status is None
    assert "after 3 attempts" in str(caught.value)
    assert pauses == [0, 0]


@pytest.mark.parametrize("verb", VERBS)
def test_a_host_that_comes_back_is_reached(verb, scenario, monkeypatch):
    """A request that could not leave, since Ardoq was down, is carried out once when it is back."""
    starts = []
    monkeypatch.setattr("ardoqpy._http.transport.time.sleep", lambda _: starts.append(scenario.ardoq.start()))
    scenario.ardoq.stop()
    scenario.client.session.close()
    scenario.call(verb)
    assert len(starts) == 1
    assert scenario.names == AFTER[verb]


@pytest.mark.parametrize("verb", VERBS)
def test_a_silent_ardoq_is_not_waited_for(verb, scenario):
    """What takes longer than the time-out is repeated where it may be, and is ambiguous where not."""
    scenario.client.api.transport.timeout = 0.3
    scenario.ardoq.fail("wait", seconds=30, method=verb)
    if verb == "POST":
        with pytest.raises(AmbiguousWrite, match="no data arrived within the time-out"):
            scenario.call(verb)
        assert scenario.names == ["One"]
    else:
        scenario.call(verb)
        assert scenario.names == AFTER[verb]
    assert scenario.ardoq.pending_faults() == []


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"kind": "drop-before"}, ServiceUnavailable),
        ({"kind": "cut-off"}, ServiceUnavailable),
        ({"kind": "status", "status": 503}, ServiceUnavailable),
        ({"kind": "html"}, UnexpectedAnswer),
    ],
)
def test_a_read_is_given_up_after_its_repeats(fault, error, scenario):
    """A fault that lasts ends a read after `count` repeats."""
    scenario.ardoq.fail(**fault, times=9)
    with pytest.raises(error) as caught:
        scenario.call("GET")
    assert type(caught.value) is error
    assert scenario.sent("GET") == 3


@pytest.mark.parametrize("kind", ["drop-before", "drop-after", "html"])
@pytest.mark.parametrize("verb", ["PUT", "PATCH", "DELETE"])
def test_a_write_is_given_up_as_ambiguous(verb, kind, scenario):
    """A fault that lasts leaves open whether a repeated write was carried out."""
    scenario.ardoq.fail(kind, times=9, method=verb)
    with pytest.raises(AmbiguousWrite, match="after 3 attempts"):
        scenario.call(verb)
    assert scenario.sent(verb) == 3


def test_a_concurrent_change_between_two_attempts_is_a_conflict(scenario, monkeypatch):
    """A PUT that was dropped before it was carried out does not overwrite what came in between."""
    theirs = {**scenario.comp, "name": "Theirs"}

    def in_between(_seconds):
        with ArdoqClient(scenario.ardoq.url, scenario.ardoq.token) as other:
            other.update_component(scenario.comp["_id"], theirs)

    monkeypatch.setattr("ardoqpy._http.transport.time.sleep", in_between)
    scenario.ardoq.fail("drop-before", method="PUT")
    with pytest.raises(Conflict):
        scenario.call("PUT")
    assert scenario.names == ["Theirs"]


def test_deleting_a_missing_entity_is_an_error(scenario):
    """A 404 without any repeat is not taken for success."""
    scenario.call("DELETE")
    with pytest.raises(NotFoundError):
        scenario.call("DELETE")


@pytest.fixture
def attached(scenario):
    """Add a file to the data."""
    scenario.client.upload_attachment(scenario.ws_id, b"0123456789" * 50, "a.txt")
    return scenario


def test_a_download_that_is_cut_off_leaves_no_half_file(attached, tmp_path):
    """Half a file is an error, and what was at the path before is still there, alone."""
    target = tmp_path / "a.txt"
    target.write_text("before")
    attached.ardoq.fail("cut-off", method="GET", path="/api/attachment*")
    with pytest.raises(ArdoqClientException):
        attached.client.download_attachment(attached.ws_id, "a.txt", target)
    assert target.read_text() == "before"
    assert list(tmp_path.iterdir()) == [target]


def test_a_download_that_is_cut_off_is_no_fault_of_the_disk(attached, tmp_path):
    """Half a file is an error of the connection, also where it was to be written to a path."""
    attached.ardoq.fail("cut-off", method="GET", path="/api/attachment*")
    with pytest.raises(ServiceUnavailable):
        attached.client.download_attachment(attached.ws_id, "a.txt", tmp_path / "a.txt")


def test_a_download_that_is_cut_off_names_its_whole_path(attached):
    """The error of a download names the path as every other error does."""
    attached.ardoq.fail("cut-off", method="GET", path="/api/attachment*")
    with pytest.raises(ServiceUnavailable) as caught:
        attached.client.download_attachment(attached.ws_id, "a.txt")
    assert caught.value.path == f"/api/attachment/workspace/{attached.ws_id}/a.txt"


@pytest.mark.parametrize("kind", ["drop-before", "status"])
def test_a_download_that_did_not_begin_is_repeated(kind, attached):
    """As long as no byte of the file has come, a download is a read like any other."""
    attached.ardoq.fail(kind, method="GET", path="/api/attachment*")
    assert len(attached.client.download_attachment(attached.ws_id, "a.txt")) == 500


def test_bulk_deleting_a_missing_entity_is_an_error(server):
    """A 404 after a lost bulk delete is an error: it may be about one id, with the others still there."""
    with ArdoqClient(server.url, server.token, retries=Retries(count=2, backoff=0)) as client:
        ws = client.create_workspace({"name": "Apps"})
        kept = client.create_component({"name": "Kept", "rootWorkspace": ws["_id"]})
        server.fail("drop-before", method="DELETE")
        with pytest.raises(NotFoundError):
            client.del_components([kept["_id"], "0123456789abcdef01234567"])
        assert client.get_component(comp_id=kept["_id"])["name"] == "Kept"
