"""
The command `ardoqpy`.
"""

from __future__ import annotations

from ardoqpy.cli.program import main

__all__ = ["main"]
