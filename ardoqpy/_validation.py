"""Checks of arguments: ids and names before they enter a URL, queries and bodies before they are sent."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Mapping
from functools import wraps
from types import FunctionType
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from ardoqpy._messages import describe_type, is_similar, quote_name, short_repr, suggest
from ardoqpy.errors import InvalidInput, MissingArgument

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ardoqpy.entities import Attributes

#: No id of Ardoq is nearly as long; anything longer is something else, and would make a path too long.
_ID = re.compile(r"[0-9A-Za-z_-]{1,200}")
_MAX_SHOWN = 80
_TEXT_ONLY = frozenset({str})
_EXAMPLE = "an id is text such as '5f00aa00bb00cc00dd00ee10'"


def id_segment(value: object, argument: str) -> str:
    """Return an id as one segment of a path.

    `argument` is its name for the message. Raise `InvalidInput` if it cannot be an id: not text, empty, or
    with slashes, dots or spaces, which would lead to another path.
    """
    if isinstance(value, str) and _ID.fullmatch(value):
        return value
    if isinstance(value, dict) and isinstance(value.get("_id"), str):
        raise InvalidInput(f"{argument} is a whole entity: give its '_id' only.")
    if value is None:
        raise MissingArgument(f"{argument} is missing: {_EXAMPLE}.")
    if value == "":
        raise InvalidInput(f"{argument} is missing: {_EXAMPLE}.")
    description = repr(value[:_MAX_SHOWN]) if isinstance(value, str) else describe_type(value)
    raise InvalidInput(f"{argument} is {description[:_MAX_SHOWN]}, which is not an id of Ardoq: {_EXAMPLE}.")


def as_list(values: object) -> object:
    """Return a list of values that can be read once, such as those of a generator; anything else as it is.

    Text and dicts are no lists: a whole entity in place of its id would become the names of its attributes.
    """
    if isinstance(values, str | bytes | Mapping) or not isinstance(values, Iterable):
        return values
    return list(values)


def ids(values: object, argument: str) -> list[str]:
    """Return a list of ids, each checked; raise `InvalidInput` if one cannot be an id."""
    if not isinstance(values, list | tuple | set | frozenset):
        raise InvalidInput(f"{argument} is {describe_type(values)}: give a list of ids.")
    return [id_segment(value, f"an id in {argument}") for value in values]


def name_segment(value: object, argument: str) -> str:
    """Return a file name as one quoted segment of a path.

    Raise `InvalidInput` if it is not text, is empty, or is `.` or `..`, which quoting cannot distinguish
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


def attributes(value: object, argument: str, *required: str) -> Attributes:
    """Return the dict of attributes that a write sends.

    Raise `InvalidInput` if it is not a dict with text for keys, or lacks one of the `required` attributes:
    absent, null and blank text all count as missing.
    """
    if value is None:
        raise MissingArgument(f"{argument} is missing: give a dict of attributes.")
    if not isinstance(value, dict):
        raise InvalidInput(f"{argument} is {describe_type(value)}: give a dict of attributes.")
    if not _TEXT_ONLY.issuperset(map(type, value)):
        for key in value:
            if not isinstance(key, str):
                raise InvalidInput(
                    f"{argument} has the key {short_repr(key)}: the names of attributes are text."
                )
    missing = []
    for key in required:
        part = value.get(key)
        if part is None or (isinstance(part, str) and not part.strip()):
            missing.append(key)
    if missing:
        name = value.get("name")
        quoted = f" ({quote_name(name)})" if isinstance(name, str) and name else ""
        similar = [
            quote_name(key)
            for key in value
            if key not in missing and any(is_similar(key, required_key) for required_key in missing)
        ]
        hint = f" It has {_and(similar)}, but letter case and signs count." if similar else ""
        lacks = _and([f"no {key}" for key in missing])
        raise InvalidInput(f"{argument}{quoted} has {lacks}: it needs {_and(required)}.{hint}")
    return value


def without_none(**values: Any) -> Attributes:
    """Return the named values that are not None."""
    return {name: value for name, value in values.items() if value is not None}


def filters(params: object, known: Sequence[str], *, custom: bool = False) -> dict[str, str]:
    """Return the query for the filters of a listing.

    `known` names the filters; `custom=True` allows custom fields, as a dict under `customFields` or one by
    one as `customFields.name`. Raise `InvalidInput` if a filter is unknown, or its value does not fit in a
    query.
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
    """Return the name of a custom field; raise `InvalidInput` if it is not text, or empty."""
    if not isinstance(name, str) or not name.strip():
        raise InvalidInput(f"customFields has the key {short_repr(name)}: the names of fields are text.")
    return name


def query_value(value: object, argument: str) -> str:
    """Return a value as text for a query, with true, false and null as in JSON.

    Raise `InvalidInput` if it is empty, which Ardoq may take for no filter at all, or neither text, a
    number, true, false nor None.
    """
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, str) and value:
        return value
    if isinstance(value, dict) and isinstance(value.get("_id"), str):
        raise InvalidInput(f"{argument} is a whole entity: give its '_id' only.")
    description = "empty text" if value == "" else describe_type(value)
    raise InvalidInput(
        f"{argument} is {description}, which cannot be a filter: give text, a number, true or false, or None."
    )


def checked_query(params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a query as it is; raise `InvalidInput` if it has text that cannot be sent."""
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


def query_parameters(params: object, argument: str) -> Attributes:
    """Return a query with true, false and null as in JSON; a list repeats its name.

    Raise `InvalidInput` if it is not a dict.
    """
    if not isinstance(params, dict | None):
        raise InvalidInput(f"{argument} is {describe_type(params)}: give a dict of names and values.")
    return {name: _query_parameter(value) for name, value in (params or {}).items()}


def _query_parameter(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_query_parameter(item) for item in value]
    return query_value(value, "") if value is None or isinstance(value, bool) else value


def path_below(value: object, argument: str) -> str:
    """Return a path relative to that of the API, without a leading slash.

    Raise `InvalidInput` if it is not text, is empty, or could lead outside of the API: a whole URL, a step
    up, a query.
    """
    path = value.removeprefix("/") if isinstance(value, str) else ""
    steps = path.removesuffix("/").split("/")
    if not re.fullmatch(r"[\w.~%:@+,;=!$&'()*/-]+", path, re.ASCII) or any(
        unquote(step) in ("", ".", "..") or "/" in unquote(step) for step in steps
    ):
        description = repr(value) if isinstance(value, str) else describe_type(value)
        raise InvalidInput(
            f"{argument} is {description[:_MAX_SHOWN]}, which is not a path below the API: give one such as "
            "'components', and its query as query_params."
        )
    return path


def check_arguments(cls: type) -> None:
    """Let every public method of a class raise `MissingArgument` for a call without an argument it needs.

    The signatures stay as they are. A call costs no more than the `try` around it.
    """
    for name, value in list(vars(cls).items()):
        if isinstance(value, FunctionType) and not name.startswith("_"):
            setattr(cls, name, _with_checked_arguments(value))


def _with_checked_arguments(method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def call(*args: Any, **keywords: Any) -> Any:
        try:
            return method(*args, **keywords)
        except TypeError as error:
            traceback = error.__traceback__
            # With a frame below this one, the call was fine, and what it does has failed.
            names = [] if traceback and traceback.tb_next else _missing_arguments(method, args, keywords)
            if not names:
                raise
        verb, them = ("are", "them") if len(names) > 1 else ("is", "it")
        raise MissingArgument(f"{_and(names)} {verb} missing: {method.__name__}() needs {them}.")

    return call


def _missing_arguments(
    method: Callable[..., Any], args: Sequence[Any], keywords: Mapping[str, Any]
) -> list[str]:
    """Return the arguments that a call lacks; none if something else is wrong with it."""
    signature = inspect.signature(method)
    try:
        given = signature.bind_partial(*args, **keywords).arguments
    except TypeError:
        return []
    return [
        name
        for name, parameter in signature.parameters.items()
        if parameter.default is parameter.empty
        and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        and name not in given
    ]


def _and(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]
