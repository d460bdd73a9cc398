"""The source of the emulator, and the store without HTTP."""

import ast
import re
import sys
from pathlib import Path

import ardoqpy.emulator
from ardoqpy.emulator import Emulator
from ardoqpy.emulator.routes import ROUTES

PACKAGE = Path(ardoqpy.emulator.__file__).parent
SOURCES = {path: path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py")}


def test_emulator_imports_only_itself_and_the_standard_library():
    """The emulator shares no code with the client and needs nothing installed."""
    for path, source in SOURCES.items():
        for node in ast.walk(ast.parse(source)):
            names = [node.module] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            for name in names:
                own = name.startswith("ardoqpy.emulator")
                assert own or name.partition(".")[0] in sys.stdlib_module_names, (path, name)


def test_every_assumption_is_used():
    """No constant is without effect."""
    constants = SOURCES[PACKAGE / "assumptions.py"]
    everything = "".join(SOURCES.values())
    for name in re.findall(r"^([A-Z][A-Z_0-9]+):", constants, re.MULTILINE):
        assert f"assumptions.{name}" in everything, name


def test_routes_are_unique():
    """Each method and pattern exists once, without a slash at its end."""
    pairs = [(route.method, route.pattern) for route in ROUTES]
    assert len(set(pairs)) == len(pairs) > 50
    assert not [pattern for _, pattern in pairs if pattern.endswith("/")]


def test_ids_of_the_seed_are_not_assigned():
    """A row without an id does not get an id that the seed uses later."""
    given = [{"_id": f"5f00aa00bb00cc{number:010x}", "name": "F"} for number in range(1, 4)]
    dump = Emulator(seed={"format": 1, "folders": [{"name": "no id"}, *given]}).dump()
    assert len({row["_id"] for row in dump["folders"]}) == 4
