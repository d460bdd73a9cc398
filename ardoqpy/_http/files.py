"""Uploads and downloads of files, in chunks, never whole in memory."""

from __future__ import annotations

import io
import mimetypes
import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from ardoqpy._http.local_files import is_special_file, open_regular_file, remove_leftovers, temporary_path
from ardoqpy._messages import describe_type
from ardoqpy.errors import ArdoqClientException, InvalidInput

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Source = str | os.PathLike[str] | bytes | BinaryIO


class MultipartFile:
    """One file as a multipart/form-data body with a single part.

    - `file`: a binary file-like object that can seek; it is read from its current position to its end.
    - `field`: the name of the part; `filename`, `content_type`: those of the file.
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
        while chunk := self.read(1 << 16):
            yield chunk

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes, at most `size` of them."""
        if size is None or size < 0:
            return b"".join(self)
        while self._parts:
            chunk: bytes = self._parts[0].read(size)
            if chunk or size == 0:
                return chunk
            self._parts.pop(0)
        return b""


def open_source(
    file: Source, filename: str | None, content_type: str | None
) -> tuple[Callable[[], BinaryIO], str, str]:
    """Return a function that opens `file` at its start, its name and its content type.

    Raise `InvalidInput` if it does not exist, is not binary, cannot seek, or its name is not known.
    """
    if isinstance(file, bytes):
        own_name, read = None, _bytes_reader(file)
    elif isinstance(file, str | os.PathLike):
        own_name, read = Path(file).name, _path_reader(Path(file))
    elif hasattr(file, "read") and not isinstance(file, io.TextIOBase):
        path = getattr(file, "name", None)
        own_name, read = (Path(path).name if isinstance(path, str) else None), _file_reader(file)
    else:
        raise InvalidInput(
            f"file is {describe_type(file)}: give a path, bytes, or a file opened in binary mode."
        )
    name = filename or own_name
    if not name:
        raise InvalidInput("filename is missing: bytes have no name, so give one.")
    if not isinstance(name, str):
        raise InvalidInput(f"filename is {describe_type(name)}: give it as text.")
    if any("\ud800" <= letter <= "\udfff" for letter in name):
        raise InvalidInput(f"filename is {name!r}, which holds half a character: give another one.")
    kind = content_type or mimetypes.guess_type(name)[0] or "application/octet-stream"
    if not isinstance(kind, str) or not kind.isprintable():
        raise InvalidInput(f"content_type is {kind!r}, which is not one: for example 'image/png'.")
    return read, name, kind


def _bytes_reader(content: bytes) -> Callable[[], BinaryIO]:
    return lambda: io.BytesIO(content)


def _path_reader(path: Path) -> Callable[[], BinaryIO]:
    def read() -> BinaryIO:
        try:
            return open_regular_file(path)
        except OSError as error:
            raise InvalidInput(f"The file {str(path)!r} cannot be read: {error.strerror}.") from None

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
    """A file of the caller, which stays open."""

    def __init__(self, file: BinaryIO) -> None:
        self.read = file.read
        self.tell = file.tell
        self.seek = file.seek

    def close(self) -> None:
        """Do nothing: the file is the caller's."""


def save(chunks: Iterator[bytes], target: str | os.PathLike[str] | BinaryIO) -> int:
    """Write the chunks to a path or a binary file and return the number of bytes.

    For a path, a temporary file beside it is written first and moved, so that no partial file is left behind;
    temporary files of killed processes are removed.
    """
    if not isinstance(target, str | os.PathLike):
        return sum(target.write(chunk) for chunk in chunks)
    path = Path(target)
    if is_special_file(path):  # it would be replaced by a file
        raise InvalidInput(f"The file {str(path)!r} cannot be written: it is not a regular file.")
    part = temporary_path(path)
    try:
        with part.open("wb") as file:
            remove_leftovers(part)
            size = sum(file.write(chunk) for chunk in chunks)
        part.replace(path)
    except ArdoqClientException:
        raise
    except OSError as error:
        raise InvalidInput(f"The file {str(path)!r} cannot be written: {error.strerror}.") from None
    finally:
        part.unlink(missing_ok=True)
    return size
