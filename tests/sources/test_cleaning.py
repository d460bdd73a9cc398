"""Cells are cleaned where a row is read: blanks, units, lists and words."""

from pathlib import Path

import pytest
from error_messages import sentence_of
from example_counts import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import rows, values

from ardoqpy.errors import ConfigurationError, InvalidInput
from ardoqpy_sync.sources import SourceUnreadable, from_rows, open_source
from ardoqpy_sync.sources.registry import open_cleaning

COLUMN = "Value"


@pytest.fixture
def clean(tmp_path):
    """Return a function that cleans one cell with the rules of its column."""

    def clean(cell, general=None, **rules):
        table = {**(general or {}), **({"columns": {COLUMN: rules}} if rules else {})}
        source = from_rows([{COLUMN: cell, "Other": "x"}]).clean_with(open_cleaning(table, tmp_path))
        (row,) = source
        return row.values[COLUMN]

    return clean


@pytest.mark.parametrize(
    ("cell", "rules", "value"),
    [
        # blank: words for nothing, in any letter case
        ("n/a", {"blank": ["-", "n/a"]}, None),
        (" N/A ", {"blank": ["-", "n/a"]}, None),
        ("n/a!", {"blank": ["-", "n/a"]}, "n/a!"),
        (-1, {"blank": -1}, None),
        (-1.0, {"blank": "-1"}, None),
        (["a", "-"], {"blank": "-"}, ["a"]),
        (False, {"blank": "False"}, None),
        (True, {"blank": ["true", "-"], "strip": "kr"}, None),
        # strip: texts at both ends, with the white space between
        ("1 200,- kr", {"strip": ["kr", "EUR", ",-"]}, "1 200"),
        ("KR1 200", {"strip": "kr"}, "1 200"),
        ("EUR 5", {"strip": ["kr", "EUR"]}, "5"),
        ("krabbe", {"strip": "kr"}, "krabbe"),
        ("5 skr", {"strip": "kr"}, "5 skr"),
        (" krabbe ", {"strip": "kr"}, " krabbe "),
        ("- kr", {"strip": "kr", "blank": "-"}, None),
        (5, {"strip": "kr"}, 5),
        ("(a)", {"strip": ["(", ")"]}, "a"),
        # split: a list of the values that are not blank
        ("a; b,c;", {"split": [";", ","]}, ["a", "b", "c"]),
        ("a", {"split": ";"}, "a"),
        (";", {"split": ";"}, None),
        ("a\nb", {"split": "\n"}, ["a", "b"]),
        ("a; -", {"split": ";", "blank": "-"}, ["a"]),
        ("a kr; b kr", {"split": ";", "strip": "kr"}, ["a", "b"]),
        # map: an exact text wins over one in another letter case
        ("I drift", {"map": {"I drift": "Live"}}, "Live"),
        (" i DRIFT ", {"map": {"I drift": "Live"}}, "Live"),
        ("x", {"map": {"x": "small", "X": "large"}}, "small"),
        ("X", {"map": {"x": "small", "X": "large"}}, "large"),
        (1, {"map": {"1": "Live"}}, "Live"),
        (1.0, {"map": {"1": "Live"}}, "Live"),
        (True, {"map": {"true": "Live"}}, "Live"),
        ("Ja", {"map": {"Ja": True, "Nei": False}}, True),
        ("Ukjent", {"map": {"Ukjent": ""}}, None),
        ("Live", {"map": {"I drift": "Live"}}, "Live"),
        ("a, b", {"split": ",", "map": {"a": "x", "b": "y"}}, ["x", "y"]),
        (["a", "b"], {"map": {"a": "x", "b": "y"}}, ["x", "y"]),
        ("", {"map": {"a": "x"}}, ""),
        (None, {"map": {"a": "x"}}, None),
        # otherwise
        ("Ute", {"map": {"I drift": "Live"}, "otherwise": "keep"}, "Ute"),
        ("Ute", {"map": {"I drift": "Live"}, "otherwise": "Other"}, "Other"),
        ("Ute", {"map": {"I drift": "Live"}, "otherwise": ""}, None),
    ],
)  # fmt: skip
def test_cell_is_cleaned(clean, cell, rules, value):
    """A column's cells are cleaned by its rules."""
    assert clean(cell, **rules) == value


@pytest.mark.parametrize(
    ("cell", "general", "rules", "value"),
    [
        ("-", {"blank": "-"}, {}, None),
        ("-", {"blank": "-"}, {"blank": "n/a"}, "-"),
        ("- kr", {"blank": "-"}, {"strip": "kr"}, None),
        ("I drift", {"map": {"I drift": "Live"}}, {}, "Live"),
        ("Ute", {"map": {"I drift": "Live"}}, {}, "Ute"),
        ("I drift", {"map": {"I drift": "Live"}}, {"blank": "-"}, "Live"),
        ("I drift", {"map": {"I drift": "Live"}}, {"map": {"I drift": "On"}}, "On"),
    ],
)
def test_rules_of_the_source_hold_for_each_column_without_its_own(clean, cell, general, rules, value):
    """A key of a column replaces that of the source; the map of a source keeps what it does not have."""
    assert clean(cell, general, **rules) == value


@pytest.mark.parametrize(
    ("cell", "rules", "message"),
    [
        (
            "I drfit",
            {"map": {"I drift": "Live"}},
            "'I drfit' in column 'Value' is not in map: did you mean 'I drift'?",
        ),
        ("x", {"map": {"a": "b", "A": "c"}}, "'x' in column 'Value' is not in map: there are 'a' and 'A'."),
        ("kr", {"strip": "kr"}, "Nothing is left of 'kr' in column 'Value' after strip."),
        ("a;x", {"split": ";", "map": {"a": "b"}}, "'x' in column 'Value' is not in map"),
    ],
)  # fmt: skip
def test_cell_that_no_rule_fits_is_unreadable(clean, cell, rules, message):
    """A cell that is not in the map, or of which strip leaves nothing, fails only what reads it."""
    assert sentence_of(InvalidInput, clean, cell, **rules).startswith(message)


def test_other_cells_of_the_row_can_be_read(folder):
    """The rest of a row with a bad cell can be read, and so can the other rows."""
    source = folder.open("a;b\nx;1\ny;2\n", file="apps.csv", columns={"a": {"map": {"x": "X"}}})
    first, second = source
    assert (first.values, second.values["b"], list(second.unreadable)) == ({"a": "X", "b": "1"}, "2", ["a"])


def test_rows_without_a_value_are_left_out(folder):
    """A row in which all cells stand for nothing is an empty row."""
    source = folder.open("a;b\n-;n/a\nx;-\n", file="apps.csv", blank=["-", "n/a"])
    assert rows(source) == [("apps.csv line 3", {"a": "x", "b": None})]


def test_lists_of_rows_are_not_shared(tmp_path):
    """Rows with the same cell have a list each, and the caller's lists are not changed."""
    given = ["a", "-"]
    cleaning = open_cleaning({"blank": "-", "columns": {"t": {"split": ","}}}, tmp_path)
    first, second, third = from_rows([{"t": "a,b"}, {"t": "a,b"}, {"t": given}]).clean_with(cleaning)
    first.values["t"].append("c")
    assert (second.values["t"], third.values["t"], given) == (["a", "b"], ["a"], ["a", "-"])


def strip_plainly(cell, words):
    """Return a text without words at its ends: letters stay in a word, and a longer text goes first."""
    rest = cell.strip()
    for word in sorted(words, key=len, reverse=True):
        after = rest[len(word) :]
        if rest.lower().startswith(word) and not (word[-1].isalpha() and after[:1].isalpha()):
            return strip_plainly(after, words)
    for word in sorted(words, key=len, reverse=True):
        before = rest[: -len(word)]
        if rest.lower().endswith(word) and not (word[0].isalpha() and before[-1:].isalpha()):
            return strip_plainly(before, words)
    return rest


@settings(max_examples=examples(200), deadline=None)
@given(
    cells=st.lists(st.text("kKrRé5 -", min_size=1, max_size=8), max_size=30),
    words=st.lists(st.sampled_from(["kr", "r5", "-", "k-k", "é"]), min_size=1, unique=True),
    blank=st.lists(st.sampled_from(["-", "r", "kr r"]), unique=True),
)
def test_other_cells_change_no_value(cells, words, blank):
    """A cell is stripped of the same texts whatever cells are above it, of which the ends are kept."""
    rules = {"strip": words, **({"blank": blank} if blank else {})}
    cleaning = open_cleaning({"columns": {"a": rules}}, Path())
    read = from_rows([{"a": cell, "b": "x"} for cell in cells]).clean_with(cleaning)
    for cell, row in zip(cells, read, strict=True):
        expected = strip_plainly(cell, words)
        if cell.strip().lower() in blank or (expected != cell.strip() and expected.lower() in blank):
            assert row.values["a"] is None
        elif not expected and cell.strip():
            assert "Nothing is left" in row.unreadable["a"]
        else:
            assert row.values["a"].strip() == expected


def test_each_pass_gives_the_same(folder):
    """A second pass over a source gives the same rows."""
    source = folder.open("a\nx\n-\ny\n", file="apps.csv", columns={"a": {"blank": "-", "map": {"x": "X"}}})
    assert (
        [row.label for row in source]
        == [row.label for row in source]
        == ["apps.csv line 2", "apps.csv line 4"]
    )


def test_a_map_can_be_a_file(folder):
    """The first column of a map file has the words, the second one what they stand for."""
    (folder.path / "status.csv").write_text("Word;Status;Note\nI drift;Live;x\nUkjent;;\n", encoding="utf-8")
    source = folder.open(
        "a;b\nI drift;1\nukjent;2\n", file="apps.csv", columns={"a": {"map_file": "status.csv"}}
    )
    assert values(source) == [{"a": "Live", "b": "1"}, {"a": None, "b": "2"}]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            "a;b\nx;1\ny;2\nx;3\n",
            "status.csv line 2 and status.csv line 4 both have the value 'x', which would stand for '1' and",
        ),
        (
            "a;b\nx;\nx;3\n",
            "status.csv line 2 and status.csv line 3 both have the value 'x', which would stand for nothing",
        ),
        ("a\nx\n", "It needs two columns"),
        ("a;b\n", "It has no rows."),
        ("a;b\n;1\n", "status.csv line 2 has a blank value in its first column. Remove the row."),
        ("a;b\nx;1;2\n", "status.csv line 2: Too many cells"),
        (None, "The file 'status.csv' in the folder"),
    ],
)
def test_map_file_is_rejected(folder, content, message):
    """A map file has two columns, and each word once."""
    if content is not None:
        (folder.path / "status.csv").write_text(content, encoding="utf-8")
    rules = {"columns": {"a": {"map_file": "status.csv"}}}
    assert sentence_of(ConfigurationError, open_cleaning, rules, folder.path).startswith(
        f"The map file 'status.csv' cannot be used: {message}"
    )


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"columns": {"a": {"blnk": "-"}}}, "The table of column 'a' has no key 'blnk': did you mean"),
        ({"columns": {"a": {}}}, "The table of column 'a' is empty. Add a key such as blank."),
        ({"columns": {"a": "-"}}, "The table of column 'a' is a str."),
        ({"columns": {"a": {"strip": [""]}}}, "The table of column 'a' has "),
        ({"split": 5}, "The source of type 'csv' has an int as 'split'. Use text, or a list such as"),
        ({"blank": []}, "The source of type 'csv' has "),
        ({"map": {}}, "The source of type 'csv' has "),
        ({"map": {"a": []}}, "The source of type 'csv' has "),
        ({"map": {"a": "b"}, "map_file": "x.csv"}, "map and map_file are both set. Remove one of them."),
        ({"otherwise": "keep"}, "otherwise is set without a map. Add map or map_file."),
        ({"colums": {}}, "The source of type 'csv' has no key 'colums': did you mean 'columns'?"),
    ],
)  # fmt: skip
def test_invalid_rules_are_rejected(tmp_path, table, message):
    """A rule that cannot be used is rejected before anything is read."""
    (tmp_path / "apps.csv").write_text("a\nx\n")
    source = {"file": "apps.csv", **table}
    assert sentence_of(ConfigurationError, open_source, source, tmp_path).startswith(message)


def test_column_with_rules_must_exist(folder):
    """A column with rules that no row has is misspelled."""
    source = folder.open('[{"a": 1}]', file="apps.json", columns={"b": {"blank": "-"}})
    assert sentence_of(SourceUnreadable, list, source) == "apps.json has no column 'b': there is 'a'."


@pytest.mark.parametrize(
    ("table", "finding"),
    [
        (
            {"columns": {"a": {"map": {"I drift": "On"}, "otherwise": "keep"}}},
            "No cell of column 'a' is in its map, which has 'I drift'. Cells are 'x', 'y'.",
        ),
        (
            {"map": {"I drift": "On"}},
            "No cell of the source is in its map, which has 'I drift'. Cells are 'x', 'y', '1'.",
        ),
        ({"columns": {"a": {"map": {"x": "On"}, "otherwise": "keep"}}}, None),
        ({"columns": {"c": {"map": {"x": "On"}}}}, None),
    ],
)  # fmt: skip
def test_map_that_no_cell_is_in_is_a_finding(folder, table, finding):
    """A pass reports a map that none of the cells was in; a column without cells is fine."""
    source = folder.open("a;b;c\nx;1;\ny;2;\n", file="apps.csv", **table)
    list(source)
    assert [found.message for found in source.findings] == ([finding] if finding else [])
