"""Labels that the HTML page, Markdown and terminal text share: the heading of a report and its totals."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ardoqpy._terminal import escape_controls

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ardoqpy_sync.documents import RunDocument, SourceCount, State

#: The rows of the totals, in their order.
STATES: tuple[State, ...] = ("created", "updated", "deleted", "unchanged", "missing", "failed")
#: By action, what a preview and what a live run say of it.
_VERBS = {
    "create": ("to create", "created"),
    "update": ("to update", "updated"),
    "delete": ("to delete", "deleted"),
}
#: A description that only repeats the failed rows, or the delete guard, which are listed.
_LISTED = re.compile(
    r"\d+ row\(s\) (failed|could not be used)|The delete guard blocked"
    r"|[\d,]+ entit(y was|ies were) not deleted"
)
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)


def plural(count: int, noun: str, nouns: str | None = None) -> str:
    """Return a number with its noun: "1 change", "12,345 changes"; `nouns` is an irregular plural."""
    return f"{count:,} {noun if count == 1 else nouns or f'{noun}s'}"


def succeeded(document: RunDocument) -> bool:
    """Return whether the run succeeded."""
    return document["status"] == "success"


def heading(document: RunDocument) -> str:
    """Return what kind of report it is."""
    return "Preview of a sync" if document["origin"]["simulated"] else "Report of a sync"


def headline(document: RunDocument) -> str:
    """Return the result of the run in one line: what changes, what failed, what is uncertain."""
    simulated, failed = document["origin"]["simulated"], len(document["failed"])
    actions: Counter[str] = Counter(change["action"] for change in document["changes"])
    done = [f"{actions[action]:,} {_VERBS[action][not simulated]}" for action in _VERBS if actions[action]]
    # Of a run that did not get to all of it, nobody knows what was to be changed.
    is_complete = succeeded(document) and not failed and not document["delete_guard"]
    was = "was to be" if is_complete and not document["not_deleted"] else "was"
    parts = [", ".join(done) or ("Nothing to change" if simulated else f"Nothing {was} changed")]
    if failed:
        parts.append(f"{plural(failed, 'row')} failed")
    if ambiguous := len(document["ambiguous"]):
        parts.append(f"{ambiguous:,} ambiguous")
    if conflicts := len(document["conflicts"]):
        parts.append(plural(conflicts, "conflict"))
    if edits := len(document["edits"]):
        parts.append(f"{edits:,} edited in Ardoq")
    if not_undone := len(document["not_undone"]):
        parts.append(f"{not_undone:,} not taken back")
    if not_deleted := len(document["not_deleted"]):
        parts.append(f"{not_deleted:,} not deleted, because changed since")
    if guard := document["delete_guard"]:
        blocked = guard["would_delete"]
        ids = {entity["_id"] for entity in blocked}  # the plan of an undo lists what the guard blocks
        planned = sum(change["_id"] in ids for change in document["changes"] if change["action"] == "delete")
        are_more = actions["delete"] and planned < len(blocked)
        others = "all other deletes" if actions["delete"] else "all deletes"
        more = f"{len(blocked):,}{' more' if are_more else ''}" if blocked else others
        parts.append(f"the delete guard blocked {more}")
    if since := document.get("since"):
        counts = Counter(change["since"] for change in document["changes"] if "since" in change)
        differing = {"new": counts["new"], "changed": counts["changed"], "gone": len(since["gone"])}
        listed = ", ".join(f"{number:,} {how}" for how, number in differing.items() if number)
        parts.append(f"since the approved plan: {listed or 'the same changes'}")
    line = "; ".join(parts)
    return f"{_verdict(document)}: {line[0].lower()}{line[1:]}" if ended_early(document) else line


def ended_early(document: RunDocument) -> bool:
    """Return whether the run stopped before its end, for a reason that its `description` has."""
    return not succeeded(document) and not _LISTED.match(document["description"])


def _verdict(document: RunDocument) -> str:
    status = document["status"]
    if status != "failure":
        return f"The run ended as {escape_controls(status, 60)}"
    return "The preview did not finish" if document["origin"]["simulated"] else "The run failed"


def describe_origin(document: RunDocument) -> list[tuple[str, str]]:
    """Return where the report comes from, as pairs of label and text."""
    origin = document["origin"]
    pairs = [("Made", format_time(origin["at"])), ("Ardoq", origin["host"])]
    if organisation := origin.get("org"):
        pairs.append(("Organisation", organisation))
    names = [name or ws_id for ws_id, name in document["workspaces"].items()]
    if names:
        more = f" and {len(names) - 12:,} more" if len(names) > 12 else ""
        listed = ", ".join(escape_controls(name, 80) for name in names[:12])
        pairs.append(("Workspace" if len(names) == 1 else "Workspaces", listed + more))
    run = "preview: nothing was written" if origin["simulated"] else "live: changes were written"
    return [*pairs, ("Run", run), ("By", f"{origin['by']}, API {origin['api']}"), *_describe_plan(document)]


def _describe_plan(document: RunDocument) -> list[tuple[str, str]]:
    plan = document.get("plan")
    if not plan:
        return []
    pairs = [("Plan", plan["id"]), ("SHA-256 of the plan", plan["sha256"])]
    if since := document.get("since"):
        pairs.append(("Approved plan", f"{since['id']}, SHA-256 {since['sha256']}"))
    if plan["at"] != document["origin"]["at"]:
        pairs.append(("Plan made", format_time(plan["at"])))
    if plan.get("edited"):
        pairs.append(("Edited", "The plan was edited after it was made."))
    if approved_by := plan.get("approved_by"):
        pairs.append(("Approved by", escape_controls(approved_by, 160)))
    return pairs


def source_name(source: SourceCount) -> str:
    """Return the name of a source, and what of it was not read because it is hidden."""
    rows, columns = source.get("hidden_rows", 0), source.get("hidden_columns", 0)
    hidden = [plural(rows, "hidden row")] if rows else []
    hidden += [plural(columns, "hidden column")] if columns else []
    return f"{source['name']} ({' and '.join(hidden)} not read)" if hidden else source["name"]


def describe_notes(document: RunDocument) -> list[str]:
    """Return sentences about the whole run, and one for each type of which components are others'."""
    notes = [escape_controls(note, 400) for note in document["notes"]]
    return notes + [
        f"{plural(count, 'component')} of type {escape_controls(type_name, 80)} "
        f"{'belongs' if count == 1 else 'belong'} to other sources."
        for type_name, count in document["not_owned"].items()
    ]


def describe_since(change: Mapping[str, Any]) -> str:
    """Return how a change differs from the approved plan, empty if it does not."""
    texts = {"new": "new since the approved plan", "changed": "other than in the approved plan"}
    return texts.get(change.get("since", ""), "")


def describe_delete(change: Mapping[str, Any]) -> list[str]:
    """Return why an entity is deleted, what goes with it, and who changed it last, as far as known."""
    parts = [text for text in (describe_since(change), change.get("why")) if text]
    if takes := change.get("takes"):
        counts = [plural(number, kind) for kind, number in takes.items() if number]
        parts.append(f"with it {' and '.join(counts)}")
    if change.get("who") or change.get("when"):
        by = f" by {escape_controls(change['who'], 80)}" if change.get("who") else ""
        at = f" on {format_time(change['when'])}" if change.get("when") else ""
        parts.append(f"last changed{by}{at}")
    return parts


def format_time(timestamp: str) -> str:
    """Return `22 November 2026, 01:48 UTC` for an ISO timestamp, or the text as it is."""
    try:
        moment = datetime.fromisoformat(timestamp)
    except ValueError:
        return timestamp
    return f"{moment.day} {_MONTHS[moment.month - 1]} {moment:%Y, %H:%M} UTC"


def total_rows(document: RunDocument) -> Iterable[tuple[State, int, int]]:
    """Yield each outcome with the number of components and of references."""
    totals = document["totals"]
    for state in STATES:
        yield state, totals["component"][state], totals["reference"][state]
