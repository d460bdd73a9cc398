"""Parts of messages: values as they are shown, and suggestions for a name that is unknown.

Pure functions of text. Most unknown names differ from a known one in letter case, a blank or a hyphen, or in
characters that no screen shows; others have a typing error, or only a part of the name.
"""

from __future__ import annotations

import reprlib
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

#: How many similar names are suggested.
MAX_SUGGESTIONS = 3
#: Up to so many known names are all shown; of more, a sample.
MAX_LISTED = 12
SAMPLE_SIZE = 5
#: The length from which on a name that begins or ends a longer one counts as similar to it.
MIN_PART = 3
#: The least similarity of two names, as difflib measures it: 1 is the same.
MIN_SIMILARITY = 0.6
#: How many characters of a name are shown, and compared.
MAX_LENGTH = 60
#: Larger numbers are not shown.
MAX_NUMBER = 10**18
_SHORT_REPR = reprlib.Repr()
_SHORT_REPR.maxother = _SHORT_REPR.maxstring = _SHORT_REPR.maxlong = MAX_LENGTH


def suggest(name: object, known: Iterable[object]) -> str:
    """Return the end of a sentence about the unknown `name`: similar names, or the known ones.

    Similar names make a question: "did you mean 'Service' or 'Server'?". Otherwise the known names are
    listed in their order, "there are 'a', 'b' and 'c'.", or, if there are many, their number and a sample. A
    set is sorted, so that the same names always give the same sentence. Names that are neither text nor
    numbers are left out.
    """
    return did_you_mean(name, known := _names(known)) or _list_known(known)


def did_you_mean(name: object, known: Iterable[object]) -> str:
    """Return "did you mean 'Service' or 'Server'?", or "" if none of `known` is similar to `name`.

    Names that differ only in letter case, blanks and signs are suggested alone; otherwise those that begin
    or end one another, and those that difflib finds similar, the most similar first.
    """
    similar = _similar_names(name, _names(known))[:MAX_SUGGESTIONS]
    quoted = [_quote_unlike(known_name, name) for known_name in similar]
    return f"did you mean {_joined(quoted, 'or')}?" if quoted else ""


def is_similar(name: object, other: object) -> bool:
    """Return whether two names differ only in letter case, blanks and signs."""
    return _folded(name) == _folded(other) != ""


def similarity(name: str, other: str) -> float:
    """Return how similar two names are but for letter case, blanks and signs, from 0 to 1, the same."""
    first, second = (_folded(text)[:MAX_LENGTH] for text in (name, other))
    if not first or not second:
        return 0.0
    from difflib import SequenceMatcher  # noqa: PLC0415  (slow to import, and rarely needed)

    return SequenceMatcher(None, first, second, autojunk=False).ratio()


def quote_name(value: object) -> str:
    """Return a name for a message: in quotes, control characters escaped, cut off if it is long.

    A value that is neither text nor a number is described: `a list`.
    """
    if isinstance(value, str):
        return repr(value[:MAX_LENGTH] if len(value) <= MAX_LENGTH else f"{value[: MAX_LENGTH - 1]}…")
    return str(value) if _is_number(value) else describe_type(value)


def short_repr(value: object) -> str:
    """Return any value for a message, cut off if it is long, described if it has no `repr`."""
    if isinstance(value, str):
        return quote_name(value)
    try:
        return _SHORT_REPR.repr(value)
    except (ValueError, RecursionError):  # a whole number of thousands of digits, perhaps far inside
        return describe_type(value)


def describe_type(value: object) -> str:
    """Return the type of a value in words: `a list`, `an int`."""
    name = type(value).__name__
    return "None" if value is None else f"{'an' if name[0] in 'aeio' else 'a'} {name}"


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < MAX_NUMBER


def _names(known: Iterable[object]) -> list[object]:
    """Return the known names that can be shown, each once."""
    names = {
        (str(name), isinstance(name, str)): name
        for name in known
        if isinstance(name, str) or _is_number(name)
    }
    if isinstance(known, set | frozenset):
        return [names[key] for key in sorted(names, key=lambda key: (key[0].casefold(), key))]
    return list(names.values())


def _folded(name: object) -> str:
    """Return the part of a name that is compared: letters and digits in lower case, or only its signs."""
    if not isinstance(name, str):
        return str(name) if _is_number(name) else ""
    text = unicodedata.normalize("NFKC", name).casefold()
    return "".join(filter(str.isalnum, text)) or "".join(text.split())


def _similar_names(name: object, known: Sequence[object]) -> list[object]:
    """Return the similar names among `known`, the most similar first; ties keep their order."""
    same = [known_name for known_name in known if is_similar(known_name, name)]
    wanted = _folded(name)
    if same or not wanted or not isinstance(name, str):
        return same
    from difflib import SequenceMatcher  # noqa: PLC0415  (slow to import, and needed only for unknown names)

    matcher = SequenceMatcher(autojunk=False)
    matcher.set_seq2(wanted[:MAX_LENGTH])
    similar: list[tuple[float, object]] = []
    for known_name in known:
        text = _folded(known_name) if isinstance(known_name, str) else ""
        matcher.set_seq1(text[:MAX_LENGTH])
        if _is_part(wanted, text) or (
            matcher.real_quick_ratio() >= MIN_SIMILARITY
            and matcher.quick_ratio() >= MIN_SIMILARITY
            and matcher.ratio() >= MIN_SIMILARITY
        ):
            similar.append((matcher.ratio(), known_name))
    return [known_name for _, known_name in sorted(similar, key=lambda pair: -pair[0])]


def _is_part(name: str, other: str) -> bool:
    short, long = sorted((name, other), key=len)
    return len(short) >= MIN_PART and (long.startswith(short) or long.endswith(short))


def _quote_unlike(known_name: object, name: object) -> str:
    """Return a known name that looks different from `name`: their accents may be encoded differently."""
    if isinstance(known_name, str) and isinstance(name, str):
        composed = {unicodedata.normalize("NFC", text) for text in (known_name, name)}
        if len(composed) == 1:
            return ascii(known_name)
    return quote_name(known_name)


def _list_known(known: Sequence[object]) -> str:
    quoted = [quote_name(name) for name in known]
    if not quoted:
        return "none exists."
    if len(quoted) > MAX_LISTED:
        return f"there are {len(quoted)}, such as {_joined(quoted[:SAMPLE_SIZE], 'and')}."
    return f"there {'is' if len(quoted) == 1 else 'are'} {_joined(quoted, 'and')}."


def _joined(names: Sequence[str], word: str) -> str:
    return f"{', '.join(names[:-1])} {word} {names[-1]}" if len(names) > 1 else names[0]
