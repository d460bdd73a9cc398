"""The guides: their commands and code run, and print what they show."""

import configparser
import json
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
from shell_sessions import matches, play, reach, sessions

from ardoqpy.testing import emulator
from ardoqpy_sync.cli import main
from ardoqpy_sync.cli.job_tools import TOOLS, JobTools, schema_of
from ardoqpy_sync.cli.main import PROGRAM
from ardoqpy_sync.job.model_file.schema import ALL_TABLES, FIELD_TYPES

ROOT = Path(__file__).parents[1]
SPREADSHEET = ROOT / "examples" / "cmdb-spreadsheet"


def text_of(name):
    """Return a page."""
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def fenced(name, language):
    """Return the fenced blocks of one language in a page."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text_of(name), re.DOTALL | re.MULTILINE)


def commands_in(text):
    """Return the `ardoqpy-sync` commands in a text, each as its arguments."""
    commands = re.findall(r"(?:^|[\s/=])ardoqpy-sync ((?:plan|apply|check|init|report) [^|`\n]*)", text)
    return [shlex.split(arguments) for arguments in commands]


@pytest.fixture
def spreadsheet(tmp_path, monkeypatch):
    """Change into a copy of the spreadsheet example, and return an emulator with its organisation."""
    folder = Path(shutil.copytree(SPREADSHEET, tmp_path / "cmdb-spreadsheet"))
    monkeypatch.chdir(folder)
    with emulator(seed=str(folder / "organisation.json")) as server:
        reach(server, monkeypatch)
        yield server


def test_a_first_sync(spreadsheet, capsys):
    """From the bad cell to the run with nothing to do, the commands print what the page shows."""
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


def test_the_commands_for_your_own_ardoq(spreadsheet, capsys):
    """The commands write a first job from a file, check it and preview it, without a write."""
    Path("servers.csv").write_text("Hostname,Environment\nosl-app-09,Test\n", encoding="utf-8")
    commands = commands_in(fenced("first-sync.md", "sh")[0])
    assert [main(command) for command in commands] == [0, 0, 2]
    assert {request.method for request in spreadsheet.requests} == {"GET"}


def test_the_page_on_testing_jobs(tmp_path, monkeypatch, capsys):
    """The tests of the demo pass as the page shows, its first test is on the page, and a change fails it."""
    demo = ROOT / "ardoqpy_sync" / "cli" / "demo"
    monkeypatch.chdir(shutil.copytree(demo, tmp_path / "demo"))
    (session,) = sessions(text_of("testing-jobs.md"))
    play(session, capsys)
    job = (demo / "cmdb.toml").read_text(encoding="utf-8")
    (test,) = fenced("testing-jobs.md", "toml")
    assert test in job
    (output,) = fenced("testing-jobs.md", "text")
    Path("cmdb.toml").write_text(job.replace("Claims -> srv-2", "Claims -> srv-3"), encoding="utf-8")
    assert main(["test", "cmdb.toml"]) == 1
    assert (
        "\n".join(line for line in capsys.readouterr().out.splitlines() if "passed" not in line)
        == output.strip()
    )


def test_the_page_on_assistants(tmp_path, monkeypatch):
    """The calls of the conversation answer as the page shows, and its table has every tool."""
    jobs = shutil.copytree(ROOT / "ardoqpy_sync" / "cli" / "demo", tmp_path / "jobs")
    blocks = fenced("integrations/mcp.md", "text")
    plan_id, called = "", set()
    with emulator(seed=str(jobs / "organisation.json")) as server:
        reach(server, monkeypatch)
        tools = JobTools(PROGRAM.parser().parse_args(["mcp", "--jobs", str(jobs), "--allow-apply"]))
        for block in blocks:
            call, expected = block.split("\n", 1)
            name, _, arguments = call.partition(" ")
            arguments = json.loads(arguments)
            if "plan_id" in arguments:
                arguments["plan_id"] = plan_id
            answer = json.loads(tools.call(name, arguments)[0])
            printed = "".join(f"  {line}\n" if line else "\n" for line in answer["data"])
            assert matches(printed, expected), f"{call}\n{printed}"
            plan_id = answer["plan"]["id"] if "plan" in answer else plan_id
            called.add(name)
    assert called == {"list_jobs", "plan", "explain_row", "show_plan", "apply", "undo"}
    listed = re.findall(r"^\| `(\w+)` \| ([^|]*)\|", text_of("integrations/mcp.md"), re.MULTILINE)
    assert {name: re.findall(r"`(\w+)`", takes) for name, takes in listed} == {
        name: list(schema_of(name)["properties"]) for name in TOOLS
    }


def test_the_page_on_the_model_file(tmp_path, monkeypatch, capsys):
    """From a sheet to a preview, the commands print what the page shows; the page has every key."""
    monkeypatch.chdir(tmp_path)
    page = text_of("model-file.md")
    with emulator() as server:
        reach(server, monkeypatch)
        for session in sessions(page):
            play([command for command in session if "emulator" not in command[0]], capsys)
        (example,) = fenced("model-file.md", "toml")
        Path("example.toml").write_text(example, encoding="utf-8")
        assert main(["model", "plan", "example.toml"]) == 2
    rows = re.findall(r"^\|[^|]*\| `(\w+)`(.*?) \|", page, re.MULTILINE)
    keys = [(name, key.required) for table in ALL_TABLES.values() for name, key in table.keys.items()]
    assert [(name, "required" in required) for name, required in rows] == keys
    assert all(f"`{kind}`" in page for kind in FIELD_TYPES)


def test_the_page_on_rejected_rows(spreadsheet, tmp_path, monkeypatch, capsys):
    """The commands print what the page shows, and write the file that it shows."""
    monkeypatch.chdir(tmp_path)
    for session in sessions(text_of("rejected-rows.md")):
        play(session, capsys)
    (content,) = fenced("rejected-rows.md", "csv")
    assert Path("rejected.csv").read_text(encoding="utf-8-sig") == content


def test_the_commands_on_the_schedule_parse():
    """The command line accepts every command on the page, in whatever file it is."""
    page = text_of("schedule.md")
    commands = commands_in(page)
    assert len(commands) == 8
    for command in commands:
        PROGRAM.parser().parse_args(command)


def test_the_files_on_the_schedule_parse():
    """The systemd units are ini files, and both pipelines run the same commands at the same time."""
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
    assert github[True]["schedule"][0]["cron"] == azure["schedules"][0]["cron"]  # YAML reads `on` as true


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="the pipelines of the page run on Linux")
def test_the_exit_codes_of_the_pipeline_steps(spreadsheet, tmp_path):
    """Run as GitHub does, a preview with changes passes, and one with a bad row fails."""
    github, _ = (yaml.safe_load(block) for block in fenced("schedule.md", "yaml"))
    (plan,) = [
        step["run"] for step in github["jobs"]["sync"]["steps"] if "ardoqpy-sync plan" in step.get("run", "")
    ]
    program = tmp_path / "ardoqpy-sync"
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m ardoqpy_sync "$@"\n')
    program.chmod(0o755)
    summary = tmp_path / "summary.md"
    environment = os.environ | {
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "GITHUB_STEP_SUMMARY": str(summary),
    }
    Path("cmdb.toml").rename("job.toml")
    exit_codes = []
    for cell in ("ca. 300 000", "300 000,00"):
        workbook = openpyxl.load_workbook("cmdb.xlsx")
        workbook["Applications"]["F7"] = cell
        workbook.save("cmdb.xlsx")
        done = subprocess.run(["bash", "-e", "-c", plan], env=environment, capture_output=True, check=False)
        exit_codes.append(done.returncode)
    assert exit_codes == [1, 0]
    assert summary.read_text(encoding="utf-8").count("# Applications and servers of the CMDB") == 2


def test_the_comparison_of_two_emulators_runs(capsys):
    """The comparison prints a component that only one of the emulators holds."""
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


@pytest.mark.slow
def test_the_tests_on_the_page_pass(tmp_path):
    """The tests on the page pass as they are."""
    tests = "\n\n".join(fenced("testing-your-integration.md", "python"))
    (tmp_path / "test_mine.py").write_text(tests, encoding="utf-8")
    job = (
        'format = 1\n[sources.apps]\ntype = "rows"\nrows = []\n[[components]]\nrows = "apps"\n'
        'workspace = "Apps"\ntype = "Application"\nname = "{Name}"\n'
    )
    (tmp_path / "job.toml").write_text(job, encoding="utf-8")
    plugins = ["--disable-plugin-autoload", "-p", "ardoqpy.pytest_plugin", "-p", "no:cacheprovider"]
    command = [sys.executable, "-m", "pytest", "-q", *plugins, "-W", "error", "test_mine.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "7 passed" in done.stdout, done.stdout
