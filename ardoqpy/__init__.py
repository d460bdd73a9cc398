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

#: Where the names live that are not errors.
_HOMES = {
    "API": "ardoqpy.example_client",
    "ArdoqClient": "ardoqpy.client",
    "Batch": "ardoqpy.batch",
    "BatchResult": "ardoqpy.batch",
    "Retries": "ardoqpy._http.retry",
}
#: What `import ardoqpy` alone gives beside the names, as `ardoqpy.errors`.
_MODULES = {
    *("batch", "client", "config", "api", "errors", "example_client", "metamodel"),
    "methods",
    # Those that 0.8.4 had loaded when it was imported.
    *("ardoqpy", "ardoqpy_sync", "ardoqpy_v2"),
}


def __getattr__(name: str) -> Any:
    # Looked up late: the command line's help and pytest's start, which pass here too, need no client.
    if name == "ArdoqSyncClient":
        # 0.8.4's scripts say `from ardoqpy import ArdoqSyncClient`; late, it makes no import loop either.
        from ardoqpy_sync import ArdoqSyncClient  # noqa: PLC0415

        return ArdoqSyncClient
    if name in __all__:
        value = getattr(import_module(_HOMES.get(name, "ardoqpy.errors")), name)
        globals()[name] = value
        return value
    if name in _MODULES:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
