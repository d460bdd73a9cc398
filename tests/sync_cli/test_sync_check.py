"""`ardoqpy-sync check`: everything that would fail, without a write."""

import json

import pytest
from nightly import BAD_ROW, ROWS, job_text, writes

from ardoqpy_sync.cli.exit_codes import BLOCKED, DONE, FAILED


def problems_of(ran):
    """Return the problems that --json prints."""
    summary = json.loads(ran.out)
    assert (summary["kind"], summary["format"], summary["exit"]) == ("ardoqpy check", 1, ran.status)
    assert ran.err == ""
    return summary["problems"]


def test_good_job(home, ardoq, run, version):
    """A job in which nothing would fail has no problems, and nothing is written."""
    (home / "job.toml").write_text(job_text(version))
    assert run("check job.toml") == (DONE, "Nightly sync: no problems found.\n", "")
    assert problems_of(run("check job.toml --json")) == []
    assert writes(ardoq) == []


def test_invalid_job_file(home, ardoq, run):
    """All mistakes in the file are listed with their lines, and no request is sent."""
    text = job_text().replace("share = 0.2", "share = 7").replace('name = "{Name}"', "nme = 1")
    (home / "job.toml").write_text(text)
    problems = problems_of(run("check job.toml --json"))
    assert [(problem["part"], problem["line"]) for problem in problems] == [
        ("job", 10),
        ("job", 15),
        ("job", 19),
    ]
    assert problems[0]["key"] == "guard.share"
    ran = run("check job.toml")
    assert ran.status == FAILED
    assert ran.out.startswith("job.toml line 10: share is 7")
    assert ran.out.endswith("3 problems found. The run was not previewed: there may be more.\n")
    assert ardoq.requests == []


def test_sources_and_names(home, ardoq, run, version):
    """A missing source and an unknown name are reported together."""
    text = job_text(version).replace('type = "depends on"', 'type = "depend on"')
    (home / "job.toml").write_text(text)
    (home / "apps.csv").unlink()
    problems = problems_of(run("check job.toml --json"))
    assert {problem["part"] for problem in problems} == {"job"}
    text = " ".join(problem["message"] for problem in problems)
    assert "apps.csv" in text
    assert "did you mean 'depends on'?" in text


def test_unreachable_ardoq_and_source(home, run, monkeypatch, closed_port):
    """If Ardoq cannot be reached, the sources are still checked."""
    monkeypatch.setenv("ARDOQ_API_HOST", closed_port)
    (home / "apps.csv").write_text("Id,Title\n")
    ran = run("check job.toml --json --retries 0")
    assert [problem["part"] for problem in problems_of(ran)][:1] == ["connection"]
    assert "job" in {problem["part"] for problem in problems_of(ran)}
    monkeypatch.delenv("ARDOQ_API_TOKEN")
    assert "set ARDOQ_API_TOKEN" in run("check job.toml").out


def test_rows_delete_guard_and_state(home, ardoq, run, version):
    """Rows that would fail, the delete guard and a damaged state file are reported together."""
    (home / "job.toml").write_text(job_text(version, missing="delete", run='state_file = "m.json"'))
    (home / "apps.csv").write_text(ROWS + BAD_ROW)
    (home / "m.json").write_text("{")
    problems = problems_of(run("check job.toml --json"))
    assert [problem["part"] for problem in problems] == ["state_file", "row", "guard", "guard"]
    assert problems[1]["label"] == "apps.csv line 5"
    assert "share = 0.5" in run("check job.toml").out
    assert writes(ardoq) == []


def test_only_delete_guard(home, run):
    """If only the delete guard would block the run, the exit code is 3."""
    (home / "job.toml").write_text(job_text(missing="delete"))
    assert run("check job.toml").status == BLOCKED


@pytest.mark.parametrize("way", ['on_error = "raise"', 'on_error = "collect"'])
def test_all_rows_are_checked(home, run, way):
    """All bad rows are reported, also for a job that stops at the first one."""
    (home / "job.toml").write_text(job_text(run=way))
    (home / "apps.csv").write_text(ROWS + BAD_ROW + BAD_ROW.replace("Till", "Tall"))
    (problem,) = problems_of(run("check job.toml --json"))
    assert problem["rows"] == ["apps.csv line 5", "apps.csv line 6"]
