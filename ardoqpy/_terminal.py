"""Text from elsewhere, made safe for a terminal or a spreadsheet, and measured in columns of a terminal."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

#: How a formula starts, full-width characters included.
_FORMULA = "=+\\-@\uff1d\uff0b\uff0d\uff20"
#: A spreadsheet can split a cell at a semicolon or a tab. Text with apostrophes before a formula, too,
#: gets one more, so that no text is read back as another one.
_FORMULA_START = re.compile(f"\\A(?='*[{_FORMULA}\t\r\n])|(?<=[;\t])(?='*[{_FORMULA}])")
_ESCAPED_START = re.compile(f"\\A'(?='*[{_FORMULA}\t\r\n])|(?<=[;\t])'(?='*[{_FORMULA}])")
#: A negative number is not a formula.
_NUMBER = re.compile(r"'*-[0-9]+([.,][0-9]+)?")
#: A number that can be read as more than one or as more than a thousand.
_AMBIGUOUS_NUMBER = re.compile(r"-?[1-9][0-9]{0,2}\.[0-9]{3}")
#: What could be taken for the delimiter of a CSV.
_DELIMITERS = ",;\t|"

#: Characters of one column, whatever their neighbours are: ASCII and Latin letters with accents.
_NARROW = re.compile("[^\xad\u0300-\U0010ffff]*")
_ZWNJ, _ZWJ, _EMOJI_STYLE = "\u200c", "\u200d", "\ufe0f"
#: What may steer a terminal, change the order of reading or hide: control characters, bidirectional
#: controls, invisible characters, spaces other than the usual one, and half characters.
_SUSPECT = re.compile(
    "[\x00-\x1f\x7f-\xa0\xad\u061c\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\ufeff\ufff0-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e00ff\U000e01f0-\U000e0fff]"
)
#: The flags of England, Scotland and Wales spell the region in invisible tags.
_REGION_FLAG = re.compile("\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{3,6}\U000e007f")
_SHORT_ESCAPES = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}
#: The combining class of the sign that joins consonants in the scripts of India.
_VIRAMA = 9


def escape_controls(text: str, columns: int | None = None) -> str:
    r"""Return a text on one line in which nothing steers a terminal, turns the reading order or hides.

    Such characters become escapes, for example `\x1b` and `\u202e`. Joiners inside words (Persian, Hindi)
    and emoji sequences stay. `columns`: the text is cut to this display width, with an ellipsis.
    """
    escaped = _SUSPECT.sub(_escape_unless_needed, text)
    return escaped if columns is None else shorten(escaped, columns)


def escape_data(data: Any, columns: int) -> Any:
    """Return JSON data in which every text, keys included, is escaped and cut as by `escape_controls`."""
    if isinstance(data, str):
        return escape_controls(data, columns)
    if isinstance(data, dict):
        return {escape_data(key, columns): escape_data(value, columns) for key, value in data.items()}
    return [escape_data(value, columns) for value in data] if isinstance(data, list | tuple) else data


def display_width(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    return len(text) if _NARROW.fullmatch(text) else sum(map(_cluster_width, _clusters(text)))


def shorten(text: str, columns: int) -> str:
    """Return a text cut to at most `columns` of a terminal, with an ellipsis if something is left out."""
    if len(text) * 2 <= columns:
        return text
    if _NARROW.fullmatch(text, 0, columns + 1):
        if len(text) <= columns:
            return text
        return f"{text[: columns - 1]}…" if columns > 0 else ""
    width = end = cut = 0
    for cluster in _clusters(text):
        width += _cluster_width(cluster)
        if width > columns:
            # What follows is not measured: a text can be much longer than a terminal is wide.
            return f"{text[:cut].rstrip(_ZWNJ + _ZWJ)}…" if columns > 0 else ""
        end += len(cluster)
        if width <= columns - 1:
            cut = end
    return text


def _escape_unless_needed(match: re.Match[str]) -> str:
    character, text, position = match[0], match.string, match.start()
    before = text[position - 1 : position] or " "
    after = text[position + 1 : position + 2] or " "
    if character in (_ZWNJ, _ZWJ):
        needed = _joins(before, character, after)
    elif character >= "\U000e0000":
        flag = _REGION_FLAG.search(text, max(0, position - 7))
        needed = flag is not None and flag.start() < position < flag.end()
    else:  # a no-break space inside a name, as French writes it
        needed = unicodedata.category(character) == "Zs" and not any(map(_SUSPECT.match, before + after))
        needed = needed and " " not in (before, after)
    return character if needed else _escape(character)


def _escape(character: str) -> str:
    number = ord(character)
    if number < 0x100:
        return _SHORT_ESCAPES.get(character, f"\\x{number:02x}")
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def _joins(before: str, joiner: str, after: str) -> bool:
    """Return whether a joiner changes how its neighbours are drawn, as a word or an emoji needs it."""
    if unicodedata.combining(before) == _VIRAMA:
        return True
    if joiner == _ZWJ and (_is_emoji(before) or before == _EMOJI_STYLE) and _is_emoji(after):
        return True
    if joiner == _ZWJ and unicodedata.bidirectional(before) == "AL":  # Persian abbreviations
        return True
    # Between two ASCII letters a joiner draws nothing, and only makes two names look the same.
    return _is_of_a_word(before) and _is_of_a_word(after) and not (before + after).isascii()


def _is_of_a_word(character: str) -> bool:
    return unicodedata.category(character)[0] in "LMN"


def _is_emoji(character: str) -> bool:
    # Emoji that are newer than Python's tables count as unassigned.
    return character >= "\u2190" and unicodedata.category(character) in ("So", "Sk", "Sm", "Cn")


def _clusters(text: str) -> Iterator[str]:
    """Yield what is drawn as one sign: a character with its marks, an emoji sequence, a flag."""
    start = 0
    for end in range(1, len(text) + 1):
        if end == len(text) or not _continues(text, start, end):
            yield text[start:end]
            start = end


def _continues(text: str, start: int, position: int) -> bool:
    before, character = text[position - 1], text[position]
    if _is_regional(character):
        return position - start == 1 and _is_regional(before)
    return (
        _is_zero_width(character)
        or "\U0001f3fb" <= character <= "\U0001f3ff"  # a skin tone
        or (before == _ZWJ and _is_emoji(character))
    )


def _cluster_width(cluster: str) -> int:
    if _EMOJI_STYLE in cluster or _is_regional(cluster[0]):
        return min(2, len(cluster))
    if _is_zero_width(cluster[0]):
        return 0
    return 2 if unicodedata.east_asian_width(cluster[0]) in "WF" else 1


def _is_zero_width(character: str) -> bool:
    return unicodedata.category(character) in ("Mn", "Me", "Cf")


def _is_regional(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def escape_formula(text: str) -> str:
    """Return a text with an apostrophe before each part that a spreadsheet would take for a formula."""
    return text if _NUMBER.fullmatch(text) else _FORMULA_START.sub("'", text)


def unescape_formula(text: str) -> str:
    """Return the text that `escape_formula` was called with."""
    return text if _NUMBER.fullmatch(text) else _ESCAPED_START.sub("", text)


def unambiguous_number(text: str) -> str:
    """Return the text of a number that nobody reads as a thousand times as much: 1.234 gets another zero."""
    return f"{text}0" if _AMBIGUOUS_NUMBER.fullmatch(text) else text


def format_csv_record(
    cells: Iterable[str], *, delimiter: str = ",", quote: str = '"', is_header: bool = False
) -> str:
    """Return a line of CSV without its end.

    - `is_header`: also quote what could be taken for another delimiter: programs detect it.
    """
    # Not csv.writer: in some versions of Python it leaves a carriage return in a cell unquoted.
    special = {delimiter, quote, "\r", "\n", *(_DELIMITERS if is_header else "")}
    line = delimiter.join(
        f"{quote}{cell.replace(quote, quote * 2)}{quote}" if not special.isdisjoint(cell) else cell
        for cell in cells
    )
    return line or quote * 2  # an empty line would not be a row
