"""Templates: a column, a constant, text with columns."""

from datetime import date

import pytest

from ardoqpy.errors import InvalidInput
from ardoqpy_sync.job.file.template import Template


@pytest.mark.parametrize(
    ("raw", "columns", "cell"),
    [
        ("{Name}", ("Name",), "Shop"),
        ("{ Cost }", ("Cost",), 12.5),
        ("{Missing}", ("Missing",), None),
        ("{Name} ({Cost})", ("Name", "Cost"), "Shop (12.5)"),
        ("{Blank} {Blank}", ("Blank",), None),
        ("{Name} {Blank}", ("Name", "Blank"), "Shop"),
        ("{Since}: {Name}", ("Since", "Name"), "2024-05-31: Shop"),
        ("Server", (), "Server"),
        ("{{Name}}", (), "{Name}"),
        ("", (), None),
        (5, (), 5),
        (True, (), True),
        (["a", "b"], (), ["a", "b"]),
    ],
)
def test_template_gives_cell_or_text(raw, columns, cell):
    """A single column keeps its type; in text, cells become text and blank cells disappear."""
    template = Template(raw)
    values = {"Name": "Shop", "Cost": 12.5, "Blank": " ", "Since": date(2024, 5, 31)}
    assert template.columns == columns
    assert template.is_constant is not bool(columns)
    assert template.getter()(values) == cell


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ("{Name", "it has a single '{'. Write a column as {Name}, and a brace as {{"),
        ("Name}", "it has a single '}'. Write a column as {Name}, and a brace as }}"),
        ("a {} b", "it has {} without a column name between the braces"),
    ],
)
def test_invalid_template_is_rejected(raw, message):
    """A single brace and a column without a name are rejected."""
    with pytest.raises(ValueError, match="it has") as error:
        Template(raw)
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("raw", "names"),
    [
        ("{Name}", ["Shop"]),
        ("{Keys}", ["a", "b"]),
        ("{Name}/{Keys}", ["Shop/a", "Shop/b"]),
        ("{None}/{Keys}", ["/a", "/b"]),
        ("{Name}/{Empty}", []),
        ("x", ["x"]),
        ("{None}", [None]),
    ],
)
def test_list_in_the_value_of_an_end_gives_a_name_for_each_item(raw, names):
    """The text around a list is around each of its items, without white space and without blank items."""
    values = {"Name": " Shop ", "Keys": [" a", "", None, "b "], "Empty": [], "None": None}
    assert Template(raw).lister()(values) == names


@pytest.mark.parametrize(
    ("raw", "names"),
    [
        ("{Keys}", ["a", "b"]),
        ("{Site}/{Keys}", ["Oslo/a", "Oslo/b"]),
        ("{Site}/{Blank}", []),
        ("{Site};{Keys}", ["Oslo", "a", "b"]),
        ("x;y", ["x", "y"]),
        ("{Site}/{List}", ["Oslo/a", "Oslo/b", "Oslo/c"]),
    ],
)
def test_text_around_a_cell_that_is_split_is_around_each_item(raw, names):
    """A cell is split before it is put into its text, unless the text itself has what stands between."""
    values = {"Site": "Oslo", "Keys": "a; b;", "Blank": " ; ", "List": ["a;b", "c"]}
    assert [name.strip() for name in Template(raw).lister(";")(values) if name.strip()] == names


def test_two_lists_in_the_value_of_an_end_are_rejected():
    """Nobody knows which items of two lists belong together."""
    with pytest.raises(InvalidInput, match=r"The columns 'A' and 'B' both have a list. Use one of them in"):
        Template("{A}/{B}").lister()({"A": ["x"], "B": ["y"]})


def test_stripped_template_has_no_white_space_around_its_cells():
    """For names and keys, white space around each cell is removed; inside it stays."""
    values = {"Space": "prod    ", "Name": "\u00a0Web  shop\t", "Blank": "  ", "List": [" a", 1], "Number": 5}
    for raw, cell in [
        ("{Space}/{Name}", "prod/Web  shop"),
        ("{Name}", "Web  shop"),
        ("{Space}{Blank}-{Number}", "prod-5"),
        ("{Blank}", ""),
        ("{List}", ["a", 1]),
        ("{Number}", 5),
        (" x ", "x"),
    ]:
        assert Template(raw).getter(strip=True)(values) == cell
