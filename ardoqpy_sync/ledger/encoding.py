"""Values of a ledger as JSON text, without the token and without what the user wants to keep out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

from ardoqpy_sync.ledger.records import REDACTED, Owner

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from ardoqpy.config import Token
    from ardoqpy.entities import Attributes, Entity
    from ardoqpy_sync.documents import RunDocument
    from ardoqpy_sync.ledger.rows import OwnerColumns

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_encode_ascii = json.JSONEncoder(separators=(",", ":")).encode
_CUSTOM = "customFields"
#: The keys of entries about an attribute that hold its values.
_VALUES = frozenset({"base", "ardoq", "source", "first", "last", "stored", "wanted", "old", "new"})
#: Takes the place of messages that may have redacted values.
UNKNOWN_REASON = "Not kept in the ledger, which has redacted fields."


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
        # A field that is called like a built-in attribute has a longer name beside the others.
        self._redacted = frozenset((*redacted, *(f"{_CUSTOM}.{name}" for name in redacted)))
        self._token = token
        #: The same without a look for the token, for what `may_have_token` looks at afterwards.
        self.unchecked = self if token is None else Encoder(redacted)
        #: By mapping and field of an owner, both as JSON.
        self._mappings: dict[tuple[str, str | None], tuple[str, str | None]] = {}

    def may_have_token(self, texts: Iterable[str | None]) -> bool:
        """Return whether any of these texts may have the token; one look at all costs less than one at each.

        No form of the token goes across a line break.
        """
        return self._token is not None and self._token.may_occur_in("\n".join(filter(None, texts)))

    def attributes(self, attributes: Mapping[str, Any], encoded: bytes | None = None) -> str:
        """Return attributes, or an entity with its custom fields, as JSON.

        - `encoded`: the same as JSON, if that is known.
        """
        if self._redacted and self._has_redacted(attributes):
            attributes, encoded = self._without_fields(attributes), None
        text = encode(attributes) if encoded is None else encoded.decode()
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

    def names(self, text: str) -> str:
        """Return the names of attributes as one text; none, if the token is in it."""
        return "" if self._token is not None and self._token.occurs_in(text) else text

    def owner(self, owner: Owner) -> OwnerColumns:
        """Return mapping, field and key of an owner, each as JSON; a key that must not be kept is None."""
        name, field, key = owner
        known = self._mappings.get((name, field))
        if known is None:
            known = self.value(name) or encode(None), self.value(field)
            self._mappings[name, field] = known
        item_key = None if field in self._redacted else self.value(key)
        return {"mapping": known[0], "field": known[1], "item_key": item_key}

    def entries(self, entries: Any) -> Any:
        """Return JSON data, such as a part of a run document, without values of redacted attributes."""
        if not self._redacted:
            return entries
        if isinstance(entries, list):
            return [self.entries(each) for each in entries]
        if not isinstance(entries, dict):
            return entries
        about = entries.get("attribute")
        if isinstance(about, str) and about in self._redacted:
            return {key: REDACTED if key in _VALUES else value for key, value in entries.items()}
        return {key: self._part(key, value) for key, value in entries.items()}

    def _part(self, key: str, value: Any) -> Any:
        """Return what an entry has under a key: its shape stays, so that reports can be made from it."""
        if key == "attributes" and isinstance(value, dict):
            return {
                name: dict.fromkeys(pair, REDACTED) if name in self._redacted else self._nested(pair)
                for name, pair in value.items()
            }
        if key == "lost" or key in _VALUES:
            return self._nested(value)
        if key == "owner" and isinstance(value, dict):
            return {**value, "key": REDACTED} if value.get("field") in self._redacted else value
        return self.entries(value)

    def _nested(self, value: Any) -> Any:
        """Return a value without what it has under the name of a redacted attribute."""
        if isinstance(value, list):
            return [self._nested(each) for each in value]
        if not isinstance(value, dict):
            return value
        return {key: REDACTED if key in self._redacted else self._nested(each) for key, each in value.items()}

    def document(self, document: RunDocument) -> RunDocument:
        """Return a run document without values of redacted attributes.

        Rows that failed are described by their labels then: their cells and messages may have such values.
        """
        if not self._redacted:
            return document
        kept: Any = {key: self.entries(value) for key, value in document.items()}
        kept["failed"] = [{**row, "row": {}, "reason": UNKNOWN_REASON} for row in kept["failed"]]
        if kept["failed"]:
            kept["description"] = UNKNOWN_REASON
        return cast("RunDocument", kept)

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
