"""Rows from files, databases and Python, all read the same way.

    with open_source({"file": "apps.csv"}, base=Path("jobs")) as source:
        for row in source:
            print(row.label, row.values["Name"])

Rows are streamed. Each row has a label that names its position, and every error names the position too.
"""

from __future__ import annotations

from ardoqpy_sync.sources.registry import open_source
from ardoqpy_sync.sources.row import Row
from ardoqpy_sync.sources.rows_source import from_rows
from ardoqpy_sync.sources.source import Source, SourceUnreadable

__all__ = ["Row", "Source", "SourceUnreadable", "from_rows", "open_source"]
