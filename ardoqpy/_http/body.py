"""The body of an answer, read piece by piece and within bounds, whoever wrote it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

__all__ = ["LARGEST_ANSWER", "PACKED_AS", "Body", "Unreadable", "packing", "refusal"]

#: Bytes of an answer, unpacked, that a client reads unless told otherwise: more than a workspace of 100,000
#: components with 200,000 references.
LARGEST_ANSWER = 512 * 1024 * 1024
#: Bytes of a refusal that are kept.
_LARGEST_REFUSAL = 1024 * 1024
#: What a client can unpack, and asks for; neither grows by more than a thousand to one.
PACKED_AS = "gzip, deflate"


class Unreadable(Exception):
    """Say why an answer is not read to its end; `late` where it is because of the deadline."""

    def __init__(self, trouble: str, *, late: bool = False) -> None:
        super().__init__(trouble)
        self.trouble = trouble
        self.late = late


def packing(coding: str | None) -> None:
    """Look at a Content-Encoding; raise `Unreadable` where it is not one that was asked for.

    Packed twice, a few bytes could become any number.
    """
    name = (coding or "identity").strip().lower()
    if name not in ("identity", "gzip", "x-gzip", "deflate"):
        raise Unreadable(f"it is packed as {coding!r}, which was not asked for")


class Body:
    """The pieces of an answer, counted and read within bounds; each is there once.

    - `largest`: bytes to read at most, of whatever the pieces have been unpacked to.
    - `length`: the Content-Length, where there is one.
    - `in_time`: asked after each piece whether to go on.

    Reading raises `Unreadable` where there is more than that, or no time left; so does making one whose
    length says so.
    """

    def __init__(
        self,
        pieces: Iterable[bytes] = (),
        largest: int = LARGEST_ANSWER,
        *,
        length: str | None = None,
        in_time: Callable[[], bool] = lambda: True,
    ) -> None:
        #: Bytes that have been read.
        self.size = 0
        self._too_large = Unreadable(
            f"it is larger than the {largest:,} bytes that this client reads (largest_answer)"
        )
        if length is not None and length.isdecimal() and int(length[:19]) > largest:
            raise self._too_large
        self._pieces = iter(pieces)
        self._largest = largest
        self._in_time = in_time

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces:
            self.size += len(piece)
            if self.size > self._largest:
                raise self._too_large
            yield piece
            if not self._in_time():
                raise Unreadable("it was not read to its end in time", late=True)

    def whole(self) -> bytes:
        """Return all that is left as one."""
        return b"".join(self)

    def beginning(self, least: int) -> bytes:
        """Return the first pieces, so many bytes or more; all where there are fewer."""
        return _beginning(self, least)


def refusal(pieces: Iterable[bytes]) -> bytes:
    """Return the pieces up to a megabyte or so: what is said about a refusal, however long it goes on."""
    return _beginning(pieces, _LARGEST_REFUSAL)


def _beginning(pieces: Iterable[bytes], least: int) -> bytes:
    read, size = [], 0
    for piece in pieces:
        read.append(piece)
        size += len(piece)
        if size >= least:
            break
    return b"".join(read)
