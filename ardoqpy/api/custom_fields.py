"""Custom fields: flat beside the built-in attributes (v1), or below `customFields` (v2).

A sync compares and reports attributes in the flat form, whichever version the client speaks: every attribute
has its own name. A custom field with the name of a built-in attribute, which only v2 can have, is named
`customFields.` and its name.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from ardoqpy._messages import short_repr
from ardoqpy.errors import InvalidInput

if TYPE_CHECKING:
    from ardoqpy.entities import Attributes

_CUSTOM = "customFields"
_BELOW = f"{_CUSTOM}."

#: Attributes that Ardoq sets itself on every kind of entity (v1); it ignores them in what is sent.
SET_BY_ARDOQ = frozenset(
    {
        *("_id", "_version", "created", "last-updated", "lastupdated", "created-by"),
        *("last-modified-by", "createdByName", "createdByEmail", "lastModifiedByName"),
        *("lastModifiedByEmail", "ardoq", "ardoq-persistent", "origin", "mustBeSaved"),
    }
)

#: Attributes that Ardoq sets itself on components and on references, in both versions, so that a row read
#: from one version can be used with the other.
SET_ON_COMPONENTS = SET_BY_ARDOQ | {
    *("_meta", "type", "componentKey", "component-key", "model", "children", "references"),
}
SET_ON_REFERENCES = SET_BY_ARDOQ | {"_meta", "model"}


def flatten(body: Attributes, built_in: frozenset[str]) -> Attributes:
    """Return a row or an entity with its custom fields beside the other attributes.

    It is returned as it is if it has no `customFields`. `built_in` names the attributes that are not custom
    fields. If a custom field is given in both forms, the flat one counts: a user has added it to what was
    read. Raise `InvalidInput` if `customFields` is not a dict with text for keys.
    """
    if _CUSTOM not in body:
        return body
    custom = body[_CUSTOM]
    if not isinstance(custom, dict | None):
        raise InvalidInput(f"customFields is {short_repr(custom)}: give a dict of fields and values.")
    attributes = dict(body)
    del attributes[_CUSTOM]
    if custom:
        for name, value in zip(_flat_names(tuple(custom), built_in), custom.values(), strict=True):
            attributes.setdefault(name, value)
    return attributes


@lru_cache(maxsize=512)
def _flat_names(fields: tuple[str, ...], built_in: frozenset[str]) -> list[str]:
    """Return what custom fields are named beside the other attributes."""
    for key in fields:
        if not isinstance(key, str):
            raise InvalidInput(f"customFields has the key {short_repr(key)}: the names of fields are text.")
    return [
        _BELOW + key if key in built_in or key == _CUSTOM or key.startswith(_BELOW) else key for key in fields
    ]


def nest(
    attributes: Attributes,
    built_in: frozenset[str],
    leave_out: frozenset[str] = frozenset(),
    not_custom: frozenset[str] = frozenset(),
) -> Attributes:
    """Return flat attributes with the custom fields, if any, below `customFields`.

    Built-in attributes in `leave_out` are left out. Of custom fields, only those that are named as one of
    `not_custom` have `customFields.` before their name. Raise `InvalidInput` for another one.
    """
    # All rows of a source have the same columns: where each belongs is worked out once.
    top, below = _split(tuple(attributes), built_in, leave_out, not_custom or built_in)
    body = {key: attributes[key] for key in top}
    if below:
        body[_CUSTOM] = {name: attributes[key] for key, name in below}
    return body


@lru_cache(maxsize=512)
def _split(
    columns: tuple[str, ...], built_in: frozenset[str], leave_out: frozenset[str], not_custom: frozenset[str]
) -> tuple[list[str], list[tuple[str, str]]]:
    """Return the built-in attributes among columns, and the custom ones with their names on v2."""
    custom = [(key, key.removeprefix(_BELOW)) for key in columns if key not in built_in]
    for key, name in custom:
        if key != name and name not in not_custom and name != _CUSTOM and not name.startswith(_BELOW):
            raise InvalidInput(f"{key!r} is the name of no attribute: name the field alone, {name!r}.")
    return [key for key in columns if key in built_in and key not in leave_out], custom
