"""
Sync a source into Ardoq: match, decide, write, remember, report.
"""

from __future__ import annotations

from ardoqpy_sync.changes import Change
from ardoqpy_sync.client import ArdoqSyncClient
from ardoqpy_sync.lock import JobLock
from ardoqpy_sync.plan import Plan
from ardoqpy_sync.report import format_report

__all__ = ["ArdoqSyncClient", "Change", "JobLock", "Plan", "format_report"]
