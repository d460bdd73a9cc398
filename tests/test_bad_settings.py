"""What a person reads who has given a setting that is missing or makes no sense; no token is quoted."""

import itertools

import pytest
from error_messages import sentence_of

from ardoqpy import ArdoqClient, ArdoqSyncClient, ConfigurationError, Retries, UnsupportedOperation

HOST = "https://yourorg.ardoq.com"
EXAMPLE = "for example https://yourorg.ardoq.com."
SECONDS = "give seconds above 0, or a pair of them (to connect, between bytes)."


@pytest.mark.parametrize(
    ("host", "sentence"),
    [
        (None, f"No Ardoq host is set: give hosturl, or set ARDOQ_API_HOST, {EXAMPLE}"),
        ("", f"No Ardoq host is set: give hosturl, or set ARDOQ_API_HOST, {EXAMPLE}"),
        (
            "yourorg.ardoq.com",
            f"The host 'yourorg.ardoq.com' has no scheme: write https:// in front of it, {EXAMPLE}",
        ),
        (
            "http://yourorg.ardoq.com",
            (
                "The host 'http://yourorg.ardoq.com' would send the token unencrypted: write https://, or "
                "pass allow_http=True if you accept that."
            ),
        ),
        (
            "http://localhost.example.com",
            (
                "The host 'http://localhost.example.com' would send the token unencrypted: write https://, "
                "or pass allow_http=True if you accept that."
            ),
        ),
        (
            "https://yourorg.ardoq.com/api",
            (
                "The host 'https://yourorg.ardoq.com/api' has more than a host name: leave out '/api'. The "
                "library adds /api itself."
            ),
        ),
        (
            "https://somebody:secret@yourorg.ardoq.com",
            "The host has a user name or password: give the token as token instead.",
        ),
        ("https://", f"The host 'https://' is not a URL: write it in full, {EXAMPLE}"),
        (
            "https://your org.com",
            f"The host 'https://your org.com' is not a URL: write it in full, {EXAMPLE}",
        ),
        *[
            (host, f"The host {host!r} is not a URL: write it in full, {EXAMPLE}")
            for host in (
                *("https://a.com:x", "https://a.com:0", "https://a.com:99999", "https://[::1"),
                *("https://.", "https://yourorg..ardoq.com", f"https://{'a' * 64}.ardoq.com"),
            )
        ],
        *[
            (
                f"{HOST}{rest}",
                (
                    f"The host '{HOST}{rest}' has more than a host name: leave out '{rest}'. The library "
                    "adds /api itself."
                ),
            )
            for rest in ("?", "#", "?a=1")
        ],
        (
            "ftp://yourorg.ardoq.com",
            f"The host 'ftp://yourorg.ardoq.com' has the scheme 'ftp': write https:// instead, {EXAMPLE}",
        ),
        *[
            (host, "The host has a user name or password: give the token as token instead.")
            for host in ("https://somebody:s3cret@a.com:x", "somebody:s3cret@a.com")
        ],
        (5, f"hosturl is an int: give text, {EXAMPLE}"),
    ],
)
def test_a_host_that_is_none(host, sentence):
    """A host that is missing or makes no sense fails at once and says what to write."""
    assert sentence_of(ConfigurationError, ArdoqClient, host, "t0ken") == sentence


@pytest.mark.parametrize("kind", [ArdoqClient, ArdoqSyncClient])
@pytest.mark.parametrize(
    "token", ["s3cret", "0123456789abcdef" * 2, "eyJh.eyJz.SflKxwRJSMeKKF2QT4f", "a/b+c=="]
)
def test_a_token_given_as_the_host_is_not_quoted(token, kind):
    """If the two arguments are swapped, no part of the error contains the token."""
    with pytest.raises(ConfigurationError) as caught:
        kind(token, HOST)
    assert str(caught.value) == f"The host has no scheme: write https:// in front of it, {EXAMPLE}"
    assert token not in f"{caught.value!r} {caught.value.args} {vars(caught.value)}"


@pytest.mark.parametrize(
    "host",
    [
        "http://localhost",
        "http://LOCALHOST:8080",
        "http://127.0.0.1:1",
        "http://127.8.8.8",
        "http://[::1]:80",
        HOST,
    ],
)
def test_hosts_that_are_accepted(host):
    """The local machine needs no TLS; a slash at the end does no harm."""
    assert ArdoqClient(f"{host}/", "t0ken").hosturl == host


def test_http_is_accepted_where_it_is_asked_for():
    """`allow_http=True` lets a host without TLS pass."""
    assert ArdoqClient("http://ardoq.intra", "t0ken", allow_http=True).hosturl == "http://ardoq.intra"


@pytest.mark.parametrize(
    ("token", "sentence"),
    [
        (
            None,
            (
                "No token is set: give token, or set ARDOQ_API_TOKEN. Create one in Ardoq under "
                "Account settings, API and tokens."
            ),
        ),
        ("", "The token is empty: give token, or set ARDOQ_API_TOKEN."),
        (" \n", "The token is empty: give token, or set ARDOQ_API_TOKEN."),
        *[
            (
                token,
                (
                    "The token has a space, a line break or a letter outside ASCII, which no token has: "
                    "copy it from Ardoq again."
                ),
            )
            for token in ("t0\nken", "t0\r\nX-Evil: 1", "t0 ken", "t0kén")
        ],
        (5, "The token is an int: give it as text."),
        (b"t0ken", "The token is a bytes: give it as text."),
    ],
)
def test_a_token_that_is_none(token, sentence):
    """A token that is missing, or cannot be one, fails at once and is not quoted."""
    assert sentence_of(ConfigurationError, ArdoqClient, HOST, token) == sentence


def test_a_line_break_at_the_end_of_a_token_is_forgiven():
    """What copying and files add around a token is taken off."""
    assert ArdoqClient(HOST, " t0ken\n").token == "t0ken"


@pytest.mark.parametrize(
    ("org", "sentence"),
    [
        ("my org", "The organisation label 'my org' is not a label: use the one in your Ardoq's address."),
        (5, "org is an int: give the organisation's label as text."),
    ],
)
def test_an_organisation_label_that_is_none(org, sentence):
    """A label with a space in it, or one that is no text, is no label."""
    assert sentence_of(ConfigurationError, ArdoqClient, HOST, "t0ken", org) == sentence


@pytest.mark.parametrize(
    "timeout",
    [
        *(0, -1, None, "5", True, (1, 2, 3), (1, None), (), [1, 2], (1, 0)),
        *(float("nan"), float("inf"), (1, float("inf"))),
    ],
)
def test_a_timeout_that_makes_no_sense(timeout):
    """A time-out is one number of seconds, or two, above 0 and with an end."""
    sentence = sentence_of(ConfigurationError, ArdoqClient, HOST, "t0ken", timeout=timeout)
    assert sentence == f"timeout is {timeout!r}: {SECONDS}"


@pytest.mark.parametrize("timeout", [1, 0.5, (1, 2), (0.5, 60.0)])
def test_timeouts_that_are_accepted(timeout):
    """A timeout is one number or a pair of numbers, integers or not."""
    assert ArdoqClient(HOST, "t0ken", timeout=timeout).api.transport.timeout == timeout


NO_NUMBERS = [-1, -0.1, float("nan"), float("inf"), float("-inf"), None, "5", True, [1]]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *itertools.product(("count", "backoff", "longest_pause", "longest_wait"), NO_NUMBERS),
        *(("count", value) for value in (1.5, 1.0)),
    ],
)
def test_retries_that_make_no_sense(name, value):
    """Each number of a policy is finite and at least 0, and the count is an integer; a client agrees."""
    kind = "whole number" if name == "count" else "number"
    sentence = f"retries: {name} is {value!r}: give a {kind}, 0 or more."
    assert sentence_of(ConfigurationError, Retries, **{name: value}) == sentence
    if name == "count":
        assert sentence_of(ConfigurationError, ArdoqClient, HOST, "t0ken", retries=value) == sentence


def test_retries_that_are_accepted():
    """Retries are a number or a policy."""
    policy = Retries(count=1)
    assert ArdoqClient(HOST, "t0ken", retries=policy).api.transport.retries is policy
    assert ArdoqClient(HOST, "t0ken", retries=0).api.transport.retries.count == 0


@pytest.mark.parametrize(
    ("version", "sentence"),
    [
        ("v3", "There is no API 'v3': use version='v1' or version='v2'."),
        (None, "There is no API None: use version='v1' or version='v2'."),
        (["v1"], "There is no API ['v1']: use version='v1' or version='v2'."),
        ({"v1": 1}, "There is no API {'v1': 1}: use version='v1' or version='v2'."),
    ],
)
def test_a_version_that_is_not_there(version, sentence):
    """A version of the API that this library does not speak is refused, also one that cannot be hashed."""
    assert sentence_of(UnsupportedOperation, ArdoqClient, HOST, "t0ken", version=version) == sentence


@pytest.mark.parametrize("on_error", ["skip", None, True])
def test_on_error_that_makes_no_sense(on_error):
    """A sync raises or collects."""
    sentence = sentence_of(ConfigurationError, ArdoqSyncClient, HOST, "t0ken", on_error=on_error)
    assert sentence == f"on_error is {on_error!r}: give 'raise' or 'collect'."


# -- the cfg file ----------------------------------------

NO_PAIR = "is not of the form 'key = value' below a section [Ardoq]."
TWICE = "cannot be parsed: line 3 repeats a key or a section."


@pytest.mark.parametrize(
    ("content", "rest"),
    [
        (None, "does not exist: copy ardoq.cfg.example to it and fill it in."),
        (b"[Ardoq]\ntoken = s3cret\xe9\n", "cannot be read: it is not UTF-8 text."),
        (b"", "has no section [Ardoq]: write that line above its settings."),
        (b"[Other]\ntoken = s3cret\n", "has no section [Ardoq]: write that line above its settings."),
        (
            b"[s3cret]\n[ ardoq-]\ntoken = s3cret\n",
            "has no section [Ardoq]: write that line in place of '[ ardoq-]'.",
        ),
        (b"token = s3cret\n", f"cannot be parsed: line 1 {NO_PAIR}"),
        (b"[Ardoq]\nhost = https://a.com\ns3cret\n", f"cannot be parsed: line 3 {NO_PAIR}"),
        (b"[Ardoq]\ntoken = s3cret\ntoken = s3cret\n", TWICE),
        (b"[Ardoq]\ntoken = a\n[Ardoq]\ntoken = s3cret\n", TWICE),
    ],
)
def test_a_cfg_file_that_cannot_be_used(content, rest, tmp_path):
    """The error for a missing or broken file names the line, and does not quote it."""
    path = tmp_path / "ardoq.cfg"
    if content is not None:
        path.write_bytes(content)
    sentence = sentence_of(ConfigurationError, ArdoqClient, config=path)
    assert sentence == f"The cfg file '{path}' {rest}"
    assert "s3cret" not in sentence


def test_a_cfg_file_that_is_a_directory(tmp_path):
    """A directory is no file; the reason is the system's own."""
    sentence = sentence_of(ConfigurationError, ArdoqClient, config=tmp_path)
    assert sentence == f"The cfg file '{tmp_path}' cannot be read: Is a directory."


@pytest.mark.parametrize("config", ["a\0b", 0, [1], True])
def test_a_cfg_file_whose_path_is_none(config):
    """A value that cannot be a path is refused, and a number is not taken for an open file."""
    sentence = sentence_of(ConfigurationError, ArdoqClient, config=config)
    assert sentence == f"The cfg file {str(config)!r} is not a path."
