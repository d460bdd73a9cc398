"""Provide the pytest fixture `ardoq_emulator`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ardoqpy.emulator import Emulator


@pytest.fixture
def ardoq_emulator() -> Iterator[Emulator]:
    """Run an empty emulator for one test; a client needs its `url` and `token`.

    `add_users` adds people and service accounts, each with a token of its own.
    """
    from ardoqpy.testing import emulator  # noqa: PLC0415  (only loaded if a test uses it)

    with emulator() as server:
        yield server
