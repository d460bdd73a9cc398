"""The module of 0.8.4 that held the client: scripts that say `from ardoqpy.ardoqpy import ...` find it
here.
"""

from __future__ import annotations

from ardoqpy.client import ArdoqClient
from ardoqpy.errors import (
    ArdoqClientException,
    AuthorizationError,
    BadRequest,
    NotFoundError,
    ServiceUnavailable,
)

__all__ = [
    "ArdoqClient",
    "ArdoqClientException",
    "AuthorizationError",
    "BadRequest",
    "NotFoundError",
    "ServiceUnavailable",
]
