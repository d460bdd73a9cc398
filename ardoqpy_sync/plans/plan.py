"""A plan: what a run decided, as plain data that can be read, kept and applied later."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ardoqpy._terminal import escape_controls
from ardoqpy._version import __version__
from ardoqpy_sync.compare.diff import CREATE, DELETE, FAILED, UPDATE
from ardoqpy_sync.plans import run_document
from ardoqpy_sync.report import format_value, in_full, totals

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

    from ardoqpy_sync.compare.diff import Change
    from ardoqpy_sync.report import Report

__all__ = ["Plan"]


@dataclass(slots=True)
class Plan:
    """What a run decided, usually a simulated one; of a live run, what it did.

    - `changes`: in order, each a dict with `action` (`create`, `update` or `delete`), `kind` (`component`
      or `reference`), `_id` (of a create in a simulation a simulated one), `name`, `type`,
      `rootWorkspace`, `version` (the one in Ardoq that was decided on, None for a create), `attributes`
      (by attribute a dict with `old` and `new`, custom fields beside the others), and, where there is
      one, `label` (what the source row is called), `field` (by which a component was matched), `with`
      (the `_id` of the component that it is deleted along with) and `note` (the same for people).
    - `failed`: the rows that failed, with `reason`; what JSON cannot hold of them is shown as text.
    - `ambiguous`, `not_converging`: as in the report.
    - `unchanged`, `missing`: by kind, how many were left alone, and how many no row named.
    - `workspaces`: the names, by id, of those that the run had loaded.
    - `made`: `at` (UTC), `by` (this library and its version), `api`, `host` and `org` of the Ardoq, and
      whether it was `simulated`.

    Leaving a change out of `changes` leaves it out of what is applied.
    """

    changes: list[dict[str, Any]]
    failed: list[dict[str, Any]]
    ambiguous: list[dict[str, Any]]
    not_converging: list[dict[str, Any]]
    unchanged: dict[str, int]
    missing: dict[str, int]
    workspaces: dict[str, str | None]
    made: dict[str, Any]

    @classmethod
    def of_run(
        cls,
        report: Report,
        missing: dict[str, int],
        workspaces: dict[str, str | None],
        where: dict[str, Any],
    ) -> Plan:
        """Return the plan of a run: what its report holds so far.

        `where` tells `api`, `host`, `org` and whether it was `simulated`.
        """
        now = datetime.now(UTC).isoformat(timespec="seconds").removesuffix("+00:00")
        return cls(
            changes=list(_listed(change for change in report.changes if change.action != FAILED)),
            failed=[_failed(change) for change in report.changes if change.action == FAILED],
            ambiguous=run_document.plain(list(report.ambiguous.values())),
            not_converging=run_document.plain(list(report.not_converging.values())),
            unchanged={kind: len(kept) for kind, kept in report.kept.items()},
            missing=missing,
            workspaces=workspaces,
            made={"at": f"{now}Z", "by": f"ardoqpy {__version__}", **where},
        )

    # -- kept -------------------------------------------------------------------------------------------

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Plan:
        """Return the plan that was saved to a file.

        Raise `InvalidInput` naming the place where the file cannot be read, is not a plan, is one of
        another format, or is damaged.
        """
        return cls._of_checked(run_document.read(path))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the plan to a file, as JSON with its format's version, in place of what was there.

        It is written beside its place first: no half plan is left behind. Raise `InvalidInput` where it
        cannot be written, or makes no sense.
        """
        run_document.write(path, self.as_dict())

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Plan:
        """Return the plan that `as_dict` has given; raise `InvalidInput` where the data makes no sense."""
        return cls._of_checked(run_document.checked(run_document.plain(data)))

    @classmethod
    def _of_checked(cls, data: dict[str, Any]) -> Plan:
        return cls(**{name: data[name] for name in cls.__slots__})

    def as_dict(self) -> dict[str, Any]:
        """Return a copy of the plan as the file has it; raise `InvalidInput` where it makes no sense."""
        data = {
            "kind": run_document.KIND,
            "format": run_document.FORMAT,
            "made": self.made,
            "totals": self.counts(),
            **{name: getattr(self, name) for name in self.__slots__ if name != "made"},
        }
        return run_document.checked(run_document.plain(data))

    # -- counted and shown ------------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self.changes)

    def __bool__(self) -> bool:
        return bool(self.changes)

    def counts(self) -> dict[str, dict[str, int]]:
        """Return for `component` and `reference` the totals.

        They are `created`, `updated`, `deleted`, `unchanged`, `missing` and `failed`.
        """
        return run_document.counted(self.changes, self.failed, self.unchanged, self.missing)

    def __repr__(self) -> str:
        return f"<Plan of {self.made['at']}: {len(self)} changes>"

    def __str__(self) -> str:
        counts = self.counts()
        table = totals(*(list(counts[kind].values()) for kind in ("component", "reference")))
        made = self.made
        how = "simulated" if made["simulated"] else "carried out"
        head = f"plan of {made['at']}, {how} on API {made['api']} of {made['host']}, by {made['by']}"
        return "\n".join([escape_controls(head, 400), *table])

    def describe(self, longest: int | None = None) -> str:
        """Return the plan as text for people: each change, and each attribute with its old and new value.

        `longest` is how many entries of each list are shown; all, unless said. What is no proper text on
        a terminal is escaped.
        """
        lines = [str(self)]
        for title, entries in (
            ("changes", [_told(change) for change in self.changes]),
            ("failed rows, not part of the plan", [_told_failure(row) for row in self.failed]),
            ("ambiguous", [_told_several(one) for one in self.ambiguous]),
            ("not kept by Ardoq as sent", [_told_stubborn(one) for one in self.not_converging]),
        ):
            shown = entries if longest is None else entries[:longest]
            lines += [f"{title}:"] if entries else []
            lines += [line for entry in shown for line in entry]
            if len(shown) < len(entries):
                lines.append(f"  ... and {len(entries) - len(shown)} more")
        return "\n".join(lines)


def _listed(changes: Iterable[Change]) -> Iterable[dict[str, Any]]:
    root = None
    for change in changes:
        one = in_full(change)
        if change.label is not None and not isinstance(change.label, str):
            one["label"] = str(change.label)
        if change.action == DELETE and change.note is None:
            root = change.id
        elif change.action == DELETE:
            one["with"] = root  # what goes along is reported right after what it goes with
        yield run_document.plain(one)


def _failed(change: Change) -> dict[str, Any]:
    row = {
        "kind": change.kind,
        "_id": change.id,
        "name": change.name,
        "type": change.type,
        "rootWorkspace": change.workspace,
        "reason": change.note,
        "label": change.label,
        "row": change.row,
    }
    shown: dict[str, Any] = run_document.plain(row)
    return shown


# -- one entry, as lines -----------------------------------------------------------------------------------


def _told(change: dict[str, Any]) -> list[str]:
    kind = f"{change['type']}" if change["kind"] == "component" else f"type {change['type']}"
    label = f"  [{change['label']}]" if change.get("label") else ""
    version = f", version {change['version']}" if change["action"] != CREATE else ""
    note = f", {change['note']}" if change.get("note") else ""
    line = f"  - {change['action']} {change['kind']} {change['name']} ({kind}{version}){note}{label}"
    return [
        escape_controls(line, 400),
        *(
            escape_controls(f"      {name}: {_arrow(change['action'], values)}", 400)
            for name, values in change["attributes"].items()
        ),
    ]


def _arrow(action: str, values: dict[str, Any]) -> str:
    return (
        f"{_brief(values['old'])} -> {_brief(values['new'])}" if action == UPDATE else _brief(values["new"])
    )


def _told_failure(row: dict[str, Any]) -> list[str]:
    label = f"  [{row['label']}]" if row.get("label") else ""
    return [escape_controls(f"  - {row['kind']} {row.get('name')}: {row['reason']}{label}", 400)]


def _told_several(one: dict[str, Any]) -> list[str]:
    matches = len(one.get("matches") or ())
    return [
        escape_controls(
            f"  - {one['kind']} {one.get('name')}: {matches} match, {one.get('used')} is used", 400
        )
    ]


def _told_stubborn(one: dict[str, Any]) -> list[str]:
    values = f"stays {_brief(one.get('stored'))}, the source says {_brief(one.get('wanted'))}"
    return [escape_controls(f"  - {one['kind']} {one.get('name')}: {one.get('attribute')} {values}", 400)]


def _brief(value: object) -> str:
    return escape_controls(format_value(value), 60)
