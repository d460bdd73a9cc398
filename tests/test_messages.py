"""What is said of a name that is not known: which known ones are near to it, or what there is."""

import os
import subprocess
import sys

import pytest

from ardoqpy._messages import did_you_mean, is_similar, quote_name, similarity, suggest

TYPES = ["Application", "Applikation", "Server (physical)", "Café", "C#", "depends on", "rootWorkspace"]
CAFE = "Cafe\N{COMBINING ACUTE ACCENT}"


@pytest.mark.parametrize(
    ("name", "question"),
    [
        ("APPLICATION", "'Application'"),
        ("aplication", "'Application' or 'Applikation'"),
        ("Applikatoin", "'Applikation' or 'Application'"),
        ("Depends-On", "'depends on'"),
        ("depends\N{NO-BREAK SPACE}on", "'depends on'"),
        (" Application\n", "'Application'"),
        ("root_workspace", "'rootWorkspace'"),
        ("Server", "'Server (physical)'"),
        ("workspace", "'rootWorkspace'"),
        ("rootWorkspaceId", "'rootWorkspace'"),
        ("c", "'C#'"),
        (CAFE, "'Caf\\xe9'"),
    ],
)
def test_messages_names_make_a_question(name, question):
    """Another letter case, blanks and signs; then parts and slips, the most alike first."""
    assert suggest(name, TYPES) == did_you_mean(name, TYPES) == f"did you mean {question}?"


@pytest.mark.parametrize(
    "name", ["Person", "", "  ", "->", None, True, 5, ["Application"], {}, b"Application"]
)
def test_without_a_near_name_a_few_are_all_given(name):
    """In their order, also for what is no name at all."""
    assert did_you_mean(name, TYPES[:3]) == ""
    assert suggest(name, TYPES[:3]) == "there are 'Application', 'Applikation' and 'Server (physical)'."
    assert suggest(name, ["Application"]) == "there is 'Application'."
    assert suggest(name, []) == "none exists."


def test_names_are_alike_but_for_case_blanks_and_signs():
    """Nothing at all is like nothing."""
    assert is_similar("typeId", "type_ID ")
    assert is_similar("\N{FULLWIDTH LATIN CAPITAL LETTER F}ield", "field")
    assert not is_similar("typeId", "types")
    for nothing in ("", " ", None, []):
        assert not is_similar(nothing, nothing)


def test_similarity_is_a_number():
    """Names that are alike but for case, blanks and signs have 1, a name of nothing has 0."""
    assert similarity("Yearly cost", "yearly_COST") == 1
    assert similarity("Yearly costs", "Yearly cost") > 0.9
    assert similarity("Owner", "Yearly cost") < 0.5
    assert similarity("", "Owner") == similarity("Owner", "  ") == 0


def test_of_many_a_sample_is_given():
    """From the thirteenth on it is how many there are, and the first five."""
    types = [f"Type {letter}" for letter in "abcdefghijklm"]
    assert suggest("Person", types[:12]).endswith(", 'Type k' and 'Type l'.")
    assert suggest("Person", types) == (
        "there are 13, such as 'Type a', 'Type b', 'Type c', 'Type d' and 'Type e'."
    )


def test_no_more_than_three_near_names_are_given():
    """What is equally near stays in its order."""
    types = [f"Type {number}" for number in range(40)]
    assert suggest("Type", types) == "did you mean 'Type 0', 'Type 1' or 'Type 2'?"
    assert suggest("b", ["B", "B.", "(b)", "-B-"]) == "did you mean 'B', 'B.' or '(b)'?"


def test_a_name_is_given_once():
    """A model may have several types of one name; numbers are not the text of them."""
    assert suggest("Person", ["Role", "Team", "Role", 1, 1, "1"]) == "there are 'Role', 'Team', 1 and '1'."
    assert suggest("app", ["App", "App"]) == "did you mean 'App'?"


def test_a_name_of_signs_is_compared_by_its_signs():
    """Signs count where there is nothing else."""
    assert suggest("= >", ["->", "=>"]) == "did you mean '=>'?"


def test_numbers_are_near_to_their_text_alone():
    """A type's id given as text finds the number; another number is no slip of the keyboard."""
    assert suggest("2", [1, 2, 30]) == "did you mean 2?"
    assert suggest(2, ["1", "2", "30"]) == "did you mean '2'?"
    assert suggest(3, [1, 2, 30]) == suggest("3x", [1, 2, 30]) == "there are 1, 2 and 30."
    assert suggest(1234, ["123", "12345"]) == "there are '123' and '12345'."
    assert suggest("1234", [123, 12345]) == "there are 123 and 12345."


def test_values_that_are_not_names_are_left_out():
    """Null, true and lists in what Ardoq answers are no names; nor are numbers too large to be written."""
    assert (
        suggest("x", [None, True, [], {}, "Role", 10**5000, float("nan"), float("inf")]) == "there is 'Role'."
    )
    assert suggest(10**5000, [10**5000, 1]) == "there is 1."
    assert quote_name(10**5000) == "an int"


def test_the_same_names_give_the_same_sentence():
    """A set has no order of its own, and gets one that does not change from process to process."""
    code = "from ardoqpy._messages import suggest; print(suggest('x', {'b', 'A', 'c', 'a', 1, '1'}))"
    sentences = {
        subprocess.run(
            [sys.executable, "-c", code],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert sentences == {"there are 1, '1', 'A', 'a', 'b' and 'c'.\n"}
    assert suggest("x", iter(["b", "A"])) == "there are 'b' and 'A'."


@pytest.mark.parametrize(
    ("value", "quoted"),
    [
        ("it's", '"it\'s"'),
        ("a\nb\x1b[31m\u202e", "'a\\nb\\x1b[31m\\u202e'"),
        ("\ud800", "'\\ud800'"),
        ("x" * 60, repr("x" * 60)),
        ("x" * 61, repr("x" * 59 + "…")),
        (5, "5"),
        (None, "None"),
        (True, "a bool"),
        ([1], "a list"),
    ],
)
def test_a_name_is_quoted_in_one_readable_line(value, quoted):
    """What would move the cursor or hide the rest is written out, what is long is cut off."""
    assert quote_name(value) == quoted
    assert "\n" not in suggest("Person", [value])


def test_many_long_names_take_no_long_while():
    """Names are compared by their beginning: a text of any length, known or asked for, is no trouble."""
    known = ["x" * 100_000 + str(number) for number in range(5)]
    assert suggest("y" * 100_000, known).startswith("there are 'xxx")
    assert len(suggest("x" * 100_000, known)) < 300
    assert did_you_mean("Aplication" + "y" * 300, ["Application" + "y" * 300])
