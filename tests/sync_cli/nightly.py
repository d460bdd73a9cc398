"""A few applications, a job that syncs them, and its rows."""

APPS, MODEL = "5f00aa00bb00cc00dd00f020", "5f00aa00bb00cc00dd00f030"
MISSING, ORDERS = "5f00aa00bb00cc00dd00f010", "5f00aa00bb00cc00dd00f011"

SEED = {
    "format": 1,
    "models": [
        {
            "_id": MODEL,
            "name": "Applications",
            "root": {"p1": {"name": "Application"}},
            "referenceTypes": {"1": {"name": "depends on"}},
        }
    ],
    "fields": [
        {"label": "CMDB id", "name": "cmdb_id", "type": "Text", "model": MODEL, "global": True},
        {"label": "Yearly cost", "name": "cost", "type": "Number", "model": MODEL, "global": True},
    ],
    "workspaces": [{"_id": APPS, "name": "Apps", "componentModel": MODEL}],
    "components": [
        {"_id": MISSING, "name": "Fax", "typeId": "p1", "rootWorkspace": APPS},
        {"_id": ORDERS, "name": "Orders", "typeId": "p1", "rootWorkspace": APPS, "customFields": {"cost": 1}},
    ],
}

ROWS = "Id,Name,Cost,Needs\n1,Web shop,900,Orders\n2,Orders,1200,Billing\n3,Billing,400,\n"
#: A row with a cost that is no number.
BAD_ROW = "4,Till,much,\n"

JOB = """\
format = 1
name = "Nightly sync"

[ardoq]
version = "{version}"
{ardoq}
[run]
{run}
[guard]
share = {share}
missing_scope = "{scope}"

[sources.apps]
file = "apps.csv"

[[components]]
rows = "apps"
workspace = "Apps"
type = "Application"
name = "{{Name}}"
missing = "{missing}"

[components.fields]
cmdb_id = "{{Id}}"
cost = "{{Cost}}"

[[references]]
rows = "apps"
workspace = "Apps"
type = "depends on"
source = {{ type = "Application", value = "{{Name}}" }}
target = {{ type = "Application", value = "{{Needs}}" }}
"""

#: A test of the job, which passes.
TESTS = """\
[[tests]]
name = "An application that needs another one has a reference to it"
model = "model.json"
rows.apps = [{ Name = "Web shop", Cost = "900", Needs = "Orders" }]
before = [{ type = "Application", name = "Orders", fields = { "Yearly cost" = 1 } }]
changes = [
    { create = "Web shop", set = { cost = 900 } },
    { create = "Web shop -> Orders", type = "depends on" },
]
"""


def job_text(version="v2", missing="report", share=0.2, run="", ardoq="", scope="type"):
    """Return the text of the job with some settings changed."""
    return JOB.format(version=version, missing=missing, share=share, run=run, ardoq=ardoq, scope=scope)


def writes(ardoq):
    """Return the requests that are writes."""
    return [request for request in ardoq.requests if request.method != "GET"]


def names_in(ardoq):
    """Return the names of the components that Ardoq holds."""
    return sorted(component["name"] for component in ardoq.dump()["components"])
