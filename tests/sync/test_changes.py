"""Which values count as a change, as tables."""

import math

import pytest

from ardoqpy_sync.compare.diff import differences, equal_values

NAN = float("nan")

SAME = [
    (None, None),
    ("text", "text"),
    ("", ""),
    (5, 5),
    (5, 5.0),
    (5, "5"),
    (5, "5.0"),
    (5, " 5 "),
    (5, "+5"),
    (5, "5e0"),
    (5, "5."),
    (0, "-0"),
    (0.5, ".5"),
    (1.5, "1.50"),
    (-1.5, "-15e-1"),
    (10**20, "1e20"),
    (10**30, str(10**30)),
    (10**30, "+" + str(10**30)),
    (10**400, str(10**400)),
    (2**53 + 1, str(2**53 + 1)),
    (True, "true"),
    (True, "True"),
    (True, " TRUE "),
    (False, "false"),
    ("2024-05-01T10:00:00.000Z", "2024-05-01T10:00:00Z"),
    ("2024-05-01T10:00:00.000Z", "2024-05-01T10:00Z"),
    ("2024-05-01T10:00:00.000Z", "2024-05-01 10:00"),
    ("2024-05-01T10:00:00.000Z", "2024-05-01T12:00:00+02:00"),
    ("2024-05-01T10:00:00.000Z", "2024-05-01T12:00:00+0200"),
    ("2024-05-01T10:00:00.000Z", "2024-05-02T00:00+14:00"),
    ("2024-05-01T00:00:00.000Z", "2024-05-01"),
    ([], []),
    ([], ()),
    (["a", "b"], ["b", "a"]),
    (["a", "b"], ("b", "a")),
    (["b", "a", "b"], ["b", "b", "a"]),
    ([1, "a", None], [None, 1, "a"]),
    ({"x": [1, {"y": None}]}, {"x": [1, {"y": None}]}),
]
DIFFERENT = [
    (None, ""),
    (None, 0),
    (None, False),
    (None, []),
    ("", " "),
    ("text", "Text"),
    ("5", "5.0"),
    ("5", "05"),
    (5, 6),
    (5, "6"),
    (5, "five"),
    (5, "5 apples"),
    (5, ""),
    (5, "0x5"),
    (5, "1_0"),
    (10, "1_0"),
    (5, "\N{ARABIC-INDIC DIGIT FIVE}"),
    (5, "5,0"),
    (2**53 + 1, str(2**53)),
    (10**400, str(10**400 + 1)),
    (1.0, "1e400"),
    (10**400, "1.5"),
    (10**600, "7" * 500),
    (True, "yes"),
    (True, "1"),
    (True, False),
    (False, ""),
    (NAN, NAN + 1),
    (NAN, "nan"),
    (math.inf, "inf"),
    (math.inf, "Infinity"),
    (math.inf, "1e999"),
    ("2024-05-01", "2024-05-02"),
    ("2024-05-01T10:00:00Z", "2024-05-01T10:00:01Z"),
    ("2024-05-01T10:00:00Z", "2024-05-01T10:00:00+02:00"),
    ("2024-05-01", "01.05.2024"),
    ("2024-13-01", "2024-13-1"),
    ("2024-02-30", "2024-02-30T00:00:00Z"),
    ("1.2.3", "1.2.4"),
    ("20240501", "2024-05-01"),
    (["a"], ["a", "a"]),
    (["a", "b"], ["a", "c"]),
    (["a"], "a"),
    (["1"], [1]),
    ({"x": 1}, {"x": 2}),
    ({"x": 1}, [("x", 1)]),
    ({"x": 1}, "x"),
]


def calls(value):
    """Return a value in short, to name a test."""
    text = repr(value)
    return text if len(text) < 40 else f"{text[:30]}..."


def layout(pairs):
    """Return pairs as the parameters of a test."""
    return [pytest.param(*pair, id=f"{calls(pair[0])} | {calls(pair[1])}") for pair in pairs]


@pytest.mark.parametrize(("one", "other"), layout(SAME))
def test_equivalent_values_are_equal(one, other):
    """What Ardoq would store alike is no change, whichever of the two is stored."""
    assert equal_values(one, other)
    assert equal_values(other, one)
    assert differences({"key": other}, {"key": one}, ()) == {}


@pytest.mark.parametrize(("one", "other"), layout(DIFFERENT))
def test_different_values_are_not_equal(one, other):
    """What Ardoq would store otherwise is a change, whichever of the two is stored."""
    assert not equal_values(one, other)
    assert not equal_values(other, one)
    assert list(differences({"key": other}, {"key": one}, ())) == ["key"]


@pytest.mark.parametrize(
    ("wanted", "current", "result"),
    [
        ({}, {}, {}),
        ({}, {"a": 1, "b": None}, {}),
        ({"a": None}, {}, {}),
        ({"a": None}, {"a": None}, {}),
        ({"a": None}, {"a": 1}, {"a": (1, None)}),
        ({"a": 1}, {}, {"a": (None, 1)}),
        ({"a": 1}, {"a": None}, {"a": (None, 1)}),
        ({"a": 1}, {"a": 2, "b": 3}, {"a": (2, 1)}),
        ({"a": 1, "b": 2}, {"b": 2}, {"a": (None, 1)}),
        ({"a": "5"}, {"a": 5}, {}),
        ({"a": False}, {}, {"a": (None, False)}),
        ({"a": ""}, {}, {"a": (None, "")}),
        ({"a": []}, {}, {"a": (None, [])}),
        ({"_id": "x", "a": 1}, {"_id": "y", "a": 2}, {"a": (2, 1)}),
    ],
)
def test_only_given_attributes_can_differ(wanted, current, result):
    """Attributes that the row does not give never differ, and absent and null are one."""
    assert differences(wanted, current, {"_id"}) == result


def test_what_differs_keeps_the_order_of_the_row():
    """Differences come in the order in which the row gives its attributes."""
    wanted = {"z": 1, "a": 2, "m": 3}
    assert list(differences(wanted, {}, ())) == ["z", "a", "m"]


def test_nothing_given_is_changed():
    """Neither of the two sides is touched by the comparison."""
    wanted, current = {"a": [2, 1], "b": {"c": [1]}}, {"a": [1, 2], "b": {"c": [2]}}
    differences(wanted, current, ())
    assert (wanted, current) == ({"a": [2, 1], "b": {"c": [1]}}, {"a": [1, 2], "b": {"c": [2]}})


def test_the_very_same_nan_is_no_change():
    """A NaN that is returned as it was read is not a change."""
    assert differences({"a": NAN}, {"a": NAN}, ()) == {}
