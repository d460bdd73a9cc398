"""Labels that the HTML page, Markdown and terminal text share: the heading of a report and its totals."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from ardoqpy._terminal import escape_controls

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ardoqpy_sync.documents import RunDocument, SourceCount, State

#: The rows of the totals, in their order.
STATES: tuple[State, ...] = ("created", "updated", "deleted", "unchanged", "missing", "failed")
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
    """Return the result of the run in one line; that of a preview is about what a run would do."""
    changes, failed = len(document["changes"]), len(document["failed"])
    simulated = document["origin"]["simulated"]
    if not changes:
        nothing = "Nothing would be changed." if simulated else "Nothing was changed."
        done = nothing if failed else "Nothing was to be changed."
    elif simulated:
        done = f"{plural(changes, 'change')} would be made; nothing was written."
    else:
        done = f"{plural(changes, 'change')} {'was' if changes == 1 else 'were'} made."
    if succeeded(document):
        return done
    guard, status = document["delete_guard"], document["status"]
    if guard and not failed and document["description"] == guard["sentence"]:
        return f"{guard['sentence']} {done}"
    run = "preview" if simulated else "run"
    ended = "failed" if status == "failure" else f"ended as {escape_controls(status, 60)}"
    if simulated and failed and status == "failure":
        # It did its work: what would fail is the run.
        return f"The preview found {plural(failed, 'row')} that cannot be used. {done}"
    verdict = f"The {run} {ended}"
    rows = f", {plural(failed, 'row')} could not be used" if failed else ""
    return f"{verdict}{rows}. {done}"


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
    return [*pairs, ("Run", run), ("By", f"{origin['by']}, API {origin['api']}")]


def source_name(source: SourceCount) -> str:
    """Return the name of a source, and what of it was not read because it is hidden."""
    rows, columns = source.get("hidden_rows", 0), source.get("hidden_columns", 0)
    hidden = [plural(rows, "hidden row")] if rows else []
    hidden += [plural(columns, "hidden column")] if columns else []
    return f"{source['name']} ({' and '.join(hidden)} not read)" if hidden else source["name"]


def describe_not_owned(document: RunDocument) -> list[str]:
    """Return a sentence for each type of which components belong to other sources."""
    return [
        f"{plural(count, 'component')} of type {escape_controls(type_name, 80)} "
        f"{'belongs' if count == 1 else 'belong'} to other sources."
        for type_name, count in document["not_owned"].items()
    ]


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
