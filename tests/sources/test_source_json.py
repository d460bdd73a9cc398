"""Rows from JSON: the objects of an array anywhere in a file, or one object on each line."""

import gzip
import json
import tracemalloc
from decimal import Decimal

import pytest
from error_messages import sentence_of
from hypothesis import given
from hypothesis import strategies as st
from reading import MANY, Folder, message_of_only_row, read_until_error, rows, values

from ardoqpy.errors import ConfigurationError, InvalidInput
from ardoqpy_sync.sources import SourceUnreadable


def test_rows_are_the_objects_of_an_array(folder):
    """Each object is a row with the types of JSON; its label has its number and its line."""
    content = '[{"a": "x", "b": 1.5},\n {}, {"a": null, "b": " "},\n\n {"b": [true, {"c": 2}]}]\n'
    assert rows(folder.open(content, file="apps.json")) == [
        ("apps.json item 1 (line 1)", {"a": "x", "b": 1.5}),
        ("apps.json item 4 (line 4)", {"b": [True, {"c": 2}]}),
    ]


@pytest.mark.parametrize("file", ["a.json", "a.ndjson"])
def test_number_that_a_float_would_change_is_kept(folder, file):
    """A number with more digits than a float keeps is a Decimal, also if it is too large or too small."""
    numbers = ["12345678901234567.89", "1e400", "1e-400", "0.10000000000000001", "1.5e3", "0.0", "-2.5"]
    numbers.append(repr(2**-24))  # rounded to as many digits, it is another number
    content = ", ".join(f'"c{number}": {text}' for number, text in enumerate(numbers))
    text = f"{{{content}}}"
    (row,) = values(folder.open(f"[{text}]" if file == "a.json" else text, file=file))
    expected = [Decimal("12345678901234567.89"), Decimal("1e400"), Decimal("1e-400"), 0.1, 1500.0, 0.0, -2.5]
    expected.append(2**-24)
    assert list(row.values()) == expected
    assert list(map(type, row.values())) == list(map(type, expected))


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
def test_array_inside_an_object(folder, content, path):
    """The path leads to the array; other values are skipped."""
    assert values(folder.open(content, file="apps.json", path=path)) == [{"a": 1}]


@pytest.mark.parametrize(
    ("content", "stated", "message"),
    [
        ("", {}, "apps.json is empty. It must contain a JSON array."),
        ("3", {}, "apps.json line 1 has no array at the top. Rows are the objects of an array."),
        (
            '\n{"n": 1, "items": [{"a": 1}]}',
            {},
            'apps.json line 2 has an object, not an array of rows. Set path = "items".',
        ),
        (
            '{"data": {"items": []}}',
            {},
            "apps.json line 1 has an object, not an array of rows. Set path to the array in it.",
        ),
        (
            '{"data": {"items": []}}',
            {"path": "data.itmes"},
            "apps.json line 1 has no key 'itmes': did you mean 'items'?",
        ),
        (
            '{"data":\n {"items": {"b": 1}}}',
            {"path": "data.items"},
            "apps.json line 2 has no array at 'data.items'. Rows are the objects of an array.",
        ),
        (
            '{"items": [],\n "items": []}',
            {"path": "items"},
            "apps.json line 1: The object has the key 'items' more than once. Keep one of them.",
        ),
        ("[]", {"path": "data"}, "apps.json line 1 has no object at the top, so no key 'data'."),
        (
            '{"data": []}',
            {"path": "data.items"},
            "apps.json line 1 has no object at 'data', so no key 'items'.",
        ),
    ],
)
def test_missing_array_is_rejected(folder, content, stated, message):
    """A file without an array at the end of the path is rejected with a remedy."""
    assert read_until_error(folder.open(content, file="apps.json", **stated)) == ([], message)


@pytest.mark.parametrize("path", ["a..b", ".", ["a", ""], ["a", 1]])
def test_invalid_path_is_rejected(folder, path):
    """A path that is not a list of keys is rejected before anything is read."""
    (folder.path / "apps.json").write_text("[]")
    message = sentence_of(ConfigurationError, folder.open, file="apps.json", path=path)
    assert message.endswith("as 'path'. Use the keys that lead to the array, such as 'data.items'.")


@pytest.mark.parametrize(
    ("rest", "message"),
    [
        ('\n{"a": 2}', "line 2 is not valid JSON: expected a comma or the end of the array, not '{'."),
        (",\n", "line 2 is not valid JSON: Expecting value."),
        ("", "line 1 is not valid JSON: expected a comma or the end of the array, not the end of the file."),
        (',\n\n{"a": }', "line 3 is not valid JSON: Expecting value."),
        (',\n{"a": "x', "line 2 is not valid JSON: Unterminated string starting at."),
        (',\n{"a": "\\q"}]', "line 2 is not valid JSON: Invalid \\escape."),
        (',\n{"a": "x\ny"}]', "line 2 is not valid JSON: Invalid control character at."),
        (',\n{"a": NaN}]', "line 2 is not valid JSON: NaN is not a JSON value."),
        (',\n{"a": tru', "line 2 is not valid JSON: Expecting value."),
        ("]\n\n]", "line 3 is not valid JSON: expected the end of the file, not ']'."),
        (f",{'[' * 100_000}", "line 1 is not valid JSON: it is nested too deeply."),
    ],
)
def test_invalid_json_ends_the_source(folder, rest, message):
    """The rows before invalid JSON are read, and the error names the line."""
    read, sentence = read_until_error(folder.open(f'[{{"a": 1}}{rest}', file="apps.json"))
    assert [row.values for row in read] == [{"a": 1}]
    assert sentence.replace(" (char", "(char").startswith(f"apps.json {message.removesuffix('.')}")


def test_text_after_the_array_is_checked(folder):
    """A file whose end is missing is rejected."""
    read, message = read_until_error(
        folder.open('{"items": [{"a": 1}], "next": ', file="apps.json", path="items")
    )
    assert len(read) == 1
    assert message == "apps.json line 1 is not valid JSON: Expecting value."
    read, message = read_until_error(folder.open('{"items": [{"a": 1}]', file="apps.json", path="items"))
    assert len(read) == 1
    assert message.endswith(", not the end of the file.")


def test_number_with_too_many_digits_is_rejected(folder):
    """A number with more digits than Python reads ends the source."""
    _, message = read_until_error(folder.open(f'[{{"a": {"9" * 5000}}}]', file="apps.json"))
    assert message.startswith("apps.json line 1 is not valid JSON: Exceeds the limit")


@pytest.mark.parametrize("separator", ["\n", ""])
def test_values_across_pieces_are_read(folder, separator):
    """A value is read whole, wherever in it a piece of the file ends."""
    items = [{"key": f"v\\{n}", "ü": [n, -n * 1.5, True, None]} for n in range(9000)]
    content = "[" + f",{separator}".join(json.dumps(item) for item in items) + "]"
    assert len(content) > 1 << 18
    assert values(folder.open(content, file="apps.json")) == items


def test_numbers_across_pieces_are_read(folder):
    """A number in which a piece of the file ends is one number."""
    numbers = range(10**7, 10**7 + MANY)
    source = folder.open(f"[{','.join(map(str, numbers))}]", file="apps.json")
    assert [int(row.problem.split()[3].strip(",")) for row in source] == list(numbers)


@pytest.mark.parametrize("shift", range(8))
def test_decimals_across_pieces_are_read(folder, shift):
    """A decimal beside the rows is one number, wherever in it a piece of the file ends."""
    numbers = ",".join(f"{n}.5e1" for n in range(10000, 10000 + MANY))
    text = f'{{"x": "{"y" * shift}", "more": [{numbers}], "items": [{{"a": 1}}]}}'
    assert values(folder.open(text, file="apps.json", path="items")) == [{"a": 1}]


def test_value_longer_than_a_piece_is_read(folder):
    """Text and numbers longer than a piece are read whole."""
    long = {"text": "x" * 300_000, "number": 1}
    content = json.dumps([long, {"number": 0.25}]).replace("0.25", f"0.25{'0' * 200_000}")
    assert values(folder.open(content, file="apps.json")) == [long, {"number": 0.25}]


def test_invalid_bytes_are_reported_with_their_line(folder):
    """Bytes that are not valid in the encoding are reported with their line."""
    _, message = read_until_error(folder.open(b'[{"a": 1},\n{"a": "Caf\xe9"}]', file="apps.json"))
    assert message.startswith(
        "apps.json line 2 is not valid UTF-8: it contains the byte 0xE9. Set its encoding"
    )
    source = folder.open('\ufeff[{"a": "Café"}]'.encode("utf-16-le"), file="apps.json")
    assert values(source) == [{"a": "Café"}]
    source = folder.open('\ufeff[{"a": "Café"}]'.encode(), file="apps.json", encoding="utf-8")
    assert values(source) == [{"a": "Café"}]


SURROGATE = "contains half a character (a lone surrogate)."


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ("3", "The row is 3, not a JSON object of columns and cells."),
        ('["x"]', "The row is a list, not a JSON object of columns and cells."),
        ("null", "The row is None, not a JSON object of columns and cells."),
        (
            '{"a": "\\ud83d", "b": "\\u0000"}',
            f"Column 'a' {SURROGATE} Column 'b' contains a NUL character. Correct the source.",
        ),
        ('{"a": [{"b": "x\\u0000"}]}', "Column 'a' contains a NUL character. Correct the source."),
    ],
)
def test_item_that_is_not_a_row_is_reported(folder, item, message):
    """An item that is not a usable object is a bad row, which lists all its problems."""
    assert (
        message_of_only_row(folder.open(f"[{item}]", file="a.json")) == f"a.json item 1 (line 1): {message}"
    )
    assert message_of_only_row(folder.open(item, file="a.ndjson")) == f"a.ndjson line 1: {message}"


def test_double_keys_are_rejected_only_if_they_are_read(folder):
    """A key that an object has twice does not stop the others from being read; a blank one is ignored."""
    item = '{"a": 1, "b": 2, "a": 3, " ": 4, "": 5}'
    for source in (folder.open(f"[{item}]", file="a.json"), folder.open(item, file="a.ndjson")):
        source.require(["a", "b"])
        with source:
            (row,) = source
        assert row.values == {"b": 2}
        assert sentence_of(InvalidInput, row.values.get, "a") == (
            "The object has the key 'a' more than once. Keep one of them."
        )


def test_surrogate_pair_is_one_character(folder):
    """A character beyond the first plane, escaped as two halves, is text like any other."""
    assert values(folder.open('[{"a": "\\ud83d\\ude00"}]', file="a.json")) == [{"a": "😀"}]


def test_one_object_on_each_line(folder):
    """Lines are rows; empty lines are skipped, and an invalid line does not stop the others."""
    content = '{"a": 1}\r\n\n{"a": 2\n{"a": NaN}\n{"a": "x\u2028"}\n{}\n{"b": 3}'
    assert rows(folder.open(content, file="apps.ndjson")) == [
        ("apps.ndjson line 1", {"a": 1}),
        "apps.ndjson line 3: Not valid JSON at character 9: Expecting ',' delimiter.",
        "apps.ndjson line 4: Not valid JSON: NaN is not a JSON value.",
        ("apps.ndjson line 5", {"a": "x\u2028"}),
        ("apps.ndjson line 7", {"b": 3}),
    ]


def test_lines_nested_too_deeply(folder):
    """A line that is nested too deeply is a bad row."""
    message = message_of_only_row(folder.open("[" * 100_000, file="a.ndjson"))
    assert message == "a.ndjson line 1: The line is nested too deeply to be read."


def test_other_suffixes_of_ndjson(folder):
    """The suffix .jsonl, a compressed file and a stated type are read as lines; an empty file has none."""
    assert values(folder.open('{"a": 1}', file="a.jsonl")) == [{"a": 1}]
    assert values(folder.open(gzip.compress(b'{"a": 1}'), file="a.ndjson.gz")) == [{"a": 1}]
    assert values(folder.open('{"a": 1}', file="a.log", type="ndjson")) == [{"a": 1}]
    assert values(folder.open("", file="a.ndjson")) == []


@pytest.mark.parametrize("file", ["a.json", "a.ndjson"])
def test_rows_are_streamed(folder, file):
    """The first row is available before the last one is read."""
    item = b'{"a": "' + b"x" * 20 + b'"}'
    content = (b"[" if file == "a.json" else b"") + (item + b"\n,"[: 2 if file == "a.json" else 1]) * MANY
    with folder.open(content + b"\xff", file=file) as source:
        some = iter(source)
        assert next(some).values == {"a": "x" * 20}
        assert f" line {MANY + 1} is not valid UTF-8" in sentence_of(SourceUnreadable, list, some)


@pytest.mark.slow
def test_memory_does_not_grow_with_the_array(folder):
    """Ten times as many items take no more memory."""
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
def test_written_json_is_read_back(tmp_path_factory, items, beside, indent, ascii_only):
    """Any objects written as JSON are read back, except empty ones."""
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
def test_any_text_is_read_or_rejected(tmp_path_factory, content, path):
    """What the json module reads as an array is read; any other text is rejected with one sentence."""
    source = Folder(tmp_path_factory.mktemp("json")).open(content, file="a.json", path=path)
    message = ""
    try:
        rows(source)
    except SourceUnreadable as error:
        message = str(error)
    assert message == "" or (message.startswith("a.json ") and message[-1] in ".?")
    try:
        known = json.loads(content)
    except ValueError:
        known = None
    if path:
        assert message or isinstance(known["e"], list)
    else:
        assert (message == "") == isinstance(known, list)
