"""Answers that no Ardoq would give: each is a sentence, without a hang, a crash or a flood."""

import gzip
import json
import sys
import tracemalloc
import zlib

import pytest
from example_counts import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from ardoqpy import (
    AmbiguousWrite,
    ArdoqClient,
    ArdoqClientException,
    AuthorizationError,
    ConfigurationError,
    NotFoundError,
    RedirectRefused,
    Retries,
    ServiceUnavailable,
    UnexpectedAnswer,
)
from ardoqpy._http.json import NotJsonError, decode_json

WIRE = settings.get_profile("wire")
MEGABYTE = 1_000_000
OK = "200 OK"


def answer(body, *headers, status=OK, length=None):
    """Return the bytes of an answer, with its length unless another is given."""
    length = len(body) if length is None else length
    lines = [f"HTTP/1.1 {status}", "Content-Type: application/json", f"Content-Length: {length}", *headers]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


JSON = "the answer is not JSON but {} bytes of application/json"
PACKED = gzip.compress(b"[]")
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def no_json(body, why=None, *headers):
    """Return an answer with such a body, and the expected problem."""
    sentence = JSON.format(len(body)) + (f": {why}." if why else ".")
    return answer(body, *headers), sentence


#: Answers whose status arrived, and what is said of them.
UNREADABLE = {
    "100,000 deep": no_json(b"[" * 100_000 + b"]" * 100_000, "it is nested too deeply"),
    "half of a nest": no_json(b'{"a":' * 100_000, "it is nested too deeply"),
    "NaN": no_json(b'[{"cost": NaN}]', "it holds NaN, which JSON does not know"),
    "Infinity": no_json(b"[Infinity]", "it holds Infinity, which JSON does not know"),
    "-Infinity": no_json(b"[-Infinity]", "it holds -Infinity, which JSON does not know"),
    "a number of 5,000 digits": no_json(b"[" + b"9" * 5000 + b"]", "it holds a number of too many digits"),
    "Latin-1": no_json('["Ærø"]'.encode("latin-1"), "it is not text in UTF-8"),
    "half of a letter": no_json('["Æ"]'.encode()[:3], "it is not text in UTF-8"),
    "half of UTF-16": no_json("[1, 2]".encode("utf-16-le")[:-1], "it is not text in UTF-16-LE"),
    "a surrogate in UTF-8": no_json(b'["\xed\xa0\x80"]', "it is not text in UTF-8"),
    "zeros": no_json(bytes(100)),
    "nothing": no_json(b""),
    "two values": no_json(b"[] []"),
    "single quotes": no_json(b"['a']"),
    "a length that is too short": (answer(b'["a", "b"]', length=5), JSON.format(5)),
    "a length of a terabyte": (
        answer(b"[]", length=10**12),
        "it is larger than the 536,870,912 bytes that this client reads (largest_answer).",
    ),
    "a length of 5,000 digits": (answer(b"[]", length="9" * 5000), "it is larger than the 536,870,912 bytes"),
    "half of a packing": (answer(PACKED[:12], "Content-Encoding: gzip"), JSON.format(1)),
    "packed twice": (
        answer(gzip.compress(PACKED), "Content-Encoding: gzip, gzip"),
        "it is compressed as 'gzip, gzip', which was not asked for.",
    ),
    "packed as it likes": (answer(b"[]", "Content-Encoding: br"), "it is compressed as 'br', which was not"),
    "an answer to come": (b"HTTP/1.1 103 Early Hints\r\n\r\n", "103 is not an answer yet."),
}
#: Answers that are none, and what is said of them.
BROKEN = {
    "a length that is too long": (
        answer(b"[]", length=9),
        "it broke off after 2 bytes, 7 were still to come.",
    ),
    "two lengths": (answer(b"[]", "Content-Length: 3"), "its headers are not valid ("),
    "packed, it says": (answer(b"[]", "Content-Encoding: gzip"), "it cannot be decompressed."),
    "chunks without a size": (CHUNKED + b"x\r\n[]\r\n", "the connection was closed."),
    "chunks that end early": (CHUNKED + b"9\r\n[]", "the connection was closed."),
    "no HTTP": (b"SSH-2.0-OpenSSH_9.6\r\n", "the connection was closed."),
    "a status that is no number": (b"HTTP/1.1 two OK\r\n\r\n", "the connection was closed."),
    "a thousand headers": (b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 1000 + b"\r\n[]", "the connection was"),
    "an endless header": (b"HTTP/1.1 200 OK\r\nA: " + b"b" * 100_000, "the connection was closed."),
    "nothing at all": (b"", "the connection was closed."),
}
HOSTILE = [
    pytest.param(raw, kind, prefix + sentence, id=name.replace(" ", "-"))
    for answers, kind, prefix in (
        (UNREADABLE, UnexpectedAnswer, "Cannot read the answer to GET /api/workspace: "),
        (BROKEN, ServiceUnavailable, "No answer to GET /api/workspace: "),
    )
    for name, (raw, sentence) in answers.items()
]


@pytest.fixture
def call(raw_server):
    """Read, or write, with a server that gives one answer."""

    def make(*answers, writes=False, **keywords):
        server = raw_server(*answers)
        with ArdoqClient(server.url, "t0ken", retries=0, timeout=5, **keywords) as client:
            return client.create_workspace({"name": "W"}) if writes else client.get_workspaces()

    return make


@pytest.mark.parametrize(("raw", "kind", "sentence"), HOSTILE)
def test_a_read_reports_the_problem(raw, kind, sentence, call):
    """For anything that is not an answer, a read ends with one sentence that describes it."""
    with pytest.raises(ArdoqClientException) as caught:
        call(raw)
    assert type(caught.value) is kind
    assert str(caught.value).startswith(sentence)


@pytest.mark.parametrize(("raw", "_kind", "_sentence"), HOSTILE)
def test_a_write_is_ambiguous(raw, _kind, _sentence, call):
    """A create that got such an answer may have been carried out; for a write, no body is success."""
    if raw == answer(b""):
        with pytest.raises(UnexpectedAnswer, match="was carried out, but the answer has no '_id'"):
            call(raw, writes=True)
        return
    with pytest.raises(AmbiguousWrite):
        call(raw, writes=True)


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (answer("\ufeff[1]".encode()), [1]),
        (answer('["Ærø"]'.encode("utf-16")), ["Ærø"]),
        (answer('["Ærø"]'.encode("utf-32-be")), ["Ærø"]),
        (answer('["Ærø"]'.encode(), "Content-Type: application/json; charset=latin-1"), ["Ærø"]),
        (answer(PACKED, "Content-Encoding: gzip"), []),
        (answer(PACKED, "Content-Encoding: X-GZIP"), []),
        (answer(zlib.compress(b"[]"), "Content-Encoding: deflate"), []),
        (answer(b"[]", "Content-Encoding: identity"), []),
        (answer(b"[]", length=-5), []),
        (answer(b"[]", length="x"), []),
        (answer(b"[]", "Content-Length: 2"), []),
        (b"HTTP/1.0 200\r\n\r\n[]", []),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n[\r\n1\r\n]\r\n0\r\n\r\n", []),
    ],
)
def test_unusual_but_valid_answers_are_read(raw, value, call):
    """Other encodings of Unicode, wrong declarations and old ways of HTTP do no harm."""
    assert call(raw) == value


def test_of_a_key_that_is_there_twice_the_last_counts(call):
    """As with every reader of JSON; to look at each object for it would cost a third of all reading."""
    assert call(answer(b'[{"a": 1, "b": 2, "a": 3}]')) == [{"a": 3, "b": 2}]


def test_a_nest_10000_deep_is_read_or_refused(call):
    """It is an error or, if this Python reads so deep, the value that was sent."""
    raw = answer(b"[" * 10_000 + b"]" * 10_000)
    if sys.version_info < (3, 12):
        with pytest.raises(UnexpectedAnswer, match="nested too deeply"):
            call(raw)
        return
    try:
        result = call(raw)
    except UnexpectedAnswer:
        return
    for _ in range(9_999):
        (result,) = result
    assert result == []


class Flood:
    """Send a head and then the same chunk for ever, and count the bytes."""

    def __init__(self, head, piece, most=2000 * MEGABYTE):
        self.head, self.piece, self.most = head, piece, most
        self.sent = 0

    def __call__(self, connection):
        """Flood the connection until the other side leaves."""
        connection.sendall(self.head)
        while self.sent < self.most:
            connection.sendall(self.piece)
            self.sent += len(self.piece)


def chunk(piece):
    """Return a piece as a chunk."""
    return b"%x\r\n%b\r\n" % (len(piece), piece)


PIECE = b" " * 50_000
BOMB, CHUNKED_BOMB = gzip.compress(bytes(5 * MEGABYTE), 1), chunk(zlib.compress(bytes(50 * MEGABYTE), 1))
GZIP = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n"
DEFLATE = b"HTTP/1.1 200 OK\r\nContent-Encoding: deflate\r\nTransfer-Encoding: chunked\r\n\r\n"
FLOODS = {
    "without a length": lambda: Flood(b"HTTP/1.1 200 OK\r\n\r\n[", PIECE),
    "in chunks": lambda: Flood(CHUNKED, chunk(PIECE)),
    "in one chunk": lambda: Flood(CHUNKED + b"ffffffff\r\n", PIECE),
    "packed": lambda: Flood(GZIP, BOMB),
    "packed in chunks": lambda: Flood(DEFLATE, CHUNKED_BOMB),
}


@pytest.fixture
def peak():
    """Return the most memory that the test has taken so far."""
    tracemalloc.start()
    yield lambda: tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()


@pytest.mark.parametrize("flood", [pytest.param(flood, id=name) for name, flood in FLOODS.items()])
@pytest.mark.parametrize("writes", [False, True])
def test_a_flood_ends_at_the_limit(flood, writes, call, peak):
    """An endless answer, packed or not, is read up to `largest_answer`, in little more memory."""
    flood = flood()
    kind = AmbiguousWrite if writes else UnexpectedAnswer
    with pytest.raises(kind, match=r"larger than the 2,000,000 bytes.*largest_answer"):
        call(flood, writes=writes, largest_answer=2 * MEGABYTE)
    assert flood.sent < 100 * MEGABYTE
    assert peak() < 20 * MEGABYTE


@pytest.mark.parametrize("flood", [FLOODS["without a length"], FLOODS["packed"]])
@pytest.mark.parametrize(
    ("status", "location", "kind"),
    [
        (b"404 Not Found", b"", NotFoundError),
        (b"302 Found", b"Location: https://evil.example/\r\n", RedirectRefused),
    ],
)
def test_a_refusal_without_an_end_is_still_that_refusal(status, location, kind, flood, call, peak):
    """About a megabyte of the body of an error or a redirect is read, and the status counts."""
    flood = flood()
    flood.head = flood.head.replace(b"200 OK\r\n", status + b"\r\n" + location)
    with pytest.raises(kind) as caught:
        call(flood)
    assert flood.sent < 100 * MEGABYTE
    assert peak() < 20 * MEGABYTE
    assert len(str(caught.value)) < 500
    assert len(str(caught.value.args)) < 5 * MEGABYTE


def test_a_redirect_without_an_end_is_followed(call, raw_server):
    """A redirect on the same host is followed, whatever its body is."""
    flood = FLOODS["without a length"]()
    flood.head = b"HTTP/1.1 302 Found\r\nLocation: /api/there\r\n\r\n"
    assert call(flood, answer(b"[]")) == []
    assert flood.sent < 100 * MEGABYTE


@pytest.mark.parametrize("writes", [False, True])
@pytest.mark.parametrize(
    "sentence",
    [
        lambda status: answer(b'{"mess', status=status, length=90),
        lambda status: answer(b"{}", "Content-Encoding: br", status=status),
        lambda status: answer(b"{}", "Content-Encoding: gzip", status=status),
    ],
    ids=["cut-off", "packed-as-it-likes", "not-packed"],
)
@pytest.mark.parametrize(("status", "kind"), [("401 No", AuthorizationError), ("404 No", NotFoundError)])
def test_a_refusal_that_cannot_be_read_is_still_that_refusal(status, kind, sentence, writes, call):
    """The status counts, also if the body is cut off or cannot be decompressed."""
    with pytest.raises(kind):
        call(sentence(status), writes=writes)


@pytest.mark.parametrize("writes", [False, True])
def test_a_download_into_memory_ends_at_the_limit(writes, raw_server, tmp_path, peak):
    """An endless file is an error when it is read into memory, but not when it is saved to disk."""
    flood = FLOODS["without a length"]()
    flood.most = 20 * MEGABYTE
    with ArdoqClient(raw_server(flood).url, "t0ken", retries=0, largest_answer=MEGABYTE) as client:
        if writes:
            assert client.download_attachment("5f00", "a.txt", tmp_path / "a.txt") == 20 * MEGABYTE + 1
        else:
            with pytest.raises(UnexpectedAnswer) as caught:
                client.download_attachment("5f00", "a.txt")
            assert str(caught.value) == (
                "Cannot read the file 'a.txt' into memory: it is larger than the 1,000,000 bytes that this "
                "client reads (largest_answer)."
            )
    assert peak() < 15 * MEGABYTE


def test_the_rest_of_one_answer_is_not_the_next(raw_server):
    """Bytes beyond the Content-Length are not taken for the answer to the next request."""
    smuggled = answer(b"[]", length=2) + answer(b'[{"_id": "evil"}]')
    server = raw_server(smuggled, answer(b"[]"))
    # The second request may still go to the first connection, which the server is about to close.
    with ArdoqClient(server.url, "t0ken", retries=Retries(count=1, backoff=0)) as client:
        assert client.get_workspaces() == []
        assert client.get_workspaces() == []


# -- anything ----------------------------------------

HEADS = st.sampled_from([b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"])


def test_any_bytes_are_an_answer_or_an_error_of_the_tree(raw_server):
    """For any bytes from a server, a read returns JSON or raises an error of the library."""
    sentence = []
    server = raw_server(*[lambda connection: connection.sendall(sentence[-1])] * 400)
    with ArdoqClient(server.url, "t0ken", retries=0, timeout=5) as client:

        @settings(WIRE, max_examples=examples(150))
        @given(HEADS, st.binary(max_size=200))
        def any_bytes(head, rest):
            sentence.append(head + rest)
            try:
                client.get_workspaces()
            except ArdoqClientException as problem:
                assert str(problem)  # noqa: PT017  (either is fine)

        any_bytes()


@settings(WIRE, max_examples=examples(300))
@given(st.one_of(st.binary(max_size=100), st.text(max_size=50).map(str.encode)))
def test_any_bytes_are_json_or_not(content):
    """Decoding agrees with Python's own decoder, except for constants that JSON does not have."""
    try:
        result = decode_json(content)
    except NotJsonError:
        return
    assert result == json.loads(content)


@pytest.mark.parametrize("largest_answer", [0, -1, 1.5, "5", None, True])
def test_a_limit_that_makes_no_sense(largest_answer):
    """A limit is a whole number of bytes above 0."""
    with pytest.raises(ConfigurationError) as caught:
        ArdoqClient("https://yourorg.ardoq.com", "t0ken", largest_answer=largest_answer)
    assert str(caught.value) == (
        f"largest_answer is {largest_answer!r}: give a whole number of bytes, above 0."
    )
