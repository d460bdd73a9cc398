"""What a run came to, in full: one document of plain data, made from a sync client after its run.

The page, the Markdown and the summary are made of it and of nothing else. It holds no token.
"""

from __future__ import annotations

from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from ardoqpy._messages import describe_type, quote_name, suggest
from ardoqpy.errors import DeleteBlocked, InvalidInput
from ardoqpy_sync import json_file
from ardoqpy_sync.compare.cascade_counts import extents
from ardoqpy_sync.compare.diff import CREATE
from ardoqpy_sync.plans.run_document import plain
from ardoqpy_sync.reporting.document_schema import FORMAT, KIND, checked
from ardoqpy_sync.reporting.graph import graph_of
from ardoqpy_sync.reporting.type_names import TypeNames

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Mapping, Sequence

    from ardoqpy.entities import Entity
    from ardoqpy_sync.client import ArdoqSyncClient
    from ardoqpy_sync.engine import Engine

__all__ = ["account_of", "read", "write"]

#: Of what would go along with one thing, so many are named; and so many in the whole account.
ALONG, ALONG_IN_ALL = 20, 20_000
#: They are chosen out of so many, those that are nearest.
LOOKED_AT = 500
_KINDS = ("component", "reference")
#: The attributes whose values are ids that people know by a name.
_NAMED_BY_ID = {"parent", "source", "target", "typeId"}


def account_of(
    client: ArdoqSyncClient,
    *,
    title: str | None = None,
    sources: Iterable[Mapping[str, Any]] = (),
    failed_rows: Iterable[Mapping[str, Any]] = (),
    refused: DeleteBlocked | Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return what the run of a sync client came to, in full, as plain data.

    - `title`: what the report is called; the names of the workspaces, unless said.
    - `sources`: what was read, each a mapping with `name`, `rows`, `skipped` and `failed`.
    - `failed_rows`: rows of a source that never became a call, such as those with a cell that could not be
      converted, each a mapping with `kind` (`component` or `reference`), `name`, `label` and `reason`.
    - `refused`: what `delete_cache_misses` raised, where it did.

    Writes that wait are sent first. The names of types come from the model of a workspace, which is read
    where the run had no reason to (v1); where it cannot be read, a reference type is shown by its number.
    The keys:

    - `kind` (`ardoqpy report`), `format` (1), `title`, and `made`, as in a `Plan`.
    - `status` and `description`: those of the report; `failure` as well where there are `failed_rows`, or
      deleting was `refused`.
    - `totals`: as `Plan.counts()`, the `failed_rows` among the failed.
    - `changes`, `failed`, `ambiguous`, `not_converging`: as in a `Plan`, and each of the first two with
      `typeName`: a component's type and a reference's, whose `type` is a number, by name.
    - `missing`: what Ardoq holds, of the types the run touched, that no row named. Each with `kind`, `_id`,
      `name`, `type`, `typeName`, `rootWorkspace` and, of a component, what deleting it would take `along` as
      far as the loaded workspaces tell: how many `components` and `references`, and the first 20 of them
      `listed`, each with a `state`: `missing` itself, `named` by a row of this run, or `other`.
    - `guard`: None, or the `sentence`, `reasons` and `would_delete` of `DeleteBlocked`; of the latter each
      with at most 20 of what goes `along`, `along_total` how many that are.
    - `workspaces` by id, and `names`, by id, of components and types that values speak of.
    - `sources`: as given.
    - `graph`: what changes and its neighbours; see `graph_of`.

    Raise `InvalidInput` where `title`, `sources`, `failed_rows` or `refused` make no sense, and, with
    `on_error="raise"`, the problem of a write that waited.
    """
    told = _Told(_title(title), _sources(sources), _failed_rows(failed_rows), _guard(refused))
    engine = client._engine  # noqa: SLF001  (as the client's other parts do: it is one house)
    with client._lock:  # noqa: SLF001  (nothing may move between the plan and what it is held against)
        report = client.get_report()
        plan = client.plan
        names = TypeNames(engine.model.names)
        missing = _missing(engine, report, names)
        failed = [_failed(engine, row, names) for row in plan.failed + told.failed_rows]
        changes = [_typed(change, names) for change in plan.changes]
        graph = graph_of(engine.cache, engine.report.gone, changes, failed, missing, names)
        status, description = _status(report, told)
        return {
            "kind": KIND,
            "format": FORMAT,
            "title": told.title or _named_after(plan.workspaces),
            "made": plan.made,
            "status": status,
            "description": description,
            "totals": _with_failed(plan.counts(), told.failed_rows),
            "changes": changes,
            "failed": failed,
            "ambiguous": plan.ambiguous,
            "not_converging": plan.not_converging,
            "missing": missing,
            "guard": told.guard and _typed_guard(told.guard, names),
            "workspaces": plain(plan.workspaces),
            "names": _names(engine, changes, names),
            "sources": told.sources,
            "graph": plain(graph),
        }


def read(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Return the account that was written to a file.

    Raise `InvalidInput` naming the place where the file cannot be read, is not an account, is one of
    another format, or is damaged.
    """
    return checked(*json_file.read(path, "report"))


def write(path: str | os.PathLike[str], account: dict[str, Any]) -> None:
    """Write an account to a file, as JSON with its format's version, in place of what was there.

    It is written beside its place first. Raise `InvalidInput` where it cannot be written, or makes no sense.
    """
    json_file.write(path, checked(account), "report")


class _Told(NamedTuple):
    """What the client does not know of its run, checked and plain."""

    title: str | None
    sources: list[dict[str, Any]]
    failed_rows: list[dict[str, Any]]
    guard: dict[str, Any] | None


# -- what is told -----------------------------------------------------------------------------------------


def _title(title: object) -> str | None:
    if title is not None and not isinstance(title, str):
        raise InvalidInput(f"title is {describe_type(title)}: give text, or leave it out.")
    return None if title is None else plain(title) or None


def _sources(sources: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    found = []
    for number, source in enumerate(_listed(sources, "sources")):
        shown: dict[str, Any] = {"name": str(source.get("name") or f"source {number + 1}")}
        for key in ("rows", "skipped", "failed"):
            count = source.get(key, 0)
            if isinstance(count, bool) or not isinstance(count, int) or count < 0:
                raise InvalidInput(f"sources[{number}].{key} is {count!r}: give a whole number.")
            shown[key] = count
        found.append(plain(shown))
    return found


def _failed_rows(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    found = []
    for number, row in enumerate(_listed(rows, "failed_rows")):
        kind = row.get("kind")
        if kind not in _KINDS:
            raise InvalidInput(f"failed_rows[{number}].kind is {quote_name(kind)}: {suggest(kind, _KINDS)}")
        reason = row.get("reason")
        if not isinstance(reason, str) or not reason:
            raise InvalidInput(
                f"failed_rows[{number}].reason is {describe_type(reason)}: say why the row failed."
            )
        if not isinstance(row.get("row"), dict | None):
            raise InvalidInput(
                f"failed_rows[{number}].row is {describe_type(row['row'])}: give a dict, or none."
            )
        blank = dict.fromkeys(("_id", "name", "type", "rootWorkspace", "label", "row"))
        shown = {**blank, **row, "kind": kind, "reason": reason}
        found.append(plain(shown))
    return found


def _listed(told: Iterable[Mapping[str, Any]], name: str) -> list[Mapping[str, Any]]:
    if isinstance(told, str | bytes) or not hasattr(told, "__iter__"):
        raise InvalidInput(f"{name} is {describe_type(told)}: give a list of dicts.")
    listed = list(told)
    for number, one in enumerate(listed):
        if not hasattr(one, "keys") or not hasattr(one, "get"):
            raise InvalidInput(f"{name}[{number}] is {describe_type(one)}: give a dict.")
    return listed


def _guard(refused: DeleteBlocked | Mapping[str, Any] | None) -> dict[str, Any] | None:
    if refused is None:
        return None
    if isinstance(refused, DeleteBlocked):
        told = {"reasons": refused.reasons, "would_delete": refused.would_delete}
    elif hasattr(refused, "keys") and {"reasons", "would_delete"} <= set(refused.keys()):
        told = {key: list(refused[key]) for key in ("reasons", "would_delete")}
    else:
        raise InvalidInput(
            f"refused is {describe_type(refused)}: give the DeleteBlocked, or a dict with its reasons and "
            "would_delete."
        )
    number = len(told["would_delete"])
    # A job may have things marked instead of deleted, and some of each.
    sentence = f"The guard refused to delete or mark {number} thing(s)."
    would = [_short(one) for one in told["would_delete"]]
    guard: dict[str, Any] = plain(
        {"sentence": sentence, "reasons": list(told["reasons"]), "would_delete": would}
    )
    return guard


def _short(would: Mapping[str, Any]) -> dict[str, Any]:
    along = list(would.get("along") or ())
    return {**would, "along": along[:ALONG], "along_total": len(along)}


# -- what follows -----------------------------------------------------------------------------------------


def _status(report: Mapping[str, Any], told: _Told) -> tuple[str, str]:
    status, said = str(report["status"]), str(report["description"] or "")
    more = []
    if told.failed_rows:
        first = told.failed_rows[0]["reason"]
        more.append(f"{len(told.failed_rows)} row(s) could not be used; the first: {first}")
    if told.guard:
        more.append(told.guard["sentence"])
    if more:
        status = "failure" if status == "success" else status
        said = " ".join(part if part[-1:] in ".!?" else f"{part}." for part in (said, *more) if part)
    return plain(status), plain(said)


def _named_after(workspaces: Mapping[str, str | None]) -> str:
    names = [name or ws_id for ws_id, name in workspaces.items()]
    if not names:
        return "Sync"
    shown = ", ".join(names[:3])
    return f"Sync of {shown}" if len(names) <= 3 else f"Sync of {shown} and {len(names) - 3} more"


def _with_failed(totals: dict[str, dict[str, int]], rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    more = Counter(row["kind"] for row in rows)
    return {kind: {**counts, "failed": counts["failed"] + more[kind]} for kind, counts in totals.items()}


def _typed(one: dict[str, Any], names: TypeNames) -> dict[str, Any]:
    return {**one, "typeName": names.of(one["kind"], one.get("rootWorkspace"), one.get("type"))}


def _failed(engine: Engine, row: Mapping[str, Any], names: TypeNames) -> dict[str, Any]:
    """Return a failed row as the account has it: a row that makes no sense may have anything for a name."""
    told = {key: row.get(key) for key in ("_id", "name", "label", "rootWorkspace")}
    shown = {
        **row,
        **{key: value if isinstance(value, str | None) else str(value) for key, value in told.items()},
    }
    place, source = shown["rootWorkspace"], (row.get("row") or {}).get("source")
    if place is None and isinstance(source, str):  # a reference is of the workspace of its source
        found = engine.cache.get("component", source)
        place = found.workspace if found else None
    return {**shown, "typeName": names.of(row["kind"], place, row.get("type"))}


def _typed_guard(guard: dict[str, Any], names: TypeNames) -> dict[str, Any]:
    would = [
        {**_typed(one, names), "along": [_typed(other, names) for other in one["along"]]}
        for one in guard["would_delete"]
    ]
    return {**guard, "would_delete": would}


def _missing(engine: Engine, report: Mapping[str, Any], names: TypeNames) -> list[dict[str, Any]]:
    cache, listed = engine.cache, 0
    misses = [("component", comp) for comp in report["cache_miss_comps"]]
    misses += [("reference", ref) for ref in report["cache_miss_refs"]]
    own = {entity["_id"] for _, entity in misses}
    kinds = {kind.name: kind for kind in (engine.component, engine.reference)}

    def state(entity: Entity) -> str:
        return "missing" if entity["_id"] in own else "named" if entity["_id"] in cache.named else "other"

    sizes = extents(
        [comp["_id"] for comp in report["cache_miss_comps"]],
        lambda comp_id: [one["_id"] for of, _, one in cache.touching(comp_id) if of == "component"],
        lambda comp_id: [one["_id"] for of, _, one in cache.touching(comp_id) if of == "reference"],
    )
    found = []
    for kind, shown in misses:
        one = _typed({"kind": kind, **shown}, names)
        if kind == "component":
            room = max(0, min(ALONG, ALONG_IN_ALL - listed))
            # What a row of this run named comes first: that is what nobody expects to lose.
            nearest = list(islice(cache.along(shown["_id"]), LOOKED_AT)) if room else []
            first = sorted(nearest, key=lambda part: state(part.entity) != "named")[:room]
            listed += len(first)
            one["along"] = {
                **sizes[shown["_id"]]._asdict(),
                "listed": [
                    _typed({"kind": of, **engine.described(kinds[of], other), "state": state(other)}, names)
                    for of, _, other in first
                ],
            }
        found.append(plain(one))
    return found


def _names(engine: Engine, changes: Sequence[Mapping[str, Any]], types: TypeNames) -> dict[str, str]:
    """Return by id the names of components and types that the values of changes speak of."""
    created = {change["_id"]: change["name"] for change in changes if change["action"] == CREATE}

    def called(change: Mapping[str, Any], attribute: str, value: str) -> str | None:
        if attribute == "typeId":
            return types.of("component", change["rootWorkspace"], value)
        known = engine.cache.get("component", value)
        name = (known.entity if known else engine.report.gone.get(value, {})).get("name") or created.get(
            value
        )
        return None if name is None else str(name)

    found: dict[str, str | None] = {}
    for change in changes:
        for attribute in _NAMED_BY_ID & change["attributes"].keys():
            for value in change["attributes"][attribute].values():
                if isinstance(value, str) and (attribute == "typeId" or value not in found):
                    name = called(change, attribute, value)
                    # Types of two models may have one id, such as p1: it is shown rather than a wrong name.
                    found[value] = name if found.get(value, name) == name else None
    return {key: plain(name) for key, name in sorted(found.items()) if name not in (None, key)}
