"""Cells become the values of fields: tables of examples, and writes to the emulator."""

import json
import math
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from ipaddress import ip_address
from uuid import UUID

import pytest
from error_messages import sentence_of
from hypothesis import given
from hypothesis import strategies as st

from ardoqpy import ArdoqClient
from ardoqpy.errors import ConfigurationError, InvalidInput
from ardoqpy.metamodel import Field, field_of_context, field_of_model
from ardoqpy_sync.sources.cell_conversion import convert_cell
from ardoqpy_sync.sources.cell_formats import CellFormats, read_formats

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
    """Return a time without a zone, as Excel and many databases store it."""
    return datetime(*parts)  # noqa: DTZ001


CONVERTED = [
    # Text is not changed; other values get the format of JSON or ISO 8601.
    ("Text", " as it\n is ", " as it\n is "),
    ("Text", 5, "5"),
    ("Text", 5.0, "5"),
    ("Text", -0.1, "-0.1"),
    ("Text", 1e300, "1e+300"),
    ("Text", 2.0**53, "9007199254740992.0"),
    ("Text", Decimal("1.50"), "1.50"),
    ("Text", Decimal("1E+3"), "1000"),
    ("Text", True, "true"),
    ("Text", date(2024, 5, 31), "2024-05-31"),
    ("Text", naive(2024, 5, 31), "2024-05-31"),
    ("Text", naive(2024, 5, 31, 13, 45), "2024-05-31T13:45:00"),
    ("Text", datetime(2024, 5, 31, tzinfo=UTC), "2024-05-31T00:00:00+00:00"),
    ("Text", time(13, 45), "13:45:00"),
    ("Text", UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    ("Text", ip_address("10.0.0.1"), "10.0.0.1"),
    ("Url", " https://example.org ", "https://example.org"),
    ("Email", " kari@example.org ", "kari@example.org"),
    ("Email", "a@b", "a@b"),
    ("User", "5f00aa00bb00cc00dd00ee10", "5f00aa00bb00cc00dd00ee10"),
    # Yes and no.
    ("Checkbox", True, True),
    ("Checkbox", "Yes", True),
    ("Checkbox", " TRUE ", True),
    ("Checkbox", 1, True),
    ("Checkbox", Decimal(0), False),
    ("Checkbox", "off", False),
    ("Checkbox", 0, False),
    # Numbers that can be read in one way.
    ("Number", 5, 5),
    ("Number", 5.5, 5.5),
    ("Number", Decimal("5.50"), 5.5),
    ("Number", Decimal("5.00"), 5),
    ("Number", 2**70, 2**70),
    ("Number", "5", 5),
    ("Number", " +5 ", 5),
    ("Number", "\N{MINUS SIGN}5", -5),
    ("Number", "007", 7),
    ("Number", "5.5", 5.5),
    ("Number", "5,5", 5.5),
    ("Number", ".5", 0.5),
    ("Number", "5.00", 5.0),
    ("Number", "0.125", 0.125),
    ("Number", "1234.567", 1234.567),
    ("Number", "1.2345", 1.2345),
    ("Number", "1,234.5", 1234.5),
    ("Number", "1.234,5", 1234.5),
    ("Number", "1,234,567", 1234567),
    ("Number", "1.234.567", 1234567),
    ("Number", "-1.234.567,8", -1234567.8),
    ("Number", "1\u00a0234,5", 1234.5),
    ("Number", "1\u202f234\u202f567.5", 1234567.5),
    ("Number", "1'234.50", 1234.5),
    ("Number", "1\u2019234", 1234),
    ("Number", "1e3", 1000.0),
    # As many digits as a float keeps, and as programs write of one.
    ("Number", "0.10000000000000001", 0.1),
    ("Number", "5.960464477539063e-08", 2**-24),  # rounded to 16 digits, it ends with 2
    ("Number", "9007199254740992", 2**53),
    ("Number", "1234567890.12345", 1234567890.12345),
    ("Text", Decimal("12345678901234567.89"), "12345678901234567.89"),
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
    # Options, in any letter case.
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
    # An unknown type accepts every JSON value.
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
def test_unambiguous_cell_is_converted(kind, cell, value):
    """A cell that can be read in one way becomes a value of the field's JSON type."""
    converted = convert_cell(cell, field(kind, *(OPTIONS if "List" in kind else ())))
    assert converted == value
    assert type(converted) is type(value)


CHANGE = "because they change. Write it with its offset from UTC, such as"
TOO_MANY_DIGITS = "A number has about 16 digits, more would be changed. Round it, or use a text field."
NUMBER = "Use only digits and a decimal sign, such as 1234.5."
SET_DECIMAL = "Set decimal to '.' or ',' in the formats of the source."
EMPTY = "Leave the cell empty if there is no value."
YES_NO = "Use true, yes, y, 1, on for yes, or false, no, n, 0, off for no."
DATE = "Use a date such as 2024-05-31, or set dates in the formats of the source."
EMAIL = "Use one address, such as name@example.org."
USER = "Use the ID of one Ardoq user."
NOUNS = {
    "Checkbox": "a valid yes/no value",
    "Date": "a valid date",
    "DateTime": "a valid date and time",
    "Email": "a valid e-mail address",
    "List": "a valid option",
    "Number": "a valid number",
    "SelectMultipleList": "a valid list of options",
    "User": "a valid user ID",
}
INVALID = [
    ("Text", ["x"], "a list", "Use text."),
    ("Text", timedelta(1), "1 day, 0:00:00 (a timedelta)", "Use text."),
    ("Text", math.nan, "nan", EMPTY),
    ("Text", Decimal("1E+999"), "1E+999 (a Decimal)", EMPTY),
    ("Text", 10**400, "an int", "Use text."),
    ("Checkbox", "ja", "'ja'", YES_NO),
    ("Number", "five", "'five'", NUMBER),
    ("Number", "5,", "'5,'", NUMBER),
    ("Number", "0x5", "'0x5'", NUMBER),
    ("Number", "1_000", "'1_000'", NUMBER),
    ("Number", "- 5", "'- 5'", NUMBER),
    ("Number", "12 34", "'12 34'", NUMBER),
    ("Number", "1,23,456", "'1,23,456'", NUMBER),
    ("Number", "1,234.567,8", "'1,234.567,8'", NUMBER),
    ("Number", "1 234.567 8", "'1 234.567 8'", NUMBER),
    ("Number", "0.123.456", "'0.123.456'", NUMBER),
    ("Number", "\N{ARABIC-INDIC DIGIT FIVE}", "'\N{ARABIC-INDIC DIGIT FIVE}'", NUMBER),
    ("Number", "nan", "'nan'", NUMBER),
    ("Number", "1e400", "'1e400'", NUMBER),
    ("Number", "9" * 301, f"'{'9' * 59}…'", NUMBER),
    ("Number", True, "True (a bool)", NUMBER),
    ("Number", "12345678901234567.89", "'12345678901234567.89'", TOO_MANY_DIGITS),
    ("Number", "9007199254740993", "'9007199254740993'", TOO_MANY_DIGITS),
    ("Number", 2**53 + 1, "9007199254740993", TOO_MANY_DIGITS),
    ("Number", "1e-400", "'1e-400'", TOO_MANY_DIGITS),
    ("Number", Decimal("0.1234567890123456789"), "0.1234567890123456789 (a Decimal)", TOO_MANY_DIGITS),
    ("Number", math.inf, "inf", EMPTY),
    ("Number", "1.234", "'1.234'", f"It can mean 1.234 or 1234. {SET_DECIMAL}"),
    ("Number", "-1,234", "'-1,234'", f"It can mean -1.234 or -1234. {SET_DECIMAL}"),
    ("Date", "31.05.2024", "'31.05.2024'", DATE),
    ("Date", "2024-05-31 13:45", "'2024-05-31 13:45'", "It has a time of day: remove it."),
    ("DateTime", "2024-02-30", "'2024-02-30'", DATE),
    ("DateTime", "20240531", "'20240531'", DATE),
    ("DateTime", 45443, "45443", DATE),
    ("DateTime", time(13, 45), "13:45:00 (a time)", DATE),
    ("DateTime", "0001-01-01T00:00+14:00", "'0001-01-01T00:00+14:00'", DATE),
    ("Email", "kari", "'kari'", EMAIL),
    ("Email", "kari@example.org, ola@example.org", "'kari@example.org, ola@example.org'", EMAIL),
    ("User", "Kari Nordmann", "'Kari Nordmann'", USER),
    ("List", "Glod", "'Glod'", "Use 'Gold', 'Silver', 'Not known'. Did you mean 'Gold'?"),
    ("List", "xyz", "'xyz'", "Use 'Gold', 'Silver', 'Not known'."),
    ("List", ["Gold"], "a list", "Use text."),
    (
        "SelectMultipleList",
        "gold, xyz",
        "'gold, xyz'",
        "'xyz' is not an option. Use 'Gold', 'Silver', 'Not known', separated by ','.",
    ),
    (
        "SelectMultipleList",
        "abc, gold, xyz",
        "'abc, gold, xyz'",
        "'abc', 'xyz' are not options. Use 'Gold', 'Silver', 'Not known', separated by ','.",
    ),
    (
        "SelectMultipleList",
        ["gold", "slver"],
        "a list",
        "'slver' is not an option. Use 'Gold', 'Silver', 'Not known'. Did you mean 'Silver'?",
    ),
    ("SelectMultipleList", [["Gold"]], "a list", "Use text or a list of texts."),
    ("SomethingNew", b"x", "a bytes", "Use text."),
]


@pytest.mark.parametrize(("kind", "cell", "quoted", "remedy"), INVALID, ids=lambda part: repr(part)[:40])
def test_invalid_cell_is_rejected_with_value_field_and_remedy(kind, cell, quoted, remedy):
    """A cell that cannot be converted is rejected with its value, the field and the remedy."""
    message = sentence_of(InvalidInput, convert_cell, cell, field(kind, *(OPTIONS if "List" in kind else ())))
    assert message == f"{quoted} is not {NOUNS.get(kind, 'valid text')} for field 'Tier' (tier). {remedy}"


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("cell", [None, "", " ", "\t\n", "\u00a0"])
def test_blank_cell_is_none(kind, cell):
    """A blank cell is None for every field, never empty text, False or zero."""
    assert convert_cell(cell, field(kind, "Gold")) is None


@pytest.mark.parametrize("cell", ["x", None])
def test_calculated_field_rejects_every_cell(cell):
    """A field that Ardoq calculates rejects every cell, also a blank one."""
    message = sentence_of(InvalidInput, convert_cell, cell, field("Text", read_only=True))
    assert message == "Field 'Tier' (tier) is calculated by Ardoq and cannot be written. Remove it."


def test_options():
    """Without listed options any text is valid; an exact match wins over other letter case."""
    assert convert_cell(" any ", field("List")) == "any"
    assert convert_cell(5.0, field("List")) == "5"
    assert convert_cell("a, b", field("SelectMultipleList")) == ["a", "b"]
    assert convert_cell("sap", field("List", "SAP", "sap")) == "sap"
    message = sentence_of(InvalidInput, convert_cell, "sAP", field("List", "SAP", "sap"))
    assert message.endswith("It matches 'SAP' and 'sap', which differ only in letter case. Use one of them.")
    assert convert_cell("sales, west", field("SelectMultipleList", "Sales, West", "East")) == ["Sales, West"]
    many = field("List", *(f"option {n}" for n in range(30)))
    assert "'option 19' and 10 more." in sentence_of(InvalidInput, convert_cell, "zzz", many)
    assert convert_cell("STRASSE", field("List", "Straße")) == "Straße"


def test_message_names_label_and_name_once_if_they_are_equal():
    """A message does not repeat a name that is also the label."""
    message = sentence_of(InvalidInput, convert_cell, "x", Field("cost", "cost", "Number"))
    assert message == f"'x' is not a valid number for field 'cost'. {NUMBER}"


@pytest.mark.parametrize(
    ("table", "kind", "cell", "value"),
    [
        ({"decimal": "."}, "Number", "1.234", 1.234),
        ({"decimal": "."}, "Number", "1,234", 1234),
        ({"decimal": ","}, "Number", "1.234", 1234),
        ({"decimal": ","}, "Number", "1,234", 1.234),
        ({"decimal": ","}, "Number", "1 234,5", 1234.5),
        ({"decimal": ","}, "Number", "1,5E3", 1500.0),
        ({"thousands": "."}, "Number", "1.234", 1234),
        ({"thousands": "."}, "Number", "1,234", 1.234),
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
        ({"zone": "Europe/Oslo"}, "DateTime", "2024-10-27T02:30+01:00", "2024-10-27T01:30:00.000Z"),
        ({"zone": "Europe/Oslo"}, "DateTime", "2024-10-27T01:59", "2024-10-26T23:59:00.000Z"),
        ({"zone": "Europe/Oslo"}, "DateTime", "2024-10-27T03:00", "2024-10-27T02:00:00.000Z"),
        ({"zone": "Europe/Oslo"}, "DateTime", "2024-03-31T03:00", "2024-03-31T01:00:00.000Z"),
        ({"yes": "Ja"}, "Checkbox", "JA", True),
        ({"yes": ["x", "ja"], "no": "nei"}, "Checkbox", "nei", False),
        ({"separator": ";"}, "SelectMultipleList", "a, b; c", ["a, b", "c"]),
        ({"separator": " / "}, "SelectMultipleList", "a / b/c", ["a", "b/c"]),
    ],
)
def test_formats_decide_how_cells_are_read(table, kind, cell, value):
    """The formats of a source decide how its cells are read."""
    assert convert_cell(cell, field(kind), read_formats(table)) == value


@pytest.mark.parametrize(
    ("table", "kind", "cell", "remedy"),
    [
        ({"decimal": "."}, "Number", "1,5", NUMBER),
        ({"decimal": ","}, "Number", "1.5", NUMBER.replace(".5", ",5")),
        ({"thousands": "."}, "Number", "1 234", NUMBER),
        ({"thousands": ".", "decimal": ","}, "Number", "1'234,5", NUMBER.replace(".5", ",5")),
        ({"dates": "%d.%m.%Y"}, "Date", "2024-05-31", "Use a date such as 31.05.2024."),
        ({"dates": ["%d.%m.%Y", "%d.%m.%y"]}, "Date", "31.5.", "Use a date such as 31.05.2024 or 31.05.24."),
        (
            {"zone": "Europe/Oslo"},
            "DateTime",
            "2024-10-27 02:30",
            f"Clocks in Europe/Oslo show this time twice, {CHANGE} 2024-10-27T02:30+02:00, or in UTC.",
        ),
        (
            {"zone": "Europe/Oslo"},
            "DateTime",
            naive(2024, 3, 31, 2, 30),
            f"Clocks in Europe/Oslo show this time never, {CHANGE} 2024-03-31T02:30+01:00, or in UTC.",
        ),
        ({"yes": "Ja", "no": "Nei"}, "Checkbox", "yes", "Use Ja for yes, or Nei for no."),
    ],
)
def test_only_the_stated_formats_are_accepted(table, kind, cell, remedy):
    """Cells in other formats than the stated ones are rejected."""
    assert sentence_of(InvalidInput, convert_cell, cell, field(kind), read_formats(table)).endswith(remedy)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ([], "The table formats is a list. Use a table of keys and values."),
        ({"decimals": "."}, "The table formats has no key 'decimals': did you mean 'decimal'?"),
        ({"decimal": ";"}, "The decimal sign is ';'. Use '.' or ','."),
        ({"decimal": 1}, "The table formats has an int as 'decimal'. Use '.' or ','."),
        ({"thousands": "  "}, "The thousands separator is '  '. Use one character, such as '.'."),
        ({"thousands": "5"}, "The thousands separator is '5'. Use one character, such as '.'."),
        ({"thousands": "-"}, "The thousands separator is '-'. Use one character, such as '.'."),
        (
            {"decimal": ".", "thousands": "."},
            "'.' is both the decimal sign and the thousands separator. Change one.",
        ),
        ({"dates": "%d.%m"}, "'%d.%m' is not a valid date format. "),
        ({"dates": "%Y"}, "'%Y' is not a valid date format. "),
        ({"dates": "DD.MM.YYYY"}, "'DD.MM.YYYY' is not a valid date format. "),
        ({"dates": ["%d.%m.%Y", "%Y%"]}, "'%Y%' is not a valid date format. "),
        ({"dates": "%Y-%m-%d %H:%M %Z"}, "'%Y-%m-%d %H:%M %Z' has %Z, but the name of a time zone"),
        ({"dates": []}, "The table formats has a list as 'dates'. Use a format such as"),
        ({"zone": "Oslo"}, "The time zone 'Oslo' is not known. Use a name such as 'Europe/Oslo'"),
        ({"zone": "../../etc/passwd"}, "The time zone '../../etc/passwd' is not known. "),
        ({"yes": ["x", " "]}, "The table formats has a list as 'yes'. Use a word, or a list of words."),
        ({"yes": "x", "no": "X"}, "'x' means both yes and no. Set both yes and no."),
        ({"yes": "n"}, "'n' means both yes and no. Set both yes and no."),
        ({"separator": ""}, "The table formats has empty text as 'separator'. Use text."),
    ],
)
def test_invalid_formats_are_rejected(table, message):
    """Formats that are not valid are rejected before a cell is read."""
    assert sentence_of(ConfigurationError, read_formats, table).startswith(message)


def test_empty_table_gives_default_formats():
    """An empty table gives the default formats."""
    assert read_formats({}) == CellFormats()


def test_fields_of_v1():
    """A field definition in v1 has name, label, type, options and whether the field is calculated."""
    definition = {
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
    assert field_of_model(definition) == Field("tier", "Tier", "List", ("Gold", "Silver"))
    assert field_of_model(definition | {"defaultValue": None}).options == ()
    assert field_of_model(definition | {"defaultValue": ["Gold"]}).options == ("Gold",)
    assert field_of_model(definition | {"type": "Text"}) == Field("tier", "Tier", "Text")
    assert field_of_model(definition | {"type": "Textarea"}).type == "TextArea"
    assert field_of_model(definition | {"type": "email"}).type == "Email"
    assert field_of_model(definition | {"type": "NewType"}).type == "NewType"
    assert field_of_model({"name": "tier", "type": "Text"}).label == "tier"
    settings = {"storedQueryId": "5f00aa00bb00cc00dd00ee31", "dependencyIds": []}
    assert field_of_model(definition | {"calculatedFieldSettings": settings}).read_only
    assert not field_of_model(definition | {"calculatedFieldSettings": None}).read_only


def test_fields_of_v2():
    """An entry of a context in v2 has the same content under other keys."""
    entry = {
        "apiKey": "tier",
        "label": "Tier",
        "type": "SelectMultipleList",
        "description": None,
        "defaultValue": "Gold",
        "calculated": False,
        "readOnly": False,
        "options": ["Gold", "Silver, too"],
    }
    assert field_of_context(entry) == Field("tier", "Tier", "SelectMultipleList", ("Gold", "Silver, too"))
    assert field_of_context(entry | {"calculated": True}).read_only
    assert field_of_context(entry | {"readOnly": True}).read_only
    del entry["options"]
    assert field_of_context(entry | {"type": "Number"}) == Field("tier", "Tier", "Number")


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


def test_ardoq_stores_converted_values_unchanged(server):
    """A field accepts and stores each converted value of its type unchanged, on v1 and v2."""
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
    fields_v1 = {entry["name"]: field_of_model(entry) for entry in v1.get_field()}
    context = v2.get_context(ws["_id"])
    fields_v2 = {entry["apiKey"]: field_of_context(entry) for entry in context["customFields"]}
    assert fields_v1 == fields_v2
    me = v1.get_current_user()["_id"]
    for kind, cells in [*FIELDS.items(), ("User", [me])]:
        name = kind.lower()
        for number, cell in enumerate([*cells, None]):
            value = convert_cell(cell, fields_v2[name])
            body = {"rootWorkspace": ws["_id"], "typeId": "p1", "name": f"{kind} {number}"}
            result = v2.create_component({**body, "customFields": {name: value}})
            assert result["customFields"].get(name) == value
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
    table=st.sampled_from(
        [{}, {"decimal": ","}, {"thousands": " "}, {"dates": "%d.%m.%Y", "zone": "Asia/Tokyo"}]
    ),
)
def test_any_cell_is_converted_to_json_or_rejected(cell, kind, options, table):
    """Any cell becomes a JSON value, which converts to itself, or is rejected with a sentence."""
    tier, formats = field(kind, *options), read_formats(table)
    try:
        value = convert_cell(cell, tier, formats)
    except InvalidInput as error:
        assert str(error)[-1] in ".?"  # noqa: PT017  (either is right)
        return
    assert json.loads(json.dumps(value, allow_nan=False)) == value
    if not isinstance(value, str) or not table:
        assert convert_cell(value, tier, formats) == value


@given(
    number=st.integers(-(10**12), 10**12) | st.decimals(-(10**9), 10**9, places=2),
    decimal=st.sampled_from(".,"),
    thousands=st.sampled_from([".", ",", " ", "\u00a0", "'", ""]),
)
def test_formatted_number_is_parsed_back(number, decimal, thousands):
    """A number in any format is parsed back; without stated formats, unless it is ambiguous."""
    if thousands == decimal:
        thousands = ""
    text = f"{number:,}".translate(str.maketrans({",": thousands, ".": decimal}))
    table = {"decimal": decimal} | ({"thousands": thousands} if thousands else {})
    assert convert_cell(text, field("Number"), read_formats(table)) == float(number)
    assert convert_cell(text, field("Number"), read_formats({"decimal": decimal})) == float(number)
    try:
        value = convert_cell(text, field("Number"))
    except InvalidInput as error:
        assert "It can mean" in str(error)  # noqa: PT017  (either is right)
    else:
        assert value == float(number)


@given(moment=st.datetimes(timezones=st.just(UTC) | st.just(SUMMER)))
def test_iso_time_is_parsed_back(moment):
    """A time in ISO 8601 gives the same instant, to the millisecond, as the object it was written from."""
    try:
        value = convert_cell(moment, field("DateTime"))
    except InvalidInput:
        assert moment.year in (1, 9999)  # no such instant in UTC
        return
    assert convert_cell(moment.isoformat(), field("DateTime")) == value
    assert abs(datetime.fromisoformat(value) - moment) < timedelta(milliseconds=1)
    assert convert_cell(value, field("DateTime")) == value
