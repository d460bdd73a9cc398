"""The run document of a run that failed before it began, so that no earlier report stays in its place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ardoqpy_sync.plans.plan import made_now
from ardoqpy_sync.reporting.document import build_failed_document

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ardoqpy_sync.documents import RunDocument

__all__ = ["unbegun"]


def unbegun(title: str, description: str, where: Mapping[str, Any], *, simulated: bool) -> RunDocument:
    """Return the run document; `where` has `host`, `org` and `api`, as far as they are known."""
    made = made_now(
        api=where.get("api") or "?",
        host=where.get("host") or "?",
        org=where.get("org"),
        simulated=simulated,
    )
    return build_failed_document(title, description, made)
