"""The pytest fixture that comes with the package."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ardoqpy.emulator import Emulator


@pytest.fixture
def ardoq_emulator() -> Iterator[Emulator]:
    """Run an empty emulator for one test; `url` and `token` are what a client needs."""
    from ardoqpy.testing import emulator  # noqa: PLC0415  (a test run that does not use it pays nothing)

    with emulator() as server:
        yield server
