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
        TOOLS["prepare"](server, self.folder)

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
        return build_run_document(
            client, title=job.name, sources=result.sources, blocked=blocked, skipped_rows=result.skipped
        )

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
        assert json.dumps(change["name"].split(" -> ")[0])[1:-1] in page
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


def test_workbook_kept_by_hand(make_example):
    """Merged cells, amounts, dates and words become values; a word that the map lacks fails only its row."""
    example = make_example("messy-workbook")
    document = example.run()
    stored = example.stored()
    assert stored["Sak og arkiv"]["yearly_cost"] == 1234500.5
    assert stored["Oppvekst"]["yearly_cost"] == 940000
    assert stored["Postmottak"].get("yearly_cost") is None
    departments = {stored[name]["department"] for name in ("Sak og arkiv", "Postmottak", "Møteportal")}
    assert departments == {"Kommunedirektøren"}
    assert stored["Møteportal"]["lifecycle"] == "Phasing out"
    assert stored["Møteportal"]["parent"] == stored["Sak og arkiv"]["_id"]
    assert stored["Møteportal"]["live_since"].startswith("2020-02-01")
    assert not any(name.startswith("Sum") for name in stored)
    assert ("Oppvekst", "srv-db-01") in example.references()
    (row,) = document["failed"]
    assert row["label"] == "systemoversikt.xlsx sheet Systemer row 11"
    assert "'Vurderes' in column 'Forvaltning Status' is not in map" in row["reason"]

    job = example.folder / "systems.toml"
    text = job.read_text(encoding="utf-8").replace('"Utfaset" =', '"Vurderes" = "Planned", "Utfaset" =')
    job.write_text(text, encoding="utf-8")
    document = example.run()
    assert (document["status"], changes(document)) == ("success", {"create": ["Gravemelding"]})
    assert example.run()["writes"] == []


def test_archi(make_example):
    """Properties become fields; what has a new name is updated, and the guard keeps what was removed."""
    example = make_example("archi-export")
    document = example.run()
    stored = example.stored()
    assert (document["status"], len(stored), len(example.references())) == ("success", 18, 19)
    assert stored["Data Warehouse"]["owner"] == "Ingrid Dahl, Sven Berg"
    assert stored["Payment Hub"]["lifecycle"] == "Phasing out"
    assert stored["Claims Portal"]["yearly_cost"] == 812000.5
    (skipped,) = document["skipped"]
    assert skipped["label"] == "relations row 6"
    assert "when_absent is skip" in skipped["reason"]

    for name, old, new in (
        ("elements.csv", b'"Payment Hub"', b'"Payments"'),
        ("relations.csv", b'"payments"', b'"card payments"'),
        ("relations.csv", b'"id-fe6085c48bf1d707122ccc682078dc99"', b'"id-00000000000000000000000000000000"'),
    ):
        path = example.folder / name
        path.write_bytes(path.read_bytes().replace(old, new))
    document = example.run()
    assert changes(document) == {
        "update": ["Claims Portal -> Payments", "Payments"],
        "create": ["Policy Administration -> Data Warehouse"],
    }
    (missing,) = document["missing"]
    assert missing["name"] == "Policy Administration -> Data Warehouse"
    assert "1 of the 3 references of type Flows to" in document["delete_guard"]["reasons"][0]["sentence"]
    assert example.run()["writes"] == []


def test_kubernetes(make_example):
    """Objects are below their namespaces; a namespace without cron jobs is read; what is gone is deleted."""
    example = make_example("kubernetes")
    document = example.run()
    dump = example.server.dump()["components"]
    ids = {each["customFields"].get("kubernetes_id"): each for each in dump}
    namespaces = {each["name"]: each["_id"] for each in dump if "kubernetes_id" not in each["customFields"]}
    assert set(namespaces) == {"finance", "shop"}
    assert ids["Service/shop/payments"]["parent"] == namespaces["shop"]
    assert ids["Service/finance/payments"]["parent"] == namespaces["finance"]
    cleanup = ids["CronJob/shop/cart-cleanup/cleanup"]
    assert cleanup["parent"] == ids["CronJob/shop/cart-cleanup"]["_id"]
    assert cleanup["customFields"]["container_image"] == "registry.havn.example/shop/storefront-api:5.0.0"
    (row,) = document["failed"]
    assert "with the pod_label 'finance/ledger'" in row["reason"]

    path = example.folder / "namespaces" / "shop.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    deployment = content["items"][0]
    deployment["spec"]["template"]["spec"]["containers"].pop()
    deployment["spec"]["replicas"] = 4
    path.write_text(json.dumps(content), encoding="utf-8")
    job = example.folder / "kubernetes.toml"
    guard = '[guard]\nmissing_scope = "type"\ndespite_failures = true\n'
    job.write_text(
        job.read_text(encoding="utf-8").replace("[sources.objects]", f"{guard}[sources.objects]"),
        encoding="utf-8",
    )
    assert changes(example.run()) == {"update": ["storefront"], "delete": ["proxy"]}
    assert example.run()["writes"] == []


def test_bill_of_materials(make_example):
    """Each application has its own packages; a new version updates that of one, and keeps its references."""
    example = make_example("sbom")
    document = example.run()
    assert document["status"] == "success"
    before = example.references()
    assert {end for end, licence in before if licence == "BSD"} == {"Jinja2", "click", "itsdangerous"}
    assert [end for name, end in before if name == "storefront"] == ["Flask", "requests"]
    assert [end for name, end in before if name == "pricing"] == ["click", "requests"]

    def versions(name):
        components = example.server.dump()["components"]
        names = {each["_id"]: each["name"] for each in components}
        return {
            names[each["parent"]]: each["customFields"]["package_version"]
            for each in components
            if each["name"] == name
        }

    assert versions("requests") == {"storefront": "2.34.2", "pricing": "2.31.0"}

    path = example.folder / "sboms" / "storefront.cdx.json"
    text = path.read_text(encoding="utf-8").replace("3.1.3", "3.1.4").replace("2.34.2", "2.34.3")
    content = json.loads(text)
    (flask,) = [each for each in content["dependencies"] if each["ref"] == "Flask==3.1.4"]
    flask["dependsOn"].remove("blinker==1.9.0")
    path.write_text(json.dumps(content), encoding="utf-8")
    document = example.run()
    assert changes(document) == {"update": ["Flask", "requests"], "delete": ["Flask -> blinker"]}
    assert versions("requests") == {"storefront": "2.34.3", "pricing": "2.31.0"}
    assert example.stored()["Flask"]["purl"] == "pkg:pypi/flask@3.1.4"
    assert example.references() == [pair for pair in before if pair != ("Flask", "blinker")]
    assert example.run()["writes"] == []


def test_wrong_list_is_taken_back(make_example):
    """After the undo of the run with the wrong list, everything is as before: ids and keys apart."""
    example = make_example("wrong-spreadsheet")

    def contents():
        names = {each["_id"]: each["name"] for each in example.server.dump()["components"]}
        values = {name: each["customFields"] for name, each in example.stored().items()}
        return sorted(names.values()), values, example.references()

    options = {"ledger": str(example.folder / "servers.ledger.db"), **example.way}
    right = (example.folder / "servers.csv").read_bytes()
    for content in (right, (example.folder / "servers-december.csv").read_bytes()):
        before = contents()
        (example.folder / "servers.csv").write_bytes(content)
        with ArdoqSyncClient(example.server.url, example.server.token, **options) as client:
            run_job(load_job(example.folder / "servers.toml"), client)
    assert contents() != before
    with ArdoqSyncClient(example.server.url, example.server.token, **options) as client:
        result = client.undo_plan(2)
        client.apply(result)
    assert contents() == before
    (example.folder / "servers.csv").write_bytes(right)
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
    if (example.folder / TOOLS["MODEL"]).exists():  # a command of the page adds it
        server.load({"format": 1})
    monkeypatch.chdir(example.folder)
    reach(server, monkeypatch)
    page = (EXAMPLES / name / "README.md").read_text(encoding="utf-8")
    for number, part in enumerate(page.split("Write `300 000,00` into")):
        if number:
            repair(example.folder)
        for session in sessions(part):
            play(session, capsys)
    assert "<html" in (example.folder / "report.html").read_text(encoding="utf-8")
