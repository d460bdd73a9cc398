"""The recipes of docs/recipes.md run as they are."""

import re
from pathlib import Path

import pytest
from job_seed import SEED, field, writes

from ardoqpy_sync.job import parse_job, run_job

PAGE = (Path(__file__).parents[2] / "docs" / "recipes.md").read_text(encoding="utf-8")
RECIPES = re.findall(
    r'^## (.*?)\n.*?^```\w+ title="(\S+)"\n(.*?)^```$.*?^```toml\n(.*?)^```$', PAGE, re.DOTALL | re.MULTILINE
)
#: By recipe: the components that it writes, by name, with what is special about them, and the references.
EXPECTED = {
    "A title above the header": ({"Web shop": {"description": "Eier: Kari"}, "Billing": {}}, 0),
    "A dash or n/a in empty cells": (
        {"Web shop": {"lifecycle": "Live", "parent": None}, "Basket": {"lifecycle": None}},
        0,
    ),
    "Units, local numbers and several date formats": (
        {
            "Web shop": {"cost": 1200000.5, "live_since": "2019-05-31T00:00:00.000Z"},
            "Billing": {"cost": 450000, "live_since": "2021-01-15T00:00:00.000Z"},
        },
        0,
    ),
    "Words of another language": (
        {"Nettbutikk": {"lifecycle": "Live"}, "Lager": {"lifecycle": "Retired"}, "Faks": {"lifecycle": None}},
        0,
    ),
    "Several values in a cell": ({"Web shop": {}, "Basket": {}, "Billing": {}}, 3),
    "Several kinds in one sheet": ({"Web shop": {"typeId": "p1"}, "db-1": {"typeId": "p2"}}, 1),
    "Rows that are not for Ardoq": ({"Web shop": {}}, 0),
    "Nested JSON": ({"web-1": {"description": "web from web:2"}, "db-1": {"description": "db from db:9"}}, 0),
    "Lists within lists": (
        {"h1": {"description": "ops in prod"}, "h2": {}, "h3": {"description": "dev in prod"}},
        0,
    ),
    "One file for each item": ({"Web shop": {"description": "Team Sales"}}, 0),
    "Columns that should be rows, or a second file to join": ({"Web shop": {"cost": 200}}, 0),
}


def test_every_recipe_is_tested():
    """The page has the recipes that these tests know, each with a source and a job."""
    assert [title for title, *_ in RECIPES] == re.findall(r"^## (.*)", PAGE, re.MULTILINE) == list(EXPECTED)


@pytest.mark.parametrize(("title", "file", "content", "job"), RECIPES, ids=[title for title, *_ in RECIPES])
def test_recipe_runs_as_it_is(ardoq, new_client, tmp_path, title, file, content, job):
    """A recipe writes what it says, no row fails, and a second run changes nothing."""
    ardoq.load({**SEED, "fields": [*SEED["fields"], field("live_since", "Live since", "DateTime")]})
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_text(content, encoding="utf-8")
    parsed = parse_job(job, tmp_path / "job.toml")
    client = new_client()
    result = run_job(parsed, client)
    report = client.get_report()
    assert (result.failure, result.notes, report["status"]) == (None, [], "success")
    dump = ardoq.dump()
    stored = {comp["name"]: comp | comp.get("customFields", {}) for comp in dump["components"]}
    expected, references = EXPECTED[title]
    assert stored.keys() == expected.keys()
    for name, values in expected.items():
        assert {key: stored[name].get(key) for key in values} == values
    assert len(dump["references"]) == references
    ardoq.clear_requests()
    run_job(parsed, new_client())
    assert writes(ardoq) == []
