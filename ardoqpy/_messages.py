"""What to say of a name that is not among the known ones: which of them are near, or what there is.

Pure functions of text. Most names that are not found differ in letter case, a blank or a hyphen, or in
what nobody sees on a screen; then come slips of the keyboard, and names given by half.
"""

from __future__ import annotations

import reprlib
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["describe_type", "did_you_mean", "is_similar", "quote_name", "short_repr", "suggest"]

#: How many near names are shown.
NEAREST = 3
#: So many known names are shown in full; of more than these, a sample.
FEW = 12
SAMPLE = 5
#: From here on a shorter name that begins or ends a longer one counts as near to it.
SHORTEST_PART = 3
#: How similar two names have to be, as difflib measures it: 1 is the same.
SIMILAR = 0.6
#: So many characters of a name are shown, and compared where the names differ.
LONGEST = 60
#: Larger numbers are not written out.
LARGEST = 10**18
_BRIEF = reprlib.Repr()
_BRIEF.maxother = _BRIEF.maxstring = _BRIEF.maxlong = LONGEST


def suggest(name: object, known: Iterable[object]) -> str:
    """Return how a sentence about the unknown `name` ends: the near ones among `known`, or what there is.

    Near names make a question, "did you mean 'Service' or 'Server'?". Without any, a few known names are
    all given, in their order, of many how many there are and a sample: "there is 'a', 'b' and 'c'.". A
    set is sorted, so that the same names always give the same sentence; what is neither text nor a
    number is left out.
    """
    return did_you_mean(name, known := _names(known)) or _all_there_is(known)


def did_you_mean(name: object, known: Iterable[object]) -> str:
    """Return "did you mean 'Service' or 'Server'?", or "" where none of `known` is near to `name`.

    Names that are the same but for letter case, blanks and signs come alone; otherwise those that begin
    or end one another, and those that difflib finds similar, the most similar first.
    """
    found = [_told_apart(one, name) for one in _nearest(name, _names(known))[:NEAREST]]
    return f"did you mean {_listed(found, 'or')}?" if found else ""


def is_similar(one: object, other: object) -> bool:
    """Tell whether two names are the same but for letter case, blanks and signs."""
    return _folded(one) == _folded(other) != ""


def quote_name(value: object) -> str:
    """Return a name as a sentence shows it: in quotes, control characters escaped, cut off where it is long.

    What is no text and no number is said in words: `a list`.
    """
    if isinstance(value, str):
        return repr(value[:LONGEST] if len(value) <= LONGEST else f"{value[: LONGEST - 1]}…")
    return str(value) if _is_number(value) else describe_type(value)


def short_repr(value: object) -> str:
    """Return any value as a sentence shows it, cut off where it is long, in words where Python cannot
    spell it.
    """
    if isinstance(value, str):
        return quote_name(value)
    try:
        return _BRIEF.repr(value)
    except (ValueError, RecursionError):  # a whole number of thousands of digits, perhaps far inside
        return describe_type(value)


def describe_type(value: object) -> str:
    """Return what a value is, in words: `a list`, `an int`."""
    name = type(value).__name__
    return "None" if value is None else f"{'an' if name[0] in 'aeio' else 'a'} {name}"


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < LARGEST


def _names(known: Iterable[object]) -> list[object]:
    """Return the known names that can be shown, each once."""
    names = {
        (str(one), isinstance(one, str)): one for one in known if isinstance(one, str) or _is_number(one)
    }
    if isinstance(known, set | frozenset):
        return [names[key] for key in sorted(names, key=lambda key: (key[0].casefold(), key))]
    return list(names.values())


def _folded(name: object) -> str:
    """Return what counts of a name: letters and digits without their case; of a name of signs, the signs."""
    if not isinstance(name, str):
        return str(name) if _is_number(name) else ""
    text = unicodedata.normalize("NFKC", name).casefold()
    return "".join(filter(str.isalnum, text)) or "".join(text.split())


def _nearest(name: object, known: Sequence[object]) -> list[object]:
    """Return those of `known` that are near, the nearest first; what is equally near stays in its order."""
    same = [one for one in known if is_similar(one, name)]
    wanted = _folded(name)
    if same or not wanted or not isinstance(name, str):
        return same
    from difflib import SequenceMatcher  # noqa: PLC0415  (only those who misspell a name pay for it)

    matcher = SequenceMatcher(autojunk=False)
    matcher.set_seq2(wanted[:LONGEST])
    similar: list[tuple[float, object]] = []
    for one in known:
        text = _folded(one) if isinstance(one, str) else ""
        matcher.set_seq1(text[:LONGEST])
        if _is_part(wanted, text) or (
            matcher.real_quick_ratio() >= SIMILAR
            and matcher.quick_ratio() >= SIMILAR
            and matcher.ratio() >= SIMILAR
        ):
            similar.append((matcher.ratio(), one))
    return [one for _, one in sorted(similar, key=lambda pair: -pair[0])]


def _is_part(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    return len(short) >= SHORTEST_PART and (long.startswith(short) or long.endswith(short))


def _told_apart(one: object, name: object) -> str:
    """Return a near name so that it cannot be taken for `name`: one may spell its accents otherwise."""
    if isinstance(one, str) and isinstance(name, str):
        composed = (unicodedata.normalize("NFC", text) for text in (one, name))
        if len(set(composed)) == 1:
            return ascii(one)
    return quote_name(one)


def _all_there_is(known: Sequence[object]) -> str:
    shown = [quote_name(one) for one in known]
    if not shown:
        return "there is none."
    if len(shown) > FEW:
        return f"there are {len(shown)}, such as {_listed(shown[:SAMPLE], 'and')}."
    return f"there is {_listed(shown, 'and')}."


def _listed(names: Sequence[str], word: str) -> str:
    return f"{', '.join(names[:-1])} {word} {names[-1]}" if len(names) > 1 else names[0]
