"""Filters that an API version does not have, applied by the client as v2 applies them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from ardoqpy.errors import UnsupportedOperation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping


T = TypeVar("T", bound="Mapping[str, Any]")

#: Attributes that v1 spells differently than the filters.
_NAMES_ON_V1 = {"componentKey": "component-key"}


def filtered(
    read: Callable[..., Iterable[T]],
    read_all: Callable[[str | None], Iterable[T]],
    filters: Mapping[str, Any],
) -> Iterable[T]:
    """Return the entities that match named filters.

    `read` takes the filters as arguments. On an API version without such filters `read_all` is called with
    the id of a workspace, None for all, and its entities are filtered here.
    """
    try:
        return read(**filters)
    except UnsupportedOperation:
        everything = read_all(filters.get("rootWorkspace"))
        return (entity for entity in everything if matches(entity, filters))


def matches(entity: Mapping[str, Any], filters: Mapping[str, Any]) -> bool:
    """Return whether an entity of v1 has all the values of v2's named filters.

    `filters` has custom fields as a dict under `customFields`; the entity has them beside its other
    attributes. Values are compared as text: 5 is "5", true is "true", and a missing value is "null".
    """
    custom = filters.get("customFields") or {}
    built_in = {
        _NAMES_ON_V1.get(name, name): value for name, value in filters.items() if name != "customFields"
    }
    return all(_text(entity.get(name)) == str(value) for name, value in {**custom, **built_in}.items())


def _text(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return ",".join(map(_text, value)) if isinstance(value, list) else str(value)
