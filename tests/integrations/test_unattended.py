"""A job that an engine runs, without a terminal: what it returns, reports and leaves, however it ends."""

import json

import pytest
from engine_jobs import TOKEN, engine_emulator, files_with, stored, write_job

from ardoqpy_sync.integrations.unattended import explain_failure, run_unattended, summary_of
from ardoqpy_sync.reporting.exit_codes import CHANGES, DONE, FAILED, INTERRUPTED

ROWS = [(str(number), f"App {number}", number) for number in range(5)]


@pytest.fixture
def server():
    """Run an emulator with an empty workspace."""
    with engine_emulator() as server:
        yield server


@pytest.fixture
def run(server, tmp_path):
    """Return a function that runs the job of a folder."""

    def run(job="apps", **settings):
        return run_unattended(str(tmp_path / f"{job}.toml"), hosturl=server.url, token=TOKEN, **settings)

    return run


def test_a_run_is_summarized_without_names_and_values(run, server, tmp_path):
    """The summary has the status, the totals and the files, and nothing that is in Ardoq; G7."""
    write_job(tmp_path, rows=ROWS)
    report = str(tmp_path / "new" / "folder" / "report.json")
    result = run(report=report)
    summary = summary_of(result, plan_only=False, plan_file=None, report=report)
    assert (summary["status"], summary["totals"]["component"]["created"]) == ("done", 5)
    assert (summary["report"], summary["plan"]) == (report, None)
    assert "App 1" not in json.dumps(summary)
    assert (
        json.loads((tmp_path / "new" / "folder" / "report.json").read_text())["totals"] == summary["totals"]
    )
    assert files_with(tmp_path, TOKEN) == []
    assert len(stored(server)) == 5


def test_a_run_that_the_engine_stops_is_completed_by_the_next_one(run, server, tmp_path):
    """A run that is stopped sends no further write and reports what it wrote; a retry writes the rest."""
    write_job(tmp_path, rows=ROWS)
    calls = []

    def stop():
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt

    stopped = run(version="v1", check_interrupt=stop, report=str(tmp_path / "report.md"))
    assert stopped.exit_code == INTERRUPTED
    assert stopped.document["totals"]["component"]["created"] == len(stored(server)) == 2
    assert "interrupted" in (tmp_path / "report.md").read_text(encoding="utf-8")
    retried = run()
    assert (retried.exit_code, retried.document["totals"]["component"]["created"]) == (DONE, 3)
    assert sorted(name for name, _, _ in stored(server)) == [f"App {number}" for number in range(5)]


def test_a_preview_saves_its_plan(run, server, tmp_path):
    """A preview writes nothing but the plan and the report, and its plan can be applied once."""
    write_job(tmp_path, rows=ROWS)
    plan = str(tmp_path / "plan.json")
    assert run(plan_only=True, plan_file=plan).exit_code == CHANGES
    assert stored(server) == []
    assert run(plan_file=plan, approved_by="Ada").exit_code == DONE
    assert len(stored(server)) == 5
    again = run(plan_file=plan)
    assert again.exit_code == FAILED
    assert "was applied at" in explain_failure(again)


def test_a_failure_is_explained_with_its_rows(run, tmp_path):
    """The message for a failed run has each kind of problem with its first row, and no control characters."""
    write_job(tmp_path, rows=[("1", "Shop", "much\x1b[2J"), ("2", "Till", "some")])
    message = explain_failure(run())
    assert "apps.csv line 2: " in message
    assert "2 rows" in message
    assert "\x1b" not in message


def test_what_cannot_be_run_is_explained(run, tmp_path):
    """A missing job, a report that cannot be written and a bug are messages; a bug's text may be secret."""
    assert "no-such-job.toml" in explain_failure(run("no-such-job"))
    write_job(tmp_path, rows=ROWS)
    result = run(report=str(tmp_path / "report.txt"))
    assert result.exit_code == FAILED
    assert "its name has to end with .html, .md or .json" in explain_failure(result)

    def rows():
        yield {"Id": "9", "Name": "New", "Cost": 9}
        raise RuntimeError(f"cannot log in with {TOKEN}")

    result = run(rows=rows())
    assert explain_failure(result).startswith("Unexpected error: RuntimeError.")
    assert isinstance(result.error, RuntimeError)
    assert "New" not in json.dumps(result.document)
