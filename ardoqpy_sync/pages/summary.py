"""
An account in short, as lines for a terminal or a log.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ardoqpy_sync.pages.account_form import checked
from ardoqpy_sync.pages.text import one_line, value_text
from ardoqpy_sync.pages.words import STATES, counted, headline, number
from ardoqpy_sync.report import totals

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = ["summary"]


def summary(account: Mapping[str, Any], *, longest: int = 10) -> str:
    """
    Return an account as text for people: what it came to, the totals, and the beginning of each list.

    Each list shows at most `longest` entries and says how many more there are. What a terminal would obey is
    written out. Raise `InvalidInput` where `account` is none.
    """
    checked(account)
    counts = account["totals"]
    lines = [f"{one_line(account['title'])}: {headline(account)}"]
    lines += [one_line(line, 400) for line in account["description"].splitlines()[:10]]
    lines += totals(*([counts[kind][state] for state in STATES] for kind in ("component", "reference")))
    guard = account["guard"] or {"reasons": []}
    for title, entries in (
        ("sources", [_source(one) for one in account["sources"]]),
        ("deleting was refused", [_reason(one) for one in guard["reasons"]]),
        ("failed", [_failure(row) for row in account["failed"]]),
        ("changes", [_change(account, one) for one in account["changes"][: longest + 1]]),
        ("in Ardoq, no longer in the source", [_miss(one) for one in account["missing"]]),
        ("ambiguous", [_several(one) for one in account["ambiguous"]]),
        ("not kept by Ardoq as sent", [_stubborn(one) for one in account["not_converging"]]),
    ):
        more = len(account["changes"] if title == "changes" else entries)
        lines += _section(title, entries, more, longest)
    return "\n".join(lines)


def _section(title: str, entries: Sequence[str], number_of_all: int, longest: int) -> Iterable[str]:
    if entries:
        yield f"{title}:"
        yield from (f"  - {entry}" for entry in entries[:longest])
        if number_of_all > longest:
            yield f"  ... and {number(number_of_all - longest)} more"


def _source(one: Mapping[str, Any]) -> str:
    told = f"{counted(one['rows'], 'row')}, {number(one['skipped'])} skipped, {number(one['failed'])} failed"
    return f"{one_line(one['name'])}: {told}"


def _reason(one: Mapping[str, Any]) -> str:
    allow = f" ({one_line(one['allow'])} would allow it)" if one.get("allow") else ""
    return f"{one_line(one['sentence'], 400)}{allow}"


def _failure(row: Mapping[str, Any]) -> str:
    return f"{_named(row)}: {one_line(row['reason'], 400)}{_label(row)}"


def _change(account: Mapping[str, Any], change: Mapping[str, Any]) -> str:
    values = list(change["attributes"].items()) if change["action"] == "update" else []
    told = [
        f"{one_line(name, 60)} {_value(account, pair['old'])} -> {_value(account, pair['new'])}"
        for name, pair in values[:3]
    ]
    told += [f"and {len(values) - 3} more"] if len(values) > 3 else []
    shown = f": {', '.join(told)}" if told else ""
    return f"{change['action']} {_typed(change)}{shown}"


def _miss(one: Mapping[str, Any]) -> str:
    along = one.get("along") or {"components": 0, "references": 0}
    counts = f"{counted(along['components'], 'component')} and {counted(along['references'], 'reference')}"
    with_it = f", and with it {counts}" if along["components"] or along["references"] else ""
    return f"{_typed(one)}{with_it}"


def _several(one: Mapping[str, Any]) -> str:
    return f"{_named(one)}: {len(one.get('matches') or ())} match, {one_line(str(one.get('used')))} is used"


def _stubborn(one: Mapping[str, Any]) -> str:
    stored, wanted = (one_line(value_text(one.get(key)), 60) for key in ("stored", "wanted"))
    return (
        f"{_named(one)}: {one_line(str(one.get('attribute')), 60)} stays {stored}, the source says {wanted}"
    )


def _named(one: Mapping[str, Any]) -> str:
    return f"{one['kind']} {one_line(one.get('name') or 'without a name')}"


def _typed(one: Mapping[str, Any]) -> str:
    return f"{_named(one)} ({one_line(one['typeName'], 60)})"


def _label(one: Mapping[str, Any]) -> str:
    return f" [{one_line(one['label'])}]" if one.get("label") else ""


def _value(account: Mapping[str, Any], value: Any) -> str:
    called = account["names"].get(value) if isinstance(value, str) else None
    return one_line(called or value_text(value), 60)
