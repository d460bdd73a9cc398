"""Filters that Ardoq does not apply itself on a version of its API, applied here the way v2 does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["fits"]

#: Attributes that v1 spells otherwise than the filters.
_ON_V1 = {"componentKey": "component-key"}


def fits(entity: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Tell whether an entity of v1, custom fields beside the others, has all the wanted values.

    `wanted` are the named filters of v2, custom fields as a dict under `customFields`. Values are
    compared as text: 5 is "5", true is "true", what is not there is "null".
    """
    custom = wanted.get("customFields") or {}
    plain = {_ON_V1.get(name, name): value for name, value in wanted.items() if name != "customFields"}
    return all(_text(entity.get(name)) == str(value) for name, value in {**custom, **plain}.items())


def _text(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return ",".join(map(_text, value)) if isinstance(value, list) else str(value)
