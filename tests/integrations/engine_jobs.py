"""Jobs for the tests of the engines, and an emulator for them."""

import contextlib
import csv
import re
from pathlib import Path

from ardoqpy.testing import emulator

TOKEN = "t0ken-of-the-engines-that-nothing-may-show"
MODEL, APPS = "5f00aa00bb00cc00dd000010", "5f00aa00bb00cc00dd000200"
SEED = {
    "format": 1,
    "models": [{"_id": MODEL, "name": "Model", "root": {"p1": {"name": "App"}}}],
    "fields": [
        {"label": "Cost", "name": "cost", "type": "Number", "model": MODEL, "global": True},
        {"label": "Uid", "name": "uid", "type": "Text", "model": MODEL, "global": True},
    ],
    "workspaces": [{"_id": APPS, "name": "Apps", "componentModel": MODEL}],
}
JOB = """
format = 1
name = "{name}"
[run]
{run}
[guard]
count = 1
[sources.apps]
{source}
[[components]]
rows = "apps"
workspace = "Apps"
type = "App"
name = "{{Name}}"
key = "uid"
missing = "delete"
[components.fields]
uid = "{{Id}}"
cost = "{{Cost}}"
"""


@contextlib.contextmanager
def engine_emulator(**options):
    """Run an emulator with an empty workspace, and check afterwards that nothing crashed in it."""
    with emulator(seed=SEED, token=TOKEN, **options) as server:
        yield server
        assert server.crashes == []


def write_job(folder, name="apps", run="", rows=(), source=None):
    """Write a job and the rows of its source, and return the path of the job file."""
    job = folder / f"{name}.toml"
    write_rows(folder / f"{name}.csv", rows)
    source = f'file = "{name}.csv"' if source is None else source
    job.write_text(JOB.format(name=name, run=run, source=source), encoding="utf-8")
    return str(job)


def write_rows(path, rows):
    """Write rows to a CSV file, each as id, name and cost."""
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("Id", "Name", "Cost"), *rows])


def stored(server):
    """Return the name, the uid and the cost of each component of an emulator, sorted."""
    components = [(item["name"], item["customFields"]) for item in server.dump()["components"]]
    return sorted((name, fields.get("uid"), fields.get("cost")) for name, fields in components)


def files_with(folder, text):
    """Return the files below a folder that contain a text, such as a token."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return [path for path in files if text.encode() in path.read_bytes()]


def code_of_page(engine):
    """Return the blocks of Python code on the page of an engine."""
    page = Path(__file__).parents[2] / "docs" / "integrations" / f"{engine}.md"
    return re.findall(r"^```python\n(.*?)^```$", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
