"""One row, two spellings: custom fields beside the built-in attributes (v1), or below `customFields` (v2).

A sync compares and reports attributes by one name each. That is the flat spelling: every attribute under
its own name, and a custom field that is called like a built-in attribute, which only v2 can hold, under
`customFields.` and its name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ardoqpy._messages import short_repr
from ardoqpy.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Collection

    from ardoqpy.entities import Entity

__all__ = ["COMPONENT_BOOKKEEPING", "PERSISTED", "REFERENCE_BOOKKEEPING", "flat", "nested"]

_CUSTOM = "customFields"
_BELOW = f"{_CUSTOM}."

#: What Ardoq sets itself on every kind of entity, as v1 spells it: sent back it is accepted and ignored.
PERSISTED = frozenset(
    {
        "_id",
        "_version",
        "created",
        "last-updated",
        "lastupdated",
        "created-by",
        "last-modified-by",
        "createdByName",
        "createdByEmail",
        "lastModifiedByName",
        "lastModifiedByEmail",
        "ardoq",
        "ardoq-persistent",
        "origin",
        "mustBeSaved",
    }
)

#: What Ardoq sets itself on components and on references, as both versions spell it: a row read from one
#: of them is understood by the other.
COMPONENT_BOOKKEEPING = PERSISTED | {
    "_meta",
    "type",
    "componentKey",
    "component-key",
    "model",
    "children",
    "references",
}
REFERENCE_BOOKKEEPING = PERSISTED | {"_meta", "model"}


def flat(body: Entity, built_in: Collection[str]) -> Entity:
    """Return a row or an entity with its custom fields beside the other attributes; itself where they are.

    `built_in` names what is no custom field. Where a custom field is given in both spellings, the one
    beside the others counts: it was put there by hand, into what was read. Raise `InvalidInput` where
    `customFields` makes no sense.
    """
    if _CUSTOM not in body:
        return body
    custom = body[_CUSTOM]
    if not isinstance(custom, dict | None):
        raise InvalidInput(f"customFields is {short_repr(custom)}: give a dict of fields and values.")
    attributes = {key: value for key, value in body.items() if key != _CUSTOM}
    for key, value in (custom or {}).items():
        if not isinstance(key, str):
            raise InvalidInput(f"customFields has the key {short_repr(key)}: the names of fields are text.")
        name = _BELOW + key if key in built_in or key == _CUSTOM or key.startswith(_BELOW) else key
        attributes.setdefault(name, value)
    return attributes


def nested(attributes: Entity, built_in: Collection[str]) -> Entity:
    """Return flat attributes with the custom ones below `customFields`, which is left out where there
    are none.
    """
    body: dict[str, Any] = {}
    custom: dict[str, Any] = {}
    for key, value in attributes.items():
        if key in built_in:
            body[key] = value
        else:
            custom[key.removeprefix(_BELOW)] = value
    return {**body, _CUSTOM: custom} if custom else body
