"""`ardoqpy-sync check`: everything that would fail, at once, and nothing written."""

import json

import pytest
from nightly import BAD_ROW, ROWS, job_text, writes

from ardoqpy_sync.cli.exit_codes import BLOCKED, DONE, FAILED


def troubles_of(ran):
    """Return what --json tells of what was found."""
    told = json.loads(ran.out)
    assert (told["kind"], told["format"], told["exit"]) == ("ardoqpy check", 1, ran.status)
    assert ran.err == ""
    return told["problems"]


def test_a_good_job_is_good(home, ardoq, run, version):
    """Of a job in which nothing would fail nothing is found, and nothing is written."""
    (home / "job.toml").write_text(job_text(version))
    assert run("check job.toml") == (DONE, "The night: no problems found.\n", "")
    assert troubles_of(run("check job.toml --json")) == []
    assert writes(ardoq) == []


def test_a_file_that_makes_no_sense(home, ardoq, run):
    """All that is wrong with the file is listed with its lines; Ardoq is not asked."""
    text = job_text().replace("share = 0.2", "share = 7").replace('name = "{Name}"', "nme = 1")
    (home / "job.toml").write_text(text)
    found = troubles_of(run("check job.toml --json"))
    assert [(one["part"], one["line"]) for one in found] == [("job", 10), ("job", 15), ("job", 19)]
    assert found[0]["key"] == "guard.share"
    ran = run("check job.toml")
    assert ran.status == FAILED
    assert ran.out.startswith("job.toml line 10: Share is 7")
    assert ran.out.endswith("3 problems found. The run was not previewed: there may be more.\n")
    assert ardoq.requests == []


def test_sources_and_names_at_once(home, ardoq, run, version):
    """A source that is not there and a name that Ardoq does not have are found together."""
    text = job_text(version).replace('type = "depends on"', 'type = "depend on"')
    (home / "job.toml").write_text(text)
    (home / "apps.csv").unlink()
    found = troubles_of(run("check job.toml --json"))
    assert {one["part"] for one in found} == {"job"}
    told = " ".join(one["sentence"] for one in found)
    assert "apps.csv" in told
    assert "did you mean 'depends on'?" in told


def test_no_connection_and_a_source_at_once(home, run, monkeypatch, closed_port):
    """Where Ardoq cannot be reached the sources are looked at all the same."""
    monkeypatch.setenv("ARDOQ_API_HOST", closed_port)
    (home / "apps.csv").write_text("Id,Title\n")
    ran = run("check job.toml --json --retries 0")
    assert [one["part"] for one in troubles_of(ran)][:1] == ["connection"]
    assert "job" in {one["part"] for one in troubles_of(ran)}
    monkeypatch.delenv("ARDOQ_API_TOKEN")
    assert "set ARDOQ_API_TOKEN" in run("check job.toml").out


def test_rows_the_guard_and_the_memory(home, ardoq, run, version):
    """Rows that would fail, what the guard would refuse and a damaged memory are found together."""
    (home / "job.toml").write_text(job_text(version, missing="delete", run='memory = "m.json"'))
    (home / "apps.csv").write_text(ROWS + BAD_ROW)
    (home / "m.json").write_text("{")
    found = troubles_of(run("check job.toml --json"))
    assert [one["part"] for one in found] == ["memory", "row", "guard", "guard"]
    assert found[1]["label"] == "apps.csv line 5"
    assert "share = 0.5" in run("check job.toml").out
    assert writes(ardoq) == []


def test_only_the_guard_is_status_3(home, run):
    """Where only the guard would refuse, the status is 3."""
    (home / "job.toml").write_text(job_text(missing="delete"))
    assert run("check job.toml").status == BLOCKED


@pytest.mark.parametrize("way", ['on_error = "raise"', 'on_error = "collect"'])
def test_all_rows_are_looked_at(home, run, way):
    """Also of a job that stops at the first bad row all bad rows are found."""
    (home / "job.toml").write_text(job_text(run=way))
    (home / "apps.csv").write_text(ROWS + BAD_ROW + BAD_ROW.replace("Till", "Tall"))
    assert len(troubles_of(run("check job.toml --json"))) == 2
