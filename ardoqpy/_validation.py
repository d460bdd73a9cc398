"""What callers hand over is checked here: ids and names before they enter a URL, bodies before they are
sent.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from ardoqpy._messages import describe_type, is_similar, quote_name, short_repr, suggest
from ardoqpy.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = [
    "attributes",
    "checked_query",
    "filters",
    "given",
    "id_segment",
    "ids",
    "name_segment",
    "path_below",
    "query_value",
]

#: No id of Ardoq is nearly as long; whatever is longer is something else, and would make a path too long.
_ID = re.compile(r"[0-9A-Za-z_-]{1,200}")
_SHOWN = 80
_EXAMPLE = "an id is text such as '5f00aa00bb00cc00dd00ee10'"


def id_segment(value: object, argument: str) -> str:
    """Return an id as one segment of a path.

    `argument` is the name under which the caller gave it, for the message. Raise `InvalidInput` when it
    cannot be an id: not text, empty, or with slashes, dots or spaces, which would reach another path.
    """
    if isinstance(value, str) and _ID.fullmatch(value):
        return value
    if isinstance(value, dict) and isinstance(value.get("_id"), str):
        raise InvalidInput(f"{argument} is a whole entity: give its '_id' alone.")
    if value is None or value == "":
        raise InvalidInput(f"{argument} is missing: {_EXAMPLE}.")
    what = repr(value[:_SHOWN]) if isinstance(value, str) else describe_type(value)
    raise InvalidInput(f"{argument} is {what[:_SHOWN]}, which is not an id of Ardoq: {_EXAMPLE}.")


def ids(values: object, argument: str) -> list[str]:
    """Return a list of ids, each checked; raise `InvalidInput` where one cannot be an id."""
    if not isinstance(values, list | tuple | set | frozenset):
        raise InvalidInput(f"{argument} is {describe_type(values)}: give a list of ids.")
    return [id_segment(value, f"an id in {argument}") for value in values]


def name_segment(value: object, argument: str) -> str:
    """Return a file name as one quoted segment of a path.

    Raise `InvalidInput` when it is not text, is empty, or is `.` or `..`, which no quoting keeps apart
    from a step in the path.
    """
    if not isinstance(value, str) or value in ("", ".", ".."):
        raise InvalidInput(f"{argument} is {value!r}, which is not the name of a file: give it as text.")
    try:
        return quote(value, safe="")
    except UnicodeEncodeError:
        raise InvalidInput(
            f"{argument} is {value!r}, which holds half a character: rename the file."
        ) from None


def attributes(value: object, argument: str, *required: str) -> dict[str, Any]:
    """Return the dict of attributes that a write sends.

    Raise `InvalidInput` when it is not a dict with text for keys, or lacks one of the `required`
    attributes (absent, null and blank text are all the same lack).
    """
    if not isinstance(value, dict):
        given = "missing" if value is None else f"{describe_type(value)}"
        raise InvalidInput(f"{argument} is {given}: give a dict of attributes.")
    for key in value:
        if type(key) is not str and not isinstance(key, str):
            raise InvalidInput(f"{argument} has the key {short_repr(key)}: the names of attributes are text.")
    lacking = [name for name in required if _is_lacking(value.get(name))] if required else ()
    if lacking:
        named = (
            f" ({quote_name(value['name'])})" if isinstance(value.get("name"), str) and value["name"] else ""
        )
        missing = _and([f"no {name}" for name in lacking])
        odd = [
            quote_name(key)
            for key in value
            if key not in lacking and any(is_similar(key, one) for one in lacking)
        ]
        spelling = f" It has {_and(odd)}, but letter case and signs count." if odd else ""
        raise InvalidInput(f"{argument}{named} has {missing}: it needs {_and(required)}.{spelling}")
    return value


def _is_lacking(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def given(**values: Any) -> dict[str, Any]:
    """Return those of the named values that are not None."""
    return {name: value for name, value in values.items() if value is not None}


def filters(params: object, known: Sequence[str], *, custom: bool = False) -> dict[str, Any]:
    """Return a query out of the filters of a listing.

    `known` names the filters there are; `custom=True` says that custom fields are, too, as a dict under
    `customFields` or one by one as `customFields.name`. Raise `InvalidInput` where a filter is not known,
    or its value cannot stand in a query.
    """
    if not isinstance(params, dict):
        raise InvalidInput(f"The filters are {describe_type(params)}: give a dict of names and values.")
    query = {}
    for name, value in params.items():
        if custom and name == "customFields":
            if not isinstance(value, dict):
                raise InvalidInput(
                    f"customFields is {describe_type(value)}: give a dict of fields and values."
                )
            for field, wanted in value.items():
                query[f"customFields.{name_of_field(field)}"] = query_value(wanted, f"customFields.{field}")
        elif name in known or (custom and isinstance(name, str) and re.match(r"customFields\..", name)):
            query[name] = query_value(value, name)
        else:
            choice = [*known, "customFields"] if custom else known
            raise InvalidInput(f"There is no filter {quote_name(name)}: {suggest(name, choice)}")
    return query


def name_of_field(name: object) -> str:
    """Return the name of a custom field; raise `InvalidInput` where it is not text, or empty."""
    if not isinstance(name, str) or not name.strip():
        raise InvalidInput(f"customFields has the key {short_repr(name)}: the names of fields are text.")
    return name


def query_value(value: object, argument: str) -> str:
    """Return a value as a query spells it: true, false and null as JSON does.

    Raise `InvalidInput` where it is empty, which Ardoq may take for no filter at all, or neither text,
    a number, true, false nor None.
    """
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, str) and value:
        return value
    if isinstance(value, dict) and isinstance(value.get("_id"), str):
        raise InvalidInput(f"{argument} is a whole entity: give its '_id' alone.")
    shown = "empty text" if value == "" else describe_type(value)
    raise InvalidInput(
        f"{argument} is {shown}, which cannot be looked for: give text, a number, true or false, or None."
    )


def checked_query(params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a query as it is; raise `InvalidInput` where it holds text that cannot be sent."""
    for name, value in params.items():
        for part in value if isinstance(value, list | tuple) else (value,):
            try:
                f"{name}{part if isinstance(part, str) else ''}".encode()
            except UnicodeEncodeError:
                raise InvalidInput(
                    f"The value of {name!r} in the query holds half a character (a lone surrogate): give it "
                    "as proper text."
                ) from None
    return params


def spelled(params: object, argument: str) -> dict[str, Any]:
    """Return a query in which true, false and null are spelled as JSON does; a list repeats its name.

    Raise `InvalidInput` where it is not a dict.
    """
    if not isinstance(params, dict | None):
        raise InvalidInput(f"{argument} is {describe_type(params)}: give a dict of names and values.")
    return {name: _spelled(value) for name, value in (params or {}).items()}


def _spelled(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_spelled(one) for one in value]
    return query_value(value, "") if value is None or isinstance(value, bool) else value


def path_below(value: object, argument: str) -> str:
    """Return a path relative to the API's own, without a slash in front.

    Raise `InvalidInput` when it is not text, is empty, or could lead anywhere but below the API: a whole
    URL, a step up, a query.
    """
    path = value.removeprefix("/") if isinstance(value, str) else ""
    steps = path.removesuffix("/").split("/")
    if not re.fullmatch(r"[\w.~%:@+,;=!$&'()*/-]+", path, re.ASCII) or any(
        unquote(step) in ("", ".", "..") or "/" in unquote(step) for step in steps
    ):
        shown = repr(value) if isinstance(value, str) else describe_type(value)
        raise InvalidInput(
            f"{argument} is {shown[:80]}, which is no path below the API: give one such as 'components', "
            "and its query as query_params."
        )
    return path


def _and(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]
