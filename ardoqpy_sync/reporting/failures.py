"""Group failed rows for people: causes first, what failed because of them below, equal ones together."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ardoqpy._terminal import escape_controls
from ardoqpy_sync.reporting.labels import plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ardoqpy_sync.documents import DocumentFailedRow

#: How many rows with an equal problem are listed.
MAX_LABELS = 3
#: The values in a sentence, by which equal problems differ.
_VALUE = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"")


@dataclass(slots=True)
class FailureGroup:
    """Rows that failed for the same reason.

    - `rows`: the rows; `consequences`: by kind, how many rows failed because of these.
    """

    rows: list[DocumentFailedRow] = field(default_factory=list)
    consequences: Counter[str] = field(default_factory=Counter)

    @property
    def labels(self) -> list[str]:
        """The labels of the rows, each once: a row can have several equal problems."""
        return list(dict.fromkeys(row["label"] for row in self.rows if row["label"] is not None))

    def describe(self, longest: int | None = None) -> str:
        """Return the first reason, how many rows have an equal one, and what else failed with them.

        Of the reason at most `longest` characters are shown, in which control characters are escaped.
        """
        labels = self.labels
        count = len(labels) + sum(row["label"] is None for row in self.rows)
        text = self.rows[0]["reason"]
        if longest is not None:
            text = escape_controls(text, longest)
        if count == 1 and len(self.rows) > 1:
            text += f" The row has {len(self.rows):,} such problems."
        elif count > 1:
            listed = ", ".join(labels[:MAX_LABELS])
            more = f" and {len(labels) - MAX_LABELS:,} more" if len(labels) > MAX_LABELS else ""
            text += f" {plural(count, 'row')} with such a problem: {listed}{more}."
        if self.consequences:
            text += f" {_describe_consequences(self.consequences)}"
        return text


def order_failures(failed: Iterable[DocumentFailedRow]) -> list[tuple[DocumentFailedRow, str | None]]:
    """Return all failed rows, causes first, each with a sentence about what failed because of it, if any.

    Rows with equal problems are beside each other, and the rows that failed because of others are last.
    """
    failed = list(failed)
    causes = _first_causes(failed)
    consequences: dict[str | None, Counter[str]] = {}
    for row, cause in zip(failed, causes, strict=True):
        if cause is not None:
            consequences.setdefault(cause, Counter())[row["kind"]] += 1
    first = [row for group in group_failures(failed) for row in group.rows]
    counts = [consequences.pop(row["label"], None) for row in first]  # once for each label
    ordered = [
        (row, _describe_consequences(count) if count else None)
        for row, count in zip(first, counts, strict=True)
    ]
    return [*ordered, *((row, None) for row, cause in zip(failed, causes, strict=True) if cause is not None)]


def _describe_consequences(consequences: Counter[str]) -> str:
    counts = " and ".join(plural(number, kind) for kind, number in consequences.items())
    return f"{counts} {'fails' if consequences.total() == 1 else 'fail'} because of it."


def group_failures(failed: Iterable[DocumentFailedRow]) -> list[FailureGroup]:
    """Return failed rows in groups with equal problems, in the order of the first row of each."""
    failed = list(failed)
    causes = _first_causes(failed)
    groups: dict[object, FailureGroup] = {}
    by_label: dict[str | None, FailureGroup] = {}
    for row, cause in zip(failed, causes, strict=True):
        if cause is None:
            group = groups.setdefault(reason_key(row), FailureGroup())
            by_label.setdefault(row["label"], group)
            group.rows.append(row)
    for row, cause in zip(failed, causes, strict=True):
        if cause is not None:
            by_label[cause].consequences[row["kind"]] += 1
    return list(groups.values())


def _first_causes(failed: Sequence[DocumentFailedRow]) -> list[str | None]:
    """Return for each row the label of the row at the start of its causes; None for one that has no cause.

    A cause that is not among the failed rows does not count.
    """
    labels = {row["label"] for row in failed if row.get("cause") is None and row["label"] is not None}
    causes = {row["label"]: row["cause"] for row in failed if row.get("cause") is not None}
    first = (_first_cause(row, causes) for row in failed)
    return [cause if cause in labels else None for cause in first]


def _first_cause(row: DocumentFailedRow, causes: dict[str | None, str | None]) -> str | None:
    """Return the label of the row at the start of a chain of causes; None if the row has no cause."""
    cause, seen = row.get("cause"), {row["label"]}
    while cause in causes and cause not in seen:
        seen.add(cause)
        cause = causes[cause]
    return cause


def reason_key(row: DocumentFailedRow) -> tuple[str, str]:
    """Return what rows with an equal problem have in common."""
    return row["kind"], _VALUE.sub("''", row["reason"])
