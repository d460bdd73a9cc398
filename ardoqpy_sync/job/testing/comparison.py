"""Compare what a run of a job did with what its test expects, line by line."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ardoqpy.errors import InvalidInput
from ardoqpy_sync.compare.diff import CREATE, equal_values
from ardoqpy_sync.job.testing.seed import Mistake, ModelSeed
from ardoqpy_sync.report import format_value
from ardoqpy_sync.reporting.terminal import guard_lines
from ardoqpy_sync.sources.cell_conversion import convert_cell

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ardoqpy.entities import Attributes
    from ardoqpy_sync.documents import DocumentChange, RunDocument
    from ardoqpy_sync.job.testing.model import ExpectedChange, JobTest

#: What every new item has, and what its name and its type say already.
_IMPLIED = {"typeId", "rootWorkspace", "source", "target", "type", "targetWorkspace"}
_BUILT_IN = ("name", "description", "displayText", "parent")


@dataclass(slots=True)
class Difference:
    """What differs: the lines that were expected and did not happen, and those that happened instead."""

    expected: list[str] = field(default_factory=list)
    actual: list[str] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)


def compare(test: JobTest, document: RunDocument, model: ModelSeed) -> Difference:
    """Return the difference between a test and the record of its run."""
    difference = Difference()
    _compare_changes(test.changes, document, model, difference)
    _compare_failed(test.failed, document, difference)
    guard = document["delete_guard"]
    has_blocked = guard is not None and bool(
        guard["would_delete"]
    )  # after a failed row, it may block nothing
    if test.blocked and not has_blocked:
        difference.expected.append("the delete guard blocks the run")
    if guard is not None and has_blocked and not test.blocked:
        reasons = guard_lines(guard) or [guard["sentence"]]
        difference.actual += [f"the delete guard blocks the run: {reason}" for reason in reasons]
    if test.missing is not None:
        missing = [str(entry["name"]) for entry in document["missing"]]
        difference.expected += [f"missing: {name}" for name in _without(test.missing, missing)]
        difference.actual += [f"missing: {name}" for name in _without(missing, test.missing)]
    return difference


def _without(names: Sequence[str], others: Sequence[str]) -> list[str]:
    """Return the names that are not among others, each as often as it is too many."""
    rest = list(others)
    left = []
    for name in names:
        if name in rest:
            rest.remove(name)
        else:
            left.append(name)
    return left


def _compare_failed(expected: Sequence[str], document: RunDocument, difference: Difference) -> None:
    failed = list(document["failed"])
    for reason in expected:
        row = next((row for row in failed if reason in row["reason"]), None)
        if row is None:
            difference.expected.append(f"a row fails: {reason}")
        else:
            failed.remove(row)
    difference.actual += [f"a row fails: {row['reason']}  [{row['label']}]" for row in failed]


# -- changes ----------------------------------------------------------------------------------------------


def _compare_changes(
    expected: Sequence[ExpectedChange], document: RunDocument, model: ModelSeed, difference: Difference
) -> None:
    """Match each expected change with one of the run: with the same values first, then with any."""
    left = list(document["changes"])
    unmatched: list[ExpectedChange] = []
    for change in expected:
        same = next(
            (other for other in _candidates(change, left) if _has_values(change, other, document, model)),
            None,
        )
        if same is None:
            unmatched.append(change)
        else:
            left.remove(same)
    for change in unmatched:
        other = next(_candidates(change, left), None)
        if other is None:
            difference.expected.append(_describe_expected(change))
            continue
        left.remove(other)
        values, mistakes = _expected_values(change, other, model)
        difference.mistakes += mistakes
        if not mistakes:
            difference.expected.append(_describe(other, values))
            difference.actual.append(_describe(other, _actual_values(other, document), row=True))
    difference.actual += [_describe(other, _actual_values(other, document), row=True) for other in left]


def _candidates(change: ExpectedChange, others: Sequence[DocumentChange]) -> Iterator[DocumentChange]:
    for other in others:
        same_type = change.type is None or change.type.casefold() == str(other["typeName"]).casefold()
        if (other["action"], other["name"]) == (change.action, change.name) and same_type:
            yield other


def _has_values(
    change: ExpectedChange, other: DocumentChange, document: RunDocument, model: ModelSeed
) -> bool:
    if change.values is None:
        return True
    values, mistakes = _expected_values(change, other, model)
    actual = _actual_values(other, document)
    if change.action == CREATE and values.get("name") == other["name"]:
        actual["name"] = other["name"]  # what is new has its name among its values, or not
    return (
        not mistakes
        and values.keys() == actual.keys()
        and all(map(equal_values, values.values(), map(actual.get, values)))
    )


def _expected_values(
    change: ExpectedChange, other: DocumentChange, model: ModelSeed
) -> tuple[Attributes, list[Mistake]]:
    """Return the values of an expected change as Ardoq stores them, and what is wrong with them."""
    values: Attributes = {}
    mistakes = []
    for name, value in (change.values or {}).items():
        if name in _BUILT_IN:
            values[name] = None if value == "" else value
            continue
        try:
            definition = model.field(str(other["rootWorkspace"]), name)
            values[definition.name] = convert_cell(value, definition)
        except InvalidInput as error:
            mistakes.append(Mistake((*change.key_path, "set", name), str(error)))
    return values, mistakes


def _actual_values(change: DocumentChange, document: RunDocument) -> Attributes:
    """Return the new values of a change; a parent by its name. A new item has no empty values."""
    is_new = change["action"] == "create"
    implied = {*_IMPLIED, "name"} if is_new else _IMPLIED
    return {
        name: document["names"].get(value["new"], value["new"]) if name == "parent" else value["new"]
        for name, value in change["attributes"].items()
        if name not in implied and not (is_new and value["new"] is None)
    }


def _describe_expected(change: ExpectedChange) -> str:
    kind = f" ({change.type})" if change.type else ""
    return f"{change.action} {change.name}{kind}{_describe_values(change.values or {})}"


def _describe(change: DocumentChange, values: Attributes, *, row: bool = False) -> str:
    label = f"  [{change.get('label')}]" if row and change.get("label") else ""
    values = {} if change["action"] == "delete" else values
    return f"{change['action']} {change['name']} ({change['typeName']}){_describe_values(values)}{label}"


def _describe_values(values: Attributes) -> str:
    listed = ", ".join(f"{name} = {format_value(value)}" for name, value in sorted(values.items()))
    return f": {listed}" if listed else ""
