"""TLS with a real server: who signed its certificate is looked at, always; proxies see no token."""

import ssl
import warnings

import pytest
import requests
from tls_servers import Proxy, TlsServer, new_authority

from ardoqpy import ArdoqClient, ArdoqClientException, Retries, ServiceUnavailable

TOKEN = "s3cret-T0ken-of-the-tests"
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """Give a certificate authority of our own, with its file."""
    return new_authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def listening():
    """Close at the end what a test adds."""
    opened = []
    yield opened
    for item in opened:
        item.close()


@pytest.fixture
def tls(authority, listening):
    """Run a server with a certificate of that authority, for this machine and for `ardoq.test`."""
    listening.append(TlsServer(authority[0], "localhost", "127.0.0.1", "ardoq.test"))
    return listening[0]


def client(hosturl, **keywords):
    """Make a client that does not repeat."""
    return ArdoqClient(hosturl, TOKEN, retries=0, timeout=10, **keywords)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
@pytest.mark.parametrize("writes", [False, True])
def test_an_unknown_authority_is_refused(writes, host, tls):
    """A certificate is checked on this machine, too; nothing is sent, and the error says what to do."""
    with client(f"https://{host}:{tls.port}") as ardoq, pytest.raises(ServiceUnavailable) as caught:
        ardoq.create_workspace({"name": "W"}) if writes else ardoq.get_workspaces()
    assert type(caught.value) is ServiceUnavailable
    sentence = str(caught.value)
    assert sentence.startswith(
        f"Cannot reach Ardoq for {'POST' if writes else 'GET'} /api/workspace: the certif"
    )
    assert sentence.endswith("): name the file of the authority that signed it in REQUESTS_CA_BUNDLE.")
    assert tls.received == []


def test_an_untrusted_certificate_is_not_tried_again(tls, caplog):
    """It would not be trusted the next time either."""
    with caplog.at_level("INFO"), pytest.raises(ServiceUnavailable):
        ArdoqClient(f"https://localhost:{tls.port}", TOKEN, retries=3).get_workspaces()
    assert "sending it again" not in caplog.text


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_an_authority_that_is_named_is_trusted(name, host, tls, authority, monkeypatch):
    """The variables that requests reads count, on this machine as elsewhere."""
    monkeypatch.setenv(name, str(authority[1]))
    with client(f"https://{host}:{tls.port}") as ardoq:
        assert ardoq.get_workspaces() == []
    assert f"Authorization: Token token={TOKEN}" in tls.received[0]


@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
@pytest.mark.parametrize("value", ["", "0", "false"])
def test_no_variable_switches_the_look_off(value, name, tls, monkeypatch):
    """An empty variable changes nothing, and one that does not name a file is an error."""
    monkeypatch.setenv(name, value)
    monkeypatch.setenv("PYTHONHTTPSVERIFY", "0")
    with client(f"https://localhost:{tls.port}") as ardoq, pytest.raises(ServiceUnavailable) as caught:
        ardoq.get_workspaces()
    assert ("invalid path" if value else "is not trusted") in str(caught.value)
    assert tls.received == []


def test_another_hosts_certificate_is_refused(authority, listening, monkeypatch):
    """A certificate that is trusted, but for another name, is not this host's."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority[1]))
    listening.append(TlsServer(authority[0], "elsewhere.test"))
    ardoq = client(f"https://localhost:{listening[0].port}")
    with pytest.raises(ServiceUnavailable, match="is not trusted"):
        ardoq.get_workspaces()
    assert listening[0].received == []


def test_a_session_of_the_callers_may_trust_and_be_known(authority, listening, tmp_path):
    """`session.verify` names an authority, `session.cert` the client's own certificate, that is asked for."""
    listening.append(TlsServer(authority[0], "localhost", clients=authority[0]))
    own = tmp_path / "client.pem"
    authority[0].issue_cert("client@ardoq.test").private_key_and_cert_chain_pem.write_to_path(str(own))
    with requests.Session() as session:
        session.verify = str(authority[1])
        ardoq = client(f"https://localhost:{listening[0].port}", session=session)
        with pytest.raises(ArdoqClientException):
            ardoq.get_workspaces()
        assert listening[0].received == []
        session.cert = str(own)
        assert ardoq.get_workspaces() == []


@pytest.mark.parametrize("writes", [False, True])
def test_a_port_without_tls_is_reported(writes, server):
    """https:// to a port that expects http:// is a wrong setting, not an ambiguous write."""
    with client(server.url.replace("http:", "https:")) as ardoq, pytest.raises(ServiceUnavailable) as caught:
        ardoq.create_workspace({"name": "W"}) if writes else ardoq.get_workspaces()
    assert type(caught.value) is ServiceUnavailable
    assert "the host does not speak TLS at that port" in str(caught.value)


def test_a_connection_that_breaks_in_the_tls_handshake_has_sent_nothing(raw_server):
    """A create whose connection is closed during the handshake is sent again, and is not ambiguous."""
    server = raw_server(b"", b"")
    ardoq = ArdoqClient(server.url.replace("http:", "https:"), TOKEN, retries=Retries(count=1, backoff=0))
    with pytest.raises(ServiceUnavailable, match="after 2 attempts") as caught:
        ardoq.create_workspace({"name": "W"})
    assert len(server.received) == 2
    assert type(caught.value) is ServiceUnavailable


def test_old_versions_of_tls_are_refused(authority, listening, monkeypatch):
    """TLS below 1.2 is refused, and not tried again."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority[1]))
    old = TlsServer(authority[0], "localhost")
    listening.append(old)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        old._context.minimum_version = ssl.TLSVersion.TLSv1
        old._context.maximum_version = ssl.TLSVersion.TLSv1_1
    with client(f"https://localhost:{old.port}") as ardoq, pytest.raises(ServiceUnavailable) as caught:
        ardoq.create_workspace({"name": "W"})
    assert type(caught.value) is ServiceUnavailable
    assert old.received == []


@pytest.fixture
def proxy(tls, listening):
    """Run a proxy that tunnels to `tls_servers`."""
    listening.append(Proxy(tls.port))
    return listening[-1]


def test_a_proxy_of_the_environment_tunnels_and_hears_no_token(tls, proxy, authority, monkeypatch):
    """The proxy for https gets the host name, and only TLS goes through it."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority[1]))
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
    with client("https://ardoq.test") as ardoq:
        assert ardoq.get_workspaces() == []
    assert TOKEN in tls.received[0]
    assert proxy.heard[0].startswith(b"CONNECT ardoq.test:443 HTTP/1.")
    heard = b"".join(proxy.heard)
    assert TOKEN.encode() not in heard
    assert b"authorization" not in heard.lower()


def test_a_proxy_that_intercepts_tls_is_refused(tls, proxy, monkeypatch):
    """A tunnel to a host with an untrusted certificate gets nothing."""
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
    with client("https://ardoq.test") as ardoq, pytest.raises(ServiceUnavailable, match="is not trusted"):
        ardoq.get_workspaces()
    assert tls.received == []


@pytest.mark.parametrize("name", ["NO_PROXY", "no_proxy"])
def test_a_host_that_is_excepted_asks_no_proxy(name, proxy, monkeypatch):
    """`NO_PROXY` counts: the host is then resolved directly, which fails here."""
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
    monkeypatch.setenv(name, "ardoq.test")
    with client("https://ardoq.test") as ardoq, pytest.raises(ServiceUnavailable):
        ardoq.get_workspaces()
    assert proxy.heard == []


def test_this_machine_is_asked_without_a_proxy(tls, proxy, authority, monkeypatch):
    """A proxy would look for localhost at home."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority[1]))
    for name in PROXIES:
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
    with client(f"https://localhost:{tls.port}") as ardoq:
        assert ardoq.get_workspaces() == []
    assert proxy.heard == []


@pytest.mark.parametrize("writes", [False, True])
def test_the_password_of_a_proxy_is_in_no_error(writes, listening, monkeypatch, caplog):
    """The error about a refusing proxy has its answer without the password; nothing was sent to Ardoq."""
    listening.append(Proxy(refuses=True))
    monkeypatch.setenv("HTTPS_PROXY", f"http://somebody:p4ssw0rd@127.0.0.1:{listening[0].port}")
    ardoq = client("https://ardoq.test")
    with caplog.at_level("DEBUG"), pytest.raises(ServiceUnavailable) as caught:
        ardoq.create_workspace({"name": "W"}) if writes else ardoq.get_workspaces()
    assert type(caught.value) is ServiceUnavailable
    assert "407 Proxy Authentication Required" in str(caught.value)
    assert "p4ssw0rd" not in f"{caught.value!r} {vars(caught.value)} {caplog.text}"
    assert TOKEN.encode() not in b"".join(listening[0].heard)


def test_the_netrc_of_the_user_changes_nothing(tls, authority, monkeypatch, tmp_path):
    """An entry for the host in the netrc file does not replace the token, over a real connection."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine localhost login somebody password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority[1]))
    with client(f"https://localhost:{tls.port}") as ardoq:
        ardoq.get_workspaces()
    assert f"Authorization: Token token={TOKEN}" in tls.received[0]
    assert "Basic" not in tls.received[0]
