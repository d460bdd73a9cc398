"""Guess what the columns of a sheet are: its name, key and parent, fields, and what they refer to.

Pure functions of samples. A guess is written into a job for a person to read; a run never guesses.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from ardoqpy._messages import is_similar, similarity
from ardoqpy.errors import InvalidInput
from ardoqpy.metamodel import Field
from ardoqpy_sync.job.scaffold.value_maps import SEPARATORS, guess_values
from ardoqpy_sync.sources.cell_conversion import convert_cell
from ardoqpy_sync.sources.cell_formats import DEFAULT_FORMATS, read_formats

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ardoqpy_sync.job.scaffold.sheets import Column, Sheet
    from ardoqpy_sync.job.scaffold.value_maps import ValueGuess
    from ardoqpy_sync.sources.cell_formats import CellFormats

#: The usual names of a column with component names, of one with descriptions, and of one with parents.
NAMES = ("name", "title", "navn", "namn", "nom", "nombre", "label", "component", "nimi", "naam")
DESCRIPTIONS = ("description", "summary", "beskrivelse", "beskrivning", "beschreibung", "omschrijving")
PARENTS = ("parent", "part of", "belongs to", "overordnet", "forelder", "del av", "hører til", "teil von")
_KEY_WORDS = {"id", "key", "nr", "no", "number", "code", "uuid", "guid", "nummer", "kode", "nøkkel", "ident"}
#: The least similarity of a column to the field, or a sheet to the type, that it is taken for.
NEAR, NEAR_TYPE = 0.8, 0.7
#: The least share of the texts of a column that are names of components it may refer to.
_MIN_COVERED = 0.8
#: How many different texts of a column are tried.
_TRIED, _TRIED_FIRST = 300, 20
#: A list has so many options at most, each of so many characters; longer text than this is a text area.
_MAX_OPTIONS, _MAX_OPTION, _LONG_TEXT = 12, 40, 200
_DATE_FORMATS = (
    *("%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%Y/%m/%d", "%Y.%m.%d", "%d.%m.%y"),
    *("%d.%m.%Y %H:%M", "%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M", "%d %b %Y", "%d-%b-%Y"),
)
_YES_NO = (
    ("ja", "nei"),
    ("ja", "nej"),
    ("ja", "nein"),
    ("ja", "nee"),
    ("oui", "non"),
    ("si", "no"),
    ("sí", "no"),
)
_DATES = ("Date", "DateTime")
_ISO_DATE = "%Y-%m-%d"
#: By field type, the formats of a column that needs none, written out.
_PLAIN: Mapping[str, Mapping[str, str]] = {"Number": {"decimal": "."}}
#: Zeros that a number does not have, a sign that none needs, and an exponent.
_CODE = re.compile(r"0\d|\+|.*\d[eE][+-]?\d+$")
#: By field type: the formats that are tried.
_CHOICES: Mapping[str, Sequence[dict[str, str]]] = {
    **{kind: [{"dates": form} for form in _DATE_FORMATS] for kind in _DATES},
    "Number": [{"decimal": ","}, {"decimal": "."}],
    "Checkbox": [{"yes": yes, "no": no} for yes, no in _YES_NO],
    "SelectMultipleList": [{"separator": separator} for separator in SEPARATORS[1:]],
}


class TypeColumn(NamedTuple):
    """A column with the types of its rows, and what its values stand for among the types of a workspace."""

    column: Column
    values: ValueGuess


class FieldMatch(NamedTuple):
    """The field of a column, and whether its name or label is that of the column, apart from signs."""

    field: Field
    is_exact: bool


class Target(NamedTuple):
    """What a column refers to: components of a sheet.

    - `column`: the column of that sheet with their names or keys; `split`: the text between several of them.
    """

    sheet: Sheet
    column: str
    split: str | None


# -- columns of one sheet -------------------------------------------------------------------------------


def find_name(columns: Sequence[Column], type_name: str) -> Column:
    """Return the column with the names of the components: by its name, else the first of unique texts.

    Words come before what has mostly digits, such as amounts, dates and addresses.
    """
    wanted = (*NAMES, type_name, *(f"{type_name} {name}" for name in NAMES))
    by_name = _find_similar(columns, wanted) or next(
        (column for column in columns if column.is_unique and _words(column.name) & set(NAMES)), None
    )
    unique = [column for column in columns if column.is_unique]
    texts = [column for column in unique if not is_key_like(column.name)]
    named = [column for column in columns if column.is_nearly_unique and not is_key_like(column.name)]
    ranked = [*filter(_has_words, texts), *filter(_has_words, named), *texts, *unique]
    return by_name or next(iter(ranked), columns[0])


def _has_words(column: Column) -> bool:
    """Return whether half of the texts of a column begin with a letter, and have more letters than digits."""
    texts = column.texts[:_TRIED]
    return 2 * sum(map(_is_word, texts)) >= len(texts)


def _is_word(text: str) -> bool:
    letters, digits = (sum(map(is_kind, text)) for is_kind in (str.isalpha, str.isdigit))
    return text[0].isalpha() and letters > digits and not re.search("@|://", text)


def find_description(columns: Sequence[Column]) -> Column | None:
    """Return the column with the descriptions, None if none is called so."""
    return _find_similar(columns, DESCRIPTIONS)


def find_parent(columns: Sequence[Column]) -> Column | None:
    """Return the column with the parents, None if none is called so."""
    named = _find_similar(columns, PARENTS)
    return named or next((column for column in columns if "parent" in _words(column.name)), None)


def is_key_like(name: str) -> bool:
    """Return whether the name of a column has a word for a key, such as "id"."""
    return bool(_words(name) & _KEY_WORDS)


def _find_similar(columns: Iterable[Column], names: Sequence[str]) -> Column | None:
    return next((column for column in columns if any(is_similar(column.name, name) for name in names)), None)


def _words(name: str) -> set[str]:
    """Return the words of a name in lower case; "AppID" has two."""
    separated = re.sub(r"(?<=[a-zæøåäöü])(?=[A-ZÆØÅÄÖÜ])", " ", name)
    return set(re.findall(r"[^\W_]+", separated.casefold()))


# -- fields ---------------------------------------------------------------------------------------------


def match_fields(columns: Sequence[Column], fields: Sequence[Field]) -> dict[str, FieldMatch]:
    """Return the fields of columns, by column: those of the same name or label, then the most similar ones.

    A field has one column at most. A column that is only similar has to fit: at least half of its cells are
    valid for the field, or are sure to mean one of its options.
    """
    matches: dict[str, FieldMatch] = {}
    free = list(fields)
    for is_field_of in (_has_label, _is_named):
        for column in columns:
            if column.name in matches:
                continue
            field = next((field for field in free if is_field_of(field, column.name)), None)
            if field is not None:
                matches[column.name] = FieldMatch(field, is_exact=True)
                free.remove(field)
    pairs = [
        (max(similarity(column.name, field.name), similarity(column.name, field.label)), column, field)
        for column in columns
        if column.name not in matches
        for field in free
    ]
    for ratio, column, field in sorted(pairs, key=lambda pair: -pair[0]):
        if ratio < NEAR:
            break
        if column.name not in matches and field in free and _half_fits(column, field):
            matches[column.name] = FieldMatch(field, is_exact=False)
            free.remove(field)
    return matches


def _half_fits(column: Column, field: Field) -> bool:
    if field.options and 2 * option_values(column, field).share >= 1:
        return True
    failing = _failing(column, field, guess_formats([(column, field)]).of(column.name))
    return 2 * len(failing) <= len(_distinct(column))


def option_values(column: Column, field: Field) -> ValueGuess:
    """Return what the values of a column stand for among the options of a list field."""
    return guess_values(column, field.options, several=field.type == "SelectMultipleList")


def find_field_by_values(column: Column, fields: Sequence[Field]) -> Field | None:
    """Return the only list field with several options that the values of a column stand for, or None."""
    fitting = []
    for field in fields:
        if field.options:
            guess = option_values(column, field)
            if guess.share >= _MIN_COVERED and len(set(guess.meanings.values())) > 1:
                fitting.append(field)
    return fitting[0] if len(fitting) == 1 else None


def find_types(
    columns: Sequence[Column], types: Sequence[str], fields: Sequence[Field], row_count: int
) -> TypeColumn | None:
    """Return the column with the type of each row; None if no column has several of the types.

    - `fields`: a column with the name of one of these is that field.
    - `row_count`: how many rows the sheet has.

    Each row has a value there, and at least half of the different ones are types or sure to mean one.
    """
    for column in columns:
        if len(column.texts) == row_count and not any(_is_named(each, column.name) for each in fields):
            values = guess_values(column, types)
            if 2 * values.share >= 1 and len(set(values.meanings.values())) > 1:
                return TypeColumn(column, values)
    return None


def _has_label(field: Field, name: str) -> bool:
    """Return whether a column has the very label of a field: others can be called so apart from signs."""
    return name.split() == field.label.split()


def _is_named(field: Field, name: str) -> bool:
    return is_similar(field.name, name) or is_similar(field.label, name)


def most_similar(name: str, candidates: Iterable[str], least: float = NEAR_TYPE) -> str | None:
    """Return the name that is most similar to another; None if none is similar enough."""
    ranked = sorted(
        ((similarity(name, candidate), candidate) for candidate in candidates), key=lambda pair: -pair[0]
    )
    return ranked[0][1] if ranked and ranked[0][0] >= least else None


# -- formats --------------------------------------------------------------------------------------------


class GuessedFormats(NamedTuple):
    """The formats of a source.

    - `table`: as the table `formats` of a job; `columns`: the same by column, where one needs others.
    - `undecided`: what could not be decided.
    """

    table: dict[str, str | list[str]]
    columns: dict[str, Mapping[str, str]]
    undecided: list[str]

    def of(self, column: str) -> CellFormats:
        """Return the formats of a column."""
        return read_formats({**self.table, **self.columns.get(column, {})})


def guess_formats(pairs: Sequence[tuple[Column, Field]]) -> GuessedFormats:
    """Return the formats in which the cells of columns are valid for their fields.

    A format is only given if cells need it. If dates can be read in two ways, neither is given.
    """
    table: dict[str, str | list[str]] = {}
    columns: dict[str, str] = {}
    undecided: list[str] = []
    dates: dict[str, str] = {}
    #: By column, the formats that it needs by itself, if that was decided.
    own: dict[str, Mapping[str, str]] = {}
    for column, field in pairs:
        best = _best(column, field, _CHOICES.get(field.type, ()))
        if len({_readings(column, field, choice) for choice in best}) > 1:
            (key, *_) = best[0]
            either = " or ".join(f'"{choice[key]}"' for choice in best)
            undecided.append(f"the cells of {column.name} fit {key} = {either}: set it in formats")
            continue
        own[column.name] = best[0] if best else _PLAIN.get(field.type, {})
        if best and field.type in _DATES:
            dates[column.name] = best[0]["dates"]
        elif best:
            table = {**best[0], **table}
    if dates:
        is_iso = any(
            field.type in _DATES and column.texts and not _failing(column, field, DEFAULT_FORMATS)
            for column, field in pairs
        )
        forms = list(dict.fromkeys([*dates.values(), *([_ISO_DATE] if is_iso else [])]))
        columns = _columns_with_own_dates(pairs, dates, forms)
        forms = [form for form in forms if form == _ISO_DATE or form not in columns.values()]
        table["dates"] = forms[0] if len(forms) == 1 else forms
    differing = {
        column.name: own[column.name]
        for column, field in pairs
        if own.get(column.name)
        and field.type not in _DATES
        and _readings(column, field, table) != _readings(column, field, own[column.name])
    }
    by_column = {**{name: {"dates": form} for name, form in columns.items()}, **differing}
    return GuessedFormats(table, by_column, undecided)


def _columns_with_own_dates(
    pairs: Sequence[tuple[Column, Field]], dates: Mapping[str, str], forms: list[str]
) -> dict[str, str]:
    """Return the formats of columns whose dates would be read otherwise if all forms were tried in turn."""
    common = next(iter(dates.values()))
    differs = any(
        _readings(column, field, {"dates": forms}) != _readings(column, field, {"dates": dates[column.name]})
        for column, field in pairs
        if column.name in dates
    )
    return {name: form for name, form in dates.items() if form != common} if differs else {}


def _best(column: Column, field: Field, choices: Sequence[dict[str, str]]) -> list[dict[str, str]]:
    """Return the formats with the fewest invalid cells, if they are fewer than without a format."""
    without = len(_failing(column, field, DEFAULT_FORMATS))
    failing = (
        [(len(_failing(column, field, read_formats(choice))), choice) for choice in choices]
        if without
        else []
    )
    fewest = min((count for count, _ in failing), default=without)
    return [choice for count, choice in failing if count == fewest] if fewest < without else []


def _readings(column: Column, field: Field, choice: Mapping[str, Any]) -> tuple[Any, ...]:
    formats = read_formats(choice)
    return tuple(_convert(cell, field, formats) for cell in _distinct(column))


def find_invalid(column: Column, field: Field, formats: CellFormats) -> list[str]:
    """Return the different texts of a column that are not valid for a field."""
    return [str(cell) for cell in _failing(column, field, formats)]


def _failing(column: Column, field: Field, formats: CellFormats) -> list[Any]:
    return [cell for cell in _distinct(column) if _convert(cell, field, formats) is None]


def _convert(cell: Any, field: Field, formats: CellFormats) -> Any:
    try:
        value = convert_cell(cell, field, formats)
    except InvalidInput:
        return None
    return tuple(value) if isinstance(value, list) else value


def _distinct(column: Column) -> list[Any]:
    """Return the first different cells of a column."""
    cells = dict(zip(column.texts, column.cells, strict=True))
    return list(cells.values())[:_TRIED]


# -- field types ----------------------------------------------------------------------------------------


class GuessedType(NamedTuple):
    """The type of a field that holds the cells of a column, and its options if it is a list."""

    type: str
    options: tuple[str, ...] = ()


def guess_type(column: Column) -> GuessedType:
    """Return the type of field whose values all cells of a column are: Text if they are of no other."""
    texts = list(dict.fromkeys(column.texts))
    if not texts or is_key_like(column.name):
        return GuessedType("Text")
    first = column._replace(cells=column.cells[:_TRIED_FIRST], texts=column.texts[:_TRIED_FIRST])
    for kind in ("Checkbox", "Number", "DateTime", "Email"):
        field = Field(column.name, column.name, kind)
        # Most columns are of no such kind, and a few cells show it.
        if (
            not (kind == "Checkbox" and set(texts) <= {"0", "1"})
            and not (kind == "Number" and _are_codes(texts))
            and _fits(first, field)
            and _fits(column, field)
        ):
            return GuessedType(kind)
    if all(re.match(r"https?://", text) for text in texts):
        return GuessedType("Url")
    if any(len(text) > _LONG_TEXT or "\n" in text for text in texts):
        return GuessedType("TextArea")
    is_repeated = 1 < len(texts) <= _MAX_OPTIONS and 2 * len(texts) <= len(column.texts)
    if is_repeated and not any("," in text or len(text) > _MAX_OPTION for text in texts):
        return GuessedType("List", tuple(texts))
    return GuessedType("Text")


def _are_codes(texts: Sequence[str]) -> bool:
    """Return whether texts are more than numbers, which would lose `0341`, or `2.10` beside `2.1`."""
    texts = [text.strip() for text in texts]
    fractions = [text for text in texts if "." in text or "," in text]
    shortened = {text.rstrip("0").rstrip(".,") for text in fractions}
    return any(map(_CODE.match, texts)) or len(shortened) < len(set(fractions))


def _fits(column: Column, field: Field) -> bool:
    return not _failing(column, field, guess_formats([(column, field)]).of(column.name))


# -- what columns refer to -------------------------------------------------------------------------------


def find_target(column: Column, targets: Sequence[tuple[Sheet, Sequence[str]]]) -> Target | None:
    """Return the components that a column refers to; None if most of its texts are no names or keys.

    - `targets`: sheets with components, each with its columns of names and keys.
    """
    best: tuple[float, Target] | None = None
    for sheet, names in targets:
        for name in names:
            known = {text.lower() for text in sheet.column(name).texts}
            for split in (None, *SEPARATORS):
                share = _covered(column, known, split)
                if share >= _MIN_COVERED and (best is None or share > best[0]):
                    best = (share, Target(sheet, name, split))
    return best[1] if best else None


def _covered(column: Column, known: set[str], split: str | None) -> float:
    """Return the share of the different texts of a column that are known."""
    texts = set(column.texts)
    if split is not None:
        if not any(split in text for text in texts):
            return 0.0
        texts = {part.strip() for text in texts for part in text.split(split) if part.strip()}
    return sum(text.lower() in known for text in texts) / len(texts) if texts else 0.0
