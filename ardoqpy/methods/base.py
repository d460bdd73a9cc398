"""What every group of flat methods stands on."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ardoqpy.api.protocols import Dialect

__all__ = ["Methods"]


class Methods:
    """Hold the dialect; `api` is the documented second level, for calls in the dialect's own words."""

    api: Dialect
