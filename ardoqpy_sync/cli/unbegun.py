"""The account of a run that came to nothing: so that a report says so, and yesterday's does not stand
there.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ardoqpy._version import __version__
from ardoqpy_sync.reporting.document_schema import FORMAT, KIND, checked

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["unbegun"]

_COUNTED = ("created", "updated", "deleted", "unchanged", "missing", "failed")


def unbegun(title: str, description: str, where: Mapping[str, Any], *, simulated: bool) -> dict[str, Any]:
    """Return the account of a run that failed before anything is known of it.

    `where` are `host`, `org` and `api`, as far as those are known.
    """
    now = datetime.now(UTC).isoformat(timespec="seconds").removesuffix("+00:00")
    known = {"api": where.get("api") or "?", "host": where.get("host") or "?", "org": where.get("org")}
    lists: dict[str, Any] = {
        key: [] for key in ("changes", "failed", "ambiguous", "not_converging", "missing", "sources")
    }
    return checked(
        {
            "kind": KIND,
            "format": FORMAT,
            "title": title,
            "made": {"at": f"{now}Z", "by": f"ardoqpy {__version__}", **known, "simulated": simulated},
            "status": "failure",
            "description": description,
            "totals": {kind: dict.fromkeys(_COUNTED, 0) for kind in ("component", "reference")},
            **lists,
            "guard": None,
            "workspaces": {},
            "names": {},
            "graph": {"nodes": [], "edges": [], "totals": {"nodes": 0, "edges": 0}},
        }
    )
