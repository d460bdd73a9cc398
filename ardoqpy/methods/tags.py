"""Tags on components and references."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ardoqpy.errors import InvalidInput
from ardoqpy.methods.base import Methods

if TYPE_CHECKING:
    from ardoqpy.entities import Attributes, Entity, Tag


class TagMethods(Methods):
    """Read, create, change and delete tags: v1 only; v2 has their names in a workspace's context."""

    def get_tags(self) -> list[Tag]:
        """Return every tag of the organisation, in one list.

        v1 only. Source: GET `tag` (Java and C# clients).
        """
        return self.api.tags.all()

    def get_tag(self, ws_id: str | None = None, tag_id: str | None = None) -> Tag | list[Tag]:
        """Return one tag by its id, or the list of a workspace's tags.

        v1 only. Raise `InvalidInput` if neither id is given, `NotFoundError` if there is no such tag.
        Source: GET `tag/{id}`, `tag/workspace/{id}`.
        """
        if tag_id is not None:
            return self.api.tags.get(tag_id)
        if ws_id is None:
            raise InvalidInput("Neither ws_id nor tag_id is given: name a workspace or a tag.")
        return self.api.tags.in_workspace(ws_id)

    def create_tag(self, tag: Tag | Attributes) -> Tag:
        """Create a tag and return it as stored, or return the existing tag of that name.

        `tag` needs `name` and `rootWorkspace`; `components` and `references` are lists of ids. Ardoq does not
        add these to an existing tag: update it afterwards. v1 only. Raise `InvalidInput` if a needed
        attribute is missing. Source: POST `tag`.
        """
        return self.api.tags.create(tag)

    def update_tag(self, tag_id: str, tag: Tag | Attributes) -> Tag:
        """Replace the attributes of a tag and return it as stored.

        `tag` is the whole tag as read, with `_version`. v1 only. Raise `Conflict` if Ardoq holds another
        version, `NotFoundError` if there is no such tag. Source: PUT `tag/{id}`.
        """
        return self.api.tags.update(tag_id, tag)

    def del_tag(self, tag_id: str) -> Entity:
        """Delete a tag and return an empty dict; the components and references that have it stay.

        v1 only. Raise `NotFoundError` if there is no such tag. Source: DELETE `tag/{id}`.
        """
        return self.api.tags.delete(tag_id)
