"""What holds for the emulator's own source, and for the store without HTTP."""

import ast
import re
import sys
from pathlib import Path

import pytest

import ardoqpy.emulator
from ardoqpy.emulator import Emulator
from ardoqpy.emulator.errors import Unprocessable
from ardoqpy.emulator.routes import ROUTES

HOUSE = Path(ardoqpy.emulator.__file__).parent
SOURCES = {path: path.read_text(encoding="utf-8") for path in HOUSE.rglob("*.py")}


def test_emulator_imports_only_itself_and_the_standard_library():
    """It shares no code with the client and needs nothing installed."""
    for path, source in SOURCES.items():
        for node in ast.walk(ast.parse(source)):
            names = [node.module] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            for name in names:
                own = name.startswith("ardoqpy.emulator")
                assert own or name.partition(".")[0] in sys.stdlib_module_names, (path, name)


def test_every_choice_is_used():
    """A constant that nobody reads would pretend to be a switch."""
    choices = SOURCES[HOUSE / "assumptions.py"]
    everything = "".join(SOURCES.values())
    for name in re.findall(r"^([A-Z][A-Z_0-9]+):", choices, re.MULTILINE):
        assert f"assumptions.{name}" in everything, name


def test_routes_are_plain_and_unique():
    """Each verb and pattern is there once, without a slash at its end."""
    pairs = [(route.method, route.pattern) for route in ROUTES]
    assert len(set(pairs)) == len(pairs) > 50
    assert not [pattern for _, pattern in pairs if pattern.endswith("/")]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("Number", "many"),
        ("List", "z"),
        ("SelectMultipleList", ["a", "z"]),
        ("Checkbox", 1),
        ("DateTime", "soon"),
        ("Email", "nobody"),
        ("Text", 5),
    ],
)
def test_strict_writes_refuse_what_a_field_cannot_hold(kind, value):
    """Whoever asks for it is told which value does not fit its field; nothing is stored."""
    store = Emulator().store
    with store.transaction():
        workspace = store.workspaces.create({"name": "W"})
        options = "a,b" if "List" in kind else None
        model = workspace["componentModel"]
        store.fields.create({"label": "F", "type": kind, "model": model, "defaultValue": options})
        given = {"name": "x", "rootWorkspace": workspace["_id"]}
        with pytest.raises(Unprocessable, match=f"Field 'f' is of type {kind}"):
            store.components.create(given, {"f": value}, strict=True)
        assert store.components.create(given, {"f": value})["customFields"] == {"f": value}


def test_strict_writes_refuse_calculated_fields():
    """Whoever asks for it is told that a calculated field cannot be written."""
    store = Emulator().store
    with store.transaction():
        workspace = store.workspaces.create({"name": "W"})
        field = {"label": "F", "model": workspace["componentModel"], "calculatedFieldSettings": {}}
        store.fields.create(field)
        given = {"name": "x", "rootWorkspace": workspace["_id"]}
        with pytest.raises(Unprocessable, match="is calculated"):
            store.components.create(given, {"f": 1}, strict=True)
        assert store.components.create(given, {"f": 1})["customFields"] == {}


def test_seed_ids_are_not_given_to_others():
    """An id that the seed uses further down is not made up for a row above it."""
    taken = [{"_id": f"5f00aa00bb00cc{number:010x}", "name": "F"} for number in range(1, 4)]
    dump = Emulator(seed={"format": 1, "folders": [{"name": "no id"}, *taken]}).dump()
    assert len({row["_id"] for row in dump["folders"]}) == 4
