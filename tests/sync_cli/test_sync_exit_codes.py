"""The exit codes of each command of `ardoqpy-sync`, on both API versions."""

import json

import pytest
from nightly import BAD_ROW, ROWS, job_text, names_in, writes

from ardoqpy_sync.reporting.exit_codes import BLOCKED, CHANGES, DONE, FAILED, INTERRUPTED, most_severe


def test_plan_is_a_preview(home, ardoq, run, version):
    """`plan`, and a job alone, end with 2, list what would change, and send no write."""
    (home / "job.toml").write_text(job_text(version))
    for line in ("plan job.toml", "job.toml"):
        ran = run(line)
        assert (ran.status, ran.err) == (CHANGES, "")
        assert f"preview, nothing is written; {ardoq.url}, API {version}\n" in ran.out
        assert "  - component Web shop (Application)  [apps.csv line 2]\n" in ran.out
        assert "  - component Orders (Application): CMDB id, Yearly cost  [apps.csv line 3]\n" in ran.out
        assert ran.out.endswith("4 to create, 1 to update\n")
    assert writes(ardoq) == []


def test_apply_then_nothing_to_do(home, ardoq, run, version):
    """`apply` ends with 0 and writes the rows; after it `plan` and `apply` find nothing to do."""
    (home / "job.toml").write_text(job_text(version))
    ran = run("apply job.toml")
    assert (ran.status, ran.err) == (DONE, "")
    assert ran.out.endswith("4 created, 1 updated\n")
    assert names_in(ardoq) == ["Billing", "Fax", "Orders", "Web shop"]
    assert len(ardoq.dump()["references"]) == 2
    for line, headline in (("plan", "Nothing to change"), ("apply", "Nothing was to be changed")):
        assert run(f"{line} job.toml").status == DONE
        assert run(f"{line} job.toml").out.endswith(f"{headline}\n")


def test_failed_rows(home, ardoq, run, version):
    """A failed row is exit code 1, with its label and reason; the other rows are written."""
    (home / "job.toml").write_text(job_text(version))
    (home / "apps.csv").write_text(ROWS + BAD_ROW)
    for line in ("plan job.toml", "apply job.toml"):
        ran = run(line)
        assert ran.status == FAILED
        assert "component Till (Application): 'much' is not a valid number for field 'Yearly cost'" in ran.out
        assert "[apps.csv line 5]" in ran.out
    assert "Web shop" in names_in(ardoq)


def test_delete_guard_blocks(home, ardoq, run, version):
    """If only the delete guard blocks a run, it is exit code 3, with the remedy, and nothing is deleted."""
    (home / "job.toml").write_text(job_text(version, missing="delete"))
    for line in ("plan job.toml", "apply job.toml"):
        ran = run(line)
        assert ran.status == BLOCKED
        assert "To allow it, set share = 0.5 under [guard] in the job file." in ran.out
        assert "  - component Fax (Application)" in ran.out
    assert "Fax" in names_in(ardoq)
    (home / "job.toml").write_text(job_text(version, missing="delete", share=0.5))
    assert run("plan job.toml").status == CHANGES
    assert run("apply job.toml").status == DONE
    assert "Fax" not in names_in(ardoq)


def test_failed_row_and_delete_guard(home, run):
    """If rows failed and the delete guard blocks the run, the exit code is 1."""
    (home / "job.toml").write_text(job_text(missing="delete", share=0.5))
    (home / "apps.csv").write_text(ROWS + BAD_ROW)
    ran = run("plan job.toml")
    assert ran.status == FAILED
    assert "despite_failures = true" in ran.out


def test_most_severe_exit_code():
    """Interrupted is more severe than failed, then blocked, changes and done."""
    order = [INTERRUPTED, FAILED, BLOCKED, CHANGES, DONE]
    assert order == [130, 1, 3, 2, 0]
    for index, exit_code in enumerate(order):
        assert most_severe(*order[index:][::-1]) == exit_code


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("aply job.toml", "There is no command 'aply': did you mean 'apply'?"),
        ("plan job.toml --lon", "There is no option --lon for this command. See 'ardoqpy-sync plan --help'."),
        (
            "job.toml more",
            "'more' is one argument too many for this command. See 'ardoqpy-sync plan --help'.",
        ),
        ("--long job.toml", "There is no option --long before the command. See 'ardoqpy-sync --help'."),
        ("", "The following arguments are required: COMMAND. See 'ardoqpy-sync --help'."),
        (
            "apply job.toml --report night.pdf",
            (
                "Argument --report: 'night.pdf' is not a report: its name has to end with .html, .md or "
                ".json. See 'ardoqpy-sync apply --help'."
            ),
        ),
        (
            "apply job.toml --report none/night.md",
            "The file 'none/night.md' cannot be written: there is no folder 'none'.",
        ),
        (
            "apply job.toml --report a.md --report ./a.md",
            "The file './a.md' would overwrite another file that this command reads or writes.",
        ),
        ("apply job.toml --on-drift skip", "--on-drift is only for a saved plan, and 'job.toml' is not one."),
        ("apply none.json --job job.toml", "--job is only for a saved plan, and 'none.json' does not exist."),
        (
            "apply job.toml --webhook http://hooks.example.com/s3cret",
            (
                "The webhook at hooks.example.com would be called without TLS, and its address may be a "
                "secret: write https://."
            ),
        ),
        (
            "plan apps.json",
            (
                "The file 'apps.json' is JSON, not a job. Use 'ardoqpy-sync apply' for a saved plan, and "
                "'ardoqpy-sync report' for a run document."
            ),
        ),
    ],
)
def test_invalid_arguments(home, ardoq, run, line, sentence):
    """Invalid arguments are one sentence and exit code 1, and no request is sent."""
    (home / "apps.json").write_text("{}")
    assert run(line) == (FAILED, "", f"ardoqpy-sync: {sentence}\n")
    assert ardoq.requests == []


def test_all_problems_of_job(home, ardoq, run):
    """An invalid job is exit code 1, with a line for each problem on standard error."""
    text = job_text().replace("share = 0.2", "share = 7").replace('rows = "apps"', 'rows = "aps"', 1)
    (home / "job.toml").write_text(text)
    for command in ("plan", "apply"):
        ran = run(f"{command} job.toml")
        assert (ran.status, ran.out) == (FAILED, "")
        lines = ran.err.splitlines()
        assert len(lines) == 2
        assert lines[0].startswith("ardoqpy-sync: job.toml line 10: share is 7")
        assert lines[1].endswith("There is no source 'aps': did you mean 'apps'?")
    assert ardoq.requests == []


def test_no_token(home, ardoq, run, monkeypatch):
    """Without a token, the error names the variable to set."""
    monkeypatch.delenv("ARDOQ_API_TOKEN")
    ran = run("apply job.toml")
    assert (ran.status, ran.out) == (FAILED, "")
    assert ran.err.startswith("ardoqpy-sync: No token is set: set ARDOQ_API_TOKEN, or name a cfg file")
    assert ardoq.requests == []


def test_token_option_is_rejected(home, ardoq, run):
    """An option with a token is rejected, and its value is not repeated."""
    ran = run("apply job.toml --token s3cret")
    assert (ran.status, ran.out) == (FAILED, "")
    assert "Don't pass a token on the command line" in ran.err
    assert "s3cret" not in ran.err


def test_quiet_when_unchanged(home, ardoq, run):
    """--quiet-when-unchanged prints nothing, no log either, if there is nothing to do."""
    assert run("apply job.toml --quiet-when-unchanged").out
    (home / "job.toml.lock").write_text("")  # a lock that is taken over is worth a warning
    assert run("apply job.toml --quiet-when-unchanged") == (DONE, "", "")
    (home / "job.toml.lock").write_text("")
    assert "taken over" in run("apply job.toml").err
    (home / "apps.csv").write_text(ROWS + BAD_ROW)
    (home / "job.toml.lock").write_text("")
    ran = run("apply job.toml --quiet-when-unchanged")
    assert ran.status == FAILED
    assert "Till" in ran.out
    assert "taken over" in ran.err


def test_ambiguous_matches_are_never_quiet(home, ardoq, run):
    """--quiet-when-unchanged prints ambiguous matches, also if nothing changed."""
    (home / "apps.csv").write_text("Id,Name,Cost,Needs\n2,Orders,1200,\n")
    assert run("apply job.toml").status == DONE
    components = ardoq.dump()["components"]
    orders = next(component for component in components if component["name"] == "Orders")
    ardoq.load({**ardoq.dump(), "components": [*components, {**orders, "_id": "f" * 24}]})
    ran = run("apply job.toml --quiet-when-unchanged")
    assert ran.status == DONE
    assert "Nothing was to be changed; 1 ambiguous" in ran.out
    assert "component Orders: 2 match" in ran.out
    assert "component Orders: 2 match" in run("plan job.toml --long --quiet-when-unchanged").out


def test_source_is_escaped(home, run):
    """Control characters in names and cells are escaped wherever they are printed."""
    nasty = "Evil\x1b[31m\x9b2J\x07\u202e"
    (home / f"apps{nasty}.csv").write_text(
        f"{ROWS}4,{nasty},much\x1b]0;x,\n5,{nasty}2,1,\n", encoding="utf-8"
    )
    file = "".join(f"\\u{ord(sign):04x}" for sign in f"apps{nasty}.csv")
    job = job_text().replace("apps.csv", file).replace("Nightly sync", "Nightly \\u001b[31m sync")
    (home / "job.toml").write_text(job)
    for line in ("plan job.toml", "plan job.toml --long", "check job.toml"):
        ran = run(line)
        assert "\\x1b]0;x" in ran.out
        assert not set(ran.out + ran.err) & {"\x1b", "\x9b", "\x07", "\u202e"}


def test_json(home, run, version):
    """--json prints the run document and nothing else, also for a run that never started."""
    (home / "job.toml").write_text(job_text(version))
    for command, status in (("plan", CHANGES), ("apply", DONE)):
        ran = run(f"{command} job.toml --json")
        document = json.loads(ran.out)
        assert (ran.status, ran.err) == (status, "")
        assert (document["kind"], document["title"], len(document["changes"])) == (
            "ardoqpy run document",
            "Nightly sync",
            5,
        )
        assert document["sources"][0] == {"name": "apps", "rows": 3, "skipped": 0, "failed": 0}
    (home / "job.toml").write_text("format = 2")
    ran = run("apply job.toml --json")
    document = json.loads(ran.out)
    assert (ran.status, document["status"]) == (FAILED, "failure")
    assert document["description"] in ran.err.replace("ardoqpy-sync: ", "")
