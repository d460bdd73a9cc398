"""Guess what the values of a column stand for: options of a field, or names of types; and write it as a map.

Only what is sure is written; a person fills in the rest. A run never guesses.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Any, NamedTuple

from ardoqpy._messages import quote_name
from ardoqpy_sync.job.scaffold.toml_text import comment_lines, toml_key, toml_text, toml_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ardoqpy_sync.job.scaffold.sheets import Column

#: The texts between several values in a cell that are tried.
SEPARATORS = (",", ";", "|", "/")
#: How many names, and values to be filled in, a map lists.
_MAX_LISTED = 30
#: How many different texts of a column are tried.
_MAX_TRIED = 300
#: How many characters are compared; a name from so many characters on may have one or two typing errors.
_MAX_COMPARED, _ONE_ERROR, _TWO_ERRORS = 60, 4, 10
#: Words up to this length, and those with digits, have no typing errors: `Tier 1` is not `Tier 2`.
_SHORT_WORD = 3
#: Letters that Unicode does not take apart into a letter and a mark.
_LETTERS = str.maketrans({"ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th"})


class ValueGuess(NamedTuple):
    """What the values of a column stand for.

    - `meanings`: by value, the name that it stands for: itself, or the one that it is sure to mean.
    - `unknown`: the other values; `split`: the text between several values in a cell.
    """

    meanings: Mapping[str, str]
    unknown: tuple[str, ...] = ()
    split: str | None = None

    @property
    def share(self) -> float:
        """Return the share of the values that stand for something."""
        count = len(self.meanings) + len(self.unknown)
        return len(self.meanings) / count if count else 0.0

    @property
    def needs_map(self) -> bool:
        """Whether a field or a type rejects some of the values; it takes its names in any letter case."""
        return bool(self.unknown) or any(
            value.casefold() != name.casefold() for value, name in self.meanings.items()
        )


def guess_values(column: Column, names: Sequence[str], *, several: bool = False) -> ValueGuess:
    """Return what the values of a column stand for among names: options of a field, or types.

    - `several`: whether a cell can have several values.
    """
    texts = list(dict.fromkeys(column.texts))[:_MAX_TRIED]
    best = _guess(texts, names)
    for split in SEPARATORS if several else ():
        if any(split in text for text in texts):
            parts = dict.fromkeys(part.strip() for text in texts for part in text.split(split))
            guess = _guess([part for part in parts if part], names)
            if guess.share > best.share:
                best = guess._replace(split=split)
    return best


def _guess(values: Iterable[str], names: Sequence[str]) -> ValueGuess:
    meanings: dict[str, str] = {}
    unknown: list[str] = []
    for value in values:
        name = find_meaning(value, names)
        if name is None:
            unknown.append(value)
        else:
            meanings[value] = name
    return ValueGuess(meanings, tuple(unknown))


def find_meaning(value: str, names: Sequence[str]) -> str | None:
    """Return the name that a value is sure to mean; None if there is no such name, or more than one.

    A name has the letters of the value, apart from letter case, white space, diacritics, and, if it has no
    digits, signs. Or it is the only one with a typing error: one letter is missing, added, another one, or
    changed places with the next. Two errors are allowed in a long name, none in its first letter, a short
    word or a number.
    """
    if value in names:
        return value
    for fold in (str.casefold, _fold, _letters):
        same = [name for name in names if fold(name) == fold(value)]
        if same:
            return same[0] if len(same) == 1 else None
    near = [name for name in names if _is_near(value, name)]
    return near[0] if len(near) == 1 else None


def _fold(text: str) -> str:
    """Return a text in lower case, without white space and diacritics."""
    return "".join(_without_marks(text).split())


def _letters(text: str) -> str:
    """Return only the letters of a text that has many enough, and no digits; otherwise as `_fold` does.

    The signs of a number count, and so do those of a short name: C is not C++.
    """
    folded = _fold(text)
    letters = "".join(filter(str.isalpha, folded))
    has_digits = any(map(str.isdigit, folded))
    return letters if len(letters) >= _ONE_ERROR and not has_digits else folded


def _without_marks(text: str) -> str:
    apart = unicodedata.normalize("NFKD", text.casefold()).translate(_LETTERS)
    return "".join(sign for sign in apart if not unicodedata.combining(sign))


def _is_near(value: str, name: str) -> bool:
    first, second = _fold(value), _fold(name)
    length = min(len(first), len(second))
    if length < _ONE_ERROR or max(len(first), len(second)) > _MAX_COMPARED or first[0] != second[0]:
        return False
    if _exact_words(value) != _exact_words(name):
        return False
    return _count_errors(first, second) <= (2 if length >= _TWO_ERRORS else 1)


def _exact_words(text: str) -> list[str]:
    """Return the words that have to be the same: short ones and those with digits, sorted."""
    words = re.findall(r"[^\W_]+", _without_marks(text))
    return sorted(word for word in words if len(word) <= _SHORT_WORD or any(map(str.isdigit, word)))


def _count_errors(first: str, second: str) -> int:
    """Return the number of typing errors between two texts: the optimal string alignment distance."""
    before: list[int] = []
    row = list(range(len(second) + 1))
    for i, letter in enumerate(first, 1):
        before, last, row = row, before, [i]
        for j, other in enumerate(second, 1):
            errors = min(before[j] + 1, row[-1] + 1, before[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == second[j - 2] and first[i - 2] == other:
                errors = min(errors, last[j - 2] + 1)
            row.append(errors)
    return row[-1]


# -- as TOML ----------------------------------------------------------------------------------------------


class NamedValues(NamedTuple):
    """What the values of a column stand for, and the names that they can stand for."""

    guess: ValueGuess
    names: Sequence[str]


def column_lines(
    source: str, columns: Mapping[str, Mapping[str, Any]], values: Mapping[str, NamedValues]
) -> list[str]:
    """Return the tables of a source's columns, each with the map of its values if it needs one.

    - `source`: the key of the source; `columns`: the tables that it has already, by column.
    - `values`: what the values stand for, by column.

    Values that stand for nothing known are comments, to be filled in.
    """
    lines: list[str] = []
    for column in dict.fromkeys([*columns, *values]):
        start = f"sources.{toml_key(source)}.columns.{toml_key(column)}"
        table = columns.get(column, {})
        if table:
            lines += ["", f"[{start}]", *(f"{toml_key(key)} = {toml_value(table[key])}" for key in table)]
        if column in values and values[column].guess.needs_map:
            lines += _map_lines(start, table, *values[column])
    return lines


def value_sentences(label: str, values: Mapping[str, NamedValues]) -> list[str]:
    """Return a sentence for each column of a sheet whose values need a map."""
    sentences = []
    for column, (guess, _) in values.items():
        if guess.needs_map:
            count = sum(value != name for value, name in guess.meanings.items())
            near = f"{count} mapped to near names" if count else "no near names"
            unknown = f", {len(guess.unknown)} to be filled in" if guess.unknown else ""
            sentences.append(f"{label}: values of {quote_name(column)} need a map: {near}{unknown}.")
    return sentences


def _map_lines(start: str, table: Mapping[str, Any], guess: ValueGuess, names: Sequence[str]) -> list[str]:
    """Return the lines of a map; comments if no value is sure, or if the column has a map already."""
    entries: dict[str, str] = {}
    for value, name in guess.meanings.items():
        if value != name:
            entries.setdefault(value.casefold(), f"{toml_text(value)} = {toml_text(name)}")
    sign = "" if entries and not {"map", "map_file"} & set(table) else "# "
    # The field or the type checks what is not in the map.
    keys = {"otherwise": "keep", **({"split": guess.split} if guess.split else {})}
    listed = ", ".join(map(toml_text, names[:_MAX_LISTED]))
    more = f" and {len(names) - _MAX_LISTED} more" if len(names) > _MAX_LISTED else ""
    check = " Check what they are mapped to." if entries else ""
    lines = [
        *([] if table else ["", f"{sign}[{start}]"]),
        *(f"{sign}{key} = {toml_text(value)}" for key, value in keys.items() if key not in table),
        f"{sign}[{start}.map]",
        *comment_lines(f"Values can stand for {listed}{more}.{check}"),
        *(f"{sign}{entry}" for entry in entries.values()),
    ]
    if guess.unknown:
        rest = len(guess.unknown) - _MAX_LISTED
        lines += [
            '# Write what these stand for, "" for nothing, and remove the signs #:',
            *(f'# {toml_text(value)} = "..."' for value in guess.unknown[:_MAX_LISTED]),
            *([f"# and {rest} more, which ardoqpy-sync check lists"] if rest > 0 else []),
        ]
    return lines
