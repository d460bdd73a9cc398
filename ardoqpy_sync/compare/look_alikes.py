"""Names that look alike although they differ: other Unicode forms, white space, and invisible characters."""

from __future__ import annotations

import unicodedata
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from ardoqpy._messages import quote_name
from ardoqpy_sync.compare.diff import LOOKS_LIKE

if TYPE_CHECKING:
    from ardoqpy.entities import Entity
    from ardoqpy_sync.compare.cache import EntityIndex


def describe_look_alike(index: EntityIndex, wanted: Entity) -> str | None:
    """Return what the report says about a new component whose name looks like that of another of its type."""
    name, type_id = wanted["name"], wanted["typeId"]
    twins = index.find("look-alike", (type_id, look_alike_key(name)), _key_of_component)
    twins = [twin for twin in twins if twin["name"].lower() != name.lower()]
    if not twins:
        return None
    twin = twins[0]["name"]
    difference = describe_difference(name, twin)
    return f"{LOOKS_LIKE} the existing component {quote_name(twin)}, but {difference}"


def _key_of_component(component: Entity) -> tuple[Any, str]:
    return component.get("typeId"), look_alike_key(component.get("name") or "")


def look_alike_key(name: str) -> str:
    """Return what all names share that look like this one, whatever their letter case."""
    if not name.isascii():
        name = unicodedata.normalize("NFKC", name)
        name = "".join(char for char in name if unicodedata.category(char) != "Cf")
    return " ".join(name.lower().split())


def describe_difference(name: str, other: str) -> str:
    """Return the first character in which a name differs from another one, and what the other has there."""
    for number, (char, other_char) in enumerate(zip_longest(name, other), 1):
        if char != other_char:
            return f"character {number} is {_describe(char)} here and {_describe(other_char)} there"
    return "they are the same"


def _describe(char: str | None) -> str:
    if char is None:
        return "missing"
    return f"U+{ord(char):04X} ({unicodedata.name(char, 'a control character')})"
