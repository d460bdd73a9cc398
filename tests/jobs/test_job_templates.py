"""Templates: a column, a constant, text with columns."""

from datetime import date

import pytest

from ardoqpy_sync.job.template import Template


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
