"""Rows from CSV: what separates them, what encodes them, where they stand, and what is wrong with them."""

import csv
import gzip
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reading import MANY, Folder, rows, said_of_the_only_row, trouble, values
from refusals import sentence_of

from ardoqpy.errors import ConfigurationError
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
def test_the_delimiter_is_found_out(folder, content, columns):
    """What separates the cells is the sign in the header that the rows agree with."""
    source = folder.open(content, file="apps.csv")
    assert source.columns == columns
    source.close()


@pytest.mark.parametrize(
    ("content", "both"),
    [
        ("a,b;c,d\n1,2;3,4\n", "',' or by ';'"),
        ("a,b;c\n", "',' or by ';'"),
        ("a\tb|c\n1\n", "'\\t' or by '|'"),
    ],
)
def test_a_delimiter_in_doubt_is_asked_for(folder, content, both):
    """Where two signs separate the cells equally well, neither is taken."""
    said = sentence_of(SourceUnreadable, lambda: folder.open(content, file="apps.csv").columns)
    assert said == f"apps.csv line 1 may be separated by {both}: give the delimiter."


def test_what_is_stated_is_not_found_out(folder):
    """A stated delimiter and quote are taken, whatever the file looks like."""
    source = folder.open("a,b;'c;d'\n1,2;3\n", file="apps.csv", delimiter=";", quote="'")
    assert rows(source) == [("apps.csv line 2", {"a,b": "1,2", "c;d": "3"})]


def test_a_tsv_is_separated_by_tabs(folder):
    """The suffix .tsv says what separates the cells."""
    assert folder.open("a,x\tb\n", file="apps.tsv").columns == ("a,x", "b")
    assert folder.open("a,x\tb\n", file="apps.tsv", delimiter=",").columns == ("a", "x\tb")


QUOTES = "look there and above for a quote too many, or for one that is missing."
CLOSING = "a cell in quotes ends with its quote, and a quote inside it is doubled."
ENCODINGS = "give one such as 'utf-8', 'cp1252' or 'utf-16'."
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
    """A byte order mark says the encoding and is no part of the text; other encodings are stated."""
    source = folder.open(content, file="apps.csv", **stated)
    assert rows(source) == [("apps.csv line 2", {"Nåme": "Kjøp", "Prïs €": "1"})]


def test_utf_16_without_a_mark_is_seen(folder):
    """Text of ASCII letters in UTF-16 is known by its NULs."""
    for encoding in ("utf-16-le", "utf-16-be"):
        assert values(folder.open("a,b\n1,2\n".encode(encoding), file="apps.csv")) == [{"a": "1", "b": "2"}]


@pytest.mark.parametrize("line", [2, 3, 500, 4000])
@pytest.mark.parametrize("stated", [{}, {"encoding": "utf-8"}, {"encoding": "ascii"}, {"encoding": "cp932"}])
def test_bytes_of_another_encoding_are_named_with_their_line(folder, line, stated):
    """The first bytes that are not of the encoding end the source, named by their line, whole rows before."""
    content = b"a,b\n" + b"1,2\n" * (line - 2) + b"Caf\xe9,2\n" + b"3,4\n" * 5000
    read, said = trouble(folder.open(content, file="apps.csv", **stated))
    assert len(read) == line - 2
    encoding = stated.get("encoding", "utf-8").upper()
    assert said.startswith(f"apps.csv line {line} is not {encoding}, it holds the byte 0xE9: give ")
    assert ("cp1252" in said) == (not stated)


@pytest.mark.parametrize(
    "wrong", [b"\xff", b"\xed\xa0\x80", b"\xc0\x80", b"\xe2\x82"], ids=["no start", "half", "long", "cut off"]
)
def test_what_is_no_utf_8_is_told_from_text(folder, wrong):
    """Halves of characters, overlong forms and cut off ones are not UTF-8."""
    _, said = trouble(folder.open(b"a,b\n1,2\nx" + wrong, file="apps.csv"))
    assert said.startswith("apps.csv line 3 is not UTF-8")


def test_what_is_no_utf_16_is_told_from_text(folder):
    """Half a character in UTF-16 is named with its line, too."""
    content = "\ufeffa,b\n1,2\nx,".encode("utf-16-le") + b"\x00\xd8" + "\n".encode("utf-16-le")
    _, said = trouble(folder.open(content, file="apps.csv"))
    assert said.startswith("apps.csv line 3 is not UTF-16")


def test_a_mark_that_belies_the_encoding_is_refused(folder):
    """A stated encoding that the byte order mark contradicts is not taken."""
    source = folder.open(b"\xef\xbb\xbfa,b\n1,2\n", file="apps.csv", encoding="cp1252")
    assert sentence_of(SourceUnreadable, lambda: source.columns) == (
        "apps.csv begins with the mark of UTF-8, and the encoding given is cp1252: leave it out."
    )


def test_a_nul_is_refused(folder):
    """A NUL stands in no text, wherever it is."""
    for content, line in ((b"a,b\n1,\x00\n", 2), (b"\x00\x01\x02\x03", 1), (b'a,b\n"1\n\x00",2\n', 3)):
        source = folder.open(content, file="apps.csv")
        _, said = trouble(source)
        assert said.startswith(f"apps.csv line {line} holds a NUL character")


@pytest.mark.parametrize(
    ("content", "stated", "said"),
    [
        ("", {}, "apps.csv is empty: line 1 has to name the columns."),
        ("\ufeff", {}, "apps.csv is empty: line 1 has to name the columns."),
        ("x\n", {"header": 3}, "apps.csv ends before line 3: line 3 has to name the columns."),
        ("\na,b\n", {}, "apps.csv line 1 is blank where the names of the columns should be."),
        (" , \n1,2\n", {}, "apps.csv line 1 is blank where the names of the columns should be."),
        ("a,,c\n1,2,3\n", {}, "apps.csv line 1 has no name for column 2: name every column."),
        ("a,b,\n1,2,\n", {}, "apps.csv line 1 has no name for column 3: name every column."),
        (
            "a,b, a\n1,2,3\n",
            {},
            "apps.csv line 1 gives two columns, 1 and 3, the name 'a': give each a name of its own.",
        ),
        ('a,"b\n1,2\n', {}, f"apps.csv line 1 opens a quote that is never closed: {QUOTES}"),
    ],
)
def test_bad_headers(folder, content, stated, said):
    """A header that is missing, blank, or names a column twice or not at all is refused."""
    source = folder.open(content, file="apps.csv", **stated)
    assert sentence_of(SourceUnreadable, lambda: source.columns) == said
    assert trouble(source) == ([], said)


def test_a_header_alone_is_a_source_without_rows(folder):
    """Columns and no rows are no error."""
    for content in ("a,b\n", "a,b", "a,b\n\n , \n"):
        source = folder.open(content, file="apps.csv")
        assert source.columns == ("a", "b")
        assert rows(source) == []


def test_what_stands_above_the_header_is_left_out(folder):
    """Lines above the header are no rows, and count."""
    source = folder.open('Our "apps\nof today;;\n\na;b\n1;2\n', file="apps.csv", header=4)
    assert rows(source) == [("apps.csv line 5", {"a": "1", "b": "2"})]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("1\n", "apps.csv line 2 has too few cells: 1 where the header names 2 columns."),
        ("1,2,3\n", "apps.csv line 2 has too many cells: 3 where the header names 2 columns."),
        ("1,2,\n", "apps.csv line 2 has too many cells: 3 where the header names 2 columns."),
    ],
)
def test_too_few_and_too_many_cells(folder, row, said):
    """A row of another width than the header cannot be used, and says so."""
    assert said_of_the_only_row(folder.open(f"a,b\n{row}", file="apps.csv")) == said


def test_a_bad_row_stops_no_other(folder):
    """The rows around one that cannot be used are read."""
    assert rows(folder.open("a,b\n1,2\n3\n5,6\n", file="apps.csv")) == [
        ("apps.csv line 2", {"a": "1", "b": "2"}),
        "apps.csv line 3 has too few cells: 1 where the header names 2 columns.",
        ("apps.csv line 4", {"a": "5", "b": "6"}),
    ]


def test_the_line_is_that_of_the_file(folder):
    """Empty lines, lines inside quotes and line ends of every kind count as an editor counts them."""
    content = 'a,b\r\n1,2\n\n"3\n\r\nx",4\r5,6\r\n , \n"7\r8",9'
    assert rows(folder.open(content, file="apps.csv")) == [
        ("apps.csv line 2", {"a": "1", "b": "2"}),
        ("apps.csv line 4", {"a": "3\n\r\nx", "b": "4"}),
        ("apps.csv line 7", {"a": "5", "b": "6"}),
        ("apps.csv line 9", {"a": "7\r8", "b": "9"}),
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            'a,b\n1,2\n3,"x"y\n5,6\n',
            f"apps.csv line 3 has text after a closing quote: {CLOSING}",
        ),
        (
            'a,b\n1,2\n3,"x\n5,6\n',
            f"apps.csv line 3 opens a quote that is never closed: {QUOTES}",
        ),
        (
            f"a,b\n1,2\n3,{'x' * 131_073}\n5,6\n",
            f"apps.csv line 3 has a cell of over 131072 characters: {QUOTES}",
        ),
    ],
    ids=["after a quote", "never closed", "huge"],
)
def test_wrong_quotes_and_huge_cells(folder, content, said):
    """Where cells can no longer be told apart, the source ends, and says at which line."""
    read, sentence = trouble(folder.open(content, file="apps.csv"))
    assert [row.values for row in read] == [{"a": "1", "b": "2"}]
    assert sentence == said


def test_a_cell_as_huge_as_allowed(folder):
    """The longest cell that Python's reader takes is taken."""
    assert values(folder.open(f"a\n{'x' * 131_072}\n", file="apps.csv")) == [{"a": "x" * 131_072}]


def test_a_packed_file(folder):
    """What ends in .gz is unpacked; the suffix before says what it is."""
    source = folder.open(gzip.compress(b"a,b\n1,2\n"), file="apps.csv.gz")
    assert rows(source) == [("apps.csv.gz line 2", {"a": "1", "b": "2"})]


def test_a_damaged_packed_file(folder):
    """A packed file that is none, or whose end is missing, ends the source with a sentence."""
    _, said = trouble(folder.open(b"a,b\n1,2\n", file="apps.csv.gz"))
    assert said == "apps.csv.gz cannot be unpacked: the file is damaged, or its end is missing."
    whole = gzip.compress("".join(["a,b\n", *(f"{n},{n * n}\n" for n in range(MANY))]).encode())
    read, said = trouble(folder.open(whole[:-9], file="apps.csv.gz"))
    assert len(read) > MANY / 2
    assert said.startswith("apps.csv.gz line ")
    assert said.endswith(" cannot be unpacked: the file is damaged, or its end is missing.")


def test_the_first_row_comes_before_the_last_is_read(folder):
    """Rows are read as they are asked for: what is wrong at the end does not keep back the beginning."""
    source = folder.open(b"a,b\n" + b"1,2\n" * MANY + b"\xff", file="apps.csv")
    with source:
        some = iter(source)
        assert next(some).label == "apps.csv line 2"
        assert sentence_of(SourceUnreadable, list, some).startswith(f"apps.csv line {MANY + 2} is not UTF-8")


def test_every_loop_reads_from_the_start(folder):
    """A source can be read again, also after a loop was left and after it was closed."""
    source = folder.open("a\n1\n2\n", file="apps.csv")
    for row in source:
        assert row.values == {"a": "1"}
        break
    assert source.columns == ("a",)
    assert values(source) == values(source) == [{"a": "1"}, {"a": "2"}]


def test_other_columns_than_before_are_refused(folder):
    """A file that is another one by the time of the second pass is not taken for the first."""
    source = folder.open("a\n1\n", file="apps.csv")
    assert values(source) == [{"a": "1"}]
    folder.open("b\n1\n", file="apps.csv")
    assert trouble(source)[1] == "apps.csv has changed since it was first read: it has other columns now."


@pytest.mark.parametrize(
    ("stated", "said"),
    [
        ({"delimiter": ";;"}, "The source has ';;' under 'delimiter': give one character."),
        ({"delimiter": "\n"}, "The source has '\\n' under 'delimiter': give one character."),
        ({"quote": "''"}, "The source has \"''\" under 'quote': give one character."),
        (
            {"delimiter": '"'},
            "The source has '\"' both as delimiter and as quote: they are two characters.",
        ),
        (
            {"encoding": "utf8x"},
            f"The source has the encoding 'utf8x', which is not known: {ENCODINGS}",
        ),
        (
            {"encoding": "hex"},
            f"The source has the encoding 'hex', which is not known: {ENCODINGS}",
        ),
        ({"header": 0}, "The source of type 'csv' has 0 under 'header': give a whole number from 1 on."),
        (
            {"header": True},
            "The source of type 'csv' has a bool under 'header': give a whole number from 1 on.",
        ),
    ],
)
def test_settings_that_cannot_be(folder, stated, said):
    """A delimiter, quote, encoding or header that cannot be is refused before anything is read."""
    (folder.path / "apps.csv").write_text("a,b\n")
    assert sentence_of(ConfigurationError, folder.open, file="apps.csv", **stated) == said


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
def test_what_is_written_is_read(tmp_path_factory, table, delimiter, form, encoding):
    """Whatever text Python's csv module writes, in whatever form, is read as it was, but for empty rows."""
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
def test_any_bytes_are_read_or_refused(tmp_path_factory, content, prefix):
    """Whatever a file holds, it is rows, or one sentence that names it."""
    source = Folder(tmp_path_factory.mktemp("csv")).open(prefix + content, file="apps.csv")
    said, read = [], []
    try:
        read += rows(source)
    except SourceUnreadable as refused:
        said.append(str(refused))
    said += [row if isinstance(row, str) else f"{row[0]}." for row in read]
    assert all(one.startswith("apps.csv ") and one.endswith(".") for one in said)
