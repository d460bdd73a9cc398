"""The module that held the sync client in 0.8.4; it is in the package `ardoqpy_sync` now."""

from __future__ import annotations

from ardoqpy.client import ArdoqClient
from ardoqpy_sync import ArdoqSyncClient

__all__ = ["ArdoqClient", "ArdoqSyncClient"]
