"""
A client, a sync engine and an emulator for Ardoq's REST API.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ardoqpy._retry import Retries
from ardoqpy._version import __version__
from ardoqpy.batch import Batch
from ardoqpy.batch_result import BatchResult
from ardoqpy.client import ArdoqClient
from ardoqpy.errors import (
    AmbiguousWrite,
    ArdoqClientException,
    AuthorizationError,
    BadRequest,
    ConfigurationError,
    Conflict,
    GuardRefused,
    InvalidInput,
    NotFoundError,
    RateLimited,
    RedirectRefused,
    ServiceUnavailable,
    UnexpectedAnswer,
    UnsupportedOperation,
    WriteRefused,
)
from ardoqpy.example_client import API

if TYPE_CHECKING:
    from ardoqpy_sync import ArdoqSyncClient

__all__ = [
    "API",
    "AmbiguousWrite",
    "ArdoqClient",
    "ArdoqClientException",
    "ArdoqSyncClient",
    "AuthorizationError",
    "BadRequest",
    "Batch",
    "BatchResult",
    "ConfigurationError",
    "Conflict",
    "GuardRefused",
    "InvalidInput",
    "NotFoundError",
    "RateLimited",
    "RedirectRefused",
    "Retries",
    "ServiceUnavailable",
    "UnexpectedAnswer",
    "UnsupportedOperation",
    "WriteRefused",
    "__version__",
]

#: The modules that 0.8.4 had loaded when it was imported.
_MODULES_OF_BEFORE = ("ardoqpy", "ardoqpy_sync", "ardoqpy_v2")


def __getattr__(name: str) -> Any:
    # 0.8.4's scripts say `from ardoqpy import ArdoqSyncClient`; looked up late, it makes no import loop.
    if name == "ArdoqSyncClient":
        from ardoqpy_sync import ArdoqSyncClient  # noqa: PLC0415

        return ArdoqSyncClient
    if name in _MODULES_OF_BEFORE:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
