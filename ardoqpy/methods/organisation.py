"""The user of the token, and the organisation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ardoqpy.methods.base import Methods

if TYPE_CHECKING:
    from ardoqpy.entities import Entity, User


class OrganisationMethods(Methods):
    """The user and the organisation."""

    def get_current_user(self) -> User:
        """Return the user whose token this is, as a dict.

        v2: `user` with `email`, and `org` with `name` and `label`. The form of v1's answer is recorded
        nowhere. Source: GET `me` (API v2's contract); GET `user/current_user`, as 0.8.4 calls it.
        """
        return self.api.users.current()

    def me(self) -> User:
        """Return the user whose token this is: the same as `get_current_user`, named as v2's path.

        Source: GET `me` (API v2's contract); GET `user/current_user`, as 0.8.4 calls it.
        """
        return self.get_current_user()

    def notify_by_email(self, subject: str, body: str) -> Entity:
        """Have Ardoq send a mail with this subject and text to the user whose token this is.

        Return Ardoq's answer. v1 only. Source: POST `user/notify/email` (C# client).
        """
        return self.api.users.notify(subject, body)

    def switch_org(self, org: str) -> str:
        """Return the URL to which Ardoq redirects for an organisation's label, without requesting it.

        Use its scheme and host as `hosturl`. It is old and may no longer exist; v1 only. Raise
        `UnexpectedAnswer` if Ardoq does not redirect. Source: GET `switchOrg` (the official Swagger add-on).
        """
        return self.api.organisations.host(org)
