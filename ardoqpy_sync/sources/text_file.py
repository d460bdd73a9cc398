"""Files of a source, from their bytes to lines of text: opened, unpacked, decoded, counted."""

from __future__ import annotations

import codecs
import gzip
import io
import zlib
from typing import TYPE_CHECKING, BinaryIO, cast

from ardoqpy._messages import quote_name
from ardoqpy.errors import ConfigurationError
from ardoqpy_sync.sources.row import NOT_TEXT
from ardoqpy_sync.sources.source import SourceUnreadable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import ExitStack
    from pathlib import Path

__all__ = ["SAMPLE", "TROUBLE", "TextFile", "known_encoding", "opened", "suffix_of", "unreadable"]

#: So many bytes are looked at to find out the encoding and the delimiter.
SAMPLE = 1 << 16
#: What reading a file may raise.
TROUBLE = (OSError, EOFError, zlib.error)
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_ESCAPE = "ardoqpy_sync.undecodable"


def _escape(problem: UnicodeError) -> tuple[str, int]:
    """Decode what cannot be decoded to halves of characters, to be found again in their line."""
    if not isinstance(problem, UnicodeDecodeError):
        raise problem
    wrong = problem.object[problem.start : problem.end]
    return "".join(chr(0xDC00 + byte) for byte in wrong), problem.end


# The decoder reads ahead, and by itself would say nothing about the line.
codecs.register_error(_ESCAPE, _escape)


def suffix_of(file: str) -> str:
    """Return the suffix of a file's name in lower case, that of what is packed where it ends in `.gz`."""
    name = file.lower().removesuffix(".gz").replace("\\", "/").rpartition("/")[2]
    return f".{name.rpartition('.')[2]}" if "." in name[1:] else ""


def known_encoding(stated: str | None) -> str | None:
    """Return a stated encoding; raise `ConfigurationError` where Python knows no such encoding of text."""
    if stated is not None:
        try:
            "a".encode(stated).decode(stated)
        except (LookupError, UnicodeError, ValueError):
            raise ConfigurationError(
                f"The source has the encoding {quote_name(stated)}, which is not known: "
                "give one such as 'utf-8', 'cp1252' or 'utf-16'."
            ) from None
    return stated


def unreadable(label: str, problem: Exception) -> SourceUnreadable:
    """Return the error that trouble with the disk, or with a packed file, becomes."""
    if isinstance(problem, OSError) and not isinstance(problem, gzip.BadGzipFile):
        return SourceUnreadable(f"{label} cannot be read: {problem.strerror or problem}.")
    return SourceUnreadable(f"{label} cannot be unpacked: the file is damaged, or its end is missing.")


def opened(path: Path, name: str, stack: ExitStack) -> BinaryIO:
    """Open a file for reading its bytes, unpacked where its name ends in `.gz`; the stack closes it."""
    try:
        file = path.open("rb")
        stack.callback(file.close)
    except TROUBLE as problem:
        raise unreadable(name, problem) from None
    if path.suffix.lower() != ".gz":
        return file
    unpacked = gzip.GzipFile(fileobj=file)
    stack.callback(unpacked.close)
    return cast("BinaryIO", unpacked)


class TextFile:
    """Read a file as text, its lines ending where it says so: with LF, CR or both, also mixed.

    - `sample`: the first lines, with their ends; the last may not be whole.
    - `encoding`: the stated one, else that of the byte order mark, else UTF-16 where every other byte
      is NUL, else UTF-8.

    A byte order mark is no part of the text. Raise `SourceUnreadable`, with the line, at the first
    bytes that are not of the encoding, and at a NUL character.
    """

    def __init__(self, path: Path, name: str, stated: str | None, stack: ExitStack) -> None:
        self._name = name
        self._stated = stated is not None
        file = opened(path, name, stack)
        try:
            start = file.read(SAMPLE)
            file.seek(0)
        except TROUBLE as problem:
            raise unreadable(name, problem) from None
        self.encoding = _encoding_of(start, stated, name)
        decoder = codecs.getincrementaldecoder(self.encoding)(_ESCAPE)
        self.sample = list(io.StringIO(decoder.decode(start).removeprefix("\ufeff"), newline=""))
        self._text = io.TextIOWrapper(file, encoding=self.encoding, errors=_ESCAPE, newline="")
        stack.callback(self._text.close)

    def lines(self) -> Iterator[str]:
        """Yield the lines with their ends."""
        number = 0
        lines = iter(self._text)
        while True:
            try:
                line = next(lines, None)
            except TROUBLE as problem:
                raise unreadable(f"{self._name} line {number + 1}", problem) from None
            if number == 0 and line is not None:
                line = line.removeprefix("\ufeff")
            if not line:
                return
            number += 1
            if not line.isascii() or "\0" in line:
                self._check(line, number)
            yield line

    def pieces(self) -> Iterator[str]:
        """Yield the text in pieces, wherever its lines end."""
        first, lines = True, 1
        while True:
            try:
                piece = self._text.read(SAMPLE)
            except TROUBLE as problem:
                raise unreadable(f"{self._name} line {lines}", problem) from None
            if not piece:
                return
            if first:
                first, piece = False, piece.removeprefix("\ufeff")
            self._check(piece, lines)
            lines += piece.count("\n")
            yield piece

    def _check(self, text: str, line: int) -> None:
        found = NOT_TEXT.search(text)
        if found is None:
            return
        line += text.count("\n", 0, found.start())
        if found[0] == "\0":
            raise SourceUnreadable(
                f"{self._name} line {line} holds a NUL character, which no text does: it is no text, or in "
                "another encoding (UTF-16 perhaps), to be given as encoding."
            )
        byte = ord(found[0]) - 0xDC00
        wrong = f"the byte 0x{byte:02X}" if 0 <= byte <= 0xFF else "half a character"
        shown = self.encoding.upper().replace("_", "-")
        remedy = (
            "give the encoding that the file has"
            if self._stated
            else 'give its encoding, for example encoding = "cp1252" for a file from Excel on Windows'
        )
        raise SourceUnreadable(f"{self._name} line {line} is not {shown}, it holds {wrong}: {remedy}.")


def _encoding_of(start: bytes, stated: str | None, name: str) -> str:
    marked = next((encoding for mark, encoding in _BYTE_ORDER_MARKS if start.startswith(mark)), None)
    if stated is not None:
        if marked is not None and not codecs.lookup(stated).name.startswith(marked):
            raise SourceUnreadable(
                f"{name} begins with the mark of {marked.upper()}, and the encoding given is {stated}: "
                "leave it out."
            )
        return stated
    if marked is not None:
        return marked
    # Text in UTF-16 has a NUL beside each letter of ASCII; what is no text has them anywhere.
    even, odd = start[0:64:2], start[1:64:2]
    if len(odd) > 1 and not any(odd) and all(even[: len(odd)]):
        return "utf-16-le"
    if len(odd) > 1 and not any(even[: len(odd)]) and all(odd):
        return "utf-16-be"
    return "utf-8"
