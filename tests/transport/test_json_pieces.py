"""JSON that is read while it arrives says the same as all of it at once."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from thorough import examples

from ardoqpy._http.json_pieces import parsed

# Lists of objects within lists of objects, and texts that look like the ends of such.
TEXTS = st.text(alphabet='ab"\\{}[],: \nø😀', max_size=8)
PLAIN = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS
THINGS = st.recursive(
    PLAIN,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=30,
)
ENTITIES = st.lists(st.dictionaries(TEXTS, THINGS, max_size=3), max_size=12)
ANSWERS = ENTITIES | st.dictionaries(TEXTS, ENTITIES | THINGS, max_size=4) | THINGS
STYLES = st.sampled_from(
    [{}, {"separators": (",", ":")}, {"indent": 1}, {"separators": (" , ", " : ")}, {"ensure_ascii": False}]
)
ENCODINGS = st.sampled_from(["utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-32-be"])
DECODER = json.JSONDecoder()
PROFILE = settings(max_examples=examples(600))


def cut(data, content):
    """Return the content in pieces, as a network might."""
    places = sorted(data.draw(st.lists(st.integers(0, len(content)), max_size=10)))
    return [content[start:end] for start, end in zip([0, *places], [*places, len(content)], strict=True)]


@PROFILE
@given(ANSWERS, STYLES, ENCODINGS, st.integers(1, 60), st.data())
def test_what_arrives_in_pieces_is_the_same(answer, style, encoding, batch, data):
    """Wherever it is cut, however it is spelled, and whatever a batch is, the answer is what was written."""
    pieces = cut(data, json.dumps(answer, **style).encode(encoding))
    assert parsed(pieces, DECODER, encoding, batch) == answer


@PROFILE
@given(ENTITIES | ANSWERS, STYLES, st.integers(1, 60), st.data())
def test_what_is_no_json_stays_so(answer, style, batch, data):
    """With one character lost, doubled or put in, it is refused exactly where all of it at once would be."""
    text = json.dumps(answer, **style)
    place = data.draw(st.integers(0, len(text)))
    other = data.draw(st.sampled_from(["", *'{}[],:" 0', text[place : place + 1] * 2]))
    content = (text[:place] + other + text[place + 1 :]).encode()
    try:
        wanted = json.loads(content)
    except ValueError:
        with pytest.raises(json.JSONDecodeError):
            parsed(cut(data, content), DECODER, "utf-8", batch)
        return
    assert parsed(cut(data, content), DECODER, "utf-8", batch) == wanted


@pytest.mark.parametrize(
    "text",
    [
        '[{"a": 1}, {"a": 2},]',
        '[{"a": 1},, {"a": 2}]',
        '[{"a": 1}, {"a": 2}',
        '[{"a": 1}] {"a": 2}',
        '{"a": [{}, {}], "b": [{}, {}],}',
        '{"a": [{}, {}] "b": 1}',
        '{"a": [{}, {}]; "b": 1}',
        '{"a" [{}, {}]}',
        "{a: [{}, {}]}",
        '{"a": [{}, {}]',
        "",
        " ",
        "[",
        "{",
    ],
)
@pytest.mark.parametrize("batch", [1, 5, 1000])
def test_a_comma_or_a_bracket_counts(text, batch):
    """What is almost JSON is refused, in however small pieces it comes."""
    with pytest.raises(json.JSONDecodeError):
        parsed([bytes([byte]) for byte in text.encode()], DECODER, "utf-8", batch)


def test_a_piece_may_be_empty():
    """That nothing has arrived is not the end."""
    assert parsed([b"", b"[", b"", b"{}", b"", b"]"], DECODER, "utf-8", 1) == [{}]


@pytest.mark.parametrize("number", ["123", "-1", "0.5", "1e22", "-1.25E+3", "0"])
@pytest.mark.parametrize("around", ["{}", " {} ", '{{"a": {}}}', '{{"a": {}, "b": 1}}', "[{}, 1]"])
def test_a_number_may_be_cut(number, around):
    """Wherever it is cut, part of a number is not taken for the number."""
    content = around.format(number).encode()
    for place in range(len(content) + 1):
        pieces = [content[:place], content[place:]]
        assert parsed(pieces, DECODER, "utf-8", 1) == json.loads(content)


def test_a_letter_may_be_cut():
    """Half a letter waits for its other half; where that never comes, it is no text."""
    whole = '["😀"]'.encode()
    assert parsed([bytes([byte]) for byte in whole], DECODER, "utf-8", 1) == ["😀"]
    with pytest.raises(UnicodeDecodeError):
        parsed([whole[:4]], DECODER, "utf-8", 1)


class Counting(json.JSONDecoder):
    """Count the characters that are looked at."""

    seen = 0

    def raw_decode(self, s, idx=0):
        """Decode, and count."""
        self.seen += len(s) - idx
        return super().raw_decode(s, idx)


@pytest.mark.parametrize(
    "entity",
    [
        {"name": "plain"},
        {"ardoq": {"entity-type": "component"}, "name": "with an object within"},
        {"name": "with objects at its end", "children": [{"a": 1}, {"b": 2}, {"c": 3}]},
        {"name": "says }, { and },{", "description": '},{"name": "'},
    ],
)
@pytest.mark.parametrize("style", [{}, {"separators": (",", ":")}, {"separators": (" , ", ": ")}])
def test_it_costs_little_more_than_to_read_it_once(entity, style):
    """Whatever entities look like, a long list is looked through a few times at most, not again for each."""
    content = json.dumps({"components": [entity] * 3000, "tags": []}, **style).encode()
    decoder = Counting()
    pieces = [content[start : start + 500] for start in range(0, len(content), 500)]
    assert len(parsed(pieces, decoder, "utf-8", 1000)["components"]) == 3000
    assert decoder.seen < 4 * len(content)


def test_what_has_been_read_is_let_go():
    """Of a long list no more than a few batches are held as text at any time."""
    held = []

    class Watching(json.JSONDecoder):
        def raw_decode(self, s, idx=0):
            held.append(len(s))
            return super().raw_decode(s, idx)

    content = json.dumps([{"name": "x" * 50, "children": [{"a": 1}, {"b": 2}]}] * 5000).encode()
    pieces = (content[start : start + 37] for start in range(0, len(content), 37))
    assert len(parsed(pieces, Watching(), "utf-8", 1000)) == 5000
    assert max(held) < 10_000 < len(content) / 40
