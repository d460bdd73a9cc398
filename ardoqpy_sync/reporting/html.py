"""An account as one page of HTML: everything in one file, which asks no network for anything.

What the browser needs is beside this file, in `assets/`. Everything that comes from elsewhere is escaped
here, or is data that the page's script shows as text; nothing else may run, and nothing may be loaded.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from ardoqpy._terminal import escape_controls
from ardoqpy_sync.reporting.document_schema import checked
from ardoqpy_sync.reporting.labels import (
    counted,
    headline,
    kind_of_run,
    number,
    origin,
    succeeded,
    total_rows,
    when,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

__all__ = ["page_of", "pieces_of"]

#: The page's script, an idea a file, in the order in which they need each other.
SCRIPTS = ("text.js", "entries.js", "list.js", "layout.js", "graph.js", "page.js")
#: So many entries are parsed at once: between two pieces the page answers.
TOGETHER = 500
#: Where the page lists what the account has under a key.
_SECTIONS = {"failed": "failed", "changes": "changes", "missing": "missing", "ambiguous": "ambiguous"}
_SECTIONS |= {"not_converging": "stubborn"}
_MARKS = {
    "created": "+",
    "updated": "~",
    "deleted": "\N{MINUS SIGN}",
    "unchanged": "·",
    "missing": "?",
    "failed": "!",
}
_SAID = {
    "created": "created",
    "updated": "updated",
    "deleted": "deleted",
    "unchanged": "unchanged",
    "missing": "no longer in the source",
    "failed": "failed",
}
_PROMISE = "Nothing on this page was loaded from anywhere, and nothing is sent."


def page_of(account: Mapping[str, Any]) -> str:
    """Return an account as a page of HTML; raise `InvalidInput` where it is no account."""
    return "".join(pieces_of(account))


def pieces_of(account: Mapping[str, Any]) -> Iterator[str]:
    """Yield a page piece by piece; raise `InvalidInput` where `account` is none, before the first."""
    checked(account)
    parts = _parts(account)
    for place, text in enumerate(re.split(r"\{\{(\w+)\}\}", _asset("page.html"))):
        if place % 2 == 0:
            yield text
        elif text == "data":
            yield from _data(account)
        else:
            yield parts[text]


def _parts(account: Mapping[str, Any]) -> dict[str, str]:
    good = succeeded(account)
    # What the guard says has a place of its own.
    said = (account["guard"] or {}).get("sentence") or None
    description = account["description"].replace(said or "\0", "").strip()
    shown = [
        _element("p", escape_controls(line, 2000), "description") for line in description.splitlines()[:40]
    ]
    return {
        "policy": _policy(),
        "style": _style(),
        "script": _script(),
        "by": _text(account["made"]["by"]),
        "title": _text(account["title"] or "Sync", 300),
        "kind": kind_of_run(account),
        "made": _text(f"{when(account['made']['at'])} · {account['made']['host']}", 300),
        "mood": "good" if good else "bad",
        "sign": "✓" if good else "!",
        "headline": _text(headline(account), 400),
        "description": "".join(shown),
        "guard": _guard(account["guard"]),
        "totals": _totals(account),
        "origin": _origin(account),
        "picture": _picture(account) if account["graph"]["nodes"] else "",
        "empty": _empty(account),
        "foot": _text(f"Made by {account['made']['by']} at {account['made']['at']}. {_PROMISE}", 400),
    }


# -- what stands in the page without a script ----------------------------------------------------------


def _totals(account: Mapping[str, Any]) -> str:
    head = _row("th", ("", "components", "references"), ' scope="col"')
    body = []
    for state, components, references in total_rows(account):
        mark = f'<span class="mark {state}" aria-hidden="true">{_MARKS[state]}</span> '
        name = f'<th scope="row">{mark}{_SAID[state]}</th>'
        body.append(f"<tr>{name}{_number(components)}{_number(references)}</tr>")
    return f'<table class="totals"><thead>{head}</thead><tbody>{"".join(body)}</tbody></table>'


def _number(count: int) -> str:
    return f'<td class="number{"" if count else " zero"}">{number(count)}</td>'


def _row(tag: str, texts: Iterable[str], attributes: str) -> str:
    cells = [
        f"<{tag}{attributes}{' class=number' if place else ''}>{_text(text)}</{tag}>" if text else "<td></td>"
        for place, text in enumerate(texts)
    ]
    return f"<tr>{''.join(cells)}</tr>"


def _origin(account: Mapping[str, Any]) -> str:
    pairs = [f"<dt>{_text(what)}</dt><dd>{_text(which, 1200)}</dd>" for what, which in origin(account)]
    table = ""
    if account["sources"]:
        head = _row("th", ("source", "rows", "skipped", "failed"), ' scope="col"')
        rows = [
            f'<tr><th scope="row"><bdi>{_text(source["name"])}</bdi></th>'
            f"{''.join(_number(source[key]) for key in ('rows', 'skipped', 'failed'))}</tr>"
            for source in account["sources"]
        ]
        table = f'<table class="sources"><thead>{head}</thead><tbody>{"".join(rows)}</tbody></table>'
    return f"<dl>{''.join(pairs)}</dl>{table}"


def _guard(guard: Mapping[str, Any] | None) -> str:
    if guard is None:
        return ""
    reasons = []
    for reason in guard["reasons"][:200]:
        allow = reason.get("allow")
        how = f' <span class="allow">Say {_element("code", allow)} to allow it.</span>' if allow else ""
        reasons.append(f"<li>{_text(reason['sentence'], 1000)}{how}</li>")
    if len(guard["reasons"]) > len(reasons):
        reasons.append(f"<li>… and {counted(len(guard['reasons']) - len(reasons), 'more reason')}</li>")
    things = counted(len(guard["would_delete"]), "thing")
    said = f"{things} would have been deleted, with all that is at them, or marked as gone."
    return (
        '<section class="guard" aria-labelledby="guard-title"><h2 id="guard-title">The guard refused</h2>'
        f"<p>{said}</p><ul>{''.join(reasons)}</ul></section>"
    )


def _picture(account: Mapping[str, Any]) -> str:
    graph = account["graph"]
    nodes, edges = graph["totals"]["nodes"], graph["totals"]["edges"]
    what = f"{counted(nodes, 'component')}, {counted(edges, 'reference or parent')}".replace(
        "reference or parents", "references and parents"
    )
    if len(graph["nodes"]) < nodes or len(graph["edges"]) < edges:
        what += f"; shown are {number(len(graph['nodes']))} and {number(len(graph['edges']))}"
    return _asset("picture.html").replace("{{what}}", what)


def _empty(account: Mapping[str, Any]) -> str:
    if any(account[key] for key in _SECTIONS) or (account["guard"] or {}).get("would_delete"):
        return ""
    return '<p class="plain">There is nothing to list: no change, no failure, nothing missing.</p>'


# -- what the script reads -----------------------------------------------------------------------------


def _data(account: Mapping[str, Any]) -> Iterator[str]:
    head = {key: account[key] for key in ("workspaces", "names")}
    yield f'<script type="application/json" id="account">{_json(head)}</script>\n'
    listed = [("refused", (account["guard"] or {}).get("would_delete") or [])]
    listed += [(section, account[key]) for key, section in _SECTIONS.items()]
    for section, entries in listed:
        for start in range(0, len(entries), TOGETHER):
            part = _json(entries[start : start + TOGETHER])
            yield f'<script type="application/json" data-section="{section}">{part}</script>\n'
    if account["graph"]["nodes"]:
        yield f'<script type="application/json" id="graph">{_json(account["graph"])}</script>\n'


def _json(value: Any) -> str:
    # All but ASCII is escaped by JSON itself, U+2028 and half characters among it; what HTML would take for
    # the end of a script, or for a comment in it, by this.
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    return text.replace("<", r"\u003c").replace(">", r"\u003e").replace("&", r"\u0026")


# -- texts and assets ----------------------------------------------------------------------------------


def _text(text: str, longest: int = 160) -> str:
    return html.escape(escape_controls(text, longest))


def _element(tag: str, text: str, name: str = "") -> str:
    return f"<{tag}{f' class={name}' if name else ''}>{_text(text, 2000)}</{tag}>"


@cache
def _asset(name: str) -> str:
    text = resources.files("ardoqpy_sync.reporting").joinpath("assets", name).read_text(encoding="utf-8")
    return text.replace("\r\n", "\n")


@cache
def _script() -> str:
    return "\n".join(['"use strict";', "(() => {", *map(_asset, SCRIPTS), "})();"])


def _style() -> str:
    return _asset("page.css")


@cache
def _policy() -> str:
    script, style = (f"'sha256-{_hash(text)}'" for text in (_script(), _style()))
    return (
        f"default-src 'none'; script-src {script}; style-src {style}; img-src data:; base-uri 'none'; "
        "form-action 'none'"
    )


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
