"""Files on their way up and down, piece by piece, never whole in memory."""

from __future__ import annotations

import io
import mimetypes
import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from ardoqpy._messages import describe_type
from ardoqpy.errors import ArdoqClientException, InvalidInput

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["MultipartFile", "open_source", "save"]

Source = str | os.PathLike[str] | bytes | BinaryIO


class MultipartFile:
    """Read one file as a multipart/form-data body with a single part.

    - `file`: a binary file-like object that can seek, from where it stands to its end.
    - `field`: the name of the part; `filename`, `content_type`: what is said of the file.
    """

    def __init__(self, file: BinaryIO, field: str, filename: str, content_type: str) -> None:
        boundary = secrets.token_hex(16)
        quoted = filename.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
        head = (
            f"--{boundary}\r\n"
            f'Content-Disposition: form-data; name="{field}"; filename="{quoted}"\r\n'
            f"Content-Type: {content_type}\r\n\r\n"
        )
        self.content_type = f"multipart/form-data; boundary={boundary}"
        start = file.tell()
        size = file.seek(0, os.SEEK_END) - start
        file.seek(start)
        self._parts: list[Any] = [
            io.BytesIO(head.encode()),
            file,
            io.BytesIO(f"\r\n--{boundary}--\r\n".encode()),
        ]
        self._size = len(head.encode()) + size + len(boundary) + 8

        self.close = file.close

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[bytes]:
        while piece := self.read(1 << 16):
            yield piece

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes, at most `size` of them."""
        if size is None or size < 0:
            return b"".join(self)
        while self._parts:
            piece: bytes = self._parts[0].read(size)
            if piece or size == 0:
                return piece
            self._parts.pop(0)
        return b""


def open_source(
    file: Source, filename: str | None, content_type: str | None
) -> tuple[Callable[[], BinaryIO], str, str]:
    """Return how to read `file` from its start (as often as asked), its name and its content type.

    Raise `InvalidInput` where it is not there, is not binary, cannot seek, or its name is not known.
    """
    if isinstance(file, bytes):
        known, read = None, _bytes_reader(file)
    elif isinstance(file, str | os.PathLike):
        known, read = Path(file).name, _path_reader(Path(file))
    elif hasattr(file, "read") and not isinstance(file, io.TextIOBase):
        named = getattr(file, "name", None)
        known, read = (Path(named).name if isinstance(named, str) else None), _file_reader(file)
    else:
        raise InvalidInput(
            f"file is {describe_type(file)}: give a path, bytes, or a file opened in binary mode."
        )
    name = filename or known
    if not name:
        raise InvalidInput("filename is missing: bytes have no name of their own, say what to call them.")
    if not isinstance(name, str):
        raise InvalidInput(f"filename is {describe_type(name)}: give it as text.")
    if any("\ud800" <= letter <= "\udfff" for letter in name):
        raise InvalidInput(f"filename is {name!r}, which holds half a character: give another one.")
    guessed = content_type or mimetypes.guess_type(name)[0] or "application/octet-stream"
    if not isinstance(guessed, str) or not guessed.isprintable():
        raise InvalidInput(f"content_type is {guessed!r}, which is not one: for example 'image/png'.")
    return read, name, guessed


def _bytes_reader(content: bytes) -> Callable[[], BinaryIO]:
    return lambda: io.BytesIO(content)


def _path_reader(path: Path) -> Callable[[], BinaryIO]:
    def read() -> BinaryIO:
        try:
            return path.open("rb")
        except OSError as problem:
            raise InvalidInput(f"The file {str(path)!r} cannot be read: {problem.strerror}.") from None

    return read


def _file_reader(file: BinaryIO) -> Callable[[], BinaryIO]:
    try:
        start = file.tell()
        file.seek(start)
    except (OSError, ValueError):
        raise InvalidInput("file cannot seek: give a path, bytes, or a file on disk.") from None

    def read() -> BinaryIO:
        file.seek(start)
        return cast("BinaryIO", _KeptOpen(file))

    return read


class _KeptOpen:
    """Lend a caller's file: closing the loan leaves the file open."""

    def __init__(self, file: BinaryIO) -> None:
        self.read = file.read
        self.tell = file.tell
        self.seek = file.seek

    def close(self) -> None:
        """Leave the caller's file as it is."""


def save(pieces: Iterator[bytes], target: str | os.PathLike[str] | BinaryIO) -> int:
    """Write the pieces to a path or a binary file and return how many bytes they were.

    A path is written beside its place first and moved there whole: no half file is left behind.
    """
    if not isinstance(target, str | os.PathLike):
        return sum(target.write(piece) for piece in pieces)
    path = Path(target)
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with part.open("wb") as file:
            size = sum(file.write(piece) for piece in pieces)
        part.replace(path)
    except ArdoqClientException:
        raise
    except OSError as problem:
        raise InvalidInput(f"The file {str(path)!r} cannot be written: {problem.strerror}.") from None
    finally:
        part.unlink(missing_ok=True)
    return size
