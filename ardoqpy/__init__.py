"""A client, a sync engine and an emulator for Ardoq's REST API."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ardoqpy._version import __version__

if TYPE_CHECKING:
    from ardoqpy._http.retry import Retries
    from ardoqpy.batch import Batch, BatchResult
    from ardoqpy.client import ArdoqClient
    from ardoqpy.errors import (
        AmbiguousWrite,
        ArdoqClientException,
        AuthorizationError,
        BadRequest,
        ConfigurationError,
        Conflict,
        DeleteBlocked,
        InvalidInput,
        JobRunning,
        LedgerError,
        MissingArgument,
        NotFoundError,
        PlanDrifted,
        RateLimited,
        RedirectRefused,
        ServiceUnavailable,
        UnexpectedAnswer,
        UnsupportedOperation,
        WriteRefused,
    )
    from ardoqpy.example_client import API
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
    "DeleteBlocked",
    "InvalidInput",
    "JobRunning",
    "LedgerError",
    "MissingArgument",
    "NotFoundError",
    "PlanDrifted",
    "RateLimited",
    "RedirectRefused",
    "Retries",
    "ServiceUnavailable",
    "UnexpectedAnswer",
    "UnsupportedOperation",
    "WriteRefused",
    "__version__",
]

#: The modules of the names that are not errors.
_MODULE_OF = {
    "API": "ardoqpy.example_client",
    "ArdoqClient": "ardoqpy.client",
    "Batch": "ardoqpy.batch",
    "BatchResult": "ardoqpy.batch",
    "Retries": "ardoqpy._http.retry",
}
#: Modules that are attributes after `import ardoqpy`, such as `ardoqpy.errors`.
_MODULES = {
    *("batch", "client", "config", "api", "errors", "example_client", "metamodel"),
    "methods",
    # Those that 0.8.4 loaded when it was imported.
    *("ardoqpy", "ardoqpy_sync", "ardoqpy_v2"),
}


def __getattr__(name: str) -> Any:
    # Imported on demand: the help of the command line and the start of pytest need no client.
    if name == "ArdoqSyncClient":
        # For `from ardoqpy import ArdoqSyncClient` in 0.8.4's scripts; on demand, it causes no import circle.
        from ardoqpy_sync import ArdoqSyncClient  # noqa: PLC0415

        return ArdoqSyncClient
    if name in __all__:
        value = getattr(import_module(_MODULE_OF.get(name, "ardoqpy.errors")), name)
        globals()[name] = value
        return value
    if name in _MODULES:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
