"""What a page shows of a shell, played again: its commands run, and what they print is held against the
page.
"""

import os
import re
import runpy
import shlex
import sys

from ardoqpy.cli import main as ardoqpy
from ardoqpy_sync.cli import main as ardoqpy_sync

#: What is different each time: hosts, times and ids.
CHANGING = re.compile(r"http://127\.0\.0\.1:\d+|https://yourorg\.ardoq\.com|\d{4}-\d\d-\d\dT[\d:.]+Z")
PROGRAMS = {"ardoqpy": ardoqpy, "ardoqpy-sync": ardoqpy_sync}
#: What sets the scene for people: an emulator, an environment and packages are there in a test.
SCENERY = re.compile(r"ardoqpy emulator |export |cd |pip |python3 -m venv |\. ")


def sessions(text):
    """Return the blocks of a page that show a shell, each as a list of (command, what it printed)."""
    found = []
    for block in re.findall(r"^```sh-session\n(.*?)^```$", text, re.DOTALL | re.MULTILINE):
        parts = re.split(r"^\$ (.*)\n", block, flags=re.MULTILINE)[1:]
        found.append(list(zip(parts[::2], parts[1::2], strict=True)))
    return found


def run(command, capsys):
    """Run a command in this process, and return its status and what it printed, errors at the end."""
    program, *arguments = shlex.split(command)
    capsys.readouterr()
    try:
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


def fits(printed, shown):
    """Tell whether what was printed is what a page shows; a line `...` there stands for any lines."""
    pieces = CHANGING.sub("<>", shown).split("...\n")
    pattern = ".*".join(re.escape(piece) for piece in pieces)
    return re.fullmatch(pattern, CHANGING.sub("<>", printed), re.DOTALL) is not None


def play(session, capsys):
    """Run the commands of a block, and hold each against what is shown of it."""
    status = 0
    for command, shown in session:
        if command == "echo $?":
            assert shown == f"{status}\n"
        elif not SCENERY.match(command):
            status, printed = run(command, capsys)
            assert fits(printed, shown), f"$ {command}\n{printed}"


def reach(server, monkeypatch):
    """Have commands go to an emulator, and print as into a pipe of some width."""
    for name in [name for name in os.environ if name.startswith(("ARDOQ", "GITHUB"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("ARDOQ_API_HOST", server.url)
    monkeypatch.setenv("ARDOQ_API_TOKEN", server.token)
