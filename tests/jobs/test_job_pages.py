"""The page docs/job-file.md, and the first job that `init` writes."""

import json
import re
import runpy
from pathlib import Path

import pytest
from job_seed import SEED, stored, stored_references, writes

from ardoqpy import ArdoqClient, InvalidInput
from ardoqpy_sync.job import load_job, parse_job, run_job
from ardoqpy_sync.job.scaffold import scaffold_job

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "job-file.md").read_text(encoding="utf-8")
CSV = """Id,Name,Purpose,Owner,Part of,Status,Cost,Needs
1,Shop,Sells,Ann,,live,900,Orders;Billing
2,Orders,Takes orders,Ben,Shop,live,1200,Billing
3,Billing,Bills,,Shop,planned,,
"""


def test_page_is_generated_from_the_schema():
    """A change of the schema needs a new page."""
    assert runpy.run_path(str(DOCS / "make_job_file.py"))["page"]() == PAGE, (
        "run: python docs/make_job_file.py"
    )


def test_job_on_the_page_runs(ardoq, new_client, tmp_path):
    """The example can be previewed and run; a second run changes nothing."""
    (example,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "apps.csv").write_text(CSV, encoding="utf-8")
    job = parse_job(example.replace('"Applications"', '"Apps"'), tmp_path / "job.toml")
    for simulate in (True, False):
        client = new_client(simulate=simulate)
        assert run_job(job, client).blocked == []
        report = client.get_report()
        assert (report["new_comps"], report["new_refs"], report["status"]) == (3, 3, "success")
    assert stored(ardoq)["Orders"]["description"] == "Takes orders, owned by Ben"
    assert stored_references(ardoq) == [
        ("Orders", "Billing", 1),
        ("Shop", "Billing", 1),
        ("Shop", "Orders", 1),
    ]
    ardoq.clear_requests()
    run_job(job, new_client())
    assert writes(ardoq) == []


def test_first_job_is_valid(ardoq, new_client, way, tmp_path):
    """A first job maps name, description, key and fields by their names, and can be previewed."""
    header = 'Title,CMDB ID,Lifecycle,Yearly-Cost,Beskrivelse,Odd {column},"Shoe ""size"""\n'
    (tmp_path / "apps.csv").write_text(
        header + "Shop,1,Live,5,Sells,x,y\nTill,2,Planned,6,,x,z\n", encoding="utf-8"
    )
    with ArdoqClient(ardoq.url, ardoq.token, version=way["version"]) as client:
        text = scaffold_job(client, "apps", "apps.csv", tmp_path)
    path = tmp_path / "job.toml"
    path.write_text(text, encoding="utf-8")
    job = load_job(path)
    (mapping,) = job.components
    assert (job.ardoq["host"], mapping.workspace, mapping.type) == (ardoq.url, "Apps", "Application")
    assert (mapping.key, mapping.attributes["name"].raw) == ("cmdb_id", "{Title}")
    assert {name: template.raw for name, template in mapping.fields.items()} == {
        "cmdb_id": "{CMDB ID}", "lifecycle": "{Lifecycle}", "cost": "{Yearly-Cost}"
    }  # fmt: skip
    assert mapping.attributes["description"].raw == "{Beskrivelse}"
    assert '# columns without a field of the same name: "Shoe \\"size\\""' in text
    assert "a-token" not in text
    client = new_client(simulate=True)
    run_job(job, client)
    assert (len(client.plan), writes(ardoq)) == (2, [])


def test_first_job_needs_a_workspace_with_types(ardoq, tmp_path):
    """A missing workspace and a workspace without types are rejected."""
    (tmp_path / "apps.csv").write_text("Name\nShop\n", encoding="utf-8")
    with ArdoqClient(ardoq.url, ardoq.token, version="v2") as client:
        with pytest.raises(InvalidInput, match="There is no workspace 'App': did you mean 'Apps'"):
            scaffold_job(client, "App", "apps.csv", tmp_path)
        ardoq.load(SEED | {"models": [SEED["models"][0] | {"root": {}}]})
        with pytest.raises(InvalidInput, match="has no component type"):
            scaffold_job(client, "Apps", "apps.csv", tmp_path)


@pytest.mark.parametrize(
    "name", ['"; drop', "a\nb", "naïve ☃", "\\u0041", "{Name}", "]] #", "tab\there", "\x7f"]
)
def test_any_column_name_gives_a_valid_first_job(ardoq, tmp_path, name):
    """Any column and source name gives a valid job."""
    (tmp_path / "apps.json").write_text(json.dumps([{"Name": "Shop", name: 1}]), encoding="utf-8")
    with ArdoqClient(ardoq.url, ardoq.token, version="v2") as client:
        text = scaffold_job(client, "Apps", {"file": "apps.json", "name": name.replace("\n", " ")}, tmp_path)
    assert parse_job(text, tmp_path / "job.toml").components[0].attributes["name"].raw == "{Name}"
