"""The summary of a step in GitHub Actions: a file to which Markdown is added."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ardoqpy.errors import InvalidInput
from ardoqpy_sync.reporting.markdown import MAX_SHOWN, render_text

if TYPE_CHECKING:
    from ardoqpy_sync.documents import RunDocument

__all__ = ["VARIABLE", "add_to_summary"]

#: Where GitHub names the file.
VARIABLE = "GITHUB_STEP_SUMMARY"
#: Of a step's summary GitHub shows so much, or nothing.
LARGEST = 1 << 20


def add_to_summary(account: RunDocument, path: str) -> None:
    """Add an account as Markdown to a file, shorter where there is little room left.

    Raise `InvalidInput` where it cannot be written, or nothing would fit any more.
    """
    longest = MAX_SHOWN
    try:
        with open(path, "ab") as file:  # noqa: PTH123
            room = LARGEST - os.fstat(file.fileno()).st_size
            text = render_text(account, longest=longest).encode() + b"\n"
            while len(text) > room and longest:
                longest //= 2
                text = render_text(account, longest=longest).encode() + b"\n"
            if len(text) <= room:
                file.write(text)
                return
    except OSError as problem:
        raise InvalidInput(f"The summary of the step cannot be written: {problem.strerror}.") from None
    raise InvalidInput("The summary of the step has no room left: GitHub takes 1 MiB.")
