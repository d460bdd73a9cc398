"""Libraries that only some sources need: asked for by name when they are missing."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from ardoqpy.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["needs"]


@contextmanager
def needs(extra: str, package: str, what: str) -> Iterator[None]:
    """Import `package` within this; raise `ConfigurationError` naming the extra where it is not installed.

    `what` says what needs it: `an Excel file`.
    """
    try:
        yield
    except ModuleNotFoundError as problem:
        missing = (problem.name or package).partition(".")[0]
    else:
        return
    raise ConfigurationError(
        f"{what[0].upper()}{what[1:]} needs the package {missing!r}, which is not installed: "
        f"pip install 'ardoqpy[{extra}]'."
    )
