"""What a job writes for a row: a column, a constant, text with columns in it."""

from datetime import date

import pytest

from ardoqpy_sync.job.template import Template


@pytest.mark.parametrize(
    ("told", "columns", "cell"),
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
def test_what_a_template_gives(told, columns, cell):
    """A column alone keeps its kind, text takes cells as text, blank cells leave nothing behind."""
    template = Template(told)
    values = {"Name": "Shop", "Cost": 12.5, "Blank": " ", "Since": date(2024, 5, 31)}
    assert template.columns == columns
    assert template.constant is not bool(columns)
    assert template.getter()(values) == cell


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        ("{Name", "it has a '{' alone: write a column as {Name}, a brace as {{"),
        ("Name}", "it has a '}' alone: write a column as {Name}, a brace as }}"),
        ("a {} b", "it has {} without a column's name between the braces"),
    ],
)
def test_what_is_no_template(told, sentence):
    """A brace left alone and a column without a name are refused."""
    with pytest.raises(ValueError, match="it has") as refused:
        Template(told)
    assert str(refused.value) == sentence
