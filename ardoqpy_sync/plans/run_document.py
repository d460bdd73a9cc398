"""What a plan is as JSON, and how a file is found not to be one.

Plain data in, plain data out: every problem is one sentence that names the place.
"""

from __future__ import annotations

import json
import re
import reprlib
from typing import TYPE_CHECKING, Any

from ardoqpy._messages import describe_type, quote_name
from ardoqpy.errors import InvalidInput
from ardoqpy_sync import json_file
from ardoqpy_sync.compare.diff import CREATE, DELETE, UPDATE

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

__all__ = ["ENDS", "FORMAT", "KIND", "checked", "counted", "plain", "read", "write"]

#: What the file says that it is, and the version of its form.
KIND, FORMAT = "ardoqpy plan", 1

#: The attributes that name a component.
ENDS = {"component": ("parent",), "reference": ("source", "target")}

_KINDS = ("component", "reference")
_NO_END = {"new": None}
_ID = re.compile(r"[0-9A-Za-z_-]+")
_COUNTED = {CREATE: "created", UPDATE: "updated", DELETE: "deleted"}
_TEXT, _NUMBER, _LIST, _DICT = "text", "a whole number", "a list", "an object"
_TYPES = {_TEXT: str, _NUMBER: int, _LIST: list, _DICT: dict}
#: So deep is shown what JSON cannot hold.
_DEEPEST = 20


def plain(value: Any) -> Any:
    """Return a value as it comes back from JSON; what JSON cannot hold is shown as text."""
    try:
        return json.loads(json.dumps(value, allow_nan=False))
    except (TypeError, ValueError, RecursionError):
        return _shown(value, 0)


def _shown(value: Any, depth: int) -> Any:
    if isinstance(value, dict | list | tuple) and depth > _DEEPEST:
        return f"{describe_type(value)}, too deep"
    if isinstance(value, dict):
        return {_shown_key(key): _shown(part, depth + 1) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_shown(part, depth + 1) for part in value]
    try:
        return json.loads(json.dumps(value, allow_nan=False))
    except (TypeError, ValueError, RecursionError):
        pass
    return _in_words(value)


def _shown_key(key: Any) -> str:
    text: str = json.loads(json.dumps(key if isinstance(key, str) else _in_words(key)))
    return text


def _in_words(value: Any) -> str:
    try:
        return reprlib.repr(value)
    except ValueError:  # Python refuses to write out numbers of thousands of digits
        return describe_type(value)


def counted(
    changes: Iterable[dict[str, Any]],
    failed: Iterable[dict[str, Any]],
    unchanged: dict[str, int],
    missing: dict[str, int],
) -> dict[str, dict[str, int]]:
    """Return for each kind how much was created, updated, deleted, unchanged, missing and failed."""
    totals = {
        kind: {
            **dict.fromkeys(_COUNTED.values(), 0),
            "unchanged": unchanged[kind],
            "missing": missing[kind],
            "failed": 0,
        }
        for kind in _KINDS
    }
    for change in changes:
        totals[change["kind"]][_COUNTED[change["action"]]] += 1
    for row in failed:
        totals[row["kind"]]["failed"] += 1
    return totals


def write(path: str | os.PathLike[str], data: dict[str, Any]) -> None:
    """Write the plain data of a plan to a file, whole or not at all.

    Raise `InvalidInput` where the path cannot be written, or the data holds what JSON cannot.
    """
    json_file.write(path, data, "plan")


def read(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Return the plain data of a plan from its file.

    Raise `InvalidInput` naming the place where it is not one, is of another format, or is damaged.
    """
    return checked(*json_file.read(path, "plan"))


# -- what makes sense --------------------------------------------------------------------------------------


def checked(data: Any, named: str = "The plan") -> dict[str, Any]:
    """Return the data of a plan; raise `InvalidInput` naming the place where it makes no sense.

    `named` begins the sentence.
    """
    if not isinstance(data, dict) or data.get("kind") != KIND:
        raise InvalidInput(f"{named} is no plan: its 'kind' is not {KIND!r}.")
    if data.get("format") != FORMAT or type(data["format"]) is not int:
        raise InvalidInput(
            f"{named} has the format {quote_name(data.get('format'))}, this ardoqpy reads format {FORMAT}: "
            "make the plan again, or use the version of ardoqpy that made it."
        )
    try:
        return _checked(data)
    except _DamagedError as problem:
        raise InvalidInput(f"{named} is damaged: {problem}.") from None


class _DamagedError(Exception):
    """A place in the data, and what is wrong there."""


def _checked(data: dict[str, Any]) -> dict[str, Any]:
    _check_origin(data)
    for key in ("unchanged", "missing"):
        numbers = _part(data, key, _DICT)
        for kind in _KINDS:
            _part(numbers, kind, _NUMBER, f"{key}.")
    for key in ("ambiguous", "not_converging", "failed"):
        for number, one in enumerate(_part(data, key, _LIST)):
            if not isinstance(one, dict) or one.get("kind") not in _KINDS:
                raise _DamagedError(f"{key}[{number}] does not say which kind it is of")
    for number, row in enumerate(data["failed"]):
        _part(row, "reason", _TEXT, f"failed[{number}].")
    for number, change in enumerate(_part(data, "changes", _LIST)):
        _check_change(change, f"changes[{number}]")
    _check_order(data["changes"])
    _check_totals(data)
    return data


def _check_origin(data: dict[str, Any]) -> None:
    made = _part(data, "made", _DICT)
    for key in ("at", "by", "api", "host"):
        _part(made, key, _TEXT, "made.")
    _part(made, "org", _TEXT, "made.", optional=True)
    if type(made.get("simulated")) is not bool:
        raise _DamagedError("made.simulated is neither true nor false")
    for ws_id, name in _part(data, "workspaces", _DICT).items():
        if not isinstance(name, str | None):
            raise _DamagedError(f"workspaces[{ws_id!r}] is {describe_type(name)}, not text")


def _check_totals(data: dict[str, Any]) -> None:
    told = _part(data, "totals", _DICT)
    for kind, counts in counted(data["changes"], data["failed"], data["unchanged"], data["missing"]).items():
        said = _part(told, kind, _DICT, "totals.")
        for what, number in counts.items():
            if said.get(what) != number:
                raise _DamagedError(
                    f"totals.{kind}.{what} is {said.get(what)!r}, and what the plan holds makes {number}"
                )


def _check_change(change: Any, at: str) -> None:
    if not isinstance(change, dict):
        raise _DamagedError(f"{at} is {describe_type(change)}, not an object")
    if change.get("action") not in _COUNTED:
        raise _DamagedError(
            f"{at}.action is {quote_name(change.get('action'))}, not create, update or delete"
        )
    if change.get("kind") not in _KINDS:
        raise _DamagedError(f"{at}.kind is {quote_name(change.get('kind'))}, not component or reference")
    for key in ("_id", "rootWorkspace"):
        if not _ID.fullmatch(_part(change, key, _TEXT, f"{at}.")):
            raise _DamagedError(f"{at}.{key} is {quote_name(change[key])}, which is not an id of Ardoq")
    _part(change, "version", _NUMBER, f"{at}.", optional=change["action"] == CREATE)
    for key in ("name", "note", "label", "field", "with"):
        _part(change, key, _TEXT, f"{at}.", optional=True)
    for name, values in _part(change, "attributes", _DICT, f"{at}.").items():
        if not isinstance(values, dict) or values.keys() != {"old", "new"}:
            raise _DamagedError(f"{at}.attributes[{name!r}] is not an object with 'old' and 'new'")


def _check_order(changes: list[dict[str, Any]]) -> None:
    """Find what refers to a change that is not there, or comes later."""
    seen: set[str] = set()
    roots: set[str] = set()
    for number, change in enumerate(changes):
        at, entity_id, above = f"changes[{number}]", change["_id"], change.get("with")
        if change["action"] == CREATE:
            if entity_id in seen:
                raise _DamagedError(f"{at} creates {entity_id}, which is in the plan before")
            seen.add(entity_id)
        ends = (change["attributes"].get(key, _NO_END)["new"] for key in ENDS[change["kind"]])
        for one in (entity_id, *ends):
            if isinstance(one, str) and one.startswith("simulated-") and one not in seen:
                raise _DamagedError(f"{at} needs {one}, which nothing before it creates")
        seen.add(entity_id)
        if above is not None and (change["action"] != DELETE or above not in roots):
            raise _DamagedError(f"{at} goes along with {quote_name(above)}, which is not deleted before it")
        if change["action"] == DELETE and change["kind"] == "component" and above is None:
            roots.add(entity_id)


def _part(data: dict[str, Any], key: str, kind: str, above: str = "", *, optional: bool = False) -> Any:
    value = data.get(key)
    if value is None and optional:
        return None
    if key not in data:
        raise _DamagedError(f"{above}{key} is missing")
    if not isinstance(value, _TYPES[kind]) or isinstance(value, bool):
        raise _DamagedError(f"{above}{key} is {describe_type(value)}, not {kind}")
    return value
