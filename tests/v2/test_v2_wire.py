"""Requests on v2, header by header, and the hosts that a next link may lead to."""

import pytest
import responses
from error_messages import sentence_of
from responses import matchers

from ardoqpy import API, ArdoqClient, ConfigurationError, RedirectRefused, UnexpectedAnswer

HOST = "https://acme.ardoq.com"
TOKEN = "s3cret-T0ken-of-the-tests"
COMPONENTS = f"{HOST}/api/v2/components"
HEADERS = {"Authorization": f"Bearer {TOKEN}", "X-org": "acme", "Accept": "application/json"}


@pytest.fixture
def wire():
    """Replace the network with a strict mock: a request that was not registered fails."""
    with responses.RequestsMock() as mocked:
        yield mocked


@pytest.fixture
def client():
    """Give a client of one host."""
    with ArdoqClient(HOST, TOKEN, "acme", "v2", retries=0) as new_client:
        yield new_client


def page(*names, following=None):
    """Return one page of a listing."""
    links = {"next": {"href": following}} if following else {}
    return {"values": [{"name": name} for name in names], "_links": links, "_meta": {}}


def test_every_page_is_asked_for_with_bearer_and_org(wire, client):
    """The next link is followed as it is, absolute or relative, with our headers and no query of ours."""
    strict = matchers.query_param_matcher
    headers = matchers.header_matcher(HEADERS)
    wire.get(
        COMPONENTS,
        json=page("a", following=f"{COMPONENTS}?cursor=x%2Fy"),
        match=[headers, strict({"typeId": "p1"}, strict_match=True)],
    )
    wire.get(
        COMPONENTS,
        json=page("b", following="/api/v2/components?cursor=z"),
        match=[headers, strict({"cursor": "x/y"}, strict_match=True)],
    )
    wire.get(COMPONENTS, json=page("c"), match=[headers, strict({"cursor": "z"}, strict_match=True)])
    assert [comp["name"] for comp in client.get_components(typeId="p1")] == ["a", "b", "c"]


def test_writes_carry_bearer_org_and_json(wire, client):
    """A change has its version in the query and its attributes as JSON."""
    stored = {"_id": "c", "_version": 4, "name": "x"}
    match = [
        matchers.header_matcher({**HEADERS, "Content-Type": "application/json"}),
        matchers.query_param_matcher({"ifVersionMatch": "3"}, strict_match=True),
        matchers.json_params_matcher({"name": "x"}),
    ]
    wire.patch(f"{COMPONENTS}/c", json=stored, match=match)
    assert client.update_component("c", {"_id": "c", "_version": 3, "typeId": "p1", "name": "x"}) == stored


def test_without_a_label_there_is_no_such_header(wire):
    """On an organisation's own host the label may be left out."""
    wire.get(f"{HOST}/api/v2/me", json={"user": {}, "org": {}})
    ArdoqClient(HOST, TOKEN, version="v2").me()
    assert "X-org" not in wire.calls[0].request.headers
    assert wire.calls[0].request.url == f"{HOST}/api/v2/me"


@pytest.mark.parametrize(
    "host", ["https://app.ardoq.com", "https://APP.ardoq.com/", "https://app.ardoq.com:443"]
)
@pytest.mark.parametrize("org", [None, "", " "])
def test_the_shared_host_needs_a_label(host, org):
    """On app.ardoq.com a missing label is an error before anything is sent."""
    for new_client in (lambda: ArdoqClient(host, TOKEN, org, "v2"), lambda: API(host, TOKEN, org)):
        assert sentence_of(ConfigurationError, new_client) == (
            "No organisation label is set, and app.ardoq.com is shared by many: give org, or set "
            "ARDOQ_ORG_LABEL, or give your organisation's own host."
        )


def test_the_shared_host_with_a_label_is_fine(monkeypatch):
    """The label may come from the environment; v1 sends it differently and needs none here."""
    ArdoqClient("https://app.ardoq.com", TOKEN)
    monkeypatch.setenv("ARDOQ_ORG_LABEL", "acme")
    assert ArdoqClient("https://app.ardoq.com", TOKEN, version="v2").org == "acme"


@pytest.mark.parametrize(
    "href", ["https://evil.example/x", "http://acme.ardoq.com/x", "//acme.ardoq.com:8443/x"]
)
def test_a_next_link_does_not_take_the_token_elsewhere(wire, client, href):
    """A link to another host, port or scheme is refused, after the values before it were yielded."""
    wire.get(COMPONENTS, json=page("a", following=href))
    components = client.iter_components()
    assert next(components) == {"name": "a"}
    sentence_of(RedirectRefused, next, components)
    assert len(wire.calls) == 1


@pytest.mark.parametrize(
    "answer", [[], {"_links": {}}, {"values": None}, {"values": {}}, None, {"values": [], "_links": [1]}]
)
def test_an_answer_that_is_not_a_page_is_reported(wire, client, answer):
    """A list, or an object without values, is no page of v2."""
    wire.get(COMPONENTS, json=answer)
    sentence_of(UnexpectedAnswer, client.get_components)


def test_a_write_whose_answer_has_no_id_is_reported(wire, client):
    """The write was carried out: the error tells the user to look in Ardoq."""
    wire.patch(f"{COMPONENTS}/c", json={"name": "x"})
    assert sentence_of(UnexpectedAnswer, client.patch_component, "c", payload={"name": "x"}) == (
        "PATCH /api/v2/components/c was carried out, but the answer has no '_id': "
        "look in Ardoq for what is stored."
    )


def test_the_token_is_not_in_the_repr():
    """Neither a client of v2 nor the example client shows the token."""
    for item in (ArdoqClient(HOST, TOKEN, version="v2"), API(HOST, TOKEN)):
        assert TOKEN not in repr(item)
        assert HOST in repr(item)
