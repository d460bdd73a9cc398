"""Tags on components and references."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ardoqpy.errors import InvalidInput
from ardoqpy.methods.base import Methods

if TYPE_CHECKING:
    from ardoqpy.entities import Entities, Entity

__all__ = ["TagMethods"]


class TagMethods(Methods):
    """Read, create, change and delete tags: v1 only, v2 knows them as names in a workspace's context."""

    def get_tags(self) -> Entities:
        """Return every tag of the organisation, in one list.

        Source: GET `tag` (Java and C# clients).
        """
        return self.api.tags.all()

    def get_tag(self, ws_id: str | None = None, tag_id: str | None = None) -> Entity | Entities:
        """Return one tag by its id, or the list of a workspace's tags.

        Raise `InvalidInput` where neither id is given, `NotFoundError` where there is no such tag.
        Source: GET `tag/{id}`, `tag/workspace/{id}`.
        """
        if tag_id is not None:
            return self.api.tags.get(tag_id)
        if ws_id is None:
            raise InvalidInput("Neither ws_id nor tag_id is given: say which workspace or which tag.")
        return self.api.tags.in_workspace(ws_id)

    def create_tag(self, tag: Entity) -> Entity:
        """Create a tag and return it as stored, or return the one that has this name already.

        `tag` needs `name` and `rootWorkspace`; `components` and `references` are lists of ids. Ardoq
        does not add them to a tag that was there: update it afterwards. Raise `InvalidInput` where a
        needed attribute is missing. Source: POST `tag`.
        """
        return self.api.tags.create(tag)

    def update_tag(self, tag_id: str, tag: Entity) -> Entity:
        """Replace the attributes of a tag and return it as stored.

        `tag` is the whole tag as read, with `_version`. Raise `Conflict` where Ardoq holds another
        version. Source: PUT `tag/{id}`.
        """
        return self.api.tags.update(tag_id, tag)

    def del_tag(self, tag_id: str) -> Entity:
        """Delete a tag and return an empty dict; what it was on stays.

        Source: DELETE `tag/{id}`.
        """
        return self.api.tags.delete(tag_id)
