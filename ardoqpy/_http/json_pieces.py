"""JSON read while it arrives, a batch of entities at a time: a huge answer is never held as text as well."""

from __future__ import annotations

import codecs
import gc
import json
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["parsed"]

#: Bytes that are read at a time, some thousand entities: few enough to stay in the processor's cache.
BATCH = 1 << 20
#: How often in vain an entity's end is looked for before a list is read in one go.
_ATTEMPTS = 8
#: What a number may go on with; the empty text, where nothing has arrived yet, is in it as well.
_OF_A_NUMBER = "0123456789.eE+-"
_SPACE = re.compile(r"[ \t\n\r]*")


def parsed(pieces: Iterable[bytes], decoder: json.JSONDecoder, encoding: str, batch: int = BATCH) -> Any:
    """Return what a JSON text says that arrives in pieces.

    It says the same as all of it at once. Raise what `decoder` raises where it is no JSON, and
    `UnicodeDecodeError` where it is no text; what has not arrived by then has not been read.
    """
    text = _Arriving(pieces, decoder, encoding, batch)
    what = text.thing()
    if text.next():
        raise text.wrong("Extra data")
    return what


class _Arriving:
    """A text of which `at` says how far it has been read, and of which there may be more to come."""

    def __init__(self, pieces: Iterable[bytes], decoder: json.JSONDecoder, encoding: str, batch: int) -> None:
        self._pieces = iter(pieces)
        self._raw = decoder.raw_decode
        self._decode = codecs.getincrementaldecoder(encoding)().decode
        self._batch = batch
        self._text = ""
        self._at = 0
        self._ended = False

    def wrong(self, what: str) -> json.JSONDecodeError:
        """Return the error of something else standing here."""
        return json.JSONDecodeError(what, self._text, self._at)

    def next(self) -> str:
        """Go to the next character that is no space and return it; the empty text is the end."""
        while True:
            self._at = _SPACE.match(self._text, self._at).end()  # type: ignore[union-attr]  # it always matches
            if self._at < len(self._text) or self._ended:
                return self._text[self._at : self._at + 1]
            self._more(self._batch)

    def thing(self) -> Any:
        """Read what stands here: of an object the members, of a list the items in batches."""
        first = self.next()
        if first == "{":
            return self._members()
        return self._items() if first == "[" else self._value()

    def _members(self) -> dict[str, Any]:
        members: dict[str, Any] = {}
        self._at += 1
        if self.next() == "}":
            self._at += 1
            return members
        while True:
            if self.next() != '"':
                raise self.wrong("Expecting property name enclosed in double quotes")
            name = self._value()
            if self.next() != ":":
                raise self.wrong("Expecting ':' delimiter")
            self._at += 1
            members[name] = self._items() if self.next() == "[" else self._value()
            after = self.next()
            self._at += 1
            if after == "}":
                return members
            if after != ",":
                raise self.wrong("Expecting ',' delimiter")

    def _items(self) -> list[Any]:
        """Read a list, up to the last item of each batch that certainly is one.

        What stands between two braces may be the comma between two items, or between two things within
        one, or part of a text. But only an item leaves nothing open: with a bracket at its end, all up to
        there is a list, or no JSON.
        """
        items: list[Any] = []
        self._at += 1
        if self.next() == "]":
            self._at += 1
            return items
        in_vain = 0
        while not self._ended and in_vain < _ATTEMPTS:
            brace = self._last_brace()
            try:
                if brace < 0:
                    raise self.wrong("Expecting ',' delimiter")
                some, length = self._parsed(f"[{self._text[self._at : brace + 1]}]", 0)
            except json.JSONDecodeError:
                in_vain += 1
                self._more(self._batch)
                continue
            items += some
            if length < brace + 1 - self._at + len("[]"):
                self._at += length - len("[")  # the list has ended before
                return items
            in_vain = 0
            self._at = brace + len("},")
            self._more(self._batch)
        while not self._ended:
            self._more(len(self._text) + self._batch)
        some, length = self._parsed(f"[{self._text[self._at :]}", 0)
        self._at += length - len("[")
        items += some
        return items

    def _last_brace(self) -> int:
        """Return where the last object has ended that another one follows, -1 where there is none."""
        brace = self._text.rfind("},", self._at)
        while brace >= 0:
            after = _SPACE.match(self._text, brace + len("},")).end()  # type: ignore[union-attr]
            if self._text.startswith("{", after):
                break
            brace = self._text.rfind("},", self._at, brace)
        return brace

    def _value(self) -> Any:
        while True:
            try:
                value, end = self._parsed(self._text, self._at)
            except json.JSONDecodeError:
                if self._ended:
                    raise
            else:
                # Of a number there might be more: of "0." the 0 is one, and the 5 is still to come.
                if self._ended or self._text[end : end + 1] not in _OF_A_NUMBER:
                    self._at = end
                    return value
            self._more(len(self._text) + self._batch)  # twice as much each time

    def _more(self, least: int) -> None:
        """Let so many bytes more arrive, or what there is."""
        taken, size = [self._text[self._at :]], 0
        while size < least and not self._ended:
            piece = next(self._pieces, None)
            self._ended = piece is None
            piece = piece or b""
            size += len(piece)
            taken.append(self._decode(piece, self._ended))
        self._text, self._at = "".join(taken), 0

    def _parsed(self, text: str, at: int) -> tuple[Any, int]:
        with _collector_at_rest():
            return self._raw(text, at)


@contextmanager
def _collector_at_rest() -> Iterator[None]:
    """Make objects by the thousand that are no garbage, without the collector looking through them.

    It would, again and again: while they are being made, and twice or thrice more before it takes them for
    old. So it pauses, and what is alive afterwards counts as old from then on: it is looked at in full
    collections only, as all that is old, and nothing is kept from being collected. Who has the collector off
    or has frozen objects of his own keeps both as they are.
    """
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            if hasattr(gc, "freeze") and not gc.get_freeze_count():  # not every Python has it
                gc.freeze()
                gc.unfreeze()
            gc.enable()
