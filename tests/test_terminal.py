"""Text that is safe on a terminal: what is escaped, what stays, and how wide it is."""

# ruff: noqa: RUF001
import unicodedata

import pytest

from ardoqpy._terminal import display_width, escape_controls, shorten

FAMILY, FLAG, ENGLAND = (
    "👨\u200d👩\u200d👧",
    "🇳🇴",
    "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
)
#: Names that hold characters which other text uses to hide or to steer.
NAMES = {
    "Persian": "می\u200cخواهم",
    "Persian after Latin": "API\u200cها",
    "Persian after a vowel sign": "خانهٔ\u200cما",
    "Persian abbreviation": "۱۴۰۲ ه\u200d.ش",
    "Arabic": "قاعدة البيانات",
    "Hindi": "श्री\u200dमान क्\u200dष",
    "Sinhala": "ශ්\u200dරී",
    "Malayalam": "അവന്\u200d",
    "emoji": "👩\u200d💻 Team",
    "emoji with a skin tone": "👩🏽\u200d🚀",
    "emoji with a style": "❤️\u200d🔥 ☎️ 1️⃣",
    "emoji with an arrow": "🙂\u200d↔️",
    "family": FAMILY,
    "flag": FLAG,
    "flag of a region": f"{ENGLAND} office",
    "combining marks": "Ame\u0301lie",
    "variant of a letter": "葛\U000e0100城",
    "wide space": "山田\u3000太郎",
    "French spaces": "Projet «\u00a0X\u00a0»",
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_names_stay_as_they_are(name):
    """Joiners, selectors and tags stay where a word, an emoji or a flag needs them."""
    assert escape_controls(name) == name


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("\x1b[31mred\x07\x9b", r"\x1b[31mred\x07\x9b"),
        ("a\r\nb\tc", r"a\r\nb\tc"),
        ("\u202egnp.exe\u2066\u200f", r"\u202egnp.exe\u2066\u200f"),
        ("Or\u200cders", r"Or\u200cders"),
        ("\u200dOrders\u200d", r"\u200dOrders\u200d"),
        ("می\u200c\u200cخواهم", r"می\u200c\u200cخواهم"),
        ("💻\u200d and", r"💻\u200d and"),
        ("a\U000e0041", r"a\U000e0041"),
        (f"{ENGLAND}\U000e0067", rf"{ENGLAND}\U000e0067"),
        ("trail \u00a0", r"trail \xa0"),
        ("half \ud800", r"half \ud800"),
    ],
)
def test_what_steers_or_hides_is_escaped(text, escaped):
    """Control characters, bidirectional controls and invisible characters become escapes."""
    assert escape_controls(text) == escaped


def test_every_control_character_is_escaped():
    """No control, format, surrogate or separator character passes by itself, except those that are drawn."""
    for number in range(0x110000):
        character = chr(number)
        if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp"):
            passes = escape_controls(character) == character
            assert not passes or _is_drawn(character), hex(number)


def _is_drawn(character):
    # Characters of scripts and of notation that Unicode calls format characters, though they are drawn.
    return unicodedata.name(character).startswith(
        ("ARABIC", "SYRIAC", "KAITHI", "EGYPTIAN", "SHORTHAND", "MUSICAL")
    )


@pytest.mark.parametrize(
    ("text", "columns", "short"),
    [
        ("abc", 3, "abc"),
        ("abcd", 3, "ab…"),
        ("blåbær", 6, "blåbær"),
        ("blåbær", 4, "blå…"),
        ("blåe\u0301r", 4, "blå…"),
        ("blåe\u0301", 4, "blåe\u0301"),
        ("東京都", 6, "東京都"),
        ("東京都", 5, "東京…"),
        ("東京都", 4, "東…"),
        ("e\u0301e\u0301e\u0301", 3, "e\u0301e\u0301e\u0301"),
        (FAMILY, 2, FAMILY),
        (FAMILY * 2, 3, f"{FAMILY}…"),
        (FLAG * 2, 3, f"{FLAG}…"),
        (FLAG * 2, 2, "…"),
        ("می\u200cخواهم", 3, "می…"),
        ("abc", 1, "…"),
        ("abc", 0, ""),
    ],
)
def test_a_text_is_shortened_to_columns(text, columns, short):
    """What is cut ends in an ellipsis and fits; what is drawn as one sign is never cut in two."""
    assert shorten(text, columns) == short
    assert display_width(short) <= columns
