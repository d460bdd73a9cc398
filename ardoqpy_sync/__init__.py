"""
Sync a source into Ardoq: match, decide, write, remember, report.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ardoqpy_sync.changes import Change
from ardoqpy_sync.client import ArdoqSyncClient
from ardoqpy_sync.plan import Plan
from ardoqpy_sync.report import format_report

if TYPE_CHECKING:
    from ardoqpy_sync.pages.saving import save_report

__all__ = ["ArdoqSyncClient", "Change", "Plan", "format_report", "save_report"]


def __getattr__(name: str) -> Any:
    # Looked up late: a run that saves no report needs no page.
    if name == "save_report":
        return import_module("ardoqpy_sync.pages.saving").save_report
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
