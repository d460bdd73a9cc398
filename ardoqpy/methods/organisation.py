"""Who is asking, and for which organisation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ardoqpy.methods.base import Methods

if TYPE_CHECKING:
    from ardoqpy.entities import Entity

__all__ = ["OrganisationMethods"]


class OrganisationMethods(Methods):
    """The user and the organisation."""

    def get_current_user(self) -> Entity:
        """Return the user whose token this is.

        v2: `user` with `email`, and `org` with `name` and `label`. The form of v1's answer is recorded
        nowhere. Source: GET `me` (API v2's contract); GET `user/current_user`, as 0.8.4 calls it.
        """
        return self.api.users.current()

    def me(self) -> Entity:
        """Return the user whose token this is: `get_current_user` by the name of v2's path.

        Source: GET `me` (API v2's contract); GET `user/current_user`, as 0.8.4 calls it.
        """
        return self.get_current_user()

    def notify_by_email(self, subject: str, body: str) -> Entity:
        """Have Ardoq send a mail to the user whose token this is, and return what was asked.

        v1 only. Source: POST `user/notify/email` (C# client).
        """
        return self.api.users.notify(subject, body)

    def switch_org(self, org: str) -> str:
        """Return the address to which Ardoq redirects for an organisation's label; it is not visited.

        Use its scheme and host as `hosturl`. Old, and perhaps gone; v1 only.
        Source: GET `switchOrg` (the official Swagger add-on).
        """
        return self.api.organisations.host(org)
