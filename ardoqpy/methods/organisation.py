"""
Who is asking, for which organisation, and the reports it has saved.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ardoqpy.methods.base import Methods

if TYPE_CHECKING:
    from ardoqpy.dialect import Entities, Entity

__all__ = ["OrganisationMethods"]


class OrganisationMethods(Methods):
    """
    The user, the organisation and its reports.
    """

    def get_current_user(self) -> Entity:
        """
        Return the user whose token this is.

        The form of v1's answer is recorded nowhere. Source: GET `user/current_user`, as 0.8.4 calls it.
        """
        return self.api.users.current()

    def notify_by_email(self, subject: str, body: str) -> Entity:
        """
        Have Ardoq send a mail to the user whose token this is, and return what was asked.

        v1 only. Source: POST `user/notify/email` (C# client).
        """
        return self.api.users.notify(subject, body)

    def export_report(self, report_id: str) -> Entities:
        """
        Run a saved report and return its rows, a dict each.

        v1's export: rows carry `_id`, `name`, `typeName`, custom fields flat, and references as text.
        Raise `NotFoundError` where there is no such report.
        Source: GET `report/{id}/export-data`, as a British public service calls it nightly.
        """
        return self.api.reports.export(report_id)

    def switch_org(self, org: str) -> str:
        """
        Return the address to which Ardoq redirects for an organisation's label; it is not visited.

        Use its scheme and host as `hosturl`. Old, and perhaps gone; v1 only.
        Source: GET `switchOrg` (the official Swagger add-on).
        """
        return self.api.organisations.host(org)
