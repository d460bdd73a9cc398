"""Help pages: each has examples, every example runs, and --help imports little."""

import json
import re
import shlex
import signal
import subprocess
import sys

import pytest
from organisation import SEED

from ardoqpy.cli.main import COMMANDS, PROGRAM

NAMES = [command.name for command in COMMANDS]


def examples_of(page):
    """Return the command lines in the examples of a help page."""
    return re.findall(r"^  ardoqpy (.+)$", page.split("examples:")[1], re.MULTILINE)


def all_examples():
    """Return every example of every command's page, but those of the emulator, which would not end."""
    parser = PROGRAM.parser()
    return [line for name in NAMES if name != "emulator" for line in examples_of(_page(name, parser))]


def _page(name, parser):
    for word in name.split():
        (below,) = (action for action in parser._actions if hasattr(action.choices, "get"))
        parser = below.choices[word]
    return parser.format_help()


@pytest.fixture
def folder(ardoq, tmp_path, monkeypatch):
    """Change to an empty folder with the files that examples read."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "batch.json").write_text("{}")
    (tmp_path / "ardoq.cfg").write_text(f"[Ardoq]\nhost = {ardoq.url}\ntoken = {ardoq.token}\n")
    return tmp_path


@pytest.mark.parametrize("name", NAMES)
def test_command_help(run, name):
    """--help of each command says what it does, lists its options and has examples."""
    ran = run(f"{name} --help")
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.startswith(f"usage: ardoqpy {name} ")
    assert all(line.split()[: len(name.split())] == name.split() for line in examples_of(ran.out))
    assert examples_of(ran.out)


@pytest.mark.parametrize("line", all_examples())
def test_examples_run(folder, run, line):
    """Each example of each help page runs as it is, and succeeds."""
    ran = run(line)
    assert (ran.status, ran.err if not line.startswith("download") else "") == (0, "") or (
        line == "export Apps --output apps.json" and ran.err.startswith("ardoqpy: Left out: 1 reference with")
    )
    named = re.search(r"--output (\S+\.\w+)", line)
    assert (folder / named[1]).exists() if named else ran.out or line.startswith("download")


EMULATOR_EXAMPLES = examples_of(_page("emulator", PROGRAM.parser()))


@pytest.mark.parametrize(
    "line",
    [*EMULATOR_EXAMPLES[:1], *(pytest.param(line, marks=pytest.mark.slow) for line in EMULATOR_EXAMPLES[1:])],
)
def test_examples_of_emulator_run(folder, line):
    """Each example of the emulator starts one, which stops at SIGINT; any port will do here."""
    (folder / "seed.json").write_text(json.dumps(SEED))
    words = shlex.split(line.replace("--port 8080", "--port 0"))
    command = [sys.executable, "-m", "ardoqpy", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline().startswith("http://127.0.0.1:")
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=20) == ("", "")
    assert process.returncode == 0


def test_program_help_lists_every_command(run):
    """`ardoqpy --help` lists each command, and `report --help` those of the group."""
    ran = run("--help")
    first = {name.split()[0] for name in NAMES}
    assert first <= set(re.findall(r"^    (\w+)  ", ran.out, re.MULTILINE))
    assert {"list", "show", "run"} <= set(re.findall(r"^    (\w+)  ", run("report --help").out, re.MULTILINE))
    assert run("--version").out.startswith("ardoqpy ")


@pytest.mark.parametrize(
    "line", ["--help", "components --help", "doctor --help", "report --help", "--version"]
)
def test_help_is_light(line):
    """--help imports neither the client nor the slow parts of Python."""
    code = (
        "import sys\n"
        "from ardoqpy.cli import main\n"
        "assert main(sys.argv[1:]) == 0\n"
        "slow = {'requests', 'urllib3', 'ssl', 'http', 'email', 'dataclasses', 'inspect', 'logging'}\n"
        "ours = {'ardoqpy.client', 'ardoqpy.config', 'ardoqpy.emulator', 'ardoqpy._http.transport'}\n"
        "print(sorted((slow | ours) & set(sys.modules)), file=sys.stderr)"
    )
    command = [sys.executable, "-c", code, *line.split()]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr == "[]\n"
    assert done.stdout


def test_python_m(ardoq):
    """`python -m ardoqpy` and the installed command run the same program."""
    command = [sys.executable, "-m", "ardoqpy", "workspaces", "--format", "ndjson", "--columns", "name"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert [json.loads(line)["name"] for line in done.stdout.splitlines()] == ["Apps", "Servers"]
