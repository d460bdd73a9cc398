"""What page, Markdown and summary say in the same words: the head of a report and its totals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ardoqpy._terminal import escape_controls

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["STATES", "counted", "headline", "kind_of_run", "number", "origin", "succeeded", "total_rows"]

#: The columns of the totals, in their order.
STATES = ("created", "updated", "deleted", "unchanged", "missing", "failed")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)


def number(count: int) -> str:
    """Return a number as people read it: 12,345."""
    return f"{count:,}"


def counted(count: int, noun: str) -> str:
    """Return how many there are of something: "1 change", "12,345 changes"."""
    return f"{number(count)} {noun}{'' if count == 1 else 's'}"


def succeeded(account: Mapping[str, Any]) -> bool:
    """Tell whether the run came to a good end."""
    return bool(account["status"] == "success")


def kind_of_run(account: Mapping[str, Any]) -> str:
    """Return what the report is of."""
    return "Rehearsal of a sync" if account["made"]["simulated"] else "Report of a sync"


def headline(account: Mapping[str, Any]) -> str:
    """Return in one line what the run came to."""
    changes, simulated = len(account["changes"]), account["made"]["simulated"]
    if not changes:
        done = "Nothing was to be changed." if not account["failed"] else "Nothing was changed."
    elif simulated:
        done = f"{counted(changes, 'change')} would be made; nothing was written."
    else:
        done = f"{counted(changes, 'change')} {'was' if changes == 1 else 'were'} made."
    if succeeded(account):
        return done
    guard = account["guard"]
    if guard and not account["failed"] and account["description"] == guard["sentence"]:
        return f"{guard['sentence']} {done}"
    status = account["status"]
    verdict = "The run failed" if status == "failure" else f"The run ended as {escape_controls(status, 60)}"
    rows = f", {counted(len(account['failed']), 'row')} could not be brought in" if account["failed"] else ""
    return f"{verdict}{rows}. {done}"


def origin(account: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return where the report comes from, as pairs of what and which."""
    made = account["made"]
    pairs = [("Made", when(made["at"])), ("Ardoq", escape_controls(made["host"], 160))]
    if made.get("org"):
        pairs.append(("Organisation", escape_controls(made["org"], 160)))
    names = [escape_controls(name or ws_id, 80) for ws_id, name in account["workspaces"].items()]
    if names:
        more = f" and {number(len(names) - 12)} more" if len(names) > 12 else ""
        pairs.append((f"Workspace{'' if len(names) == 1 else 's'}", ", ".join(names[:12]) + more))
    how = "simulated: no write was sent" if made["simulated"] else "live: changes were written"
    return [
        *pairs,
        ("Run", how),
        ("By", f"{escape_controls(made['by'], 160)}, API {escape_controls(made['api'], 160)}"),
    ]


def when(told: str) -> str:
    """Return a time as people read it: 22 November 2026, 01:48 UTC; as it is where it is no such time."""
    try:
        year, month, day = int(told[:4]), int(told[5:7]), int(told[8:10])
        hour, minute = int(told[11:13]), int(told[14:16])
        return f"{day} {_MONTHS[month - 1]} {year:04}, {hour:02}:{minute:02} UTC"
    except (ValueError, IndexError):
        return escape_controls(told, 160)


def total_rows(account: Mapping[str, Any]) -> Iterable[tuple[str, int, int]]:
    """Yield for each outcome its name, and how many components and references came to it."""
    totals = account["totals"]
    for state in STATES:
        yield state, totals["component"][state], totals["reference"][state]
