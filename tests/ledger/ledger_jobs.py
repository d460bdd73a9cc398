"""A job with a ledger on an emulator, and somebody else who edits in Ardoq."""

import json
from pathlib import Path

import pytest

from ardoqpy_sync.ledger.ledger import Ledger
from ardoqpy_sync.reporting.exit_codes import DONE

TOKEN = "t0ken-of-the-ledger-that-must-not-be-kept"
MODEL, APPS = "5f00aa00bb00cc00dd000010", "5f00aa00bb00cc00dd000200"
JOHN, ANN = "5f00aa00bb00cc00dd000301", "5f00aa00bb00cc00dd000302"
FIELDS = {"uid": "Text", "cost": "Number", "owner": "Text", "state": "Text"}
SEED = {
    "format": 1,
    "users": [
        {"_id": JOHN, "name": "Job", "email": "job@example.com"},
        {"_id": ANN, "name": "Ann", "email": "ann@example.com"},
    ],
    "models": [
        {
            "_id": MODEL,
            "name": "Model",
            "root": {"p1": {"name": "App"}, "p2": {"name": "Server"}},
            "referenceTypes": {"1": {"name": "uses"}},
        }
    ],
    "fields": [
        {"label": name.title(), "name": name, "type": kind, "model": MODEL, "global": True}
        for name, kind in FIELDS.items()
    ],
    "workspaces": [{"_id": APPS, "name": "Apps", "componentModel": MODEL}],
    "components": [{"_id": "5f00aa00bb00cc00dd000400", "name": "Fax", "typeId": "p1", "rootWorkspace": APPS}],
}
MODES = {"v1": ("v1", ""), "v2": ("v2", "batch = false"), "batched": ("v2", "")}
#: The ways to write, for tests: request by request on v2 only in CI.
EACH_MODE = ["v1", pytest.param("v2", marks=pytest.mark.slow), "batched"]
JOB = """
format = 1
name = "Ledger job"
[ardoq]
version = "{version}"
{batch}
[run]
{run}
[guard]
share = 1.0
count = 100
{guard}
[sources.apps]
file = "apps.csv"
[[components]]
rows = "apps"
workspace = "Apps"
type = "App"
name = "{{Name}}"
key = "uid"
missing = {missing}
{mapping}
[components.fields]
uid = "{{Id}}"
cost = "{{Cost}}"
owner = "{{Owner}}"
"""
LINKS = """
[sources.links]
file = "links.csv"
[[references]]
rows = "links"
workspace = "Apps"
type = "uses"
source = { value = "{From}" }
target = { value = "{To}" }
missing = "delete"
"""
DELETE, MARK = '"delete"', '{ set = { state = "Retired" } }'
ROWS = "Id,Name,Cost,Owner\n1,Shop,10,me\n2,Till,20,me\n3,Bank,30,me\n"


def write_job(folder, mode, *, missing=DELETE, run="", guard="", mapping="", more=""):
    """Write a job file for a way to write."""
    version, batch = MODES[mode]
    text = JOB.format(version=version, batch=batch, missing=missing, run=run, guard=guard, mapping=mapping)
    (Path(folder) / "job.toml").write_text(text + more)


def components(ardoq):
    """Return what Ardoq holds of each component, by name, its fields among its attributes."""
    return {comp["name"]: {**comp, **comp["customFields"]} for comp in ardoq.dump()["components"]}


def edit(ardoq, name, /, *, who=ANN, **values):
    """Have somebody change a component in Ardoq."""
    dump = json.loads(json.dumps(ardoq.dump()))
    (component,) = (comp for comp in dump["components"] if comp["name"] == name)
    for key, value in values.items():
        (component["customFields"] if key in FIELDS else component)[key] = value
    component["_version"] += 1
    component["lastModifiedBy"] = who
    ardoq.load(dump)


def writes(ardoq):
    """Return the requests that are writes."""
    return [request for request in ardoq.requests if request.method != "GET"]


def without(*numbers):
    """Return the rows of the source without some of them."""
    return "".join(line for line in ROWS.splitlines(keepends=True) if line[0] not in map(str, numbers))


def ledger_of(folder):
    """Return the ledger of the job, to read."""
    return Ledger.open(Path(folder) / "job.ledger.db", "Ledger job", read_only=True)


class Home:
    """The folder of a job, and the command."""

    def __init__(self, folder, mode, run):
        self.folder, self.mode, self.run = folder, mode, run

    def job(self, **settings):
        """Write the job file."""
        write_job(self.folder, self.mode, **settings)

    def rows(self, text):
        """Write the source."""
        (self.folder / "apps.csv").write_text(text)

    def apply(self, status=DONE, command="apply"):
        """Run the job, check its exit code, and return its run document."""
        ran = self.run(f"{command} job.toml --json")
        assert ran.status == status, (ran.err, ran.out)
        return json.loads(ran.out)

    def plan(self, status):
        """Preview the job, and return its run document."""
        return self.apply(status, "plan")

    def review(self, status=DONE):
        """Save a plan of the job, apply the plan, and return the run document of that."""
        self.run("plan job.toml --save plan.json --quiet-when-unchanged")
        ran = self.run("apply plan.json --job job.toml --json --again")  # all within a second
        assert ran.status == status, (ran.err, ran.out)
        return json.loads(ran.out)


def actions(document):
    """Return the changes of a run as pairs of action and name."""
    return sorted((change["action"], change["name"]) for change in document["changes"])
