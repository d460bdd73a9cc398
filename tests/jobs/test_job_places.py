"""Where things stand in a TOML file."""

import json
import tomllib

from hypothesis import given, settings
from hypothesis import strategies as st
from thorough import examples

from ardoqpy_sync.job.toml_lines import find_lines

EXAMPLE = '''# a remark
format = 1
"odd name" = """
two
lines"""
[ardoq] # "another"
host = 'x # no remark'
a.b = 5
[[components]]
rows = "apps"
list = [ {a=1}, # [
  {a=2}, ]
[components.fields]
"Life # cycle" = "]]"
[[components]]
[components.parent]
value = "x\\"y"
'''


def test_each_key_has_its_line():
    """Headers, dotted and quoted keys, tables in line, text over lines, remarks and arrays of tables."""
    places = find_lines(EXAMPLE)
    tomllib.loads(EXAMPLE)
    assert places["format",] == 2
    assert places["odd name",] == 3
    assert places["ardoq",] == 6
    assert places["ardoq", "host"] == 7
    assert places["ardoq", "a", "b"] == 8
    assert places["components", 0] == 9
    assert places["components", 0, "list", 0, "a"] == 11
    assert places["components", 0, "list", 1, "a"] == 12
    assert places["components", 0, "fields", "Life # cycle"] == 14
    assert places["components", 1] == 15
    assert places["components", 1, "parent", "value"] == 17


def test_what_is_not_there_has_the_line_of_what_is_around_it():
    """A key that is missing is told at its table; what nothing is around has no line."""
    places = find_lines(EXAMPLE)
    assert places.line(("components", 1, "parent", "type")) == 16
    assert places.line(("components", 0, "nothing", 5)) == 9
    assert places.line(("elsewhere",)) is None


NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
PLAIN = st.one_of(
    st.integers(-9, 9),
    st.booleans(),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    st.sampled_from(["[", "]]", "#", '"""', "'''", "{", "= 5"]),
)
VALUES = st.recursive(
    PLAIN,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)


def text_of(text):
    """Return a text as TOML writes it."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def value_of(value, between):
    """Return a value as TOML, with `between` between the things of a list."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{text_of(key)} = {value_of(one, ' ')}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + f",{between}".join(value_of(one, between) for one in value) + "]"
    return text_of(value) if isinstance(value, str) else json.dumps(value)


def paths_of(value, path=()):
    """Yield the path of everything that is in a value."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inside:
        yield (*path, key)
        yield from paths_of(one, (*path, key))


@settings(max_examples=examples(200))
@given(
    st.dictionaries(NAMES, VALUES, max_size=3),
    st.dictionaries(
        NAMES, st.lists(st.dictionaries(NAMES, VALUES, max_size=3), min_size=1, max_size=3), max_size=2
    ),
)
def test_every_key_of_any_file_is_found(top, arrays):
    """Whatever a file holds, every key and every thing in a list has a line, and the line holds the key."""
    arrays = {name: tables for name, tables in arrays.items() if name not in top}
    lines = [
        f"{text_of(key)} = {value_of(value, chr(10) + '  # ] remark' + chr(10))}"
        for key, value in top.items()
    ]
    for name, tables in arrays.items():
        for table in tables:
            lines.append(f"[[{text_of(name)}]]")
            lines += [f"  {text_of(key)}={value_of(value, ' ')} # remark" for key, value in table.items()]
    text = "\n".join(lines)
    told = tomllib.loads(text)
    places = find_lines(text)
    rows = text.split("\n")
    for path in paths_of(told):
        assert path in places
        if isinstance(path[-1], str):
            assert text_of(path[-1]) in rows[places[path] - 1]
    assert set(places) == set(paths_of(told))
