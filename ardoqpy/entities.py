"""Types of what travels: entities of Ardoq as its JSON gives them."""

from __future__ import annotations

from typing import Any

__all__ = ["Entities", "Entity"]

#: An entity as Ardoq's JSON gives it. Its keys differ by API version and by the fields of its model.
Entity = dict[str, Any]
Entities = list[Entity]
