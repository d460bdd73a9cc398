"""What sets components and references apart in a sync, as data."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ardoqpy.api.protocols import Dialect, Synced


class Kind(NamedTuple):
    """One of the two kinds of entity that a sync deals in.

    - `name`: `component` or `reference`; `argument`: what the flat methods call one.
    - `collection`: where the dialect reads and writes it.
    - `required`: the attributes without which a row means nothing.
    - `ignored`: attributes that cannot differ, since Ardoq sets them or they follow from the match.
    - `built_in`: attributes that are no custom fields.
    """

    name: str
    argument: str
    collection: Synced
    required: tuple[str, ...]
    ignored: frozenset[str]
    built_in: frozenset[str]


def kinds_of(api: Dialect) -> tuple[Kind, Kind]:
    """Return components and references as this version of the API has them."""
    return (
        Kind(
            "component",
            "comp",
            api.components,
            ("name", "typeId", "rootWorkspace"),
            api.components.read_only | {"rootWorkspace"},
            api.components.read_only | api.components.built_in,
        ),
        Kind(
            "reference",
            "ref",
            api.references,
            ("source", "target", "type"),
            api.references.read_only | {"rootWorkspace", "targetWorkspace"},
            api.references.read_only | api.references.built_in,
        ),
    )
