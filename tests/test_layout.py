"""Rules for the layout of the product: who imports whom, sizes of files and folders, what importing costs."""

import ast
import re
import subprocess
import sys
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

import pytest

import ardoqpy
import ardoqpy_sync

ROOT = Path(__file__).parents[1]
FILES = sorted([*ROOT.glob("ardoqpy/**/*.py"), *ROOT.glob("ardoqpy_sync/**/*.py")])
#: Modules and packages from top to bottom: each may import what stands below it, and packages themselves.
#: Names in one row do not import each other. docs/design.md draws the same order.
LAYERS = """
    ardoqpy_sync.__main__
    ardoqpy_sync.integrations
    ardoqpy_sync.cli
    ardoqpy_sync
    ardoqpy_sync.job
    ardoqpy_sync.reporting
    ardoqpy_sync.client
    ardoqpy_sync.reads
    ardoqpy_sync.plans
    ardoqpy_sync.deletion
    ardoqpy_sync.engine
    ardoqpy_sync.writing
    ardoqpy_sync.report
    ardoqpy_sync.compare
    ardoqpy_sync.ledger
    ardoqpy_sync.sources ardoqpy_sync.documents ardoqpy_sync.json_file ardoqpy_sync.lock ardoqpy_sync.progress

    ardoqpy.__main__
    ardoqpy.cli
    ardoqpy.name_lookup
    ardoqpy ardoqpy.ardoqpy ardoqpy.ardoqpy_sync ardoqpy.ardoqpy_v2
    ardoqpy.example_client
    ardoqpy.client
    ardoqpy.methods
    ardoqpy.batch
    ardoqpy.api
    ardoqpy._http
    ardoqpy.config ardoqpy.metamodel
    ardoqpy._validation
    ardoqpy._messages ardoqpy._terminal ardoqpy.entities
    ardoqpy.errors ardoqpy._version

    ardoqpy.pytest_plugin
    ardoqpy.testing
    ardoqpy.emulator
"""
RANKS = {name: rank for rank, row in enumerate(LAYERS.splitlines()) for name in row.split()}
#: Imports that go up: 0.8.4's scripts import the sync client from `ardoqpy`, which imports it on demand, or
#: from the module that held it, which nobody else imports.
UP = {("ardoqpy", "ardoqpy_sync"), ("ardoqpy.ardoqpy_sync", "ardoqpy_sync")}


def _module(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {_module(path): path for path in FILES}


@cache
def _text(path):
    return path.read_text(encoding="utf-8")


@cache
def _edges():
    """Return every import of the product: inside functions and for type checkers, too."""
    imports = {(name, imported) for name, path in MODULES.items() for imported in _imports(path)}
    return {edge for edge in imports if edge[1] in MODULES}


def _imports(path):
    for node in ast.walk(ast.parse(_text(path))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                yield name if name in MODULES else node.module


def _layer(name):
    """Return the entry of `LAYERS` that a module belongs to: itself, or its package."""
    return name if name in RANKS else _layer(name.rpartition(".")[0])


def test_no_import_goes_up():
    """Modules import from their own package or from a layer below, type-only imports included."""
    layers = [(edge, [_layer(name) for name in edge]) for edge in _edges()]
    up = {edge for edge, (above, below) in layers if above != below and RANKS[above] >= RANKS[below]}
    assert up == UP


def test_every_layer_exists():
    """`LAYERS` names each module and package below the two packages, and nothing else."""
    top_level = {".".join(name.split(".")[:2]) for name in MODULES}
    assert set(RANKS) == top_level


def test_no_imports_form_a_circle():
    """No module imports itself through others, type-only imports included."""
    imported_by = {}
    for name, imported in _edges():
        imported_by.setdefault(name, set()).add(imported)

    def reachable(name, seen):
        for imported in imported_by.get(name, set()) - seen:
            seen.add(imported)
            reachable(imported, seen)
        return seen

    assert [name for name in MODULES if name in reachable(name, set())] == []


def test_the_compatibility_module_is_imported_by_nobody():
    """The product itself never uses the module in which 0.8.4 had its sync client."""
    assert not [edge for edge in _edges() if edge[1] == "ardoqpy.ardoqpy_sync"]


def test_the_emulator_and_the_client_meet_over_http_only():
    """The emulator imports nothing of the client, and the client nothing of the emulator."""
    starts_it = {"ardoqpy.testing", "ardoqpy.cli.commands.emulator", "ardoqpy.pytest_plugin"}
    crossing = {
        edge
        for edge in _edges()
        if edge[0] not in starts_it and len({name.startswith("ardoqpy.emulator") for name in edge}) == 2
    }
    assert crossing == set()


def test_versions_of_the_api_know_nothing_of_each_other():
    """v1 and v2 do not import each other, and only the constructor of the client asks for the version.

    The portal's example client exists for v2 alone.
    """
    versions, users = {"ardoqpy.api.v1", "ardoqpy.api.v2"}, {"ardoqpy.client", "ardoqpy.example_client"}
    assert [edge for edge in _edges() if set(edge) <= versions] == []
    assert {name for name, imported in _edges() if imported in versions} == users
    asks = re.compile(r"""version\b\s*(==|!=|in|not in)\s*[\[({]?["']v\d""")
    assert [
        name
        for name, path in MODULES.items()
        if not name.startswith("ardoqpy.emulator") and asks.search(_text(path))
    ] == []


def test_the_command_line_uses_the_public_client():
    """The command line calls public methods of the client alone; `__main__` and integrations import it."""
    private = re.compile(r"client\.(api|token|_\w+)\b|(?<!ardoqpy)\.api\.")
    command_line = {name: path for name, path in MODULES.items() if name.split(".")[1:2] == ["cli"]}
    assert [name for name, path in command_line.items() if private.search(_text(path))] == []
    below = {"ardoqpy.api.v1", "ardoqpy.api.v2", "ardoqpy.api.protocols", "ardoqpy._http.transport"}
    assert [edge for edge in _edges() if edge[0] in command_line and edge[1] in below] == []
    outside = {name for name, imported in _edges() if imported in command_line and name not in command_line}
    outside = {name for name in outside if not name.startswith("ardoqpy_sync.integrations.")}
    assert outside == {"ardoqpy.__main__", "ardoqpy_sync.__main__"}


def test_one_module_imports_requests():
    """Only `_http/transport.py` imports requests or urllib3."""
    imports = re.compile(r"^\s*(import|from) (requests|urllib3)\b", re.MULTILINE)
    users = {name for name, path in MODULES.items() if imports.search(_text(path))}
    assert users == {"ardoqpy._http.transport"}


def test_files_and_folders_stay_small():
    """No file has more than 620 lines, and neither package more entries than a reader can survey."""
    lines = {_module(path): len(_text(path).splitlines()) for path in FILES}
    assert {name: count for name, count in lines.items() if count > 620} == {}
    for package, limit in (("ardoqpy", 24), ("ardoqpy_sync", 20)):
        folder = ROOT / package
        entries = {path.relative_to(folder).parts[0] for path in folder.rglob("*.py")}
        assert len(entries) <= limit, package


def _tracked_files():
    """Return the paths of the files in Git; in a copy without it, what at its top is not ignored."""
    if (ROOT / ".git").exists():
        command = ["git", "ls-files", "-z"]
        listed = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
        return listed.stdout.strip("\0").split("\0")
    ignored = [line.strip("/") for line in _text(ROOT / ".gitignore").splitlines() if line != "*.whl"]
    top = [path for path in ROOT.iterdir() if not any(fnmatch(path.name, pattern) for pattern in ignored)]
    return [path.name for path in top]


def test_the_top_level_holds_what_belongs_there():
    """The repository has the agreed folders and files at its top, and no file that is built or downloaded."""
    names = _tracked_files()
    assert {name.partition("/")[0] for name in names} == {
        *(".ci", "ardoqpy", "ardoqpy_sync", "benchmarks", "docs", "examples", "tests"),
        *(".gitignore", "CHANGELOG.md", "LICENSE", "README.md"),
        *("ardoq.cfg.example", "pyproject.toml", "setup.cfg", "testclient.py"),
    }
    assert [name for name in names if name.endswith((".whl", ".tar.gz", ".pyc"))] == []


def test_data_has_types():
    """`dict[str, Any]` is for attributes of unknown keys; whatever has known keys has a type of its own."""
    assert sum(_text(path).count("dict[str, Any]") for path in FILES) < 60


@pytest.mark.parametrize("package", [ardoqpy, ardoqpy_sync], ids=["ardoqpy", "ardoqpy_sync"])
def test_the_public_names_are_complete(package):
    """Every name in `__all__` exists, and `ardoqpy` exports every public error."""
    for name in package.__all__:
        assert getattr(package, name) is not None
    assert set(ardoqpy.errors.__all__) <= set(ardoqpy.__all__)


def test_importing_configures_no_logging_and_loads_little():
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


def test_importing_the_package_loads_its_modules_on_demand():
    """`import ardoqpy` loads neither requests nor the client; its names and modules load when used."""
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
