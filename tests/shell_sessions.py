"""Play the shell sessions of a page: run their commands, and compare what they print with the page."""

import os
import re
import runpy
import shlex
import subprocess
import sys

from ardoqpy.cli import main as ardoqpy
from ardoqpy_sync.cli import main as ardoqpy_sync

#: What differs from run to run: hosts, times, and with them the SHA-256 of a plan.
CHANGING = re.compile(
    r"http://127\.0\.0\.1:\d+|https://yourorg\.ardoq\.com|\d{4}-\d\d-\d\dT[\d:.]+Z"
    r"|plan [0-9a-f]{12}, SHA-256 [0-9a-f]{64}"
)
PROGRAMS = {"ardoqpy": ardoqpy, "ardoqpy-sync": ardoqpy_sync}
#: Commands that a test does not run: it has an emulator, an environment and the packages already.
SKIPPED = re.compile(r"ardoqpy emulator |export |cd |pip |python3 -m venv |\. ")


def sessions(text):
    """Return the shell sessions of a page, each as a list of (command, expected output)."""
    result = []
    for block in re.findall(r"^```sh-session\n(.*?)^```$", text, re.DOTALL | re.MULTILINE):
        parts = re.split(r"^\$ (.*)\n", block, flags=re.MULTILINE)[1:]
        result.append(list(zip(parts[::2], parts[1::2], strict=True)))
    return result


def run(command, capsys):
    """Run a command in this process, and return its exit status and its output, errors last."""
    program, *arguments = shlex.split(command)
    capsys.readouterr()
    try:
        if program in ("printf", "cp"):
            status = subprocess.run(command, shell=True, check=True).returncode
        else:
            status = _script(arguments) if program == "python" else PROGRAMS[program](arguments)
    except SystemExit as end:
        status = end.code or 0
    printed = capsys.readouterr()
    return status, printed.out + printed.err


def _script(arguments):
    before = sys.argv
    sys.argv = arguments
    try:
        runpy.run_path(arguments[0], run_name="__main__")
    finally:
        sys.argv = before
    return 0


def matches(printed, expected):
    """Return whether an output is what a page shows; a line `...` there stands for any lines."""
    pieces = CHANGING.sub("<>", expected).split("...\n")
    pattern = ".*".join(re.escape(piece) for piece in pieces)
    return re.fullmatch(pattern, CHANGING.sub("<>", printed), re.DOTALL) is not None


def play(session, capsys):
    """Run the commands of a session, and compare the output of each."""
    status = 0
    for command, expected in session:
        if command == "echo $?":
            assert expected == f"{status}\n"
        elif not SKIPPED.match(command):
            status, printed = run(command, capsys)
            assert matches(printed, expected), f"$ {command}\n{printed}"


def reach(server, monkeypatch):
    """Point the commands at an emulator, outside of any CI."""
    for name in [name for name in os.environ if name.startswith(("ARDOQ", "GITHUB"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("ARDOQ_API_HOST", server.url)
    monkeypatch.setenv("ARDOQ_API_TOKEN", server.token)
