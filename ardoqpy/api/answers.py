"""What Ardoq answered, looked at once: is it an object, a list, a thing with an id?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ardoqpy._messages import describe_type
from ardoqpy.errors import UnexpectedAnswer

if TYPE_CHECKING:
    from ardoqpy.entities import Entities, Entity

__all__ = ["as_entities", "as_entity", "as_stored"]


def as_entities(answer: Any) -> Entities:
    """Return an answer that has to be a list; null is an empty one, which Ardoq gives in places.

    Raise `UnexpectedAnswer` where it is anything else.
    """
    if answer is None:
        return []
    if not isinstance(answer, list):
        raise UnexpectedAnswer(f"Ardoq answered with {describe_type(answer)} where a list was expected.")
    return answer


def as_entity(answer: Any) -> Entity:
    """Return an answer that has to be an object; raise `UnexpectedAnswer` where it is anything else."""
    if not isinstance(answer, dict):
        raise UnexpectedAnswer(f"Ardoq answered with {describe_type(answer)} where an object was expected.")
    return answer


def as_stored(answer: Any, request: str) -> Entity:
    """Return what a write has stored; raise `UnexpectedAnswer` where the answer does not say its id."""
    entity = as_entity(answer)
    if not isinstance(entity.get("_id"), str):
        raise UnexpectedAnswer(
            f"{request} was carried out, but the answer has no '_id': look in Ardoq for what is stored."
        )
    return entity
