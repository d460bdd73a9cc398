"""Values of `Retry-After`, over a real socket: sensible waits are kept, absurd ones are bounded."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from ardoqpy import ArdoqClient, RateLimited

GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]"


def refusal(status, *headers):
    """Return an answer that refuses, with some more headers."""
    lines = [f"HTTP/1.1 {status} Later", "Content-Length: 0", "Connection: close", *headers]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def in_seconds(seconds):
    """Return an HTTP date so many seconds from now."""
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)


def dated(seconds, least, most):
    """Return a wait for an HTTP date, and within which bounds it is kept."""
    return pytest.param(lambda: in_seconds(seconds), least, most, id=f"date-in-{seconds}-seconds")


#: What makes no sense, or asks for nothing, is as good as absent: the pause is that of any failure.
AS_IF_ABSENT = (0.25, 0.5)
WAITS = [
    *[
        pytest.param(lambda text=text: text, seconds, seconds, id=text)
        for text, seconds in [("1", 1), ("7", 7), (" 7 ", 7), ("007", 7), ("1.5", 1.5), ("299", 299)]
    ],
    dated(100, 90, 100),
    *[
        pytest.param(lambda text=text: text, *AS_IF_ABSENT, id=text or "empty")
        for text in [
            "",
            "-5",
            "nan",
            "NaN",
            "inf",
            "-inf",
            "1e3",
            "soon",
            "7 seconds",
            "7, 8",
            "0x10",
            "\xb2",
            "99999999999999999999",
            "Wed, 21 Oct 2015 07:28:00 GMT",
            "Thu, 01 Jan 1970 00:00:00 GMT",
            "Wed, 99 Oct 2099 07:28:00 GMT",
            "Wed, 21 Oct 2015 07:28:00 99999999999999999",
        ]
    ],
    dated(-100, *AS_IF_ABSENT),
    *[
        pytest.param(lambda text=text: text, *(share / 16 for share in AS_IF_ABSENT), id=text)
        for text in ("0", "0.0")
    ],
]


@pytest.mark.parametrize(("retry_after", "least", "most"), WAITS)
def test_a_429_is_waited_for_as_long_as_makes_sense(retry_after, least, most, raw_server, time):
    """Seconds and dates are waited for; a past, negative or invalid time is a short pause."""
    server = raw_server(refusal(429, f"Retry-After: {retry_after()}"), GOOD)
    with ArdoqClient(server.url, "t0ken") as client:
        assert client.get_workspaces() == []
    (slept,) = time.slept
    assert least <= slept <= most


@pytest.mark.parametrize(
    "retry_after",
    ["301", "86400", "999999999", "Fri, 31 Dec 9999 23:59:59 GMT", "Fri, 31 Dec 2199 23:59:59 GMT"],
)
def test_a_429_that_asks_for_too_much_is_an_error_at_once(retry_after, raw_server, time):
    """A wait beyond `longest_wait`, or until the far future, is not waited for at all."""
    server = raw_server(refusal(429, f"Retry-After: {retry_after}"))
    with ArdoqClient(server.url, "t0ken") as client, pytest.raises(RateLimited):
        client.get_workspaces()
    assert time.slept == []


def test_two_waits_that_contradict_each_other_make_no_sense(raw_server, time):
    """Of two headers of that name, neither counts."""
    server = raw_server(refusal(429, "Retry-After: 7", "Retry-After: 70"), GOOD)
    with ArdoqClient(server.url, "t0ken") as client:
        client.get_workspaces()
    assert 0.25 <= time.slept[0] <= 0.5


@pytest.mark.parametrize(
    ("retry_after", "least", "most"), [("9", 9, 9), ("86400", 30, 30), ("nan", 0.25, 0.5)]
)
@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_503_may_ask_for_a_pause_too(status, retry_after, least, most, raw_server, time):
    """Of any status that passes, up to the longest pause."""
    server = raw_server(refusal(status, f"Retry-After: {retry_after}"), GOOD)
    with ArdoqClient(server.url, "t0ken") as client:
        client.get_workspaces()
    (slept,) = time.slept
    assert least <= slept <= most
