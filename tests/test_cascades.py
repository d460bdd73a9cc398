"""How much goes with each of many components."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ardoqpy_sync.compare.cascade_counts import cascade_counts


def by_hand(comp_id, children, references):
    """Count what goes with a component by walking it."""
    seen, waiting = {comp_id}, [comp_id]
    for element in waiting:
        new = [child for child in children.get(element, []) if child not in seen]
        seen.update(new)
        waiting += new
    refs = {ref for item in seen for ref in references.get(item, [])}
    return len(seen) - 1, len(refs)


NAMES = st.sampled_from("abcdefgh")
GRAPHS = st.dictionaries(NAMES, st.lists(NAMES, max_size=4, unique=True))


@given(st.lists(NAMES), GRAPHS, st.dictionaries(NAMES, st.lists(st.integers(0, 6), max_size=4)))
def test_any_shape_is_counted_as_by_hand(asked, children, references):
    """Trees, circles, and children of two parents: each gets what walking it alone gives."""
    children = {name: [child for child in below if child != name] for name, below in children.items()}
    counts = cascade_counts(asked, lambda item: children.get(item, []), lambda item: references.get(item, []))
    assert counts == {item: by_hand(item, children, references) for item in asked}


@pytest.mark.slow
def test_a_line_of_a_hundred_thousand_is_counted_in_one_walk():
    """Parents above parents: nobody is asked about twice, and it is no matter for Python's stack."""
    last = 100_000
    asked = []

    def children(component):
        asked.append(component)
        return [str(int(component) + 1)] if int(component) < last else []

    counts = cascade_counts(
        map(str, range(last + 1)), children, lambda item: [f"{item}-up", f"{int(item) + 1}-up"]
    )
    assert (counts["0"], counts["99999"]) == ((last, last + 2), (1, 3))
    assert len(asked) == last + 1
