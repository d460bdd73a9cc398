"""The module that held the client in 0.8.4, for scripts with `from ardoqpy.ardoqpy import ...`."""

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
