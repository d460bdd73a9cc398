"""The job files of a folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ardoqpy.errors import InvalidInput

if TYPE_CHECKING:
    from pathlib import Path


def find_job_files(folder: Path) -> dict[str, Path]:
    """Return the TOML files in a folder and below it, by their paths from there, with slashes.

    Hidden files and folders are left out, and so is what a link leads to outside of the folder. Raise
    `InvalidInput` if there is no such folder.
    """
    if not folder.is_dir():
        raise InvalidInput(f"There is no folder {str(folder)!r}: name the folder of the job files.")
    real = folder.resolve()
    names = {path.relative_to(real): path for path in real.rglob("*.toml")}
    return {
        name.as_posix(): path
        for name, path in sorted(names.items())
        if not any(part.startswith(".") for part in name.parts)
        and path.is_file()
        and path.resolve().is_relative_to(real)
    }
