"""Rows from JSON: the objects of an array, wherever in the file it is, or one object in each line."""

import gzip
import json
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reading import MANY, Folder, rows, said_of_the_only_row, trouble, values
from refusals import sentence_of

from ardoqpy.errors import ConfigurationError
from ardoqpy_sync.sources import SourceUnreadable


def test_rows_are_the_objects_of_an_array(folder):
    """Each object is a row with the types of JSON, named by its place in the array and its line."""
    content = '[{"a": "x", "b": 1.5},\n {}, {"a": null, "b": " "},\n\n {"b": [true, {"c": 2}]}]\n'
    assert rows(folder.open(content, file="apps.json")) == [
        ("apps.json item 1 (line 1)", {"a": "x", "b": 1.5}),
        ("apps.json item 4 (line 4)", {"b": [True, {"c": 2}]}),
    ]


@pytest.mark.parametrize(
    ("content", "path"),
    [
        ('{"items": [{"a": 1}]}', "items"),
        ('{"data": {"items": [{"a": 1}], "n": 1}, "next": null}', "data.items"),
        ('{"n": [{"a": 2}], "m": {"items": "}]\\""}, "items": [{"a": 1}]}', "items"),
        ('{"a.b": {"items": [{"a": 1}]}}', ["a.b", "items"]),
        ('{"a": {}, "b": [], "c": "", "d": -1.5e3, "items": [{"a": 1}]}', "items"),
        ('[{"a": 1}]', []),
    ],
)
def test_an_array_inside_an_object(folder, content, path):
    """The path leads to the array, past whatever else there is."""
    assert values(folder.open(content, file="apps.json", path=path)) == [{"a": 1}]


@pytest.mark.parametrize(
    ("content", "stated", "said"),
    [
        ("", {}, "apps.json is empty: it has to hold a JSON array."),
        (" \n", {}, "apps.json is empty: it has to hold a JSON array."),
        ("3", {}, "apps.json line 1 has no array at its top: rows are the objects of an array."),
        (
            '\n{"n": 1, "items": [{"a": 1}]}',
            {},
            'apps.json line 2 holds an object, not an array of rows: give path = "items".',
        ),
        (
            '{"data": {"items": []}}',
            {},
            "apps.json line 1 holds an object, not an array of rows: give the path to the array in it.",
        ),
        (
            '{"data": {"items": []}}',
            {"path": "data.itmes"},
            "apps.json line 1 has no key 'itmes' in its object: did you mean 'items'?",
        ),
        (
            '{"data":\n {"items": {"b": 1}}}',
            {"path": "data.items"},
            "apps.json line 2 has no array under 'data.items': rows are the objects of an array.",
        ),
        (
            '{"items": [],\n "items": []}',
            {"path": "items"},
            "apps.json line 1 gives the key 'items' twice: which one counts is not said.",
        ),
        ("[]", {"path": "data"}, "apps.json line 1 has no object at its top, so there is no 'data' in it."),
        (
            '{"data": []}',
            {"path": "data.items"},
            "apps.json line 1 has no object under 'data', so there is no 'items' in it.",
        ),
    ],
)
def test_where_no_array_is(folder, content, stated, said):
    """What holds no array, or not at the end of the path, is refused with what there is."""
    assert trouble(folder.open(content, file="apps.json", **stated)) == ([], said)


@pytest.mark.parametrize("path", ["a..b", ".", ["a", ""], ["a", 1]])
def test_paths_that_lead_nowhere(folder, path):
    """A path of anything but keys is refused before anything is read."""
    (folder.path / "apps.json").write_text("[]")
    said = sentence_of(ConfigurationError, folder.open, file="apps.json", path=path)
    assert said.endswith("give the keys on the way to the array, such as 'data.items'.")


@pytest.mark.parametrize(
    ("rest", "said"),
    [
        ('\n{"a": 2}', "line 2 is not JSON: '{' stands where a comma or the end of the array should."),
        (",\n", "line 2 is not JSON: expecting value."),
        (",]", "line 1 is not JSON: expecting value."),
        ("", "line 1 is not JSON: the end of the file stands where a comma or the end of the array should."),
        (',\n\n{"a": }', "line 3 is not JSON: expecting value."),
        (',\n{"a": "x', "line 2 is not JSON: unterminated string starting at."),
        (',\n{"a": "\\q"}]', "line 2 is not JSON: invalid \\escape."),
        (',\n{"a": "x\ny"}]', "line 2 is not JSON: invalid control character at."),
        (',\n{"a": NaN}]', "line 2 is not JSON: the constant NaN is none of JSON's."),
        (',\n{"a": tru', "line 2 is not JSON: expecting value."),
        ("]\n\n]", "line 3 is not JSON: ']' stands where it should end."),
        (f",{'[' * 100_000}", "line 1 is not JSON: it is nested too deeply."),
    ],
)
def test_what_is_not_json_ends_the_source(folder, rest, said):
    """Where the text stops being JSON, the rows before have been given, and the line is named."""
    read, sentence = trouble(folder.open(f'[{{"a": 1}}{rest}', file="apps.json"))
    assert [row.values for row in read] == [{"a": 1}]
    assert sentence.replace(" (char", "(char").startswith(f"apps.json {said.removesuffix('.')}")


def test_what_follows_the_array_is_read_too(folder):
    """A file whose end is missing is not taken for a whole one."""
    read, said = trouble(folder.open('{"items": [{"a": 1}], "next": ', file="apps.json", path="items"))
    assert len(read) == 1
    assert said == "apps.json line 1 is not JSON: expecting value."
    read, said = trouble(folder.open('{"items": [{"a": 1}]', file="apps.json", path="items"))
    assert len(read) == 1
    assert said.startswith("apps.json line 1 is not JSON: the end of the file stands where")


def test_a_number_too_long_to_be_read(folder):
    """A number of more digits than Python reads ends the source with a sentence."""
    _, said = trouble(folder.open(f'[{{"a": {"9" * 5000}}}]', file="apps.json"))
    assert said.startswith("apps.json line 1 is not JSON: exceeds the limit")


@pytest.mark.parametrize("separator", ["\n", ""])
def test_values_cut_by_the_pieces_they_are_read_in(folder, separator):
    """Wherever in a value a piece of the file ends, the value is read whole."""
    items = [{"key": f"v\\{n}", "ü": [n, -n * 1.5, True, None]} for n in range(9000)]
    content = "[" + f",{separator}".join(json.dumps(item) for item in items) + "]"
    assert len(content) > 1 << 18
    assert values(folder.open(content, file="apps.json")) == items


def test_numbers_cut_by_the_pieces_they_are_read_in(folder):
    """A number that a piece of the file ends in is one number."""
    numbers = range(10**7, 10**7 + MANY)
    source = folder.open(f"[{','.join(map(str, numbers))}]", file="apps.json")
    assert [int(row.problem.split()[1].strip(",")) for row in source] == list(numbers)


def test_a_value_longer_than_the_pieces(folder):
    """A text, and a number, that are longer than what is read at once are read whole."""
    long = {"text": "x" * 300_000, "number": 1}
    content = json.dumps([long, {"number": 0.25}]).replace("0.25", f"0.25{'0' * 200_000}")
    assert values(folder.open(content, file="apps.json")) == [long, {"number": 0.25}]


def test_bytes_of_another_encoding(folder):
    """Bytes that are not of the encoding are named with their line."""
    _, said = trouble(folder.open(b'[{"a": 1},\n{"a": "Caf\xe9"}]', file="apps.json"))
    assert said.startswith("apps.json line 2 is not UTF-8, it holds the byte 0xE9: give its encoding")
    source = folder.open('\ufeff[{"a": "Café"}]'.encode("utf-16-le"), file="apps.json")
    assert values(source) == [{"a": "Café"}]
    source = folder.open('\ufeff[{"a": "Café"}]'.encode(), file="apps.json", encoding="utf-8")
    assert values(source) == [{"a": "Café"}]


@pytest.mark.parametrize(
    ("item", "said"),
    [
        ("3", "is 3, not a JSON object: a row has to say which column each cell is of."),
        ('["x"]', "is a list, not a JSON object: a row has to say which column each cell is of."),
        ("null", "is None, not a JSON object: a row has to say which column each cell is of."),
        ('{"a": 1, "b": 2, "a": 3}', "gives the key 'a' twice: which one counts is not said."),
        ('{" ": 1}', "has the column ' ': the name of a column is text, and not blank."),
        (
            '{"a": "\\ud83d"}',
            "holds half a character (a lone surrogate) in the column 'a': mend it where the row comes from.",
        ),
        (
            '{"a": [{"b": "x\\u0000"}]}',
            "holds a NUL character in the column 'a': mend it where the row comes from.",
        ),
    ],
)
def test_items_that_are_no_rows(folder, item, said):
    """An item that is no usable object is a row that says so, in an array and in a line alike."""
    assert said_of_the_only_row(folder.open(f"[{item}]", file="a.json")) == f"a.json item 1 (line 1) {said}"
    assert said_of_the_only_row(folder.open(item, file="a.ndjson")) == f"a.ndjson line 1 {said}"


def test_whole_pairs_of_surrogates_are_one_character(folder):
    """A character beyond the first plane, escaped as two halves, is text like any other."""
    assert values(folder.open('[{"a": "\\ud83d\\ude00"}]', file="a.json")) == [{"a": "😀"}]


def test_one_object_in_each_line(folder):
    """Lines are rows; empty ones are none, and one that is no JSON stops no other."""
    content = '{"a": 1}\r\n\n{"a": 2\n{"a": NaN}\n{"a": "x\u2028"}\n{}\n{"b": 3}'
    assert rows(folder.open(content, file="apps.ndjson")) == [
        ("apps.ndjson line 1", {"a": 1}),
        "apps.ndjson line 3 is not JSON: expecting ',' delimiter at character 9.",
        "apps.ndjson line 4 is not JSON: the constant NaN is none of JSON's.",
        ("apps.ndjson line 5", {"a": "x\u2028"}),
        ("apps.ndjson line 7", {"b": 3}),
    ]


def test_lines_nested_too_deeply(folder):
    """A line that no reader gets to the bottom of is a bad row."""
    said = said_of_the_only_row(folder.open("[" * 100_000, file="a.ndjson"))
    assert said == "a.ndjson line 1 is nested too deeply to be read."


def test_other_names_of_the_same(folder):
    """The suffix .jsonl, a packed file and a stated type are read as lines, too; an empty file has none."""
    assert values(folder.open('{"a": 1}', file="a.jsonl")) == [{"a": 1}]
    assert values(folder.open(gzip.compress(b'{"a": 1}'), file="a.ndjson.gz")) == [{"a": 1}]
    assert values(folder.open('{"a": 1}', file="a.log", type="ndjson")) == [{"a": 1}]
    assert values(folder.open("", file="a.ndjson")) == []


@pytest.mark.parametrize("file", ["a.json", "a.ndjson"])
def test_the_first_row_comes_before_the_last_is_read(folder, file):
    """Rows are read as they are asked for: what is wrong at the end does not keep back the beginning."""
    item = b'{"a": "' + b"x" * 20 + b'"}'
    content = (b"[" if file == "a.json" else b"") + (item + b"\n,"[: 2 if file == "a.json" else 1]) * MANY
    with folder.open(content + b"\xff", file=file) as source:
        some = iter(source)
        assert next(some).values == {"a": "x" * 20}
        assert f" line {MANY + 1} is not UTF-8" in sentence_of(SourceUnreadable, list, some)


@pytest.mark.slow
def test_an_array_takes_no_more_memory_than_its_largest_item(folder):
    """Ten times the items take no more memory."""
    peaks = []
    for count in (1000, 10_000):
        content = json.dumps([{"a": "x" * 500, "b": n} for n in range(count)])
        source = folder.open(content, file="a.json")
        del content
        tracemalloc.start()
        assert sum(1 for _ in source) == count
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0]


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8", exclude_characters="\0")),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(st.characters(codec="utf-8", exclude_characters="\0")), inner, max_size=3)
    ),
    max_leaves=6,
)
NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1).filter(str.strip)


@given(
    items=st.lists(st.dictionaries(NAMES, JSON, max_size=4), max_size=4),
    beside=JSON,
    indent=st.sampled_from([None, 1]),
    ascii_only=st.booleans(),
)
def test_what_is_written_is_read(tmp_path_factory, items, beside, indent, ascii_only):
    """Whatever objects are written as JSON are read as they were, but for those that hold nothing."""
    folder = Folder(tmp_path_factory.mktemp("json"))
    content = json.dumps({"beside": beside, "items": items}, indent=indent, ensure_ascii=ascii_only)
    expected = [
        item
        for item in items
        if any(not (cell is None or (isinstance(cell, str) and not cell.strip())) for cell in item.values())
    ]
    assert values(folder.open(content, file="a.json", path="items")) == expected
    lines = "\n".join(json.dumps(item, ensure_ascii=ascii_only) for item in items)
    assert values(folder.open(lines, file="a.ndjson")) == expected


@given(content=st.text(alphabet='[]{}",:\\ \n0e.-tnu\ud7ffé', max_size=30), path=st.sampled_from([[], "e"]))
def test_any_text_is_read_or_refused(tmp_path_factory, content, path):
    """What Python's json reads as an array is read; whatever else there is, is one sentence."""
    source = Folder(tmp_path_factory.mktemp("json")).open(content, file="a.json", path=path)
    said = ""
    try:
        rows(source)
    except SourceUnreadable as refused:
        said = str(refused)
    assert said == "" or (said.startswith("a.json ") and said[-1] in ".?")
    try:
        known = json.loads(content)
    except ValueError:
        known = None
    if path:
        assert said or isinstance(known["e"], list)
    else:
        assert (said == "") == isinstance(known, list)
