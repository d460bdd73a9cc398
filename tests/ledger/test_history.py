"""`history`: the runs of a ledger as a table, as JSON, and as pages in a folder that may hold other files."""

import html
import json
import re
import sqlite3
import zlib

import pytest
from command_line import runner
from ledger_jobs import DELETE, MODES, ROWS, TOKEN, ledger_of, without, write_job

from ardoqpy_sync import json_file
from ardoqpy_sync.cli import main
from ardoqpy_sync.ledger.ledger import Ledger
from ardoqpy_sync.reporting.document import build_failed_document
from ardoqpy_sync.reporting.exit_codes import DONE, FAILED

ORIGIN = {"at": "2026-11-22T01:30:00Z", "by": "x", "api": "v2", "host": "https://example.ardoq.com"}


@pytest.fixture
def run(capsys, tmp_path, monkeypatch):
    """Change to a folder with a job, and return a function that runs a command line in this process."""
    monkeypatch.chdir(tmp_path)
    write_job(tmp_path, "v2")
    return runner(main, capsys)


@pytest.fixture
def record(tmp_path):
    """Return a function that records a run in the ledger of the job, as a process of its own."""

    def add(command="apply", status="success", *, job="Ledger job", document=True, keep=100, **begin):
        ledger = Ledger.open(tmp_path / "job.ledger.db", job)
        ledger.bind("https://example.ardoq.com", "acme")
        number = ledger.begin(command, **begin)
        report = build_failed_document("T", f"Report {number}", {**ORIGIN, "simulated": False})
        if status is not None:
            ledger.end(json.dumps(report) if document else None, status, {}, report["totals"])
        ledger.prune(keep)
        ledger.close()
        return number

    return add


def files_of(folder):
    """Return the names of the files in a folder."""
    return sorted(path.name for path in folder.iterdir())


def cells_of(page, run):
    """Return the cells of a run in the index, by title, without markup."""
    (row,) = re.findall(rf'<tr id="run-{run}">(.*?)</tr>', page)
    cells = dict(re.findall(r'<td data-title="(.*?)".*?>(.*?)</td>', row))
    (cells["run"],) = re.findall(r'<th scope="row">(.*?)</th>', row)
    return {title: re.sub(r"<.*?>", "", cell) for title, cell in cells.items()}


def links_of(page, run):
    """Return where the links of a run in the index lead to."""
    (row,) = re.findall(rf'<tr id="run-{run}">(.*?)</tr>', page)
    return re.findall(r'href="(.*?)"', row)


@pytest.mark.parametrize("mode", MODES)
def test_pages_of_real_runs(ardoq, run, tmp_path, mode):
    """After runs and an undo, the table, JSON and the index say the same, and each run has its page."""
    assert ardoq
    write_job(tmp_path, mode, missing=DELETE)
    (tmp_path / "apps.csv").write_text(ROWS)
    run("apply job.toml")
    (tmp_path / "apps.csv").write_text(without(2))
    run("plan job.toml --save plan.json")
    assert run("apply plan.json --job job.toml --approved-by Ada").status == DONE
    assert run("undo job.toml last --apply").status == DONE
    rows = json.loads(run("history job.toml --json").out)
    assert [(row["run"], row["command"], row["undoes"], row["undone_by"]) for row in rows] == [
        (3, "undo of 2", 2, []),
        (2, "apply plan", None, [3]),
        (1, "apply", None, []),
    ]
    assert rows[1]["plan"] == json.loads((tmp_path / "plan.json").read_text())["sha256"][:12]
    table = run("history job.toml").out.splitlines()
    assert table[0].split()[:5] == ["run", "started", "by", "command", "status"]
    assert table[2].endswith("  3")
    ran = run("history job.toml --report runs")
    assert (ran.status, ran.err, ran.out) == (DONE, "", "runs/index.html: 3 runs; 3 pages written\n")
    assert files_of(tmp_path / "runs") == ["index.html", "run-1.html", "run-2.html", "run-3.html"]
    index = (tmp_path / "runs" / "index.html").read_text()
    for row in rows:
        cells = cells_of(index, row["run"])
        assert (cells["by"], cells["command"], cells["plan"]) == (
            row["by"],
            row["command"],
            row["plan"] or "",
        )
        assert cells["status"].endswith(row["status"])
        assert [cells[name] for name in ("created", "updated", "deleted", "failed")] == [
            str(row[name]) for name in ("created", "updated", "deleted", "failed")
        ]
    assert cells_of(index, 2)["approved by"] == "Ada"
    assert cells_of(index, 2)["taken back by"] == "run 3"
    assert links_of(index, 3) == ["run-3.html", "#run-2"]
    assert re.findall(r'<tr id="run-(\d)"', index) == ["3", "2", "1"]
    page = html.unescape((tmp_path / "runs" / "run-2.html").read_text())
    assert "Approved by</dt><dd>Ada" in page
    assert '<a href="index.html">All runs of this job</a> · run 2' in page
    assert TOKEN not in index + page


def test_another_call_replaces_its_own_pages(run, record, tmp_path):
    """A later call adds what is new; files of other names, and the folder's other content, stay."""
    record()
    run("history job.toml --report runs")
    (tmp_path / "runs" / "notes.txt").write_text("mine")
    (tmp_path / "runs" / "run-x.html").write_text("mine")
    record(status="failure")
    ran = run("history job.toml --report runs")
    assert (ran.status, ran.out) == (DONE, "runs/index.html: 2 runs; 2 pages written\n")
    assert files_of(tmp_path / "runs") == [
        *("index.html", "notes.txt", "run-1.html", "run-2.html", "run-x.html"),
    ]
    index = (tmp_path / "runs" / "index.html").read_text()
    assert "2 runs; the last one, run 2, failed" in index
    assert "https://example.ardoq.com · acme" in index


def test_page_of_a_run_that_the_ledger_has_no_more_is_kept(run, record, tmp_path):
    """A page whose report was dropped stays, and the index leads to it; without a page it says why."""
    for _ in range(2):
        record()
    run("history job.toml --report runs")
    before = (tmp_path / "runs" / "run-1.html").read_text()
    record(keep=1)
    ran = run("history job.toml --report runs")
    assert ran.out == (
        "runs/index.html: 3 runs; 1 page written; 2 earlier pages kept, whose report the ledger has no more\n"
    )
    assert (tmp_path / "runs" / "run-1.html").read_text() == before
    assert links_of((tmp_path / "runs" / "index.html").read_text(), 1) == ["run-1.html"]
    ran = run("history job.toml --report other")
    assert ran.out == "other/index.html: 3 runs; 1 page written; 2 without a page\n"
    index = (tmp_path / "other" / "index.html").read_text()
    assert links_of(index, 1) == []
    reason = "the ledger keeps those of the last runs only, as keep_runs says, and an import has none"
    assert reason in cells_of(index, 1)["status"]
    assert run("show job.toml 1").err == f"ardoqpy-sync: Run 1 has no report: {reason}.\n"


def test_runs_without_a_report_say_why(run, record, tmp_path):
    """A run that was killed, and one of a script, are listed with the reason why they have no page."""
    record("script", document=False)
    record(status=None)
    ran = run("history job.toml --report runs")
    assert (ran.status, ran.out) == (DONE, "runs/index.html: 2 runs; 0 pages written; 2 without a page\n")
    index = (tmp_path / "runs" / "index.html").read_text()
    assert cells_of(index, 2)["status"].endswith(
        "no report: it is still running, or was ended before it had one"
    )
    assert "not ended" in cells_of(index, 2)["status"]
    assert cells_of(index, 1)["status"].endswith("no report: the run of a script records none")
    assert "the last one, run 2, has not ended" in index


def test_damaged_report_fails_and_the_others_are_written(run, record, tmp_path):
    """A report that cannot be rendered is one sentence, exit code 1, and the reason in the index."""
    for _ in range(2):
        record()
    with sqlite3.connect(tmp_path / "job.ledger.db") as connection:
        connection.execute(
            "UPDATE runs SET document = (SELECT ? FROM runs) WHERE run = 1", [_packed({"kind": "x"})]
        )
    connection.close()
    ran = run("history job.toml --report runs")
    sentence = "The report of run 1 is not a run document: its 'kind' is not 'ardoqpy run document'."
    assert (ran.status, ran.err) == (FAILED, f"ardoqpy-sync: {sentence}\n")
    assert ran.out == "runs/index.html: 2 runs; 1 page written; 1 without a page\n"
    index = (tmp_path / "runs" / "index.html").read_text()
    assert "The report of run 1 is not a run document" in cells_of(index, 1)["status"]
    assert links_of(index, 2) == ["run-2.html"]


def _packed(document):
    return zlib.compress(json.dumps(document).encode())


@pytest.mark.parametrize("name", ["index.html", "run-1.html"])
@pytest.mark.parametrize("content", ["<p>mine", "", None], ids=["file", "empty", "folder"])
def test_file_of_others_is_never_replaced(run, record, tmp_path, name, content):
    """If a file would be replaced that this job did not write, nothing is written, and it is named."""
    record()
    (tmp_path / "runs").mkdir()
    path = tmp_path / "runs" / name
    if content is None:
        path.mkdir()
    else:
        path.write_text(content)
    ran = run("history job.toml --report runs")
    assert (ran.status, ran.out) == (FAILED, "")
    assert ran.err.startswith(f"ardoqpy-sync: The file 'runs/{name}' is not the ")
    assert ran.err.endswith("Nothing was written. Move it away, or choose another folder.\n")
    assert files_of(tmp_path / "runs") == [name]
    assert content is None or path.read_text() == content


def test_link_to_a_file_of_others_is_never_followed(run, record, tmp_path):
    """A link in the place of a page is a file of others, also if it leads nowhere."""
    record()
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "index.html").symlink_to(tmp_path / "nowhere")
    assert run("history job.toml --report runs").status == FAILED
    assert not (tmp_path / "nowhere").exists()


def test_pages_of_another_job_or_ledger_are_never_replaced(run, record, tmp_path):
    """The folder of another job, or of a ledger that was lost, is refused: its pages are the only copies."""
    record()
    run("history job.toml --report runs")
    before = (tmp_path / "runs" / "run-1.html").read_text()
    job = (tmp_path / "job.toml").read_text()
    (tmp_path / "other.toml").write_text(job.replace('name = "Ledger job"', 'name = "Other job"'))
    run("apply other.toml")
    assert "is not the index of this job" in run("history other.toml --report runs").err
    with sqlite3.connect(tmp_path / "job.ledger.db") as connection:
        connection.execute("UPDATE runs SET started = '2020-01-01T00:00:00Z'")
    connection.close()
    ran = run("history job.toml --report runs")
    assert ran.status == FAILED
    assert "The file 'runs/run-1.html' is not the page of this run in this ledger" in ran.err
    assert (tmp_path / "runs" / "run-1.html").read_text() == before


def test_pages_of_runs_that_the_ledger_does_not_have_are_named(run, record, tmp_path):
    """A page of a run that is not in the ledger stays as it is, and the command names it."""
    record()
    run("history job.toml --report runs")
    (tmp_path / "runs" / "run-12.html").write_text("x")
    (tmp_path / "runs" / "run-7.html").write_text("x")
    assert run("history job.toml --report runs").out.splitlines()[1] == (
        "Left as they are, because the ledger has no such runs: run-7.html, run-12.html"
    )
    assert (tmp_path / "runs" / "run-7.html").read_text() == "x"


@pytest.mark.parametrize(
    ("folder", "message"),
    [
        ("job.toml", "The pages cannot be written to 'job.toml': it is a file. Give the path of a folder."),
        ("no/where", "The pages cannot be written to 'no/where': there is no folder 'no'."),
        ("runs.html", "'runs.html' is the name of a report: give a folder for the pages"),
    ],
)
def test_folder_that_cannot_be_used(run, record, folder, message):
    """A folder that cannot be used is one sentence, and exit code 1."""
    record()
    ran = run(f"history job.toml --report {folder}")
    assert (ran.status, ran.out) == (FAILED, "")
    assert message in ran.err


def test_no_run_yet(run, tmp_path):
    """Without a run, the table and the index say so, and no ledger is created."""
    assert run("history job.toml").out == "No run of job.toml is recorded yet.\n"
    assert run("history job.toml --report runs").out == "runs/index.html: 0 runs; 0 pages written\n"
    assert "No run is recorded yet" in (tmp_path / "runs" / "index.html").read_text()
    assert not (tmp_path / "job.ledger.db").exists()


def test_reports_of_the_ledger_are_as_readable_as_other_reports(run, record, tmp_path):
    """The pages have the mode of other reports, and no temporary file is left."""
    record()
    run("show job.toml last --report last.html")
    run("history job.toml --report runs")
    modes = {path.stat().st_mode for path in (tmp_path / "runs").iterdir()}
    assert modes == {(tmp_path / "last.html").stat().st_mode}


def test_names_never_become_markup(run, record, tmp_path):
    """Whatever the name of a job, of who approved and of a command is, it is text in the pages."""
    bad = '</title><script>x</script>" \u202e'
    record(f"apply {bad}", job=bad, approved_by=bad, plan_id=bad)
    job = (tmp_path / "job.toml").read_text()
    (tmp_path / "job.toml").write_text(job.replace('"Ledger job"', f"'{bad}'"))
    for _ in range(2):
        assert run("history job.toml --report runs").status == DONE
    for name in ("index.html", "run-1.html"):
        text = (tmp_path / "runs" / name).read_text()
        assert "<script>x" not in text
        assert "\u202e" not in text
        assert "&lt;script&gt;x" in text


def test_run_document_is_encoded_once(home, monkeypatch):
    """The ledger and a report as JSON have the same text of a run document."""
    texts, encode = [], json_file.encode
    monkeypatch.setattr(json_file, "encode", lambda *data: texts.append(encode(*data)) or texts[-1])
    home.run("apply job.toml --report run.json")
    assert texts == [(home.folder / "run.json").read_text()]
    assert ledger_of(home.folder).document(1) == json.loads(texts[0])
