"""The checker of recorded exchanges, and the recorder."""

import http.client
import json

import pytest
from checker import complaints_about

from ardoqpy.emulator import Emulator, Fault, HttpExchange

COMPONENT = {
    "_id": "c",
    "_version": 1,
    "_meta": {
        "created": "2024-05-01T10:00:00.000Z",
        "createdBy": "u",
        "createdByName": "A B",
        "createdByEmail": "a@example.org",
        "lastUpdated": "2024-05-01T10:00:00.000Z",
        "lastModifiedBy": "u",
        "lastModifiedByName": "A B",
        "lastModifiedByEmail": "a@example.org",
    },
    "name": "Web",
    "rootWorkspace": "w",
    "typeId": "p1",
    "parent": None,
    "customFields": {},
}
NEW = {"rootWorkspace": "w", "typeId": "p1", "name": "Web"}
COMPONENTS = "/api/v2/components"
ONE = f"{COMPONENTS}/c"


def complaints(method, path, query, body, status, answer):
    """Return the sentences of the checker about one exchange."""
    texts = [json.dumps(item).encode() if item is not None else b"" for item in (body, answer)]
    return complaints_about([HttpExchange(method, path, query, texts[0], status, texts[1])])


def without(key):
    """Return the component without one attribute."""
    return {name: value for name, value in COMPONENT.items() if name != key}


@pytest.mark.parametrize(
    "exchange",
    [
        ("GET", ONE, "", None, 200, COMPONENT),
        ("POST", f"{COMPONENTS}/", "", NEW, 201, COMPONENT),
        ("PATCH", ONE, "ifVersionMatch=1", {"description": None}, 200, COMPONENT),
        ("DELETE", ONE, "", None, 204, None),
        ("GET", COMPONENTS, "some=thing", None, 200, {"values": [COMPONENT], "_links": {}}),
        ("POST", COMPONENTS, "", {"name": 5}, 400, {"message": "No."}),
        ("PUT", ONE, "", None, 405, {"message": "No."}),
        ("GET", "/api/component/c", "", None, 200, "anything"),
    ],
)
def test_valid_exchanges_have_no_complaints(exchange):
    """Valid requests with their answers, rejected invalid requests, and other calls."""
    assert complaints(*exchange) == []


@pytest.mark.parametrize(
    ("exchange", "word"),
    [
        (("GET", ONE, "", None, 200, without("_meta")), "_meta"),
        (("GET", ONE, "", None, 200, {**COMPONENT, "name": None}), "name"),
        (("GET", ONE, "", None, 200, {**COMPONENT, "_version": -1}), "_version"),
        (
            ("GET", ONE, "", None, 200, {**COMPONENT, "_meta": {**COMPONENT["_meta"], "created": "x"}}),
            "created",
        ),
        (("GET", ONE, "", None, 418, {"message": "No."}), "status"),
        (("GET", ONE, "", None, 404, {"error": "No."}), "message"),
        (("GET", ONE, "", None, 200, None), "not JSON"),
        (("DELETE", ONE, "", None, 204, {}), "body"),
        (("POST", COMPONENTS, "", {**NEW, "name": 5}, 201, COMPONENT), "the request"),
        (("PATCH", ONE, "", {}, 200, COMPONENT), "ifVersionMatch"),
        (("GET", "/api/v2/reports/r/run/objects", "keyFormat=x", None, 404, {}), "message"),
        (("GET", "/api/v2/tags", "", None, 200, []), "no such operation"),
        (("GET", COMPONENTS, "", None, 200, {"values": [without("typeId")], "_links": {}}), "typeId"),
    ],
)
def test_invalid_exchanges_are_reported(exchange, word):
    """One sentence names the location."""
    (complaint,) = complaints(*exchange)
    assert complaint.startswith(f"{exchange[0]} {exchange[1]} ({exchange[4]}): ")
    assert word in complaint


def test_recorder_gets_answers_without_token():
    """The recorder gets the answers of the API, but none of faults and of the admin API."""
    recorded = []
    with Emulator(page_size=5, recorder=recorded.append) as running:
        running.add_faults(Fault("status"), Fault("html"))
        for path in ("/api/v2/me", "/api/v2/me", "/api/v2/me/?a=b", "/_emulator/dump"):
            connection = http.client.HTTPConnection(running.url.removeprefix("http://"))
            connection.request("GET", path, headers={"Authorization": f"Bearer {running.token}"})
            connection.getresponse().read()
            connection.close()
    (exchange,) = recorded
    assert (exchange.method, exchange.path.rstrip("/"), exchange.query) == ("GET", "/api/v2/me", "a=b")
    assert exchange.status == 200
    assert json.loads(exchange.answer)["user"]
    assert running.token not in str(recorded)
