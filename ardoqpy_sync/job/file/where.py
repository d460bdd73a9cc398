"""The filter `where` of a mapping: which rows it uses."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from ardoqpy._messages import quote_name, suggest
from ardoqpy.metamodel import Field
from ardoqpy_sync.job.file.template import cell_text
from ardoqpy_sync.sources.cell_conversion import convert_cell

if TYPE_CHECKING:
    from collections.abc import Callable

    from ardoqpy_sync.sources.cell_formats import CellFormats, SourceFormats
    from ardoqpy_sync.sources.row import Values

#: Comparisons with a number or a date, by their key.
_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "above": operator.gt,
    "at_least": operator.ge,
    "below": operator.lt,
    "at_most": operator.le,
}
_KEYS = ("is", "not", "blank", *_COMPARISONS)


@dataclass(frozen=True, slots=True)
class Condition:
    """What a cell must be like. All of it must hold.

    - `words`: the texts of which it must have one; None for any. `other_than`: texts that it must not have.
    - `is_blank`: whether it must be blank or must not be; None for both.
    - `comparisons`: pairs of a comparison and a number or a date; a blank cell fails each.
    """

    words: frozenset[str] | None = None
    other_than: frozenset[str] = frozenset()
    is_blank: bool | None = None
    comparisons: tuple[tuple[str, Any], ...] = ()

    def tester(self, column: str, formats: CellFormats) -> Callable[[Any], bool]:
        """Return a function that tests a cell of a column; it raises `InvalidInput` if it cannot."""
        tests = [_comparison(column, key, bound, formats) for key, bound in self.comparisons]
        place = f"Column {quote_name(column)}"

        def test(cell: Any) -> bool:
            is_nested = isinstance(cell, list | tuple | dict)
            text = None if is_nested and self._needs_no_text else to_text(cell, place)
            if self.words is not None and text not in self.words:
                return False
            if text in self.other_than or self.is_blank not in (None, text == ""):
                return False
            return not tests or (text != "" and all(passes(cell) for passes in tests))

        return test

    @property
    def _needs_no_text(self) -> bool:
        return self.words is None and not self.other_than and not self.comparisons

    def __str__(self) -> str:
        """Return what is asked, as the end of a sentence."""
        parts = []
        if self.words is not None:
            parts.append(f"must be {_list_choices(self.words)}")
        if self.other_than:
            parts.append(f"must not be {_list_choices(self.other_than)}")
        if self.is_blank is not None:
            parts.append("must be blank" if self.is_blank else "must not be blank")
        parts += [f"must be {key.replace('_', ' ')} {bound}" for key, bound in self.comparisons]
        return " and ".join(parts)


def _list_choices(words: frozenset[str]) -> str:
    return f"{'one of ' if len(words) > 1 else ''}{', '.join(map(quote_name, sorted(words)))}"


#: By column the texts of which a row must have one, or a condition.
Where = Mapping[str, tuple[str, ...] | Condition]


def check_where(value: Any) -> str | None:
    """Return None for a valid `where` of a job file, otherwise the remedy; "" for the usual one."""
    if not isinstance(value, dict):
        return ""
    for column, condition in value.items():
        remedy = _check_condition(condition) if isinstance(condition, dict) else _check_words(condition)
        if remedy is not None:
            return f"the condition of column {quote_name(column)}: {remedy}" if remedy else ""
    return None


def _check_condition(condition: Mapping[str, Any]) -> str | None:
    if not condition:
        return ""
    for key, value in condition.items():
        if key not in _KEYS:
            return f"there is no key {key!r}: {suggest(key, _KEYS)}"
        if key in ("is", "not") and _check_words(value) is not None:
            return f"{key} needs a value, or a list of values."
        if key == "blank" and not isinstance(value, bool):
            return "blank is true or false."
        if key in _COMPARISONS and (isinstance(value, bool) or not isinstance(value, int | float | date)):
            return f"{key} needs a number, or a date such as 2024-05-31, without quotes."
    return None


def _check_words(value: Any) -> str | None:
    words = value if isinstance(value, list) else [value]
    return None if words and all(isinstance(word, str | int | float) for word in words) else ""


def read_where(table: Mapping[str, Any]) -> Where:
    """Return what a checked `where` asks of each column."""
    return {
        column: _read_condition(value) if isinstance(value, dict) else _list_words(value)
        for column, value in table.items()
    }


def _read_condition(condition: Mapping[str, Any]) -> Condition:
    return Condition(
        frozenset(_list_words(condition["is"])) if "is" in condition else None,
        frozenset(_list_words(condition.get("not", []))),
        condition.get("blank"),
        tuple((key, condition[key]) for key in _COMPARISONS if key in condition),
    )


def _list_words(value: Any) -> tuple[str, ...]:
    """Return the values that a cell is compared with, as text."""
    words = value if isinstance(value, list) else [value]
    return tuple(str(word).lower() if isinstance(word, bool) else str(word).strip() for word in words)


def _comparison(column: str, key: str, bound: Any, formats: CellFormats) -> Callable[[Any], bool]:
    # Dates become text in one format, in UTC, which is compared like the times themselves.
    field = Field(column, column, "DateTime" if isinstance(bound, date | datetime) else "Number")
    limit, compare = convert_cell(bound, field, formats), _COMPARISONS[key]
    return lambda cell: compare(convert_cell(cell, field, formats), limit)


class ColumnTest(NamedTuple):
    """What `where` asks of a column: `test` returns whether a cell is like that, or raises `InvalidInput`."""

    column: str
    condition: Condition
    test: Callable[[Any], bool]


def list_tests(where: Where, formats: SourceFormats) -> list[ColumnTest]:
    """Return what a row must pass to be selected."""
    tests = []
    for column, asked in where.items():
        condition = asked if isinstance(asked, Condition) else Condition(frozenset(asked))
        test = condition.tester(column, formats.columns.get(column, formats.common))
        tests.append(ColumnTest(column, condition, test))
    return tests


def make_row_filter(where: Where, formats: SourceFormats) -> Callable[[Values], bool] | None:
    """Return a function that tests whether a row is selected; None if all rows are."""
    if not where:
        return None
    tests = list_tests(where, formats)
    return lambda values: all(test(values.get(column)) for column, _, test in tests)


def to_text(cell: Any, place: str) -> str:
    """Return a cell as text without surrounding white space; "" for a blank cell.

    Raise `InvalidInput` if the cell cannot be text, such as a list. `place` says in it where the cell is.
    """
    return cell.strip() if isinstance(cell, str) else cell_text(cell, place).strip()
