"""What a run came to: derived from its changes, never counted by hand."""

from __future__ import annotations

import json
import re
from functools import partial
from typing import TYPE_CHECKING, Any

from ardoqpy._terminal import escape_controls
from ardoqpy_sync.compare.cache import copy_entity
from ardoqpy_sync.compare.diff import CREATE, DELETE, FAILED, UPDATE, Change

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from ardoqpy.entities import Entity

__all__ = ["Report", "format_report", "format_value", "in_full", "totals"]

#: Where the changes of each kind are counted; beside each count is a list, `<name>_l`.
_COUNTED = {
    (CREATE, "component"): "new_comps",
    (UPDATE, "component"): "updated_comps",
    (DELETE, "component"): "del_comps",
    (FAILED, "component"): "failed_comps",
    (CREATE, "reference"): "new_refs",
    (UPDATE, "reference"): "updated_refs",
    (DELETE, "reference"): "del_refs",
    (FAILED, "reference"): "failed_refs",
}


#: Text that could be taken for a number, for no value, or for blank.
_AMBIGUOUS = re.compile(r"^$|^\s|\s$|^(true|false|null|None|[-+]?[\d.]+([eE][-+]?\d+)?)$|^\"")


class Report:
    """The report of one run, in the predecessor's keys and some more.

    - `new_`, `updated_`, `del_`, `cache_hit_`, `failed_` + `comps` or `refs`: how many; with `_l` at the
      end (not for `cache_hit_refs`) which, as dicts with `_id`, `name` and `type`.
    - `changes`: everything but the cache hits in order, attribute by attribute with `old` and `new`.
    - `cache_miss_comps`, `cache_miss_refs`: what Ardoq holds, in the loaded workspaces and of the types
      that rows touched, that no row named.
    - `ambiguous`: where several entities in Ardoq match one row: the one `used`, and all the `matches`.
    - `not_converging`: attributes that Ardoq does not keep as they were sent.
    - `status`: `success`, or `failure` with the reason in `description`.
    """

    def __init__(self) -> None:
        self.changes: list[Change] = []
        self.kept: dict[str, list[Entity]] = {"component": [], "reference": []}
        self.ambiguous: dict[str, dict[str, Any]] = {}
        self.not_converging: dict[tuple[str, str], dict[str, Any]] = {}
        #: What was deleted, by id, as it was: no change tells the ends of a reference that is gone.
        self.gone: dict[str, Entity] = {}
        self._folded = 0
        self.data: dict[str, Any] = _blank()

    def take(self, change: Change) -> None:
        """Take in one change; what a row left as it is goes into `kept`."""
        self.changes.append(change)

    def drop(self, places: Collection[int]) -> None:
        """Take out changes, none of which was looked at yet: their rows are decided again."""
        if places:
            self.changes = [change for place, change in enumerate(self.changes) if place not in places]

    def as_dict(self) -> dict[str, Any]:
        """Return the report but for `changes`, the same dict each time, brought up to date."""
        data = self._counted()
        listed = data["cache_hit_comps_l"]
        listed += _hits(self.kept["component"][len(listed) :])
        return data

    def _counted(self) -> dict[str, Any]:
        """Bring the report up to date, but for the list of what was kept: it is as long as the source."""
        data = self.data
        for change in self.changes[self._folded :]:
            name = _COUNTED[change.action, change.kind]
            data[name] += 1
            data[f"{name}_l"].append(_item(change))
        self._folded = len(self.changes)
        data["cache_hit_comps"], data["cache_hit_refs"] = (len(kept) for kept in self.kept.values())
        failed = data["failed_comps"] + data["failed_refs"]
        if failed and data["status"] == "success":
            first = next(change for change in self.changes if change.action == FAILED)
            data["status"] = "failure"
            data["description"] = f"{failed} row(s) failed; the first: {first.note}"
        data["ambiguous"] = list(self.ambiguous.values())
        data["not_converging"] = list(self.not_converging.values())
        return data

    def copy(self) -> dict[str, Any]:
        """Return the whole report, `changes` included, as plain data of the caller's own."""
        data = {**self._counted(), "cache_hit_comps_l": []}
        own = {**copy_entity(data), "cache_hit_comps_l": _hits(self.kept["component"])}
        return own | {"changes": [in_full(change) for change in self.changes]}

    def set_misses(self, components: Iterable[dict[str, Any]], references: Iterable[dict[str, Any]]) -> None:
        """Say what Ardoq holds that the source no longer has."""
        self.data["cache_miss_comps"] = list(components)
        self.data["cache_miss_refs"] = list(references)


def _hits(components: list[Entity]) -> list[dict[str, Any]]:
    return [{"_id": comp["_id"], "name": comp.get("name"), "type": comp.get("type")} for comp in components]


def _blank() -> dict[str, Any]:
    data: dict[str, Any] = {}
    for name in _COUNTED.values():
        data |= {name: 0, f"{name}_l": []}
    return data | {
        "cache_hit_comps": 0,
        "cache_hit_comps_l": [],
        "cache_hit_refs": 0,
        "cache_miss_comps": [],
        "cache_miss_refs": [],
        "ambiguous": [],
        "not_converging": [],
        "status": "success",
        "description": None,
    }


def _item(change: Change) -> dict[str, Any]:
    item: dict[str, Any] = {"_id": change.id, "name": change.name, "type": change.type}
    if change.action == UPDATE:
        item["changes"] = _old_and_new(change)
    if change.action == FAILED:
        item |= {"reason": change.note, "row": change.row, "label": change.label}
    return item


def in_full(change: Change) -> dict[str, Any]:
    """Return a change as plain data, attribute by attribute with `old` and `new`."""
    full: dict[str, Any] = {
        "action": change.action,
        "kind": change.kind,
        "_id": change.id,
        "name": change.name,
        "type": change.type,
        "rootWorkspace": change.workspace,
        "version": change.version,
        "attributes": _old_and_new(change),
    }
    for key in ("note", "label", "field"):
        if getattr(change, key) is not None:
            full[key] = getattr(change, key)
    return full


def _old_and_new(change: Change) -> dict[str, dict[str, Any]]:
    return {key: copy_entity({"old": old, "new": new}) for key, (old, new) in change.attributes.items()}


def format_report(report: dict[str, Any], *, longest: int = 10) -> str:
    """Return a report, as `get_report` gives it, as text for people.

    Each list shows at most `longest` entries and says how many more there are. What a terminal would obey
    is escaped.
    """
    lines = totals(*map(partial(_numbers, report), ("comps", "refs")))
    new = [f"component {comp['name']} ({comp['type']})" for comp in report["new_comps_l"]]
    new += [f"reference {ref['name']} (type {ref['type']})" for ref in report["new_refs_l"]]
    lines += _section("new", new, longest)
    updates = [change for change in report["changes"] if change["action"] == UPDATE]
    details = [
        f"{change['name']}: {attribute} was {_brief(values['old'])}, becomes {_brief(values['new'])}"
        for change in updates
        for attribute, values in change["attributes"].items()
    ]
    lines += _section("changed attributes", details, longest)
    deletes = [change for change in report["changes"] if change["action"] == DELETE]
    lines += _section("deleted", [f"{change['kind']} {change['name']}" for change in deletes], longest)
    missing = [f"component {comp['name']} ({comp['type']})" for comp in report["cache_miss_comps"]]
    missing += [f"reference {ref['name']} (type {ref['type']})" for ref in report["cache_miss_refs"]]
    lines += _section("in Ardoq, no longer in the source", missing, longest)
    failed = [
        f"{item['name']}: {item['reason']}"
        for kind in ("comps", "refs")
        for item in report[f"failed_{kind}_l"]
    ]
    lines += _section("failed", failed, longest)
    several = [
        f"{one['name']}: {len(one['matches'])} match, {one['used']} is used" for one in report["ambiguous"]
    ]
    lines += _section("ambiguous", several, longest)
    stubborn = [
        f"{one['name']}: {one['attribute']} stays {_brief(one['stored'])}, "
        f"the source says {_brief(one['wanted'])}"
        for one in report["not_converging"]
    ]
    lines += _section("not kept by Ardoq as sent", stubborn, longest)
    if report["status"] != "success":
        lines.append(f"{report['status']}: {report['description']}")
    return "\n".join(escape_controls(line, 400) for line in lines)


def totals(components: Sequence[int], references: Sequence[int]) -> list[str]:
    """Return the lines of a table: created, updated, deleted, unchanged, missing and failed of both kinds."""
    columns = ("created", "updated", "deleted", "unchanged", "missing", "failed")
    rows = (("", columns), ("components", components), ("references", references))
    widths = (9, 9, 9, 11, 9, 8)
    return [
        f"{title:12}" + "".join(f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True))
        for title, cells in rows
    ]


def _numbers(report: dict[str, Any], kind: str) -> list[int]:
    counted = [report[f"{what}_{kind}"] for what in ("new", "updated", "del", "cache_hit")]
    return [*counted, len(report[f"cache_miss_{kind}"]), report[f"failed_{kind}"]]


def _section(title: str, entries: list[str], longest: int) -> list[str]:
    if not entries:
        return []
    shown = [f"  - {entry}" for entry in entries[:longest]]
    more = len(entries) - len(shown)
    return [f"{title}:", *shown, *([f"  ... and {more} more"] if more else [])]


def _brief(value: object) -> str:
    return escape_controls(format_value(value), 60)


def format_value(value: object) -> str:
    """Return a value as text: as JSON unless it is text that cannot be taken for anything else."""
    if value is None:
        return "empty"
    if isinstance(value, str) and not _AMBIGUOUS.search(value):
        return value
    return json.dumps(value, ensure_ascii=False, default=repr)
