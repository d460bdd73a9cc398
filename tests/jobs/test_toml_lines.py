"""Lines of keys in a TOML file."""

import json
import tomllib

from example_counts import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from ardoqpy_sync.job.file.toml_lines import find_lines

EXAMPLE = '''# a comment
format = 1
"odd name" = """
two
lines"""
[ardoq] # "another"
host = 'x # no comment'
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
    """Headers, dotted and quoted keys, inline tables, multiline text, comments and arrays of tables."""
    lines = find_lines(EXAMPLE)
    tomllib.loads(EXAMPLE)
    assert lines["format",] == 2
    assert lines["odd name",] == 3
    assert lines["ardoq",] == 6
    assert lines["ardoq", "host"] == 7
    assert lines["ardoq", "a", "b"] == 8
    assert lines["components", 0] == 9
    assert lines["components", 0, "list", 0, "a"] == 11
    assert lines["components", 0, "list", 1, "a"] == 12
    assert lines["components", 0, "fields", "Life # cycle"] == 14
    assert lines["components", 1] == 15
    assert lines["components", 1, "parent", "value"] == 17


def test_missing_key_has_the_line_of_its_table():
    """A missing key has the line of the table around it, or no line."""
    lines = find_lines(EXAMPLE)
    assert lines.line(("components", 1, "parent", "type")) == 16
    assert lines.line(("components", 0, "nothing", 5)) == 9
    assert lines.line(("elsewhere",)) is None


NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
PLAIN = st.one_of(
    st.integers(-9, 9),
    st.booleans(),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    st.sampled_from(["[", "]]", "#", '"""', "'''", "{", "= 5"]),
)
VALUES = st.recursive(
    PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3), max_leaves=6
)


def text_of(text):
    """Return a TOML string."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def value_of(value, between):
    """Return a TOML value, with `between` between the items of a list."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{text_of(key)} = {value_of(item, ' ')}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + f",{between}".join(value_of(item, between) for item in value) + "]"
    return text_of(value) if isinstance(value, str) else json.dumps(value)


def paths_of(value, path=()):
    """Yield the path of every key and item in a value."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inside:
        yield (*path, key)
        yield from paths_of(item, (*path, key))


@settings(max_examples=examples(200))
@given(
    st.dictionaries(NAMES, VALUES, max_size=3),
    st.dictionaries(
        NAMES, st.lists(st.dictionaries(NAMES, VALUES, max_size=3), min_size=1, max_size=3), max_size=2
    ),
)
def test_every_key_of_any_file_has_a_line(top, arrays):
    """In any file, every key and item has a line, and the line contains the key."""
    arrays = {name: tables for name, tables in arrays.items() if name not in top}
    rows = [
        f"{text_of(key)} = {value_of(value, chr(10) + '  # ] comment' + chr(10))}"
        for key, value in top.items()
    ]
    for name, tables in arrays.items():
        for table in tables:
            rows.append(f"[[{text_of(name)}]]")
            rows += [f"  {text_of(key)}={value_of(value, ' ')} # comment" for key, value in table.items()]
    text = "\n".join(rows)
    content = tomllib.loads(text)
    lines = find_lines(text)
    rows = text.split("\n")
    for path in paths_of(content):
        assert path in lines
        if isinstance(path[-1], str):
            assert text_of(path[-1]) in rows[lines[path] - 1]
    assert set(lines) == set(paths_of(content))
