"""Sync a source into Ardoq: match, decide, write, remember, report."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ardoqpy_sync.client import ArdoqSyncClient
    from ardoqpy_sync.compare.diff import Change
    from ardoqpy_sync.lock import JobLock
    from ardoqpy_sync.plans.plan import Plan
    from ardoqpy_sync.report import format_report
    from ardoqpy_sync.reporting.save import save_report

__all__ = ["ArdoqSyncClient", "Change", "JobLock", "Plan", "format_report", "save_report"]

#: Where the names live.
_HOMES = {
    "ArdoqSyncClient": "client",
    "Change": "compare.diff",
    "JobLock": "lock",
    "Plan": "plans.plan",
    "format_report": "report",
    "save_report": "reporting.save",
}
#: What `import ardoqpy_sync` alone gives beside the names, as `ardoqpy_sync.report`.
_MODULES = {"client", "lock", "plans", "report", "sources"}


def __getattr__(name: str) -> Any:
    # Looked up late: the command line's help passes here, too, and needs no client.
    if name in _HOMES:
        value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
        globals()[name] = value
        return value
    if name in _MODULES:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
