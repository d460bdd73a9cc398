"""The examples: rehearsed, carried out, with nothing left to do, and once more after their source has
changed.
"""

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
    with emulator(token="a-token") as running:
        yield running
    assert running.crashes == []


class Nights:
    """An example in a folder of its own, and the runs of its job."""

    def __init__(self, name, place, server, way):
        self.folder = TOOLS["copy_example"](name, place)
        self.server, self.way = server, way
        server.load(json.loads((self.folder / "organisation.json").read_text(encoding="utf-8")))

    def run(self, page=None, *, simulate=False):
        """Run the job and return what it came to, after a look at which writes were sent."""
        self.server.clear_requests()
        options = {"on_error": "collect", "simulate": simulate, **self.way}
        with ArdoqSyncClient(self.server.url, self.server.token, **options) as client:
            told = self._told(client)
            if page is not None:
                save_report(told, page)
        told["writes"] = [one for one in self.server.requests if one.method != "GET"]
        return told

    def _told(self, client):
        job, rows = load_job(TOOLS["job_of"](self.folder)), None
        if (self.folder / TOOLS["SCRIPT"]).exists():
            rows = runpy.run_path(str(self.folder / TOOLS["SCRIPT"]))["sources_of"](self.folder / "projects")
        outcome = run_job(job, client, sources=rows)
        refused = outcome.refused[0] if outcome.refused else None
        return build_run_document(client, title=job.name, sources=outcome.sources, blocked=refused)

    def stored(self):
        """Return by name what the emulator holds, custom fields beside the other attributes."""
        return {comp["name"]: comp | comp.get("customFields", {}) for comp in self._dump["components"]}

    def ties(self):
        """Return the references that the emulator holds, by the names of both ends."""
        names = {comp["_id"]: comp["name"] for comp in self._dump["components"]}
        return sorted((names[ref["source"]], names[ref["target"]]) for ref in self._dump["references"])

    @property
    def _dump(self):
        return self.server.dump()


@pytest.fixture(params=WAYS)
def nights(request, tmp_path, server):
    """Make the nights of an example, in each way to speak to Ardoq."""
    return lambda name: Nights(name, tmp_path, server, WAYS[request.param])


def said(told):
    """Return what a run decided, without ids that only one of two runs can know."""
    changes = [(one["action"], one["kind"], one["name"], one.get("label")) for one in told["changes"]]
    return told["totals"], sorted(changes, key=repr), [one["reason"] for one in told["failed"]], told["delete_guard"]


def changes(told):
    """Return what a run changed, by action."""
    found = {}
    for one in told["changes"]:
        found.setdefault(one["action"], []).append(one["name"])
    return {action: sorted(names) for action, names in found.items()}


def repair(folder):
    """Write into the spreadsheet what its README tells to."""
    workbook = openpyxl.load_workbook(folder / "cmdb.xlsx")
    workbook["Applications"]["F7"] = "300 000,00"
    workbook.save(folder / "cmdb.xlsx")


@pytest.mark.parametrize("name", TOOLS["EXAMPLES"])
def test_what_was_rehearsed_is_done_and_done_once(nights, name, tmp_path):
    """The rehearsal writes nothing and says what the real run does; after it, nothing is left to do."""
    example = nights(name)
    rehearsed = example.run(simulate=True)
    assert rehearsed["writes"] == []
    done = example.run(tmp_path / "report.html")
    assert done["writes"] != []
    assert said(done) == said(rehearsed)
    again = example.run()
    assert (again["changes"], again["writes"]) == ([], [])
    assert again["totals"]["component"]["unchanged"] > 10
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "a-token" not in page
    for change in done["changes"]:
        assert change["name"].split(" -> ")[0] in page
    for row in done["failed"]:
        assert row["label"] in page


@pytest.mark.parametrize("name", TOOLS["EXAMPLES"])
def test_the_report_is_the_one_that_is_checked_in(name):
    """The report beside an example is that of its rehearsal, but for the time."""
    now = re.compile(r"^- Made: .*$|ardoqpy \d+\.\d+\.\d+\w*", re.MULTILINE)
    kept = (EXAMPLES / name / "report.md").read_text(encoding="utf-8")
    assert now.sub("-", TOOLS["report"](name)) == now.sub("-", kept), "run: python examples/make_reports.py"


def test_the_spreadsheet(nights):
    """Cells become values; nothing is retired while a row fails, and once it is repaired, what is gone is."""
    example = nights("cmdb-spreadsheet")
    told = example.run()
    stored = example.stored()
    assert stored["Claims Portal"]["yearly_cost"] == 812000.5
    assert stored["Claims Portal"]["owner"] == "lars.nygaard@havn.example"
    assert stored["Claims Portal"]["live_since"].startswith("2019-09-15")
    assert stored["Policy Administration"]["markets"] == ["Denmark", "Norway", "Sweden"]
    assert "Policy Admin" not in stored
    assert [row["label"] for row in told["failed"]] == ["cmdb.xlsx sheet Applications row 7"] * 4
    assert "'ca. 300 000' is no value for the field 'Yearly cost'" in told["failed"][0]["reason"]
    assert "what failed may be what is missing" in told["delete_guard"]["reasons"][0]["sentence"]
    assert stored["Fax Gateway"]["lifecycle"] == stored["osl-fax-01"]["lifecycle"] == "Live"

    repair(example.folder)
    told = example.run()
    assert (told["status"], told["delete_guard"], told["failed"]) == ("success", None, [])
    assert changes(told) == {
        "create": [
            "Fraud Screening",
            *(f"Fraud Screening -> {name}" for name in ("Claims Portal", "Data Warehouse", "osl-app-02")),
        ],
        "update": ["Fax Gateway", "osl-fax-01"],
    }
    stored = example.stored()
    assert stored["Fax Gateway"]["lifecycle"] == stored["osl-fax-01"]["lifecycle"] == "Retired"
    assert ("Fraud Screening", "osl-app-02") in example.ties()
    assert example.run()["writes"] == []


def test_the_requirements(nights):
    """Requirements become references with their versions; one that is dropped goes, its package stays."""
    example = nights("python-projects")
    told = example.run()
    assert told["status"] == "success"
    assert changes(told)["delete"] == ["storefront -> simplejson"]
    assert [one["name"] for one in told["missing"]] == ["simplejson"]
    assert ("pricing", "sqlalchemy") in example.ties()
    assert {end for end, package in example.ties() if package == "requests"} == {
        "storefront", "warehouse-feed"
    }  # fmt: skip

    path = example.folder / "projects" / "pricing" / "requirements.txt"
    text = path.read_text(encoding="utf-8").replace("fastapi==0.116.1", "fastapi==0.117.0")
    path.write_text(re.sub(r"uvicorn.*\n", "", text), encoding="utf-8")
    told = example.run()
    assert changes(told) == {"update": ["pricing -> fastapi"], "delete": ["pricing -> uvicorn"]}
    assert "uvicorn" in example.stored()
    assert example.run()["writes"] == []


def test_the_inventory(nights):
    """Racks of one name stay two; a server that moves keeps its references, and one that is retired goes."""
    example = nights("inventory-database")
    told = example.run()
    assert told["status"] == "success"
    assert changes(told)["delete"] == ["osl-db-01 -> osl-old-01", "osl-old-01"]
    racks = [comp for comp in example.server.dump()["components"] if comp["name"] == "A01"]
    assert len({comp["parent"] for comp in racks}) == 2
    assert example.stored()["osl-esx-02"]["memory_gb"] == 1024
    assert example.stored()["osl-esx-02"]["virtual_host"] is True

    with closing(sqlite3.connect(example.folder / "inventory.db")) as connection, connection:
        connection.execute(
            "UPDATE servers SET rack_id = 3, hostname = 'bgo-db-11' WHERE asset_tag = 'S-2103'"
        )
        connection.execute("UPDATE servers SET retired_on = '2026-11-21' WHERE asset_tag = 'S-2104'")
    told = example.run()
    assert changes(told) == {"update": ["bgo-db-11"], "delete": ["bgo-db-02", "osl-db-02 -> bgo-db-02"]}
    stored = example.stored()
    (rack,) = [comp for comp in stored.values() if comp["_id"] == stored["bgo-db-11"]["parent"]]
    assert rack["asset_tag"] == "R-1101"
    assert ("osl-db-01", "bgo-db-11") in example.ties()
    assert example.run()["writes"] == []


def test_the_repositories(nights):
    """Nested values are taken out; an unknown team fails its row alone; what is gone is marked as such."""
    example = nights("git-hosting")
    told = example.run()
    stored = example.stored()
    assert stored["storefront"]["licence"] == "MIT"
    assert stored["storefront-api"]["topics"] == ["api", "web"]
    assert stored["clusters"]["description"] == "The clusters of all sites, ask Jonas first"
    status = {name: stored[name]["status"] for name in ("billing-batch", "wiki-export", "billing")}
    assert status == {"billing-batch": "Archived", "wiki-export": "Gone", "billing": "Active"}
    assert [row["label"] for row in told["failed"]] == ["repositories.ndjson row 6"]
    assert stored["Web shop"]["parent"] == stored["Engineering"]["_id"]
    assert ("Platform engineering", "storefront") not in example.ties()

    path = example.folder / "repositories.ndjson"
    text = path.read_text(encoding="utf-8").replace('"team": "growth"', '"team": "shop"')
    path.write_text(text.replace('"name": "handbook"', '"name": "manual"'), encoding="utf-8")
    told = example.run()
    assert changes(told) == {"create": ["Web shop -> feature-flags"], "update": ["manual"]}
    reasons = [row["reason"] for row in told["failed"]]
    assert reasons == [
        "There is no component of type 'Repository' with the name 'handbook' in workspace 'Source code'."
    ]
    assert example.run()["writes"] == []


@pytest.mark.parametrize("name", TOOLS["EXAMPLES"])
def test_the_commands_in_its_readme(name, server, tmp_path, monkeypatch, capsys):
    """The commands of an example print what its README shows."""
    example = Nights(name, tmp_path, server, {})
    monkeypatch.chdir(example.folder)
    reach(server, monkeypatch)
    page = (EXAMPLES / name / "README.md").read_text(encoding="utf-8")
    for number, part in enumerate(page.split("Write `300 000,00` into")):
        if number:
            repair(example.folder)
        for session in sessions(part):
            play(session, capsys)
    assert "<html" in (example.folder / "report.html").read_text(encoding="utf-8")
