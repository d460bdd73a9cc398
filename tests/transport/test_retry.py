"""Which requests are sent again (every cell of the table in `ardoqpy/_http/retry.py`), and when."""

import http.client
import logging
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
import requests
from responses import matchers
from urllib3.exceptions import IncompleteRead, MaxRetryError, NewConnectionError, ProtocolError

from ardoqpy import (
    AmbiguousWrite,
    ArdoqClientException,
    AuthorizationError,
    BadRequest,
    Conflict,
    NotFoundError,
    RateLimited,
    Retries,
    ServiceUnavailable,
    UnexpectedAnswer,
)
from ardoqpy._http.response import Outcome
from ardoqpy._http.retry import may_resend, parse_retry_after

VERBS = ("GET", "PUT", "PATCH", "DELETE", "POST")
REPEATABLE = ("GET", "PUT", "PATCH", "DELETE")


def _refused():
    refused = NewConnectionError(None, "Failed to establish a new connection: Connection refused")
    return {"body": requests.ConnectionError(MaxRetryError(None, "/", refused))}


def _reset():
    reset = ConnectionResetError(104, "Connection reset by peer")
    return {"body": requests.ConnectionError(ProtocolError("Connection aborted.", reset))}


def _no_status_line():
    gone = http.client.RemoteDisconnected("Remote end closed connection without response")
    return {"body": requests.ConnectionError(ProtocolError("Connection aborted.", gone))}


def _broken_body():
    return {"body": requests.exceptions.ChunkedEncodingError(ProtocolError("broken", IncompleteRead(3, 4)))}


NEVER_LEFT = {
    "refused": _refused,
    "connect time-out": lambda: {"body": requests.ConnectTimeout("timed out")},
    "proxy": lambda: {"body": requests.exceptions.ProxyError("no proxy there")},
}
UNAVAILABLE = {
    str(status): lambda status=status: {"status": status, "json": {"message": "Later."}}
    for status in (500, 502, 503, 504)
}
NO_ANSWER = {
    "reset": _reset,
    "closed": _no_status_line,
    "read time-out": lambda: {"body": requests.ReadTimeout("timed out")},
    "broken body": _broken_body,
    "undecodable": lambda: {"body": requests.exceptions.ContentDecodingError("not gzip")},
    "half of the JSON": lambda: {"body": b'{"_id": "5f', "content_type": "application/json"},
    "a web page": lambda: {"body": b"<html>Log in</html>", "content_type": "text/html"},
}
RATE_LIMITED = {
    "429 with Retry-After": lambda: {"status": 429, "headers": {"Retry-After": "3"}},
    "429 without": lambda: {"status": 429},
}


def _cells(*groups):
    return [
        pytest.param(failure, id=name.replace(" ", "-"))
        for group in groups
        for name, failure in group.items()
    ]


@pytest.mark.parametrize("failure", _cells(NEVER_LEFT, RATE_LIMITED, UNAVAILABLE, NO_ANSWER))
@pytest.mark.parametrize("verb", REPEATABLE)
def test_idempotent_requests_are_sent_again(verb, failure, wire, endpoint, call, pauses):
    """GET, PUT, PATCH and DELETE are sent again after every failure, with one pause for each."""
    for _ in range(2):
        wire.add(verb, endpoint, **failure())
    wire.add(verb, endpoint, json={"ok": True})
    assert call(verb) == {"ok": True}
    assert len(pauses) == 2


@pytest.mark.parametrize("failure", _cells(NEVER_LEFT, RATE_LIMITED))
def test_a_create_that_was_not_sent_is_retried(failure, wire, endpoint, call, pauses):
    """A POST is sent again if it was not sent, or got a 429."""
    for _ in range(2):
        wire.post(endpoint, **failure())
    wire.post(endpoint, json={"ok": True}, status=201, match=[matchers.json_params_matcher({"name": "a"})])
    assert call("POST") == {"ok": True}
    assert len(pauses) == 2


@pytest.mark.parametrize("failure", _cells(UNAVAILABLE, NO_ANSWER))
def test_an_uncertain_create_is_never_retried(failure, wire, endpoint, call, pauses):
    """A POST that may have been carried out is sent once, and the error is `AmbiguousWrite`."""
    wire.post(endpoint, **failure())
    with pytest.raises(AmbiguousWrite, match=r"^POST /api/item/1 was sent and got no usable answer"):
        call("POST")
    assert pauses == []


def test_a_post_that_was_repeated_is_still_never_repeated_blindly(wire, endpoint, call, pauses):
    """After a harmless retry, the next failure of a POST is judged by itself."""
    wire.post(endpoint, **_refused())
    wire.post(endpoint, **_reset())
    with pytest.raises(AmbiguousWrite):
        call("POST")
    assert len(pauses) == 1


def test_a_retried_upload_starts_from_the_beginning(wire, url, transport, pauses):
    """The retry of an upload reads its file from the start."""
    bodies = []

    def body():
        bodies.append(b"whole")
        return b"whole"

    wire.post(f"{url}/api/up", **_refused())
    wire.post(f"{url}/api/up", json={"ok": True}, match=[lambda sent: (sent.body == b"whole", "cut")])
    assert transport.upload("up", body) == {"ok": True}
    assert len(bodies) == 2


GIVEN_UP = [
    *[(verb, failure, ServiceUnavailable) for verb in VERBS for failure in NEVER_LEFT.values()],
    *[("GET", failure, ServiceUnavailable) for failure in UNAVAILABLE.values()],
    *[("GET", NO_ANSWER[name], ServiceUnavailable) for name in ("reset", "read time-out", "broken body")],
    *[("GET", NO_ANSWER[name], UnexpectedAnswer) for name in ("half of the JSON", "a web page")],
    *[
        (verb, failure, AmbiguousWrite)
        for verb in ("PUT", "PATCH", "DELETE")
        for failure in (*UNAVAILABLE.values(), *NO_ANSWER.values())
    ],
]


@pytest.mark.parametrize(("verb", "failure", "error"), GIVEN_UP)
def test_repeats_are_counted_and_end(verb, failure, error, wire, endpoint, call, pauses):
    """After `count` retries the failure becomes an error with the number of attempts."""
    for _ in range(3):
        wire.add(verb, endpoint, **failure())
    with pytest.raises(error, match="after 3 attempts") as caught:
        call(verb)
    assert type(caught.value) is error
    assert len(pauses) == 2


@pytest.mark.parametrize("count", [0, 1, 4])
def test_count_is_the_number_of_repeats(count, wire, endpoint, new_transport, caller, pauses):
    """`Retries(count=n)` sends a request n + 1 times at most."""
    for _ in range(count + 1):
        wire.get(endpoint, status=503)
    with pytest.raises(ServiceUnavailable):
        caller(new_transport(retries=Retries(count=count)))("GET")
    assert len(pauses) == count


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, BadRequest),
        (401, AuthorizationError),
        (403, AuthorizationError),
        (404, NotFoundError),
        (405, ArdoqClientException),
        (408, ArdoqClientException),
        (409, Conflict),
        (410, ArdoqClientException),
        (422, BadRequest),
    ],
)
@pytest.mark.parametrize("verb", VERBS)
def test_other_refusals_are_not_repeated(verb, status, error, wire, endpoint, call, pauses):
    """Any other 4xx is an answer: one request, one error."""
    wire.add(verb, endpoint, status=status)
    with pytest.raises(error) as caught:
        call(verb)
    assert type(caught.value) is error
    assert pauses == []


@pytest.mark.parametrize(
    "problem",
    [
        requests.exceptions.SSLError("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed"),
        requests.exceptions.InvalidURL("no host"),
    ],
)
@pytest.mark.parametrize("verb", VERBS)
def test_permanent_failures_are_not_retried(verb, problem, wire, endpoint, call, pauses):
    """An untrusted certificate or an invalid URL would fail again."""
    wire.add(verb, endpoint, body=problem)
    with pytest.raises(ServiceUnavailable) as caught:
        call(verb)
    assert type(caught.value) is ServiceUnavailable
    assert pauses == []


@pytest.mark.parametrize("failure", _cells(UNAVAILABLE, NO_ANSWER))
def test_a_404_after_a_delete_that_got_no_answer_is_success(failure, wire, endpoint, call, pauses):
    """After an earlier DELETE that may have been carried out, a 404 is its success."""
    wire.delete(endpoint, **failure())
    wire.delete(endpoint, status=404)
    assert call("DELETE") == {}


@pytest.mark.parametrize("failure", [None, *_cells(NEVER_LEFT, RATE_LIMITED)])
def test_a_404_to_a_delete_that_did_nothing_before_is_an_error(failure, wire, endpoint, call, pauses):
    """If no earlier DELETE can have been carried out, a 404 is an error."""
    if failure is not None:
        wire.delete(endpoint, **failure())
    wire.delete(endpoint, status=404)
    with pytest.raises(NotFoundError):
        call("DELETE")


@pytest.mark.parametrize("verb", ["GET", "PUT", "PATCH"])
def test_a_404_after_a_repeat_of_another_verb_is_an_error(verb, wire, endpoint, call, pauses):
    """Only a DELETE counts a 404 as success."""
    wire.add(verb, endpoint, **_reset())
    wire.add(verb, endpoint, status=404)
    with pytest.raises(NotFoundError):
        call(verb)


@pytest.mark.parametrize("verb", ["PUT", "PATCH"])
@pytest.mark.parametrize("failure", _cells(UNAVAILABLE, NO_ANSWER))
def test_a_conflict_after_a_retry_with_our_stored_state_is_success(
    verb, failure, wire, endpoint, call, pauses
):
    """After an attempt without an answer, a 409 is checked: it is success if our state is stored."""
    stored = {"_version": 2, "name": "ours"}
    wire.add(verb, endpoint, **failure())
    wire.add(verb, endpoint, status=409)
    wire.get(endpoint, json=stored)
    assert call(verb, is_applied=lambda stored: stored["name"] == "ours") == stored


@pytest.mark.parametrize("verb", ["PUT", "PATCH"])
def test_a_conflict_after_a_retry_with_another_stored_state_is_a_conflict(verb, wire, endpoint, call, pauses):
    """If the stored state is not what was sent, the 409 stays a conflict."""
    wire.add(verb, endpoint, **_reset())
    wire.add(verb, endpoint, status=409, json={"message": "The version is 3."})
    wire.get(endpoint, json={"_version": 3, "name": "theirs"})
    with pytest.raises(Conflict) as caught:
        call(verb, is_applied=lambda stored: stored["name"] == "ours")
    assert caught.value.ardoq_message == "The version is 3."


@pytest.mark.parametrize("failure", [None, *_cells(NEVER_LEFT, RATE_LIMITED)])
def test_a_conflict_that_cannot_be_our_own_is_not_looked_into(failure, wire, endpoint, call, pauses):
    """If no earlier PUT can have been carried out, a 409 is a conflict at once, and nothing is read."""
    if failure is not None:
        wire.put(endpoint, **failure())
    wire.put(endpoint, status=409)
    with pytest.raises(Conflict):
        call("PUT", is_applied=lambda _stored: True)


def test_a_conflict_after_a_repeat_without_a_test_is_a_conflict(wire, endpoint, call, pauses):
    """Without `is_applied` a 409 stays a conflict."""
    wire.put(endpoint, **_reset())
    wire.put(endpoint, status=409)
    with pytest.raises(Conflict):
        call("PUT")


COMPONENT = {"_id": "5f00", "_version": 4, "name": "New", "rootWorkspace": "aa", "type": "Service"}


@pytest.mark.parametrize(
    ("stored", "ours"),
    [
        ({"_version": 5}, True),
        ({"_version": 5, "type": "renamed", "last-updated": "later"}, True),
        ({"_version": 5, "name": "Theirs"}, False),
        ({"_version": 6}, False),
        ({"_version": 4}, False),
    ],
)
def test_update_component_knows_its_own_conflict(stored, ours, wire, url, transport, pauses):
    """Our state is the next version with every attribute that was sent and that Ardoq does not set itself."""
    from ardoqpy.api.v1 import Components  # noqa: PLC0415  (the one test here above the transport)

    address = f"{url}/api/component/5f00"
    wire.put(address, **_reset())
    wire.put(address, status=409)
    wire.get(address, json={**COMPONENT, **stored})
    components = Components(transport)
    if ours:
        assert components.update("5f00", COMPONENT) == {**COMPONENT, **stored}
    else:
        with pytest.raises(Conflict):
            components.update("5f00", COMPONENT)


@pytest.mark.parametrize(("seconds", "least", "most"), [(100, 90, 100), (-100, 0, 0)])
def test_retry_after_as_a_date_counts_from_now(seconds, least, most):
    """A date counts as the seconds until then."""
    then = format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)
    assert least <= parse_retry_after(then) <= most


@pytest.mark.parametrize(
    ("retry_after", "least", "most"),
    [
        ("7", 7, 7),
        ("0", 0, 0),
        (" 7 ", 7, 7),
        ("1.5", 1.5, 1.5),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0, 0),
        ("Wed, 21 Oct 2015 07:28:00 -0000", 0, 0),
        ("999999999", 999999999, 999999999),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 1e9, 1e12),
    ],
)
def test_retry_after_is_read(retry_after, least, most):
    """Seconds and dates are both read; a date in the past means no wait."""
    assert least <= parse_retry_after(retry_after) <= most


@pytest.mark.parametrize(
    "retry_after",
    [
        *(None, "", "soon", "-5", "nan", "inf", "1e5", "7, 8", "21 Oct", "9" * 10),
        "Mon, 01 Jan 99999999999999999999 00:00:00 GMT",
        "Wed, 21 Oct 2015 99999999999999:28:00 GMT",
        "Wed, 21 Oct 2015 07:28:00 99999999999999999",
    ],
)
def test_retry_after_that_makes_no_sense_is_none(retry_after):
    """A header that is neither seconds nor a valid date is ignored."""
    assert parse_retry_after(retry_after) is None


@pytest.mark.parametrize("verb", VERBS)
def test_a_rate_limit_is_waited_for_as_asked(verb, wire, endpoint, call, pauses):
    """A 429 is waited for as long as it asks, for any verb, and uses no retries."""
    for seconds in ("7", "11", "2", "1"):
        wire.add(verb, endpoint, status=429, headers={"Retry-After": seconds})
    wire.add(verb, endpoint, json={})
    call(verb)
    assert pauses == [7, 11, 2, 1]


@pytest.mark.parametrize("retry_after", ["301", "999999999", "Fri, 31 Dec 9999 23:59:59 GMT"])
@pytest.mark.parametrize("verb", VERBS)
def test_a_rate_limit_that_asks_for_too_much_is_an_error(verb, retry_after, wire, endpoint, call, pauses):
    """A 429 that asks for more than `longest_wait` is not waited for at all."""
    wire.add(verb, endpoint, status=429, headers={"Retry-After": retry_after})
    with pytest.raises(RateLimited):
        call(verb)
    assert pauses == []


def test_the_total_wait_for_one_request_is_bounded(wire, endpoint, new_transport, caller, pauses):
    """Many 429 together wait no longer than `longest_wait`."""
    for _ in range(3):
        wire.get(endpoint, status=429, headers={"Retry-After": "4"})
    with pytest.raises(RateLimited) as caught:
        caller(new_transport(retries=Retries(longest_wait=10)))("GET")
    assert pauses == [4, 4]
    assert str(caught.value) == (
        "Ardoq limits the rate (429 for GET /api/item/1): waiting for it would take 12 seconds in all, "
        "longer than this client may."
    )


def test_no_waiting_at_all_may_be_asked_for(wire, endpoint, new_transport, caller, pauses):
    """With `longest_wait=0` the first 429 that asks to wait is an error."""
    wire.get(endpoint, status=429, headers={"Retry-After": "1"})
    with pytest.raises(RateLimited):
        caller(new_transport(retries=Retries(longest_wait=0)))("GET")


class EndlessError(Exception):
    """The transport would go on for ever."""


@pytest.mark.parametrize(
    "headers", [{"Retry-After": "0"}, {"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}, {}]
)
def test_a_rate_limit_that_asks_for_nothing_ends_too(headers, new_transport, caller, monkeypatch):
    """A server that always answers 429 with "Retry-After: 0" is given up."""
    slept = []

    def sleep(seconds):
        slept.append(seconds)
        if len(slept) > 500:
            raise EndlessError

    transport = new_transport(retries=Retries(backoff=0))
    limited = requests.Response()
    limited.status_code, limited._content, limited._content_consumed = 429, b"", True
    limited.headers.update(headers)
    monkeypatch.setattr("ardoqpy._http.transport.time.sleep", sleep)
    monkeypatch.setattr(transport.session, "request", lambda *_args, **_keywords: limited)
    with pytest.raises(RateLimited):
        caller(transport)("GET")


def test_pauses_grow_with_jitter(wire, endpoint, new_transport, caller, pauses):
    """Each further pause is up to twice as long, at most `longest_pause`, with jitter."""
    for _ in range(9):
        wire.get(endpoint, status=503)
    with pytest.raises(ServiceUnavailable):
        caller(new_transport(retries=Retries(count=8, backoff=0.5, longest_pause=20)))("GET")
    for pause, full in zip(pauses, [0.5, 1, 2, 4, 8, 16, 20, 20], strict=True):
        assert full / 2 <= pause <= full
    assert len(set(pauses)) == len(pauses)


@pytest.mark.parametrize(("retry_after", "least", "most"), [("9", 9, 9), ("9999", 30, 30), ("x", 0.25, 0.5)])
def test_a_503_may_ask_for_a_longer_pause(retry_after, least, most, wire, endpoint, call, pauses):
    """Retry-After of a 503 is honoured, up to `longest_pause`."""
    wire.get(endpoint, status=503, headers={"Retry-After": retry_after})
    wire.get(endpoint, json={})
    call("GET")
    assert least <= pauses[0] <= most


def test_without_backoff_there_is_no_pause(wire, endpoint, new_transport, caller, pauses):
    """`backoff=0` retries at once."""
    wire.get(endpoint, status=503)
    wire.get(endpoint, json={})
    caller(new_transport(retries=Retries(backoff=0)))("GET")
    assert pauses == [0]


@pytest.mark.parametrize("attempt", [0, 1, 60, 61, 10_000])
def test_a_pause_is_bounded_however_many_there_were(attempt):
    """The doubling does not overflow."""
    assert 0 < Retries().pause(attempt) <= 30


def test_retries_are_a_number_or_a_policy():
    """A number is the count, with the defaults for the rest; a policy is used as it is."""
    policy = Retries(count=1, backoff=2)
    assert Retries.of(policy) is policy
    assert Retries.of(3) == Retries(count=3)
    assert Retries.of(0).count == 0


@pytest.mark.parametrize(
    "outcome", [Outcome.NOT_SENT, Outcome.RATE_LIMITED, Outcome.UNAVAILABLE, Outcome.NO_ANSWER]
)
def test_the_rule_itself(outcome):
    """Everything but a POST may be resent; a POST only if it was certainly not carried out."""
    assert all(may_resend(verb, outcome) for verb in REPEATABLE)
    assert may_resend("POST", outcome) == (outcome in {Outcome.NOT_SENT, Outcome.RATE_LIMITED})


def test_each_repeat_is_logged_once_without_the_token(wire, endpoint, token, call, pauses, caplog):
    """Each retry logs one line: what was sent, what happened, and the pause."""
    wire.get(endpoint, status=503, json={"message": token})
    wire.get(endpoint, **_reset())
    wire.get(endpoint, status=429, headers={"Retry-After": "4"})
    wire.get(endpoint, json={})
    with caplog.at_level(logging.DEBUG):
        call("GET")
    records = [record for record in caplog.records if record.levelno == logging.INFO]
    assert [record.getMessage() for record in records] == [
        f"GET /api/item/1: 503 Service Unavailable; sending it again in {pauses[0]:.1f} s",
        f"GET /api/item/1: the connection was closed; sending it again in {pauses[1]:.1f} s",
        "GET /api/item/1: 429 Too Many Requests; sending it again in 4.0 s",
    ]
    assert token not in caplog.text


def test_a_token_in_the_trouble_is_not_logged(wire, endpoint, token, call, pauses, caplog):
    """If the problem quotes the token, the log and the error do not."""
    for _ in range(3):
        wire.get(endpoint, body=requests.ConnectionError(ProtocolError(f"broken: {token}")))
    with caplog.at_level(logging.DEBUG), pytest.raises(ServiceUnavailable) as caught:
        call("GET")
    assert token not in caplog.text
    assert token not in str(caught.value)


def test_nothing_is_logged_above_debug_without_a_repeat(wire, endpoint, call, caplog):
    """A successful request logs nothing."""
    wire.get(endpoint, json={})
    with caplog.at_level(logging.INFO):
        call("GET")
    assert caplog.messages == []
