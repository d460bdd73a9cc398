"""Three-way merge: what this job last wrote, what the row wants, and what Ardoq holds."""

from itertools import product

import pytest

from ardoqpy_sync.compare.diff import differences
from ardoqpy_sync.compare.merge import DEFAULT_POLICY, EditPolicy, merge

ABSENT = object()
#: By policy (on_conflict, on_edit): what is written if both have changed, and if only Ardoq has.
POLICIES = {
    ("source", "ardoq"): (True, False),
    ("ardoq", "ardoq"): (False, False),
    ("report", "ardoq"): (False, False),
    ("source", "source"): (True, True),
    ("ardoq", "source"): (False, True),
    ("report", "source"): (False, True),
}
OUTCOMES = {"source": "overwritten", "ardoq": "kept", "report": "unresolved"}
#: What the letters of the table mean, and three values of which each is another one.
STATES = {"absent": ABSENT, "null": None, "value": "value"}
VALUES = {"base": "base", "row": "mine", "ardoq": "theirs"}

#: All 27 combinations of base, row and Ardoq, each with what it is: `same` (nothing differs), `mine` (only
#: the row has changed, or the base is not known), `theirs` (only Ardoq has), or `conflict`.
TABLE = {
    ("absent", "absent", "absent"): "same",
    ("absent", "absent", "null"): "same",
    ("absent", "absent", "value"): "same",
    ("absent", "null", "absent"): "same",
    ("absent", "null", "null"): "same",
    ("absent", "null", "value"): "mine",
    ("absent", "value", "absent"): "mine",
    ("absent", "value", "null"): "mine",
    ("absent", "value", "value"): "mine",
    ("null", "absent", "absent"): "same",
    ("null", "absent", "null"): "same",
    ("null", "absent", "value"): "same",
    ("null", "null", "absent"): "same",
    ("null", "null", "null"): "same",
    ("null", "null", "value"): "theirs",
    ("null", "value", "absent"): "mine",
    ("null", "value", "null"): "mine",
    ("null", "value", "value"): "conflict",
    ("value", "absent", "absent"): "same",
    ("value", "absent", "null"): "same",
    ("value", "absent", "value"): "same",
    ("value", "null", "absent"): "same",
    ("value", "null", "null"): "same",
    ("value", "null", "value"): "conflict",
    ("value", "value", "absent"): "conflict",
    ("value", "value", "null"): "conflict",
    ("value", "value", "value"): "conflict",
}


def entity(state, value):
    """Return an entity whose attribute is absent, null or has a value."""
    held = STATES[state]
    return {} if held is ABSENT else {"owner": held and value}


def decide(base, row, ardoq, policy=DEFAULT_POLICY, key=None):
    """Return what is written of an attribute, and what is listed, as a run decides it."""
    return merge(differences(row, ardoq, frozenset()), base, policy, key)


def test_the_table_is_complete():
    """There are 27 combinations."""
    assert set(TABLE) == set(product(STATES, repeat=3))


@pytest.mark.parametrize(("on_conflict", "on_edit"), POLICIES)
@pytest.mark.parametrize("states", TABLE, ids="-".join)
def test_every_combination(states, on_conflict, on_edit):
    """Only the row changed: written. Only Ardoq: kept. Both: a conflict. All but the first are listed."""
    base, row, ardoq = (entity(state, value) for state, value in zip(states, VALUES.values(), strict=True))
    written, edits = decide(base, row, ardoq, EditPolicy(on_conflict=on_conflict, on_edit=on_edit))
    kind = TABLE[states]
    if_conflict, if_edit = POLICIES[on_conflict, on_edit]
    is_written = {"same": False, "mine": True, "theirs": if_edit, "conflict": if_conflict}[kind]
    assert bool(written) is is_written
    if is_written:
        assert written == {"owner": (ardoq.get("owner"), row["owner"])}
    if kind in ("same", "mine"):
        assert edits == []
        return
    (edit,) = edits
    assert edit[:4] == ("owner", base["owner"], ardoq.get("owner"), row["owner"])
    decision = on_conflict if kind == "conflict" else on_edit
    assert (edit.is_conflict, edit.outcome) == (kind == "conflict", OUTCOMES[decision])


@pytest.mark.parametrize(
    ("base", "row", "ardoq", "kind"),
    [
        ("a", "a", "b", "theirs"),
        ("a", "b", "a", "mine"),
        ("a", "b", "b", "same"),
        (1, 1.0, 1, "same"),
        (1, 2, 1.0, "mine"),
        (1.0, 1, 2, "theirs"),
        ("2024-01-01", "2024-02-02", "2024-01-01T00:00:00.000Z", "mine"),
        ("2024-01-01T00:00:00Z", "2024-01-01", "2024-02-02", "theirs"),
        (["a"], ["a"], ["a", "b"], "theirs"),
        (False, False, True, "theirs"),
        (False, True, False, "mine"),
    ],
)
def test_values_in_another_form(base, row, ardoq, kind):
    """Values that Ardoq stores alike are the same value, in the base, too."""
    written, edits = decide({"x": base}, {"x": row}, {"x": ardoq})
    found = "theirs" if edits else "mine" if written else "same"
    assert found == kind


def test_policies_of_single_attributes():
    """A decision for an attribute counts before the one for the mapping."""
    base, row, ardoq = (
        {"a": 1, "b": 1, "c": 1, "d": 1},
        {"a": 2, "b": 2, "c": 1, "d": 1},
        dict.fromkeys("abcd", 3),
    )
    policy = EditPolicy("source", {"a": "report"}, "ardoq", {"c": "source"})
    written, edits = decide(base, row, ardoq, policy)
    assert sorted(written) == ["b", "c"]
    assert {edit.attribute: edit.outcome for edit in edits} == {
        "a": "unresolved",
        "b": "overwritten",
        "c": "overwritten",
        "d": "kept",
    }


def test_the_key_is_always_written():
    """The attribute that matches a row is the row's: without it the next run would not find the component."""
    written, edits = decide({"uid": "1"}, {"uid": "1"}, {"uid": None}, key="uid")
    assert (written, edits) == ({"uid": (None, "1")}, [])
