"""Cells as the values that fields take: told by tables, and tried against the emulator's fields."""

import json
import math
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from ipaddress import ip_address
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from refusals import sentence_of

from ardoqpy import ArdoqClient
from ardoqpy.errors import ConfigurationError, InvalidInput
from ardoqpy.metamodel import Field, field_of_context, field_of_model
from ardoqpy_sync.sources.cell_conversion import CellFormats, convert_cell, read_spelling

TYPES = (
    "Text",
    "TextArea",
    "Checkbox",
    "List",
    "SelectMultipleList",
    "Number",
    "Date",
    "DateTime",
    "Url",
    "Email",
    "User",
    "SomethingNew",
)
OPTIONS = ("Gold", "Silver", "Not known")
SUMMER = timezone(timedelta(hours=2))


def field(kind, *options, **more):
    """Return a field of a type."""
    return Field("tier", "Tier", kind, options, **more)


def naive(*parts):
    """Return a time without a zone, as Excel and many databases give it."""
    return datetime(*parts)  # noqa: DTZ001


CONVERTED = [
    # Text stays as it is; what is not text is spelled as Ardoq or ISO spells it.
    ("Text", " as it\n is ", " as it\n is "),
    ("TextArea", "x", "x"),
    ("Text", 5, "5"),
    ("Text", 5.0, "5"),
    ("Text", -0.1, "-0.1"),
    ("Text", 1e300, "1e+300"),
    ("Text", 2.0**53, "9007199254740992.0"),
    ("Text", Decimal("1.50"), "1.50"),
    ("Text", Decimal("1E+3"), "1000"),
    ("Text", True, "true"),
    ("Text", False, "false"),
    ("Text", date(2024, 5, 31), "2024-05-31"),
    ("Text", naive(2024, 5, 31), "2024-05-31"),
    ("Text", naive(2024, 5, 31, 13, 45), "2024-05-31T13:45:00"),
    ("Text", datetime(2024, 5, 31, tzinfo=UTC), "2024-05-31T00:00:00+00:00"),
    ("Text", time(13, 45), "13:45:00"),
    ("Text", UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    ("Text", ip_address("10.0.0.1"), "10.0.0.1"),
    ("Url", " https://example.org ", "https://example.org"),
    ("Email", " kari@example.org ", "kari@example.org"),
    ("User", "5f00aa00bb00cc00dd00ee10", "5f00aa00bb00cc00dd00ee10"),
    # Yes and no.
    ("Checkbox", True, True),
    ("Checkbox", "Yes", True),
    ("Checkbox", " TRUE ", True),
    ("Checkbox", "1", True),
    ("Checkbox", 1, True),
    ("Checkbox", 1.0, True),
    ("Checkbox", Decimal(0), False),
    ("Checkbox", "off", False),
    ("Checkbox", "n", False),
    ("Checkbox", 0, False),
    # Numbers that can be read in one way only.
    ("Number", 5, 5),
    ("Number", 5.5, 5.5),
    ("Number", Decimal("5.50"), 5.5),
    ("Number", Decimal("5.00"), 5),
    ("Number", 2**70, 2**70),
    ("Number", "5", 5),
    ("Number", " +5 ", 5),
    ("Number", "-5", -5),
    ("Number", "\N{MINUS SIGN}5", -5),
    ("Number", "007", 7),
    ("Number", "5.5", 5.5),
    ("Number", "5,5", 5.5),
    ("Number", ".5", 0.5),
    ("Number", ",5", 0.5),
    ("Number", "5.00", 5.0),
    ("Number", "0.125", 0.125),
    ("Number", "0,125", 0.125),
    ("Number", "1234.567", 1234.567),
    ("Number", "1234,567", 1234.567),
    ("Number", "1.2345", 1.2345),
    ("Number", "1,234.5", 1234.5),
    ("Number", "1.234,5", 1234.5),
    ("Number", "1,234,567", 1234567),
    ("Number", "1.234.567", 1234567),
    ("Number", "-1.234.567,8", -1234567.8),
    ("Number", "1 234", 1234),
    ("Number", "1\u00a0234,5", 1234.5),
    ("Number", "1\u202f234\u202f567.5", 1234567.5),
    ("Number", "1'234.50", 1234.5),
    ("Number", "1\u2019234", 1234),
    ("Number", "1e3", 1000.0),
    ("Number", "1.5E-3", 0.0015),
    # Dates and times.
    ("Date", "2024-05-31", "2024-05-31"),
    ("Date", "2024-05-31T00:00:00Z", "2024-05-31"),
    ("Date", date(2024, 5, 31), "2024-05-31"),
    ("Date", naive(2024, 5, 31), "2024-05-31"),
    ("DateTime", "2024-05-31", "2024-05-31T00:00:00.000Z"),
    ("DateTime", " 2024-05-31 13:45 ", "2024-05-31T13:45:00.000Z"),
    ("DateTime", "2024-05-31T13:45:00.123456+02:00", "2024-05-31T11:45:00.123Z"),
    ("DateTime", "2024-05-31 13:45:00+02", "2024-05-31T11:45:00.000Z"),
    ("DateTime", date(2024, 5, 31), "2024-05-31T00:00:00.000Z"),
    ("DateTime", naive(2024, 5, 31, 13, 45), "2024-05-31T13:45:00.000Z"),
    ("DateTime", datetime(2024, 5, 31, 13, 45, tzinfo=SUMMER), "2024-05-31T11:45:00.000Z"),
    ("DateTime", "0033-04-03", "0033-04-03T00:00:00.000Z"),
    # Options, whatever their letter case.
    ("List", "Gold", "Gold"),
    ("List", " gold", "Gold"),
    ("List", "NOT KNOWN", "Not known"),
    ("SelectMultipleList", "gold", ["Gold"]),
    ("SelectMultipleList", "silver, Gold", ["Silver", "Gold"]),
    ("SelectMultipleList", "gold,,GOLD, ", ["Gold"]),
    ("SelectMultipleList", ["gold", None, "silver"], ["Gold", "Silver"]),
    ("SelectMultipleList", ("gold",), ["Gold"]),
    ("SelectMultipleList", {"silver", "gold"}, ["Gold", "Silver"]),
    ("SelectMultipleList", [], None),
    ("SelectMultipleList", " , ", None),
    # A type that is not known takes what JSON holds.
    ("SomethingNew", "x", "x"),
    ("SomethingNew", 5, 5),
    ("SomethingNew", True, True),
    ("SomethingNew", Decimal("1.5"), 1.5),
    ("SomethingNew", date(2024, 5, 31), "2024-05-31"),
    ("SomethingNew", ["x", None, 1], ["x", 1]),
]


@pytest.mark.parametrize(
    ("kind", "cell", "value"),
    CONVERTED,
    ids=lambda part: repr(sorted(part) if isinstance(part, set) else part)[:40],
)
def test_what_is_certain_is_converted(kind, cell, value):
    """A cell that can be read in one way only becomes the field's value, of its JSON type."""
    converted = convert_cell(cell, field(kind, *(OPTIONS if "List" in kind else ())))
    assert converted == value
    assert type(converted) is type(value)


REFUSED = [
    ("Text", ["x"], "a list", "it takes text."),
    ("Text", {"x": 1}, "a dict", "it takes text."),
    ("Text", b"x", "a bytes", "it takes text."),
    ("Text", timedelta(1), "1 day, 0:00:00 (a timedelta)", "it takes text."),
    ("Text", math.nan, "nan", "leave the cell empty where there is nothing."),
    ("Text", Decimal("NaN"), "NaN (a Decimal)", "leave the cell empty where there is nothing."),
    ("Text", Decimal("1E+999"), "1E+999 (a Decimal)", "leave the cell empty where there is nothing."),
    ("Text", 10**400, "an int", "it takes text."),
    ("Checkbox", "ja", "'ja'", "it takes true, yes, y, 1, on for yes, and false, no, n, 0, off for no."),
    ("Checkbox", 2, "2", "it takes true, yes, y, 1, on for yes, and false, no, n, 0, off for no."),
    ("Number", "five", "'five'", "it takes a number."),
    ("Number", "5%", "'5%'", "it takes a number."),
    ("Number", "5 kr", "'5 kr'", "it takes a number."),
    ("Number", "5,", "'5,'", "it takes a number."),
    ("Number", "5.", "'5.'", "it takes a number."),
    ("Number", "0x5", "'0x5'", "it takes a number."),
    ("Number", "1_000", "'1_000'", "it takes a number."),
    ("Number", "- 5", "'- 5'", "it takes a number."),
    ("Number", "12 34", "'12 34'", "it takes a number."),
    ("Number", "1,23,456", "'1,23,456'", "it takes a number."),
    ("Number", "1.2.3", "'1.2.3'", "it takes a number."),
    ("Number", "1,234.567,8", "'1,234.567,8'", "it takes a number."),
    ("Number", "1 234.567 8", "'1 234.567 8'", "it takes a number."),
    ("Number", "0.123.456", "'0.123.456'", "it takes a number."),
    ("Number", "\N{ARABIC-INDIC DIGIT FIVE}", "'\N{ARABIC-INDIC DIGIT FIVE}'", "it takes a number."),
    ("Number", "nan", "'nan'", "it takes a number."),
    ("Number", "1e400", "'1e400'", "it takes a number."),
    ("Number", "9" * 301, f"'{'9' * 59}…'", "it takes a number."),
    ("Number", True, "True (a bool)", "it takes a number."),
    ("Number", math.inf, "inf", "leave the cell empty where there is nothing."),
    ("Number", date(2024, 5, 31), "2024-05-31 (a date)", "it takes a number."),
    ("Number", "1.234", "'1.234'", "it may be 1.234 or 1234: say which sign is the decimal one, '.' or ','."),
    (
        "Number",
        "-1,234",
        "'-1,234'",
        "it may be -1.234 or -1234: say which sign is the decimal one, '.' or ','.",
    ),
    ("Date", "31.05.2024", "'31.05.2024'", "it takes a date such as 2024-05-31."),
    (
        "Date",
        "2024-05-31 13:45",
        "'2024-05-31 13:45'",
        "it has a time of day, and the field takes a date alone.",
    ),
    ("DateTime", "2024-02-30", "'2024-02-30'", "it takes a date such as 2024-05-31."),
    ("DateTime", "20240531", "'20240531'", "it takes a date such as 2024-05-31."),
    ("DateTime", 45443, "45443", "it takes a date such as 2024-05-31."),
    ("DateTime", time(13, 45), "13:45:00 (a time)", "it takes a date such as 2024-05-31."),
    ("DateTime", "0001-01-01T00:00+14:00", "'0001-01-01T00:00+14:00'", "it takes a date such as 2024-05-31."),
    ("Email", "kari", "'kari'", "it takes one e-mail address."),
    (
        "Email",
        "kari@example.org, ola@example.org",
        "'kari@example.org, ola@example.org'",
        "it takes one e-mail ",
    ),
    ("User", "Kari Nordmann", "'Kari Nordmann'", "it takes the id of a user."),
    ("User", 5, "5", "it takes the id of a user."),
    ("List", "Glod", "'Glod'", "it takes 'Gold', 'Silver', 'Not known'; did you mean 'Gold'?"),
    ("List", "xyz", "'xyz'", "it takes 'Gold', 'Silver', 'Not known'."),
    ("List", ["Gold"], "a list", "it takes text."),
    (
        "SelectMultipleList",
        "gold, xyz",
        "'gold, xyz'",
        "it takes 'Gold', 'Silver', 'Not known' with ',' between them, not 'xyz'.",
    ),
    (
        "SelectMultipleList",
        ["gold", "slver"],
        "a list",
        "it takes 'Gold', 'Silver', 'Not known', not 'slver'; did you mean 'Silver'?",
    ),
    ("SelectMultipleList", [["Gold"]], "a list", "it takes text, or a list of texts."),
    ("SomethingNew", b"x", "a bytes", "it takes text."),
]


@pytest.mark.parametrize(("kind", "cell", "shown", "said"), REFUSED, ids=lambda part: repr(part)[:40])
def test_what_is_not_certain_is_refused(kind, cell, shown, said):
    """What cannot be converted is refused with the value, the field and what it takes."""
    refused = sentence_of(InvalidInput, convert_cell, cell, field(kind, *(OPTIONS if "List" in kind else ())))
    assert refused.startswith(f"{shown} is no value for the field 'Tier' (tier) of type {kind}: {said}")


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("cell", [None, "", " ", "\t\n", "\u00a0"])
def test_a_blank_cell_is_nothing(kind, cell):
    """A cell that holds nothing is None for every field, and never an empty text, a no, or a zero."""
    assert convert_cell(cell, field(kind, "Gold")) is None


@pytest.mark.parametrize("cell", ["x", None])
def test_a_calculated_field_takes_nothing(cell):
    """A field that Ardoq calculates refuses every cell, a blank one too."""
    said = sentence_of(InvalidInput, convert_cell, cell, field("Text", read_only=True))
    assert said == "The field 'Tier' (tier) is calculated by Ardoq: it takes no value."


def test_options():
    """Any text is an option where none are listed; where two are alike, the exact spelling counts."""
    assert convert_cell(" any ", field("List")) == "any"
    assert convert_cell(5.0, field("List")) == "5"
    assert convert_cell("a, b", field("SelectMultipleList")) == ["a", "b"]
    assert convert_cell("sap", field("List", "SAP", "sap")) == "sap"
    said = sentence_of(InvalidInput, convert_cell, "sAP", field("List", "SAP", "sap"))
    assert said.endswith("'SAP' and 'sap' differ in letter case only, so spell it as one of them.")
    assert convert_cell("sales, west", field("SelectMultipleList", "Sales, West", "East")) == ["Sales, West"]
    many = field("List", *(f"option {n}" for n in range(30)))
    assert "'option 19' and 10 more." in sentence_of(InvalidInput, convert_cell, "zzz", many)
    assert convert_cell("STRASSE", field("List", "Straße")) == "Straße"


def test_a_field_without_a_label_of_its_own_is_named_once():
    """A message names label and name only where they are two."""
    said = sentence_of(InvalidInput, convert_cell, "x", Field("cost", "cost", "Number"))
    assert said == "'x' is no value for the field 'cost' of type Number: it takes a number."


@pytest.mark.parametrize(
    ("told", "kind", "cell", "value"),
    [
        ({"decimal": "."}, "Number", "1.234", 1.234),
        ({"decimal": "."}, "Number", "1,234", 1234),
        ({"decimal": ","}, "Number", "1.234", 1234),
        ({"decimal": ","}, "Number", "1,234", 1.234),
        ({"decimal": ","}, "Number", "1 234,5", 1234.5),
        ({"decimal": ","}, "Number", "-1.234.567,8", -1234567.8),
        ({"decimal": ","}, "Number", "1,5E3", 1500.0),
        ({"thousands": "."}, "Number", "1.234", 1234),
        ({"thousands": "."}, "Number", "1,234", 1.234),
        ({"thousands": ","}, "Number", "1,234", 1234),
        ({"thousands": " "}, "Number", "1\u00a0234,567", 1234.567),
        ({"thousands": "\u00a0"}, "Number", "1 234", 1234),
        ({"thousands": "'", "decimal": "."}, "Number", "1\u2019234.5", 1234.5),
        ({"thousands": "_"}, "Number", "1_234", 1234),
        ({"dates": "%d.%m.%Y"}, "DateTime", "31.05.2024", "2024-05-31T00:00:00.000Z"),
        ({"dates": ["%d.%m.%Y %H:%M", "%d.%m.%Y"]}, "DateTime", "31.05.2024", "2024-05-31T00:00:00.000Z"),
        ({"dates": "%m/%d/%Y"}, "Date", "05/04/2024", "2024-05-04"),
        ({"dates": "%d/%m/%Y"}, "Date", "05/04/2024", "2024-04-05"),
        ({"dates": "%d/%m/%Y"}, "Date", date(2024, 5, 4), "2024-05-04"),
        ({"zone": "Europe/Oslo"}, "DateTime", "2024-05-31T13:45", "2024-05-31T11:45:00.000Z"),
        ({"zone": "Europe/Oslo"}, "DateTime", "2024-01-31T13:45", "2024-01-31T12:45:00.000Z"),
        ({"zone": "Europe/Oslo"}, "DateTime", "2024-05-31T13:45Z", "2024-05-31T13:45:00.000Z"),
        ({"zone": "Europe/Oslo"}, "DateTime", naive(2024, 5, 31, 13, 45), "2024-05-31T11:45:00.000Z"),
        ({"yes": "Ja"}, "Checkbox", "JA", True),
        ({"yes": ["x", "ja"], "no": "nei"}, "Checkbox", "nei", False),
        ({"separator": ";"}, "SelectMultipleList", "a, b; c", ["a, b", "c"]),
        ({"separator": " / "}, "SelectMultipleList", "a / b/c", ["a", "b/c"]),
    ],
)
def test_what_is_stated_decides(told, kind, cell, value):
    """What is said of a source's spelling is what its cells are read by."""
    assert convert_cell(cell, field(kind), read_spelling(told)) == value


@pytest.mark.parametrize(
    ("told", "kind", "cell", "said"),
    [
        ({"decimal": "."}, "Number", "1,5", "it takes a number."),
        ({"decimal": ","}, "Number", "1.5", "it takes a number."),
        ({"thousands": "."}, "Number", "1 234", "it takes a number."),
        ({"thousands": ".", "decimal": ","}, "Number", "1'234,5", "it takes a number."),
        ({"dates": "%d.%m.%Y"}, "Date", "2024-05-31", "it takes a date such as 31.05.2024."),
        (
            {"dates": ["%d.%m.%Y", "%d.%m.%y"]},
            "Date",
            "31.5.",
            "it takes a date such as 31.05.2024 or 31.05.24.",
        ),
        ({"yes": "Ja", "no": "Nei"}, "Checkbox", "yes", "it takes Ja for yes, and Nei for no."),
    ],
)
def test_what_is_stated_is_all_that_is_taken(told, kind, cell, said):
    """Other spellings than the stated ones are refused."""
    assert sentence_of(InvalidInput, convert_cell, cell, field(kind), read_spelling(told)).endswith(said)


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ([], "The spelling of the cells is a list: describe it by a table of keys and values."),
        ({"decimals": "."}, "The spelling of the cells has no key 'decimals': did you mean 'decimal'?"),
        ({"decimal": ";"}, "The decimal sign is ';': give '.' or ','."),
        ({"decimal": 1}, "The spelling of the cells has an int under 'decimal': give '.' or ','."),
        ({"thousands": "  "}, "The sign between thousands is '  ': give one such as '.'."),
        ({"thousands": "5"}, "The sign between thousands is '5': give one such as '.'."),
        ({"thousands": "-"}, "The sign between thousands is '-': give one such as '.'."),
        ({"decimal": ".", "thousands": "."}, "'.' is both the decimal sign and that between thousands."),
        ({"dates": "%d.%m"}, "'%d.%m' is no format of a date: "),
        ({"dates": "%Y"}, "'%Y' is no format of a date: "),
        ({"dates": "%m/%Y"}, "'%m/%Y' is no format of a date: "),
        ({"dates": "%H:%M"}, "'%H:%M' is no format of a date: "),
        ({"dates": "DD.MM.YYYY"}, "'DD.MM.YYYY' is no format of a date: "),
        ({"dates": ["%d.%m.%Y", "%Y%"]}, "'%Y%' is no format of a date: "),
        ({"dates": []}, "The spelling of the cells has a list under 'dates': give words."),
        ({"zone": "Oslo"}, "The time zone 'Oslo' is not known: give one such as 'Europe/Oslo'"),
        ({"zone": "../../etc/passwd"}, "The time zone '../../etc/passwd' is not known: "),
        ({"yes": ["x", " "]}, "The spelling of the cells has a list under 'yes': give words."),
        ({"yes": "x", "no": "X"}, "'x' stands for yes and for no: give both lists of words."),
        ({"yes": "n"}, "'n' stands for yes and for no: give both lists of words."),
        ({"separator": ""}, "The spelling of the cells has empty text under 'separator': give text."),
    ],
)
def test_spellings_that_cannot_be(told, said):
    """What makes no sense of a spelling is refused before any cell is read."""
    assert sentence_of(ConfigurationError, read_spelling, told).startswith(said)


def test_nothing_stated():
    """An empty table is the spelling that takes only what is certain."""
    assert read_spelling({}) == CellFormats()


def test_fields_of_v1():
    """A definition in API v1 says name, label, type, options and whether the field is calculated."""
    told = {
        "_id": "5f00aa00bb00cc00dd00ee30",
        "_version": 1,
        "name": "tier",
        "label": "Tier",
        "model": "5f00aa00bb00cc00dd00ee20",
        "componentType": ["p1"],
        "global": False,
        "type": "List",
        "defaultValue": "Gold, Silver,,Gold",
        "description": None,
    }
    assert field_of_model(told) == Field("tier", "Tier", "List", ("Gold", "Silver"))
    assert field_of_model(told | {"defaultValue": None}).options == ()
    assert field_of_model(told | {"defaultValue": ["Gold"]}).options == ("Gold",)
    assert field_of_model(told | {"type": "Text"}) == Field("tier", "Tier", "Text")
    assert field_of_model(told | {"type": "Textarea"}).type == "TextArea"
    assert field_of_model(told | {"type": "email"}).type == "Email"
    assert field_of_model(told | {"type": "NewType"}).type == "NewType"
    assert field_of_model({"name": "tier", "type": "Text"}).label == "tier"
    settings = {"storedQueryId": "5f00aa00bb00cc00dd00ee31", "dependencyIds": []}
    assert field_of_model(told | {"calculatedFieldSettings": settings}).read_only
    assert not field_of_model(told | {"calculatedFieldSettings": None}).read_only


def test_fields_of_v2():
    """An entry of a context in API v2 says the same in its own words."""
    told = {
        "apiKey": "tier",
        "label": "Tier",
        "type": "SelectMultipleList",
        "description": None,
        "defaultValue": "Gold",
        "calculated": False,
        "readOnly": False,
        "options": ["Gold", "Silver, too"],
    }
    assert field_of_context(told) == Field("tier", "Tier", "SelectMultipleList", ("Gold", "Silver, too"))
    assert field_of_context(told | {"calculated": True}).read_only
    assert field_of_context(told | {"readOnly": True}).read_only
    del told["options"]
    assert field_of_context(told | {"type": "Number"}) == Field("tier", "Tier", "Number")


FIELDS = {
    "Text": ("x", 5),
    "TextArea": ("x\ny",),
    "Checkbox": ("yes", 0),
    "List": ("gold", "Silver"),
    "SelectMultipleList": ("gold, silver", "gold"),
    "Number": ("1,5", "1.234.567", 7),
    "DateTime": ("2024-05-31", naive(2024, 5, 31, 13, 45), date(2024, 5, 31)),
    "Url": ("https://example.org",),
    "Email": ("kari@example.org",),
}


def test_what_is_converted_is_kept_as_it_was_sent(server):
    """Every value that a cell becomes is taken by a field of its type on v1 and v2, and stored as it is."""
    v1 = ArdoqClient(server.url, server.token)
    v2 = ArdoqClient(server.url, server.token, version="v2")
    model = v1.create_model({"name": "M", "root": {"p1": {"id": "p1", "name": "App"}}, "referenceTypes": {}})
    for kind in (*FIELDS, "User"):
        options = {"defaultValue": "Gold,Silver"} if "List" in kind else {}
        v1.create_field(
            {
                "label": kind,
                "name": kind.lower(),
                "type": kind,
                "model": model["_id"],
                "global": True,
                **options,
            }
        )
    ws = v1.create_workspace({"name": "Apps", "componentModel": model["_id"]})
    of_v1 = {one["name"]: field_of_model(one) for one in v1.get_field()}
    context = v2.get_context(ws["_id"])
    of_v2 = {one["apiKey"]: field_of_context(one) for one in context["customFields"]}
    assert of_v1 == of_v2
    me = v1.get_current_user()["_id"]
    for kind, cells in [*FIELDS.items(), ("User", [me])]:
        name = kind.lower()
        for number, cell in enumerate([*cells, None]):
            value = convert_cell(cell, of_v2[name])
            body = {"rootWorkspace": ws["_id"], "typeId": "p1", "name": f"{kind} {number}"}
            made = v2.create_component({**body, "customFields": {name: value}})
            assert made["customFields"].get(name) == value
            body["name"] += " of v1"
            assert v1.create_component({**body, name: value}).get(name) == value


CELLS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.decimals()
    | st.text(max_size=20)
    | st.text(alphabet="0123456789.,-' \u00a0", max_size=12)
    | st.dates()
    | st.datetimes(timezones=st.none() | st.just(UTC) | st.just(SUMMER))
    | st.times()
    | st.timedeltas()
    | st.uuids()
    | st.binary(max_size=5)
)


@given(
    cell=CELLS | st.lists(CELLS, max_size=3) | st.dictionaries(st.text(max_size=3), CELLS, max_size=2),
    kind=st.sampled_from(TYPES),
    options=st.sampled_from([(), OPTIONS]),
    told=st.sampled_from(
        [{}, {"decimal": ","}, {"thousands": " "}, {"dates": "%d.%m.%Y", "zone": "Asia/Tokyo"}]
    ),
)
def test_any_cell_becomes_json_or_one_sentence(cell, kind, options, told):
    """Whatever a cell holds, it becomes a value that JSON holds, and again the same, or it is refused."""
    tier, spelling = field(kind, *options), read_spelling(told)
    try:
        value = convert_cell(cell, tier, spelling)
    except InvalidInput as refused:
        assert str(refused)[-1] in ".?"  # noqa: PT017  (either is right)
        return
    assert json.loads(json.dumps(value, allow_nan=False)) == value
    if not isinstance(value, str) or not told:
        assert convert_cell(value, tier, spelling) == value


@given(
    number=st.integers(-(10**12), 10**12) | st.decimals(-(10**9), 10**9, places=2),
    decimal=st.sampled_from(".,"),
    thousands=st.sampled_from([".", ",", " ", "\u00a0", "'", ""]),
)
def test_numbers_are_read_as_they_are_written(number, decimal, thousands):
    """A number in any spelling is read back, stated, and unstated where it is not refused."""
    if thousands == decimal:
        thousands = ""
    text = f"{number:,}".translate(str.maketrans({",": thousands, ".": decimal}))
    told = {"decimal": decimal} | ({"thousands": thousands} if thousands else {})
    assert convert_cell(text, field("Number"), read_spelling(told)) == float(number)
    assert convert_cell(text, field("Number"), read_spelling({"decimal": decimal})) == float(number)
    try:
        unstated = convert_cell(text, field("Number"))
    except InvalidInput as refused:
        assert " it may be " in str(refused)  # noqa: PT017  (either is right)
    else:
        assert unstated == float(number)


@given(moment=st.datetimes(timezones=st.just(UTC) | st.just(SUMMER)))
def test_times_are_read_as_they_are_written(moment):
    """A time in ISO 8601 is the same instant, to the millisecond, as the object it was written from."""
    try:
        value = convert_cell(moment, field("DateTime"))
    except InvalidInput:
        assert moment.year in (1, 9999)  # no such instant in UTC
        return
    assert convert_cell(moment.isoformat(), field("DateTime")) == value
    assert abs(datetime.fromisoformat(value) - moment) < timedelta(milliseconds=1)
    assert convert_cell(value, field("DateTime")) == value
