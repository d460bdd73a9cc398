"""Clean cells where a row is read, so that all that reads the row sees the clean values.

The steps are: `split` a cell, and of each part take `blank` words for nothing, `strip` what is around the
value, and replace it by what a `map` has for it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from ardoqpy._messages import quote_name
from ardoqpy.errors import ConfigurationError, InvalidInput
from ardoqpy.metamodel import Field
from ardoqpy_sync.sources.cell_conversion import convert_cell
from ardoqpy_sync.sources.options import Option, check_table
from ardoqpy_sync.sources.row import is_blank
from ardoqpy_sync.sources.source import CleaningStep, Finding
from ardoqpy_sync.sources.value_map import KEEP, MAP_OPTIONS, REJECT, check_map, read_map

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from ardoqpy_sync.sources.row import Row
    from ardoqpy_sync.sources.source import Keys
    from ardoqpy_sync.sources.value_map import MapFile, ValueMap

#: How many different texts are kept with what was made of them: of a column, and of the ends of its cells.
_MAX_KEPT = 1 << 12
#: How many cells a message shows.
_EXAMPLES = 3
#: Of how many sets of columns the plans are kept.
_MAX_PLANS = 1000


def _are_texts(value: Any) -> bool:
    texts = [value] if isinstance(value, str) else value
    return bool(texts) and all(isinstance(text, str) and text for text in texts)


def _are_blanks(value: Any) -> bool:
    items = value if isinstance(value, list | tuple) else [value]
    return bool(items) and all(isinstance(item, str | int | float) and item != "" for item in items)


#: - `blank`: cells that stand for nothing.
#: - `strip`: texts to remove before and after a value.
#: - `split`: texts between the values of a cell.
#: - `map`, `map_file`: what values stand for; `otherwise`: what the others stand for.
CELL_OPTIONS: Mapping[str, Option] = {
    "blank": Option(
        (str, int, float, list, tuple), 'a value, or a list such as ["-", "n/a"]', check=_are_blanks
    ),
    "strip": Option((str, list, tuple), 'text, or a list such as ["kr", "EUR"]', check=_are_texts),
    "split": Option((str, list, tuple), 'text, or a list such as [";", ","]', check=_are_texts),
    **MAP_OPTIONS,
}
#: The keys of each source; `columns` are tables with the keys of `CELL_OPTIONS` by column.
SOURCE_OPTIONS: Mapping[str, Option] = {
    **CELL_OPTIONS,
    "columns": Option((dict,), 'a table such as { Status = { blank = ["-"] } }'),
}
COLUMN_OPTIONS: Mapping[str, Option] = {
    **CELL_OPTIONS,
    "formats": Option((dict,), 'a table such as { dates = ["%d.%m.%Y"] }'),
}
_TEXT = Field("value", "value", "Text")
_SPACES = frozenset(character for character in map(chr, range(0x3001)) if character.isspace())
#: The texts of the cells True and False.
_TRUTH_VALUES = frozenset(("true", "false"))
#: Matches a letter in any language.
_LETTER = r"[^\W\d_]"


class _Kept(dict[str, Any]):
    """What a function makes of texts, kept for the first different ones."""

    __slots__ = ("_make",)

    def __init__(self, make: Callable[[str], Any]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, text: str) -> Any:
        value = self._make(text)
        if len(self) < _MAX_KEPT:
            self[text] = value
        return value


class _Strip:
    """What is removed at both ends of a text.

    Whether a text begins or ends with it depends on its first or last characters alone, and few of these
    differ: `_start` and `_end` have for them how many are removed. `first` and `last` are the characters with
    which that begins and ends.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        """Take texts that match in any letter case; letters are not removed from a word."""
        start, end = [], []
        for text in texts:
            escaped = re.escape(text)
            start.append(escaped + ("(?!" + _LETTER + ")" if text[-1].isalpha() else ""))
            end.append(("(?<!" + _LETTER + ")" if text[0].isalpha() else "") + escaped)
        at_start = re.compile("|".join(start), re.IGNORECASE)
        at_end = re.compile(f"(?:{'|'.join(end)})\\Z", re.IGNORECASE)
        self.first = _both_cases(text[0] for text in texts)
        self.last = _both_cases(text[-1] for text in texts)
        # The character beside the longest text decides whether that is a word.
        self._width = max(map(len, texts)) + 1
        self._start = _Kept(lambda text: match.end() if (match := at_start.match(text)) else 0)
        self._end = _Kept(lambda text: len(match[0]) if (match := at_end.search(text)) else 0)

    def apply(self, text: str) -> str:
        """Return a text without what is removed; the same object if it has none of it at its ends."""
        first, last, width = self.first, self.last, self._width
        rest = text.strip()
        length = len(rest)
        while rest:
            if rest[0] in first and (count := self._start[rest[:width]]):
                rest = rest[count:].lstrip()
            elif rest[-1] in last and (count := self._end[rest[-width:]]):
                rest = rest[:-count].rstrip()
            else:
                break
        return text if len(rest) == length else rest


@dataclass(frozen=True)
class CellRules:
    """How the cells of a column are cleaned.

    - `blank`: texts that stand for nothing, in lower case.
    - `strip`: what is removed at both ends; `split`: matches what is between values.
    - `values`: what texts stand for.
    - `keys`: the position of each key in the table of the source.
    """

    blank: frozenset[str]
    strip: _Strip | None
    split: re.Pattern[str] | None
    values: ValueMap | None
    keys: Mapping[str, Keys]

    @property
    def is_empty(self) -> bool:
        """Whether no cell is changed."""
        return not (self.blank or self.strip or self.split or self.values)

    @property
    def changes_ends_only(self) -> bool:
        """Whether the first and the last character of a text tell if it can change, and no other cell can."""
        has_digits = any(character.isdigit() for word in self.blank for character in word)
        return not (has_digits or self.blank & _TRUTH_VALUES or self.split or self.values)

    @cached_property
    def first(self) -> frozenset[str]:
        """The first characters of texts that are blank or that `strip` can change, white space included."""
        strip = frozenset() if self.strip is None else self.strip.first
        return _both_cases(word[:1] for word in self.blank) | strip | _SPACES

    @property
    def last(self) -> frozenset[str]:
        """The last characters of texts that `strip` can change, white space included if there are any."""
        return frozenset() if self.strip is None else self.strip.last | _SPACES


@dataclass(frozen=True, slots=True)
class Cleaning:
    """How the cells of a source are cleaned: rules for single columns, and `common` ones for the others.

    - `locate`: gives for keys of the source's table what messages add, such as " (job.toml line 9)".
    """

    common: CellRules
    columns: Mapping[str, CellRules]
    locate: Callable[[Keys], str]

    def start(self, columns: tuple[str, ...] | None) -> CleaningPass:
        """Begin a pass over rows that have these columns; None if each has its own."""
        return CleaningPass(self, columns)

    def explain(self, column: str, cell: Any) -> list[CleaningStep]:
        """Return which keys change a cell, in their order, each with the value after it."""
        rules = self.columns.get(column, self.common)
        stages = {
            "split": replace(rules, blank=frozenset(), strip=None, values=None),
            "blank": replace(rules, strip=None, values=None),
            "strip": replace(rules, values=None),
            "map" if "map" in rules.keys else "map_file": rules,
        }
        steps: list[CleaningStep] = []
        value = cell
        for key, stage in stages.items():
            if key not in rules.keys:
                continue
            result = _ColumnCleaner(column, stage, self.locate).clean(cell)
            where = f"{key}{self.locate(rules.keys[key])}"
            if isinstance(result, _Rejected):
                return [*steps, CleaningStep(where, None, result.reason)]
            if type(result) is not type(value) or result != value:
                steps.append(CleaningStep(where, result, None))
            value = result
        return steps


def find_problems(table: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield each problem of the keys that clean the cells of a source."""
    columns = table.get("columns", {})
    for column, content in columns.items():
        subject = f"The table of column {quote_name(column)}"
        try:
            rules = check_table(content, COLUMN_OPTIONS, subject)
        except ConfigurationError as error:
            yield Finding(str(error), ("columns", column))
            continue
        if not rules:
            yield Finding(f"{subject} is empty. Add a key such as blank.", ("columns", column))
        yield from _map_problems(rules, ("columns", column))
    yield from _map_problems(table, ())


def _map_problems(rules: Mapping[str, Any], keys: Keys) -> Iterator[Finding]:
    problem = check_map(rules)
    if problem is not None:
        yield Finding(problem[0], (*keys, problem[1]))


def read_cleaning(
    table: Mapping[str, Any],
    read_file: Callable[[str], MapFile],
    locate: Callable[[Keys], str] = lambda _: "",
) -> Cleaning | None:
    """Return how a source cleans its cells; None if it changes none.

    - `table`: the table of the source; `locate`: as in `Cleaning`.
    - `read_file`: reads a map file.

    Raise `ConfigurationError` if the table or a map file is not valid.
    """
    for finding in find_problems(table):
        raise ConfigurationError(finding.message)
    general = {key: table[key] for key in CELL_OPTIONS if key in table}
    inherited = {key: general[key] for key in general if key not in MAP_OPTIONS}
    # Most cells of a whole source are in no map of it.
    common = _read_rules(general, dict.fromkeys(general, ()), KEEP, read_file, locate)
    columns = {}
    for column, own in table.get("columns", {}).items():
        keys: dict[str, Keys] = dict.fromkeys(inherited, ()) | dict.fromkeys(own, ("columns", column))
        rules = _read_rules({**inherited, **own}, keys, REJECT, read_file, locate)
        columns[column] = (
            rules
            if rules.values
            else replace(rules, values=common.values, keys={**common.keys, **rules.keys})
        )
    if common.is_empty and all(rules.is_empty for rules in columns.values()):
        return None
    return Cleaning(common, columns, locate)


def _read_rules(
    rules: Mapping[str, Any],
    tables: Mapping[str, Keys],
    otherwise: str,
    read_file: Callable[[str], MapFile],
    locate: Callable[[Keys], str],
) -> CellRules:
    """Return the rules of a checked table; `tables` is the position of the table that has each key."""
    blank = rules.get("blank", ())
    blanks = blank if isinstance(blank, list | tuple) else [blank]
    strip = _texts(rules.get("strip", ()))
    split = "|".join(map(re.escape, _texts(rules.get("split", ()))))
    keys = {key: (*position, key) for key, position in tables.items()}
    return CellRules(
        frozenset(_to_text(item).strip().casefold() for item in blanks),
        _Strip([text.strip() or text for text in strip]) if strip else None,
        re.compile(split) if split else None,
        read_map(rules, read_file, lambda key: locate(keys[key]), otherwise),
        keys,
    )


def _texts(value: str | list[str] | tuple[str, ...]) -> list[str]:
    """Return texts, longer ones first: a shorter one can be a part of them."""
    return sorted([value] if isinstance(value, str) else value, key=len, reverse=True)


def _both_cases(characters: Iterable[str]) -> frozenset[str]:
    return frozenset(form for text in characters for form in (text, *text.lower(), *text.upper()))


def _to_text(cell: Any) -> str:
    return cell if isinstance(cell, str) else str(convert_cell(cell, _TEXT))


class _Rejected(NamedTuple):
    """A cell that cannot be used, and why."""

    reason: str


class _ColumnCleaner:
    """Cleans the cells of one column in one pass.

    - `value_of`: returns what a text stands for; `kept`: that of texts, also of those to split.
    - `is_mapped`: whether a cell was in the map; `examples`: cells that were not.
    """

    def __init__(self, column: str, rules: CellRules, locate: Callable[[Keys], str]) -> None:
        self.rules = rules
        self._blank, self._first = rules.blank, rules.first
        self._values = rules.values
        self._strip = str if rules.strip is None else rules.strip.apply
        is_only_strip = rules.strip is not None and rules.changes_ends_only and not rules.blank
        self.value_of = self._stripped if is_only_strip else self._value_of
        self.kept = _Kept(self.value_of if rules.split is None else self._value_of_parts)
        self.is_mapped = False
        self.examples: list[str] = []
        self.column = quote_name(column)
        self._locate = locate

    def clean(self, cell: Any) -> Any:
        """Return the value of a cell, or a `_Rejected`; a list can be that of an earlier cell."""
        if isinstance(cell, str):
            return self.kept[cell]
        if cell is None or isinstance(cell, dict):
            return cell
        if isinstance(cell, list | tuple):
            return _join([self.clean(item) for item in cell])
        try:
            text = _to_text(cell)
        except InvalidInput:
            return cell  # whoever reads it rejects it
        if self._is_blank(text):
            return None
        return cell if self._values is None else self._map(text, cell, self._values)

    def _value_of_parts(self, text: str) -> Any:
        """Return the values of the parts of a text, or that of a text without parts."""
        split = self.rules.split
        if split is None or self._is_blank(text):
            return self.value_of(text)
        parts = [part.strip() for part in split.split(text)]
        return self.value_of(text) if len(parts) == 1 else _join(map(self.value_of, parts))

    def _value_of(self, text: str) -> Any:
        """Return what a text stands for."""
        if self._is_blank(text):
            return None
        if self.rules.strip is not None:
            stripped = self._stripped(text)
            if stripped.__class__ is _Rejected:
                return stripped
            if stripped is not text and stripped.casefold() in self._blank:
                return None
            text = stripped
        return text if self._values is None else self._map(text, text, self._values)

    def _stripped(self, text: str) -> Any:
        """Return what `strip` leaves of a text, or a `_Rejected` if that is nothing."""
        left = self._strip(text)
        if left or not text:
            return left
        where = f"column {self.column} after strip{self._locate(self.rules.keys['strip'])}"
        remedy = "If it stands for nothing, add it to blank."
        return _Rejected(f"Nothing is left of {quote_name(text)} in {where}. {remedy}")

    def _is_blank(self, text: str) -> bool:
        return text[:1] in self._first and text.strip().casefold() in self._blank

    def _map(self, text: str, cell: Any, values: ValueMap) -> Any:
        """Return what the map has for the text of a cell."""
        text = text.strip()
        if not text:
            return cell
        if values.knows(text):
            self.is_mapped = True
        elif text not in self.examples and len(self.examples) < _EXAMPLES:
            self.examples.append(text)
        try:
            value = values.find(text, f" in column {self.column}")
        except InvalidInput as error:
            return _Rejected(str(error))
        return cell if value == text else None if is_blank(value) else value


def _join(values: Iterable[Any]) -> Any:
    """Return the values of the parts of a cell as a list; None if all are blank."""
    items: list[Any] = []
    for value in values:
        if value.__class__ is _Rejected:
            return value
        if not is_blank(value):
            items += value if isinstance(value, list) else [value]
    return items or None


class _Column(NamedTuple):
    """What to do with the cells of a column.

    - `kept`: the values of texts. None if only texts with the characters `first` or `last` at their ends can
      change: `value_of` returns the values of those.
    - `clean`: returns the value of another cell.
    """

    column: str
    kept: Mapping[str, Any] | None
    first: frozenset[str]
    last: frozenset[str]
    value_of: Callable[[str], Any]
    clean: Callable[[Any], Any]


class CleaningPass:
    """Cleans the rows of one pass over a source."""

    def __init__(self, cleaning: Cleaning, columns: tuple[str, ...] | None) -> None:
        """Start with what no row has shown yet; `columns` are those of each row, None if they differ."""
        self._cleaning = cleaning
        self._cleaners: dict[str, _ColumnCleaner] = {}
        self._plans: dict[tuple[str, ...], list[_Column]] = {}
        self._common_plan = None if columns is None else self._make_plan(columns)

    def clean(self, row: Row) -> bool:  # noqa: C901, PLR0912  (for each cell: a call would cost more than all)
        """Clean the cells of a row in place; return whether any of them has a value or is unreadable."""
        if row.problem is not None:
            return True
        values, plan = row.values, self._common_plan
        if plan is None or row.unreadable:
            plan = self._plan_of(tuple(values))
        rejected, has_blanks = None, False
        for column, kept, first, last, value_of, clean in plan:
            cell = values[column]
            if cell.__class__ is str:
                if kept is not None:
                    value = kept[cell]
                elif cell[:1] in first or cell[-1:] in last:
                    value = value_of(cell)
                else:
                    continue
            elif kept is not None or cell.__class__ is list:
                value = clean(cell)
            else:
                continue
            if value is None:
                has_blanks = True
            elif value.__class__ is list:
                value = [*value]  # the one that is kept is for other rows, too
            elif value.__class__ is _Rejected:
                rejected = {**(rejected or {}), column: value.reason}
            values[column] = value
        if rejected is not None:
            row.mark_unreadable(rejected)
        return not has_blanks or bool(row.unreadable) or not all(map(is_blank, values.values()))

    def _plan_of(self, columns: tuple[str, ...]) -> list[_Column]:
        plan = self._plans.get(columns)
        return self._make_plan(columns) if plan is None else plan

    def _make_plan(self, columns: tuple[str, ...]) -> list[_Column]:
        """Return what to do with rows that have these columns."""
        if len(self._plans) >= _MAX_PLANS:
            self._plans.clear()
        plan = self._plans[columns] = []
        for column in columns:
            rules = self._cleaning.columns.get(column, self._cleaning.common)
            if rules.is_empty:
                continue
            cleaner = self._cleaner_of(column)
            kept = None if rules.changes_ends_only else cleaner.kept
            plan.append(_Column(column, kept, rules.first, rules.last, cleaner.value_of, cleaner.clean))
        return plan

    def _cleaner_of(self, column: str) -> _ColumnCleaner:
        if column not in self._cleaners:
            rules = self._cleaning.columns.get(column, self._cleaning.common)
            self._cleaners[column] = _ColumnCleaner(column, rules, self._cleaning.locate)
        return self._cleaners[column]

    def findings(self) -> list[Finding]:
        """Return each map that no cell was in, although there were cells."""
        by_keys: dict[Keys, list[_ColumnCleaner]] = {}
        for cleaner in self._cleaners.values():
            if cleaner.rules.values is not None:
                key = "map" if "map" in cleaner.rules.keys else "map_file"
                by_keys.setdefault(cleaner.rules.keys[key], []).append(cleaner)
        findings = []
        for keys, cleaners in by_keys.items():
            examples = [example for cleaner in cleaners for example in cleaner.examples][:_EXAMPLES]
            values = cleaners[0].rules.values
            if examples and values is not None and not any(cleaner.is_mapped for cleaner in cleaners):
                where = f"column {cleaners[0].column}" if keys[0] == "columns" else "the source"
                cells, known = (
                    ", ".join(map(quote_name, [*texts][:_EXAMPLES])) for texts in (examples, values.values)
                )
                findings.append(
                    Finding(
                        f"No cell of {where} is in its {values.origin}, which has {known}. "
                        f"Cells are {cells}.",
                        keys,
                    )
                )
        return findings
