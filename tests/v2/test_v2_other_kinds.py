"""Reports, attachments, and any path, on v2."""

import pytest
from error_messages import sentence_of
from example_organisation import ATTACHMENT, COMPONENTS, REPORT, WORKSPACE

from ardoqpy import (
    ArdoqClient,
    InvalidInput,
    MissingArgument,
    NotFoundError,
    UnexpectedAnswer,
    UnsupportedOperation,
    WriteRefused,
)

NEW = {"rootWorkspace": WORKSPACE, "typeId": "p1", "name": "New"}


def test_reports_are_listed_and_described(client):
    """By name or all; a definition has its columns."""
    (report,) = client.get_reports()
    assert client.get_reports(name="All") == client.get_reports("All") == [report]
    assert client.get_reports("None") == list(client.iter_reports("None")) == []
    assert client.get_report_definition(REPORT) == report
    sentence_of(NotFoundError, client.get_report_definition, COMPONENTS[0])


def test_a_report_is_run_over_all_pages(ardoq, client):
    """Rows by label, by key, or as lists in the order of the columns."""
    columns = client.get_report_definition(REPORT)["columns"]
    ardoq.clear_requests()
    by_label = client.run_report(REPORT)
    assert len(by_label) == 10
    assert len(ardoq.requests) == 2
    by_key = client.run_report(REPORT, keys="key")
    tables = client.run_report(REPORT, tabular=True)
    for label_row, key_row, table in zip(by_label, by_key, tables, strict=True):
        for column, value in zip(columns, table, strict=True):
            assert label_row.get(column["label"]) == key_row.get(column["key"]) == value


def test_rows_are_handed_out_page_by_page(ardoq, client):
    """The second page is asked for when the first has been used up."""
    rows = client.iter_report(REPORT)
    for _ in range(5):
        next(rows)
    assert len(ardoq.requests) == 1
    assert len(list(rows)) == 5


def test_a_run_that_makes_no_sense_is_refused(ardoq, client):
    """Other keys, and keys where there are none."""
    assert sentence_of(InvalidInput, client.run_report, REPORT, keys="id") == (
        "keys is 'id': use 'label' or 'key'."
    )
    assert sentence_of(InvalidInput, client.iter_report, REPORT, tabular=True, keys="key") == (
        "keys are for rows as dicts: tabular rows have none."
    )
    assert ardoq.requests == []


def test_attachments_are_listed_by_name_and_folder(client):
    """The attributes of each file name the resource that it is attached to."""
    (attachment,) = client.get_attachments()
    assert attachment["_id"] == ATTACHMENT
    assert attachment["resource"] == {"resource-type": "workspace", "resource-id": WORKSPACE}
    assert client.get_attachments(filename="a.txt") == [attachment]
    assert list(client.iter_attachments(filename="b.txt")) == []
    assert client.get_attachment(ATTACHMENT) == attachment
    sentence_of(NotFoundError, client.get_attachment, COMPONENTS[0])


def test_attachments_by_the_other_version_s_words_are_refused(ardoq, client, v1):
    """v2 lists no single resource, v1 has no filters and needs an id."""
    for given in ({"resource_id": WORKSPACE}, {"resource_type": "org"}):
        sentence = sentence_of(UnsupportedOperation, client.get_attachments, **given)
        assert sentence == "API v2 cannot do this (list the attachments of one resource): use version='v1'."
    sentence = sentence_of(UnsupportedOperation, v1.get_attachments, WORKSPACE, filename="a.txt")
    assert sentence == "API v1 cannot do this (filter attachments by filename): use version='v2'."
    assert sentence_of(MissingArgument, v1.get_attachments).startswith("resource_id is missing: ")
    assert ardoq.requests == []


def test_v1_lists_attachments_as_before(v1):
    """The workspace is the default, the organisation may be named."""
    (attachment,) = v1.get_attachments(WORKSPACE)
    assert attachment["filename"] == "a.txt"
    assert v1.get_attachments("acme", resource_type="org") == []
    assert list(v1.iter_attachments(WORKSPACE)) == [attachment]


def test_any_path_with_any_verb(client):
    """Any path can be requested, with and without a leading slash."""
    created = client.request("/components", "POST", data=NEW)
    assert client.request(f"components/{created['_id']}") == created
    changed = client.request(
        f"components/{created['_id']}", "patch", {"ifVersionMatch": 1}, {"name": "Newer"}
    )
    assert changed["name"] == "Newer"
    assert client.request(f"components/{created['_id']}/", "DELETE") == {}
    sentence_of(NotFoundError, client.request, f"components/{created['_id']}")


def test_a_page_and_all_pages(client, v1):
    """Request gives the page as it is, iter_request every value; v1's list is its own pages."""
    page = client.request("components", query_params={"typeId": "p2"})
    assert len(page["values"]) == 5
    assert page["_links"]["next"]["href"]
    assert [
        component["_id"] for component in client.iter_request("components", {"typeId": "p2"})
    ] == COMPONENTS[6:]
    assert list(v1.iter_request("component")) == v1.request("component") == v1.get_components()
    sentence_of(UnexpectedAnswer, lambda: list(client.iter_request("me")))
    sentence_of(UnexpectedAnswer, v1.iter_request, f"component/{COMPONENTS[0]}")


def test_a_query_is_spelled_as_json_does(ardoq, client):
    """True, False and None, alone and in a list."""
    client.request("components", query_params={"a": True, "b": None, "c": [False, 1], "d": "x y"})
    assert ardoq.requests[0].query == "a=true&b=null&c=false&c=1&d=x+y"


@pytest.mark.parametrize(
    "resource",
    ["", "/", "//evil.example", "../user", "a/../b", "a/./b", "a//b", "a?b=c", "a#b", "a b", "%2e%2e/x",
     "https://evil.example/x", "a\nb", "x%2fy", "ä", None, 5, b"me"],
)  # fmt: skip
def test_a_path_that_leads_elsewhere_is_refused(ardoq, client, resource):
    """No step up, no other host, no query in the path."""
    sentence = sentence_of(InvalidInput, client.request, resource)
    assert sentence.endswith(
        ", which is not a path below the API: give one such as 'components', and its query as query_params."
    )
    sentence_of(InvalidInput, client.iter_request, resource)
    assert ardoq.requests == []


def test_a_request_that_makes_no_sense_is_refused(ardoq, client):
    """An unknown verb, a body on a GET, a query that is no dict."""
    assert sentence_of(InvalidInput, client.request, "me", "HEAD") == (
        "method is 'HEAD': use one of GET, POST, PUT, PATCH, DELETE."
    )
    assert sentence_of(InvalidInput, client.request, "me", None).startswith("method is None: ")
    assert sentence_of(InvalidInput, client.request, "me", data={}) == (
        "A GET takes no data: give query_params, or another method."
    )
    assert sentence_of(InvalidInput, client.request, "me", query_params=["a"]) == (
        "query_params is a list: give a dict of names and values."
    )
    assert ardoq.requests == []


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_request_writes_nothing_on_a_read_only_client(ardoq, version):
    """A read-only client refuses every verb but GET."""
    with ArdoqClient(ardoq.url, ardoq.token, version=version, read_only=True) as client:
        for verb in ("POST", "PUT", "PATCH", "DELETE"):
            sentence_of(WriteRefused, client.request, "component", verb, data={})
        assert ardoq.requests == []
        assert client.request({"v1": "component", "v2": "components"}[version])
