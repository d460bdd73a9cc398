"""Rows from Python, and what all sources share: columns, required columns, passes."""

import csv

import pytest
from error_messages import sentence_of
from reading import message_of_only_row, read_until_error, rows, values

from ardoqpy.errors import ArdoqClientException, InvalidInput
from ardoqpy_sync.sources import Row, Source, SourceUnreadable, from_rows, open_source

SURROGATE = "contains half a character (a lone surrogate). Correct the source."


def test_any_iterable_of_dicts():
    """Lists and generators are sources; rows are numbered, empty ones are skipped."""
    items = [{"a": 1, "b": object}, {}, {"a": None, "b": " "}, {"b": [0]}]
    for source in (
        from_rows(items),
        from_rows(iter(items)),
        from_rows(tuple(items)),
        from_rows(item for item in items),
    ):
        assert rows(source) == [("row 1", {"a": 1, "b": object}), ("row 4", {"b": [0]})]
    assert rows(from_rows(items, name="apps")) == [
        ("apps row 1", {"a": 1, "b": object}),
        ("apps row 4", {"b": [0]}),
    ]


def test_table_can_contain_its_rows():
    """A source of type rows has its rows in its table."""
    assert rows(open_source({"type": "rows", "rows": [{"a": 1}], "name": "apps"}, ".")) == [
        ("apps row 1", {"a": 1})
    ]


def test_rows_are_copied():
    """Changing the values of a row does not change the dict of the caller."""
    items = [{"a": 1}]
    (row,) = from_rows(items)
    row.values["a"] = 2
    assert items == [{"a": 1}]


@pytest.mark.parametrize(
    ("item", "message"),
    [
        (3, "row 1: The row is 3, not a dict of columns and cells."),
        (("a", 1), "row 1: The row is a tuple, not a dict of columns and cells."),
        ({1: 2}, "row 1: Not a valid column name: 1. Use text."),
        ({"a": 1, None: ["x"]}, "row 1: Not a valid column name: None. Use text."),
        ({"a": "x\0"}, "row 1: Column 'a' contains a NUL character. Correct the source."),
        ({"a": {"b": ["\ud800"]}}, f"row 1: Column 'a' {SURROGATE}"),
        ({"a\udfff": 1}, f"row 1: Column 'a\\udfff' {SURROGATE}"),
    ],
)
def test_item_that_is_not_a_row_is_reported(item, message):
    """An item that is not a usable dict is a bad row."""
    assert message_of_only_row(from_rows([item])) == message


def test_columns_that_nobody_can_read_are_ignored():
    """A blank name, and the blank cells that `csv.DictReader` puts under None, are not read."""
    items = csv.DictReader(["a,,b", "1,x,2,", "3,,4, "])
    assert values(from_rows(items)) == [{"a": "1", "b": "2"}, {"a": "3", "b": "4"}]


@pytest.mark.parametrize("value", [3, None, "ab", b"ab", {"a": 1}])
def test_value_that_is_not_an_iterable_of_rows_is_rejected(value):
    """Text, a single dict and a value that is not iterable are rejected at once."""
    assert sentence_of(InvalidInput, from_rows, value).endswith(
        ". Use a list of dicts, or another iterable of them."
    )


def test_rows_are_streamed():
    """A generator makes one row at a time."""
    created = []

    def make():
        for number in range(1000):
            created.append(number)
            yield {"a": number}

    some = iter(from_rows(make()))
    assert created == []
    for number in range(5):
        assert next(some).values == {"a": number}
        assert created == list(range(number + 1))


def test_iterator_can_be_read_only_once():
    """A second pass over an iterator is an error; a list can be read again."""
    source = from_rows(iter([{"a": 1}]), name="apps")
    assert values(source) == [{"a": 1}]
    assert read_until_error(source) == (
        [],
        "The source apps can be read only once. Use a list to read it again.",
    )
    source = from_rows([{"a": 1}])
    assert values(source) == values(source) == [{"a": 1}]


def test_errors_of_the_iterable_are_not_changed():
    """An error in the caller's iterable is raised unchanged."""

    def make():
        yield {"a": 1}
        raise OSError("the caller's own")

    some = iter(from_rows(make()))
    next(some)
    with pytest.raises(OSError, match=r"the caller's own"):
        next(some)


def test_columns_without_header_are_those_read_so_far():
    """Without a header, the first row is read for its columns, and is still yielded."""
    source = from_rows(iter([{"b": 1, "a": 2}, {"c": 3, "a": 4}]))
    assert source.columns == ("b", "a")
    assert values(source) == [{"b": 1, "a": 2}, {"c": 3, "a": 4}]
    assert source.columns == ("b", "a", "c")
    assert from_rows([]).columns == ()
    assert from_rows([3]).columns == ()


def test_columns_do_not_consume_rows():
    """An iterator is not read again for its columns, during a pass or after it."""
    source = from_rows(iter([3, {"a": 1}]))
    for row in source:
        assert source.columns == (() if row.problem else ("a",))
    assert source.columns == ("a",)
    source = from_rows(iter([]))
    assert values(source) == []
    assert source.columns == ()
    source.require(["a"])


def test_missing_column_of_a_header_is_rejected_at_once(folder):
    """A required column that is not in the header is rejected before any row is read."""
    source = folder.open("Name,Owner\nx,y\n", file="apps.csv")
    source.require(["Name", "Owner"])
    assert sentence_of(SourceUnreadable, source.require, ["Name", "owner "]) == (
        "apps.csv has no column 'owner ': did you mean 'Owner'?"
    )


@pytest.mark.parametrize(
    "table",
    [
        {"type": "sql", "url": "sqlite://"},
        {"type": "duckdb"},
    ],
    ids=["sql", "duckdb"],
)
def test_double_columns_of_a_query_are_rejected_only_if_they_are_read(folder, table):
    """A name that several columns of a result have does not stop the others from being read."""
    source = folder.open(**table, query="SELECT 1 AS id, 'Web' AS name, 2 AS id")
    source.require(["name"])
    assert values(source) == [{"name": "Web"}]
    assert sentence_of(SourceUnreadable, source.require, ["id"]) == (
        "The result of query: columns 1 and 3 have the name 'id'. Give each column a different name."
    )
    source.close()


def test_column_that_no_row_has_is_rejected_at_the_end():
    """Without a header, a required column can be missing from some rows, but not from all."""
    items = [{"name": "x"}, {"name": "y", "owner": 1}]
    source = from_rows(items)
    source.require(["name", "owner"])
    assert values(source) == items
    source = from_rows(items, name="apps")
    source.require(["ownr"])
    read, message = read_until_error(source)
    assert len(read) == 2
    assert message == "apps has no column 'ownr': did you mean 'owner'?"


def test_source_without_rows_has_no_missing_column():
    """A source without rows and header has no missing columns."""
    source = from_rows([])
    source.require(["name"])
    assert values(source) == []


def test_bad_row_raises_when_it_is_used():
    """The values of a bad row cannot be read; a good row has no message."""
    bad, good = Row("x row 1", {"a": 1}, "It is wrong."), Row("x row 2", {"a": 1})
    assert sentence_of(InvalidInput, lambda: bad.values) == "x row 1: It is wrong." == bad.message
    assert (good.values, good.message, good.problem) == ({"a": 1}, "", None)
    assert (repr(bad), repr(good)) == ("<bad row x row 1>", "<row x row 2>")


def test_source_error_is_an_ardoq_client_exception():
    """Code that catches the errors of the library catches those of sources."""
    assert issubclass(SourceUnreadable, InvalidInput | ArdoqClientException)
    assert isinstance(from_rows([]), Source)


def test_two_loops_are_two_passes(folder):
    """Each loop has its own position in the file; closing the source ends both."""
    source = folder.open("a\n1\n2\n", file="apps.csv")
    assert source.columns == ("a",)
    first, second = iter(source), iter(source)
    assert next(first).values == next(second).values == {"a": "1"}
    assert next(first).values == next(second).values == {"a": "2"}
    source.close()
    source.close()
