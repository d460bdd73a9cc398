"""The token is sent only to the configured host: redirects and next links."""

import json

import pytest
from responses import matchers

from ardoqpy import ArdoqClient, RedirectRefused, UnexpectedAnswer

VERBS = ("GET", "PUT", "PATCH", "DELETE", "POST")
ELSEWHERE = {
    "another host": ("https://evil.example/api/item/1", "https://evil.example:443"),
    "a host below": ("https://x.ardoq.example/api/item/1", "https://x.ardoq.example:443"),
    "another port": ("https://ardoq.example:8443/api/item/1", "https://ardoq.example:8443"),
    "another scheme": ("http://ardoq.example/api/item/1", "http://ardoq.example:80"),
    "no scheme": ("//evil.example/api/item/1", "https://evil.example:443"),
    "a name before": ("https://ardoq.example@evil.example/", "https://evil.example:443"),
    "a file": ("file:///etc/passwd", "file://:None"),
}
TARGETS = [pytest.param(*target, id=name.replace(" ", "-")) for name, target in ELSEWHERE.items()]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("verb", VERBS)
def test_a_redirect_to_another_host_is_refused(verb, status, wire, endpoint, call, pauses):
    """No verb and no kind of redirect leads to a request to another host."""
    wire.add(verb, endpoint, status=status, headers={"Location": "https://evil.example/"})
    with pytest.raises(RedirectRefused):
        call(verb)
    assert len(wire.calls) == 1
    assert pauses == []


@pytest.mark.parametrize(("target", "origin"), TARGETS)
def test_another_host_port_or_scheme_is_refused(target, origin, wire, endpoint, call):
    """The error names the target of the redirect, the configured host, and the remedy."""
    wire.get(endpoint, status=302, headers={"Location": target})
    with pytest.raises(RedirectRefused) as caught:
        call("GET")
    assert str(caught.value) == (
        f"The redirect of /api/item/1 leads to {origin}, not to https://ardoq.example; the token was not "
        "sent there. If that is your organisation's own address, give it as hosturl."
    )
    assert caught.value.path == "/api/item/1"


def test_a_host_called_api_is_named_in_full(wire, new_transport, caller):
    """The error names the configured host."""
    wire.get(
        "https://api.ardoq.example/api/item/1", status=302, headers={"Location": "https://evil.example/"}
    )
    with pytest.raises(RedirectRefused, match=r"not to https://api\.ardoq\.example; the token"):
        caller(new_transport("https://api.ardoq.example"))("GET")


def test_the_token_does_not_arrive_elsewhere(raw_server, server, new_transport, caller):
    """With two real servers, the second one gets no request from a redirect to it."""
    location = f"Location: {server.url}/api/item/1".encode()
    first = raw_server(b"HTTP/1.1 302 Found\r\n" + location + b"\r\nContent-Length: 0\r\n\r\n")
    with pytest.raises(RedirectRefused):
        caller(new_transport(first.url))("GET")
    assert len(first.received) == 1
    assert server.requests == []


@pytest.mark.parametrize(
    "location", ["https://ardoq.example/api/there?a=1", "/api/there?a=1", "../there?a=1"]
)
def test_a_read_follows_its_own_host(location, wire, url, endpoint, transport):
    """A redirect of a GET to the same host is followed, with the token and the query that it names."""
    match = [
        matchers.query_param_matcher({"a": "1"}, strict_match=True),
        matchers.header_matcher({"Authorization": "Token token=s3cret-T0ken-of-the-tests"}),
    ]
    wire.get(endpoint, status=302, headers={"Location": location})
    wire.get(f"{url}/api/there", json=["there"], match=match)
    assert transport.get("item/1", {"b": 2}) == ["there"]


@pytest.mark.parametrize("port", ["", ":443"])
@pytest.mark.parametrize("host", ["ardoq.example", "ARDOQ.example"])
def test_the_same_host_may_be_written_otherwise(host, port, wire, url, endpoint, call):
    """The default port and another letter case are the same host."""
    wire.get(endpoint, status=302, headers={"Location": f"https://{host}{port}/api/there"})
    wire.get(f"https://{host.lower()}{port}/api/there", json=[])
    assert call("GET") == []


@pytest.mark.parametrize("verb", ["PUT", "PATCH", "DELETE", "POST"])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_write_is_never_sent_to_another_path(verb, status, wire, endpoint, call, pauses):
    """A redirect of a write is an error, also to the same host: its effect is not known."""
    wire.add(verb, endpoint, status=status, headers={"Location": "/api/there"})
    with pytest.raises(UnexpectedAnswer) as caught:
        call(verb)
    assert caught.value.status == status
    assert pauses == []


def test_redirects_in_a_circle_end(wire, endpoint, call):
    """Five redirects are followed, the sixth is an error."""
    for _ in range(6):
        wire.get(endpoint, status=302, headers={"Location": endpoint})
    with pytest.raises(UnexpectedAnswer) as caught:
        call("GET")
    assert caught.value.status == 302


def test_a_redirect_to_another_host_at_last_is_refused(wire, url, endpoint, call):
    """Each step is checked, not only the first."""
    wire.get(endpoint, status=302, headers={"Location": "/api/there"})
    wire.get(f"{url}/api/there", status=302, headers={"Location": "https://evil.example/"})
    with pytest.raises(RedirectRefused):
        call("GET")


@pytest.mark.parametrize("location", ["https://ardoq.example:port/", "http://[::1/"])
def test_a_location_that_is_no_url_is_an_error_of_this_tree(location, wire, endpoint, call):
    """A Location that cannot be read is an unexpected answer at once, not a bare `ValueError`."""
    wire.get(endpoint, status=302, headers={"Location": location})
    with pytest.raises(UnexpectedAnswer) as caught:
        call("GET")
    assert str(caught.value) == "The redirect of /api/item/1 is not a URL."


@pytest.mark.parametrize("status", [300, 304, 302])
def test_a_redirect_that_leads_nowhere_is_not_followed(status, wire, endpoint, call):
    """A 3xx without a Location is an error at once."""
    wire.get(endpoint, status=status)
    with pytest.raises(UnexpectedAnswer):
        call("GET")


@pytest.mark.parametrize(
    ("location", "answer"),
    [("https://acme.ardoq.example/x", "https://acme.ardoq.example/x"), ("/x", "https://ardoq.example/x")],
)
def test_switch_org_returns_the_target_without_requesting_it(location, answer, wire, url):
    """`switch_org` gives the address of the redirect; nothing is sent to it."""
    wire.get(f"{url}/api/switchOrg", status=302, headers={"Location": location})
    assert ArdoqClient(url, "t0ken").switch_org("acme") == answer


def test_switch_org_without_a_redirect_is_an_error(wire, url):
    """An answer without a redirect is an error."""
    wire.get(f"{url}/api/switchOrg", json={})
    with pytest.raises(UnexpectedAnswer, match=r"^GET /api/switchOrg does not redirect anywhere\.$"):
        ArdoqClient(url, "t0ken").switch_org("acme")


def _page(*values, href=None):
    return {"values": list(values), "_links": {"next": {"href": href}} if href else {}}


@pytest.mark.parametrize(
    "next_link", ["https://ardoq.example/api/items?c=2", "/api/items?c=2", "items?c=2", "?c=2"]
)
def test_pages_follow_next_links(next_link, wire, url, transport):
    """Absolute and relative next links are followed as they are; the first query is not repeated."""
    first = [matchers.query_param_matcher({"a": "1"}, strict_match=True)]
    second = [matchers.query_param_matcher({"c": "2"}, strict_match=True)]
    wire.get(f"{url}/api/items", json=_page(1, 2, href=next_link), match=first)
    wire.get(f"{url}/api/items", json=_page(3), match=second)
    pages = list(transport.pages("items", {"a": 1}))
    assert [page["values"] for page in pages] == [[1, 2], [3]]


def test_pages_are_read_as_they_are_needed(wire, url, transport):
    """The second page is not requested before the first is used up."""
    wire.get(f"{url}/api/items", json=_page(1, href="?c=2"))
    assert next(transport.pages("items"))["values"] == [1]


@pytest.mark.parametrize(
    "page",
    [{"values": []}, {"values": [], "_links": None}, {"values": [], "_links": {"next": None}}, _page()],
)
def test_the_last_page_has_no_next_link(page, wire, url, transport):
    """An absent, null or empty link ends a listing."""
    wire.get(f"{url}/api/items", json=page)
    assert list(transport.pages("items")) == [page]


@pytest.mark.parametrize(("target", "origin"), TARGETS)
def test_a_next_link_to_another_host_is_refused(target, origin, wire, url, transport):
    """A next link to another host ends the listing with an error, and nothing is sent there."""
    wire.get(f"{url}/api/items", json=_page(1, href=target))
    pages = transport.pages("items")
    assert next(pages)["values"] == [1]
    with pytest.raises(RedirectRefused) as caught:
        next(pages)
    assert str(caught.value).startswith(f"The next link of /api/items leads to {origin}, not to ")


@pytest.mark.parametrize("links", [["?c=2", "?c=3", "?c=2"], ["?c=2", "?c=2"], ["/api/items"]])
def test_next_links_in_a_circle_end(links, wire, url, transport):
    """A link to a page that was read already is an error."""
    for link in links:
        wire.get(f"{url}/api/items", json=_page(1, href=link))
    with pytest.raises(UnexpectedAnswer, match=r"^The next links of /api/items form a circle\.$"):
        list(transport.pages("items"))


@pytest.mark.parametrize("answer", [[], {}, {"values": None}, {"values": {}}, None, "text"])
def test_a_page_that_is_none_is_an_error(answer, wire, url, transport):
    """An answer without a list of values is not a page."""
    wire.get(f"{url}/api/items", body=json.dumps(answer))
    with pytest.raises(
        UnexpectedAnswer, match=r"^The answer of /api/items is not a page: it has no 'values'\.$"
    ):
        list(transport.pages("items"))


@pytest.mark.parametrize("links", [{"next": {"href": 5}}, {"next": "x"}, "x", [1]])
def test_links_of_another_shape_are_an_error_of_this_tree(links, wire, url, transport):
    """Links that are not of the expected shape are an unexpected answer."""
    wire.get(f"{url}/api/items", json={"values": [], "_links": links})
    with pytest.raises(UnexpectedAnswer):
        list(transport.pages("items"))


def test_a_next_link_names_the_org_once(wire, url, new_transport):
    """A next link that carries `org` already is followed as Ardoq gives it."""
    wire.get(f"{url}/api/items", json=_page(1, href="?org=acme&c=2"))
    wire.get(f"{url}/api/items", json=_page(2))
    list(new_transport(params={"org": "acme"}).pages("items"))
    assert wire.calls[1].request.path_url == "/api/items?org=acme&c=2"
