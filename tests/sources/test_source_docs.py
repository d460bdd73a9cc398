"""What docs/sources.md says, held against what there is."""

import re
import tomllib
from pathlib import Path

from ardoqpy_sync.sources.cell_conversion import CellFormats, read_spelling
from ardoqpy_sync.sources.registry import _TYPES

PAGE = (Path(__file__).parents[2] / "docs" / "sources.md").read_text(encoding="utf-8")


def fenced(language):
    """Return the fenced blocks of one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def test_the_example_runs(tmp_path, monkeypatch, capsys):
    """The example reads a file as it says."""
    (tmp_path / "jobs").mkdir()
    (tmp_path / "jobs" / "apps.csv").write_text("Name;Cost\nWeb shop;1,5\n")
    monkeypatch.chdir(tmp_path)
    (code,) = fenced("python")
    exec(compile(code, "sources.md", "exec"), {})
    assert capsys.readouterr().out == "apps.csv line 2 Web shop 1.5\n"


def test_the_tables_are_ones(folder):
    """The tables in TOML describe a source and a spelling."""
    source, spelling = (tomllib.loads(block) for block in fenced("toml"))
    assert folder.open("Name;Co\xf8st\n".encode("cp1252"), **source["source"]).columns == ("Name", "Co\xf8st")
    assert set(spelling["spelling"]) == set(CellFormats._fields)
    assert read_spelling(spelling["spelling"]).dates == ("%d.%m.%Y",)


def test_every_type_and_key_is_named():
    """The table of types names every type with its suffixes and its keys, and no others."""
    table = PAGE.split("| `type` |")[1].split("\n\n")[0]
    rows = re.findall(r"^\| `(\w+)`( \([^)]*\))? \| (.*?) \|", table, re.MULTILINE)
    assert [name for name, _, _ in rows] == list(_TYPES)
    for name, suffixes, keys in rows:
        one = _TYPES[name]
        assert tuple(re.findall(r"\.\w+", suffixes)) == one.suffixes
        assert set(re.findall(r"`([a-z_]+)`", keys)) == set(one.keys) - {"name"}
