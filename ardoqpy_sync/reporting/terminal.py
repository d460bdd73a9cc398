"""An account in short, as lines for a terminal or a log: how many, what, which rows failed, what was
refused.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ardoqpy._terminal import escape_controls
from ardoqpy_sync.report import format_value, totals
from ardoqpy_sync.reporting.labels import STATES, counted, headline, number

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

__all__ = ["guard_lines", "summary_of"]

#: How many entries of each list are shown.
SHOWN = 10
#: A failure that is nothing but the failed rows, and the guard's refusal after them.
_SHOWN_ABOVE = re.compile(r"\d+ row\(s\) (failed|could not be used)|The guard refused")
_DOING = {"create": "create", "update": "update", "delete": "delete"}
_DONE = {"create": "created", "update": "updated", "delete": "deleted"}


def summary_of(account: Mapping[str, Any], described: str | None = None) -> Iterator[str]:
    """Yield the lines of a summary; each is safe to print on a terminal.

    `described` stands in place of the numbers, changes and failed rows: all of them, as `Plan.describe` has
    them. Lists show a few entries otherwise, and no values.
    """
    longest = SHOWN if described is None else None
    lines = [_head(account)]
    if described is None:
        lines += totals(*([account["totals"][kind][one] for one in STATES] for kind in _KINDS))
        words = _DOING if account["made"]["simulated"] else _DONE
        title = "would change" if account["made"]["simulated"] else "changed"
        lines += _section(title, [_change(one, words) for one in account["changes"]], longest)
        lines += _section("failed", [_failure(one) for one in account["failed"]], longest)
    lines += _section("in Ardoq, no longer in the source", map(_miss, account["missing"]), longest)
    if described is None:
        lines += _section("ambiguous", [_several(one) for one in account["ambiguous"]], longest)
        lines += _section("not kept by Ardoq as sent", map(_stubborn, account["not_converging"]), longest)
    if account["failed"]:
        lines += _section("read", map(_source, account["sources"]), longest)
    lines += _guard(account["guard"], longest)
    if account["status"] != "success" and not _SHOWN_ABOVE.match(account["description"]):
        lines += [f"{account['status']}: {line}" for line in account["description"].splitlines()[:SHOWN]]
    lines.append(headline(account))
    if described is not None:
        yield escape_controls(lines.pop(0))
        yield from described.splitlines()
    yield from map(escape_controls, lines)


_KINDS = ("component", "reference")


def _head(account: Mapping[str, Any]) -> str:
    made = account["made"]
    how = "rehearsal, nothing is written" if made["simulated"] else "live"
    return f"{escape_controls(account['title'], 160)}: {how}; {made['host']}, API {made['api']}"


def _section(title: str, entries: Iterable[str], longest: int | None) -> list[str]:
    listed = list(entries)
    if not listed:
        return []
    shown = listed if longest is None else listed[:longest]
    more = len(listed) - len(shown)
    return [f"{title}:", *(f"  - {one}" for one in shown), *([f"  ... and {number(more)} more"] * bool(more))]


def _thing(one: Mapping[str, Any]) -> str:
    name = escape_controls(str(one.get("name") or "without a name"), 160)
    type_name = one.get("typeName") or one.get("type")
    return f"{one['kind']} {name}{f' ({escape_controls(str(type_name), 160)})' if type_name else ''}"


def _row(one: Mapping[str, Any]) -> str:
    return f"  [{escape_controls(str(one['label']), 160)}]" if one.get("label") else ""


def _change(change: Mapping[str, Any], words: Mapping[str, str]) -> str:
    of_what = ", ".join(map(escape_controls, change["attributes"])) if change["action"] == "update" else ""
    note = f", {escape_controls(str(change['note']), 160)}" if change.get("note") else ""
    return (
        f"{words[change['action']]} {_thing(change)}{f': {of_what}' if of_what else ''}{note}{_row(change)}"
    )


def _failure(row: Mapping[str, Any]) -> str:
    return f"{_thing(row)}: {escape_controls(str(row['reason']), 400)}{_row(row)}"


def _several(one: Mapping[str, Any]) -> str:
    matches = len(one.get("matches") or ())
    return f"{_thing(one)}: {matches} match, {one.get('used')} is used"


def _stubborn(one: Mapping[str, Any]) -> str:
    stored, wanted = (escape_controls(format_value(one.get(key)), 60) for key in ("stored", "wanted"))
    attribute = escape_controls(str(one.get("attribute")), 160)
    return f"{_thing(one)}: {attribute} stays {stored}, the source says {wanted}"


def _miss(one: Mapping[str, Any]) -> str:
    along = one.get("along") or {"components": 0, "references": 0}
    if not along["components"] and not along["references"]:
        return _thing(one)
    with_it = f"{counted(along['components'], 'component')} and {counted(along['references'], 'reference')}"
    return f"{_thing(one)}, and with it {with_it}"


def _source(one: Mapping[str, Any]) -> str:
    told = f"{counted(one['rows'], 'row')}, {number(one['skipped'])} skipped, {number(one['failed'])} failed"
    return f"{escape_controls(one['name'], 160)}: {told}"


def guard_lines(guard: Mapping[str, Any] | None) -> list[str]:
    """Return why the guard refused, a line for each reason, with what a job would have to say to allow it."""
    return [
        f"{escape_controls(reason['sentence'], 400)}{_allowing(reason.get('allow'))}"
        for reason in (guard["reasons"] if guard else ())
    ]


def _allowing(allow: str | None) -> str:
    name, _, value = (allow or "").partition("=")
    return f" To allow it, say in the job under [guard]: {name} = {value.lower()}" if allow else ""


def _guard(guard: Mapping[str, Any] | None, longest: int | None) -> list[str]:
    if guard is None:
        return []
    would = [f"{_thing(one)}{_along(one)}" for one in guard["would_delete"]]
    return [
        *_section("refused by the guard", guard_lines(guard), None),
        *_section("what this is about", would, longest),
    ]


def _along(one: Mapping[str, Any]) -> str:
    number_of = one.get("along_total") or 0
    return f", and {counted(number_of, 'thing')} with it" if number_of else ""
