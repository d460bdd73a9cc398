"""The command `ardoqpy-sync`."""

from __future__ import annotations

from ardoqpy_sync.cli.main import main

__all__ = ["main"]
