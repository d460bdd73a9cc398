"""The token is sent only to Ardoq, and shown nowhere, whatever it is and whatever repeats it."""

import contextlib
import copy
import http.client
import json
import logging
import os
import pickle
import signal
import subprocess
import sys
import traceback
from base64 import b64encode, urlsafe_b64encode
from html import escape
from pathlib import Path
from urllib.parse import quote

import pytest
import requests
from example_counts import examples
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from raw_server import RawServer

from ardoqpy import API, ArdoqClient, ArdoqClientException, ArdoqSyncClient, RedirectRefused, Retries
from ardoqpy.config import Token, read_settings
from ardoqpy.testing import emulator
from ardoqpy_sync import format_report

HERE = str(Path(__file__).parents[1])
#: Anything that the library takes for a token, and that stands in no text by chance.
TOKENS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=12, max_size=60).map(
    "Tk~{}~k".format
)
WIRE = settings.get_profile("wire")
AT_ONCE = Retries(count=1, backoff=0, longest_wait=0)
ONCE = Retries(count=0, longest_wait=0)
#: How a server may spell it.
SPELLINGS = {
    "as it is": str,
    "in JSON": lambda token: json.dumps(token)[1:-1],
    "in JSON, with slashes": lambda token: json.dumps(token)[1:-1].replace("/", "\\/"),
    "in JSON in JSON": lambda token: json.dumps(json.dumps(token)[1:-1])[1:-1],
    "in a URL": lambda token: quote(token, safe=""),
    "in a path": quote,
    "in HTML": escape,
    "in HTML, by number": lambda token: escape(token).replace("&#x27;", "&#39;"),
    "in Python": lambda token: repr(token)[1:-1],
    "in JSON, all escaped": lambda token: "".join(f"\\u{ord(letter):04X}" for letter in token),
    "in JSON, one escaped": lambda token: token.replace("~", "\\u007e"),
    "in Python, all escaped": lambda token: "".join(f"\\x{ord(letter):02x}" for letter in token),
    "in HTML, all by number": lambda token: "".join(f"&#{ord(letter)};" for letter in token),
    "in HTML, one by number": lambda token: token.replace("T", "&#84;", 1),
    "in HTML, in hexadecimal": lambda token: "".join(f"&#x{ord(letter):X};" for letter in token),
    "in a URL, all escaped": lambda token: "".join(f"%{ord(letter):02X}" for letter in token),
    "in a URL in a URL": lambda token: quote(quote(token, safe=""), safe=""),
    "in base64": lambda token: b64encode(token.encode()).decode(),
    "in base64 after one": lambda token: b64encode(f":{token}:".encode()).decode(),
    "in base64 after two": lambda token: b64encode(f"x:{token}:".encode()).decode(),
    "in base64 for URLs": lambda token: urlsafe_b64encode(f"user:{token}".encode()).decode(),
    "in base64 in a URL": lambda token: quote(b64encode(token.encode()).decode(), safe=""),
    "in capitals": str.upper,
    "in small letters": str.lower,
}
SHOWN_BY = [
    "HTTP/1.1 401 Unauthorized\r\nContent-Length: {n}\r\n\r\n{}",
    'HTTP/1.1 404 Not Found\r\nContent-Length: {n+15}\r\n\r\n{{"message": "{}"}}',
    "HTTP/1.1 409 Conflict\r\nContent-Length: {n}\r\n\r\n{}",
    "HTTP/1.1 422 You said {}\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 429 Later\r\nRetry-After: {}\r\nContent-Length: {n}\r\n\r\n{}",
    "HTTP/1.1 503 Not to {}\r\nContent-Length: {n}\r\n\r\n{}",
    "HTTP/1.1 302 Found\r\nLocation: https://evil.example/{}\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 302 Found\r\nLocation: https://{}/\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 302 Found\r\nLocation: /{}\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Type: {}\r\nContent-Length: {n}\r\n\r\n{}",
    "HTTP/1.1 200 OK\r\nContent-Encoding: {}\r\nContent-Length: 2\r\n\r\n[]",
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: {}\r\n\r\n[]",
    "HTTP/1.1 {} OK\r\n\r\n",
    "{}\r\n\r\n",
]
CALLS = {
    "read": lambda client: client.get_workspaces(),
    "create": lambda client: client.create_workspace({"name": "W"}),
    "change": lambda client: client.update_workspace("5f00", {"name": "W", "_version": 1}),
    "delete": lambda client: client.del_workspace("5f00"),
    "download": lambda client: client.download_attachment("5f00", "a.txt"),
}


def answer_with(answer, encoded):
    """Return an answer that repeats a text, with the right length."""
    for more in (15, 0):
        answer = answer.replace("{n+15}" if more else "{n}", str(len(encoded) + more))
    return answer.replace("{}", encoded).replace("{{", "{").replace("}}", "}").encode("latin-1")


def everything_of(error):
    """Render an error as a reporter would that shows everything: all that led to it, locals, its pickle."""
    waiting, seen, parts = [error], [], []
    while waiting:
        value = waiting.pop()
        if value is None or any(value is other for other in seen):
            continue
        seen.append(value)
        waiting += [value.__context__, value.__cause__]
        parts += [str(value), repr(value), repr(value.args), repr(vars(value))]
        below = value.__traceback__
        while below is not None and below.tb_frame.f_code.co_filename.startswith(HERE):
            below = below.tb_next  # the frames of the tests hold what the tests hold
        parts += traceback.TracebackException(type(value), value, below, capture_locals=True).format()
    with contextlib.suppress(Exception):
        parts.append(pickle.dumps(error).decode("latin-1"))
        parts.append(repr(vars(pickle.loads(pickle.dumps(error)))))
    return "\n".join(parts)


def shows(text, *secrets):
    """Return whether a text shows one of some secrets, in any letter case."""
    return any(secret.casefold() in text.casefold() for secret in secrets)


@pytest.fixture
def log(caplog):
    """Everything that is logged, by whomever."""
    caplog.set_level(logging.DEBUG)
    return caplog


@settings(WIRE, max_examples=examples(200))
@given(
    token=TOKENS,
    spelling=st.sampled_from(list(SPELLINGS.values())),
    answer=st.sampled_from(SHOWN_BY),
    call=st.sampled_from(list(CALLS.values())),
)
def test_an_answer_that_repeats_the_token_is_redacted(token, spelling, answer, call, log):
    """If any part of an answer repeats the token, in any form, neither error nor log shows it."""
    log.clear()
    encoded = spelling(token)
    server = RawServer(*[answer_with(answer, encoded)] * 7)  # a redirect is followed five times
    try:
        with ArdoqClient(server.url, token, retries=ONCE, timeout=5) as client:
            try:
                call(client)
            except ArdoqClientException as problem:
                texts = everything_of(problem)
            else:
                texts = ""
        assert texts or call is CALLS["download"] or b"[]" in answer_with(answer, encoded)
        assert not shows(texts, token, encoded)
        # What urllib3 logs of a redirect or a broken header is its own; ours stays clean at every level.
        own = [record for record in log.records if record.name.startswith("ardoqpy")]
        assert not shows("\n".join(record.getMessage() for record in own), token, encoded)
    finally:
        server.close()


@settings(WIRE, max_examples=examples(60))
@given(token=TOKENS, spelling=st.sampled_from(list(SPELLINGS.values())))
def test_a_next_link_that_repeats_the_token_does_not_show_it(token, spelling):
    """A next link to another host with the token in its name, its path or its query is refused without it."""
    encoded = spelling(token)
    for href in (
        f"https://evil.example/{encoded}?a={encoded}",
        f"https://{encoded}.example/",
        f"//{encoded}",
    ):
        page = json.dumps({"values": [], "_links": {"next": {"href": href}}})
        server = RawServer(f"HTTP/1.1 200 OK\r\nContent-Length: {len(page)}\r\n\r\n{page}".encode())
        try:
            client = ArdoqClient(server.url, token, version="v2", retries=0, timeout=5)
            with pytest.raises(ArdoqClientException) as caught:
                client.get_components()
            client.close()
            assert not shows(everything_of(caught.value), token, encoded)
        finally:
            server.close()


@settings(WIRE, max_examples=examples(50))
@given(token=st.from_regex(r"Tk_[0-9A-Za-z_-]{16,60}", fullmatch=True))
def test_a_token_given_as_an_id_is_in_no_error(token, log):
    """If the path contains the token by mistake, neither error nor log shows it."""
    log.clear()
    refused = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
    server = RawServer(refused)
    try:
        client = ArdoqClient(server.url, token, retries=0)
        with pytest.raises(ArdoqClientException) as caught:
            client.get_component(comp_id=token)
        client.close()
        assert not shows(f"{caught.value!r} {caught.value} {vars(caught.value)}", token)
        own = [record for record in log.records if record.name.startswith("ardoqpy")]
        assert own
        assert not shows("\n".join(record.getMessage() for record in own), token)
    finally:
        server.close()


def test_json_escapes_do_not_reveal_the_token(raw_server):
    """Needless escapes in the answer are redacted in the message."""
    token = "s3cret-T0ken-of-the-tests"
    encoded = "".join(f"\\u{ord(letter):04x}" for letter in token)
    answer = answer_with('HTTP/1.1 404 No\r\nContent-Length: {n+15}\r\n\r\n{{"message": "{}"}}', encoded)
    client = ArdoqClient(raw_server(answer).url, Token(token))
    with pytest.raises(ArdoqClientException) as caught:
        client.get_workspaces()
    assert caught.value.ardoq_message == "***"
    assert not shows(everything_of(caught.value), token)


@settings(WIRE)
@given(token=TOKENS, before=st.text(max_size=20), after=st.text(max_size=20))
def test_every_form_of_the_token_is_redacted_and_nothing_else(token, before, after):
    """The text around the token stays as it is, and so does a text without it."""
    hide = Token(token).redact
    assume(not shows(before + after, token))
    for spelling in SPELLINGS.values():
        assert not shows(hide(f"{before}{spelling(token)}{after}"), token, spelling(token))
    assert hide(f"{before}|{token}|{after}") == f"{before}|***|{after}"
    assert hide("a quite ordinary sentence") == "a quite ordinary sentence"


@settings(WIRE, max_examples=examples(20))
@given(token=TOKENS)
def test_a_job_shows_its_token_to_ardoq_alone(token, log, tmp_path_factory):
    """No log, report, file, repr, pickle or copy of a job has the token; nor have the emulator's records."""
    log.clear()
    folder = tmp_path_factory.mktemp("job")
    exchanges, texts = [], []
    with emulator(token=token, recorder=exchanges.append) as server:
        for make in (ArdoqClient, ArdoqSyncClient):
            with make(server.url, token, "acme", retries=AT_ONCE) as client:
                ws = client.create_workspace({"name": "W"})
                server.fail(status=503)
                client.get_workspaces()
                client.upload_attachment(ws["_id"], b"content", "a.txt")
                client.download_attachment(ws["_id"], "a.txt", folder / "a.txt")
                with pytest.raises(ArdoqClientException) as caught:
                    client.get_workspace("0" * 24)
                texts.append(everything_of(caught.value))
                texts += at_hand(client)
        with ArdoqSyncClient(server.url, token, on_error="collect") as sync:
            sync.create_component({"name": "A", "rootWorkspace": ws["_id"], "typeId": "p1434104432900"})
            sync.create_component({"name": "B", "rootWorkspace": ws["_id"], "typeId": "nowhere"})
            texts += [json.dumps(sync.get_report()), format_report(sync.get_report())]
        api = API(server.url, token, retries=0)
        texts += at_hand(api)
        api.client.close()
        texts += [repr(server), repr(server.requests), json.dumps(server.dump()), repr(server.crashes)]
        texts += [repr(server.logged_requests()), repr(exchanges)]
    texts += [path.read_text(encoding="utf-8") for path in folder.rglob("*") if path.is_file()]
    assert exchanges
    assert log.messages
    assert not shows("\n".join([*texts, log.text]), token)


def at_hand(client):
    """Return the reprs of the objects of a client, and everything that can be pickled or copied."""
    api = getattr(client, "client", client).api
    transport = api.transport
    objects = [
        client,
        api,
        transport,
        transport.session,
        transport._auth,
        transport._rate_limiter,
        transport._token,
    ]
    objects.append(getattr(client, "client", client)._settings)
    parts = []
    for item in objects:
        parts += [repr(item), str(item), f"{item}", ascii(item)]
        if hasattr(item, "__dict__"):
            parts.append(repr(vars(item)))
        for take in (pickle.dumps, copy.copy, copy.deepcopy):
            with contextlib.suppress(Exception):
                parts.append(repr(take(item)))
        with contextlib.suppress(Exception):
            parts.append(pickle.dumps(item).decode("latin-1"))
    return parts


@pytest.mark.parametrize("make", [ArdoqClient, ArdoqSyncClient, API])
@pytest.mark.parametrize("take", [pickle.dumps, copy.deepcopy])
def test_a_client_is_neither_pickled_nor_copied(take, make):
    """Objects that contain the token refuse to be pickled or copied."""
    client = make("https://acme.ardoq.com", "s3cret-T0ken-of-the-tests")
    with pytest.raises((ArdoqClientException, TypeError)) as caught:
        take(client)
    assert "s3cret" not in everything_of(caught.value)


def test_a_prepared_request_shows_no_token():
    """The headers of a prepared request, which hooks and exceptions hold, print without the token."""
    seen = []

    def look(response, **_):
        request = response.request
        seen.append((request.headers["Authorization"], f"{request.headers} {vars(request)!r}"))

    with emulator(token="s3cret-T0ken-of-the-tests") as server, requests.Session() as session:
        session.hooks["response"].append(look)
        ArdoqClient(server.url, server.token, session=session).get_workspaces()
    ((sent, texts),) = seen
    assert sent == "Token token=s3cret-T0ken-of-the-tests"
    assert "s3cret" not in texts


def test_an_interrupt_in_the_middle_shows_no_token(server, monkeypatch):
    """An exception raised through requests and urllib3, such as Ctrl-C, has no token in any local."""

    def interrupted(_self):
        raise KeyboardInterrupt

    server.token = "s3cret-T0ken-of-the-tests"
    with ArdoqClient(server.url, Token(server.token)) as client:
        monkeypatch.setattr(http.client.HTTPConnection, "getresponse", interrupted)
        with pytest.raises(KeyboardInterrupt) as caught:
            client.get_workspaces()
    texts = everything_of(caught.value)
    assert "urllib3" in texts
    assert "'Authorization': '***'" in texts
    assert "s3cret" not in texts


def test_requests_underneath_are_not_held_by_errors(closed_port):
    """No error refers to an exception of requests, whose request has the token."""
    client = ArdoqClient(closed_port, "s3cret-T0ken-of-the-tests", retries=0)
    with pytest.raises(ArdoqClientException) as caught:
        client.get_workspaces()
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_the_emulators_command_prints_no_token():
    """The token is neither in the address that it prints, nor in its last lines, nor in a refusal."""
    token = "s3cret-T0ken-of-the-tests"
    command = [sys.executable, "-m", "ardoqpy", "emulator", "--token", token, "--fault", "kind=html"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=Path(HERE).parent
    ) as process:
        url = process.stdout.readline().strip()
        for given_token in (token, f"{token}-wrong"):
            with ArdoqClient(url, given_token, retries=0) as client, pytest.raises(ArdoqClientException):
                client.get_workspaces()
        process.send_signal(signal.SIGTERM if os.name != "nt" else signal.CTRL_BREAK_EVENT)
        printed = url + "".join(process.communicate(timeout=30))
    assert token not in printed


@pytest.mark.parametrize(
    "elsewhere",
    ["http://localhost:{}/x", "https://127.0.0.1:{}/x", "http://evil.example:{}/x", "//127.0.0.2:{}/x"],
)
@pytest.mark.parametrize("by", ["redirect", "next link"])
def test_another_host_port_or_scheme_gets_no_request(by, elsewhere, raw_server):
    """With two real servers, the other one gets no connection, under any of its names."""
    other = raw_server(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]")
    target = elsewhere.format(other.url.rpartition(":")[2])
    if by == "redirect":
        answer = f"HTTP/1.1 307 There\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n"
    else:
        page = json.dumps({"values": [], "_links": {"next": {"href": target}}})
        answer = f"HTTP/1.1 200 OK\r\nContent-Length: {len(page)}\r\n\r\n{page}"
    first = raw_server(answer.encode())
    client = ArdoqClient(first.url, "t0ken", version="v2", retries=0)
    with pytest.raises(RedirectRefused):
        client.get_components()
    client.close()
    assert other.received == []


@pytest.fixture
def cfg(tmp_path):
    """Write a cfg file with the permissions `mode`, and return its path."""

    def write(mode, token="s3cret-T0ken-of-the-tests"):
        path = tmp_path / "ardoq.cfg"
        path.write_text(f"[Ardoq]\nhost = https://acme.ardoq.com\ntoken = {token}\n")
        path.chmod(mode)
        return path

    return write


@pytest.mark.skipif(os.name != "posix", reason="this system has no such modes")
@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620, 0o777])
def test_a_cfg_file_that_others_may_read_is_warned_about(mode, cfg, log):
    """A token that others may read is worth a line in the log, once for each reading, without the token."""
    path = cfg(mode)
    assert read_settings(config=path, environ={}).token.reveal() == "s3cret-T0ken-of-the-tests"
    assert [(record.levelname, record.getMessage()) for record in log.records] == [
        ("WARNING", f"The cfg file {str(path)!r} has a token, and others may read it: chmod 600 it.")
    ]


@pytest.mark.parametrize(("mode", "token"), [(0o600, "t0ken"), (0o400, "t0ken"), (0o644, "")])
def test_a_cfg_file_that_is_private_or_holds_no_token_is_not(mode, token, cfg, log):
    """A file that only the owner may read, or without a token, causes no warning."""
    with contextlib.suppress(ArdoqClientException):
        read_settings(config=cfg(mode, token), environ={})
    assert log.records == []
