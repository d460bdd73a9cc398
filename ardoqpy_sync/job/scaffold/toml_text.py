"""Write values as TOML, and names in comments, so that each can be copied as it is."""

from __future__ import annotations

import json
import re
import textwrap
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

#: The width of a line with several names.
_WIDTH = 100


def toml_key(name: str) -> str:
    """Return a key as TOML, in quotes if it needs them."""
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else toml_text(name)


def toml_text(text: str) -> str:
    """Return a text as TOML, on one line; what no screen shows becomes an escape, also in a comment."""
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(character if character.isprintable() else _escape(character) for character in quoted)


def _escape(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def toml_value(value: Any) -> str:
    """Return a value as TOML, on one line."""
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{toml_key(key)} = {toml_value(item)}' for key, item in value.items())} }}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(toml_value, value))}]"
    return toml_text(value) if isinstance(value, str) else json.dumps(value)


def comment_text(text: str) -> str:
    """Return a text for a comment line; control characters become escapes."""
    return toml_text(text)[1:-1].replace('\\"', '"')


def comment_lines(sentence: str) -> list[str]:
    """Return a sentence as comment lines."""
    return textwrap.wrap(comment_text(sentence), _WIDTH, initial_indent="# ", subsequent_indent="#   ")


def comment_names(start: str, names: Iterable[str]) -> list[str]:
    """Return comment lines with the start of a sentence and the names, as TOML texts; [] without names."""
    texts = [toml_text(name) for name in names]
    lines = [f"# {start}:"] if texts else []
    for text in [*(f"{text}," for text in texts[:-1]), *texts[-1:]]:
        if len(lines[-1]) + len(text) < _WIDTH or len(lines[-1]) < len("#   "):
            lines[-1] += f" {text}"
        else:
            lines.append(f"#   {text}")
    return lines


def template(column: str) -> str:
    """Return the template of a column."""
    return f"{{{column}}}"
