"""The run document: its contents on either version, saving, and reading."""

import copy
import json

import pytest
from sample_documents import change, full_document, run_document
from sample_runs import FAILED_ROW, SOURCE, TOKEN, WAYS, sample_run, seed

from ardoqpy import InvalidInput
from ardoqpy.testing import emulator
from ardoqpy_sync import ArdoqSyncClient, Plan, format_report, save_report
from ardoqpy_sync.plans.document_schema import check_run_document
from ardoqpy_sync.report import CONFLICTS_TITLE
from ardoqpy_sync.reporting import graph, terminal
from ardoqpy_sync.reporting.document import build_run_document, read_run_document


@pytest.fixture(scope="module", params=list(WAYS))
def run(request):
    """Give the document of a run on each version, live, simulated and in batches, with its client's data."""
    with sample_run(WAYS[request.param]) as (client, blocked, _):
        document = build_run_document(client, failed_rows=[FAILED_ROW], sources=[SOURCE], blocked=blocked)
        yield document, client.plan.as_dict(), blocked, client.get_report()


def test_run_document_agrees_with_plan_and_report(run):
    """Origin, changes and failures are those of the plan, with the names of types."""
    document, plan, _, report = run
    assert (document["kind"], document["format"], document["title"]) == (
        "ardoqpy run document",
        1,
        "Sync of Apps, Servers",
    )
    assert document["origin"] == plan["origin"]
    added = ("why", "lost", "who", "when")
    assert [
        {key: value for key, value in item.items() if key not in added} | {"typeName": 0}
        for item in document["changes"]
    ] == [{**item, "typeName": 0} for item in plan["changes"]]
    assert [{**failure, "typeName": 0} for failure in document["failed"][:-1]] == [
        {**failure, "typeName": 0} for failure in plan["failed"]
    ]
    for key in ("ambiguous", "conflicts", "not_converging", "workspaces"):
        assert document[key] == plan[key]
    assert [miss["_id"] for miss in document["missing"]] == [
        miss["_id"] for miss in report["cache_miss_comps"] + report["cache_miss_refs"]
    ]
    assert document["sources"] == [SOURCE]


def test_delete_has_its_reason_its_values_and_its_last_editor():
    """A delete says why it is made, what is lost and who edited it; the fields have their labels."""
    with sample_run(WAYS["v2 simulated"]) as (client, _, _):
        client.delete_cache_misses(share=1, count=100, despite_failures=True, take_along=True)
        document = build_run_document(client)
        deletes = {change["name"]: change for change in document["changes"] if change["action"] == "delete"}
    assert deletes["Fax"]["why"] == "asked for by the run"
    assert deletes["Old"]["why"] == "no longer in the source"
    assert deletes["Old"]["lost"] == {"cost": 1}
    assert deletes["Old"]["who"] == "Emulator User"
    assert deletes["Below"]["lost"] == {"parent": "old"}
    assert document["names"]["old"] == "Old"
    assert "why" not in deletes["Till -> Fax"]
    assert document["fields"]["ws1"]["cost"] == "Cost"


@pytest.mark.parametrize("way", list(WAYS))
def test_plan_of_a_preview_is_in_its_document(way):
    """A preview has id and hash of its plan, the same each time and in a saved file; a live run has none."""
    with sample_run(WAYS[way]) as (client, _, _):
        before = client.plan.as_dict()["sha256"]
        identity = build_run_document(client)["plan"]
        after = client.plan.as_dict()["sha256"]
    assert before == after
    expected = {"id": before[:12], "sha256": before, "at": identity["at"]} if identity else None
    assert identity == expected
    assert (identity is not None) == ("simulated" in way)


def test_time_of_a_plan_is_that_of_its_latest_change():
    """An equal plan has the same time whenever it is asked for, and with it the same hash."""
    with sample_run(WAYS["v2 simulated"]) as (client, _, _):
        report = client._engine.report
        first = client.plan.origin["at"]
        assert report.decided_at("later") == first
        client.create_component({"name": "One more", "typeId": "app", "rootWorkspace": "ws1"})
        assert report.decided_at("later") == "later"


def test_failed_row_is_shown_at_its_component():
    """In the graph, a row that failed is the component that it names, not a second one."""
    row = {"kind": "component", "name": "Host", "type": "Server", "rootWorkspace": "ws2", "reason": "Bad."}
    with sample_run(WAYS["v2 simulated"]) as (client, _, _):
        nodes = build_run_document(client, failed_rows=[row])["graph"]["nodes"]
    assert [(node["id"], node["state"]) for node in nodes if node["name"] == "Host"] == [("host", "failed")]


def test_skipped_rows_and_what_is_not_owned_are_given():
    """Rows that were left out, and components of other sources, are in the document as given."""
    skipped = {"kind": "component", "name": "A", "label": "apps.csv line 3", "reason": "create is false."}
    with sample_run(WAYS["v2 simulated"]) as (client, _, _):
        document = build_run_document(client, skipped_rows=[skipped], not_owned={"Hub": 3, "Server": 0})
    assert (document["skipped"], document["not_owned"]) == ([skipped], {"Hub": 3})
    text = "\n".join(terminal.render(document))
    assert "skipped rows:\n  - component A: create is false.  [apps.csv line 3]" in text
    assert "3 components of type Hub belong to other sources." in text


@pytest.mark.parametrize("way", list(WAYS))
def test_conflicts_are_in_report_plan_and_document(way):
    """A value that two rows give differently is listed with both rows: of several, the first and the last."""
    with sample_run(WAYS[way]) as (client, _, _):
        for cost in (1, 2, 3):
            row = {"name": "Newest", "typeId": "app", "rootWorkspace": "ws1", "cost": cost}
            client.create_component(row, label=f"line {cost + 1}")
        report, plan, document = client.get_report(), client.plan, build_run_document(client)
        created = next(change for change in report["changes"] if change["name"] == "Newest")
        (entry,) = report["conflicts"]
    assert entry == {
        "kind": "component",
        "_id": created["_id"],  # not the id that it had in a batch
        "name": "Newest",
        "attribute": "cost",
        "first": 1,
        "last": 3,
        "first_label": "line 2",
        "last_label": "line 4",
    }
    assert plan.conflicts == document["conflicts"] == report["conflicts"]
    line = "component Newest: cost: 1 in line 2, then 3 in line 4"
    for text in (format_report(report), plan.describe(), "\n".join(terminal.render(document))):
        assert f"{CONFLICTS_TITLE}:\n  - {line}\n" in text


def test_conflict_whose_first_value_is_used():
    """If the last of three rows repeats the first, the conflict lists the value that is not used."""
    with sample_run(WAYS["v2 simulated"]) as (client, _, _):
        for line, cost in enumerate((1, 2, 1), 2):
            row = {"name": "Newest", "typeId": "app", "rootWorkspace": "ws1", "cost": cost}
            client.create_component(row, label=f"line {line}")
        (entry,) = client.get_report()["conflicts"]
    assert [entry[key] for key in ("first", "first_label", "last", "last_label")] == [
        *(2, "line 3", 1, "line 4")
    ]


def test_types_that_were_read_have_names_in_texts(run):
    """Report, plan and delete guard name reference types without asking Ardoq for them."""
    _, plan, blocked, report = run
    text = format_report(report)
    assert "reference New -> Shop (Uses)" in text
    assert "reference Shop -> Till (Uses)" in text
    assert "create reference New -> Shop (Uses)" in Plan.from_dict(plan).describe()
    assert "typeId: Application" in Plan.from_dict(plan).describe()
    assert "reference Shop -> Till (Uses)" in str(blocked)
    assert "references of type Uses in workspace Apps" in str(blocked)


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_naming_types_asks_ardoq_for_nothing(version):
    """Types that a run did not read keep their number: neither report nor plan asks for them."""
    with (
        emulator(seed=seed(), page_size=5) as server,
        ArdoqSyncClient(server.url, server.token, version=version, simulate=True) as client,
    ):
        client.load_workspaces(["ws1", "ws2"])
        client.del_component("fax")
        server.clear_requests()
        text = format_report(client.get_report()) + client.plan.describe()
        assert server.requests == []
    assert "delete reference Till -> Fax (type 2, version 1)" in text


def test_failed_rows_are_counted(run):
    """Rows that were never sent are listed with their reason, counted, and make the run a failure."""
    document, plan, _, _ = run
    assert document["failed"][-1]["reason"] == FAILED_ROW["reason"]
    assert document["failed"][-1]["label"] == FAILED_ROW["label"]
    assert document["totals"]["component"]["failed"] == plan["totals"]["component"]["failed"] + 1
    assert document["totals"]["reference"] == plan["totals"]["reference"]
    assert document["status"] == "failure"
    assert "1 row(s) could not be used; the first: no number in Cost." in document["description"]
    assert "The delete guard blocked" in document["description"]


def test_types_have_names(run):
    """A reference has the name of its type, on either version, and keeps the number."""
    document = run[0]
    types = {(item["kind"], item["type"], item["typeName"]) for item in document["changes"]}
    assert types == {
        ("component", "Application", "Application"),
        ("component", "Hub", "Hub"),
        ("reference", 1, "Uses"),
        ("reference", 2, "Owns"),
    }
    (along,) = [miss for miss in document["missing"][0]["cascade"]["listed"] if miss["kind"] == "reference"]
    assert (along["type"], along["typeName"]) == (3, "Runs")
    (new,) = [entity for entity in document["changes"] if entity["name"] == "New"]
    assert document["names"]["shop"] == "Shop"
    assert document["names"][new["attributes"]["typeId"]["new"]] == "Application"


def test_missing_component_lists_what_would_be_deleted_along(run):
    """Components below it, and references of any of them, are counted and listed with their state."""
    old, below = (miss for miss in run[0]["missing"] if miss["kind"] == "component")
    assert (old["name"], below["name"]) == ("Old", "Below")
    assert (old["cascade"]["components"], old["cascade"]["references"]) == (1, 1)
    assert [(entity["name"], entity["state"]) for entity in old["cascade"]["listed"]] == [
        ("Below", "missing"),
        ("Host -> Old", "other"),
    ]
    assert below["cascade"] == {"components": 0, "references": 0, "listed": []}


def test_delete_guard(run):
    """The document holds the reasons, what would allow each, and what would have been deleted."""
    document, _, blocked, _ = run
    assert document["delete_guard"]["reasons"] == blocked.reasons
    assert [entity["_id"] for entity in document["delete_guard"]["would_delete"]] == [
        reference["_id"] for reference in blocked.would_delete
    ]
    (old,) = [entity for entity in document["delete_guard"]["would_delete"] if entity["name"] == "Old"]
    assert old["cascade_total"] == len(old["cascade"]) == 1
    assert old["cascade"][0]["typeName"] == "Runs"


def test_graph(run):
    """What changes, is missing or failed is a node with its state; its neighbours are unchanged."""
    document = run[0]["graph"]
    states = {node["name"]: node["state"] for node in document["nodes"]}
    assert states == {
        "New": "created",
        "Shop": "updated",
        "Fax": "deleted",
        "Bad": "failed",
        "Half": "failed",
        "Old": "missing",
        "Below": "missing",
        "Host": "unchanged",
        "Till": "failed" if states["Till"] == "failed" else "unchanged",
        "nowhere": "unchanged",
    }
    name = {node["id"]: node["name"] for node in document["nodes"]}
    edges = {
        (name[edge["source"]], name[edge["target"]], edge["type"], edge["state"])
        for edge in document["edges"]
    }
    assert edges == {
        ("New", "Shop", "Uses", "created"),
        ("New", "Shop", "parent", "created"),
        ("Till", "Fax", "Owns", "deleted"),
        ("Till", "nowhere", "Uses", "failed"),
        ("Till", "Shop", "parent", "unchanged"),
        ("Shop", "Till", "Uses", "missing"),
        ("Below", "Old", "parent", "missing"),
        ("Host", "Old", "Runs", "unchanged"),
    }
    assert document["totals"] == {"nodes": len(document["nodes"]), "edges": len(document["edges"])}
    types = {node["name"]: node["type"] for node in document["nodes"]}
    assert (types["Fax"], types["Host"], types["New"]) == ("Hub", "Server", "Application")


def test_document_is_json_without_token(run, tmp_path):
    """It is the same after reading, and the token is nowhere in it."""
    document = run[0]
    save_report(document, tmp_path / "report.json")
    assert read_run_document(tmp_path / "report.json") == document
    for suffix in (".json", ".html", ".md"):
        save_report(document, tmp_path / f"report{suffix}")
        assert TOKEN not in (tmp_path / f"report{suffix}").read_text(encoding="utf-8")


def test_building_writes_nothing_and_is_repeatable(run):
    """Building a run document changes nothing: a second one is the same."""
    with sample_run(WAYS["v1 live"]) as (client, blocked, server):
        client.flush()
        server.clear_requests()
        first = build_run_document(client, blocked=blocked)
        assert {request.method for request in server.requests} <= {"GET"}
        second = build_run_document(client, blocked=blocked)
    for item in (first, second):
        item["origin"]["at"] = ""
    assert first == second


def test_run_without_changes_is_a_success():
    """If nothing changes, the document says so, and its graph is empty."""
    with sample_run({"version": "v2"}) as (_, _, server), ArdoqSyncClient(server.url, TOKEN) as client:
        client.create_component({"name": "Shop", "typeId": "app", "rootWorkspace": "ws1", "cost": 6})
        client.create_component({"name": "Fax", "typeId": "hub", "rootWorkspace": "ws1"})
        client.del_component(client.find_component("ws1", "Fax", exact=True)[0]["_id"])
        client.init_report()
        client.create_reference({"source": "host", "target": "old", "type": 3})
        document = build_run_document(client, title="Again")
    assert (document["title"], document["status"], document["description"]) == ("Again", "success", "")
    assert (document["changes"], document["missing"], document["graph"]["nodes"]) == ([], [], [])


def test_unreachable_ardoq_does_not_delay_a_report():
    """If the model cannot be read, types are numbers, and no second model is requested."""
    with sample_run({"version": "v1", "simulate": True}) as (client, _, server):
        client._engine.model._component_types.clear()
        server.fail("status", status=503, method="GET", times=100)
        server.clear_requests()
        document = build_run_document(client)
        assert len({request.path for request in server.requests}) == 1
        server.clear_faults()
    types = {item["typeName"] for item in document["changes"] if item["kind"] == "reference"}
    assert types == {"type 1", "type 2"}


@pytest.mark.parametrize("way", ["v1 simulated", "v2 live"])
def test_deleted_component_is_in_the_graph(way):
    """A deleted component is a node with its name, type and parent."""
    with sample_run({**WAYS[way]}) as (client, _, _):
        client.del_component("below")
        document = build_run_document(client)["graph"]
    (node,) = [node for node in document["nodes"] if node["id"] == "below"]
    assert (node["name"], node["type"], node["state"]) == ("Below", "Application", "deleted")
    assert {"source": "below", "target": "old", "type": "parent", "state": "deleted"} in document["edges"]


@pytest.mark.parametrize("option", ["failed_rows", "blocked"])
def test_failed_rows_or_blocked_delete_make_a_failure(option):
    """Unusable rows, and a blocked delete, make a failure of a run that went well."""
    with sample_run({"version": "v1", "simulate": True}) as (client, blocked, _):
        client.init_report()
        client.create_component({"name": "Shop", "typeId": "app", "rootWorkspace": "ws1"})
        assert build_run_document(client)["status"] == "success"
        more = {"failed_rows": [FAILED_ROW], "blocked": blocked}
        document = build_run_document(client, **{option: more[option]})
    assert document["status"] == "failure"
    assert document["description"].startswith(("1 row(s) could not be used", "The delete guard blocked"))


@pytest.mark.parametrize("odd", [5, ["x"], {"a": 1}, True, float("nan"), b"x", "\ud800", "", object()])
def test_bad_rows_are_reported(odd, tmp_path):
    """Whatever is in place of a name, an id or a workspace, the report is built and saved."""
    with sample_run({"version": "v2", "simulate": True}) as (client, _, _):
        client.create_component(
            {"name": odd, "typeId": "app", "rootWorkspace": "ws1", "cost": odd}, label=odd
        )
        client.create_component({"name": "A", "typeId": odd, "rootWorkspace": odd, "parent": odd}, label=odd)
        client.create_reference({"source": odd, "target": odd, "type": odd}, label=odd)
        rows = [
            {
                "kind": "component",
                "reason": "no",
                "rootWorkspace": odd,
                "name": odd,
                "label": odd,
                "more": odd,
            }
        ]
        document = build_run_document(client, failed_rows=rows, sources=[{"name": odd}])
    for suffix in (".json", ".html", ".md"):
        save_report(document, tmp_path / f"report{suffix}")
    assert read_run_document(tmp_path / "report.json") == document
    assert list(terminal.render(document))


def test_large_graph_is_cut(monkeypatch):
    """What changes comes first, the same nodes are listed each time, and all are counted."""
    monkeypatch.setattr(graph, "MAX_NODES", 5)
    monkeypatch.setattr(graph, "MAX_EDGES", 2)
    with sample_run({"version": "v1", "simulate": True}) as (client, _, _):
        document = build_run_document(client)["graph"]
    assert (len(document["nodes"]), len(document["edges"])) == (5, 2)
    assert document["totals"]["nodes"] > 5
    assert all(node["state"] != "unchanged" for node in document["nodes"])
    assert {edge["source"] for edge in document["edges"]} <= {node["id"] for node in document["nodes"]}


def test_entities_deleted_along_are_cut():
    """Of 30 references 20 are listed, those that the source still has first; 30 are counted."""
    held = [
        {"_id": f"c{number:02}", "name": f"C{number:02}", "rootWorkspace": "w", "typeId": "app"}
        for number in range(31)
    ]
    refs = [
        {"_id": f"r{entity['_id']}", "source": entity["_id"], "target": "c00", "type": 1}
        for entity in held[1:]
    ]
    model = {"_id": "m", "root": {"app": {"name": "App"}}, "referenceTypes": {"1": {"name": "Uses"}}}
    organisation = {
        "format": 1,
        "models": [model | {"name": "M"}],
        "workspaces": [{"_id": "w", "name": "W", "componentModel": "m"}],
        "components": held,
        "references": refs,
    }
    with (
        emulator(seed=organisation, token=TOKEN, page_size=5) as server,
        ArdoqSyncClient(server.url, TOKEN, simulate=True) as client,
    ):
        for element in held[1:]:
            client.create_component({key: element[key] for key in ("name", "rootWorkspace", "typeId")})
        client.create_reference({"source": "c30", "target": "c00", "type": 1})
        (missing,) = [miss for miss in build_run_document(client)["missing"] if miss["kind"] == "component"]
    along = missing["cascade"]
    assert (along["components"], along["references"], len(along["listed"])) == (0, 30, 20)
    assert [item["state"] for item in along["listed"]] == ["named"] + ["missing"] * 19


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"title": 5}, "title is an int: give text"),
        ({"sources": "apps.csv"}, "sources is a str: give a list of dicts"),
        ({"sources": [5]}, r"sources\[0\] is an int: give a dict"),
        ({"sources": [{"name": "a", "rows": "many"}]}, r"sources\[0\].rows is 'many': give a whole number"),
        (
            {"failed_rows": [{"kind": "comp", "reason": "x"}]},
            r"failed_rows\[0\].kind is 'comp': did you mean 'component'",
        ),
        (
            {"failed_rows": [{"kind": "component"}]},
            r"failed_rows\[0\].reason is None: say why the row failed",
        ),
        ({"failed_rows": [FAILED_ROW | {"row": "a,b"}]}, r"failed_rows\[0\].row is a str: give a dict"),
        (
            {"skipped_rows": [{"kind": "component", "name": "A"}]},
            r"skipped_rows\[0\].reason is None: say why the row was skipped",
        ),
        ({"not_owned": {"Hub": -1}}, r"not_owned\['Hub'\] is -1: give a whole number"),
        ({"blocked": "no"}, "blocked is a str: give the DeleteBlocked"),
    ],
)
def test_invalid_arguments(arguments, sentence):
    """Each invalid argument is rejected with a message that says what to give."""
    with (
        ArdoqSyncClient("https://example.ardoq.com", TOKEN) as client,
        pytest.raises(InvalidInput, match=sentence),
    ):
        build_run_document(client, **arguments)


def _without(key):
    return lambda data: data.pop(key)


def _set(*path):
    *above, key, value = path

    def change_it(data):
        for step in above:
            data = data[step]
        data[key] = value

    return change_it


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (_without("kind"), "is not a run document: its 'kind' is not 'ardoqpy run document'"),
        (_set("format", 2), "has the format 2, but this ardoqpy reads format 1"),
        (_without("title"), "is damaged: title is missing"),
        (_set("origin", "simulated", "yes"), "origin.simulated is a str, not true or false"),
        (_set("changes", 0, "action", "burn"), r"changes\[0\].action is 'burn'"),
        (_set("changes", 1, "attributes", "x", 5), r"changes\[1\].attributes\['x'\] is an int"),
        (_set("changes", 2, "name", 5), r"changes\[2\].name is an int, not text"),
        (_set("failed", 0, "reason", None), r"failed\[0\].reason is None, not text"),
        (
            _set("missing", 0, "cascade", "listed", 0, "state", 1),
            r"missing\[0\].cascade.listed\[0\].state is 1, not missing",
        ),
        (_set("ambiguous", 0, "matches", "t1"), r"ambiguous\[0\].matches is a str, not a list"),
        (_set("not_converging", 0, "attribute", 5), r"not_converging\[0\].attribute is an int, not text"),
        (_set("conflicts", 0, "attribute", 5), r"conflicts\[0\].attribute is an int, not text"),
        (_set("skipped", 0, "reason", None), r"skipped\[0\].reason is None, not text"),
        (_set("not_owned", "Hub", "12"), r"not_owned\['Hub'\] is a str, not a whole number"),
        (_set("ambiguous", 0, "kind", "x"), r"ambiguous\[0\].kind is 'x', not component or reference"),
        (_set("delete_guard", "reasons", 0, 5), r"delete_guard.reasons\[0\] is an int, not an object"),
        (
            _set("delete_guard", "would_delete", 0, "children", "3"),
            r"delete_guard.would_delete\[0\].children is a str",
        ),
        (_set("sources", 0, "rows", None), r"sources\[0\].rows is None, not a whole number"),
        (_set("workspaces", "w1", 5), r"workspaces\['w1'\] is an int, not text"),
        (_set("graph", "nodes", 0, "state", "odd"), r"graph.nodes\[0\].state is 'odd', not created"),
        (
            _set("graph", "edges", 0, "target", "nobody"),
            r"graph.edges\[0\].target is 'nobody', which is not a node",
        ),
        (_set("graph", "totals", "nodes", 1), "graph.totals.nodes is less than the graph lists"),
        (
            _set("totals", "component", "created", 7),
            "totals.component.created is 7, but the run document holds 1",
        ),
    ],
)
def test_damaged_file(tmp_path, spoil, sentence):
    """The message names the file and what is damaged where, and no page is written."""
    data = copy.deepcopy(full_document())
    spoil(data)
    path = tmp_path / "report.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(InvalidInput, match=f"report.json.*{sentence}"):
        read_run_document(path)
    with pytest.raises(InvalidInput, match=sentence):
        check_run_document(data)
    with pytest.raises(InvalidInput):
        save_report(data, tmp_path / "page.html")
    assert not (tmp_path / "page.html").exists()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b'{"kind": "ardoqpy rep', "is cut off at line 1, column 10: save the run document again"),
        (b"\xff\xfe", "is not a run document: byte 0 is not UTF-8"),
        (b'{"kind": 1, "kind": 2}', "is damaged: an object has the key 'kind' twice"),
        (b'{"a": NaN}', "is damaged: NaN is not a number in JSON"),
        (b"[]", "is not a run document: its 'kind' is not 'ardoqpy run document'"),
        (b'{"kind": "ardoqpy plan", "format": 1}', "is not a run document"),
    ],
)
def test_other_file(tmp_path, content, sentence):
    """A file that is cut off, not text, not JSON or something else is rejected with one sentence."""
    path = tmp_path / "report.json"
    path.write_bytes(content)
    with pytest.raises(InvalidInput, match=sentence):
        read_run_document(path)


def test_failed_save_keeps_the_old_file(tmp_path):
    """If a document cannot be saved, the old file stays, and nothing else is left."""
    path = tmp_path / "report.json"
    save_report(run_document(), path)
    before = path.read_bytes()
    with pytest.raises(InvalidInput, match="The run document cannot be saved"):
        save_report(run_document(changes=[change(1, attributes={"x": {"old": None, "new": {1, 2}}})]), path)
    assert path.read_bytes() == before
    assert [item.name for item in tmp_path.iterdir()] == ["report.json"]


def test_suffix_chooses_the_format(tmp_path):
    """.html is a page, .md Markdown, .json data, in any letter case; a title may be given."""
    with sample_run(WAYS["v1 live"]) as (client, _, _):
        for name in ("a.html", "a.MD", "a.Json"):
            save_report(client, tmp_path / name, title="Mine & yours")
    assert "<h1>Mine &amp; yours</h1>" in (tmp_path / "a.html").read_text(encoding="utf-8")
    assert (tmp_path / "a.MD").read_text(encoding="utf-8").startswith("# Mine &#38; yours\n")
    assert read_run_document(tmp_path / "a.Json")["title"] == "Mine & yours"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (({}, "a.pdf"), "'a.pdf' is not a report: its name has to end with"),
        (({}, 5), "path is an int: give the path of a file"),
        (([], "a.html"), "run is a list: give an ArdoqSyncClient after its run, or its run document"),
        (({}, "a.html"), "is not a run document"),
        ((run_document(), "a.html", 5), "title is an int"),
        ((run_document(), "no/such/folder/a.html"), "cannot be written"),
    ],
)
def test_invalid_save(arguments, sentence, tmp_path, monkeypatch):
    """Another suffix, other data, or a missing folder is one sentence each, and no file."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InvalidInput, match=sentence):
        save_report(*arguments)
    assert list(tmp_path.iterdir()) == []


def test_type_id_of_two_models_has_no_name():
    """If two models call a type p1, no value is shown as the type of the other model."""
    kinds = {"a" * 24: "Application", "b" * 24: "Server"}
    seed = {
        "format": 1,
        "models": [{"_id": key, "name": kind, "root": {"p1": {"name": kind}}} for key, kind in kinds.items()],
        "workspaces": [
            {"_id": key[:-1] + "1", "name": kind, "componentModel": key} for key, kind in kinds.items()
        ],
    }
    with (
        emulator(seed=seed, page_size=5) as server,
        ArdoqSyncClient(server.url, server.token, simulate=True) as client,
    ):
        for workspace in seed["workspaces"]:
            client.create_component({"name": "One", "typeId": "p1", "rootWorkspace": workspace["_id"]})
        document = build_run_document(client)
    assert [item["typeName"] for item in document["changes"]] == ["Application", "Server"]
    assert "p1" not in document["names"]
