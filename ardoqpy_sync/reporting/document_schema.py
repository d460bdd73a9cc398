"""What an account is as plain data, and how data is found not to be one.

Every problem is one sentence that names the place.
"""

from __future__ import annotations

from typing import Any

from ardoqpy._messages import describe_type, quote_name
from ardoqpy.errors import InvalidInput

__all__ = ["FORMAT", "KIND", "checked"]

#: What the file says that it is, and the version of its form.
KIND, FORMAT = "ardoqpy report", 1

_KINDS = ("component", "reference")
_ACTIONS = ("create", "update", "delete")
_TOTALS = ("created", "updated", "deleted", "unchanged", "missing", "failed")
_STATES = ("created", "updated", "deleted", "missing", "failed", "unchanged")
_TEXT, _NUMBER, _LIST, _DICT = "text", "a whole number", "a list", "an object"
_TYPES = {_TEXT: str, _NUMBER: int, _LIST: list, _DICT: dict}
#: The lists whose entries are of a kind, and what else each entry says in text.
_ENTRIES = {
    "changes": ("_id", "rootWorkspace", "typeName"),
    "failed": ("reason", "typeName"),
    "missing": ("_id", "typeName"),
    "ambiguous": (),
    "not_converging": ("attribute",),
}


class _DamagedError(Exception):
    """A place in the data, and what is wrong there."""


def checked(data: Any, named: str = "The report") -> dict[str, Any]:
    """Return the data of an account; raise `InvalidInput` naming the place where it makes no sense.

    `named` begins the sentence.
    """
    if not isinstance(data, dict) or data.get("kind") != KIND:
        raise InvalidInput(f"{named} is no report: its 'kind' is not {KIND!r}.")
    if data.get("format") != FORMAT or type(data["format"]) is not int:
        raise InvalidInput(
            f"{named} has the format {quote_name(data.get('format'))}, this ardoqpy reads format {FORMAT}: "
            "use the version of ardoqpy that made it."
        )
    try:
        _check(data)
    except _DamagedError as problem:
        raise InvalidInput(f"{named} is damaged: {problem}.") from None
    return data


def _check(data: dict[str, Any]) -> None:
    for key in ("title", "status", "description"):
        _part(data, key, _TEXT)
    _check_origin(_part(data, "made", _DICT))
    _check_lists(data)
    for key in ("workspaces", "names"):
        for entity_id, name in _part(data, key, _DICT).items():
            if not isinstance(name, str | None):
                raise _DamagedError(f"{key}[{entity_id!r}] is {describe_type(name)}, not text")
    _check_guard(_part(data, "guard", _DICT, optional=True))
    _check_sources(_part(data, "sources", _LIST))
    _check_graph(_part(data, "graph", _DICT))
    _check_totals(data)


def _check_lists(data: dict[str, Any]) -> None:
    for key, names in _ENTRIES.items():
        for number, one in enumerate(_part(data, key, _LIST)):
            _check_entry(one, names, f"{key}[{number}]")
    for number, change in enumerate(data["changes"]):
        _check_change(change, f"changes[{number}]")
    for number, row in enumerate(data["failed"]):
        _part(row, "row", _DICT, f"failed[{number}].", optional=True)
    for number, one in enumerate(data["ambiguous"]):
        _part(one, "matches", _LIST, f"ambiguous[{number}].")
    for number, one in enumerate(data["missing"]):
        _check_along(one, f"missing[{number}]")


def _check_origin(made: dict[str, Any]) -> None:
    for key in ("at", "by", "api", "host"):
        _part(made, key, _TEXT, "made.")
    _part(made, "org", _TEXT, "made.", optional=True)
    if type(made.get("simulated")) is not bool:
        raise _DamagedError("made.simulated is neither true nor false")


def _check_sources(sources: list[Any]) -> None:
    for number, source in enumerate(sources):
        at = f"sources[{number}]"
        _part(_object(source, at), "name", _TEXT, f"{at}.")
        for key in ("rows", "skipped", "failed"):
            _part(source, key, _NUMBER, f"{at}.")


def _check_entry(one: Any, names: tuple[str, ...], at: str) -> None:
    if _object(one, at).get("kind") not in _KINDS:
        raise _DamagedError(f"{at}.kind is {quote_name(one.get('kind'))}, not component or reference")
    for name in names:
        _part(one, name, _TEXT, f"{at}.")
    for name in ("name", "label", "note", "rootWorkspace"):
        _part(one, name, _TEXT, f"{at}.", optional=True)


def _check_change(change: dict[str, Any], at: str) -> None:
    if change.get("action") not in _ACTIONS:
        raise _DamagedError(
            f"{at}.action is {quote_name(change.get('action'))}, not create, update or delete"
        )
    for name, values in _part(change, "attributes", _DICT, f"{at}.").items():
        if not isinstance(values, dict) or values.keys() != {"old", "new"}:
            raise _DamagedError(f"{at}.attributes[{name!r}] is not an object with 'old' and 'new'")


def _check_along(one: dict[str, Any], at: str) -> None:
    if one["kind"] == "reference":
        return
    along, at = _part(one, "along", _DICT, f"{at}."), f"{at}.along"
    for key in ("components", "references"):
        _part(along, key, _NUMBER, f"{at}.")
    for number, other in enumerate(_part(along, "listed", _LIST, f"{at}.")):
        _check_entry(other, ("typeName", "state"), f"{at}.listed[{number}]")


def _check_guard(guard: dict[str, Any] | None) -> None:
    if guard is None:
        return
    _part(guard, "sentence", _TEXT, "guard.")
    for number, reason in enumerate(_part(guard, "reasons", _LIST, "guard.")):
        at = f"guard.reasons[{number}]"
        _part(_object(reason, at), "sentence", _TEXT, f"{at}.")
        _part(reason, "allow", _TEXT, f"{at}.", optional=True)
    for number, one in enumerate(_part(guard, "would_delete", _LIST, "guard.")):
        at = f"guard.would_delete[{number}]"
        _check_entry(one, ("typeName",), at)
        for key in ("children", "references", "along_total"):
            _part(one, key, _NUMBER, f"{at}.")
        for place, other in enumerate(_part(one, "along", _LIST, f"{at}.")):
            _check_entry(other, ("typeName",), f"{at}.along[{place}]")


def _check_graph(graph: dict[str, Any]) -> None:
    known = set()
    for number, node in enumerate(_part(graph, "nodes", _LIST, "graph.")):
        at = f"graph.nodes[{number}]"
        for key in ("id", "name", "type"):
            _part(_object(node, at), key, _TEXT, f"{at}.")
        _part(node, "workspace", _TEXT, f"{at}.", optional=True)
        _check_state(node, at)
        known.add(node["id"])
    for number, edge in enumerate(_part(graph, "edges", _LIST, "graph.")):
        at = f"graph.edges[{number}]"
        _part(_object(edge, at), "type", _TEXT, f"{at}.")
        _check_state(edge, at)
        for end in ("source", "target"):
            if _part(edge, end, _TEXT, f"{at}.") not in known:
                raise _DamagedError(f"{at}.{end} is {quote_name(edge[end])}, which is no node of the graph")
    totals = _part(graph, "totals", _DICT, "graph.")
    for key in ("nodes", "edges"):
        if _part(totals, key, _NUMBER, "graph.totals.") < len(graph[key]):
            raise _DamagedError(f"graph.totals.{key} is less than there are")


def _check_state(one: dict[str, Any], at: str) -> None:
    if one.get("state") not in _STATES:
        raise _DamagedError(f"{at}.state is {quote_name(one.get('state'))}, not one of {', '.join(_STATES)}")


def _check_totals(data: dict[str, Any]) -> None:
    totals = _part(data, "totals", _DICT)
    for kind in _KINDS:
        counts = _part(totals, kind, _DICT, "totals.")
        for what in _TOTALS:
            _part(counts, what, _NUMBER, f"totals.{kind}.")
        holds = {"missing": data["missing"], "failed": data["failed"]}
        holds |= {
            f"{action.removesuffix('e')}ed": [one for one in data["changes"] if one["action"] == action]
            for action in _ACTIONS
        }
        for what, entries in holds.items():
            number = sum(one["kind"] == kind for one in entries)
            if counts[what] != number:
                raise _DamagedError(
                    f"totals.{kind}.{what} is {counts[what]}, and what the report holds makes {number}"
                )


def _object(value: Any, at: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _DamagedError(f"{at} is {describe_type(value)}, not an object")
    return value


def _part(data: dict[str, Any], key: str, kind: str, above: str = "", *, optional: bool = False) -> Any:
    value = data.get(key)
    if value is None and optional:
        return None
    if key not in data:
        raise _DamagedError(f"{above}{key} is missing")
    if not isinstance(value, _TYPES[kind]) or isinstance(value, bool):
        raise _DamagedError(f"{above}{key} is {describe_type(value)}, not {kind}")
    return value
