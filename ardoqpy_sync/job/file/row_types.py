"""Types that the rows give: `type = "{Type}"`, or a table with a map."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ardoqpy.errors import ConfigurationError, InvalidInput
from ardoqpy_sync.job.file.template import Template
from ardoqpy_sync.job.file.where import to_text
from ardoqpy_sync.sources.options import Option, check_table
from ardoqpy_sync.sources.value_map import KEEP, MAP_OPTIONS, REJECT, check_map

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ardoqpy_sync.sources.row import Values
    from ardoqpy_sync.sources.value_map import ValueMap

_OPTIONS: Mapping[str, Option] = {
    "value": Option((str,), 'a column such as "{Type}"', required=True),
    **MAP_OPTIONS,
}


@dataclass(frozen=True, slots=True)
class RowType:
    """The type that a row gives.

    - `value`: gives the text; `table`: the keys `map` or `map_file`, and `otherwise`, if there is a map.
    """

    value: Template
    table: Mapping[str, Any] = field(default_factory=dict)


def check_row_type(value: Any) -> str | None:
    """Return None for a valid type: a name, a template or a table; otherwise the remedy, "" for the usual."""
    if isinstance(value, str):
        return _check_template(value)
    if not isinstance(value, dict):
        return ""
    try:
        table = check_table(value, _OPTIONS, "it")
    except ConfigurationError as error:
        return str(error)
    problem = check_map(table)
    if problem is not None:
        return problem[0]
    return _check_template(table["value"]) or (
        None if Template(table["value"]).columns else 'value has no column: use one, such as "{Type}".'
    )


def _check_template(text: str) -> str | None:
    try:
        Template(text)
    except ValueError as error:
        return f"{error}."
    return None if text.strip() else ""


def read_row_type(value: Any) -> RowType | None:
    """Return the type that rows give; None if a checked value is the name of a type."""
    table = value if isinstance(value, dict) else {"value": value}
    template = Template(table["value"])
    if template.is_constant:
        return None
    return RowType(template, {key: table[key] for key in MAP_OPTIONS if key in table})


def type_name(value: Any) -> str:
    """Return the name of the type that a checked value gives, or what messages call that of each row."""
    template = Template(value["value"] if isinstance(value, dict) else value)
    return str(template.getter()({})) if template.is_constant else str(template.raw)


def possible_types(values: ValueMap | None) -> list[str] | None:
    """Return the only types that rows can have; None if each type of the workspace is possible."""
    if values is None or values.otherwise == KEEP:
        return None
    names = [*values.values.values(), *([] if values.otherwise == REJECT else [values.otherwise])]
    return list(dict.fromkeys(str(name) for name in names))


@dataclass(frozen=True, slots=True)
class TypeReader:
    """Reads the type of a row.

    - `value`: gives its text; `values`: what texts stand for, if there is a map.
    - `find`: returns the id of a type by name; it raises `InvalidInput` if there is none.
    """

    value: Template
    values: ValueMap | None
    find: Callable[[str], Any]

    def make(self) -> Callable[[Values], Any]:
        """Return a function from the values of a row to the id of its type; it raises `InvalidInput`."""
        read, known = self.value.getter(strip=True), {}

        def read_type(values: Values) -> Any:
            text = to_text(read(values), f"The type {self.value.raw}")
            if text not in known:
                known[text] = self._find(text)
            return known[text]

        return read_type

    def _find(self, text: str) -> Any:
        name = ""
        if text:
            name = text if self.values is None else to_text(self.values.find(text), "The map of the type")
        if not name:
            raise InvalidInput(f"The type is blank: {self.value.raw} has no value. Give it one.")
        return self.find(name)
