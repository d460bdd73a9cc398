"""Rows that are not their whole source, such as the changes since yesterday: nothing is missing then."""

import pytest
from ledger_jobs import EACH_MODE, ROWS, components, write_job

from ardoqpy_sync.integrations.unattended import run_unattended
from ardoqpy_sync.reporting.exit_codes import BLOCKED, CHANGES, DONE, FAILED

CHANGED = {"Id": "2", "Name": "Till", "Cost": "99", "Owner": "me"}
NEW = {"Id": "4", "Name": "Desk", "Cost": "40", "Owner": "me"}
SERVERS = """
[sources.servers]
file = "no-such-file.csv"
[[components]]
rows = "servers"
workspace = "Apps"
type = "Server"
name = "{Host}"
"""


@pytest.fixture(params=EACH_MODE)
def job(request, ardoq, tmp_path):
    """Return the path of a job that deletes what is missing, and that has written its three rows."""
    assert ardoq
    write_job(tmp_path, request.param, guard="missing_after = 2")
    (tmp_path / "apps.csv").write_text(ROWS)
    path = str(tmp_path / "job.toml")
    assert run_unattended(path).exit_code == DONE
    return path


def test_partial_rows_are_written_and_nothing_is_missing(job, ardoq):
    """Partial rows create and update; all else stays, is not listed as missing, and is not counted."""
    for _ in range(3):
        result = run_unattended(job, rows=[CHANGED, NEW], partial=True)
        assert (result.exit_code, result.document["missing"]) == (DONE, [])
        assert "The rows are not the whole source, so nothing can be missing." in result.document["notes"]
    assert {name: item.get("cost") for name, item in components(ardoq).items()} == {
        "Fax": None,
        "Shop": 10,
        "Till": 99,
        "Bank": 30,
        "Desk": 40,
    }
    # A whole source without one of them counts as the first run in which that is missing.
    whole = [{"Id": "1", "Name": "Shop", "Cost": "10", "Owner": "me"}, CHANGED, NEW]
    result = run_unattended(job, rows=whole)
    (missing,) = result.document["missing"]
    assert (missing["name"], missing["missing_runs"]) == ("Bank", 1)
    assert "Bank" in components(ardoq)


def test_a_preview_of_partial_rows_is_that_of_the_run(job):
    """A preview of partial rows has the changes of the run, and the run after it has none."""
    preview = run_unattended(job, rows=[CHANGED], partial=True, plan_only=True)
    run = run_unattended(job, rows=[CHANGED], partial=True)
    assert (preview.exit_code, run.exit_code) == (CHANGES, DONE)
    assert preview.document["totals"] == run.document["totals"]
    assert run_unattended(job, rows=[CHANGED], partial=True, plan_only=True).exit_code == DONE


def test_a_source_that_shrinks_after_partial_rows_is_blocked(job, tmp_path, ardoq):
    """The guard compares a source with the last run that read all of it, and not with partial rows."""
    text = (tmp_path / "job.toml").read_text()
    (tmp_path / "job.toml").write_text(
        text.replace("missing_after = 2", "").replace("share = 1.0", "share = 0.5")
    )
    assert run_unattended(job, rows=[CHANGED], partial=True).exit_code == DONE
    (tmp_path / "apps.csv").write_text("\n".join(ROWS.splitlines()[:2]))
    result = run_unattended(job)
    assert result.exit_code == BLOCKED
    sentences = [reason["sentence"] for reason in result.document["delete_guard"]["reasons"]]
    assert any(
        sentence.startswith("The source is suddenly small: 1 component row(s), and 3")
        for sentence in sentences
    )
    assert {"Shop", "Till", "Bank"} <= components(ardoq).keys()


def test_mappings_of_other_sources_are_left_out(job, tmp_path):
    """Partial rows of one source are written although another source of the job cannot be read."""
    text = (tmp_path / "job.toml").read_text() + SERVERS
    (tmp_path / "job.toml").write_text(text)
    assert run_unattended(job, rows={"apps": [CHANGED]}).exit_code == FAILED
    assert run_unattended(job, rows={"apps": [CHANGED]}, partial=True).exit_code == DONE


def test_rows_need_a_source_of_the_job(job):
    """Rows of a source that the job does not read are an error, and so are rows with a plan to apply."""
    result = run_unattended(job, rows={"app": [CHANGED]}, partial=True)
    assert result.errors == ["The job reads no source 'app': did you mean 'apps'?"]
    result = run_unattended(job, rows=[CHANGED], plan_file="plan.json")
    assert result.errors == [
        "A plan has its rows already: pass rows or a plan_file to apply, not both of them."
    ]
