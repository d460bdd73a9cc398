"""Dagster: a job as an asset, materialized by Dagster itself."""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from engine_jobs import TOKEN, code_of_page, engine_emulator, files_with, stored, write_job

from ardoqpy_sync.integrations.unattended import run_unattended

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_spec("dagster") is None, reason="Dagster is not installed"),
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
    return tmp_path_factory.mktemp("dagster")


@pytest.fixture(scope="module")
def ran(folder, server):
    """Materialize the jobs of three folders, and return what Dagster kept and what it printed."""
    folders = {name: folder / name for name in ("works", "blocked", "without_access")}
    for name, path in folders.items():
        path.mkdir()
        write_job(path, "from_asset", source='file = "from_asset.csv"')
        write_job(path, rows=[(f"{name}-{row}", f"App {name} {row}", row) for row in range(3)])
    settings = {"hosturl": server.url, "token": TOKEN}
    assert run_unattended(str(folders["blocked"] / "apps.toml"), **settings).error is None
    write_job(folders["blocked"], rows=[("new", "New", 9)])
    (page,) = code_of_page("dagster")
    write_job(folder, "applications")
    page = page.replace("https://yourorg.ardoq.com", server.url).replace("/srv/ardoq/jobs", str(folder))
    (folder / "page.py").write_text(page, encoding="utf-8")
    home = folder / "home"
    home.mkdir()
    done = subprocess.run(
        [
            *(sys.executable, Path(__file__).parent / "dagster_assets.py"),
            *(folders["works"], "ARDOQ_TEST_TOKEN", folders["blocked"], "ARDOQ_TEST_TOKEN"),
            *(folders["without_access"], "ARDOQ_WRONG_TOKEN"),
        ],
        env={
            **os.environ,
            "DAGSTER_HOME": str(home),
            "DAGSTER_DISABLE_TELEMETRY": "yes",
            "ARDOQ_TEST_HOST": server.url,
            "ARDOQ_TEST_TOKEN": TOKEN,
            "ARDOQ_API_TOKEN": TOKEN,
            "TEST_PAGE": str(folder / "page.py"),
            "ARDOQ_WRONG_TOKEN": WRONG_TOKEN,
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    return dict(
        zip([*folders, "page"], json.loads(done.stdout.splitlines()[-1]), strict=True)
    ), done.stdout + done.stderr


def test_a_job_is_an_asset_with_a_check(ran, server, folder):
    """Rows of an asset and of a file are written; totals and report are in the metadata of the asset."""
    works = ran[0]["works"]
    assert works["succeeded"]
    assert works["failures"] == {}
    assert ("Sales", "works", 5) in stored(server)
    assert ("App works 0", "works-0", 0) in stored(server)
    metadata = works["metadata"]
    assert metadata["apps"]["components created"] == 3
    assert metadata["from_asset"]["components created"] == 1
    assert "App works 0" in metadata["apps"]["report"]
    (report,) = (folder / "works" / "reports").glob("*.html")
    assert metadata["apps"]["report file"] == str(report)
    assert "App works 0" in report.read_text(encoding="utf-8")
    assert works["checks"] == {"apps": [True, None], "from_asset": [True, None]}
    assert "downstream" in metadata


def test_the_example_of_the_page_runs(ran, server, folder):
    """The definitions of the page write the rows of its asset, and a report."""
    assert "report file" in ran[0]["page"]["applications"]
    assert ("Orders", "1", 1200) in stored(server)
    assert len(list((folder / "reports").glob("*.html"))) == 1


def test_the_check_fails_if_the_delete_guard_blocks(ran, server):
    """If the guard blocks, nothing is deleted, the check says why, and what is downstream does not run."""
    blocked = ran[0]["blocked"]
    is_passed, why = blocked["checks"]["apps"]
    assert not is_passed
    assert "The delete guard blocked the deleting or marking of 3 entities." in why
    assert "downstream" not in blocked["metadata"]
    assert {"App blocked 0", "App blocked 2", "New"} <= {name for name, _, _ in stored(server)}


def test_a_run_that_fails_fails_the_asset(ran, server):
    """If Ardoq does not accept the token, the asset fails with the reason, and nothing is written."""
    failed = ran[0]["without_access"]
    assert not failed["succeeded"]
    assert "401 Unauthorized" in failed["failures"]["apps"]
    assert failed["metadata"].keys() == {"orders"}
    assert not [name for name, _, _ in stored(server) if "without_access" in name]


def test_the_token_is_nowhere(ran, folder):
    """Neither what Dagster prints or keeps, nor the resource as text, nor a report has an access token."""
    for token in (TOKEN, WRONG_TOKEN):
        assert token not in ran[1]
        assert files_with(folder, token) == []
    assert "App works 0" in ran[1]
