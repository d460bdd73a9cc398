"""What leaves this machine, header by header, and what an answer becomes."""

import json
import platform

import pytest
import requests
from responses import matchers

from ardoqpy import (
    AmbiguousWrite,
    ArdoqClient,
    Retries,
    ServiceUnavailable,
    UnexpectedAnswer,
    WriteRefused,
    __version__,
)

AUTHORIZATION = "Token token=s3cret-T0ken-of-the-tests"
WITHOUT_RETRIES = Retries(count=0)


@pytest.mark.parametrize("verb", ["GET", "PUT", "PATCH", "DELETE", "POST"])
def test_every_verb_carries_token_and_agent(verb, wire, endpoint, call):
    """Each request says who asks, with what, and that it wants JSON."""
    headers = {
        "Authorization": AUTHORIZATION,
        "Accept": "application/json",
        "User-Agent": f"ardoqpy/{__version__} python-requests/{requests.__version__}",
    }
    wire.add(verb, endpoint, json={"ok": True}, match=[matchers.header_matcher(headers)])
    assert call(verb) == {"ok": True}


def test_agent_names_neither_machine_nor_python(wire, endpoint, call):
    """The User-Agent tells the library and its version, nothing about the caller's machine."""
    wire.get(endpoint, json={})
    call("GET")
    agent = wire.calls[0].request.headers["User-Agent"]
    assert platform.node() not in agent
    assert platform.python_version() not in agent


def test_org_goes_with_every_request(wire, endpoint, new_transport):
    """The parameters of the transport stand beside those of the call."""
    query = {"org": "acme", "name": "a b&c"}
    wire.get(endpoint, json=[], match=[matchers.query_param_matcher(query, strict_match=True)])
    transport = new_transport(params={"org": "acme"})
    assert transport.get("item/1", {"name": "a b&c"}) == []


def test_client_sends_the_org_it_was_given(wire, url):
    """`ArdoqClient(org=...)` sends the label as the query parameter of v1."""
    wire.get(f"{url}/api/workspace", json=[], match=[matchers.query_param_matcher({"org": "acme"})])
    assert ArdoqClient(url, "t0ken", "acme").get_workspaces() == []


def test_no_org_is_sent_where_none_is_known(wire, url):
    """Without a label there is no `org` in the query, not even an empty one."""
    wire.get(f"{url}/api/workspace", json=[], match=[matchers.query_param_matcher({}, strict_match=True)])
    assert ArdoqClient(url, "t0ken").get_workspaces() == []


def test_parameters_that_are_none_are_left_out(wire, endpoint, transport):
    """A parameter of None is not sent as the text 'None'."""
    wire.get(endpoint, json=[], match=[matchers.query_param_matcher({"a": "1"}, strict_match=True)])
    transport.get("item/1", {"a": 1, "b": None})


@pytest.mark.parametrize(
    ("filename", "quoted"),
    [
        ("a b.png", "a%20b.png"),
        ("a/b.png", "a%2Fb.png"),
        ("50%.txt", "50%25.txt"),
        ("Ærø?.md", "%C3%86r%C3%B8%3F.md"),
        ("#1.txt", "%231.txt"),
        ("...", "..."),
    ],
)
def test_file_names_are_quoted_as_one_segment(filename, quoted, wire, url):
    """No character of a file's name leaves its segment of the path."""
    wire.get(f"{url}/api/attachment/workspace/5f00/{quoted}", body=b"12")
    assert ArdoqClient(url, "t0ken").download_attachment("5f00", filename) == b"12"
    assert wire.calls[0].request.path_url == f"/api/attachment/workspace/5f00/{quoted}"


@pytest.mark.parametrize("verb", ["PUT", "PATCH", "POST"])
def test_bodies_are_json_in_utf8(verb, wire, url, transport):
    """A body is JSON in UTF-8 with its letters as they are, and is declared as JSON."""
    body = {"name": "Ærø", "n": 1.5, "no": None, "yes": True, "list": [1, {"a": "b"}]}
    wire.add(verb, f"{url}/api/item", json={}, match=[matchers.json_params_matcher(body)])
    getattr(transport, verb.lower())("item", body)
    sent = wire.calls[0].request
    assert sent.headers["Content-Type"] == "application/json"
    assert "Ærø".encode() in sent.body


def test_a_read_declares_no_body(wire, endpoint, call):
    """A GET carries neither a body nor the type of one."""
    wire.get(endpoint, json={})
    call("GET")
    assert wire.calls[0].request.body is None
    assert "Content-Type" not in wire.calls[0].request.headers


def test_a_delete_may_carry_a_body(wire, endpoint, transport):
    """The bulk delete of v1 sends its ids in the body of a DELETE."""
    body = {"componentIds": ["a", "b"]}
    wire.delete(endpoint, json={}, match=[matchers.json_params_matcher(body)])
    transport.delete("item/1", body)


@pytest.mark.parametrize(
    ("verb", "status", "body", "answer"),
    [
        ("GET", 200, b'{"a": 1}', {"a": 1}),
        ("GET", 200, b"null", None),
        ("GET", 200, b"[]", []),
        ("GET", 200, "\ufeff[1]".encode(), [1]),
        ("GET", 204, b"", {}),
        ("POST", 201, b'{"_id": "1"}', {"_id": "1"}),
        ("POST", 200, b'{"_id": "1"}', {"_id": "1"}),
        ("POST", 201, b"", {}),
        ("PUT", 204, b"", {}),
        ("PUT", 200, b"", {}),
        ("PATCH", 200, b'{"_version": 2}', {"_version": 2}),
        ("DELETE", 204, b"", {}),
        ("DELETE", 200, b"", {}),
        ("DELETE", 200, b'{"gone": 1}', {"gone": 1}),
    ],
)
def test_the_value_of_a_successful_answer(verb, status, body, answer, wire, endpoint, call):
    """JSON is handed on as it is, no content as an empty dict."""
    wire.add(verb, endpoint, status=status, body=body)
    assert call(verb) == answer


@pytest.mark.parametrize(
    "body", [b"", b"<html>log in</html>", b'{"a": ', b"\xff\xfe\xfd", b"[" * 100_000, b"Bad Gateway"]
)
def test_a_read_that_is_not_json_is_an_error_of_this_tree(body, wire, endpoint, new_transport, caller):
    """No `ValueError` from underneath escapes, whatever stands where JSON should."""
    wire.get(endpoint, body=body)
    with pytest.raises(UnexpectedAnswer) as caught:
        caller(new_transport(retries=WITHOUT_RETRIES))("GET")
    assert not isinstance(caught.value, ValueError)


@pytest.mark.parametrize("answer", ["null", "[]"])
def test_an_object_that_is_none_is_an_error(answer, wire, url):
    """Where an object was asked for, a list or null is an unexpected answer, each called by its name."""
    wire.get(f"{url}/api/workspace/5f00", body=answer)
    with pytest.raises(UnexpectedAnswer) as caught:
        ArdoqClient(url, "t0ken").get_workspace("5f00")
    what = {"null": "None", "[]": "a list"}[answer]
    assert str(caught.value) == f"Ardoq answered with {what} where an object was expected."


@pytest.mark.parametrize(
    ("answer", "what"), [({"a": 1}, "a dict"), ("text", "a str"), (5, "an int"), (True, "a bool")]
)
def test_a_list_that_is_none_is_an_error(answer, what, wire, url):
    """Where a list was asked for, anything else than a list (or null) is an unexpected answer."""
    wire.get(f"{url}/api/workspace", json=answer)
    with pytest.raises(UnexpectedAnswer, match=rf"^Ardoq answered with {what} where a list was expected\.$"):
        ArdoqClient(url, "t0ken").get_workspaces()


def test_null_for_a_list_is_an_empty_one(wire, url):
    """Ardoq gives null for an empty list in places."""
    wire.get(f"{url}/api/workspace", body="null")
    assert ArdoqClient(url, "t0ken").get_workspaces() == []


def test_timeout_is_given_to_every_request(wire, endpoint, new_transport, caller):
    """The pair for connecting and reading reaches requests as it was given."""
    timeout = matchers.request_kwargs_matcher({"timeout": (1.5, 2.5), "stream": True})
    for verb in ("GET", "POST"):
        wire.add(verb, endpoint, json={}, match=[timeout])
    call = caller(new_transport(timeout=(1.5, 2.5)))
    call("GET")
    call("POST")


def test_a_server_that_never_answers_is_given_up(raw_server, new_transport, caller):
    """A real socket that stays silent ends a read by the time-out, in words that say so."""
    server = raw_server(None)
    call = caller(new_transport(server.url, timeout=0.2, retries=WITHOUT_RETRIES))
    with pytest.raises(ServiceUnavailable, match="no data arrived within the time-out"):
        call("GET")
    assert server.received[0].startswith("GET /api/item/1 HTTP/1.1\r\n")


def test_an_answer_that_stalls_is_given_up(raw_server, new_transport, caller):
    """An answer that begins and then stays silent ends by the same time-out, in the same words."""
    server = raw_server(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n[1,", stays_open=True)
    call = caller(new_transport(server.url, timeout=0.2, retries=WITHOUT_RETRIES))
    with pytest.raises(ServiceUnavailable) as caught:
        call("GET")
    assert str(caught.value) == "No answer to GET /api/item/1: no data arrived within the time-out."


def test_a_create_that_is_never_answered_is_ambiguous(raw_server, new_transport, caller):
    """A real socket that takes a POST and stays silent leaves open what became of it."""
    server = raw_server(None)
    call = caller(new_transport(server.url, timeout=0.2, retries=Retries(count=3, backoff=0)))
    with pytest.raises(AmbiguousWrite, match="no data arrived within the time-out"):
        call("POST")
    assert len(server.received) == 1


def test_cookies_are_not_sent_back(wire, endpoint, transport, call):
    """What Ardoq sets as a cookie is neither kept nor returned."""
    for _ in range(2):
        wire.get(endpoint, json={}, headers={"Set-Cookie": "session=1; Path=/"})
        call("GET")
    assert all("Cookie" not in item.request.headers for item in wire.calls)
    assert len(transport.session.cookies) == 0


def test_cookies_are_not_sent_back_over_a_real_socket(raw_server, new_transport, caller):
    """The same with real headers, since a mock may hand cookies over differently."""
    answer = b"HTTP/1.1 200 OK\r\nSet-Cookie: session=1; Path=/\r\nContent-Length: 2\r\n\r\n{}"
    server = raw_server(answer, answer)
    call = caller(new_transport(server.url))
    call("GET")
    call("GET")
    assert len(server.received) == 2
    assert "cookie" not in "".join(server.received).lower()


def test_cookies_already_in_a_callers_session_are_blocked(wire, endpoint, new_transport, caller):
    """A session that is handed over with cookies in it does not send them to Ardoq."""
    wire.get(endpoint, json={})
    session = requests.Session()
    session.cookies.set("mine", "1")
    caller(new_transport(session=session))("GET")
    assert "Cookie" not in wire.calls[0].request.headers


@pytest.mark.parametrize("own_session", [False, True])
def test_netrc_never_overrides_the_token(
    own_session, wire, endpoint, new_transport, caller, monkeypatch, tmp_path
):
    """An entry for the host in the netrc file does not take the place of the Authorization header."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine ardoq.example login somebody password else\ndefault login a password b\n")
    monkeypatch.setenv("NETRC", str(netrc))
    assert requests.utils.get_netrc_auth(endpoint) == ("somebody", "else")
    wire.get(endpoint, json={}, match=[matchers.header_matcher({"Authorization": AUTHORIZATION})])
    session = requests.Session() if own_session else None
    caller(new_transport(session=session))("GET")


def test_credentials_of_a_callers_session_do_not_override_the_token(wire, endpoint, new_transport, caller):
    """A session with credentials of its own still sends the token."""
    wire.get(endpoint, json={}, match=[matchers.header_matcher({"Authorization": AUTHORIZATION})])
    session = requests.Session()
    session.auth = ("somebody", "else")
    caller(new_transport(session=session))("GET")


@pytest.fixture
def proxy(monkeypatch, closed_port):
    """Name a proxy that is not there to everything that looks for one."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, closed_port)
        monkeypatch.setenv(name.lower(), closed_port)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    return closed_port


def test_no_proxy_is_asked_for_this_machine(proxy, server):
    """A proxy in the environment is not asked for a loopback address, which it would look for at home."""
    assert ArdoqClient(server.url, server.token, retries=0).get_workspaces() == []


def test_a_proxy_is_asked_for_every_other_host(proxy, new_transport):
    """For a host elsewhere the proxy of the environment is used as requests does it."""
    session = new_transport("https://ardoq.example").session
    used = session.merge_environment_settings("https://ardoq.example/", {}, None, None, None)["proxies"]
    assert used["https"] == proxy


def test_a_callers_session_is_used_as_it_is(wire, endpoint, new_transport, caller):
    """Headers, adapters and the rest of a caller's session stay in force."""
    session = requests.Session()
    session.headers["X-Mine"] = "1"
    adapters = dict(session.adapters)
    wire.get(
        endpoint, json={}, match=[matchers.header_matcher({"X-Mine": "1", "Accept": "application/json"})]
    )
    transport = new_transport(session=session)
    caller(transport)("GET")
    assert transport.session is session
    assert dict(session.adapters) == adapters


@pytest.mark.parametrize("verb", ["PUT", "PATCH", "DELETE", "POST"])
def test_read_only_sends_no_write(verb, wire, new_transport, caller):
    """A transport that only reads refuses each write before it is sent."""
    with pytest.raises(WriteRefused) as caught:
        caller(new_transport(read_only=True))(verb)
    assert str(caught.value) == f"{verb} /api/item/1 was not sent: this client simulates."
    assert (caught.value.method, caught.value.path) == (verb, "/api/item/1")


def test_read_only_refuses_uploads_and_sends_reads(wire, url, endpoint, new_transport):
    """An upload is a write; a GET, and a POST that is declared to write nothing, are not."""
    transport = new_transport(read_only=True)
    with pytest.raises(WriteRefused):
        transport.upload("item/1", bytes)
    wire.get(endpoint, json={})
    wire.post(endpoint, json={})
    transport.get("item/1")
    transport.post("item/1", {}, reads=True)


def test_an_upload_is_a_form_with_one_part(wire, url):
    """A file travels as multipart/form-data in the part `attachment`, with its name, type and length."""
    wire.post(f"{url}/api/attachment/workspace/5f00/upload", status=201, json={"filename": 'a"b.txt'})
    ArdoqClient(url, "t0ken").upload_attachment("5f00", b"hello", 'a"b.txt')
    sent = wire.calls[0].request
    kind, _, boundary = sent.headers["Content-Type"].partition("; boundary=")
    expected = (
        f"--{boundary}\r\n"
        'Content-Disposition: form-data; name="attachment"; filename="a%22b.txt"\r\n'
        "Content-Type: text/plain\r\n\r\nhello\r\n"
        f"--{boundary}--\r\n"
    )
    assert kind == "multipart/form-data"
    assert int(sent.headers["Content-Length"]) == len(expected)
    assert len(sent.body) == len(expected)


def test_an_upload_over_a_real_socket(server, tmp_path):
    """What was uploaded from a path, from bytes and from an open file comes back byte by byte."""
    content = bytes(range(256)) * 1024
    path = tmp_path / "a.bin"
    path.write_bytes(content)
    with ArdoqClient(server.url, server.token) as client:
        ws_id = client.create_workspace({"name": "W"})["_id"]
        client.upload_attachment(ws_id, content, "bytes.bin")
        with path.open("rb") as file:
            client.upload_attachment(ws_id, file, "file.bin")
            assert not file.closed
        assert client.download_attachment(ws_id, "bytes.bin") == content
        assert client.download_attachment(ws_id, "file.bin", tmp_path / "b.bin") == len(content)
    assert (tmp_path / "b.bin").read_bytes() == content


def test_an_upload_closes_the_file_that_it_opened(server, tmp_path, monkeypatch):
    """A file that the library opened for an upload is closed when the upload is done."""
    path = tmp_path / "a.txt"
    path.write_text("hello")
    opened = []
    real = type(path).open
    monkeypatch.setattr(type(path), "open", lambda *args: opened.append(real(*args)) or opened[-1])
    with ArdoqClient(server.url, server.token) as client:
        ws_id = client.create_workspace({"name": "W"})["_id"]
        client.upload_attachment(ws_id, path)
    states = [file.closed for file in opened]
    for file in opened:
        file.close()  # the garbage collector would warn
    assert states == [True]


def test_a_json_body_is_sent_as_given(wire, endpoint, transport):
    """Sending a body changes nothing in the caller's dict."""
    body = {"name": "a", "list": [1]}
    before = json.dumps(body)
    wire.put(endpoint, json={})
    transport.put("item/1", body)
    assert json.dumps(body) == before
