"""dlt: resources as the rows of a job, and a job as the destination of a pipeline, run by dlt itself."""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from engine_jobs import TOKEN, code_of_page, engine_emulator, files_with, stored, write_job

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_spec("dlt") is None, reason="dlt is not installed"),
]
WRONG_TOKEN = "another-token-that-nothing-may-show"


@pytest.fixture(scope="module")
def server():
    """Run an emulator with an empty workspace."""
    with engine_emulator() as server:
        yield server


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return the folder of all that the tests write."""
    return tmp_path_factory.mktemp("dlt")


@pytest.fixture(scope="module")
def ran(folder, server):
    """Run the pipelines, and return what happened and what was printed."""
    for name in ("whole", "loaded", "bad_row"):
        write_job(folder, name, source='file = "apps.csv"')
    write_job(folder, "apps")
    pages = [folder / f"page_{number}.py" for number, _ in enumerate(code_of_page("dlt"))]
    for path, code in zip(pages, code_of_page("dlt"), strict=True):
        path.write_text(code.replace("/srv/ardoq/jobs", str(folder)), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, Path(__file__).parent / "dlt_pipelines.py", folder, *pages],
        env={
            **os.environ,
            "RUNTIME__DLTHUB_TELEMETRY": "false",
            "RUNTIME__LOG_LEVEL": "INFO",
            "ARDOQ__HOST": server.url,
            "ARDOQ__TOKEN": TOKEN,
            "DESTINATION__ARDOQ__HOST": server.url,
            "DESTINATION__ARDOQ__TOKEN": TOKEN,
            "DESTINATION__WRONG__HOST": server.url,
            "DESTINATION__WRONG__TOKEN": WRONG_TOKEN,
            "DLT_DATA_DIR": str(folder / "dlt"),
        },
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1]), done.stdout + done.stderr


def test_a_resource_is_the_source_of_a_job(ran, server):
    """The rows of a resource are written, and a resource that lacks rows is up against the delete guard."""
    assert ran[0]["whole"]["created"] == 2
    assert "The delete guard blocked the deleting or marking of 2 entities." in ran[0]["shrunk"]
    assert ("Orders", "1", 5) in stored(server)


def test_the_examples_of_the_page_run(ran, server):
    """The page's resource and its pipeline write their rows."""
    assert "2 created" in ran[1]
    assert ("Invoices", "101", 400) in stored(server)
    assert ("Shipping", "103", None) in stored(server)


def test_an_incremental_resource_makes_nothing_missing(ran, server):
    """The rows of an incremental resource are changes: they update, and nothing is missing."""
    assert (ran[0]["changed"]["updated"], ran[0]["changed"]["missing"]) == (1, 0)
    assert ("Billing", "2", 8) in stored(server)


def test_a_pipeline_creates_and_updates_and_deletes_nothing(ran, server, folder):
    """A load creates and updates what its rows describe; what only an earlier load had stays."""
    assert (ran[0]["loaded"], ran[0]["loaded_again"]) == (None, None)
    assert ("Loaded", "10", 3) in stored(server)
    assert ("Too", "11", 2) in stored(server)
    reports = [path.read_text(encoding="utf-8") for path in sorted((folder / "reports").glob("apps-*.html"))]
    assert "Shipping" in reports[0]
    assert "Too" in reports[1]


def test_a_row_that_fails_ends_the_load(ran, server):
    """The load with a row that cannot be used fails with the reason; the other rows are written."""
    assert "apps row 1: " in ran[0]["bad_row"]
    assert "1 row failed" in ran[0]["bad_row"]
    assert ("Good", "13", 4) in stored(server)


def test_a_load_without_access_fails(ran):
    """If Ardoq does not accept the token, the load fails with the reason."""
    assert "401 Unauthorized" in ran[0]["without_access"]


def test_the_token_is_nowhere(ran, folder):
    """Neither what dlt prints, logs or keeps, nor a report has an access token."""
    for token in (TOKEN, WRONG_TOKEN):
        assert token not in ran[1]
        assert files_with(folder, token) == []
    assert "1 created" in ran[1]
