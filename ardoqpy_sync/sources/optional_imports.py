"""Packages that only some sources need."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from ardoqpy.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["require_extra"]


@contextmanager
def require_extra(extra: str, package: str, subject: str) -> Iterator[None]:
    """Turn a failed import of `package` in this context into a `ConfigurationError` that names the extra.

    - `subject`: what needs the package, at the start of a sentence, such as "An Excel file".
    """
    try:
        yield
    except ModuleNotFoundError as error:
        missing = (error.name or package).partition(".")[0]
    else:
        return
    raise ConfigurationError(
        f"{subject} needs the package {missing!r}, which is not installed: pip install 'ardoqpy[{extra}]'."
    )
