"""`ardoqpy-sync demo`: a whole sync from nothing but the installed package."""

import os
import re
import shlex
import sys

import pytest

from ardoqpy.testing import emulator
from ardoqpy_sync.cli import main

FILES = ["applications.csv", "cmdb.toml", "organisation.json", "report.html", "servers.csv"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Change to an empty folder, without an Ardoq in the environment."""
    for name in [name for name in os.environ if name.startswith(("ARDOQ", "GITHUB"))]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_demo_checks_previews_and_runs_a_job(folder, run, monkeypatch):
    """Without any extra, the demo runs check, plan and apply; the second one changes nothing."""
    for package in ("openpyxl", "duckdb", "sqlalchemy", "rich", "shtab"):
        monkeypatch.setitem(sys.modules, package, None)
    ran = run("demo")
    assert (ran.status, ran.err) == (0, "")
    assert re.findall(r"^\$ ardoqpy-sync (\w+) ", ran.out, re.MULTILINE) == [
        "check",
        "plan",
        "apply",
        "apply",
        "undo",
    ]
    for sentence in (
        "no problems found.",
        "12 to create, 5 to update\n",
        "12 created, 5 updated\n",
        "Nothing was",
    ):
        assert sentence in ran.out
    assert sorted(path.name for path in (folder / "ardoqpy-demo").iterdir()) == FILES
    assert "<html" in (folder / "ardoqpy-demo" / "report.html").read_text(encoding="utf-8")


def test_the_demo_reaches_no_other_ardoq(folder, run, ardoq, hook, monkeypatch):
    """The Ardoq, the webhook and the summary in the environment get nothing, and stay in the environment."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("ARDOQPY_WEBHOOK", hook.url)
    monkeypatch.setenv("ARDOQ_ORG_LABEL", "another")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(folder / "summary.md"))
    before = dict(os.environ)
    assert run("demo").status == 0
    assert (ardoq.requests, hook.received, dict(os.environ)) == ([], [], before)
    assert not (folder / "summary.md").exists()


def test_what_the_demo_shows_to_type_next_works(folder, run, monkeypatch):
    """The commands at the end start an emulator, preview the job, and then a sheet of one's own."""
    out = run("demo --folder 'try it'").out
    commands = [shlex.split(line) for line in re.findall(r"^  (\S*ardoqpy.*)$", out, re.MULTILINE)]
    (start,) = (command for command in commands if command[0] == "ardoqpy")
    plan, *own_sheet = [command[1:] for command in commands if command[0] == "ardoqpy-sync"]
    (folder / "your.csv").write_text("Name,Cost\nShop,1\n", encoding="utf-8")
    with emulator(seed=start[start.index("--seed") + 1], token=start[start.index("--token") + 1]) as server:
        monkeypatch.setenv("ARDOQ_API_HOST", server.url)
        monkeypatch.setenv("ARDOQ_API_TOKEN", "secret")
        assert [main(command) for command in (plan, *own_sheet)] == [2, 0, 0, 0, 2]


def test_the_demo_overwrites_nothing(folder, run):
    """A folder with files, a file, and a folder in no folder: one sentence each; nothing is written."""
    (folder / "mine").mkdir()
    (folder / "mine" / "cmdb.toml").write_text("mine")
    for name, sentence in (
        ("mine", "The folder 'mine' is not empty. Delete it, or name another one with --folder."),
        ("mine/cmdb.toml", "'mine/cmdb.toml' is a file. Name a folder with --folder."),
        ("no/such", "The folder 'no/such' cannot be made: there is no folder 'no'."),
    ):
        assert run(["demo", "--folder", name]) == (1, "", f"ardoqpy-sync: {sentence}\n")
    assert [path.name for path in (folder / "mine").iterdir()] == ["cmdb.toml"]


def test_a_step_that_fails_ends_the_demo(folder, run, monkeypatch):
    """If a command of the demo ends with another exit code than it should, the demo fails and names it."""
    monkeypatch.setattr("ardoqpy_sync.cli.commands.check.JobCheck.exit_code", 3)
    ran = run("demo")
    assert (ran.status, ran.err.count("\n")) == (1, 1)
    assert "'ardoqpy-sync check' ended with the exit code 3, not 0." in ran.err
    assert "ardoqpy-sync plan" not in ran.out
