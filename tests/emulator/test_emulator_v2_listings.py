"""Pages, filters, reports and attachments in API v2."""

from urllib.parse import parse_qs, urlsplit

import pytest

from ardoqpy.emulator import Emulator

COMPONENTS = "/api/v2/components"


@pytest.fixture
def many(ardoq, organisation):
    """Create twelve components in one workspace and two in the other."""
    names = [f"C{number}" for number in range(12)]
    return [
        ardoq.component(
            {"_id": organisation.apps}, name, typeId="p1" if int(name[1:]) % 2 else "p2", cost=int(name[1:])
        )
        for name in names
    ] + [ardoq.component({"_id": organisation.other}, name, typeId="p3", ext_id=name) for name in ("X", "Y")]


def pages(ardoq, path):
    """Follow the links of a listing, and return the names on each page."""
    results = []
    while path:
        page = ardoq.ok("GET", path)
        assert set(page) == {"values", "_links", "_meta"}
        results.append([item.get("name") for item in page["values"]])
        href = page["_links"]["next"]["href"] if page["_links"] else ""
        assert not href or href.startswith(ardoq.emulator.url + "/api/v2/")
        path = href.removeprefix(ardoq.emulator.url)
    return results


def names(ardoq, query, base=COMPONENTS):
    """Return the names that a filter matches, over all pages."""
    return [name for page in pages(ardoq, f"{base}?{query}") for name in page]


def test_pages_are_small_and_linked(ardoq, many):
    """A page has five entities in the order of creation; the last page has no next link."""
    assert [len(page) for page in pages(ardoq, f"{COMPONENTS}/")] == [5, 5, 4]
    assert names(ardoq, "") == [item["name"] for item in many]
    ardoq.emulator.page_size = 7
    assert [len(page) for page in pages(ardoq, COMPONENTS)] == [7, 7]
    assert ardoq.ok("GET", "/api/v2/references") == {"values": [], "_links": {}, "_meta": {}}


def test_next_link_keeps_the_filter_and_does_not_grow(ardoq, organisation, many):
    """A client that repeats its parameters gets the same pages and no longer link."""
    query = f"rootWorkspace={organisation.apps}&org=x&some=thing"
    assert [len(page) for page in pages(ardoq, f"{COMPONENTS}?{query}")] == [5, 5, 2]
    first = ardoq.ok("GET", f"{COMPONENTS}?{query}")["_links"]["next"]["href"]
    path = first.removeprefix(ardoq.emulator.url)
    second = ardoq.ok("GET", f"{path}&{query}")
    assert second == ardoq.ok("GET", path)
    assert parse_qs(urlsplit(second["_links"]["next"]["href"]).query)["rootWorkspace"] == [organisation.apps]


def test_link_has_the_host_of_the_request(ardoq, many):
    """The link has the host name of the request, unless that is invalid."""
    for host, base in (("ardoq.example:99", "http://ardoq.example:99"), ("a/b", ardoq.emulator.url)):
        page = ardoq.call("GET", COMPONENTS, headers={"Host": host}).json
        assert page["_links"]["next"]["href"].startswith(f"{base}/api/v2/components?cursor=")


def test_pages_are_stable_while_entities_change(ardoq, organisation, many):
    """Creations and deletions between two pages repeat nothing and skip nothing."""
    ids = [item["_id"] for item in many]
    first = ardoq.ok("GET", COMPONENTS)
    for gone in (0, 4, 5, 9):  # before the cursor, at it, after it
        ardoq.ok("DELETE", f"{COMPONENTS}/{ids[gone]}", status=204)
    ardoq.component({"_id": organisation.apps}, "late", typeId="p1")
    ardoq.ok("PATCH", f"/api/component/{ids[7]}", {"name": "changed"})
    rest = pages(ardoq, first["_links"]["next"]["href"].removeprefix(ardoq.emulator.url))
    expected = ["C6", "changed", "C8", "C10", "C11", "X", "Y", "late"]
    assert [name for page in rest for name in page] == expected


@pytest.mark.parametrize("cursor", ["2", "x", "%25", "Li4", "w7w", "LTEueA", "%C3%A9"])
def test_invalid_cursor_is_rejected(ardoq, cursor):
    """A cursor that the emulator has not created is 400."""
    assert "cursor" in ardoq.rejected(400, "GET", f"{COMPONENTS}?cursor={cursor}")


def test_changed_cursor_is_rejected(ardoq, many):
    """Additional characters in a cursor are not ignored."""
    href = ardoq.ok("GET", COMPONENTS)["_links"]["next"]["href"]
    cursor = parse_qs(urlsplit(href).query)["cursor"][0]
    ardoq.rejected(400, "GET", f"{COMPONENTS}?cursor={cursor[:4]}!!!!{cursor[4:]}")


def test_cursor_is_valid_after_a_restart(ardoq, tmp_path):
    """With a database, a listing can continue after a restart."""
    seed = {"format": 1, "workspaces": [{"name": f"W{number}"} for number in range(8)]}
    with Emulator(db=tmp_path / "db", seed=seed, page_size=5) as first:
        ardoq.emulator.load(first.dump())
    path = ardoq.ok("GET", "/api/v2/workspaces")["_links"]["next"]["href"].removeprefix(ardoq.emulator.url)
    with Emulator(db=tmp_path / "db", page_size=5) as again:
        ardoq.emulator.load(again.dump())
    assert pages(ardoq, path) == [["W5", "W6", "W7"]]


def test_pages_by_offset(ardoq, organisation, many):
    """With `paging="offset"`, a delete hides an entity from who reads the pages; by default it does not."""
    seen = {}
    for paging in ("cursor", "offset"):
        ardoq.emulator.paging = paging
        first = ardoq.ok("GET", COMPONENTS)
        ardoq.ok("DELETE", f"{COMPONENTS}/{first['values'][0]['_id']}", status=204)
        rest = pages(ardoq, first["_links"]["next"]["href"].removeprefix(ardoq.emulator.url))
        read = [item["_id"] for item in first["values"]]
        seen[paging] = len(read) + sum(map(len, rest))
    ardoq.emulator.paging = "cursor"
    assert seen == {"cursor": len(many), "offset": len(many) - 2}


def test_components_are_filtered_by_attributes(ardoq, organisation, many):
    """Each filter compares exactly; all of them have to match; an empty filter is ignored."""
    top = many[0]["_id"]
    below = ardoq.component({"_id": organisation.apps}, "below", typeId="p2", parent=top)
    assert names(ardoq, "name=C1") == ["C1"]
    assert names(ardoq, "name=c1") == []
    assert names(ardoq, f"parent={top}") == ["below"]
    assert names(ardoq, "typeId=p3") == ["X", "Y"]
    assert names(ardoq, f"componentKey={below['component-key']}") == ["below"]
    assert names(ardoq, f"rootWorkspace={organisation.other}") == ["X", "Y"]
    assert names(ardoq, f"rootWorkspace={organisation.apps}&typeId=p3") == []
    assert names(ardoq, f"rootWorkspace={organisation.other}&name=X&typeId=p3") == ["X"]
    assert names(ardoq, "rootWorkspace=nothing&name=X") == []
    assert names(ardoq, "name=X&name=Y") == []
    assert len(names(ardoq, "name=&rootWorkspaceId=nothing")) == 15


def test_custom_values_are_filtered_by_the_type_of_their_field(ardoq, organisation, many):
    """A number matches in any notation, a time as a moment, a list as a whole."""
    body = {"since": "2024-05-01T10:00:00Z", "parts": ["a", "b"], "open": True, "wild": "w", "cost": "n/a"}
    ardoq.component({"_id": organisation.apps}, "rich", typeId="p1", **body)
    for query, results in (
        ("cost=3", ["C3"]),
        ("cost=3.0", ["C3"]),
        ("cost=3e0", ["C3"]),
        ("cost=n/a", ["rich"]),
        ("since=2024-05-01T12:00:00%2B02:00", ["rich"]),
        ("parts=a,b", ["rich"]),
        ("parts=a", []),
        ("open=TRUE", ["rich"]),
        ("open=false", []),
        ("wild=w", ["rich"]),
        ("ext_id=X", ["X"]),
        ("nothing=X", []),
    ):
        assert names(ardoq, f"customFields.{query}") == results, query
    assert names(ardoq, f"customFields.ext_id=X&rootWorkspace={organisation.apps}") == []
    assert names(ardoq, "customFields.wild=w&customFields.cost=n/a") == ["rich"]


def test_filters_use_an_index(emulator, ardoq, organisation, many, monkeypatch):
    """No filter of components or references reads the whole table."""
    ardoq.reference(many[0], many[12], ext_id="r")
    for table in (emulator.store.state.components, emulator.store.state.references):
        monkeypatch.setattr(table, "rows", lambda: pytest.fail("a scan"))
    filters = (
        "name=C1",
        f"rootWorkspace={organisation.other}",
        "typeId=p3",
        "componentKey=A-1",
        "customFields.cost=3",
    )
    for query in (*filters, f"parent={many[0]['_id']}"):
        ardoq.ok("GET", f"{COMPONENTS}?{query}")
    ends = (f"source={many[0]['_id']}", f"target={many[12]['_id']}", f"targetWorkspace={organisation.other}")
    for query in (*ends, "type=2", f"rootWorkspace={organisation.apps}", "customFields.ext_id=r"):
        assert len(ardoq.ok("GET", f"/api/v2/references?{query}")["values"]) == 1, query


def test_listing_is_cached(emulator, ardoq, many, monkeypatch):
    """A listing is searched for its first page and cached until something changes."""
    reads = []
    rows = emulator.store.state.components.rows
    monkeypatch.setattr(emulator.store.state.components, "rows", lambda: reads.append(1) or rows())
    pages(ardoq, COMPONENTS)
    assert len(reads) == 1
    ardoq.ok("PATCH", f"/api/component/{many[0]['_id']}", {"name": "new"})
    pages(ardoq, COMPONENTS)
    assert len(reads) == 2


def test_references_are_filtered_by_attributes(ardoq, organisation, many):
    """Filters are ends, workspaces, type as text, display text and custom values."""
    first = ardoq.reference(many[0], many[1], displayText="calls", ext_id="r1")["_id"]
    second = ardoq.reference(many[0], many[12], type=1)["_id"]
    for query, results in (
        ("displayText=calls", [first]),
        (f"source={many[0]['_id']}", [first, second]),
        (f"target={many[12]['_id']}", [second]),
        (f"rootWorkspace={organisation.apps}", [first, second]),
        (f"targetWorkspace={organisation.other}", [second]),
        ("type=1", [second]),
        ("type=one", []),
        ("customFields.ext_id=r1", [first]),
        (f"source={many[0]['_id']}&type=2", [first]),
    ):
        values = ardoq.ok("GET", f"/api/v2/references?{query}")["values"]
        assert [item["_id"] for item in values] == results, query


@pytest.fixture
def report(emulator, organisation):
    """Store a report, which clients cannot create."""
    columns = [
        {"key": "name", "label": "Name"},
        {"key": "type", "label": "Type"},
        {"key": "cost", "label": "Annual cost"},
        {"key": "nothing", "label": "Nothing"},
    ]
    with emulator.store.transaction():
        query = {"rootWorkspace": organisation.apps}
        return emulator.store.reports.create({"name": "Costs", "query": query, "columns": columns})["_id"]


def test_report_is_described_and_filtered_by_name(ardoq, report):
    """A report has its columns and its datasource."""
    results = ardoq.ok("GET", f"/api/v2/reports/{report}")
    assert results["columns"][2] == {"key": "cost", "label": "Annual cost"}
    assert (results["name"], results["description"], results["_version"]) == ("Costs", None, 1)
    assert results["datasource"] == "advancedSearch"
    assert ardoq.ok("GET", "/api/v2/reports?name=Costs")["values"] == [results]
    assert ardoq.ok("GET", "/api/v2/reports?name=cost")["values"] == []
    ardoq.rejected(404, "GET", "/api/v2/reports/nothing")


def test_report_runs_as_objects(ardoq, organisation, many, report):
    """Objects are keyed by label or by key, without missing values, and have pages."""
    ardoq.ok("PATCH", f"/api/component/{many[1]['_id']}", {"cost": None})
    run = f"/api/v2/reports/{report}/run/objects"
    page = ardoq.ok("GET", run)
    assert page["values"][:2] == [
        {"Name": "C0", "Type": "Service", "Annual cost": 0},
        {"Name": "C1", "Type": "Application"},
    ]
    assert page["_meta"]["name"] == "Costs"
    assert [column["key"] for column in page["_meta"]["columns"]] == ["name", "type", "cost", "nothing"]
    assert [len(names) for names in pages(ardoq, run)] == [5, 5, 2]
    by_key = pages(ardoq, f"{run}?keyFormat=key")
    assert [name for names in by_key for name in names] == [f"C{number}" for number in range(12)]
    for wrong in ("keyFormat=id", "keyFormat="):
        ardoq.rejected(400, "GET", f"{run}?{wrong}")
    ardoq.rejected(404, "GET", "/api/v2/reports/nothing/run/objects")


def test_report_runs_as_table(ardoq, many, report):
    """Rows are lists in the order of the columns, with null for a missing value."""
    page = ardoq.ok("GET", f"/api/v2/reports/{report}/run/tabular/")
    assert page["values"][1] == ["C1", "Application", 1, None]
    assert "next" in page["_links"]


def test_attachments_are_listed_without_their_bytes(ardoq, organisation):
    """An upload by v1 is listed and filtered by name; its version is a float."""
    head = (
        b'--x\r\nContent-Disposition: form-data; name="attachment"; filename="a.txt"\r\n\r\nhi\r\n--x--\r\n'
    )
    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    upload = f"/api/attachment/workspace/{organisation.apps}/upload"
    row_id = ardoq.call("POST", upload, head, kind).json["_id"]
    answer = ardoq.call("GET", f"/api/v2/attachments/{row_id}")
    assert b'"_version":1.0' in answer.content
    results = answer.json
    assert ardoq.ok("GET", "/api/v2/attachments?filename=a.txt")["values"] == [results]
    assert ardoq.ok("GET", "/api/v2/attachments?filename=b.txt")["values"] == []
    assert ardoq.ok("GET", "/api/v2/attachments?folder=x")["values"] == []
    del results["_meta"]
    assert results == {
        "_id": row_id,
        "_version": 1.0,
        "filename": "a.txt",
        "folder": None,
        "resource": {"resource-type": "workspace", "resource-id": organisation.apps},
    }
    ardoq.rejected(404, "GET", "/api/v2/attachments/nothing")
