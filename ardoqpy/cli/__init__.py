"""The command `ardoqpy`."""

from __future__ import annotations

from ardoqpy.cli.main import main

__all__ = ["main"]
