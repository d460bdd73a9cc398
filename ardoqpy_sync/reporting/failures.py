"""Group failed rows for people: causes first, what failed because of them below, equal ones together."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ardoqpy_sync.reporting.labels import plural

if TYPE_CHECKING:
    from collections.abc import Iterable

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

    def describe(self) -> str:
        """Return the first reason, how many rows have an equal one, and what else failed with them."""
        labels = [row["label"] for row in self.rows if row["label"] is not None]
        text = self.rows[0]["reason"]
        if len(self.rows) > 1:
            listed = ", ".join(labels[:MAX_LABELS])
            more = f" and {len(labels) - MAX_LABELS:,} more" if len(labels) > MAX_LABELS else ""
            text += f" {plural(len(self.rows), 'row')} with such a problem: {listed}{more}."
        if self.consequences:
            counts = " and ".join(plural(number, kind) for kind, number in self.consequences.items())
            failed = "fails" if self.consequences.total() == 1 else "fail"
            text += f" {counts} {failed} because of it."
        return text


def group_failures(failed: Iterable[DocumentFailedRow]) -> list[FailureGroup]:
    """Return failed rows in groups with equal problems, in the order of the first row of each."""
    failed = list(failed)
    labels = {row["label"] for row in failed if row.get("cause") is None and row["label"] is not None}
    causes = {row["label"]: row["cause"] for row in failed if row.get("cause") is not None}
    groups: dict[object, FailureGroup] = {}
    by_label: dict[str | None, FailureGroup] = {}
    for row in failed:
        if _first_cause(row, causes) not in labels:
            by_label[row["label"]] = group = groups.setdefault(_reason_key(row), FailureGroup())
            group.rows.append(row)
    for row in failed:
        if (cause := _first_cause(row, causes)) in labels:
            by_label[cause].consequences[row["kind"]] += 1
    return list(groups.values())


def _first_cause(row: DocumentFailedRow, causes: dict[str | None, str | None]) -> str | None:
    """Return the label of the row at the start of a chain of causes; None if the row has no cause."""
    cause, seen = row.get("cause"), {row["label"]}
    while cause in causes and cause not in seen:
        seen.add(cause)
        cause = causes[cause]
    return cause


def _reason_key(row: DocumentFailedRow) -> tuple[str, str]:
    return row["kind"], _VALUE.sub("''", row["reason"])
