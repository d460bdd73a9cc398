"""The module of 0.8.4 that held the sync client, which lives in the package `ardoqpy_sync` now."""

from __future__ import annotations

from ardoqpy.client import ArdoqClient
from ardoqpy_sync import ArdoqSyncClient

__all__ = ["ArdoqClient", "ArdoqSyncClient"]
