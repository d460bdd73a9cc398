"""The page as a file: what it embeds, what may run in it, and that nothing in it is markup that was data."""

import base64
import hashlib
import json
import re
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest
from example_counts import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from sample_documents import change, failed, full_document, missing, run_document

import ardoqpy_sync.reporting
from ardoqpy_sync.reporting import html
from ardoqpy_sync.reporting.sections import ORDER

ASSETS = Path(ardoqpy_sync.reporting.__file__).parent / "assets"


class _Elements(HTMLParser):
    """Collect the elements of a page with their attributes, and what stands in scripts and styles."""

    def __init__(self, text):
        super().__init__()
        self.found, self.raw, self._inside = [], [], None
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))
        self._inside = (tag, dict(attributes)) if tag in ("script", "style") else None

    def handle_data(self, data):
        if self._inside:
            self.raw.append((*self._inside, data))

    def handle_endtag(self, tag):  # noqa: ARG002  (as the parser calls it)
        self._inside = None


def render(document):
    """Return a run document as a page."""
    return "".join(html.render(document))


def embedded(text):
    """Return what a page has embedded for its script, put together as the document has it."""
    parts = {section: [] for section in ORDER}
    for tag, attributes, data in _Elements(text).raw:
        if tag == "script" and attributes.get("type") == "application/json":
            # Nothing that any reader of HTML could take for the end of a script, or for something in it.
            assert not re.search("[<>&\u2028\u2029]|[^\x20-\x7e]", data.strip())
            key = attributes.get("data-section") or attributes["id"]
            if key in parts:
                parts[key] += json.loads(data)
            else:
                parts[key] = json.loads(data)
    return parts


def test_policy_allows_one_script_and_one_style():
    """The policy names the digest of the one script and the one style, and allows nothing else."""
    elements = _Elements(render(full_document()))
    (policy,) = [attributes["content"] for _, attributes in elements.found if attributes.get("http-equiv")]
    texts = {
        tag: data for tag, attributes, data in elements.raw if tag == "style" or "type" not in attributes
    }
    digest = {
        tag: base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for tag, text in texts.items()
    }
    assert policy.split("; ") == [
        "default-src 'none'",
        f"script-src 'sha256-{digest['script']}'",
        f"style-src 'sha256-{digest['style']}'",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
    ]


def test_no_element_loads_anything_or_runs_from_an_attribute():
    """No element has a URL to load, and none has a script or a style in an attribute."""
    for tag, attributes in _Elements(render(full_document())).found:
        assert not {"src", "srcset", "action", "style", "background"} & attributes.keys(), tag
        assert not [name for name in attributes if name.startswith("on")], tag
        assert re.fullmatch("#[a-z_-]*|data:,", attributes.get("href", "#"))


def test_embedded_data_is_the_run_document():
    """The data of the script is the run document, in pieces of limited size."""
    changes = [change(number) for number in range(1234)]
    document = full_document(changes=changes)
    text = render(document)
    parts = embedded(text)
    for key in ("missing", "not_deleted", "ambiguous", "conflicts", "not_converging", "skipped"):
        assert parts[key] == document[key]
    assert parts["updates"] == changes
    assert parts["failed"] == [{**row, "consequences": None} for row in document["failed"]]
    assert parts["blocked"] == document["delete_guard"]["would_delete"]
    assert parts["graph-data"] == document["graph"]
    head = {key: parts["document"][key] for key in ("workspaces", "names", "link")}
    assert head == {"workspaces": document["workspaces"], "names": document["names"], "link": None}
    assert text.count('data-section="updates"') == 7


_BAD = st.text(st.sampled_from("<>&\"'/!-script\u2028\u2029\u202e\x00\x1b\ud800`{}$=")) | st.sampled_from(
    [
        "</script>",
        "<!--<script>",
        "]]>",
        "</title><script>",
        "{{data}}",
        "{{script}}",
        "\\u003c/script\\u003e",
    ]
)


@given(bad=_BAD)
@settings(max_examples=examples(80))
def test_text_never_becomes_markup(bad):
    """Whatever a text is, the page has the same elements, and the embedded data is unchanged."""
    usual = _Elements(render(full_document(**_said("usual"))))
    text = render(full_document(**_said(bad)))
    elements = _Elements(text)
    kinds = [tag for tag, _ in elements.found if tag not in ("p", "code", "span")]
    assert kinds == [tag for tag, _ in usual.found if tag not in ("p", "code", "span")]
    parts = embedded(text)
    assert parts["updates"] == [change(1, name=bad, label=bad, attributes={bad: {"old": bad, "new": bad}})]
    assert parts["document"]["workspaces"] == {"w1": bad, bad: bad}
    assert not re.search("[\x00-\x08\x0b-\x1f\u2028-\u202e\ud800-\udfff]", text)


def _said(text):
    return {
        "title": text,
        "description": text,
        "changes": [change(1, name=text, label=text, attributes={text: {"old": text, "new": text}})],
        "failed": [failed(1, name=text, reason=text)],
        "missing": [missing(1, name=text)],
        "workspaces": {"w1": text, text: text},
        "sources": [{"name": text, "rows": 1, "skipped": 0, "failed": 0}],
        "delete_guard": {
            "sentence": text,
            "reasons": [{"bound": "x", "sentence": text, "allow": "yes" + text}],
            "would_delete": [],
        },
    }


def test_page_depends_on_the_run_document_alone():
    """The same run document gives the same page, so that two pages can be compared."""
    assert render(full_document()) == render(full_document())


@pytest.mark.parametrize("script", html.SCRIPTS)
def test_script_uses_nothing_that_parses_markup(script):
    """No file of the script uses a function that treats text as markup or code, or sends a request."""
    text = (ASSETS / script).read_text(encoding="utf-8")
    for name in (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "Function(",
        "fetch(",
    ):
        assert name not in text
    assert "XMLHttpRequest" not in text
    assert "</" not in text
    assert "<!--" not in text


def test_page_is_ascii_and_means_the_same():
    """Every character beyond ASCII is written as a reference or an escape that means the same."""
    names = "Blåbær 東京 🚀"
    document = full_document(title=names, changes=[change(1, name=names)])
    text = render(document)
    assert text.isascii()
    assert f"<h1>{names}</h1>" in unescape(text)
    assert embedded(text)["updates"][0]["name"] == names
    script = text.rpartition("<script>")[2].partition("</script>")[0]
    assert r'deleted: "\u2212"' in script
    assert r'content: "\25be "' in text


def test_every_asset_is_used():
    """The folder holds the assets of the page, and nothing else."""
    assert {item.name for item in ASSETS.iterdir()} == {
        *(*html.SCRIPTS, "page.css", "page.html", "graph.html"),
        *("history.css", "history.html"),
    }


BLOCKED = {
    **missing(1),
    "children": 0,
    "references": 0,
    "cascade": [],
    "cascade_total": 0,
}


@pytest.mark.parametrize(
    ("parts", "line"),
    [
        ({}, "Nothing to change"),
        ({"changes": [change(1)]}, "1 to update"),
        (
            {
                "changes": [change(1, "create"), change(2), change(3, "delete")],
                "failed": [failed(1), failed(2)],
                "status": "failure",
                "description": "2 row(s) failed; the first: cost is 'n/a'.",
            },
            "1 to create, 1 to update, 1 to delete; 2 rows failed",
        ),
        (
            {"failed": [failed(1)], "status": "failure", "description": "Ardoq is unreachable."},
            "The preview did not finish: nothing to change; 1 row failed",
        ),
        ({"status": "half done"}, "The run ended as half done: nothing to change"),
        (
            {"delete_guard": {"sentence": "x", "reasons": [], "would_delete": [BLOCKED] * 16}},
            "Nothing to change; the delete guard blocked 16",
        ),
        (
            {
                "changes": [change(1, "delete")],
                "delete_guard": {"sentence": "x", "reasons": [], "would_delete": [BLOCKED] * 16},
                "ambiguous": [{"kind": "component", "name": "Twins", "used": "a", "matches": ["a", "b"]}] * 2,
            },
            "1 to delete; 2 ambiguous; the delete guard blocked 16 more",
        ),
        (
            {
                "changes": [{**change(1, "delete"), "_id": BLOCKED["_id"]}],
                "delete_guard": {"sentence": "x", "reasons": [], "would_delete": [BLOCKED]},
            },
            "1 to delete; the delete guard blocked 1",
        ),
    ],
)
def test_headline(parts, line):
    """The headline counts what changes, failed, is uncertain and is blocked; a preview never failed."""
    assert f'<p class="headline">{line}</p>' in render(run_document(**parts))


def test_live_run_is_in_the_past_tense():
    """The page of a live run says what was done."""
    document = run_document(changes=[change(1), change(2)])
    document["origin"] = {**document["origin"], "simulated": False}
    text = render(document)
    assert '<p class="headline">2 updated</p>' in text
    assert "Report of a sync" in text
    assert "live: changes were written" in text
