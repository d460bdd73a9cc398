"""`ardoqpy-sync check`: everything that would fail, without a write."""

import json
import os

import pytest
from nightly import APPS, BAD_ROW, ROWS, SEED, job_text, writes

from ardoqpy_sync import JobLock
from ardoqpy_sync.cli.check_job import find_notes
from ardoqpy_sync.reporting.exit_codes import BLOCKED, DONE, FAILED


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
        ("job", 16),
        ("job", 20),
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


def test_rows_delete_guard_and_ledger(home, ardoq, run, version):
    """Rows that would fail, the delete guard and a damaged ledger are reported together."""
    (home / "job.toml").write_text(job_text(version, missing="delete", run='ledger = "m.db"'))
    (home / "apps.csv").write_text(ROWS + BAD_ROW)
    (home / "m.db").write_text("{")
    problems = problems_of(run("check job.toml --json"))
    assert [problem["part"] for problem in problems] == ["ledger", "row", "guard", "guard"]
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


TWINS = [
    {"_id": f"5f00aa00bb00cc00dd00f0{number}", "name": "Twin", "typeId": "p1", "rootWorkspace": APPS}
    for number in (90, 91)
]


TWINS_MAPPING = """
[sources.twins]
file = "twins.csv"

[[components]]
rows = "twins"
workspace = "Apps"
type = "Application"
name = "{Name}"
"""


ABSENT = (
    "There is no target component of type 'Application' with the name 'No one' in workspace 'Apps', and "
    "when_absent is skip."
)


def notes_of(ran):
    """Return the notes that --json prints, by what they are about, as their number and their rows."""
    return {note["about"]: (note["count"], note["rows"]) for note in json.loads(ran.out)["notes"]}


def test_notes_do_not_fail_a_check(home, ardoq, run, version):
    """Adopted components, skipped rows and ambiguous matches are listed, and the exit code stays 0."""
    ardoq.load({**SEED, "components": SEED["components"] + TWINS})
    text = job_text(version).replace('missing = "report"', 'missing = "report"\nkey = "cmdb_id"')
    (home / "job.toml").write_text(
        text.replace('value = "{Needs}" }', 'value = "{Needs}", when_absent = "skip" }') + TWINS_MAPPING
    )
    (home / "apps.csv").write_text("Id,Name,Cost,Needs\n2,Orders,1200,\n3,Billing,400,No one\n")
    (home / "twins.csv").write_text("Name\nTwin\n")
    ran = run("check job.toml --json")
    assert (ran.status, json.loads(ran.out)["problems"]) == (DONE, [])
    twins = [f"Twin (Application), at the top of Apps [{twin['_id']}]" for twin in TWINS]
    assert notes_of(ran) == {
        "adopted": (1, ["apps.csv line 2"]),
        "skipped": (1, [f"apps.csv line 3: {ABSENT}"]),
        "ambiguous": (1, [f"component Twin: 2 match, {twins[0]} is used; the others: {twins[1]}"]),
    }
    lines = run("check job.toml").out.splitlines()
    assert lines[0] == "Note: 1 component without a key would be adopted by name: apps.csv line 2."
    assert [line.startswith("Note: ") for line in lines] == [True, True, True, False]
    assert lines[-1] == "Nightly sync: no problems found."


def test_reason_of_its_own_is_listed_beside_what_follows_from_another_row(home, ardoq, run):
    """A reference of a rejected row to what does not exist is listed, and not only counted."""
    (home / "job.toml").write_text(job_text())
    (home / "apps.csv").write_text("Id,Name,Cost,Needs\n8,Till,much,Nowhere\n9,Tall,5,Till\n")
    first, second, last = run("check job.toml").out.splitlines()
    assert first.startswith("apps.csv line 2: 'much' is not a valid number for field 'Yearly cost'")
    assert first.endswith(" 1 reference fails because of it.")
    assert second.startswith("apps.csv line 2: The source 'Till' is not written, because apps.csv line 2 is")
    assert "There is no target component of type 'Application' with the name 'Nowhere'" in second
    assert last == "Nightly sync: 2 problems found."


def test_row_that_fails_twice_for_one_reason_is_one_problem(home, ardoq, run):
    """A row of which the type is blank fails in both mappings that read it, and is one line."""
    text = job_text().replace('source = { type = "Application"', 'source = { type = "{Type}"')
    (home / "job.toml").write_text(text.replace('type = "Application"\n', 'type = "{Type}"\n', 1))
    (home / "apps.csv").write_text("Id,Name,Cost,Needs,Type\n9,Till,5,Orders,\n")
    ran = run("check job.toml")
    assert ran.status == FAILED
    assert ran.out.splitlines() == [
        "apps.csv line 2: The type is blank: {Type} has no value. Give it one.",
        "Nightly sync: 1 problem found.",
    ]


def test_map_that_no_cell_is_in_is_a_note(home, ardoq, run):
    """A map without use is likely misspelled: `check` names it with its line, as `plan` does."""
    rules = '[sources.apps.columns.Needs]\nmap = { "Ordres" = "Orders" }\notherwise = "keep"\n'
    (home / "job.toml").write_text(job_text().replace("[[components]]", f"{rules}[[components]]", 1))
    ran = run("check job.toml")
    assert ran.status == DONE
    (note,) = (line for line in ran.out.splitlines() if line.startswith("Note: "))
    assert note.startswith("Note: No cell of column 'Needs' is in its map (job.toml line ")
    assert "which has 'Ordres'. Cells are " in note
    assert [note["about"] for note in json.loads(run("check job.toml --json").out)["notes"]] == ["source"]


def test_notes_name_the_first_rows(home, run):
    """A note names three rows, and how many more there are; --json has all of them."""
    text = job_text().replace('value = "{Needs}" }', 'value = "{Needs}", when_absent = "skip" }')
    (home / "job.toml").write_text(text)
    rows = "".join(f"{number},App {number},1,No one\n" for number in range(5))
    (home / "apps.csv").write_text(f"Id,Name,Cost,Needs\n{rows}")
    count, listed = notes_of(run("check job.toml --json"))["skipped"]
    assert (count, len(listed)) == (5, 5)
    assert "5 rows would be skipped: apps.csv line 2: There is no" in run("check job.toml").out
    assert "; and 2 more." in run("check job.toml").out


def test_notes_on_similar_names():
    """A component whose name looks like that of an existing one is listed with how they differ."""
    note = "looks like 'Cafe\u0301' (app 7)"
    change = {"kind": "component", "name": "Café", "label": "apps.csv line 2", "note": note}
    (note,) = find_notes({"changes": [change, {**change, "note": None}], "skipped": [], "ambiguous": []})
    row = "apps.csv line 2: Café looks like 'Cafe\u0301' (app 7)"
    assert (note["about"], note["count"], note["rows"]) == ("similar", 1, [row])
    assert note["message"] == f"1 item to be created looks like an existing one: {row}."


def parts_of(ran):
    """Return part and message of the problems that --json prints."""
    return {problem["part"]: problem["message"] for problem in problems_of(ran)}


def test_everything_that_a_run_writes_is_checked(home, ardoq, run, version):
    """Lock, ledger, reports, saved plan and webhook are tried, and nothing is written or sent."""
    (home / "a.html").mkdir()
    (home / "job.toml.lock").write_text("my notes")
    (home / "job.toml").write_text(job_text(version, run='ledger = "no/job.ledger.db"'))
    before = sorted(home.iterdir())
    line = (
        "check job.toml --json --report a.html --save no/plan.json --webhook http://hooks.example.com/s3cret"
    )
    ran = run(line)
    parts = parts_of(ran)
    assert ran.status == FAILED
    assert list(parts) == ["lock", "ledger", "report", "plan", "webhook"]
    assert "job.toml.lock is not a lock file, and was left as it is" in parts["lock"]
    assert parts["ledger"].endswith("no/job.ledger.db' cannot be written: there is no folder 'no'.")
    assert parts["report"] == "The file 'a.html' cannot be written: it is a folder."
    assert "there is no folder 'no'" in parts["plan"]
    assert "would be called without TLS" in parts["webhook"]
    assert "s3cret" not in ran.out
    assert sorted(home.iterdir()) == before
    assert writes(ardoq) == []


def test_output_that_a_run_can_write(home, run, hook):
    """Nothing is a problem if all can be written, and nothing is: no report, no plan, no call."""
    before = sorted(home.iterdir())
    line = f"check job.toml --report a.html --report a.md --save plan.json --webhook {hook.url}"
    assert run(line) == (DONE, "Nightly sync: no problems found.\n", "")
    assert sorted(home.iterdir()) == before
    assert hook.received == []


@pytest.mark.parametrize(
    ("words", "part"),
    [
        ("--save job.ledger.db", "plan"),
        ("--save job.toml", "plan"),
        ("--save apps.csv", "plan"),
        ("--report a.json --save a.json", "plan"),
        ("--save job.toml.lock", "plan"),
    ],
)
def test_output_that_overwrites_another_file(home, run, words, part):
    """An output that is the job, its source, its lock, its ledger or another output is a problem."""
    assert "would overwrite another file" in parts_of(run(f"check job.toml --json {words}"))[part]


def test_held_lock_and_invalid_webhook_in_environment(home, run, monkeypatch):
    """A lock that another run holds is a problem, and stays held; so is an invalid ARDOQPY_WEBHOOK."""
    monkeypatch.setenv("ARDOQPY_WEBHOOK", "hooks.example.com/s3cret")
    with JobLock("job.toml.lock", job="Other") as held:
        parts = parts_of(run("check job.toml --json"))
        held.check()
    assert f"is already running: process {os.getpid()} on host" in parts["lock"]
    assert "not a URL" in parts["webhook"]
    assert "lock" not in parts_of(run("check job.toml --json"))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with a name")
def test_folder_that_is_not_writable(home, run, monkeypatch):
    """A folder that this user may not write to, such as a read-only disk, is a problem of each output."""
    monkeypatch.setattr(os, "access", lambda *_: False)
    parts = parts_of(run("check job.toml --json --report a.html --save plan.json"))
    assert "job.toml.lock cannot be created" in parts["lock"]
    for part in ("ledger", "report", "plan"):
        assert parts[part].endswith(" is not writable.")
    ran = run("apply job.toml --report a.html")
    assert (ran.status, "the folder '.' is not writable" in ran.err) == (FAILED, True)
