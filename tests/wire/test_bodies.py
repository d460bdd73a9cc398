"""Bodies are sent exactly as given, or refused with an error that names the attribute."""

import datetime as dt
import decimal
import enum
import functools
import json
import math
import os
import sys

import pytest
from error_messages import sentence_of
from example_counts import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from ardoqpy import ArdoqClient, InvalidInput
from ardoqpy._http.json import encode_json

WIRE = settings.get_profile("wire")
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
NUMBERS = st.integers() | st.integers(-(10**400), 10**400) | st.floats(allow_nan=False, allow_infinity=False)
SCALARS = st.none() | st.booleans() | NUMBERS | TEXT
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)


class Colour(enum.StrEnum):
    """Be text by another name."""

    RED = "red"


class Weight(enum.IntEnum):
    """Be a number by another name."""

    HEAVY = 5


def ring():
    """Return a dict that holds itself by way of a list."""
    outer = {"name": "a"}
    outer["parts"] = [outer]
    return outer


def nest(depth, kind):
    """Return lists or dicts in one another."""
    return functools.reduce(lambda inner, _: [inner] if kind is list else {"a": inner}, range(depth), kind())


#: Values that JSON has no word for, and what the sentence calls them.
UNFIT = {
    "a lone surrogate": ("\ud800", "text with half a character in it (a lone surrogate)"),
    "half an emoji": ("\udd25 on fire", "text with half a character in it (a lone surrogate)"),
    "NaN": (math.nan, "nan"),
    "infinity": (math.inf, "inf"),
    "a datetime": (dt.datetime(2024, 5, 1, tzinfo=dt.UTC), "a datetime"),
    "a date": (dt.date(2024, 5, 1), "a date"),
    "a Decimal": (decimal.Decimal("1.5"), "a Decimal"),
    "bytes": (b"x", "a bytes"),
    "a set": ({1}, "a set"),
    "a generator": ((number for number in ()), "a generator"),
    "an object": (object(), "an object"),
    "a class": (dict, "a type"),
    "a ring": (ring(), "a dict that holds itself, or is too deep"),
    "a deep list": (nest(100_000, list), "a list that holds itself, or is too deep"),
    "a deep dict": (nest(100_000, dict), "a dict that holds itself, or is too deep"),
    "a huge number": (10**5000, "a whole number of more than 4300 digits"),
    "a key that is a tuple": ({(1, 2): 3}, "a dict with a key that is not proper text"),
    "a key that is NaN": ({math.nan: 3}, "a dict with a key that is not proper text"),
    "half a key": ({"\ud800": 3}, "a dict with a key that is not proper text"),
}
PARTS = [pytest.param(*part, id=name.replace(" ", "-")) for name, part in UNFIT.items()]
REMEDY = "which JSON cannot hold: give text, a number, true or false, None, a list or a dict."


@settings(WIRE, max_examples=examples(300))
@given(body=st.dictionaries(TEXT, VALUES, max_size=5))
def test_json_values_are_sent_exactly(body):
    """The decoded body equals what was given: every letter and digit, nothing added."""
    written = encode_json(body)
    assert json.loads(written) == body
    assert json.loads(written.decode("utf-8")) == body


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ((1, 2), b'{"x": [1, 2]}'),
        (Colour.RED, b'{"x": "red"}'),
        (Weight.HEAVY, b'{"x": 5}'),
        (1e16, b'{"x": 1e+16}'),
        (0.1, b'{"x": 0.1}'),
        (-0.0, b'{"x": -0.0}'),
        (10**30, b'{"x": 1000000000000000000000000000000}'),
        (True, b'{"x": true}'),
        ("Ærø \U0001f525 \x00 \u2028", '{"x": "Ærø \U0001f525 \\u0000 \u2028"}'.encode()),
        ({1: "a", None: "b", False: "c"}, b'{"x": {"1": "a", "null": "b", "false": "c"}}'),
    ],
)
def test_how_it_is_written(value, written):
    """Tuples become lists, number keys become text, and numbers and letters stay as they are."""
    assert encode_json({"x": value}) == written


@pytest.mark.parametrize(("value", "what"), PARTS)
@pytest.mark.parametrize(
    ("wrap", "where"),
    [
        (lambda value: {"x": value}, "The value of 'x'"),
        (lambda value: {"ok": 1, "x": {"y": [None, value]}}, "The value of 'x'['y'][1]"),
        (lambda value: {"x": ({"y": value},)}, "The value of 'x'[0]['y']"),
        (lambda value: [1, value], "The value of 1"),
        (lambda value: value, "The body"),
    ],
    ids=["attribute", "in-a-list", "in-a-tuple", "body-is-a-list", "body-itself"],
)
def test_a_value_that_json_cannot_hold_is_named(wrap, where, value, what):
    """The error names the path of the attribute, its value, and the values that are allowed."""
    sentence = sentence_of(InvalidInput, encode_json, wrap(value))
    assert sentence.endswith(REMEDY)
    if "holds itself" in what:  # somewhere below, in a dict or a list
        assert "that holds itself, or is too deep" in sentence
        assert len(sentence) < 200
        assert sentence.startswith("The " if where == "The body" else where.partition("[")[0])
    else:
        assert sentence == f"{where} is {what}, {REMEDY}"


@settings(WIRE, max_examples=examples(200))
@given(
    body=st.dictionaries(TEXT, VALUES, max_size=4),
    name=TEXT,
    unfit=st.sampled_from([value for value, _ in UNFIT.values()]),
    below=st.lists(st.sampled_from([list, dict]), max_size=6),
)
def test_wherever_it_stands_it_is_refused(body, name, unfit, below):
    """One value that JSON cannot hold, however deep, refuses the whole body by the name of the attribute."""
    for kind in below:
        unfit = [1, unfit] if kind is list else {"a": 1, "b": unfit}
    sentence = sentence_of(InvalidInput, encode_json, {**body, name: unfit})
    quoted = repr(name) if len(repr(name)) <= 60 else repr(name)[:60]
    assert sentence.startswith(f"The value of {quoted}")


@pytest.mark.parametrize("depth", [300, 10_000])
@pytest.mark.parametrize("kind", [list, dict])
def test_a_deep_nest_is_written_exactly_or_refused(kind, depth):
    """How deep is too deep depends on this Python; there is nothing between all of it and a sentence."""
    try:
        written = encode_json({"x": nest(depth, kind)})
    except InvalidInput:
        assert depth > 300
        return
    assert written.count(b"[" if kind is list else b"{") == depth + (1 if kind is list else 2)


def test_long_key_is_shortened():
    """The error is one sentence for any name of the attribute."""
    sentence = sentence_of(InvalidInput, encode_json, {"k" * 100_000: b"x"})
    assert sentence.startswith("The value of 'kkkk")
    assert len(sentence) < 300


@pytest.mark.parametrize(
    ("keys", "first"), [((1, "1"), 1), (("null", None), None), ((True, "true"), True), ((1.5, "1.5"), 1.5)]
)
@pytest.mark.parametrize("wrap", [lambda value: value, lambda value: {"x": [({"y": value},)]}])
def test_two_keys_that_json_writes_alike_are_refused(wrap, keys, first):
    """Of 1 and "1" one would be lost on the way."""
    sentence = sentence_of(InvalidInput, encode_json, wrap(dict.fromkeys(keys, 0)))
    written = json.loads(json.dumps({first: 0})).popitem()[0]
    assert sentence == f"A dict has the keys {first!r} and {written!r}, which JSON writes alike."


def test_a_refused_body_is_not_sent(server):
    """A body that cannot be encoded is not sent, for any method."""
    with ArdoqClient(server.url, server.token) as client:
        for value, _ in UNFIT.values():
            for call in (
                lambda value=value: client.create_workspace({"name": "W", "description": value}),
                lambda value=value: client.update_component("5f00", {"description": value}),
                lambda value=value: client.batch_create([{"name": "C", "description": value}]),
                lambda value=value: client.request("component", "POST", data={"description": value}),
            ):
                with pytest.raises(InvalidInput):
                    call()
    assert server.requests == []
    assert server.connections == 0


@settings(WIRE, max_examples=examples(40))
@given(text=TEXT.filter(str.strip))
def test_text_arrives_as_it_was_given(text, server):
    """Over a real connection, in a body and in a query, a name comes back letter for letter."""
    with ArdoqClient(server.url, server.token) as client:
        stored = client.create_workspace({"name": f"{text}|", "description": text})
        assert client.get_workspace(stored["_id"])["description"] == text
        assert stored["_id"] in [ws["_id"] for ws in client.find_workspace(f"{text}|", exact=True)]


@pytest.mark.parametrize("version", ["v1", "v2"])
@pytest.mark.parametrize("text", ["\ud800", "a\udfff"])
def test_half_a_letter_in_a_query_is_refused(text, version, server):
    """A name that no URL can hold is refused by the name of its parameter, and nothing is sent."""
    with ArdoqClient(server.url, server.token, version=version) as client:
        sentence = sentence_of(InvalidInput, client.find_workspace, text, exact=True)
    assert sentence == (
        "The value of 'name' in the query holds half a character (a lone surrogate): give it as proper text."
    )
    assert server.requests == []


@pytest.mark.skipif(sys.platform != "linux", reason="only here may a file be called anything")
def test_a_file_whose_name_is_no_text_needs_another(tmp_path, server):
    """A file whose name cannot be sent is refused before the upload, and can be sent under another name."""
    path = os.path.join(os.fsencode(tmp_path), b"\xff.txt")  # noqa: PTH118  (a Path of bytes there is not)
    with open(path, "wb") as file:  # noqa: PTH123
        file.write(b"content")
    with ArdoqClient(server.url, server.token) as client:
        ws_id = client.create_workspace({"name": "W"})["_id"]
        sentence = sentence_of(InvalidInput, client.upload_attachment, ws_id, os.fsdecode(path))
        assert sentence == "filename is '\\udcff.txt', which holds half a character: give another one."
        client.upload_attachment(ws_id, os.fsdecode(path), "y.txt")
        assert client.download_attachment(ws_id, "y.txt") == b"content"


def test_a_file_name_that_is_no_text_at_all(server):
    """A number is no name."""
    with ArdoqClient(server.url, server.token) as client:
        sentence = sentence_of(InvalidInput, client.upload_attachment, "5f00", b"x", 5)
    assert sentence == "filename is an int: give it as text."
    assert server.requests == []


@pytest.mark.parametrize("content_type", ["text/plain\r\nX: y", "\ud800", "text/\x00", 5])
def test_a_content_type_that_is_none_is_refused(content_type, server):
    """A text that would break the form, or cannot be written into it, is not a content type."""
    with ArdoqClient(server.url, server.token) as client:
        sentence = sentence_of(
            InvalidInput, client.upload_attachment, "5f00", b"x", "a.txt", content_type=content_type
        )
    assert sentence == f"content_type is {content_type!r}, which is not one: for example 'image/png'."
    assert server.requests == []
