"""Ambiguous matches: candidates are shown by name, type, parent and workspace, before the id."""

import pytest
from sample_documents import TWINS, full_document, run_document
from sample_runs import WAYS, sample_run, seed
from test_report_markdown import rendered, rows
from test_report_page import texts

from ardoqpy.testing import emulator
from ardoqpy_sync import ArdoqSyncClient, format_report
from ardoqpy_sync.plans.plan import Plan
from ardoqpy_sync.report import describe_ambiguous
from ardoqpy_sync.reporting import terminal
from ardoqpy_sync.reporting.document import build_run_document
from ardoqpy_sync.reporting.markdown import render_text

FIRST, SECOND = (
    "Twins (Application), below Shop in Applications",
    "Twins (Application), below Till in Applications",
)
OTHERS = [SECOND, *(f"Twins (Hub), at the top of Applications [{key}]" for key in ("t3", "t4"))]


@pytest.mark.parametrize("way", list(WAYS))
def test_candidates_of_real_runs(way):
    """On either version, live, simulated and batched, all texts describe the candidates of a row."""
    with sample_run(WAYS[way]) as (client, _, _):
        document = build_run_document(client)
        report, plan = format_report(client.get_report()), client.plan.describe()
    (entry,) = document["ambiguous"]
    place = {"parent": None, "rootWorkspace": "ws1", "workspace": "Apps"}
    assert entry["candidates"] == [
        {"_id": key, "name": "Twin", "type": "Application", **place} for key in ("twin1", "twin2")
    ]
    first, second = (f"Twin (Application), at the top of Apps [{key}]" for key in entry["matches"])
    line = f"  - component Twin: 2 match, {first} is used; the others: {second}"
    for lines in (terminal.render(document), report.splitlines(), plan.splitlines()):
        assert line in list(lines)
    assert ["component Twin", "2", first, second] in rows(rendered(render_text(document)))


@pytest.mark.parametrize("way", list(WAYS))
def test_candidates_of_a_reference_have_the_name_of_its_type(way):
    """Of references that match, a run document has the name of the type and of the workspace."""
    content = seed()
    content["references"].append({"_id": "twice", "source": "shop", "target": "till", "type": 1})
    with emulator(seed=content) as server, ArdoqSyncClient(server.url, server.token, **WAYS[way]) as client:
        client.create_reference({"source": "shop", "target": "till", "type": 1})
        (entry,) = build_run_document(client)["ambiguous"]
    line = "reference Shop -> Till: 2 match, Shop -> Till (Uses), in Apps [shop-till] is used; "
    assert describe_ambiguous(entry) == f"{line}the others: Shop -> Till (Uses), in Apps [twice]"


@pytest.mark.parametrize("way", list(WAYS))
def test_candidates_have_the_parent_and_the_name_from_before_the_write(way):
    """A candidate has its parent's name, and the name that it had when the row matched it."""
    content = seed()
    for component in content["components"]:
        if component["_id"] in ("till", "twin1"):
            component["customFields"] = {"code": "K"}
    row = {"name": "Kassa", "typeId": "app", "rootWorkspace": "ws1"}
    with emulator(seed=content) as server, ArdoqSyncClient(server.url, server.token, **WAYS[way]) as client:
        for _ in range(2):
            client.create_component(row, "code", "K")
        (entry,) = build_run_document(client)["ambiguous"]
    assert [(one["name"], one["parent"]) for one in entry["candidates"]] == [("Till", "Shop"), ("Twin", None)]


def test_candidate_that_was_pending_has_its_id():
    """In a batched run, a candidate that the run itself creates has the id that Ardoq gives it."""
    with (
        emulator(seed=seed()) as server,
        ArdoqSyncClient(server.url, server.token, version="v2", batch=True) as client,
    ):
        row = {"name": "Shop", "typeId": "app", "rootWorkspace": "ws1"}
        client.create_component({**row, "cost": 6}, "cost", 6)
        client.create_component(row)
        report = client.get_report()
        (entry,) = report["ambiguous"]
        created = report["new_comps_l"][0]["_id"]
        assert client.get_component("ws1", created)["name"] == "Shop"
    assert (entry["used"], entry["matches"]) == ("shop", ["shop", created])
    assert [one["_id"] for one in entry["candidates"]] == ["shop", created]


def test_ids_are_shown_only_where_nothing_else_differs():
    """A candidate of another type or parent has no id; two that differ in nothing else have theirs."""
    document = run_document(ambiguous=[TWINS])
    assert ["component Twins", "4", FIRST, "<br>".join(OTHERS)] in rows(rendered(render_text(document)))
    line = f"  - component Twins: 4 match, {FIRST} is used; the others: {'; '.join(OTHERS)}"
    assert line in list(terminal.render(document))
    long = list(terminal.render(document, long=True))
    start = long.index("  - component Twins: 4 match")
    assert long[start + 1 : start + 5] == [f"      - {text}" for text in (f"{FIRST} is used", *OTHERS)]


def test_many_candidates_are_counted():
    """A summary lists three candidates beside the one used, and counts the rest; --long lists all."""
    first = TWINS["candidates"][0]
    candidates = [{**first, "_id": f"t{number}", "parent": f"P{number}"} for number in range(1, 31)]
    matches = [one["_id"] for one in candidates]
    document = run_document(ambiguous=[{**TWINS, "matches": matches, "candidates": candidates}])
    (line,) = [line for line in terminal.render(document) if "Twins" in line]
    assert line.endswith("below P4 in Applications; and 26 more")
    assert sum("below P" in line for line in terminal.render(document, long=True)) == 30
    (cells,) = [row for row in rows(rendered(render_text(document))) if row[0] == "component Twins"]
    assert cells[3].endswith("below P11 in Applications<br>… and 19 more")


@pytest.mark.parametrize("candidates", [None, [], TWINS["candidates"][:3], TWINS["candidates"][::-1]])
def test_documents_without_fitting_candidates_show_ids(candidates):
    """A document of an earlier version, or one in which candidates and matches differ, shows the ids."""
    document = run_document(ambiguous=[{**TWINS, "candidates": candidates}])
    assert "  - component Twins: 4 match, t1 is used" in list(terminal.render(document))
    assert ["component Twins", "4", "t1", "t2<br>t3<br>t4"] in rows(rendered(render_text(document)))


def test_hash_of_a_plan_is_that_of_its_matches():
    """What describes candidates is no part of what is signed: a saved plan of an earlier version fits."""
    with sample_run(WAYS["v2 simulated"]) as (client, _, _):
        plan = client.plan
    data = plan.as_dict()
    for entry in data["ambiguous"]:
        assert entry.pop("candidates")
    assert Plan.from_dict(data).content_sha256 == plan.content_sha256
    data["ambiguous"][0]["used"] = "twin2"
    assert Plan.from_dict(data).content_sha256 != plan.content_sha256


@pytest.mark.slow
def test_page_tells_candidates_apart(show):
    """The page shows name, type, parent and workspace of each, the id where it is needed, else on hover."""
    page = show(full_document(ambiguous=[TWINS]), link="https://yourorg.ardoq.com/{id}")
    entry = page.locator("#section-ambiguous .entry")
    entry.scroll_into_view_if_needed()
    assert texts(page, "#section-ambiguous .cascade li") == [
        "TwinsApplication · below Shop · Applicationsis used",
        "TwinsApplication · below Till · Applications",
        "TwinsHub · at the top · Applications t3",
        "TwinsHub · at the top · Applications t4",
    ]
    items = entry.locator(".cascade li")
    assert items.evaluate_all("all => all.map(one => one.title)") == ["t1", "t2", "", ""]
    links = entry.locator(".cascade a").evaluate_all("all => all.map(one => one.href)")
    assert links == [f"https://yourorg.ardoq.com/t{number}" for number in range(1, 5)]
    for text in ("below", "till"):
        page.get_by_label("Search everything").fill(text)
    assert "Twins" in texts(page, ".entry > .line .name")
    page.get_by_label("Search everything").fill("")


@pytest.mark.slow
def test_page_of_an_earlier_version_shows_ids(show):
    """The page of a document without candidates shows the ids, and which one is used."""
    page = show(full_document())
    page.locator("#section-ambiguous").scroll_into_view_if_needed()
    assert texts(page, "#section-ambiguous .ids li") == ["t1 is used", "t2"]
