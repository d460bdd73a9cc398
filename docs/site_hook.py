"""What the site has beyond the pages: the pages of folders in its navigation, and the order in its search."""

from pathlib import Path
from typing import Any

#: Beginnings of paths, and what they count in a search: guides come first.
BOOSTS = {"CHANGELOG.md": 0.3, "benchmarks/": 0.3, "docs/design.md": 0.3, "docs/reference/": 0.3}


def on_config(config: Any) -> None:
    """Replace each folder in the navigation by its pages, and by the `README.md` of each folder in it."""
    root = Path(config.docs_dir)
    for section in config.nav:
        for title, entry in section.items():
            if isinstance(entry, str) and entry.endswith("/"):
                pages = sorted(root.glob(f"{entry}*.md")) + sorted(root.glob(f"{entry}*/README.md"))
                section[title] = [page.relative_to(root).as_posix() for page in pages]


def on_page_markdown(_markdown: str, *, page: Any, **_: Any) -> None:
    """Put guides first in a search, and leave out the reports of the examples."""
    path = page.file.src_uri
    boosts = [boost for beginning, boost in BOOSTS.items() if path.startswith(beginning)]
    page.meta["search"] = {"exclude": path.endswith("/report.md"), "boost": (boosts or [1])[0]}
