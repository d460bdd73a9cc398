"""The pages that lead somebody through something: what they show runs, and what they say is so."""

import configparser
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import openpyxl
import pytest
import yaml
from shell_sessions import play, reach, sessions

from ardoqpy.testing import emulator
from ardoqpy_sync.cli import main
from ardoqpy_sync.cli.main import parser_of

ROOT = Path(__file__).parents[1]
SPREADSHEET = ROOT / "examples" / "cmdb-spreadsheet"


def text_of(name):
    """Return a page."""
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def fenced(name, language):
    """Return the fenced blocks of one language in a page."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text_of(name), re.DOTALL | re.MULTILINE)


def calls_in(text):
    """Return the calls of `ardoqpy-sync` in a text, each as its arguments."""
    found = re.findall(r"(?:^|[\s/=])ardoqpy-sync ((?:plan|apply|check|init|report) [^|`\n]*)", text)
    return [shlex.split(arguments) for arguments in found]


@pytest.fixture
def spreadsheet(tmp_path, monkeypatch):
    """Go to a copy of the example with a spreadsheet, and give an emulator with its organisation."""
    folder = Path(shutil.copytree(SPREADSHEET, tmp_path / "cmdb-spreadsheet"))
    monkeypatch.chdir(folder)
    with emulator(seed=str(folder / "organisation.json")) as server:
        reach(server, monkeypatch)
        yield server


def test_a_first_sync(spreadsheet, capsys):
    """From the bad cell to the run that has nothing to do, all is as the page shows it."""
    parts = text_of("first-sync.md").split("Open the workbook, and write `300 000,00`")
    assert len(parts) == 2
    for number, part in enumerate(parts):
        if number:
            workbook = openpyxl.load_workbook("cmdb.xlsx")
            workbook["Applications"]["F7"] = "300 000,00"
            workbook.save("cmdb.xlsx")
        for session in sessions(part):
            play(session, capsys)
    assert "<html" in Path("plan.html").read_text(encoding="utf-8")


def test_the_commands_for_ones_own(spreadsheet, capsys):
    """A first job is made of a file, checked and rehearsed with the commands on the page."""
    Path("servers.csv").write_text("Hostname,Environment\nosl-app-09,Test\n", encoding="utf-8")
    calls = calls_in(fenced("first-sync.md", "sh")[0])
    assert [main(call) for call in calls] == [0, 0, 2]
    assert {request.method for request in spreadsheet.requests} == {"GET"}


def test_the_calls_on_the_schedule_are_ones():
    """Every call of the command on the page is understood, in whatever language it stands."""
    page = text_of("schedule.md")
    calls = calls_in(page)
    assert len(calls) == 8
    for call in calls:
        parser_of().parse_args(call)


def test_the_files_on_the_schedule_are_files():
    """The units are ini files, the pipelines YAML whose steps do what they are said to do."""
    service, timer = fenced("schedule.md", "ini")
    units = configparser.ConfigParser(interpolation=None)
    units.optionxform = str
    units.read_string(service + timer)
    assert units["Service"]["Type"] == "oneshot"
    assert units["Timer"]["OnCalendar"] == "*-*-* 02:15:00"
    github, azure = (yaml.safe_load(block) for block in fenced("schedule.md", "yaml"))
    steps = github["jobs"]["sync"]["steps"]
    commands = [step["run"] for step in steps if "ardoqpy-sync" in step.get("run", "")]
    assert [step["script"] for step in azure["steps"] if "ardoqpy-sync" in step.get("script", "")] == commands
    assert github[True]["schedule"][0]["cron"] == azure["schedules"][0]["cron"]  # YAML's `on` is a yes


@pytest.mark.skipif(sys.platform == "win32", reason="the pipelines of the page run on Linux")
def test_the_steps_of_the_pipelines_end_as_they_should(spreadsheet, tmp_path):
    """As GitHub runs them: a rehearsal with changes is no failure, one with a bad row is."""
    github, _ = (yaml.safe_load(block) for block in fenced("schedule.md", "yaml"))
    (plan,) = [
        step["run"] for step in github["jobs"]["sync"]["steps"] if "ardoqpy-sync plan" in step.get("run", "")
    ]
    program = tmp_path / "ardoqpy-sync"
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m ardoqpy_sync "$@"\n')
    program.chmod(0o755)
    summary = tmp_path / "summary.md"
    clean = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}", "GITHUB_STEP_SUMMARY": str(summary)}
    Path("cmdb.toml").rename("job.toml")
    ends = []
    for cell in ("ca. 300 000", "300 000,00"):
        workbook = openpyxl.load_workbook("cmdb.xlsx")
        workbook["Applications"]["F7"] = cell
        workbook.save("cmdb.xlsx")
        done = subprocess.run(["bash", "-e", "-c", plan], env=clean, capture_output=True, check=False)
        ends.append(done.returncode)
    assert ends == [1, 0]
    assert summary.read_text(encoding="utf-8").count("# Applications and servers of the CMDB") == 2


def test_the_comparison_of_two_emulators_runs(capsys):
    """What two runs left is compared, names by names: what one of them did not write is told."""
    (code,) = fenced("moving-from-0.8.4.md", "python")
    seed = {
        "format": 1,
        "models": [{"_id": "a" * 24, "name": "Apps", "root": {"p1": {"name": "Application"}}}],
        "workspaces": [{"_id": "b" * 24, "name": "Apps", "componentModel": "a" * 24}],
        "components": [{"name": "Till", "typeId": "p1", "rootWorkspace": "b" * 24}],
    }
    more = {"name": "Shop", "typeId": "p1", "rootWorkspace": "b" * 24}
    with (
        emulator(seed=seed, token="secret") as old,
        emulator(seed=seed | {"components": [*seed["components"], more]}, token="secret") as new,
    ):
        for port, server in (("8081", old), ("8082", new)):
            code = code.replace(port, server.url.rpartition(":")[2])
        exec(compile(code, "moving-from-0.8.4.md", "exec"), {})
    before, after = capsys.readouterr().out.split("only under this version:")
    assert "Till" not in before + after
    assert ("Shop" in before, "Shop" in after) == (False, True)


def test_the_tests_on_the_page_pass(tmp_path):
    """The tests of the page on testing are run by pytest as they stand, and see what they are to see."""
    tests = "\n\n".join(fenced("testing-your-integration.md", "python"))
    (tmp_path / "test_mine.py").write_text(tests, encoding="utf-8")
    job = (
        'format = 1\n[sources.apps]\ntype = "rows"\nrows = []\n[[components]]\nrows = "apps"\n'
        'workspace = "Apps"\ntype = "Application"\nname = "{Name}"\n'
    )
    (tmp_path / "job.toml").write_text(job, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error", "test_mine.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "7 passed" in done.stdout, done.stdout


def test_the_files_that_the_design_names_are_there():
    """Every file and folder on the page on the design is in one of the packages, or in the tests."""
    named = set(re.findall(r"`((?:[\w.]+/)*[\w]+\.py|(?:[\w]+/)+)`", text_of("design.md")))
    named |= set(re.findall(r"^ ([\w/]+(?:/|\.py))", text_of("design.md"), re.MULTILINE))
    assert len(named) > 40
    packages = [ROOT / "ardoqpy", ROOT / "ardoqpy_sync"]
    roots = [ROOT, ROOT / "tests", *packages, *(path for package in packages for path in package.glob("*/"))]
    assert [name for name in sorted(named) if not any((root / name).exists() for root in roots)] == []
