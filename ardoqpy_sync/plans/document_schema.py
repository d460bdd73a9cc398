"""Check that data is a plan or a run document: against the types in `documents.py`, and in itself.

Each problem is one sentence that says where it is, such as `changes[3].version is missing`.
"""

from __future__ import annotations

import re
import types
from collections import Counter
from functools import cache
from typing import (
    TYPE_CHECKING,
    Any,
    Literal,
    NotRequired,
    cast,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

from ardoqpy._messages import describe_type, quote_name
from ardoqpy.api.custom_fields import SET_ON_COMPONENTS, SET_ON_REFERENCES
from ardoqpy.errors import InvalidInput
from ardoqpy_sync.compare.diff import CREATE, DELETE, UPDATE
from ardoqpy_sync.documents import KINDS, PlanDocument, RunDocument

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from ardoqpy_sync.documents import (
        ChangeEntry,
        Counts,
        DocumentChange,
        KindCounts,
        KindName,
        Totals,
    )

    _Checker = Callable[[Any], None]

#: What a file states as its `kind`, and the version of both formats.
PLAN, RUN_DOCUMENT, FORMAT = "ardoqpy plan", "ardoqpy run document", 1
#: The attributes that name a component.
ENDS = {"component": ("parent",), "reference": ("source", "target")}

#: What only Ardoq sets, and attributes that are text: no run plans anything else.
_READ_ONLY = {"component": SET_ON_COMPONENTS, "reference": SET_ON_REFERENCES}
_TEXTS = {"component": ("name", "typeId", "parent"), "reference": ("source", "target")}
_NO_END = {"new": None}
_ID = re.compile(r"[0-9A-Za-z_-]+")
_TYPE_NAMES = {str: "text", int: "a whole number", bool: "true or false", list: "a list", dict: "an object"}


class _DamagedError(Exception):
    """Where data is damaged, and how."""

    def __init__(self, problem: str, path: str = "") -> None:
        super().__init__(problem)
        self._problem, self._path = problem, path

    def __str__(self) -> str:
        return f"{self._path.removeprefix('.')} {self._problem}".lstrip()

    def below(self, step: str) -> _DamagedError:
        """Return the same of the value to whose part `step` leads."""
        return _DamagedError(self._problem, step + self._path)


def check_plan(data: object, name: str = "The plan") -> PlanDocument:
    """Return the data of a plan, or raise `InvalidInput` that says where it is damaged.

    `name` begins the sentence, for example `The file 'plan.json'`.
    """
    return cast("PlanDocument", _checked(data, name, PLAN, PlanDocument, _check_plan))


def check_run_document(data: object, name: str = "The run document") -> RunDocument:
    """Return the data of a run document, or raise `InvalidInput` that says where it is damaged.

    `name` begins the sentence, for example `The file 'run.json'`.
    """
    return cast("RunDocument", _checked(data, name, RUN_DOCUMENT, RunDocument, _check_run_document))


def count_totals(
    changes: Iterable[Mapping[str, Any]],
    failed: Iterable[Mapping[str, Any]],
    unchanged: KindCounts,
    missing: KindCounts,
) -> Totals:
    """Return for each kind how many were created, updated, deleted, unchanged, missing and failed."""
    actions = Counter((change["kind"], change["action"]) for change in changes)
    failures = Counter(row["kind"] for row in failed)

    def counts(kind: KindName) -> Counts:
        return {
            "created": actions[kind, CREATE],
            "updated": actions[kind, UPDATE],
            "deleted": actions[kind, DELETE],
            "unchanged": unchanged[kind],
            "missing": missing[kind],
            "failed": failures[kind],
        }

    return {"component": counts("component"), "reference": counts("reference")}


def _checked(data: object, name: str, kind: str, expected: type, check: Callable[[Any], None]) -> object:
    what = kind.removeprefix("ardoqpy ")
    if not isinstance(data, dict) or data.get("kind") != kind:
        raise InvalidInput(f"{name} is not a {what}: its 'kind' is not {kind!r}.")
    if data.get("format") != FORMAT or type(data["format"]) is not int:
        raise InvalidInput(
            f"{name} has the format {quote_name(data.get('format'))}, but this ardoqpy reads format "
            f"{FORMAT}. Make the {what} again, or use the ardoqpy version that made it."
        )
    try:
        if check_types := _checker(expected):
            check_types(data)
        check(data)
    except _DamagedError as problem:
        raise InvalidInput(f"{name} is damaged: {problem}.") from None
    return data


# -- against the types -------------------------------------------------------------------------------------


@cache
def _checker(hint: Any) -> _Checker | None:
    """Return what raises `_DamagedError` if a value does not have the type of a hint, itself or inside.

    None if any value has it. What a hint means is worked out once: documents have a million values.
    """
    expected, optional = _unwrap(hint)
    base, inner = get_origin(expected) or expected, get_args(expected)
    if expected is Any:
        return None
    if base is Literal:
        return _choice_checker(inner, optional=optional)
    base = dict if is_typeddict(expected) else base
    check_inside = _inside_checker(expected)

    def check(value: Any) -> None:
        if type(value) is not base:
            if value is None and optional:
                return
            if not isinstance(value, base) or isinstance(value, bool):
                raise _DamagedError(f"is {describe_type(value)}, not {_TYPE_NAMES[base]}")
        if check_inside is not None:
            check_inside(value)

    return check


def _inside_checker(expected: Any) -> _Checker | None:
    if is_typeddict(expected):
        return _keys_checker(expected)
    base, inner = get_origin(expected), get_args(expected)
    if base is list:
        return _parts_checker(inner[0], enumerate)
    return _parts_checker(inner[1], dict.items) if base is dict else None


def _choice_checker(choice: tuple[str, ...], *, optional: bool) -> _Checker:
    def check(value: Any) -> None:
        if value not in choice and not (value is None and optional):
            names = f"{', '.join(choice[:-1])} or {choice[-1]}"
            raise _DamagedError(f"is {quote_name(value)}, not {names}")

    return check


def _keys_checker(typed_dict: type) -> _Checker:
    hints = get_type_hints(typed_dict, include_extras=True)
    # Most values are texts and numbers: their types are looked at here.
    keys = [(key, _simple_types(hint), check) for key, hint in hints.items() if (check := _checker(hint))]
    required = frozenset(key for key, hint in hints.items() if not _unwrap(hint)[1])

    def check_keys(value: Any) -> None:
        for key, simple, check in keys:
            if key in value:
                part = value[key]
                if type(part) not in simple:
                    try:
                        check(part)
                    except _DamagedError as problem:
                        raise problem.below(f".{key}") from None
            elif key in required:
                raise _DamagedError("is missing", f".{key}")

    return check_keys


def _parts_checker(hint: Any, parts_of: Callable[[Any], Iterable[tuple[Any, Any]]]) -> _Checker | None:
    check = _checker(hint)
    if check is None:
        return None

    def check_parts(value: Any) -> None:
        for key, part in parts_of(value):
            try:
                check(part)
            except _DamagedError as problem:
                raise problem.below(f"[{key!r}]") from None

    return check_parts


def _simple_types(hint: Any) -> set[type]:
    """Return the types of values that have nothing inside."""
    expected, optional = _unwrap(hint)
    return {each for each in (str, int, bool) if each is expected} | ({types.NoneType} if optional else set())


@cache
def _unwrap(hint: Any) -> tuple[Any, bool]:
    """Return a hint without `NotRequired` and None, and whether there may be no value."""
    if get_origin(hint) is NotRequired:
        return _unwrap(get_args(hint)[0])[0], True
    if isinstance(hint, types.UnionType):
        (expected,) = (part for part in get_args(hint) if part is not types.NoneType)
        return expected, True
    return hint, hint is Any


# -- in itself ---------------------------------------------------------------------------------------------


def _check_plan(plan: PlanDocument) -> None:
    _check_changes(plan["changes"])
    for number, change in enumerate(plan["changes"]):
        for key, entity_id in (("_id", change["_id"]), ("rootWorkspace", change["rootWorkspace"])):
            if not _ID.fullmatch(entity_id):
                raise _DamagedError(
                    f"changes[{number}].{key} is {quote_name(entity_id)}, which is not an id of Ardoq"
                )
        _check_attributes(change, f"changes[{number}]")
    _check_order(plan["changes"])
    _check_totals(plan, plan["unchanged"], plan["missing"], "plan")


def _check_attributes(change: ChangeEntry, path: str) -> None:
    """Raise `_DamagedError` for a new value that Ardoq sets itself, or that no run would have written."""
    kind, is_create = change["kind"], change["action"] == CREATE
    for name, values in change["attributes"].items():
        where, new = f"{path}.attributes[{name!r}]", values["new"]
        if name in _READ_ONLY[kind] or (name in ("rootWorkspace", "targetWorkspace") and not is_create):
            raise _DamagedError(f"{where} is set by Ardoq: a plan cannot change it")
        if name == "rootWorkspace" and new != change["rootWorkspace"]:
            raise _DamagedError(f"{where} is {quote_name(new)}, but the change is for another workspace")
        if name == "name" and kind == "component" and is_create and new != change["name"]:
            raise _DamagedError(f"{where} is {quote_name(new)}, but the change is named otherwise")
        if name in _TEXTS[kind] and not (isinstance(new, str) or (new is None and name == "parent")):
            raise _DamagedError(f"{where} is {describe_type(new)}, not text")
        if name == "type" and kind == "reference" and (isinstance(new, bool) or not isinstance(new, int)):
            raise _DamagedError(f"{where} is {describe_type(new)}, not a whole number")


def _check_run_document(document: RunDocument) -> None:
    _check_changes(document["changes"])
    for number, entity in enumerate(document["missing"]):
        if entity["kind"] == "component" and entity.get("cascade") is None:
            raise _DamagedError(f"missing[{number}].cascade is missing")
    _check_graph(document)
    totals, missing = document["totals"], Counter(entity["kind"] for entity in document["missing"])
    _check_totals(
        document,
        {"component": totals["component"]["unchanged"], "reference": totals["reference"]["unchanged"]},
        {"component": missing["component"], "reference": missing["reference"]},
        "run document",
    )


def _check_changes(changes: Iterable[ChangeEntry] | Iterable[DocumentChange]) -> None:
    for number, change in enumerate(changes):
        if change.get("version") is None and change["action"] != CREATE:
            raise _DamagedError(f"changes[{number}].version is missing")
        for name, values in change["attributes"].items():
            if values.keys() != {"old", "new"}:
                raise _DamagedError(
                    f"changes[{number}].attributes[{name!r}] is not an object with 'old' and 'new'"
                )


def _check_totals(
    document: PlanDocument | RunDocument, unchanged: KindCounts, missing: KindCounts, what: str
) -> None:
    expected = count_totals(document["changes"], document["failed"], unchanged, missing)
    for kind in KINDS:
        stated_counts: Mapping[str, object] = document["totals"][kind]
        for outcome, number in expected[kind].items():
            stated = stated_counts[outcome]
            if stated != number:
                raise _DamagedError(f"totals.{kind}.{outcome} is {stated}, but the {what} holds {number}")


def _check_order(changes: Iterable[ChangeEntry]) -> None:
    """Raise `_DamagedError` if a change refers to one that is not there, or comes later."""
    seen: set[str] = set()
    roots: set[str] = set()
    for number, change in enumerate(changes):
        path, entity_id, root = f"changes[{number}]", change["_id"], change.get("deleted_with")
        if change["action"] == CREATE:
            if entity_id in seen:
                raise _DamagedError(f"{path} creates {entity_id}, which is in the plan before")
            seen.add(entity_id)
        ends = (change["attributes"].get(key, _NO_END)["new"] for key in ENDS[change["kind"]])
        for end in (entity_id, *ends):
            if isinstance(end, str) and end.startswith("simulated-") and end not in seen:
                raise _DamagedError(f"{path} needs {end}, which nothing before it creates")
        seen.add(entity_id)
        if root is not None and (change["action"] != DELETE or root not in roots):
            raise _DamagedError(
                f"{path} is to be deleted with {quote_name(root)}, which is not deleted before it"
            )
        if change["action"] == DELETE and change["kind"] == "component" and root is None:
            roots.add(entity_id)


def _check_graph(document: RunDocument) -> None:
    graph = document["graph"]
    nodes = {node["id"] for node in graph["nodes"]}
    for number, edge in enumerate(graph["edges"]):
        for key, end in (("source", edge["source"]), ("target", edge["target"])):
            if end not in nodes:
                raise _DamagedError(
                    f"graph.edges[{number}].{key} is {quote_name(end)}, which is not a node of the graph"
                )
    for key, listed in (("nodes", graph["nodes"]), ("edges", graph["edges"])):
        if cast("Mapping[str, int]", graph["totals"])[key] < len(listed):
            raise _DamagedError(f"graph.totals.{key} is less than the graph lists")
