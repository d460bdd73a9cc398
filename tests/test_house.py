"""The house rules: who may import whom, what may be printed, what the package holds."""

import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

import ardoqpy
import ardoqpy_sync

ROOT = Path(__file__).parents[1]
FILES = sorted([*ROOT.glob("ardoqpy/**/*.py"), *ROOT.glob("ardoqpy_sync/**/*.py")])
#: The imports that point up: 0.8.4's scripts take the sync client from the face, which looks it up late, or
#: from the module in which it was, which nobody else imports.
UP = {("ardoqpy", "ardoqpy_sync"), ("ardoqpy.ardoqpy_sync", "ardoqpy_sync")}


def _module(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {_module(path): path for path in FILES}


@cache
def _imports(path):
    """Return every module of ours that a file imports when it runs, wherever in it the import stands."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    typing_only = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        for inner in ast.walk(node)
    }
    found = []
    for node in ast.walk(tree):
        if node in typing_only:
            continue
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = [f"{node.module}.{alias.name}" for alias in node.names]
            found += [name if name in MODULES else node.module for name in inner]
    return found


def _edges():
    return {
        (name, imported)
        for name, path in MODULES.items()
        for imported in _imports(path)
        if imported in MODULES
    }


def test_no_imports_go_in_a_circle():
    """No module imports itself through others, imports inside functions included."""
    below = {}
    for name, imported in _edges():
        below.setdefault(name, set()).add(imported)

    def reachable(name, seen):
        for imported in below.get(name, ()):
            if imported not in seen:
                seen.add(imported)
                reachable(imported, seen)
        return seen

    assert [name for name in MODULES if name in reachable(name, set())] == []


def test_the_sync_stands_on_the_client_and_not_the_other_way():
    """Nothing in ardoqpy imports ardoqpy_sync, but for the sake of 0.8.4's import lines."""

    def of_the_sync(name):
        return name.split(".")[0] == "ardoqpy_sync"

    assert {edge for edge in _edges() if not of_the_sync(edge[0]) and of_the_sync(edge[1])} == UP
    assert not [edge for edge in _edges() if edge[1] == "ardoqpy.ardoqpy_sync"]


def test_the_emulator_and_the_client_meet_over_http_only():
    """The emulator imports nothing of the client, and the client nothing of the emulator."""
    door = {"ardoqpy.testing", "ardoqpy.cli.commands.emulator", "ardoqpy.pytest_plugin"}
    crossing = [
        (name, imported)
        for name, imported in _edges()
        if name not in door
        and name.startswith("ardoqpy.emulator") != imported.startswith("ardoqpy.emulator")
        and not (imported == "ardoqpy" and name.startswith("ardoqpy_sync"))
        and (name.startswith("ardoqpy.emulator") or imported.startswith("ardoqpy.emulator"))
    ]
    assert crossing == []


def test_versions_of_the_api_know_nothing_of_each_other():
    """A dialect imports no other, and nobody but the constructor of the client asks for the version."""
    dialects = {"ardoqpy.api.v1", "ardoqpy.api.v2"}
    assert [edge for edge in _edges() if set(edge) <= dialects] == []
    assert {name for name, imported in _edges() if imported in dialects} == {"ardoqpy.client"}
    asks = re.compile(r"""version\b\s*(==|!=|in|not in)\s*[\[({]?["']v\d""")
    assert [
        name
        for name, path in MODULES.items()
        if not name.startswith("ardoqpy.emulator") and asks.search(path.read_text(encoding="utf-8"))
    ] == []


def test_the_command_line_asks_in_public():
    """The command line calls public methods of the client alone, and nobody but its entry imports it."""
    inside = re.compile(r"client\.(api|token|_\w+)\b|(?<!ardoqpy)\.api\.")
    command_line = {name: path for name, path in MODULES.items() if name.split(".")[1:2] == ["cli"]}
    assert [name for name, path in command_line.items() if inside.search(path.read_text("utf-8"))] == []
    below = {"ardoqpy.api.v1", "ardoqpy.api.v2", "ardoqpy.api.protocols", "ardoqpy._http.transport"}
    assert [edge for edge in _edges() if edge[0] in command_line and edge[1] in below] == []
    outside = {name for name, imported in _edges() if imported in command_line and name not in command_line}
    assert outside == {"ardoqpy.__main__", "ardoqpy_sync.__main__"}


def test_requests_has_one_door():
    """Only _transport.py imports requests or urllib3."""
    door = re.compile(r"^\s*(import|from) (requests|urllib3)\b", re.MULTILINE)
    users = {name for name, path in MODULES.items() if door.search(path.read_text(encoding="utf-8"))}
    assert users == {"ardoqpy._http.transport"}


@pytest.mark.parametrize("path", FILES, ids=_module)
def test_no_file_is_much_over_600_lines(path):
    """A file that grows past 600 lines is two ideas."""
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 600


@pytest.mark.parametrize("package", [ardoqpy, ardoqpy_sync], ids=["ardoqpy", "ardoqpy_sync"])
def test_the_face_is_complete(package):
    """Everything that __all__ names is there, and every public error is in the face."""
    for name in package.__all__:
        assert getattr(package, name) is not None
    assert set(ardoqpy.errors.__all__) <= set(ardoqpy.__all__)


def test_importing_is_quiet_and_light():
    """Importing the library configures no logging, and loads neither the emulator nor the sync."""
    code = (
        "import logging, sys, ardoqpy\n"
        "assert not logging.getLogger().handlers and not logging.getLogger('ardoqpy').handlers\n"
        "assert logging.getLogger().level == logging.WARNING\n"
        "heavy = ('ardoqpy.emulator', 'ardoqpy_sync', 'configparser')\n"
        "print([name for name in sys.modules if name.startswith(heavy)])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"
    assert done.stderr == ""


def test_the_face_alone_costs_nothing():
    """`import ardoqpy` loads neither requests nor the client; its names and modules are there when asked."""
    code = (
        "import sys, ardoqpy\n"
        "assert not {'requests', 'urllib3', 'ardoqpy.client'} & set(sys.modules)\n"
        "assert not hasattr(ardoqpy, 'no_such_name') and 'requests' not in sys.modules\n"
        "assert ardoqpy.errors.Conflict is ardoqpy.Conflict and 'ArdoqClient' in dir(ardoqpy)\n"
        "from ardoqpy import *\n"
        "print(ArdoqClient.__module__, ardoqpy.client.ArdoqClient is ArdoqClient)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT)
    assert (done.stdout.strip(), done.stderr) == ("ardoqpy.client True", "")


def test_both_import_lines_of_the_predecessor_work():
    """`from ardoqpy import ArdoqSyncClient` and `from ardoqpy_sync import ArdoqSyncClient` give the same."""
    from ardoqpy import ArdoqSyncClient  # noqa: PLC0415

    assert ArdoqSyncClient is ardoqpy_sync.ArdoqSyncClient


def test_an_old_urllib3_is_refused():
    """The client refuses urllib3 1, which requests accepts: the error says what to install."""
    code = "import urllib3.exceptions as e; del e.NameResolutionError; import ardoqpy.client"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.stderr.strip().endswith("an older one is installed: pip install 'urllib3>=2'.")


def test_the_core_depends_on_requests_alone():
    """The package asks the index for requests and nothing else."""
    config = (ROOT / "setup.cfg").read_text(encoding="utf-8")
    (wanted,) = re.findall(r"install_requires =\n((?:    .*\n)+)", config)
    assert [line.split()[0] for line in wanted.splitlines()] == ["requests"]
