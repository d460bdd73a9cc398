"""Open, decompress and decode the text file of a source, and number its lines."""

from __future__ import annotations

import codecs
import gzip
import io
import sys
import zlib
from functools import cache
from typing import TYPE_CHECKING, BinaryIO, cast

from ardoqpy._http.local_files import open_regular_file
from ardoqpy._messages import quote_name
from ardoqpy.errors import ConfigurationError
from ardoqpy_sync.sources.options import STANDARD_INPUT
from ardoqpy_sync.sources.row import NOT_TEXT
from ardoqpy_sync.sources.source import SourceUnreadable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import ExitStack
    from pathlib import Path

#: The number of bytes that encoding and delimiter are detected from.
SAMPLE = 1 << 16
#: The longest line or JSON value, in characters: a small compressed file can hold one of any length.
MAX_VALUE = 1 << 27
#: The errors that reading a file can raise.
READ_ERRORS = (OSError, EOFError, zlib.error)
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_ESCAPE = "ardoqpy_sync.undecodable"


def _escape(error: UnicodeError) -> tuple[str, int]:
    """Decode invalid bytes to lone surrogates, to report them with their line."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    invalid = error.object[error.start : error.end]
    return "".join(chr(0xDC00 + byte) for byte in invalid), error.end


# The decoder reads ahead, so its own errors do not know the line.
codecs.register_error(_ESCAPE, _escape)


def file_suffix(file: str) -> str:
    """Return the suffix of a file name in lower case, without a final `.gz`."""
    name = file.lower().removesuffix(".gz").replace("\\", "/").rpartition("/")[2]
    return f".{name.rpartition('.')[2]}" if "." in name[1:] else ""


def check_encoding(stated: str | None) -> str | None:
    """Return the stated encoding; raise `ConfigurationError` if Python has no text encoding of that name."""
    if stated is not None:
        try:
            "a".encode(stated).decode(stated)
        except (LookupError, UnicodeError, ValueError):
            raise ConfigurationError(
                f"The source has the encoding {quote_name(stated)}, which is not known. "
                "Use one such as 'utf-8', 'cp1252' or 'utf-16'."
            ) from None
    return stated


def read_error(label: str, error: Exception) -> SourceUnreadable:
    """Return the error to raise when a file cannot be read or decompressed."""
    if isinstance(error, OSError) and not isinstance(error, gzip.BadGzipFile):
        return SourceUnreadable(f"{label} cannot be read: {error.strerror or error}.")
    return SourceUnreadable(f"{label} cannot be decompressed: the file is damaged or incomplete.")


@cache
def _standard_input() -> bytes:
    """Return all of standard input: each pass over a source reads it again."""
    if sys.stdin is None or sys.stdin.isatty():
        raise SourceUnreadable("Standard input is a terminal. Pipe the rows into this command.")
    return sys.stdin.buffer.read()


def open_binary(path: Path, name: str, stack: ExitStack) -> BinaryIO:
    """Return a file opened for its bytes, decompressed if its name ends in `.gz`; the stack closes it."""
    if path == STANDARD_INPUT:
        return io.BytesIO(_standard_input())
    try:
        file = open_regular_file(path)
        stack.callback(file.close)
    except READ_ERRORS as error:
        raise read_error(name, error) from None
    if path.suffix.lower() != ".gz":
        return file
    decompressed = gzip.GzipFile(fileobj=file)
    stack.callback(decompressed.close)
    return cast("BinaryIO", decompressed)


class TextFile:
    """A text file whose lines end with LF, CR or both, also mixed.

    - `sample`: the first lines with their line ends; the last one can be incomplete.
    - `encoding`: the stated one, else that of the byte order mark, else UTF-16 if every other byte is NUL,
      else UTF-8.

    A byte order mark is removed. Raise `SourceUnreadable` with the line at the first bytes that are not valid
    in the encoding, and at a NUL character.
    """

    def __init__(self, path: Path, name: str, stated: str | None, stack: ExitStack) -> None:
        """Open the file; the stack closes it."""
        self._name = name
        self._is_stated = stated is not None
        file = open_binary(path, name, stack)
        try:
            start = file.read(SAMPLE)
            file.seek(0)
        except READ_ERRORS as error:
            raise read_error(name, error) from None
        self.encoding = _detect_encoding(start, stated, name)
        decoder = codecs.getincrementaldecoder(self.encoding)(_ESCAPE)
        self.sample = list(io.StringIO(decoder.decode(start).removeprefix("\ufeff"), newline=""))
        self._text = io.TextIOWrapper(file, encoding=self.encoding, errors=_ESCAPE, newline="")
        stack.callback(self._text.close)

    def lines(self) -> Iterator[str]:
        """Yield the lines with their line ends."""
        number = 0
        while True:
            try:
                line = self._text.readline(MAX_VALUE)
            except READ_ERRORS as error:
                raise read_error(f"{self._name} line {number + 1}", error) from None
            if len(line) >= MAX_VALUE:
                raise SourceUnreadable(
                    f"{self._name} line {number + 1} has over {MAX_VALUE:,} characters. Check that it is the "
                    "right file."
                )
            if number == 0:
                line = line.removeprefix("\ufeff")
            if not line:
                return
            number += 1
            if not line.isascii() or "\0" in line:
                self._check(line, number)
            yield line

    def pieces(self) -> Iterator[str]:
        """Yield the text in pieces, which do not end at line ends."""
        first, lines = True, 1
        while True:
            try:
                piece = self._text.read(SAMPLE)
            except READ_ERRORS as error:
                raise read_error(f"{self._name} line {lines}", error) from None
            if not piece:
                return
            if first:
                first, piece = False, piece.removeprefix("\ufeff")
            self._check(piece, lines)
            lines += piece.count("\n")
            yield piece

    def _check(self, text: str, line: int) -> None:
        match = NOT_TEXT.search(text)
        if match is None:
            return
        line += text.count("\n", 0, match.start())
        if match[0] == "\0":
            raise SourceUnreadable(
                f"{self._name} line {line} contains a NUL character. If it is text, set encoding to its "
                "encoding, such as 'utf-16'."
            )
        byte = ord(match[0]) - 0xDC00
        invalid = f"the byte 0x{byte:02X}" if 0 <= byte <= 0xFF else "half a character"
        encoding = self.encoding.upper().replace("_", "-")
        remedy = (
            "Set encoding to the encoding of the file"
            if self._is_stated
            else 'Set its encoding, such as encoding = "cp1252" for a file from Excel on Windows'
        )
        raise SourceUnreadable(
            f"{self._name} line {line} is not valid {encoding}: it contains {invalid}. {remedy}."
        )


def _detect_encoding(start: bytes, stated: str | None, name: str) -> str:
    marked = next((encoding for mark, encoding in _BYTE_ORDER_MARKS if start.startswith(mark)), None)
    if stated is not None:
        if marked is not None and not codecs.lookup(stated).name.startswith(marked):
            raise SourceUnreadable(
                f"{name} has the byte order mark of {marked.upper()}, but encoding is {stated!r}. Remove "
                "encoding."
            )
        return stated
    if marked is not None:
        return marked
    # In UTF-16, every other byte of ASCII text is NUL; a binary file has NULs anywhere.
    even, odd = start[0:64:2], start[1:64:2]
    if len(odd) > 1 and not any(odd) and all(even[: len(odd)]):
        return "utf-16-le"
    if len(odd) > 1 and not any(even[: len(odd)]) and all(odd):
        return "utf-16-be"
    return "utf-8"
