"""Which attributes of components and references API v2 lets be written, and what it wants of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ardoqpy._messages import did_you_mean
from ardoqpy._validation import attributes
from ardoqpy.errors import InvalidInput

if TYPE_CHECKING:
    from ardoqpy.entities import Entity

__all__ = ["COMPONENT", "REFERENCE", "Writable", "checked_version"]


@dataclass(frozen=True)
class Writable:
    """The attributes of one kind of entity on v2.

    - `noun`: what it is called in a message.
    - `required`: what a new one needs.
    - `fixed`: what can be given to a new one, and never changed afterwards.
    - `changing`: what can be written at any time.
    - `not_null`: those of them that cannot be null.
    - `read_only`: what Ardoq sets itself.
    - `elsewhere`: what only v1 lets be written.
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
        """Return the names of all attributes that are no custom fields."""
        return self.fixed | self.changing | self.read_only

    @cached_property
    def _creatable(self) -> frozenset[str]:
        return self.fixed | self.changing

    def new(self, body: object, argument: str) -> Entity:
        """Return what of `body` is sent to create: what Ardoq sets itself is left out.

        Raise `InvalidInput` where a needed attribute is missing, or one is not known to v2.
        """
        given = attributes(body, argument, *self.required)
        return self._sent(given, argument, self._creatable, leave_out=self.read_only)

    def whole(self, body: object, argument: str) -> Entity:
        """Return what of a whole entity, as it was read, is sent to change it.

        Left out are attributes that cannot be changed, and nulls where v2 takes none. Raise
        `InvalidInput` where an attribute is not known to v2.
        """
        given = attributes(body, argument)
        nulls = {key for key in self.not_null if key in given and given[key] is None}
        return self._sent(given, argument, self.changing, leave_out=self.read_only | self.fixed | nulls)

    def changes(self, body: object, argument: str) -> Entity:
        """Return the attributes to change as they are; raise `InvalidInput` where one cannot be changed."""
        given = attributes(body, argument)
        for key in given:
            if key in self.fixed or key in self.read_only:
                raise InvalidInput(
                    f"{argument} has {key!r}, which API v2 cannot change on {self.noun}: leave it out."
                )
        return self._sent(given, argument, self.changing)

    def _sent(
        self, given: Entity, argument: str, known: frozenset[str], leave_out: frozenset[str] = frozenset()
    ) -> Entity:
        if given.keys() <= known:
            sent = given.copy()
        else:
            sent = {key: value for key, value in given.items() if key not in leave_out}
        unknown = sorted(sent.keys() - known)
        if unknown:
            question = did_you_mean(unknown[0], known)
            raise InvalidInput(
                f"{argument} has {unknown[0]!r}, which is no attribute of {self.noun} on API v2: "
                f"{f'{question} A' if question else 'a'} custom field goes below 'customFields', as "
                f"{{'customFields': {{{unknown[0]!r}: ...}}}}."
            )
        for key in self.not_null:
            if key in sent and sent[key] is None:
                raise InvalidInput(f"{argument} has {key!r} None, which API v2 does not take: leave it out.")
        if "customFields" in sent:
            attributes(sent["customFields"], f"{argument}['customFields']")
        return sent


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

    Raise `InvalidInput` where it is anything else.
    """
    whole = isinstance(version, int) and not isinstance(version, bool) and version >= 1
    if not whole and version != "latest":
        raise InvalidInput(
            f"{argument} is {version!r}: give the '_version' that the change is based on, or 'latest'."
        )
    checked: int | str = version
    return checked
