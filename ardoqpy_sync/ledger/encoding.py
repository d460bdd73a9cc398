"""Values of a ledger as JSON text, without the token and without what the user wants to keep out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

from ardoqpy_sync.ledger.records import REDACTED

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from ardoqpy.config import Token
    from ardoqpy.entities import Attributes, Entity

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_encode_ascii = json.JSONEncoder(separators=(",", ":")).encode
_CUSTOM = "customFields"


def encode(value: Any) -> str:
    """Return a value as JSON that any database takes."""
    text = _encode(value)
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:  # half a character
            return _encode_ascii(value)
    return text


def decode(text: str | None) -> Any:
    """Return the value of a JSON text; None for None."""
    return None if text is None else json.loads(text)


class Encoder:
    """Encode entities and attributes.

    - `redacted`: names of attributes whose values are kept out.
    - `token`: an attribute that contains it is kept out.
    """

    def __init__(self, redacted: Collection[str] = (), token: Token | None = None) -> None:
        """Keep these out."""
        self._redacted = frozenset(redacted)
        self._token = token

    def attributes(self, attributes: Mapping[str, Any]) -> str:
        """Return attributes, or an entity with its custom fields, as JSON."""
        if self._redacted and self._has_redacted(attributes):
            attributes = self._without_fields(attributes)
        text = encode(attributes)
        if self._token is not None and self._token.occurs_in(text):
            text = encode(self._without_token(attributes))
        return text

    def entity(self, entity: Entity | None) -> str | None:
        """Return an entity as JSON, None for None."""
        return None if entity is None else self.attributes(entity)

    def value(self, value: Any) -> str | None:
        """Return a value as JSON; None for None, and for one with the token."""
        if value is None:
            return None
        text = encode(value)
        return None if self._token is not None and self._token.occurs_in(text) else text

    def _has_redacted(self, attributes: Mapping[str, Any]) -> bool:
        custom = attributes.get(_CUSTOM)
        return not self._redacted.isdisjoint(attributes) or (
            isinstance(custom, dict) and not self._redacted.isdisjoint(custom)
        )

    def _without_fields(self, attributes: Mapping[str, Any]) -> Attributes:
        left = {key: REDACTED if key in self._redacted else value for key, value in attributes.items()}
        if isinstance(left.get(_CUSTOM), dict):
            left[_CUSTOM] = self._without_fields(left[_CUSTOM])
        return left

    def _without_token(self, attributes: Mapping[str, Any]) -> Attributes:
        token = cast("Token", self._token)
        left: Attributes = {}
        for key, value in attributes.items():
            if token.occurs_in(key):
                continue
            if key == _CUSTOM and isinstance(value, dict):
                left[key] = self._without_token(value)
            else:
                left[key] = REDACTED if token.occurs_in(encode(value)) else value
        return left
