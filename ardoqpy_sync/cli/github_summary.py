"""The step summary of GitHub Actions: a file to which Markdown is appended."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ardoqpy.errors import InvalidInput
from ardoqpy_sync.reporting.markdown import LEAST, render_text
from ardoqpy_sync.reporting.markdown import MAX_BYTES as MAX_REPORT

if TYPE_CHECKING:
    from ardoqpy_sync.documents import RunDocument

#: Where GitHub names the file.
VARIABLE = "GITHUB_STEP_SUMMARY"
#: GitHub shows nothing of a larger file.
MAX_BYTES = 1 << 20


def append_summary(document: RunDocument, path: str) -> None:
    """Append a run document as Markdown to a file, shortened if there is little room left.

    Raise `InvalidInput` if the file cannot be written, or has no room left.
    """
    try:
        with open(path, "ab") as file:  # noqa: PTH123
            room = MAX_BYTES - os.fstat(file.fileno()).st_size
            if room > LEAST:
                file.write(render_text(document, max_bytes=min(room - 1, MAX_REPORT)).encode() + b"\n")
                return
    except OSError as problem:
        raise InvalidInput(f"The step summary cannot be written: {problem.strerror}.") from None
    raise InvalidInput("The step summary has no room left: GitHub allows 1 MiB.")
