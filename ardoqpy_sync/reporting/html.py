"""A run document as one HTML page: everything in one file, which loads nothing from the network.

The page's script, style and templates are in `assets/`. Text from elsewhere is escaped here, or is data that
the script shows as text. The page's policy allows no other script and no request.
"""

from __future__ import annotations

import json
import re
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from ardoqpy_sync.documents import KINDS
from ardoqpy_sync.plans.document_schema import check_run_document
from ardoqpy_sync.reporting.labels import (
    describe_notes,
    describe_origin,
    ended_early,
    format_time,
    heading,
    headline,
    plural,
    source_name,
    succeeded,
    total_rows,
)
from ardoqpy_sync.reporting.markup import (
    escape_script,
    escape_style,
    escape_text,
    make_element,
    make_policy,
    read_asset,
    refer_to_characters,
)
from ardoqpy_sync.reporting.sections import list_sections
from ardoqpy_sync.reporting.values import BUILT_IN

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ardoqpy_sync.documents import DeleteGuard, Graph, PlanIdentity, RunDocument
    from ardoqpy_sync.reporting.sections import Section

#: The page's script, file by file, in the order in which they need each other.
SCRIPTS = ("text.js", "diff.js", "entries.js", "list.js", "layout.js", "graph.js", "page.js")
#: So many entries are in one piece of data: between two pieces the page responds.
PIECE = 200
_MARKS = {
    "created": "+",
    "updated": "~",
    "deleted": "\N{MINUS SIGN}",
    "unchanged": "·",
    "missing": "?",
    "failed": "!",
}
#: The sections that a number of the totals leads to: the first that there is.
_SECTIONS_OF = {
    "created": ("creates",),
    "updated": ("retyped", "updates"),
    "deleted": ("deletes",),
    "missing": ("missing",),
    "failed": ("failed",),
}
_NOTHING = '<p class="plain">There is nothing to list: no change, no failure, nothing missing.</p>'


class RunOfHistory(NamedTuple):
    """The run of a page that an index of runs leads to.

    - `number`: of the run; `mark`: a `meta` element that names the job and the run.
    - `index_name`: the file name of the index, beside it.
    """

    number: int
    mark: str
    index_name: str


def render(
    document: RunDocument, *, link: str | None = None, run: RunOfHistory | None = None
) -> Iterator[str]:
    """Yield a page piece by piece; raise `InvalidInput` before the first if the document is not valid.

    The page is ASCII: a browser reads one of 15 MB in half the time, before it can show anything.

    - `link`: an address in Ardoq, to which the name of each component leads: `{id}` and `{workspace}` in it
      stand for the ids.
    - `run`: for a page among those of other runs, which run it is.
    """
    check_run_document(document)
    sections = list_sections(document)
    parts = {**_parts(document, sections), "mark": run.mark if run else "", "runs": _way_back(run)}
    for number, text in enumerate(re.split(r"\{\{(\w+)\}\}", read_asset("page.html"))):
        if number % 2 == 0:
            yield refer_to_characters(text)
        elif text == "data":
            yield from _data(document, sections, link)
        else:
            yield refer_to_characters(parts[text])


def _way_back(run: RunOfHistory | None) -> str:
    if run is None:
        return ""
    back = f'<a href="{escape_text(run.index_name)}">All runs of this job</a>'
    return f'<nav class="runs" aria-label="Runs">{back} · run {run.number}</nav>\n'


def _parts(document: RunDocument, sections: Sequence[Section]) -> dict[str, str]:
    good, origin, guard = succeeded(document), document["origin"], document["delete_guard"]
    # A description of what is listed below would say it twice.
    description = document["description"] if ended_early(document) else ""
    paragraphs = [make_element("p", line, "description") for line in description.splitlines()[:40]]
    plan = document.get("plan")
    nothing = "Nothing on this page was loaded from the network, and nothing is sent."
    return {
        "policy": make_policy(_style(plan), _script()),
        "style": _style(plan),
        "script": _script(),
        "by": escape_text(origin["by"]),
        "title": escape_text(document["title"] or "Sync", 300),
        "heading": heading(document),
        "subtitle": escape_text(f"{format_time(origin['at'])} · {origin['host']}", 300),
        "result": "good" if good else "bad",
        "sign": "✓" if good else "!",
        "headline": escape_text(headline(document), 400),
        "description": "".join(paragraphs),
        "guard": _guard(guard) if guard else "",
        "totals": _totals(document, sections),
        "contents": _contents(document, sections),
        "lists": "".join(map(_shell, sections)),
        "plan": _signed_plan(plan) if plan else "",
        "origin": _origin(document),
        "graph": _graph(document["graph"]) if document["graph"]["nodes"] else "",
        "empty": "" if sections else _NOTHING,
        "foot": escape_text(f"Made by {origin['by']} at {origin['at']}. {nothing}", 400),
    }


# -- the parts that need no script ---------------------------------------------------------------------


def _totals(document: RunDocument, sections: Sequence[Section]) -> str:
    """Return the table of totals, in which a number leads to its section, and filters it."""
    keys = [section.key for section in sections]
    head = _head_row("", "components", "references")
    body = []
    for state, *counts in total_rows(document):
        key = next((key for key in _SECTIONS_OF.get(state, ()) if key in keys), None)
        mark = f'<span class="mark {state}" aria-hidden="true">{_MARKS[state]}</span> '
        cells = [_total(count, state, kind, key) for count, kind in zip(counts, KINDS, strict=True)]
        body.append(f'<tr><th scope="row">{mark}{state}</th>{"".join(cells)}</tr>')
    return f'<table class="totals"><thead>{head}</thead><tbody>{"".join(body)}</tbody></table>'


def _total(count: int, state: str, kind: str, key: str | None) -> str:
    if not count or key is None:
        return _number(count)
    title = f"Show {plural(count, kind)} {state}"
    link = f'<a href="#section-{key}" data-state="{state}" data-kind="{kind}" title="{title}">{count:,}</a>'
    return f'<td class="number">{link}</td>'


def _contents(document: RunDocument, sections: Sequence[Section]) -> str:
    if not sections:
        return ""
    links = [(f"section-{section.key}", _short(section.title), f"{section.size:,}") for section in sections]
    if document["graph"]["nodes"]:
        links.append(("graph", "Picture", ""))
    items = [
        f'<li><a href="#{anchor}">{f"<b>{number}</b> " if number else ""}{title}</a></li>'
        for anchor, title, number in links
    ]
    return f'<nav class="contents" aria-label="Contents"><ul>{"".join(items)}</ul></nav>'


def _short(title: str) -> str:
    return title.partition(":")[0]


def _shell(section: Section) -> str:
    """Return a section without its entries, which the script adds."""
    return (
        f'<section class="list" id="section-{section.key}" data-key="{section.key}" '
        f'data-size="{section.size}" data-groups="{len(section.groups)}" '
        f'aria-labelledby="title-{section.key}"><h2 id="title-{section.key}">'
        f'<span class="number">{section.size:,}</span> {section.title}</h2></section>'
    )


def _signed_plan(plan: PlanIdentity) -> str:
    return f"<p>Plan {escape_text(plan['id'])}<br>SHA-256 {escape_text(plan['sha256'])}</p>"


def _number(count: int) -> str:
    return f'<td class="number{"" if count else " zero"}">{count:,}</td>'


def _head_row(first: str, *numbers: str) -> str:
    cells = [f'<th scope="col">{first}</th>' if first else "<td></td>"]
    cells += [f'<th scope="col" class=number>{text}</th>' for text in numbers]
    return f"<tr>{''.join(cells)}</tr>"


def _origin(document: RunDocument) -> str:
    pairs = [
        f"<dt>{escape_text(label)}</dt><dd>{escape_text(text, 1200)}</dd>"
        for label, text in describe_origin(document)
    ]
    table = ""
    if document["sources"]:
        rows = [
            f'<tr><th scope="row"><bdi>{escape_text(source_name(source))}</bdi></th>'
            f"{_number(source['rows'])}{_number(source['skipped'])}{_number(source['failed'])}</tr>"
            for source in document["sources"]
        ]
        head = _head_row("source", "rows", "skipped", "failed")
        table = f'<table class="sources"><thead>{head}</thead><tbody>{"".join(rows)}</tbody></table>'
    not_owned = describe_notes(document)
    sentences = [f"<p>{escape_text(sentence)}</p>" for sentence in not_owned[:100]]
    if len(not_owned) > len(sentences):
        sentences.append(f"<p>… and {plural(len(not_owned) - len(sentences), 'more type')}</p>")
    others = f'<div class="not-owned">{"".join(sentences)}</div>' if sentences else ""
    return f"<dl>{''.join(pairs)}</dl>{table}{others}"


def _guard(guard: DeleteGuard) -> str:
    reasons = []
    for reason in guard["reasons"][:200]:
        allow = reason.get("allow")
        remedy = ""
        if allow:
            remedy = f' <span class="allow">To allow it, set {make_element("code", allow)}.</span>'
        reasons.append(f"<li>{escape_text(reason['sentence'], 1000)}{remedy}</li>")
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
    return read_asset("graph.html").replace("{{size}}", size)


# -- the data that the script reads --------------------------------------------------------------------


def _data(document: RunDocument, sections: Sequence[Section], link: str | None) -> Iterator[str]:
    head = {
        "workspaces": document["workspaces"],
        "names": document["names"],
        "fields": document.get("fields") or {},
        "labels": BUILT_IN,
        "link": link,
    }
    yield f'<script type="application/json" id="document">{_json(head)}</script>\n'
    for section in sections:
        entries = [group[0] if len(group) == 1 else group for group in section.groups]
        for start in range(0, len(entries), PIECE):
            piece = _json(entries[start : start + PIECE])
            yield f'<script type="application/json" data-section="{section.key}">{piece}</script>\n'
    if document["graph"]["nodes"]:
        yield f'<script type="application/json" id="graph-data">{_json(document["graph"])}</script>\n'


def _json(value: Any) -> str:
    # JSON escapes all but ASCII, including U+2028 and half characters. What HTML would take for the end of a
    # script, or for a comment in it, is escaped here.
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    return text.replace("<", r"\u003c").replace(">", r"\u003e").replace("&", r"\u0026")


# -- assets --------------------------------------------------------------------------------------------


@cache
def _script() -> str:
    return escape_script("\n".join(['"use strict";', "(() => {", *map(read_asset, SCRIPTS), "})();"]))


def _style(plan: PlanIdentity | None) -> str:
    """Return the style; on paper each page has the id of the plan."""
    plan_id = re.sub(r"[^0-9a-f]", "", plan["id"]) if plan else ""
    header = f'\n@page {{ @top-left {{ content: "Plan {plan_id}"; }} }}\n' if plan_id else ""
    return escape_style(read_asset("page.css")) + header
