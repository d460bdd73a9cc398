"""Words of a source and what they stand for, from a table or a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from ardoqpy._messages import quote_name, suggest
from ardoqpy.errors import ConfigurationError, InvalidInput
from ardoqpy.metamodel import Field
from ardoqpy_sync.sources.cell_conversion import convert_cell
from ardoqpy_sync.sources.options import TEXT, Option
from ardoqpy_sync.sources.row import is_blank

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ardoqpy_sync.sources.row import Row

#: Words of `otherwise`; any other value stands for each text that is not in the map.
REJECT, KEEP = "reject", "keep"
_SCALARS = (str, int, float)
_TEXT = Field("value", "value", "Text")


def _are_values(value: Any) -> bool:
    return bool(value) and all(isinstance(item, _SCALARS) for item in value.values())


MAP_OPTIONS: Mapping[str, Option] = {
    "map": Option((dict,), 'a table such as { "I drift" = "Live" }', check=_are_values),
    "map_file": TEXT,
    "otherwise": Option((*_SCALARS, bool), '"reject", "keep", or a value', allow_empty=True),
}


class MapFile(NamedTuple):
    """The content of a map file: its columns, and its rows."""

    columns: Sequence[str]
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True)
class ValueMap:
    """A map from texts to values.

    - `origin`: what messages call the map, such as "map (job.toml line 9)".
    - `values`: the values by text; `folded`: by text in lower case, where only one text has it.
    - `otherwise`: "reject", "keep", or the value of each text that is not in the map.

    A text that the map does not have stays as it is if it is one of the values.
    """

    origin: str
    values: Mapping[str, Any]
    folded: Mapping[str, Any]
    otherwise: Any = REJECT

    def knows(self, text: str) -> bool:
        """Return whether the map has a text, in any letter case."""
        return text in self.values or text.casefold() in self.folded

    def find(self, text: str, subject: str = "") -> Any:
        """Return the value of a text: an exact text wins over one in another letter case.

        - `subject`: what the text is, such as " in column 'Status'", for the message.

        Raise `InvalidInput` if the map does not have it and `otherwise` is "reject".
        """
        if text in self.values:
            return self.values[text]
        folded = text.casefold()
        if folded in self.folded:
            return self.folded[folded]
        if self.otherwise == KEEP or text in self.values.values():
            return text
        if self.otherwise != REJECT:
            return self.otherwise
        raise InvalidInput(
            f"{quote_name(text)}{subject} is not in {self.origin}: {suggest(text, self.values)} "
            "Add it there, or set otherwise."
        )


def check_map(table: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return what is wrong with the keys of a map together, and the key; None if nothing is."""
    if "map" in table and "map_file" in table:
        return "map and map_file are both set. Remove one of them.", "map_file"
    if "otherwise" in table and "map" not in table and "map_file" not in table:
        return "otherwise is set without a map. Add map or map_file.", "otherwise"
    return None


def read_map(
    table: Mapping[str, Any],
    read_file: Callable[[str], MapFile],
    locate: Callable[[str], str],
    otherwise: str,
) -> ValueMap | None:
    """Return the map of a table with the keys `map` or `map_file`, and `otherwise`; None if it has none.

    - `read_file`: reads a map file.
    - `locate`: gives for a key of the table what messages add, such as " (job.toml line 9)".
    - `otherwise`: the default of `otherwise`.

    Raise `ConfigurationError` if the map file cannot be read, has a value twice, or has no values.
    """
    if "map" in table:
        return _make_map(f"map{locate('map')}", table["map"], table.get("otherwise", otherwise))
    if "map_file" not in table:
        return None
    file = table["map_file"]
    try:
        values = _read_values(read_file(file))
    except (ConfigurationError, InvalidInput) as error:
        raise ConfigurationError(f"The map file {quote_name(file)} cannot be used: {error}") from None
    return _make_map(f"{file}{locate('map_file')}", values, table.get("otherwise", otherwise))


def _make_map(origin: str, values: Mapping[str, Any], otherwise: Any) -> ValueMap:
    texts = {text.strip(): value for text, value in values.items()}
    folded: dict[str, list[Any]] = {}
    for text, value in texts.items():
        folded.setdefault(text.casefold(), []).append(value)
    # Texts that differ only in letter case have a value each: another spelling means none of them.
    single = {text: values[0] for text, values in folded.items() if len(set(map(repr, values))) == 1}
    return ValueMap(origin, texts, single, otherwise)


def _read_values(file: MapFile) -> dict[str, Any]:
    """Return the values of a map file: its first column has the texts, its second one the values."""
    values: dict[str, Any] = {}
    labels: dict[str, str] = {}
    columns = file.columns[:2]
    if len(columns) < 2:
        raise ConfigurationError("It needs two columns: a value of the source, and what it stands for.")
    for row in file.rows:
        text, value = (row.values.get(column) for column in columns)
        if is_blank(text):
            raise ConfigurationError(f"{row.label} has a blank value in its first column. Remove the row.")
        text = str(convert_cell(text, _TEXT)).strip()
        if text in values:
            raise ConfigurationError(
                f"{labels[text]} and {row.label} both have the value {quote_name(text)}, which would stand "
                f"for {_quote(values[text])} and for {_quote(value)}. Remove one of them."
            )
        values[text], labels[text] = value, row.label
    if not values:
        raise ConfigurationError("It has no rows.")
    return values


def _quote(value: Any) -> str:
    return "nothing" if is_blank(value) else quote_name(value)
