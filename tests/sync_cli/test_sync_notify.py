"""Reports, the step summary and the webhook, also for runs that failed."""

import inspect
import json
import re
import socket
import threading
import time
from functools import partial

import pytest
from error_messages import sentence_of
from nightly import BAD_ROW, ROWS, job_text

from ardoqpy import ServiceUnavailable
from ardoqpy._http import transport
from ardoqpy._http.webhook import post_json
from ardoqpy_sync.cli import github_summary
from ardoqpy_sync.reporting.document import read_run_document
from ardoqpy_sync.reporting.exit_codes import BLOCKED, CHANGES, DONE, FAILED


def test_report_files(home, run, version):
    """--report writes a page, Markdown and a run document, which `report` converts later."""
    (home / "job.toml").write_text(job_text(version))
    assert run("apply job.toml --report a.html --report a.md --report a.json").status == DONE
    page, markdown = (home / "a.html").read_text("utf-8"), (home / "a.md").read_text("utf-8")
    assert page.startswith("<!doctype html>") or page.lower().startswith("<!doctype html>")
    assert "Web shop" in page
    assert markdown.startswith("# Nightly sync\n")
    assert read_run_document("a.json")["totals"]["component"]["created"] == 2
    assert run("report a.json --report b.html --report b.md").status == DONE
    assert (home / "b.html").read_text("utf-8") == page
    assert (home / "b.md").read_text("utf-8") == markdown
    assert "created:\n  - component Web shop (Application)" in run("report a.json").out
    assert run("report a.json --report c.md --title 'Another title'") == (DONE, "", "")
    assert (home / "c.md").read_text("utf-8").startswith("# Another title\n")


@pytest.mark.parametrize("content", [None, "", "{", "[]", '{"kind": "ardoqpy plan"}', "\x00"])
def test_invalid_run_document(home, run, content):
    """`report` says in one sentence what is wrong with a file, and writes nothing."""
    if content is not None:
        (home / "a.json").write_text(content)
    ran = run("report a.json --report a.html")
    assert (ran.status, ran.out, ran.err.count("\n")) == (FAILED, "", 1)
    assert "a.json" in ran.err
    assert not (home / "a.html").exists()


def test_failed_run_replaces_reports(home, ardoq, run):
    """A run that fails before it starts replaces the reports of the last run."""
    assert run("apply job.toml --report a.md --report a.json --report a.html").status == DONE
    ardoq.fail("status", status=401, times=50)
    assert run("apply job.toml --report a.md --report a.json --report a.html").status == FAILED
    document = read_run_document("a.json")
    assert (document["status"], document["title"], document["origin"]["host"]) == (
        "failure",
        "Nightly sync",
        ardoq.url,
    )
    assert "401" in document["description"] or "token" in document["description"]
    assert "The run failed" in (home / "a.md").read_text("utf-8")
    assert "The run failed" in (home / "a.html").read_text("utf-8")


def test_unwritable_report(home, run, monkeypatch):
    """If a report cannot be written, the job is still done, and the exit code is 1."""
    (home / "a.html").mkdir()
    assert "it is a folder" in run("apply job.toml --report a.html").err
    for check in ("check_output_files", "check_output_files_of"):
        monkeypatch.setattr(f"ardoqpy_sync.cli.commands.apply.{check}", lambda *_: None)
    ran = run("apply job.toml --report a.html --report b.md")
    assert ran.status == FAILED
    assert "ardoqpy-sync: The file 'a.html' cannot be written" in ran.err
    assert "4 created, 1 updated" in ran.out
    assert (home / "b.md").exists()


def test_step_summary(home, run, monkeypatch):
    """With GITHUB_STEP_SUMMARY set, Markdown is appended to that file."""
    (home / "step.md").write_text("before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(home / "step.md"))
    assert run("plan job.toml").status == CHANGES
    assert run("apply job.toml").status == DONE
    text = (home / "step.md").read_text("utf-8")
    assert text.startswith("before\n# Nightly sync\n")
    assert text.count("# Nightly sync\n") == 2


def test_step_summary_fits(home, run, monkeypatch):
    """If there is little room, the Markdown is shorter; without room, there is a warning."""
    step = home / "step.md"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(step))
    rows = "".join(f"{number},App {number},1,\n" for number in range(400))
    (home / "apps.csv").write_text(f"Id,Name,Cost,Needs\n{rows}")
    run("plan job.toml")
    full_size = step.stat().st_size
    step.write_bytes(b"x" * (github_summary.MAX_BYTES - full_size // 2))
    ran = run("plan job.toml")
    assert (ran.status, ran.err) == (CHANGES, "")
    assert github_summary.MAX_BYTES - full_size // 2 < step.stat().st_size <= github_summary.MAX_BYTES
    assert "The page lists everything." in step.read_text("utf-8")[-300:]
    step.write_bytes(b"x" * github_summary.MAX_BYTES)
    ran = run("plan job.toml")
    assert ran.status == CHANGES
    assert ran.err == "ardoqpy-sync: Warning: The step summary has no room left: GitHub allows 1 MiB.\n"
    assert step.stat().st_size == github_summary.MAX_BYTES


def test_unwritable_step_summary(home, run, monkeypatch):
    """If the file cannot be written, there is a warning, and nothing else changes."""
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(home))
    ran = run("apply job.toml")
    assert ran.status == DONE
    assert "Warning: The step summary cannot be written" in ran.err


def test_webhook_summary(home, ardoq, run, hook, version):
    """The webhook gets counts, and no name, value, reason, token or cookie."""
    (home / "job.toml").write_text(job_text(version))
    (home / "apps.csv").write_text(ROWS + BAD_ROW)
    assert run(f"apply job.toml --webhook {hook.url}").status == FAILED
    (summary,) = hook.received
    assert {key: summary[key] for key in ("kind", "format", "job", "command", "status", "exit", "host")} == {
        "kind": "ardoqpy run",
        "format": 1,
        "job": "Nightly sync",
        "command": "apply",
        "status": "failed",
        "exit": 1,
        "host": ardoq.url,
    }
    assert summary["totals"]["component"] == {
        "created": 2,
        "updated": 1,
        "deleted": 0,
        "unchanged": 0,
        "missing": 1,
        "failed": 1,
    }
    assert summary["text"].startswith("Nightly sync: 4 created, 1 updated; 1 row failed (")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", summary["at"])
    text = json.dumps([summary, hook.received_headers])
    text = re.sub(r"127\.0\.0\.1:\d+", "", text)  # a port may have the digits of a value
    assert not [word for word in ("Web shop", "Till", "much", "900", ardoq.token) if word in text]
    assert not {"Authorization", "Cookie"} & hook.received_headers[0].keys()


def test_webhook_in_environment(home, run, hook, hook_of, monkeypatch):
    """ARDOQPY_WEBHOOK names the webhook; --webhook overrides it, and an empty one disables it."""
    monkeypatch.setenv("ARDOQPY_WEBHOOK", hook.url)
    other = hook_of()
    assert run("plan job.toml").status == CHANGES
    assert run(f"plan job.toml --webhook {other.url}").status == CHANGES
    assert run("plan job.toml --webhook ''").status == CHANGES
    assert (len(hook.received), len(other.received)) == (1, 1)
    assert hook.received[0]["status"] == "changes"
    assert hook.paths == ["/hooks/s3cret-path"]


@pytest.mark.parametrize("broken", ["the job", "the token", "the ledger", "a bug"])
def test_webhook_of_failed_start(home, ardoq, run, hook, monkeypatch, broken):
    """Whatever keeps a run from starting, the webhook gets `failed`."""
    if broken == "the job":
        (home / "job.toml").write_text("format = 2")
    elif broken == "the token":
        monkeypatch.delenv("ARDOQ_API_TOKEN")
    elif broken == "the ledger":
        (home / "job.toml").write_text(job_text(run='ledger = "night.json"'))
        (home / "night.json").write_text("{")
    else:
        monkeypatch.setattr("ardoqpy_sync.job.execution.run_job", lambda *_, **__: 1 / 0)
    ran = run(f"apply job.toml --webhook {hook.url}")
    assert (ran.status, ran.out) == (FAILED, "")
    assert ran.err
    (summary,) = hook.received
    assert (summary["status"], summary["exit"]) == ("failed", 1)
    if broken == "a bug":
        assert "Unexpected error: ZeroDivisionError in" in ran.err


def test_webhook_of_blocked_run(home, run, hook):
    """If the delete guard blocks a run, the webhook gets `blocked`."""
    (home / "job.toml").write_text(job_text(missing="delete"))
    assert run(f"plan job.toml --webhook {hook.url}").status == BLOCKED
    assert (hook.received[0]["status"], hook.received[0]["exit"]) == ("blocked", 3)


@pytest.mark.parametrize("answer", [404, 500, 302, None])
def test_failing_webhook(home, run, hook_of, closed_port, answer):
    """A webhook that fails, redirects or is unreachable is a warning that names only its host."""
    elsewhere = hook_of()
    if answer is None:
        url = f"{closed_port}/hooks/s3cret-path"
    else:
        url = hook_of(status=answer, headers=[("Location", elsewhere.url)] if answer == 302 else []).url
    ran = run(f"apply job.toml --webhook {url}")
    assert ran.status == DONE
    problem = f"answered {answer}" if answer else "could not be reached (ConnectionError)"
    assert ran.err == f"ardoqpy-sync: Warning: The webhook at 127.0.0.1 {problem}.\n"
    assert elsewhere.received == []


def test_invalid_webhook_in_environment(home, run, monkeypatch):
    """A wrong ARDOQPY_WEBHOOK is a warning, and the job runs."""
    monkeypatch.setenv("ARDOQPY_WEBHOOK", "hooks.example.com/s3cret-path")
    ran = run("apply job.toml")
    assert ran.status == DONE
    assert ran.err.startswith("ardoqpy-sync: Warning: The address of the webhook")
    assert "s3cret" not in ran.err


def test_netrc_is_not_sent_to_webhook(home, run, hook, monkeypatch):
    """The netrc entry for the webhook's host is not sent."""
    (home / "netrc").write_text("machine 127.0.0.1 login me password s3cret\n")
    (home / "netrc").chmod(0o600)
    monkeypatch.setenv("NETRC", str(home / "netrc"))
    as_elsewhere = transport.new_session(loopback=False)  # as to any other host
    monkeypatch.setattr("ardoqpy._http.webhook.new_session", lambda **_: as_elsewhere)
    assert run(f"plan job.toml --webhook {hook.url}").status == CHANGES
    assert "Authorization" not in hook.received_headers[0]


def _trickle(connection, begin=b"HTTP/1.1 200 OK\r\nX-Slow: "):
    """Send an answer a byte at a time, for a long time."""
    connection.sendall(begin)
    for _ in range(1000):
        connection.sendall(b"x")
        time.sleep(0.01)


def _trickle_redirect(connection):
    _trickle(connection, b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 9999\r\n\r\n")


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("answer", [None, _trickle], ids=["silent", "trickling"])
def test_webhook_call_ends_in_time(raw_server, answer, scheme):
    """The whole call ends in its time, even if a header or a TLS handshake trickles or never comes."""
    url = raw_server(answer).url.replace("http", scheme) + "/s3cret-path"
    begin = time.monotonic()
    sentence = sentence_of(ServiceUnavailable, post_json, url, {}, timeout=0.3)
    assert time.monotonic() - begin < 4  # the server would go on for longer
    assert re.fullmatch(
        r"The webhook at 127\.0\.0\.1 (did not answer within 0\.3 seconds|could .*)\.", sentence
    )


def test_webhook_whose_name_is_never_resolved(monkeypatch):
    """A name server that hangs does not hold up the run."""
    release = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: release.wait(10))
    sentence = sentence_of(ServiceUnavailable, post_json, "https://hooks.example.com/x", {}, timeout=0.1)
    assert sentence == "The webhook at hooks.example.com did not answer within 0.1 seconds."
    release.set()


def test_body_of_webhook_is_not_read(raw_server):
    """The status decides, also that of a redirect: a body that never ends is not read."""
    post_json(raw_server(partial(_trickle, begin=b"HTTP/1.1 200 OK\r\n\r\n")).url, {}, timeout=1)
    with pytest.raises(ServiceUnavailable, match="answered 302"):
        post_json(raw_server(_trickle_redirect).url, {}, timeout=1)


def test_webhook_has_ten_seconds():
    """The whole call has ten seconds."""
    assert inspect.signature(post_json).parameters["timeout"].default == 10
