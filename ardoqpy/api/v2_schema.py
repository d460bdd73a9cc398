"""Which attributes of components and references can be written on API v2, and what it requires of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ardoqpy._messages import did_you_mean
from ardoqpy._validation import attributes
from ardoqpy.errors import InvalidInput

if TYPE_CHECKING:
    from ardoqpy.entities import Attributes


@dataclass(frozen=True)
class Writable:
    """The attributes of one kind of entity on v2.

    - `noun`: the kind, for messages.
    - `required`: needed by a new entity; `fixed`: accepted for a new entity only.
    - `changing`: can be written at any time; `not_null`: those that cannot be null.
    - `read_only`: set by Ardoq itself; `elsewhere`: can be written on v1 only.
    """

    noun: str
    required: tuple[str, ...]
    fixed: frozenset[str]
    changing: frozenset[str]
    not_null: frozenset[str]
    read_only: frozenset[str]
    elsewhere: frozenset[str]

    @cached_property
    def built_in(self) -> frozenset[str]:
        """The names of all attributes that are not custom fields."""
        return self.fixed | self.changing | self.read_only

    @cached_property
    def _not_null_sorted(self) -> list[str]:
        return sorted(self.not_null)

    def for_create(self, body: object, argument: str) -> Attributes:
        """Return the part of `body` that a create sends, without the attributes that Ardoq sets itself.

        Raise `InvalidInput` if a required attribute is missing, or an attribute is unknown to v2.
        """
        given = attributes(body, argument, *self.required)
        return self._sent(given, argument, self.fixed | self.changing, leave_out=self.read_only)

    def for_update(self, body: object, argument: str) -> Attributes:
        """Return the part of a whole entity, as it was read, that an update sends.

        Attributes that cannot be changed are left out, and nulls that v2 rejects. Raise `InvalidInput` if an
        attribute is unknown to v2.
        """
        given = attributes(body, argument)
        nulls = {key for key in self.not_null if key in given and given[key] is None}
        return self._sent(given, argument, self.changing, leave_out=self.read_only | self.fixed | nulls)

    def for_patch(self, body: object, argument: str) -> Attributes:
        """Return the attributes to change as they are; raise `InvalidInput` if one cannot be changed."""
        given = attributes(body, argument)
        for key in given:
            if key in self.fixed or key in self.read_only:
                raise InvalidInput(
                    f"{argument} has {key!r}, which API v2 cannot change on {self.noun}: leave it out."
                )
        return self._sent(given, argument, self.changing)

    def _sent(
        self, body: Attributes, argument: str, known: frozenset[str], leave_out: frozenset[str] = frozenset()
    ) -> Attributes:
        sent = body if body.keys() <= known else {key: body[key] for key in body if key not in leave_out}
        if sent is not body and (unknown := sorted(sent.keys() - known)):
            hint = did_you_mean(unknown[0], known)
            raise InvalidInput(
                f"{argument} has {unknown[0]!r}, which is not an attribute of {self.noun} on API v2: "
                f"{f'{hint} A' if hint else 'a'} custom field goes below 'customFields', as "
                f"{{'customFields': {{{unknown[0]!r}: ...}}}}."
            )
        self.check_nulls(sent, argument)
        if "customFields" in sent:
            attributes(sent["customFields"], f"{argument}['customFields']")
        return sent

    def check_nulls(self, sent: Attributes, argument: str) -> None:
        """Raise `InvalidInput` if an attribute is None that v2 does not take None for."""
        for key in self._not_null_sorted:
            if key in sent and sent[key] is None:
                raise InvalidInput(
                    f"{argument} has {key!r} None, which API v2 does not accept: leave it out."
                )


_SET_BY_ARDOQ = frozenset({"_id", "_version", "_meta"})

COMPONENT = Writable(
    noun="a component",
    required=("rootWorkspace", "typeId", "name"),
    fixed=frozenset({"rootWorkspace", "typeId"}),
    changing=frozenset({"name", "parent", "description", "customFields", "color", "icon", "image", "shape"}),
    not_null=frozenset({"name", "customFields"}),
    read_only=_SET_BY_ARDOQ | {"type", "componentKey"},
    elsewhere=frozenset({"version", "isPublic", "_order"}),
)

REFERENCE = Writable(
    noun="a reference",
    required=("source", "target", "type"),
    fixed=frozenset({"type"}),
    changing=frozenset({"source", "target", "displayText", "description", "customFields"}),
    not_null=frozenset({"source", "target", "displayText", "customFields"}),
    read_only=_SET_BY_ARDOQ | {"rootWorkspace", "targetWorkspace"},
    elsewhere=frozenset({"returnValue", "order"}),
)


def checked_version(version: Any, argument: str = "version") -> int | str:
    """Return the version that a change is based on: a number from 1, or `"latest"`, which checks nothing.

    Raise `InvalidInput` if it is anything else.
    """
    is_number = isinstance(version, int) and not isinstance(version, bool) and version >= 1
    if not is_number and version != "latest":
        raise InvalidInput(
            f"{argument} is {version!r}: give the '_version' that the change is based on, or 'latest'."
        )
    checked: int | str = version
    return checked
