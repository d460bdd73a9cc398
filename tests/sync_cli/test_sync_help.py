"""Help pages of `ardoqpy-sync`: each has examples, every example runs, and --help imports little."""

import json
import re
import shutil
import subprocess
import sys

import pytest
from nightly import ROWS, SEED, TESTS, job_text

from ardoqpy_sync.cli.main import COMMANDS, PROGRAM

MODEL = """\
format = 1
[[workspaces]]
name = "Apps"
component_types = [{ name = "Application" }, { name = "Service" }]
"""
NAMES = [command.name for command in COMMANDS]


def examples_of(page):
    """Return the command lines in the examples of a help page."""
    return re.findall(r"^  ardoqpy-sync (.+)$", page.split("examples:")[1], re.MULTILINE)


def all_examples():
    """Return every example of every command's page but the server, which tests/integrations starts."""
    return [line for name in NAMES if name != "mcp" for line in examples_of(_page(name))]


def _page(name):
    parser = PROGRAM.parser()
    for word in name.split():
        (below,) = (action for action in parser._actions if hasattr(action.choices, "get"))
        parser = below.choices[word]
    return parser.format_help()


@pytest.mark.parametrize("name", NAMES)
def test_command_help(run, name):
    """--help of each command says what it does and has examples."""
    ran = run(f"{name} --help")
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.startswith(f"usage: ardoqpy-sync {name} ")
    words = name.split()
    assert all(line.split()[: len(words)] == words or line == "job.toml" for line in examples_of(ran.out))
    assert examples_of(ran.out)


@pytest.mark.parametrize("line", all_examples())
def test_examples_run(home, ardoq, run, line):
    """Each example of each help page runs as it is, and writes the files it names."""
    if "plan.json" in line or "last.json" in line:
        run("plan job.toml --save plan.json --report last.json")
    if "approved.json" in line:
        run("plan job.toml --save approved.json")
    changes = line.split()[0] in ("plan", "job.toml", "explain") or line.startswith("model plan")
    if line.split()[0] in ("undo", "history", "show", "forget", "ledger"):
        (home / "job.toml").write_text(job_text(share=1))
        run("apply job.toml")
        changes = line.startswith("undo") and "--apply" not in line
    if line.startswith("ledger import"):
        run("ledger export job.toml --output ledger.ndjson")
        (home / "job.ledger.db").unlink()
    (home / "model.toml").write_text(MODEL)
    if line.startswith("init"):
        (home / "job.toml").unlink()
        (home / "model.toml").unlink()
    if line.startswith("test"):
        (home / "model.json").write_text(json.dumps(SEED))
        (home / "job.toml").write_text(f"{job_text()}\n{TESTS}")
    ran = run(line)
    assert (ran.status, ran.err) == (2 if changes else 0, "")
    assert ran.out or "--report" in line or "ledger export" in line
    for named in re.findall(r"--(?:save|report|output) (\S+\.\w+)", line):
        assert (home / named).exists()


def test_program_help_lists_every_command(run):
    """`ardoqpy-sync --help` lists each command, and --version names the program."""
    first = {name.split()[0] for name in NAMES}
    assert first <= set(re.findall(r"^    (\w+)  ", run("--help").out, re.MULTILINE))
    assert {"plan", "apply"} <= set(re.findall(r"^    (\w+)  ", run("model --help").out, re.MULTILINE))
    assert run("--version").out.startswith("ardoqpy-sync ")


@pytest.mark.parametrize(
    "line", ["--help", "plan --help", "apply --help", "check --help", "init --help", "--version"]
)
def test_help_is_light(line):
    """--help imports neither the client nor the slow parts of Python."""
    code = (
        "import sys\n"
        "from ardoqpy_sync.cli import main\n"
        "assert main(sys.argv[1:]) == 0\n"
        "slow = {'requests', 'urllib3', 'ssl', 'http', 'email', 'dataclasses', 'inspect', 'logging'}\n"
        "ours = {'ardoqpy.client', 'ardoqpy.config', 'ardoqpy_sync.client', 'ardoqpy_sync.job'}\n"
        "print(sorted((slow | ours) & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *line.split()], capture_output=True, text=True, check=True
    )
    assert done.stderr == "[]\n"
    assert done.stdout


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        (["ardoqpy-sync", "ap"], {"apply"}),
        (["ardoqpy-sync", "apply", "--on"], {"--on-drift"}),
        (["ardoqpy-sync", "apply", "--on-drift", "re"], {"refuse", "replan"}),
        (["ardoqpy-sync", "plan", "job"], {"job.toml"}),
        (["ardoqpy-sync", "plan", "--to"], set()),
    ],
)
def test_bash_completion(run, tmp_path, typed, offered):
    """Bash completes commands, options, choices and files, and no option for a token."""
    (tmp_path / "sync.bash").write_text(run("completion bash").out)
    (tmp_path / "job.toml").touch()
    words = " ".join(f"'{word}'" for word in typed)
    script = (
        f"source sync.bash; COMP_WORDS=({words}); COMP_CWORD={len(typed) - 1}; "
        f"_shtab_ardoqpy_sync ardoqpy-sync '{typed[-1]}' '{typed[-2]}'; printf '%s\\n' \"${{COMPREPLY[@]}}\""
    )
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert {line.strip() for line in done.stdout.splitlines() if line.strip()} == offered


def test_missing_extra(run, monkeypatch):
    """If the package for completion is missing, the error names the extra."""
    monkeypatch.setitem(sys.modules, "shtab", None)
    ran = run("completion bash")
    assert ran.err.startswith("ardoqpy-sync: Shell completion needs the package shtab")


def test_init(home, ardoq, run):
    """`init` writes a job without problems that `plan` can preview, and prints what to do next."""
    (home / "jobs").mkdir()
    ran = run("init --workspace Apps --source apps.csv --output jobs/first.toml")
    assert (ran.status, ran.err) == (0, "")
    assert "  ardoqpy-sync check jobs/first.toml " in ran.out
    assert '"../apps.csv"' in (home / "jobs" / "first.toml").read_text("utf-8")
    assert run("check jobs/first.toml").status == 0
    assert run("plan jobs/first.toml").status == 2
    assert run("init --workspace Apps --source apps.csv --output -").out.startswith("# A first job")


def test_init_of_a_file_that_is_not_perfect(home, ardoq, run):
    """`init` maps the columns that can be read, also if the first lines are short or names are double."""
    (home / "jira.csv").write_text("Name,Labels,Labels,,Cost\nWeb\nShop,a,b,c,1\n")
    ran = run("init --workspace Apps --source jira.csv --output -")
    assert (ran.status, ran.err) == (0, "")
    assert "{Name}" in ran.out
    assert "{Cost}" in ran.out
    assert "Labels" not in ran.out


def test_init_does_not_overwrite(home, ardoq, run):
    """`init` does not overwrite a file, and sends no request."""
    ran = run("init --workspace Apps --source apps.csv")
    assert ran == (
        1,
        "",
        "ardoqpy-sync: The file 'job.toml' already exists: name another one with --output.\n",
    )
    assert (home / "job.toml").read_text() == job_text()
    assert ardoq.requests == []


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("init --workspace Aps --source apps.csv --output a.toml", "did you mean 'Apps'?"),
        ("init --workspace Apps --source aps.csv --output a.toml", "aps.csv"),
        ("init --workspace Apps --source apps.csv --output none/a.toml", "there is no folder 'none'"),
        ("init --workspace Apps", "required: --source"),
    ],
)
def test_init_fails(home, run, line, word):
    """If there is no such workspace, source or folder, the error says so, and no file is written."""
    ran = run(line)
    assert (ran.status, ran.out, ran.err.count("\n")) == (1, "", 1)
    assert word in ran.err
    assert sorted(path.name for path in home.iterdir()) == ["apps.csv", "job.toml"]


def test_python_m(home, ardoq):
    """`python -m ardoqpy_sync` and the installed command run the same program."""
    done = subprocess.run(
        [sys.executable, "-m", "ardoqpy_sync", "plan", "job.toml", "--json"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert len(json.loads(done.stdout)["changes"]) == 5
    assert (home / "apps.csv").read_text() == ROWS
