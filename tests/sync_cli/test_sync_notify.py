"""Who is told what a run came to: reports, the summary of a step, a webhook; also where the run failed."""

import json
import re

import pytest
from nightly import BAD_ROW, ROWS, job_text

from ardoqpy._http import transport
from ardoqpy_sync.cli import github_summary
from ardoqpy_sync.cli.exit_codes import BLOCKED, CHANGES, DONE, FAILED
from ardoqpy_sync.reporting.document import read_run_document

# -- reports -----------------------------------------------------------------------------------------------


def test_reports_of_every_form(home, run, version):
    """--report writes a page, Markdown and data of one run; the data can be made into the others later."""
    (home / "job.toml").write_text(job_text(version))
    assert run("apply job.toml --report a.html --report a.md --report a.json").status == DONE
    page, markdown = (home / "a.html").read_text("utf-8"), (home / "a.md").read_text("utf-8")
    assert page.startswith("<!doctype html>") or page.lower().startswith("<!doctype html>")
    assert "Web shop" in page
    assert markdown.startswith("# The night\n")
    assert read_run_document("a.json")["totals"]["component"]["created"] == 2
    assert run("report a.json --report b.html --report b.md").status == DONE
    assert (home / "b.html").read_text("utf-8") == page
    assert (home / "b.md").read_text("utf-8") == markdown
    assert "created component Web shop (Application)" in run("report a.json").out
    assert run("report a.json --report c.md --title 'Another night'") == (DONE, "", "")
    assert (home / "c.md").read_text("utf-8").startswith("# Another night\n")


@pytest.mark.parametrize("content", [None, "", "{", "[]", '{"kind": "ardoqpy plan"}', "\x00"])
def test_what_is_no_report_is_refused(home, run, content):
    """`report` says in one sentence what is wrong with a file that is no report, and writes nothing."""
    if content is not None:
        (home / "a.json").write_text(content)
    ran = run("report a.json --report a.html")
    assert (ran.status, ran.out, ran.err.count("\n")) == (FAILED, "", 1)
    assert "a.json" in ran.err
    assert not (home / "a.html").exists()


def test_a_run_that_never_began_leaves_no_old_report_standing(home, ardoq, run):
    """Where a run fails before it begins its reports say so, in place of those of the night before."""
    assert run("apply job.toml --report a.md --report a.json --report a.html").status == DONE
    ardoq.fail("status", status=401, times=50)
    assert run("apply job.toml --report a.md --report a.json --report a.html").status == FAILED
    document = read_run_document("a.json")
    assert (document["status"], document["title"], document["made"]["host"]) == (
        "failure",
        "The night",
        ardoq.url,
    )
    assert "401" in document["description"] or "token" in document["description"]
    assert "The run failed" in (home / "a.md").read_text("utf-8")
    assert "The run failed" in (home / "a.html").read_text("utf-8")


def test_a_report_that_cannot_be_written_is_a_failure(home, run, monkeypatch):
    """What was done is done and told; the status is 1, and a sentence names the file."""
    (home / "a.html").mkdir()
    assert "it is a folder" in run("apply job.toml --report a.html").err
    monkeypatch.setattr("ardoqpy_sync.cli.commands.apply.check_output_files", lambda *_: None)
    ran = run("apply job.toml --report a.html --report b.md")
    assert ran.status == FAILED
    assert "ardoqpy-sync: The file 'a.html' cannot be written" in ran.err
    assert "5 changes were made." in ran.out
    assert (home / "b.md").exists()


# -- the summary of a step ---------------------------------------------------------------------------------


def test_the_summary_of_a_step_is_added_to(home, run, monkeypatch):
    """With GITHUB_STEP_SUMMARY set the Markdown goes to the end of that file, at each run."""
    (home / "step.md").write_text("before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(home / "step.md"))
    assert run("plan job.toml").status == CHANGES
    assert run("apply job.toml").status == DONE
    text = (home / "step.md").read_text("utf-8")
    assert text.startswith("before\n# The night\n")
    assert text.count("# The night\n") == 2


def test_the_summary_of_a_step_fits(home, run, monkeypatch):
    """Where there is little room the Markdown is shorter; where there is none, a warning says so."""
    step = home / "step.md"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(step))
    rows = "".join(f"{number},App {number},1,\n" for number in range(100))
    (home / "apps.csv").write_text(f"Id,Name,Cost,Needs\n{rows}")
    run("plan job.toml")
    whole = step.stat().st_size
    step.write_bytes(b"x" * (github_summary.MAX_BYTES - whole // 2))
    ran = run("plan job.toml")
    assert (ran.status, ran.err) == (CHANGES, "")
    assert github_summary.MAX_BYTES - whole // 2 < step.stat().st_size <= github_summary.MAX_BYTES
    assert "more." in step.read_text("utf-8")[-300:]
    step.write_bytes(b"x" * github_summary.MAX_BYTES)
    ran = run("plan job.toml")
    assert ran.status == CHANGES
    assert ran.err == "ardoqpy-sync: Warning: The step summary has no room left: GitHub allows 1 MiB.\n"
    assert step.stat().st_size == github_summary.MAX_BYTES


def test_a_summary_that_cannot_be_written_is_a_warning(home, run, monkeypatch):
    """Where the file cannot be written, that is said, and changes nothing."""
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(home))
    ran = run("apply job.toml")
    assert ran.status == DONE
    assert "Warning: The step summary cannot be written" in ran.err


# -- the webhook -------------------------------------------------------------------------------------------


def test_a_webhook_is_told_in_short(home, ardoq, run, hook, version):
    """The webhook gets how many, and no name, value, reason or token; neither token nor cookie goes along."""
    (home / "job.toml").write_text(job_text(version))
    (home / "apps.csv").write_text(ROWS + BAD_ROW)
    assert run(f"apply job.toml --webhook {hook.url}").status == FAILED
    (told,) = hook.told
    assert {key: told[key] for key in ("kind", "format", "job", "command", "status", "exit", "host")} == {
        "kind": "ardoqpy run",
        "format": 1,
        "job": "The night",
        "command": "apply",
        "status": "failed",
        "exit": 1,
        "host": ardoq.url,
    }
    assert told["totals"]["component"] == {
        "created": 2,
        "updated": 1,
        "deleted": 0,
        "unchanged": 0,
        "missing": 1,
        "failed": 1,
    }
    assert told["text"].startswith("The night: The run failed, 1 row could not be used. 5 changes were")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", told["at"])
    whole = json.dumps([told, hook.headers_told])
    assert not [word for word in ("Web shop", "Till", "much", "900", ardoq.token) if word in whole]
    assert not {"Authorization", "Cookie"} & hook.headers_told[0].keys()


def test_the_address_may_stand_in_the_environment(home, run, hook, hook_of, monkeypatch):
    """ARDOQPY_WEBHOOK names the webhook; the option goes before it, and an empty one means none."""
    monkeypatch.setenv("ARDOQPY_WEBHOOK", hook.url)
    other = hook_of()
    assert run("plan job.toml").status == CHANGES
    assert run(f"plan job.toml --webhook {other.url}").status == CHANGES
    assert run("plan job.toml --webhook ''").status == CHANGES
    assert (len(hook.told), len(other.told)) == (1, 1)
    assert hook.told[0]["status"] == "changes"
    assert hook.paths == ["/hooks/s3cret-path"]


@pytest.mark.parametrize("broken", ["the job", "the token", "the memory", "a bug"])
def test_a_webhook_is_told_of_runs_that_never_began(home, ardoq, run, hook, monkeypatch, broken):
    """Whatever keeps a run from beginning, the webhook is told that it failed."""
    if broken == "the job":
        (home / "job.toml").write_text("format = 2")
    elif broken == "the token":
        monkeypatch.delenv("ARDOQ_API_TOKEN")
    elif broken == "the memory":
        (home / "job.toml").write_text(job_text(run='memory = "night.json"'))
        (home / "night.json").write_text("{")
    else:
        monkeypatch.setattr("ardoqpy_sync.cli.run_job.run_job", lambda *_: 1 / 0)
    ran = run(f"apply job.toml --webhook {hook.url}")
    assert (ran.status, ran.out) == (FAILED, "")
    assert ran.err
    (told,) = hook.told
    assert (told["status"], told["exit"]) == ("failed", 1)
    if broken == "a bug":
        assert "Unexpected error: ZeroDivisionError in" in ran.err


def test_a_webhook_is_told_of_a_refusal(home, run, hook):
    """What the guard refuses is `refused`."""
    (home / "job.toml").write_text(job_text(missing="delete"))
    assert run(f"plan job.toml --webhook {hook.url}").status == BLOCKED
    assert (hook.told[0]["status"], hook.told[0]["exit"]) == ("blocked", 3)


@pytest.mark.parametrize("how", [404, 500, 302, "nobody"])
def test_a_webhook_that_fails_is_a_warning(home, run, hook_of, closed_port, how):
    """A webhook that refuses, redirects or is not there changes nothing; the warning shows its host alone."""
    elsewhere = hook_of()
    if how == "nobody":
        url = f"{closed_port}/hooks/s3cret-path"
    else:
        url = hook_of(status=how, headers=[("Location", elsewhere.url)] if how == 302 else []).url
    ran = run(f"apply job.toml --webhook {url}")
    assert ran.status == DONE
    said = f"answered {how}" if how != "nobody" else "could not be reached (ConnectionError)"
    assert ran.err == f"ardoqpy-sync: Warning: The webhook at 127.0.0.1 {said}.\n"
    assert elsewhere.told == []


def test_a_bad_address_in_the_environment_stops_no_job(home, run, monkeypatch):
    """What is wrong with ARDOQPY_WEBHOOK is a warning without it, and the job runs."""
    monkeypatch.setenv("ARDOQPY_WEBHOOK", "hooks.example.com/s3cret-path")
    ran = run("apply job.toml")
    assert ran.status == DONE
    assert ran.err.startswith("ardoqpy-sync: Warning: The address of the webhook")
    assert "s3cret" not in ran.err


def test_a_netrc_entry_does_not_go_to_the_webhook(home, run, hook, monkeypatch):
    """What a netrc file holds for the webhook's host stays there."""
    (home / "netrc").write_text("machine 127.0.0.1 login me password s3cret\n")
    (home / "netrc").chmod(0o600)
    monkeypatch.setenv("NETRC", str(home / "netrc"))
    as_elsewhere = transport.new_session(loopback=False)  # as to any other host
    monkeypatch.setattr("ardoqpy._http.webhook.new_session", lambda **_: as_elsewhere)
    assert run(f"plan job.toml --webhook {hook.url}").status == CHANGES
    assert "Authorization" not in hook.headers_told[0]
