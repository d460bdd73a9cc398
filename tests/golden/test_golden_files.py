"""Client and emulator, each compared with golden files that neither of them has written."""

import http.client
import json
import re
from functools import partial
from types import SimpleNamespace
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import pytest
import responses
from checker import complaints_about
from endpoints import V1, V2
from golden import TOKEN, cases, differences, known_ids, seed_of

import ardoqpy
from ardoqpy import ArdoqClient
from ardoqpy.testing import emulator

ARDOQ = "https://acme.ardoq.example"
CASES = cases()
each = pytest.mark.parametrize(
    ("version", "case"), [pytest.param(version, case, id=name) for name, version, case in CASES]
)


def _body(case):
    """Return the body of the golden answer, as it travels."""
    if "text" in case:
        return case["text"].encode()
    return json.dumps(case["response"]["body"]).encode() if "body" in case["response"] else b""


def _bytes(value):
    return value["bytes"].encode() if isinstance(value, dict) and set(value) == {"bytes"} else value


def _the_part(content_type, body):
    """Return name, file name and content of the one part of a multipart body."""
    boundary = content_type.partition("boundary=")[2].strip('"').encode()
    (part,) = [piece for piece in body.split(b"--" + boundary) if piece.strip(b"-\r\n")]
    head, _, content = part.partition(b"\r\n\r\n")
    disposition = re.search(rb"Content-Disposition: form-data; ([^\r]+)", head)[1].decode()
    given = dict(re.findall(r'(\w+)="([^"]*)"', disposition))
    return {**given, "content": content.removesuffix(b"\r\n").decode()}


@each
def test_the_client_sends_the_golden_request_and_returns_its_answer(version, case):
    """The flat method sends exactly the golden request, once, and returns the expected value."""
    asked, answer, call = case["request"], case["response"], case["call"]
    token = re.split("[ =]", asked["headers"]["Authorization"])[-1]
    headers = dict(answer.get("headers", {}))
    content_type = headers.pop("Content-Type", None)
    with responses.RequestsMock() as ardoq, ArdoqClient(ARDOQ, token, version=version, retries=0) as client:
        ardoq.add(
            asked["method"], ARDOQ + quote(asked["path"]), body=_body(case), status=answer["status"],
            headers=headers, content_type=content_type,
        )  # fmt: skip
        if "followed_by" in case:
            then = case["followed_by"]
            ardoq.add("GET", ARDOQ + then["path"], json=then["body"])
        call = partial(getattr(client, call["method"]), *map(_bytes, call["arguments"]), **call["keywords"])
        if "raises" in case:
            with pytest.raises(getattr(ardoqpy, case["raises"])) as refused:
                call()
            assert refused.value.ardoq_message == answer["body"]["message"]
        else:
            _check_what_is_returned(case, call())
        request, *more = [exchange.request for exchange in ardoq.calls]
    assert [_query(item) for item in more] == [item["query"] for item in [case.get("followed_by")] if item]
    assert _query(request) == asked["query"]
    for name, value in asked["headers"].items():
        assert request.headers[name].partition(";")[0] == value, name
    assert "application/json" in request.headers["Accept"] or "text" in case
    _check_what_is_sent(case, request)


def _query(request):
    return dict(parse_qsl(urlsplit(request.url).query, keep_blank_values=True))


def _check_what_is_sent(case, request):
    sent = request.body
    if "part" in case:
        sent = sent if isinstance(sent, bytes) else b"".join(sent)
        assert _the_part(request.headers["Content-Type"], sent) == case["part"]
    elif "body" in case["request"]:
        assert json.loads(sent) == case["request"]["body"]
    else:
        assert not sent
        assert "Content-Type" not in request.headers


def _check_what_is_returned(case, returned):
    body, returns = case["response"].get("body"), case["returns"]
    if returns == "the body":
        assert returned == body
    elif returns == "the values":
        assert returned == body["values"]
    elif returns == "a batch":
        assert returned.answer == body
        for kind, results in (("components", returned.components), ("references", returned.references)):
            created = body[kind].get("created", [])
            assert results.created == {item["batchId"]: item["id"] for item in created if "batchId" in item}
            assert results.updated == [item["id"] for item in body[kind].get("updated", [])]
            assert results.deleted == [item["id"] for item in body[kind].get("deleted", [])]
    else:
        assert returned == (_bytes(returns) if "bytes" in returns else returns["value"])


@each
def test_the_emulator_answers_in_the_form_of_the_golden_answer(version, case):
    """The emulator, with the golden seed, answers the golden request as the golden answer has it."""
    wanted, known = case["response"], known_ids()
    with emulator(
        token=TOKEN, seed=seed_of(case), org="acme", page_size=case.get("page_size", 100)
    ) as server:
        before = server.dump()
        status, headers, content = _asked(server.url, case)
        if "followed_by" in case:
            href = json.loads(content)["_links"]["next"]["href"]
            _, _, second = _asked(server.url, case, href)
            assert differences(case, case["followed_by"]["body"], json.loads(second), known) == []
        assert not case.get("untouched") or server.dump() == before
        assert server.crashes == []
    assert status in case.get("any_status", [wanted["status"]]), content
    for name, value in wanted.get("headers", {}).items():
        got = headers[name.lower()]
        # The emulator is its own only host.
        assert got.partition(";")[0] == value if name == "Content-Type" else urlsplit(got).scheme
    if "body" in wanted:
        assert differences(case, wanted["body"], json.loads(content), known) == []
    else:
        assert content == _body(case) or 300 <= status < 400


def _asked(url, case, href=None):
    asked = case["request"]
    headers, body = dict(asked["headers"]), None
    if "part" in case:
        part = case["part"]
        headers["Content-Type"] += "; boundary=golden"
        body = (
            "--golden\r\nContent-Disposition: form-data; "
            f'name="{part["name"]}"; filename="{part["filename"]}"\r\n'
            f"Content-Type: text/plain\r\n\r\n{part['content']}\r\n--golden--\r\n"
        ).encode()
    elif "body" in asked:
        body = json.dumps(asked["body"]).encode()
    query = urlencode(asked["query"])
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=20)
    try:
        connection.request(
            asked["method"], href or quote(asked["path"]) + (f"?{query}" if query else ""), body, headers
        )
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    finally:
        connection.close()


@pytest.mark.parametrize(
    "case", [pytest.param(case, id=name) for name, version, case in CASES if version == "v2"]
)
def test_golden_files_of_v2_match_the_contract(case):
    """Golden files of v2 match Ardoq's contract if it is available, else our own."""
    asked, answer = case["request"], case["response"]
    exchange = SimpleNamespace(
        method=asked["method"], path=asked["path"], query=urlencode(asked["query"]), status=answer["status"],
        body=json.dumps(asked["body"]).encode() if "body" in asked else b"", answer=_body(case),
    )  # fmt: skip
    assert complaints_about([exchange]) == []


def test_every_endpoint_has_a_golden_file_and_no_other():
    """Each endpoint of the tables has a golden case, and each case is of an endpoint of the tables."""
    tables = {
        f"{verb} {prefix}{path}"
        for prefix, table in (("/api/", V1), ("/api/v2/", V2))
        for verb, path, _ in table
    }
    assert {case["endpoint"] for _, _, case in CASES} == tables


@pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, _, case in CASES])
def test_a_golden_case_is_complete(case):
    """Every case names its source, and its path is one of its endpoint."""
    verb, _, path = case["endpoint"].partition(" ")
    assert case["request"]["method"] == verb
    assert re.fullmatch(path.replace("{}", "[^/]+"), case["request"]["path"])
    assert re.match(r"facts \d", case["source"])
    assert case.get("uncertain", "none") != ""
