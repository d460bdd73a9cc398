"""Where rows come from: files, databases and Python itself, all read the same way.

    with open_source({"file": "apps.csv"}, base=Path("jobs")) as source:
        for row in source:
            print(row.label, row.values["Name"])

Rows stream. Each row is named after its place in the source, and each trouble says where it is.
"""

from __future__ import annotations

from ardoqpy_sync.sources.registry import open_source
from ardoqpy_sync.sources.row import Row
from ardoqpy_sync.sources.rows_source import from_rows
from ardoqpy_sync.sources.source import Source, SourceUnreadable

__all__ = ["Row", "Source", "SourceUnreadable", "from_rows", "open_source"]
