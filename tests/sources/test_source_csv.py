"""Rows from CSV: delimiters, encodings, line numbers and errors."""

import csv
import gzip
import io

import pytest
from error_messages import sentence_of
from hypothesis import given
from hypothesis import strategies as st
from reading import MANY, Folder, message_of_only_row, read_until_error, rows, values

from ardoqpy.errors import ConfigurationError, InvalidInput
from ardoqpy_sync.sources import SourceUnreadable


@pytest.mark.parametrize(
    ("content", "columns"),
    [
        ("a,b\n1,2\n", ("a", "b")),
        ("a;b\n1;2\n", ("a", "b")),
        ("a\tb\n1\t2\n", ("a", "b")),
        ("a|b\n1|2\n", ("a", "b")),
        ("a\n1\n", ("a",)),
        ("a;b\n1,5;2,5\n", ("a", "b")),
        ('"a,x";b\n1;2\n', ("a,x", "b")),
        ("a,x;b\n1;2\n3;4\n", ("a,x", "b")),
        ("a;b|c,d\n1;2\n", ("a", "b|c,d")),
        ("a,b,c\n1,2,3,\n4,5,6,\n", ("a", "b", "c")),
        ("a,b\n", ("a", "b")),
        ('a,b\n1,"2\n', ("a", "b")),
        (" a , b\n1,2\n", ("a", "b")),
        ('"a\nx",b\n1,2\n', ("a\nx", "b")),
    ],
)
def test_delimiter_is_detected(folder, content, columns):
    """The delimiter is the character in the header that most rows agree with."""
    source = folder.open(content, file="apps.csv")
    assert source.columns == columns
    source.close()


@pytest.mark.parametrize(
    ("content", "both"),
    [("a,b;c,d\n1,2;3,4\n", "',' or ';'"), ("a,b;c\n", "',' or ';'"), ("a\tb|c\n1\n", "'\\t' or '|'")],
)
def test_ambiguous_delimiter_is_rejected(folder, content, both):
    """If two delimiters fit equally well, neither is used."""
    message = sentence_of(SourceUnreadable, lambda: folder.open(content, file="apps.csv").columns)
    assert message == f"apps.csv line 1: the delimiter can be {both}. Set delimiter."


def test_stated_delimiter_and_quote_are_used(folder):
    """A stated delimiter and quote are used, whatever the file looks like."""
    source = folder.open("a,b;'c;d'\n1,2;3\n", file="apps.csv", delimiter=";", quote="'")
    assert rows(source) == [("apps.csv line 2", {"a,b": "1,2", "c;d": "3"})]


def test_tsv_is_separated_by_tabs(folder):
    """The suffix .tsv means that tabs separate the cells."""
    assert folder.open("a,x\tb\n", file="apps.tsv").columns == ("a,x", "b")
    assert folder.open("a,x\tb\n", file="apps.tsv", delimiter=",").columns == ("a", "x\tb")


QUOTES = "Look there and above for a missing or an extra quote."
CLOSING = "End a quoted cell with its quote, and double each quote inside it."
ENCODINGS = "Use one such as 'utf-8', 'cp1252' or 'utf-16'."
TEXT = "Nåme;Prïs €\nKjøp;1\n"


@pytest.mark.parametrize(
    ("content", "stated"),
    [
        (TEXT.encode(), {}),
        (TEXT.encode("utf-8-sig"), {}),
        (TEXT.encode("utf-8-sig"), {"encoding": "utf-8"}),
        (TEXT.encode("utf-16"), {}),
        (TEXT.encode("utf-16"), {"encoding": "UTF16"}),
        (("\ufeff" + TEXT).encode("utf-16-be"), {}),
        (("\ufeff" + TEXT).encode("utf-16-le"), {"encoding": "utf-16-le"}),
        (TEXT.encode("utf-16-le"), {"encoding": "utf-16-le"}),
        (TEXT.encode("utf-32"), {}),
        (TEXT.encode("cp1252"), {"encoding": "cp1252"}),
        (TEXT.encode("iso8859-15"), {"encoding": "latin9"}),
    ],
)
def test_encodings(folder, content, stated):
    """A byte order mark gives the encoding and is not part of the text; other encodings are stated."""
    source = folder.open(content, file="apps.csv", **stated)
    assert rows(source) == [("apps.csv line 2", {"Nåme": "Kjøp", "Prïs €": "1"})]


def test_utf_16_without_byte_order_mark_is_detected(folder):
    """ASCII text in UTF-16 is detected by its NUL bytes."""
    for encoding in ("utf-16-le", "utf-16-be"):
        assert values(folder.open("a,b\n1,2\n".encode(encoding), file="apps.csv")) == [{"a": "1", "b": "2"}]


@pytest.mark.parametrize("line", [2, 3, 500, 4000])
@pytest.mark.parametrize("stated", [{}, {"encoding": "utf-8"}, {"encoding": "ascii"}, {"encoding": "cp932"}])
def test_invalid_bytes_are_reported_with_their_line(folder, line, stated):
    """The first bytes that are not valid in the encoding end the source; the rows before are read."""
    content = b"a,b\n" + b"1,2\n" * (line - 2) + b"Caf\xe9,2\n" + b"3,4\n" * 5000
    read, message = read_until_error(folder.open(content, file="apps.csv", **stated))
    assert len(read) == line - 2
    encoding = stated.get("encoding", "utf-8").upper()
    assert message.startswith(
        f"apps.csv line {line} is not valid {encoding}: it contains the byte 0xE9. Set "
    )
    assert ("cp1252" in message) == (not stated)


@pytest.mark.parametrize(
    "wrong", [b"\xff", b"\xed\xa0\x80", b"\xc0\x80", b"\xe2\x82"], ids=["no start", "half", "long", "cut off"]
)
def test_invalid_utf_8_is_rejected(folder, wrong):
    """Lone surrogates, overlong and incomplete sequences are not valid UTF-8."""
    _, message = read_until_error(folder.open(b"a,b\n1,2\nx" + wrong, file="apps.csv"))
    assert message.startswith("apps.csv line 3 is not valid UTF-8")


def test_invalid_utf_16_is_rejected(folder):
    """A lone surrogate in UTF-16 is reported with its line."""
    content = "\ufeffa,b\n1,2\nx,".encode("utf-16-le") + b"\x00\xd8" + "\n".encode("utf-16-le")
    _, message = read_until_error(folder.open(content, file="apps.csv"))
    assert message.startswith("apps.csv line 3 is not valid UTF-16")


def test_byte_order_mark_must_match_stated_encoding(folder):
    """A stated encoding that contradicts the byte order mark is rejected."""
    source = folder.open(b"\xef\xbb\xbfa,b\n1,2\n", file="apps.csv", encoding="cp1252")
    assert sentence_of(SourceUnreadable, lambda: source.columns) == (
        "apps.csv has the byte order mark of UTF-8, but encoding is 'cp1252'. Remove encoding."
    )


def test_nul_character_is_rejected(folder):
    """A NUL character anywhere is rejected, with its line."""
    for content, line in ((b"a,b\n1,\x00\n", 2), (b"\x00\x01\x02\x03", 1), (b'a,b\n"1\n\x00",2\n', 3)):
        source = folder.open(content, file="apps.csv")
        _, message = read_until_error(source)
        assert message.startswith(f"apps.csv line {line} contains a NUL character.")


@pytest.mark.parametrize(
    ("content", "stated", "message"),
    [
        ("", {}, "apps.csv is empty. Line 1 must contain the column names."),
        ("\ufeff", {}, "apps.csv is empty. Line 1 must contain the column names."),
        ("x\n", {"header": 3}, "apps.csv ends before line 3. Line 3 must contain the column names."),
        ("\na,b\n", {}, "apps.csv line 1 is blank. It must contain the column names."),
        ('a,"b\n1,2\n', {}, f"apps.csv line 1 opens a quote that is never closed. {QUOTES}"),
    ],
)
def test_invalid_header_is_rejected(folder, content, stated, message):
    """A header that is missing or blank is rejected."""
    source = folder.open(content, file="apps.csv", **stated)
    assert sentence_of(SourceUnreadable, lambda: source.columns) == message
    assert read_until_error(source) == ([], message)


def test_header_alone_is_valid(folder):
    """A source with columns and no rows is valid."""
    for content in ("a,b\n", "a,b", "a,b\n\n , \n"):
        source = folder.open(content, file="apps.csv")
        assert source.columns == ("a", "b")
        assert rows(source) == []


def test_lines_above_header_are_ignored(folder):
    """Lines above the header are not rows, but count as lines."""
    source = folder.open('Our "apps\nof today;;\n\na;b\n1;2\n', file="apps.csv", header=4)
    assert rows(source) == [("apps.csv line 5", {"a": "1", "b": "2"})]


@pytest.mark.parametrize(
    ("content", "columns"),
    [
        ("Summary,Labels,Key,Labels\nWeb,red,A-1,blue\n", "2 and 4"),
        ("Labels,Summary,Key,Labels,Labels\nred,Web,A-1,,\n", "1, 4 and 5"),
    ],
)
def test_double_columns_are_rejected_only_if_they_are_read(folder, content, columns):
    """A name that several columns have does not stop the others from being read."""
    source = folder.open(content, file="jira.csv")
    source.require(["Summary", "Key"])
    assert source.columns == ("Summary", "Key")
    assert values(source) == [{"Summary": "Web", "Key": "A-1"}]
    problem = f"jira.csv line 1: columns {columns} have the name 'Labels'. Give each column a different name."
    assert sentence_of(SourceUnreadable, source.require, ["Key", "Labels"]) == problem
    (row,) = source
    assert sentence_of(InvalidInput, row.values.get, "Labels") == problem
    assert sentence_of(InvalidInput, row.values.__getitem__, "Labels") == problem


@pytest.mark.parametrize(
    "content",
    [
        "a,,b\n1,x,2\n",
        ",a,b\nx,1,2\n",
        "a,b,\n1,2,\n",
        "a,b,\n1,2,x\n",
        "a,b,,\n1,2\n",
        "a,b\n1,2,\n",
        "a,b\n1,2, ,\n",
        "a,b, \n1,2,,,\n",
    ],
)
def test_columns_without_a_name_and_delimiters_at_the_end_are_ignored(folder, content):
    """Cells below a blank name, and blank cells after the last column, are not read."""
    source = folder.open(content, file="apps.csv")
    assert source.columns == ("a", "b")
    assert values(source) == [{"a": "1", "b": "2"}]


@pytest.mark.parametrize("content", ["a,b\n1,2,3\n", "a,b\n1,2,,3\n", "a,b,\n1,2,3,\n", "a,a\n1,2,3\n"])
def test_too_many_cells_are_a_problem_of_the_row(folder, content):
    """A value after the last column means that the cells before it can be in the wrong columns."""
    header, row = (line.count(",") + 1 for line in content.split())
    assert message_of_only_row(folder.open(content, file="apps.csv")) == (
        f"apps.csv line 2: Too many cells: the row has {row}, the header has {header} columns."
    )


def test_cells_that_a_short_line_lacks_are_unknown(folder):
    """A short line can be used by whoever does not read the missing cells; these are not empty ones."""
    with folder.open("a,b,c\n1,2,3\n4\n7,8,9\n", file="apps.csv") as source:
        first, short, last = source
    assert [first.values, last.values] == [{"a": "1", "b": "2", "c": "3"}, {"a": "7", "b": "8", "c": "9"}]
    assert short.problem is None
    assert (short.label, short.values["a"], short.values.get("a")) == ("apps.csv line 3", "4", "4")
    for column in "bc":
        problem = "Too few cells: the row has 1, the header has 3 columns."
        assert sentence_of(InvalidInput, short.values.get, column) == problem
        assert sentence_of(InvalidInput, short.values.__getitem__, column) == problem
    assert short.values.get("d") is None
    assert sentence_of(KeyError, short.values.__getitem__, "d") == "'d'"


@pytest.mark.parametrize(
    ("line", "delimiter"),
    [
        ("sep=;", ";"),
        ("SEP=|", "|"),
        ('"sep=,"', ","),
        ("sep=\t", "\t"),
        ("sep=^", "^"),
        ("\ufeffsep=;", ";"),
    ],
)
@pytest.mark.parametrize("stated", [{}, {"header": 1}, {"header": 2}])
def test_line_that_states_the_delimiter_is_not_the_header(folder, line, delimiter, stated):
    """A first line such as `sep=;`, which Excel reads, gives the delimiter."""
    content = f"{line}\r\na{delimiter}b\r\n1{delimiter}2\r\n"
    source = folder.open(content, file="apps.csv", **stated)
    assert rows(source) == [("apps.csv line 3", {"a": "1", "b": "2"})]


def test_stated_delimiter_wins_over_that_in_the_file(folder):
    """The delimiter of the source is used if the line `sep=;` has another one."""
    source = folder.open("sep=;\na;x,b\n1,2\n", file="apps.csv", delimiter=",")
    assert rows(source) == [("apps.csv line 3", {"a;x": "1", "b": "2"})]


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ('"=""0341"""', "0341"),
        ('="0341"', "0341"),
        ('"=""a """"b"""" c"""', 'a "b" c'),
        ('"=""a,\nb"""', "a,\nb"),
        ("=A1", "=A1"),
        ('=""0341"', '=""0341"'),
        ("'=A1", "=A1"),
        ("'@owner", "@owner"),
        ("'+47 1", "+47 1"),
        ("'-legacy-", "-legacy-"),
        ("''-x", "'-x"),
        ("'-5", "'-5"),
        ("'s-Hertogenbosch", "'s-Hertogenbosch"),
        ("'quoted'", "'quoted'"),
        ("'", "'"),
    ],
)
def test_cells_for_spreadsheets_stand_for_their_text(folder, cell, text):
    """The guards of an id and of text like a formula are removed, in the header, too."""
    assert values(folder.open(f"a,b\n{cell},x\n", file="apps.csv")) == [{"a": text, "b": "x"}]
    assert folder.open(f"{cell},b\n", file="apps.csv").columns == (text, "b")
    (kept,) = values(folder.open(f"a,b\n{cell},x\n", file="apps.csv", unescape=False))
    ((expected, _),) = csv.reader([*cell.splitlines(keepends=True)[:-1], f"{cell.splitlines()[-1]},x"])
    assert kept["a"] == expected


def test_line_numbers_are_those_of_the_file(folder):
    """Empty lines, lines inside quotes and line ends of every kind count as an editor counts them."""
    content = 'a,b\r\n1,2\n\n"3\n\r\nx",4\r5,6\r\n , \n"7\r8",9'
    assert rows(folder.open(content, file="apps.csv")) == [
        ("apps.csv line 2", {"a": "1", "b": "2"}),
        ("apps.csv line 4", {"a": "3\n\r\nx", "b": "4"}),
        ("apps.csv line 7", {"a": "5", "b": "6"}),
        ("apps.csv line 9", {"a": "7\r8", "b": "9"}),
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('a,b\n1,2\n3,"x"y\n5,6\n', f"apps.csv line 3 has text after a closing quote. {CLOSING}"),
        ('a,b\n1,2\n3,"x\n5,6\n', f"apps.csv line 3 opens a quote that is never closed. {QUOTES}"),
    ],
    ids=["after a quote", "never closed"],
)
def test_wrong_quotes_end_the_source(folder, content, message):
    """If cells can no longer be separated, the source ends with an error that names the line."""
    read, sentence = read_until_error(folder.open(content, file="apps.csv"))
    assert [row.values for row in read] == [{"a": "1", "b": "2"}]
    assert sentence == message


def test_cell_of_any_length_is_read(folder, monkeypatch):
    """A cell longer than the csv module's own limit, such as an embedded picture, is read."""
    csv.field_size_limit(131_072)
    cell = "data:image/png;base64," + "x" * 1_000_000
    content = f'a;b\n"{cell}";1\n2;"{cell}"\n'
    expected = [{"a": cell, "b": "1"}, {"a": "2", "b": cell}]
    assert values(folder.open(content, file="apps.csv")) == expected


def test_cell_that_is_too_long_is_named(folder, monkeypatch):
    """A cell over the limit ends the source with an error that names the line."""
    monkeypatch.setattr("ardoqpy_sync.sources.csv_source._LONGEST_CELL", 1)
    limit = csv.field_size_limit(10)
    try:
        source = folder.open(f"a,b\n1,2\n3,{'x' * 11}\n5,6\n", file="apps.csv")
        read, sentence = read_until_error(source)
    finally:
        csv.field_size_limit(limit)
    assert [row.values for row in read] == [{"a": "1", "b": "2"}]
    assert sentence == f"apps.csv line 3 has a cell of over 10 characters. {QUOTES}"


def test_compressed_file_is_read(folder):
    """A .gz file is decompressed; the suffix before .gz gives its type."""
    source = folder.open(gzip.compress(b"a,b\n1,2\n"), file="apps.csv.gz")
    assert rows(source) == [("apps.csv.gz line 2", {"a": "1", "b": "2"})]


def test_damaged_compressed_file_is_rejected(folder):
    """A .gz file that is not compressed, or is incomplete, ends the source."""
    _, message = read_until_error(folder.open(b"a,b\n1,2\n", file="apps.csv.gz"))
    assert message == "apps.csv.gz cannot be decompressed: the file is damaged or incomplete."
    whole = gzip.compress("".join(["a,b\n", *(f"{n},{n * n}\n" for n in range(MANY))]).encode())
    read, message = read_until_error(folder.open(whole[:-9], file="apps.csv.gz"))
    assert len(read) > MANY / 2
    assert message.startswith("apps.csv.gz line ")
    assert message.endswith(" cannot be decompressed: the file is damaged or incomplete.")


def test_rows_are_streamed(folder):
    """The first row is available before the last one is read."""
    source = folder.open(b"a,b\n" + b"1,2\n" * MANY + b"\xff", file="apps.csv")
    with source:
        some = iter(source)
        assert next(some).label == "apps.csv line 2"
        assert sentence_of(SourceUnreadable, list, some).startswith(
            f"apps.csv line {MANY + 2} is not valid UTF-8"
        )


def test_each_loop_reads_from_the_start(folder):
    """A source can be read again, also after a loop was left and after it was closed."""
    source = folder.open("a\n1\n2\n", file="apps.csv")
    for row in source:
        assert row.values == {"a": "1"}
        break
    assert source.columns == ("a",)
    assert values(source) == values(source) == [{"a": "1"}, {"a": "2"}]


def test_changed_columns_are_rejected(folder):
    """A file whose columns have changed before the second pass is rejected."""
    source = folder.open("a\n1\n", file="apps.csv")
    assert values(source) == [{"a": "1"}]
    folder.open("b\n1\n", file="apps.csv")
    assert read_until_error(source)[1] == "apps.csv has changed since it was first read: its columns differ."


@pytest.mark.parametrize(
    ("stated", "message"),
    [
        ({"delimiter": ";;"}, "The source has ';;' as 'delimiter'. Use one character."),
        ({"delimiter": "\n"}, "The source has '\\n' as 'delimiter'. Use one character."),
        ({"quote": "''"}, "The source has \"''\" as 'quote'. Use one character."),
        ({"delimiter": '"'}, "The source has '\"' as delimiter and as quote. Use two different characters."),
        ({"encoding": "utf8x"}, f"The source has the encoding 'utf8x', which is not known. {ENCODINGS}"),
        ({"encoding": "hex"}, f"The source has the encoding 'hex', which is not known. {ENCODINGS}"),
        ({"header": 0}, "The source of type 'csv' has 0 as 'header'. Use a whole number from 1 on."),
        ({"header": True}, "The source of type 'csv' has a bool as 'header'. Use a whole number from 1 on."),
    ],
)
def test_invalid_options_are_rejected(folder, stated, message):
    """An invalid delimiter, quote, encoding or header is rejected before anything is read."""
    (folder.path / "apps.csv").write_text("a,b\n")
    assert sentence_of(ConfigurationError, folder.open, file="apps.csv", **stated) == message


NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=8).map(str.strip)
CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)


@st.composite
def tables(draw):
    """Draw a header of names and rows of as many cells."""
    header = draw(st.lists(NAMES.filter(bool), min_size=1, max_size=4, unique=True))
    return header, draw(st.lists(st.lists(CELLS, min_size=len(header), max_size=len(header)), max_size=5))


@given(
    table=tables(),
    delimiter=st.sampled_from(",;\t|"),
    form=st.sampled_from(
        [  # with other ends, Python's writer leaves a CR inside a cell unquoted
            (csv.QUOTE_MINIMAL, "\r\n"),
            (csv.QUOTE_ALL, "\r\n"),
            (csv.QUOTE_ALL, "\n"),
            (csv.QUOTE_ALL, "\r"),
        ]
    ),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_written_csv_is_read_back(tmp_path_factory, table, delimiter, form, encoding):
    """Any text that the csv module writes, in any format, is read back, except empty rows."""
    header, lines = table
    written = io.StringIO(newline="")
    writer = csv.writer(written, delimiter=delimiter, lineterminator=form[1], quoting=form[0])
    writer.writerows([header, *lines])
    source = Folder(tmp_path_factory.mktemp("csv")).open(
        written.getvalue().encode(encoding), file="apps.csv", delimiter=delimiter, encoding=encoding
    )
    assert source.columns == tuple(header)
    expected = [dict(zip(header, cells, strict=True)) for cells in lines if any(map(str.strip, cells))]
    assert values(source) == expected


@given(content=st.binary(max_size=60), prefix=st.sampled_from([b"", b"a,b\n1,2\n", b'a;b\n"', b"\xff\xfe"]))
def test_any_bytes_are_read_or_rejected(tmp_path_factory, content, prefix):
    """Any file content gives rows, or one error that names the file."""
    source = Folder(tmp_path_factory.mktemp("csv")).open(prefix + content, file="apps.csv")
    messages, read = [], []
    try:
        read += rows(source)
    except SourceUnreadable as error:
        messages.append(str(error))
    messages += [row if isinstance(row, str) else f"{row[0]}." for row in read]
    assert all(message.startswith("apps.csv ") and message.endswith(".") for message in messages)
