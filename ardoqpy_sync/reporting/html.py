"""A run document as one HTML page: everything in one file, which loads nothing from the network.

The page's script, style and templates are in `assets/`. Text from elsewhere is escaped here, or is data that
the script shows as text. The page's policy allows no other script and no request.
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
from ardoqpy_sync.plans.document_schema import check_run_document
from ardoqpy_sync.reporting.failures import order_failures
from ardoqpy_sync.reporting.labels import (
    describe_not_owned,
    describe_origin,
    format_time,
    heading,
    headline,
    plural,
    source_name,
    succeeded,
    total_rows,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ardoqpy_sync.documents import DeleteGuard, Graph, RunDocument

#: The page's script, file by file, in the order in which they need each other.
SCRIPTS = ("text.js", "entries.js", "list.js", "layout.js", "graph.js", "page.js")
#: So many entries are in one piece of data: between two pieces the page responds.
PIECE = 500
_MARKS = {
    "created": "+",
    "updated": "~",
    "deleted": "\N{MINUS SIGN}",
    "unchanged": "·",
    "missing": "?",
    "failed": "!",
}
_NOTHING = '<p class="plain">There is nothing to list: no change, no failure, nothing missing.</p>'


def render(document: RunDocument) -> Iterator[str]:
    """Yield a page piece by piece; raise `InvalidInput` before the first if the document is not valid."""
    check_run_document(document)
    parts = _parts(document)
    for number, text in enumerate(re.split(r"\{\{(\w+)\}\}", _asset("page.html"))):
        if number % 2 == 0:
            yield text
        elif text == "data":
            yield from _data(document)
        else:
            yield parts[text]


def _parts(document: RunDocument) -> dict[str, str]:
    good, origin, guard = succeeded(document), document["origin"], document["delete_guard"]
    # The sentence of the delete guard has its own section.
    description = document["description"].replace(guard["sentence"] if guard else "\0", "").strip()
    paragraphs = [_element("p", line, "description") for line in description.splitlines()[:40]]
    nothing = "Nothing on this page was loaded from the network, and nothing is sent."
    return {
        "policy": _policy(),
        "style": _asset("page.css"),
        "script": _script(),
        "by": _text(origin["by"]),
        "title": _text(document["title"] or "Sync", 300),
        "heading": heading(document),
        "subtitle": _text(f"{format_time(origin['at'])} · {origin['host']}", 300),
        "result": "good" if good else "bad",
        "sign": "✓" if good else "!",
        "headline": _text(headline(document), 400),
        "description": "".join(paragraphs),
        "guard": _guard(guard) if guard else "",
        "totals": _totals(document),
        "origin": _origin(document),
        "graph": _graph(document["graph"]) if document["graph"]["nodes"] else "",
        "empty": "" if any(entries for _, entries in _sections(document)) else _NOTHING,
        "foot": _text(f"Made by {origin['by']} at {origin['at']}. {nothing}", 400),
    }


# -- the parts that need no script ---------------------------------------------------------------------


def _totals(document: RunDocument) -> str:
    head = _head_row("", "components", "references")
    body = []
    for state, components, references in total_rows(document):
        mark = f'<span class="mark {state}" aria-hidden="true">{_MARKS[state]}</span> '
        body.append(f'<tr><th scope="row">{mark}{state}</th>{_number(components)}{_number(references)}</tr>')
    return f'<table class="totals"><thead>{head}</thead><tbody>{"".join(body)}</tbody></table>'


def _number(count: int) -> str:
    return f'<td class="number{"" if count else " zero"}">{count:,}</td>'


def _head_row(first: str, *numbers: str) -> str:
    cells = [f'<th scope="col">{first}</th>' if first else "<td></td>"]
    cells += [f'<th scope="col" class=number>{text}</th>' for text in numbers]
    return f"<tr>{''.join(cells)}</tr>"


def _origin(document: RunDocument) -> str:
    pairs = [
        f"<dt>{_text(label)}</dt><dd>{_text(text, 1200)}</dd>" for label, text in describe_origin(document)
    ]
    table = ""
    if document["sources"]:
        rows = [
            f'<tr><th scope="row"><bdi>{_text(source_name(source))}</bdi></th>'
            f"{_number(source['rows'])}{_number(source['skipped'])}{_number(source['failed'])}</tr>"
            for source in document["sources"]
        ]
        head = _head_row("source", "rows", "skipped", "failed")
        table = f'<table class="sources"><thead>{head}</thead><tbody>{"".join(rows)}</tbody></table>'
    not_owned = describe_not_owned(document)
    sentences = [f"<p>{_text(sentence)}</p>" for sentence in not_owned[:100]]
    if len(not_owned) > len(sentences):
        sentences.append(f"<p>… and {plural(len(not_owned) - len(sentences), 'more type')}</p>")
    others = f'<div class="not-owned">{"".join(sentences)}</div>' if sentences else ""
    return f"<dl>{''.join(pairs)}</dl>{table}{others}"


def _guard(guard: DeleteGuard) -> str:
    reasons = []
    for reason in guard["reasons"][:200]:
        allow = reason.get("allow")
        remedy = f' <span class="allow">To allow it, set {_element("code", allow)}.</span>' if allow else ""
        reasons.append(f"<li>{_text(reason['sentence'], 1000)}{remedy}</li>")
    if len(guard["reasons"]) > len(reasons):
        reasons.append(f"<li>… and {plural(len(guard['reasons']) - len(reasons), 'more reason')}</li>")
    entities = plural(len(guard["would_delete"]), "entity", "entities")
    return (
        '<section class="guard" aria-labelledby="guard-title"><h2 id="guard-title">Delete guard blocked</h2>'
        f"<p>{entities} would have been deleted, with all that depends on them, or marked as missing.</p>"
        f"<ul>{''.join(reasons)}</ul></section>"
    )


def _graph(graph: Graph) -> str:
    nodes, edges = graph["totals"]["nodes"], graph["totals"]["edges"]
    size = f"{plural(nodes, 'component')}, {plural(edges, 'reference or parent', 'references and parents')}"
    if len(graph["nodes"]) < nodes or len(graph["edges"]) < edges:
        size += f"; {len(graph['nodes']):,} and {len(graph['edges']):,} are shown"
    return _asset("graph.html").replace("{{size}}", size)


# -- the data that the script reads --------------------------------------------------------------------


def _sections(document: RunDocument) -> list[tuple[str, Sequence[Mapping[str, Any]]]]:
    guard = document["delete_guard"]
    return [
        ("blocked", guard["would_delete"] if guard else []),
        ("failed", [{**row, "consequences": text} for row, text in order_failures(document["failed"])]),
        ("ambiguous", document["ambiguous"]),
        ("conflicts", document["conflicts"]),
        ("changes", document["changes"]),
        ("missing", document["missing"]),
        ("not_deleted", document["not_deleted"]),
        ("not_converging", document["not_converging"]),
        ("skipped", document["skipped"]),
    ]


def _data(document: RunDocument) -> Iterator[str]:
    head = {"workspaces": document["workspaces"], "names": document["names"]}
    yield f'<script type="application/json" id="document">{_json(head)}</script>\n'
    for section, entries in _sections(document):
        for start in range(0, len(entries), PIECE):
            piece = _json(entries[start : start + PIECE])
            yield f'<script type="application/json" data-section="{section}">{piece}</script>\n'
    if document["graph"]["nodes"]:
        yield f'<script type="application/json" id="graph-data">{_json(document["graph"])}</script>\n'


def _json(value: Any) -> str:
    # JSON escapes all but ASCII, including U+2028 and half characters. What HTML would take for the end of a
    # script, or for a comment in it, is escaped here.
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    return text.replace("<", r"\u003c").replace(">", r"\u003e").replace("&", r"\u0026")


# -- text and assets -----------------------------------------------------------------------------------


def _text(text: str, columns: int = 160) -> str:
    return html.escape(escape_controls(text, columns))


def _element(tag: str, text: str, name: str = "") -> str:
    return f"<{tag}{f' class={name}' if name else ''}>{_text(text, 2000)}</{tag}>"


@cache
def _asset(name: str) -> str:
    text = resources.files("ardoqpy_sync.reporting").joinpath("assets", name).read_text(encoding="utf-8")
    return text.replace("\r\n", "\n")


@cache
def _script() -> str:
    return "\n".join(['"use strict";', "(() => {", *map(_asset, SCRIPTS), "})();"])


@cache
def _policy() -> str:
    digests = (hashlib.sha256(text.encode()).digest() for text in (_script(), _asset("page.css")))
    script, style = (f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)
    return (
        f"default-src 'none'; script-src {script}; style-src {style}; img-src data:; base-uri 'none'; "
        "form-action 'none'"
    )
