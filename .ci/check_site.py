"""Check the built site: every link leads somewhere, nothing comes from other hosts, no text is lost.

MkDocs checks the links between pages. It does not check links to files that it leaves out, nor whether its
Markdown is that of Git hosts: a list needs no blank line there, and two spaces indent it.
"""

import re
import sys
from collections import Counter
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from markdown_it import MarkdownIt

ROOT = Path(__file__).resolve().parents[1]
SITE = Path(sys.argv[1])
#: The parts of a page that both kinds of Markdown have to agree on.
COUNTED = {"a", "code", "h1", "h2", "h3", "img", "li", "pre", "table", "td"}


class Page(HTMLParser):
    """The links, anchors and text of a page."""

    def __init__(self, html: str, within: str = "") -> None:
        """Read the text within the element `within`, or all of it."""
        super().__init__()
        self.links: list[tuple[str, str]] = []
        self.anchors: set[str] = set()
        self.parts: Counter[str] = Counter()
        self.words: list[str] = []
        self._within, self._inside = within, not within
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the link and the anchor of an element, and count it."""
        values = dict(attrs)
        self.anchors.add(values.get("id") or "")
        self.links += [(tag, link) for name in ("href", "src") if (link := values.get(name))]
        self._inside = self._inside or tag == self._within
        if self._inside and values.get("class") != "headerlink":
            self.parts[tag] += tag in COUNTED

    def handle_endtag(self, tag: str) -> None:
        """Note where the text ends."""
        self._inside = self._inside and tag != self._within

    def handle_data(self, data: str) -> None:
        """Keep the words of the text."""
        if self._inside:
            self.words += re.findall(r"\w+", data)


@cache
def read(path: Path) -> Page:
    """Return a page of the site."""
    return Page(path.read_text(encoding="utf-8"), within="article")


def check_link(page: Path, tag: str, link: str) -> str | None:
    """Return what is wrong with a link of a page."""
    scheme, host, path, _, anchor = urlsplit(link)
    if scheme or host:
        return f"{tag} loads {link}" if tag not in {"a", "meta"} and scheme != "data" else None
    folder = SITE if path.startswith("/") else page.parent
    target = folder / unquote(path).lstrip("/") if path else page
    target = target / "index.html" if target.is_dir() else target
    if not target.is_file():
        return f"links {link}, which is not in the site"
    if anchor and target.suffix == ".html" and unquote(anchor) not in read(target).anchors:
        return f"links {link}, which has no such heading"
    return None


def check_text(source: Path) -> list[str]:
    """Return how a page of the site differs from what a Git host shows of it."""
    name = source.relative_to(ROOT)
    folder = name.parent if name.stem == "README" else name.with_suffix("")
    path = SITE / folder / "index.html"
    text = source.read_text(encoding="utf-8")
    if not path.is_file() or re.search("^::: ", text, re.MULTILINE):
        return []
    built, expected = read(path), Page(MarkdownIt("commonmark").enable("table").render(text))
    problems = [
        f"has {built.parts[tag]} {tag}, and a Git host shows {number}"
        for tag, number in expected.parts.items()
        if built.parts[tag] != number
    ]
    missing = Counter(expected.words) - Counter(built.words)
    return [f"{name} {problem}" for problem in problems + ([f"lacks {dict(missing)}"] if missing else [])]


pages = sorted(SITE.rglob("*.html"))
problems = [
    f"{page.relative_to(SITE)} {problem}"
    for page in pages
    for tag, link in read(page).links
    if (problem := check_link(page, tag, link))
]
problems += [
    f"{sheet.relative_to(SITE)} loads {address}"
    for sheet in sorted(SITE.rglob("*.css"))
    for address in re.findall(r"(?:url\(|@import )[\"']?(https?:[^\"')]+)", sheet.read_text(encoding="utf-8"))
]
for folder in ("*.md", "docs/**/*.md", "examples/**/*.md", "benchmarks/*.md"):
    for source in sorted(ROOT.glob(folder)):
        problems += check_text(source)
print(f"The site has {len(pages)} pages." + "".join(f"\n  {problem}" for problem in problems))
sys.exit(bool(problems))
