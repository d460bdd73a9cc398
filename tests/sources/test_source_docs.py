"""docs/sources.md agrees with the code."""

import re
import tomllib
from pathlib import Path

from ardoqpy_sync.sources.cell_formats import OPTIONS, read_formats
from ardoqpy_sync.sources.cleaning import COLUMN_OPTIONS
from ardoqpy_sync.sources.registry import SOURCE_TYPES

PAGE = (Path(__file__).parents[2] / "docs" / "sources.md").read_text(encoding="utf-8")


def fenced(language):
    """Return the fenced blocks of one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def test_python_example_runs(tmp_path, monkeypatch, capsys):
    """The example reads a file and converts a cell."""
    (tmp_path / "jobs").mkdir()
    (tmp_path / "jobs" / "apps.csv").write_text("Name;Cost\nWeb shop;1,5\n")
    monkeypatch.chdir(tmp_path)
    (code,) = fenced("python")
    exec(compile(code, "sources.md", "exec"), {})
    assert capsys.readouterr().out == "apps.csv line 2 Web shop 1.5\n"


def test_toml_examples_are_valid(folder):
    """The TOML examples are a source and formats."""
    source, cleaning, formats = (tomllib.loads(block) for block in fenced("toml"))
    assert folder.open("Name;Co\xf8st\n".encode("cp1252"), **source["source"]).columns == ("Name", "Co\xf8st")
    content = "Name;Yearly cost;Status;Owners;Live since\nWeb;KR 5,-;i drift;a, b;-\n"
    (row,) = folder.open(content, file="clean.csv", **cleaning)
    assert list(row.values.values()) == ["Web", "5", "Live", ["a", "b"], None]
    keys = set(re.findall(r"`([a-z_]+)`", "".join(re.findall(r"^\| `[^|]*\|", PAGE, re.MULTILINE))))
    assert set(COLUMN_OPTIONS) <= keys
    assert set(formats["formats"]) == set(OPTIONS)
    assert read_formats(formats["formats"]).dates == ("%d.%m.%Y",)


def test_table_lists_every_type_and_key():
    """The table lists every source type with its suffixes and keys, and no others."""
    table = PAGE.split("| `type` |")[1].split("\n\n")[0]
    rows = re.findall(r"^\| `(\w+)`( \([^)]*\))? \| (.*?) \|", table, re.MULTILINE)
    assert [name for name, _, _ in rows] == list(SOURCE_TYPES)
    for name, suffixes, keys in rows:
        source_type = SOURCE_TYPES[name]
        assert tuple(re.findall(r"\.\w+", suffixes)) == source_type.suffixes
        assert set(re.findall(r"`([a-z_]+)`", keys)) == set(source_type.options) - {"name"}
