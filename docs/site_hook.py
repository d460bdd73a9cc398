"""Fill the navigation of the site: a folder in `mkdocs.yml` stands for the pages in it."""

from pathlib import Path
from typing import Any


def on_config(config: Any) -> None:
    """Replace each folder by its pages, and by the `README.md` of each folder in it."""
    root = Path(config.docs_dir)
    for section in config.nav:
        for title, entry in section.items():
            if isinstance(entry, str) and entry.endswith("/"):
                pages = sorted(root.glob(f"{entry}*.md")) + sorted(root.glob(f"{entry}*/README.md"))
                section[title] = [page.relative_to(root).as_posix() for page in pages]
