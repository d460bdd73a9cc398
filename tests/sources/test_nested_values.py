"""Paths into nested values, inner arrays as rows, file patterns and standard input."""

import io
import json
import sys

import pytest
from error_messages import sentence_of
from reading import read_until_error, rows, values

from ardoqpy.errors import ConfigurationError, InvalidInput
from ardoqpy_sync.sources import from_rows
from ardoqpy_sync.sources.json_path import format_path, parse_path
from ardoqpy_sync.sources.text_file import _standard_input

POD = {
    "metadata": {"name": "web-1", "labels": {"app.io/name": "web"}, "owner": None},
    "tags": [{"key": "a"}, {"key": "b"}, {}],
    "flat.key": 1,
    "flat": {"key": 2},
    "ports": [[1, 2], [3]],
}
NESTED = {
    "account": "prod",
    "groups": [
        {"owner": "ops", "hosts": [{"id": "a", "disks": [{"d": 1}, {"d": 2}]}, {"id": "b"}]},
        {"owner": "dev"},
        {"owner": "qa", "hosts": []},
        {"owner": "web", "hosts": [{"id": "c", "disks": [{"d": 3}]}]},
    ],
    "after": {"x": 1},
}


@pytest.mark.parametrize(
    ("path", "cell"),
    [
        ("metadata.name", "web-1"),
        ('metadata.labels."app.io/name"', "web"),
        ("metadata.owner", None),
        ("tags[0].key", "a"),
        ("tags[5].key", None),
        ("metadata.owner.name", None),
        ("tags[].key", ["a", "b"]),
        ("ports[]", [1, 2, 3]),
        ("ports[0][1]", 2),
        ("tags[1]", {"key": "b"}),
        ("flat.key", 1),
    ],
)
def test_path_is_a_column(path, cell):
    """A path gives the value that it leads to; a key of that whole name comes first."""
    source = from_rows([POD, {"metadata": {}, "tags": None, "ports": [], "flat.key": 5}])
    source.require([path])
    first, second = source
    assert first.values.get(path) == cell
    assert second.values.get(path) in (None, 5)
    assert path in source.columns


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("metadata.name.x", "The path 'metadata.name.x' needs an object at 'metadata.name', not 'web-1'."),
        ("metadata[0]", "The path 'metadata[0]' needs a list at 'metadata', not a dict."),
        ("tags.key", "The path 'tags.key' needs an object at 'tags', not a list."),
    ],
)
def test_cell_is_unreadable_where_the_path_does_not_fit(path, sentence):
    """A path that meets something else fails what reads it, and not the other cells."""
    source = from_rows([POD])
    source.require([path])
    (row,) = source
    assert sentence_of(InvalidInput, row.values.get, path) == sentence
    assert row.values["metadata"]["name"] == "web-1"


def test_key_that_an_inner_object_has_twice_cannot_be_read(folder):
    """A key that is there twice is unknown, not its last value."""
    source = folder.open('[{"a": {"b": 1, "b": 2}}, {"a": {"b": 3}}]', file="x.json")
    source.require(["a.b"])
    first, second = source
    message = sentence_of(InvalidInput, first.values.get, "a.b")
    assert (message, second.values["a.b"]) == ("An object on the path 'a.b' has 'b' twice.", 3)


def test_path_that_no_row_has_is_an_error(folder):
    """A path that no row has is misspelled: similar ones are suggested."""
    source = folder.open(json.dumps([POD]), file="pods.json")
    source.require(["metadata.nmae"])
    _, message = read_until_error(source)
    assert message.startswith("pods.json has no column 'metadata.nmae': did you mean 'metadata.name'")


def test_rules_clean_the_cells_of_a_path(folder):
    """A path can have rules, like any column."""
    rules = {"columns": {"a.b": {"blank": "-", "map": {"x": "X"}}}}
    source = folder.open('[{"a": {"b": "x"}}, {"a": {"b": "-"}}]', file="x.json", **rules)
    assert [row["a.b"] for row in values(source)] == ["X", None]


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("a", ("a",)),
        ("a b.c", ("a b", "c")),
        ("a[0][].b", ("a", 0, None, "b")),
        ("[].a", (None, "a")),
        ('"a.b".c', ("a.b", "c")),
        ("a..b", None), (".a", None), ("a.", None), ("a[x]", None), ("a[", None), ("a]", None), ("", None),
        ("[0]a", None),
    ],
)  # fmt: skip
def test_text_is_a_path(text, steps):
    """A text is parsed to steps, which give the same text."""
    assert parse_path(text) == steps
    assert steps is None or format_path(steps) == text


def test_inner_items_are_rows_that_see_what_is_around_them(folder):
    """Each inner item is a row; its label says where it is, and outer values are below their array."""
    source = folder.open(json.dumps(NESTED), file="x.json", path="groups[].hosts[]")
    source.require(["id", "groups.owner", "$.account", "$.after.x"])
    read = [
        (row.label, row.values["id"], row.values["groups.owner"], row.values["$.account"]) for row in source
    ]
    assert read == [
        ("x.json item 1 (line 1), hosts 1", "a", "ops", "prod"),
        ("x.json item 1 (line 1), hosts 2", "b", "ops", "prod"),
        ("x.json item 4 (line 1), hosts 1", "c", "web", "prod"),
    ]
    assert {row["$.after.x"] for row in values(source)} == {1}


@pytest.mark.parametrize("path", ["groups[].hosts[].disks[]", "groups[].hosts[].disks"])
def test_arrays_can_be_nested_deeper(folder, path):
    """Each array of the path has its item, by the name of the array."""
    source = folder.open(json.dumps(NESTED), file="x.json", path=path)
    source.require(["groups.owner", "hosts.id"])
    assert [(row["d"], row["hosts.id"], row["groups.owner"]) for row in values(source)] == [
        (1, "a", "ops"), (2, "a", "ops"), (3, "c", "web")
    ]  # fmt: skip


def test_an_array_at_the_top_has_inner_arrays(folder):
    """A path that begins with [] starts from each item of the array at the top."""
    source = folder.open(json.dumps(NESTED["groups"]), file="x.json", path="[].hosts[]")
    assert [row["id"] for row in values(source)] == ["a", "b", "c"]


def test_a_document_is_one_row(folder):
    """With path $, the object at the top is the only row; an array there is an error."""
    source = folder.open('{"a": {"b": 1}}', file="x.json", path="$")
    source.require(["a.b"])
    assert [(label, cells["a.b"]) for label, cells in rows(source)] == [("x.json", 1)]
    source = folder.open("[1]", file="x.json", path="$")
    assert read_until_error(source)[1] == "x.json line 1 has no object at the top. Remove path."


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"groups": [{"hsts": [{}]}]}', "x.json has no item with 'hosts' at 'groups': did you mean 'hsts'?"),
        ('{"grops": []}', "x.json line 1 has no key 'groups': did you mean 'grops'?"),
    ],
)
def test_path_to_rows_that_leads_nowhere_is_an_error(folder, content, message):
    """An array that no item has is misspelled."""
    source = folder.open(content, file="x.json", path="groups[].hosts[]")
    assert read_until_error(source)[1] == message


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ('{"hosts": 5}', "x.json item 1 (line 1): There is no array at 'hosts'."),
        ('{"hosts": [], "hosts": []}', "x.json item 1 (line 1): An object on the path 'hosts' has 'hosts'"),
        ('{"hosts": ["a"]}', "x.json item 1 (line 1), hosts 1: The row is 'a', not a JSON object of columns"),
    ],
)  # fmt: skip
def test_item_without_rows_is_a_bad_row(folder, item, message):
    """An item whose inner array cannot be read is a bad row, and the others are read."""
    content = '{"groups": [' + item + ', {"hosts": [{"id": "b"}]}]}'
    source = folder.open(content, file="x.json", path="groups[].hosts[]")
    bad, good = source
    assert (bad.message.startswith(message), good.values["id"]) == (True, "b")


def test_outer_and_inner_values_are_not_mixed_up(folder):
    """A key that means both an outer item and an inner value cannot be read, nor a key that is twice."""
    content = '{"g": [{"n": 1, "n": 2, "h": [{"g": 5, "id": "a"}]}, {"n": 3, "h": [{"id": "b"}]}]}'
    source = folder.open(content, file="x.json", path="g[].h[]")
    source.require(["g.n"])
    first, second = source
    assert "Both the item and what is around it" in sentence_of(InvalidInput, first.values.get, "g.n")
    assert (first.values["id"], second.values["g.n"]) == ("a", 3)
    source = folder.open(content.replace('"g": 5, ', ""), file="x.json", path="g[].h[]")
    source.require(["g.n"])
    assert "'n' twice" in sentence_of(InvalidInput, next(iter(source)).values.get, "g.n")


def test_pattern_reads_all_files_that_match(folder):
    """The files of a pattern are one source; each row has the label of its file."""
    for name in ("b", "a"):
        (folder.path / f"{name}.json").write_text(f'{{"n": {{"x": "{name}"}}}}')
    source = folder.open(file="*.json", path="$")
    source.require(["n.x"])
    assert [(label, cells["n.x"]) for label, cells in rows(source)] == [("a.json", "a"), ("b.json", "b")]
    assert len(rows(source)) == 2


@pytest.mark.parametrize("names", [("a", "b"), ("b", "a")])
def test_inner_arrays_are_in_one_of_the_files_at_least(folder, names):
    """A file of a pattern can lack the inner array if another one has it; no rows at all are an error."""
    without, having = names
    (folder.path / f"{without}.json").write_text('{"items": [{"kind": "Service"}]}')
    (folder.path / f"{having}.json").write_text('{"items": [{"jobs": [{"name": "x"}]}]}')
    source = folder.open(file="*.json", path="items[].jobs[]")
    source.require(["name"])
    assert [cells["name"] for _, cells in rows(source)] == ["x"]
    (folder.path / f"{having}.json").write_text('{"items": []}')
    _, message = read_until_error(folder.open(file="*.json", path="items[].jobs[]"))
    start = f"{without}.json has no item with 'jobs' at 'items': there is 'kind'."
    assert message == f"{start} No other file of *.json has rows."


def test_pattern_is_a_file_if_there_is_one_of_that_name(folder):
    """A file whose name looks like a pattern is read."""
    assert values(folder.open("a\n1\n", file="x[1].csv")) == [{"a": "1"}]


def test_files_of_a_pattern_have_the_same_columns(folder):
    """A file with other columns is an error: its cells would be taken for blank."""
    (folder.path / "a.csv").write_text("x,y\n1,2\n")
    (folder.path / "b.csv").write_text("y,x\n3,4\n")
    assert values(folder.open(file="*.csv")) == [{"x": "1", "y": "2"}, {"x": "4", "y": "3"}]
    (folder.path / "c.csv").write_text("x,z\n1,2\n")
    _, message = read_until_error(folder.open(file="*.csv"))
    assert message == "c.csv has other columns than a.csv: it has no 'y', and only it has 'z'."


def test_pattern_that_no_file_matches_is_an_error(folder):
    """A pattern without files is a mistake."""
    message = sentence_of(ConfigurationError, folder.open, file="pods/*.json")
    assert message.endswith("matches 'pods/*.json'.")


@pytest.fixture
def standard_input(monkeypatch):
    """Return a function that sets standard input."""

    def set_content(text):
        _standard_input.cache_clear()
        monkeypatch.setattr(sys, "stdin", None if text is None else io.TextIOWrapper(io.BytesIO(text)))

    yield set_content
    _standard_input.cache_clear()


def test_standard_input_is_a_source_that_can_be_read_again(folder, standard_input):
    """Standard input is read once, and each pass over each source that names it gives all rows."""
    standard_input(b'{"items": [{"a": 1}]}')
    sources = [folder.open(file="-", type="json", path="items") for _ in range(2)]
    for source in (*sources, *sources):
        assert rows(source) == [("standard input item 1 (line 1)", {"a": 1})]


def test_standard_input_needs_rows_and_a_type_of_text(folder, standard_input):
    """Without a pipe there are no rows, and a workbook is read from a file."""
    standard_input(None)
    assert read_until_error(folder.open(file="-", type="csv"))[1].startswith("Standard input is a terminal.")
    for kind in ("excel", None):
        with pytest.raises(ConfigurationError, match=r"standard input|has no type"):
            folder.open(file="-", **({} if kind is None else {"type": kind}))
