"""Rows from Python, and what all sources have in common: columns, what is required, passes."""

import pytest
from reading import rows, said_of_the_only_row, trouble, values
from refusals import sentence_of

from ardoqpy.errors import ArdoqClientException, InvalidInput
from ardoqpy_sync.sources import Row, Source, SourceUnreadable, from_rows, open_source

MEND = "mend it where the row comes from."


def test_any_iterable_of_dicts():
    """Lists, generators and other mappings are sources; rows are numbered, those of nothing skipped."""
    told = [{"a": 1, "b": object}, {}, {"a": None, "b": " "}, {"b": [0]}]
    for source in (
        from_rows(told),
        from_rows(iter(told)),
        from_rows(tuple(told)),
        from_rows(r for r in told),
    ):
        assert rows(source) == [("row 1", {"a": 1, "b": object}), ("row 4", {"b": [0]})]
    assert rows(from_rows(told, name="apps")) == [
        ("apps row 1", {"a": 1, "b": object}),
        ("apps row 4", {"b": [0]}),
    ]


def test_a_table_may_hold_its_rows():
    """The type rows takes them from the description, which a job file can hold, too."""
    assert rows(open_source({"type": "rows", "rows": [{"a": 1}], "name": "apps"}, ".")) == [
        ("apps row 1", {"a": 1})
    ]


def test_callers_rows_are_not_handed_out():
    """What is done to a row changes nothing that the caller holds."""
    told = [{"a": 1}]
    (row,) = from_rows(told)
    row.values["a"] = 2
    assert told == [{"a": 1}]


@pytest.mark.parametrize(
    ("item", "said"),
    [
        (3, "row 1 is 3, not a dict: a row has to say which column each cell is of."),
        (("a", 1), "row 1 is a tuple, not a dict: a row has to say which column each cell is of."),
        ({1: 2}, "row 1 has the column 1: the name of a column is text, and not blank."),
        ({"": 2}, "row 1 has the column '': the name of a column is text, and not blank."),
        (
            {"a": "x\0"},
            "row 1 holds a NUL character in the column 'a': mend it where the row comes from.",
        ),
        (
            {"a": {"b": ["\ud800"]}},
            f"row 1 holds half a character (a lone surrogate) in the column 'a': {MEND}",
        ),
        (
            {"a\udfff": 1},
            f"row 1 holds half a character (a lone surrogate) in the column 'a\\udfff': {MEND}",
        ),
    ],
)
def test_items_that_are_no_rows(item, said):
    """An item that is no usable dict is a row that says so."""
    assert said_of_the_only_row(from_rows([item])) == said


@pytest.mark.parametrize("told", [3, None, "ab", b"ab", {"a": 1}])
def test_what_is_no_iterable_of_rows(told):
    """Text, a single dict and what cannot be gone through are refused at once."""
    assert sentence_of(InvalidInput, from_rows, told).endswith(
        ": give a list of dicts, or another iterable of them."
    )


def test_the_first_row_comes_before_the_last_is_made():
    """A generator is asked for one row at a time."""
    made = []

    def make():
        for number in range(1000):
            made.append(number)
            yield {"a": number}

    some = iter(from_rows(make()))
    assert made == []
    for number in range(5):
        assert next(some).values == {"a": number}
        assert made == list(range(number + 1))


def test_an_iterator_is_read_once():
    """A second pass over what is used up is no empty source; a list is read as often as asked."""
    source = from_rows(iter([{"a": 1}]), name="apps")
    assert values(source) == [{"a": 1}]
    assert trouble(source) == ([], "apps has been read, which can be done only once: give a list.")
    source = from_rows([{"a": 1}])
    assert values(source) == values(source) == [{"a": 1}]


def test_errors_of_the_iterable_come_through():
    """What goes wrong in the caller's own code is not made into something else."""

    def make():
        yield {"a": 1}
        raise OSError("the caller's own")

    some = iter(from_rows(make()))
    next(some)
    with pytest.raises(OSError, match=r"the caller's own"):
        next(some)


def test_columns_are_those_met_so_far():
    """Where each row brings its own columns, the first row is read to know some, and given all the same."""
    source = from_rows(iter([{"b": 1, "a": 2}, {"c": 3, "a": 4}]))
    assert source.columns == ("b", "a")
    assert values(source) == [{"b": 1, "a": 2}, {"c": 3, "a": 4}]
    assert source.columns == ("b", "a", "c")
    assert from_rows([]).columns == ()
    assert from_rows([3]).columns == ()


def test_asking_for_columns_uses_nothing_up():
    """What can be read once is not read again for its columns, in the middle of a pass or after it."""
    source = from_rows(iter([3, {"a": 1}]))
    for row in source:
        assert source.columns == (() if row.problem else ("a",))
    assert source.columns == ("a",)
    source = from_rows(iter([]))
    assert values(source) == []
    assert source.columns == ()
    source.require(["a"])


def test_a_missing_column_is_refused_at_once_where_there_is_a_header(folder):
    """A required column that the header lacks is refused before any row is read."""
    source = folder.open("Name,Owner\nx,y\n", file="apps.csv")
    source.require(["Name", "Owner"])
    assert sentence_of(SourceUnreadable, source.require, ["Name", "owner "]) == (
        "apps.csv has no column 'owner ': did you mean 'Owner'?"
    )


def test_a_column_that_no_row_has_is_refused_at_the_end():
    """Without a header a required column may be missing from some rows, and not from all of them."""
    told = [{"name": "x"}, {"name": "y", "owner": 1}]
    source = from_rows(told)
    source.require(["name", "owner"])
    assert values(source) == told
    source = from_rows(told, name="apps")
    source.require(["ownr"])
    read, said = trouble(source)
    assert len(read) == 2
    assert said == "apps has no column 'ownr': did you mean 'owner'?"


def test_no_rows_lack_no_column():
    """A source without rows and header has no column to be missed."""
    source = from_rows([])
    source.require(["name"])
    assert values(source) == []


def test_a_bad_row_says_so_when_it_is_used():
    """The values of a row that cannot be used cannot be taken for any; a good one has no sentence."""
    bad, good = Row("x row 1", {"a": 1}, "is wrong."), Row("x row 2", {"a": 1})
    assert sentence_of(InvalidInput, lambda: bad.values) == "x row 1 is wrong." == bad.sentence
    assert (good.values, good.sentence, good.problem) == ({"a": 1}, "", None)
    assert (repr(bad), repr(good)) == ("<bad row x row 1>", "<row x row 2>")


def test_the_error_is_one_of_the_tree():
    """Whoever catches the library's errors catches those of sources."""
    assert issubclass(SourceUnreadable, InvalidInput | ArdoqClientException)
    assert isinstance(from_rows([]), Source)


def test_two_loops_at_once_are_two_passes(folder):
    """Each loop has its own place in the file, and closing the source ends both."""
    source = folder.open("a\n1\n2\n", file="apps.csv")
    assert source.columns == ("a",)
    one, other = iter(source), iter(source)
    assert next(one).values == next(other).values == {"a": "1"}
    assert next(one).values == next(other).values == {"a": "2"}
    source.close()
    source.close()
