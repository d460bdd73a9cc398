"""The module that held the portal's example client in 0.8.4: `from ardoqpy.ardoqpy_v2 import API, Batch`."""

from __future__ import annotations

from ardoqpy.batch import Batch
from ardoqpy.example_client import API

__all__ = ["API", "Batch"]
