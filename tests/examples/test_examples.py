"""Preview and run the examples, run them again without changes, and after their sources have changed."""

import json
import re
import runpy
import sqlite3
from contextlib import closing
from pathlib import Path

import openpyxl
import pytest
from shell_sessions import play, reach, sessions

from ardoqpy.testing import emulator
from ardoqpy_sync import ArdoqSyncClient, save_report
from ardoqpy_sync.job import load_job, run_job
from ardoqpy_sync.reporting.document import build_run_document

EXAMPLES = Path(__file__).parents[2] / "examples"
TOOLS = runpy.run_path(str(EXAMPLES / "make_reports.py"))
WAYS = {"v1": {"version": "v1"}, "batched": {"version": "v2", "batch": True}}


@pytest.fixture(scope="module")
def server():
    """Run an emulator for all examples."""
    with emulator(token="a-token", page_size=5) as running:
        yield running
    assert running.crashes == []


class Example:
    """A copy of an example, and the runs of its job."""

    def __init__(self, name, target, server, way):
        self.folder = TOOLS["copy_example"](name, target)
        self.server, self.way = server, way
        server.load(json.loads((self.folder / "organisation.json").read_text(encoding="utf-8")))

    def run(self, page=None, *, simulate=False):
        """Run the job and return its run document, with the requests that write."""
        self.server.clear_requests()
        options = {"on_error": "collect", "simulate": simulate, **self.way}
        with ArdoqSyncClient(self.server.url, self.server.token, **options) as client:
            document = self._run(client)
            if page is not None:
                save_report(document, page)
        document["writes"] = [request for request in self.server.requests if request.method != "GET"]
        return document

    def _run(self, client):
        job, rows = load_job(TOOLS["find_job"](self.folder)), None
        if (self.folder / TOOLS["SCRIPT"]).exists():
            rows = runpy.run_path(str(self.folder / TOOLS["SCRIPT"]))["sources_of"](self.folder / "projects")
        result = run_job(job, client, sources=rows)
        blocked = result.blocked[0] if result.blocked else None
        return build_run_document(client, title=job.name, sources=result.sources, blocked=blocked)

    def stored(self):
        """Return the stored components by name, custom fields beside the other attributes."""
        return {comp["name"]: comp | comp.get("customFields", {}) for comp in self._dump["components"]}

    def references(self):
        """Return the stored references by the names of both ends."""
        names = {comp["_id"]: comp["name"] for comp in self._dump["components"]}
        return sorted((names[ref["source"]], names[ref["target"]]) for ref in self._dump["references"])

    @property
    def _dump(self):
        return self.server.dump()


@pytest.fixture(params=[pytest.param("v1", marks=pytest.mark.slow), "batched"])
def make_example(request, tmp_path, server):
    """Return a function that copies an example, for each API version."""
    return lambda name: Example(name, tmp_path, server, WAYS[request.param])


def decisions(document):
    """Return the decisions of a run, without ids, which differ between runs."""
    changes = [
        (change["action"], change["kind"], change["name"], change.get("label"))
        for change in document["changes"]
    ]
    reasons = [row["reason"] for row in document["failed"]]
    return document["totals"], sorted(changes, key=repr), reasons, document["delete_guard"]


def changes(document):
    """Return the names that a run changed, by action."""
    changed = {}
    for change in document["changes"]:
        changed.setdefault(change["action"], []).append(change["name"])
    return {action: sorted(names) for action, names in changed.items()}


def repair(folder):
    """Correct the bad cell of the spreadsheet, as its README says."""
    workbook = openpyxl.load_workbook(folder / "cmdb.xlsx")
    workbook["Applications"]["F7"] = "300 000,00"
    workbook.save(folder / "cmdb.xlsx")


@pytest.mark.parametrize("name", TOOLS["EXAMPLES"])
def test_run_does_what_its_preview_reports_and_only_once(make_example, name, tmp_path):
    """The preview writes nothing and reports what the run does; a second run changes nothing."""
    example = make_example(name)
    preview = example.run(simulate=True)
    assert preview["writes"] == []
    done = example.run(tmp_path / "report.html")
    assert done["writes"] != []
    assert decisions(done) == decisions(preview)
    again = example.run()
    assert (again["changes"], again["writes"]) == ([], [])
    assert again["totals"]["component"]["unchanged"] > 10
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "a-token" not in page
    for change in done["changes"]:
        assert change["name"].split(" -> ")[0] in page
    for row in done["failed"]:
        assert row["label"] in page


@pytest.mark.slow
@pytest.mark.parametrize("name", TOOLS["EXAMPLES"])
def test_stored_report_is_current(name):
    """The report of an example is that of its preview, except for times and the plan's hash of them."""
    now = re.compile(
        r"^- (Made|Plan|SHA-256 of the plan): .*$|ardoqpy \d+\.\d+\.\d+\w*|on \d+ \w+ \d{4}, \S+ UTC",
        re.MULTILINE,
    )
    kept = (EXAMPLES / name / "report.md").read_text(encoding="utf-8")
    assert now.sub("-", TOOLS["make_report"](name)) == now.sub("-", kept), (
        "run: python examples/make_reports.py"
    )


def test_spreadsheet(make_example):
    """Cells become values; missing components are retired only after the bad cell is corrected."""
    example = make_example("cmdb-spreadsheet")
    document = example.run()
    stored = example.stored()
    assert stored["Claims Portal"]["yearly_cost"] == 812000.5
    assert stored["Claims Portal"]["owner"] == "lars.nygaard@havn.example"
    assert stored["Claims Portal"]["live_since"].startswith("2019-09-15")
    assert stored["Policy Administration"]["markets"] == ["Denmark", "Norway", "Sweden"]
    assert "Policy Admin" not in stored
    assert [row["label"] for row in document["failed"]] == ["cmdb.xlsx sheet Applications row 7"] * 4
    assert "'ca. 300 000' is not a valid number for field 'Yearly cost'" in document["failed"][0]["reason"]
    assert "what failed may be what is missing" in document["delete_guard"]["reasons"][0]["sentence"]
    assert stored["Fax Gateway"]["lifecycle"] == stored["osl-fax-01"]["lifecycle"] == "Live"

    repair(example.folder)
    document = example.run()
    assert (document["status"], document["delete_guard"], document["failed"]) == ("success", None, [])
    assert changes(document) == {
        "create": [
            "Fraud Screening",
            *(f"Fraud Screening -> {name}" for name in ("Claims Portal", "Data Warehouse", "osl-app-02")),
        ],
        "update": ["Fax Gateway", "osl-fax-01"],
    }
    stored = example.stored()
    assert stored["Fax Gateway"]["lifecycle"] == stored["osl-fax-01"]["lifecycle"] == "Retired"
    assert ("Fraud Screening", "osl-app-02") in example.references()
    assert example.run()["writes"] == []


def test_requirements(make_example):
    """Requirements become references with versions; a removed one is deleted, its package stays."""
    example = make_example("python-projects")
    document = example.run()
    assert document["status"] == "success"
    assert changes(document)["delete"] == ["storefront -> simplejson"]
    assert [item["name"] for item in document["missing"]] == ["simplejson"]
    assert ("pricing", "sqlalchemy") in example.references()
    assert {end for end, package in example.references() if package == "requests"} == {
        "storefront", "warehouse-feed"
    }  # fmt: skip

    path = example.folder / "projects" / "pricing" / "requirements.txt"
    text = path.read_text(encoding="utf-8").replace("fastapi==0.116.1", "fastapi==0.117.0")
    path.write_text(re.sub(r"uvicorn.*\n", "", text), encoding="utf-8")
    document = example.run()
    assert changes(document) == {"update": ["pricing -> fastapi"], "delete": ["pricing -> uvicorn"]}
    assert "uvicorn" in example.stored()
    assert example.run()["writes"] == []


def test_inventory(make_example):
    """Two racks have the same name; a moved server keeps its references; a retired one is deleted."""
    example = make_example("inventory-database")
    document = example.run()
    assert document["status"] == "success"
    assert changes(document)["delete"] == ["osl-db-01 -> osl-old-01", "osl-old-01"]
    racks = [comp for comp in example.server.dump()["components"] if comp["name"] == "A01"]
    assert len({comp["parent"] for comp in racks}) == 2
    assert example.stored()["osl-esx-02"]["memory_gb"] == 1024
    assert example.stored()["osl-esx-02"]["virtual_host"] is True

    with closing(sqlite3.connect(example.folder / "inventory.db")) as connection, connection:
        connection.execute(
            "UPDATE servers SET rack_id = 3, hostname = 'bgo-db-11' WHERE asset_tag = 'S-2103'"
        )
        connection.execute("UPDATE servers SET retired_on = '2026-11-21' WHERE asset_tag = 'S-2104'")
    document = example.run()
    assert changes(document) == {"update": ["bgo-db-11"], "delete": ["bgo-db-02", "osl-db-02 -> bgo-db-02"]}
    stored = example.stored()
    (rack,) = [comp for comp in stored.values() if comp["_id"] == stored["bgo-db-11"]["parent"]]
    assert rack["asset_tag"] == "R-1101"
    assert ("osl-db-01", "bgo-db-11") in example.references()
    assert example.run()["writes"] == []


def test_repositories(make_example):
    """Nested values are read; an unknown team fails only its row; missing repositories are marked."""
    example = make_example("git-hosting")
    document = example.run()
    stored = example.stored()
    assert stored["storefront"]["licence"] == "MIT"
    assert stored["storefront-api"]["topics"] == ["api", "web"]
    assert stored["clusters"]["description"] == "The clusters of all sites, ask Jonas first"
    status = {name: stored[name]["status"] for name in ("billing-batch", "wiki-export", "billing")}
    assert status == {"billing-batch": "Archived", "wiki-export": "Gone", "billing": "Active"}
    assert [row["label"] for row in document["failed"]] == ["repositories.ndjson row 6"]
    assert stored["Web shop"]["parent"] == stored["Engineering"]["_id"]
    assert ("Platform engineering", "storefront") not in example.references()

    path = example.folder / "repositories.ndjson"
    text = path.read_text(encoding="utf-8").replace('"team": "growth"', '"team": "shop"')
    path.write_text(text.replace('"name": "handbook"', '"name": "manual"'), encoding="utf-8")
    document = example.run()
    assert changes(document) == {"create": ["Web shop -> feature-flags"], "update": ["manual"]}
    (row,) = document["failed"]
    assert row["reason"].startswith(
        "There is no target component of type 'Repository' with the name 'handbook'"
    )
    assert example.run()["writes"] == []


@pytest.mark.parametrize("name", TOOLS["EXAMPLES"])
def test_commands_in_readme(name, server, tmp_path, monkeypatch, capsys):
    """The commands of an example print what its README shows."""
    example = Example(name, tmp_path, server, {})
    monkeypatch.chdir(example.folder)
    reach(server, monkeypatch)
    page = (EXAMPLES / name / "README.md").read_text(encoding="utf-8")
    for number, part in enumerate(page.split("Write `300 000,00` into")):
        if number:
            repair(example.folder)
        for session in sessions(part):
            play(session, capsys)
    assert "<html" in (example.folder / "report.html").read_text(encoding="utf-8")
