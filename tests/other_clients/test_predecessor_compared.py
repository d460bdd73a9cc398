"""Compare 0.8.4 and this library: unchanged scripts, and a reason for every difference."""

import differences
import pytest
import scenarios
from comparison import CHANGELOG, Difference, complaints, words

COMPARED = {
    scenarios.import_lines: differences.IMPORTS,
    scenarios.everything_on_v1: differences.ON_V1,
    scenarios.everything_on_v2: differences.ON_V2,
    scenarios.nights: differences.NIGHTS,
    scenarios.portal: differences.PORTAL,
    scenarios.oddities: differences.ODDITIES,
}
CHANGELOG_WORDS = sorted({difference.changelog for intended in COMPARED.values() for difference in intended})


def facts_of(acts):
    """Return the facts of all acts, named by act if there are several.

    Scripts that show faults of 0.8.4 leave other data behind: only their facts count.
    """
    if len(acts) == 1:
        ((name, act),) = acts.items()
        return act.results if name == "oddities" else act.facts()
    return {f"{name}: {fact}": value for name, act in acts.items() for fact, value in act.facts().items()}


@pytest.mark.slow
@pytest.mark.parametrize("scenario", COMPARED, ids=lambda scenario: scenario.__name__)
def test_scripts_have_the_same_result(played, scenario):
    """Output, requests and stored data of a script differ only as intended."""
    theirs, ours = (facts_of(acts) for acts in played(scenario))
    assert len(theirs) > 10
    wrong = complaints(theirs, ours, COMPARED[scenario])
    assert not wrong, "\n" + "\n".join(wrong)


@pytest.mark.slow
@pytest.mark.parametrize("library", [0, 1], ids=["0.8.4", "this library"])
def test_a_second_night_changes_nothing(played, library):
    """If the source has not changed, nothing is written, dates in the spelling of the source included."""
    acts = played(scenarios.nights)[library]
    before, after = acts["first night"], acts["second night"]
    assert "2024-05-01" in [component["customFields"].get("since") for component in before.held["components"]]
    assert [after.results[f"report {key}_comps"] for key in ("new", "updated")] == [0, 0]
    assert after.held == before.held


@pytest.mark.parametrize("sentence", CHANGELOG_WORDS)
def test_changelog_has_every_difference(sentence):
    """The changelog has each difference."""
    assert words(sentence) in words(CHANGELOG.read_text(encoding="utf-8"))


@pytest.mark.slow
def test_every_public_name_exists(played):
    """Each public method of 0.8.4 exists, with the same arguments in the same order."""
    before, now = (acts["names"].results for acts in played(scenarios.public_names))
    assert len(before) > 80
    for name, method in before.items():
        arguments = method["arguments"]
        stars = [item for item in arguments if item.startswith("*")]
        fixed = arguments[: arguments.index(stars[0])] if stars else arguments
        assert now[name]["arguments"][: len(fixed)] == fixed, name


ONE = Difference("a*", lambda theirs, ours: (theirs, ours) == (1, 2), "", "")


@pytest.mark.parametrize(
    ("theirs", "ours", "intended", "wrong"),
    [
        ({"a": 1, "b": [True]}, {"a": 2, "b": [True]}, (ONE,), []),
        ({"a": 1}, {"a": 3}, (ONE,), ["a: does not differ as intended"]),
        ({"a": 1, "b": 1}, {"a": 2, "b": True}, (ONE,), ["b: differs without a reason"]),
        ({"a": 1, "b": [1]}, {"a": 2, "b": [1, 2]}, (ONE,), ["b: differs without a reason"]),
        ({"b": {"c": None}}, {"b": {}}, (), ["b: differs without a reason"]),
        ({}, {"b": 1}, (), ["b: differs without a reason"]),
        ({"b": None}, {}, (), ["b: differs without a reason"]),
        ({"a": 1}, {"a": 1}, (ONE,), ["a*: does not differ any more"]),
    ],
)
def test_comparison_reports_every_difference(theirs, ours, intended, wrong):
    """The comparison reports each unexplained difference and each unused reason."""
    assert [line.partition(":\n")[0] for line in complaints(theirs, ours, intended)] == wrong
