"""An account as Markdown, for the summary of a build or a merge request."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ardoqpy._terminal import escape_controls
from ardoqpy_sync.report import format_value
from ardoqpy_sync.reporting.document_schema import checked
from ardoqpy_sync.reporting.labels import (
    counted,
    headline,
    kind_of_run,
    number,
    origin,
    succeeded,
    total_rows,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = ["markdown_of"]

#: GitHub takes a summary of 1 MiB.
LARGEST = 1_000_000
#: How many entries of each list are shown, where the whole fits.
LONGEST = 500
#: What Markdown, HTML and their tables would take for more than text: some signs anywhere, others where they
#: begin a line, a link, or the name of an emoji.
_MEANING = re.compile(
    r"[\\`*_{}\[\]<>#|~&$!@^]|:(?=\S)|(?<=www)\.|^[-+=.)](?=[-+=. ]|$)|(?<=^\d)[.)]|(?<=^\d\d)[.)]",
    re.IGNORECASE,
)
#: What reads like somebody's name, an issue's number or an emoji, which GitHub and GitLab look for in the
#: finished text: nothing to be seen stands between.
_MENTION = re.compile(r"(&#(?:64|35|33|126|36|38|58);)(?=\w)")


def markdown_of(account: Mapping[str, Any], *, longest: int = LONGEST) -> str:
    """Return an account as Markdown, of at most a million bytes.

    Each list shows at most `longest` entries and says how many more there are; fewer where the whole would be
    too large. All values are escaped. Raise `InvalidInput` where `account` is none.
    """
    checked(account)
    while True:
        text = "\n".join(_lines(account, longest))
        if len(text.encode()) <= LARGEST:
            return text
        longest //= 2


def _lines(account: Mapping[str, Any], longest: int) -> Iterable[str]:
    yield f"# {_safe(account['title'] or 'Sync')}"
    yield ""
    sign = "✅" if succeeded(account) else "❌"
    yield f"**{sign} {kind_of_run(account)}: {_safe(headline(account), 400)}**"
    yield ""
    for line in account["description"].splitlines()[:20]:
        yield f"{_safe(line, 1000)}  "
    yield ""
    yield from _table(
        ("", "components", "references"),
        ((state, number(first), number(second)) for state, first, second in total_rows(account)),
        "lrr",
    )
    yield from (f"- {what}: {_safe(which, 1200)}" for what, which in origin(account))
    yield ""
    yield from _sources(account)
    yield from _guard(account, longest)
    yield from _failed(account, longest)
    yield from _changes(account, longest)
    yield from _missing(account, longest)
    yield from _ambiguous(account, longest)
    yield from _stubborn(account, longest)


def _sources(account: Mapping[str, Any]) -> Iterable[str]:
    if account["sources"]:
        yield "## Sources\n"
        rows = [
            (_safe(one["name"]), *(number(one[key]) for key in ("rows", "skipped", "failed")))
            for one in account["sources"][:100]
        ]
        yield from _table(("source", "rows", "skipped", "failed"), rows, "lrrr")
        yield from _rest(len(account["sources"]), len(rows))


def _guard(account: Mapping[str, Any], longest: int) -> Iterable[str]:
    guard = account["guard"]
    if guard is None:
        return
    yield f"## The guard refused\n\n{_safe(guard['sentence'], 400)}\n"
    for reason in guard["reasons"][:longest]:
        allow = f" Say {_safe(reason['allow'])} to allow it." if reason.get("allow") else ""
        yield f"- {_safe(reason['sentence'], 1000)}{allow}"
    yield from _rest(len(guard["reasons"]), longest)
    would = guard["would_delete"]
    if would:
        yield "\nThis is about:\n"
        rows = [
            (_thing(one), _safe(one["typeName"], 80), number(one["children"]), number(one["references"]))
            for one in would[:longest]
        ]
        yield from _table(("thing", "type", "components below it", "references at those"), rows, "llrr")
        yield from _rest(len(would), longest)


def _failed(account: Mapping[str, Any], longest: int) -> Iterable[str]:
    failed = account["failed"]
    if failed:
        yield f"## Failed rows ({number(len(failed))})\n"
        rows = [
            (_safe(row.get("label") or ""), _thing(row), _safe(row["reason"], 500))
            for row in failed[:longest]
        ]
        yield from _table(("row", "thing", "reason"), rows, "lll")
        yield from _rest(len(failed), longest)


def _changes(account: Mapping[str, Any], longest: int) -> Iterable[str]:
    changes = account["changes"]
    if not changes:
        return
    yield f"## Changes ({number(len(changes))})\n"
    rows = []
    for change in changes[:longest]:
        what = [change["action"], _thing(change), _safe(change["typeName"], 80)]
        values = list(change["attributes"].items())
        told = [_value_change(account, change, name, pair) for name, pair in values[:20]]
        told += [f"… and {len(values) - 20} more"] if len(values) > 20 else []
        told += [_safe(change["note"])] if change.get("note") else []
        rows.append((*what, "<br>".join(told), _safe(change.get("label") or "")))
    yield from _table(("action", "thing", "type", "values", "row"), rows, "lllll")
    yield from _rest(len(changes), longest)


def _value_change(
    account: Mapping[str, Any], change: Mapping[str, Any], name: str, pair: Mapping[str, Any]
) -> str:
    old, new = (_value(account, pair[key]) for key in ("old", "new"))
    return (
        f"{_safe(name, 80)}: {old} → {new}" if change["action"] == "update" else f"{_safe(name, 80)}: {new}"
    )


def _value(account: Mapping[str, Any], value: Any) -> str:
    called = account["names"].get(value) if isinstance(value, str) else None
    return _safe(called or format_value(value), 120)


def _missing(account: Mapping[str, Any], longest: int) -> Iterable[str]:
    missing = account["missing"]
    if not missing:
        return
    yield f"## In Ardoq, no longer in the source ({number(len(missing))})\n"
    rows = [(_thing(one), _safe(one["typeName"], 80), _along(one.get("along"))) for one in missing[:longest]]
    yield from _table(("thing", "type", "deleting it would take along"), rows, "lll")
    yield from _rest(len(missing), longest)


def _along(along: Mapping[str, Any] | None) -> str:
    if not along or not (along["components"] or along["references"]):
        return ""
    total = along["components"] + along["references"]
    names = [
        f"{_thing(one)}{' (still in the source)' if one['state'] == 'named' else ''}"
        for one in along["listed"][:3]
    ]
    more = f", … and {total - len(names)} more" if total > len(names) else ""
    counts = f"{counted(along['components'], 'component')}, {counted(along['references'], 'reference')}"
    return f"{counts}: {', '.join(names)}{more}"


def _ambiguous(account: Mapping[str, Any], longest: int) -> Iterable[str]:
    several = account["ambiguous"]
    if several:
        yield f"## Ambiguous matches ({number(len(several))})\n"
        rows = [
            (_thing(one), number(len(one.get("matches") or ())), _safe(str(one.get("used"))))
            for one in several[:longest]
        ]
        yield from _table(("thing", "matches", "used"), rows, "lrl")
        yield from _rest(len(several), longest)


def _stubborn(account: Mapping[str, Any], longest: int) -> Iterable[str]:
    stubborn = account["not_converging"]
    if stubborn:
        yield f"## Not kept by Ardoq as sent ({number(len(stubborn))})\n"
        rows = [
            (
                _thing(one),
                _safe(str(one.get("attribute")), 80),
                _value(account, one.get("stored")),
                _value(account, one.get("wanted")),
            )
            for one in stubborn[:longest]
        ]
        yield from _table(("thing", "attribute", "Ardoq keeps", "the source says"), rows, "llll")
        yield from _rest(len(stubborn), longest)


def _thing(one: Mapping[str, Any]) -> str:
    return f"{one['kind']} {_safe(one.get('name') or 'without a name', 120)}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], sides: str) -> Iterable[str]:
    yield f"| {' | '.join(head)} |"
    yield f"| {' | '.join('---' if side == 'l' else '---:' for side in sides)} |"
    yield from (f"| {' | '.join(row)} |" for row in rows)
    yield ""


def _rest(number_of_all: int, shown: int) -> Iterable[str]:
    if number_of_all > shown:
        yield f"… and {number(number_of_all - shown)} more.\n"


def _safe(text: str, longest: int = 160) -> str:
    """Return a text on one line in which nothing means anything to Markdown, HTML or those who are
    mentioned.
    """
    # As numbers of characters: what a backslash does, not all readers and not all tables agree on.
    shown = _MEANING.sub(lambda found: f"&#{ord(found[0])};", escape_controls(text, longest).strip())
    return _MENTION.sub(r"\1&#8203;", shown)
