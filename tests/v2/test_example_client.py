"""`API` and `Batch` as the portal's example client has them, and the example that uses them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from error_messages import sentence_of
from example_organisation import COMPONENTS, REFERENCES, REPORT, WORKSPACE

from ardoqpy import API, Batch, ConfigurationError, Conflict, InvalidInput, NotFoundError
from ardoqpy.testing import Fault

EXAMPLE = Path(__file__).parents[2] / "examples" / "me.py"
NEW = {"rootWorkspace": WORKSPACE, "typeId": "p1", "name": "New"}
LINK = {"source": COMPONENTS[0], "target": COMPONENTS[1], "type": 1}


@pytest.fixture
def api(ardoq):
    """Give an API made as the portal's example makes it."""
    with API(ardoq_api_host=ardoq.url, ardoq_api_token=ardoq.token) as created:
        yield created


def test_settings_come_from_the_environment(ardoq, monkeypatch):
    """Without arguments the three environment variables are used."""
    monkeypatch.setenv("ARDOQ_API_HOST", ardoq.url)
    monkeypatch.setenv("ARDOQ_API_TOKEN", ardoq.token)
    monkeypatch.setenv("ARDOQ_ORG_LABEL", "emulator")
    api = API()
    assert (api.ardoq_api_host, api.ardoq_org_label) == (ardoq.url, "emulator")
    assert api.ardoq_api_token == ardoq.token
    assert api.me()["org"]["label"] == "emulator"


def test_the_default_host_is_the_shared_one():
    """The default host needs a label, and every host a token: an error, not the end of the process."""
    assert "app.ardoq.com is shared by many" in sentence_of(ConfigurationError, API, None, "t0ken")
    assert API(None, "t0ken", "acme").ardoq_api_host == "https://app.ardoq.com"
    assert sentence_of(ConfigurationError, API).startswith("No token is set: ")


def test_listing_components_in_three_ways(api):
    """A page as it is, as text, or an iterator over all pages."""
    page = api.list_components({"typeId": "p2"})
    assert [comp["_id"] for comp in page["values"]] == COMPONENTS[6:11]
    assert json.loads(api.list_components({"typeId": "p2"}, raw=True)) == page
    assert [comp["_id"] for comp in api.list_components({"typeId": "p2"}, paginated=True)] == COMPONENTS[6:]
    sentence_of(InvalidInput, api.list_components, ["x"])
    sentence_of(InvalidInput, api.list_components, ["x"], raw=True)


def test_listing_the_others(api):
    """References and workspaces come one by one, over all pages."""
    references = api.list_references({"type": 1})
    assert next(references)["_id"] == REFERENCES[0]
    assert len(list(references)) == 3
    assert len(list(api.list_references())) == len(REFERENCES)
    assert [ws["name"] for ws in api.list_workspaces({"name": "Apps"})] == ["Apps"]


@pytest.mark.parametrize(
    ("kind", "new", "change"),
    [("component", NEW, {"name": "Newer"}), ("reference", LINK, {"displayText": "x"})],
)
def test_one_entity_from_create_to_delete(api, kind, new, change):
    """Create, read, update, delete: a delete returns an empty dict, where the portal's client fails."""
    create, read, update, delete = (
        getattr(api, f"{verb}_{kind}") for verb in ("create", "read", "update", "delete")
    )
    created = create(new)
    assert read(created["_id"]) == created
    assert update(created["_id"], change, 1)["_version"] == 2
    assert update(id=created["_id"], data=change)["_version"] >= 2
    sentence_of(Conflict, update, created["_id"], change, version=1)
    assert delete(created["_id"]) == {}
    sentence_of(NotFoundError, read, created["_id"])


def test_data_is_sent_as_it_is(api):
    """Parameters that Ardoq ignores are sent, as with the portal's client."""
    assert api.create_component({**NEW, "some": "thing"})["name"] == "New"
    assert api.update_reference(REFERENCES[0], {"type": 2})["type"] == 1


def test_a_lost_answer_to_a_change_is_checked(ardoq):
    """The wire is this library's."""
    with API(ardoq.url, ardoq.token, retries=1) as api:
        ardoq.add_faults(Fault("drop-after"))
        assert api.update_component(COMPONENTS[0], {"name": "x"}, 1)["_version"] == 2


def test_workspaces_and_reports(api):
    """Each answers as Ardoq does; reports and their rows are one page with the values of all pages."""
    assert api.read_workspace(WORKSPACE)["name"] == "Apps"
    assert api.read_workspace_context(WORKSPACE)["rootWorkspace"] == WORKSPACE
    assert [report["_id"] for report in api.reports()["values"]] == [REPORT]
    assert api.report(REPORT)["name"] == "All"
    page = api.report_run(REPORT, "objects")
    assert (len(page["values"]), page["_links"], page["_meta"]["name"]) == (10, {}, "All")
    assert [len(row) for row in api.report_run(REPORT, "tabular")["values"]] == [3] * 10
    assert (
        sentence_of(InvalidInput, api.report_run, REPORT, "x") == "view is 'x': use 'objects' or 'tabular'."
    )


def test_a_batch_is_taken_in_every_form(api):
    """The Batch, its body, or a dict; the answer is Ardoq's."""
    batch = Batch(respondWithEntities=True).create_component(NEW, batchId="a").create_reference(LINK)
    assert not batch.is_empty()
    for form in (batch, batch.body, {"components": {"create": [{"body": NEW, "batchId": "a"}]}}):
        answer = api.batch(form)
        assert answer["components"]["created"][0]["batchId"] == "a"
    sentence_of(InvalidInput, api.batch, None)


@pytest.mark.parametrize("call", ["read_component", "delete_reference", "read_workspace", "report"])
def test_an_id_that_is_none_is_refused(ardoq, api, call):
    """No id reaches another path."""
    sentence_of(InvalidInput, getattr(api, call), "../me")
    assert ardoq.requests == []


def run(*arguments):
    """Run the example."""
    return subprocess.run(
        [sys.executable, str(EXAMPLE), *arguments], capture_output=True, text=True, check=False, timeout=60
    )


def test_the_example_client_returns_the_user(ardoq):
    """Host, label and the end of the token first, then who it is; the token itself is not shown."""
    done = run("--host", ardoq.url, "--org", "emulator", "--token", ardoq.token)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[:3] == [f"host:  {ardoq.url}", "org:   emulator", f"token: ...{ardoq.token[-4:]}"]
    assert lines[3].startswith("you:   user@emulator.example of ")
    assert ardoq.token not in done.stdout


def test_the_example_client_reports_errors():
    """One sentence, no traceback."""
    done = run("--host", "https://app.ardoq.com", "--token", "t0ken")
    assert done.returncode == 1
    assert done.stderr.startswith("No organisation label is set")
    assert len(done.stderr.splitlines()) == 1
