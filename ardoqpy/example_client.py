"""`API`: the methods of the example client on Ardoq's developer portal, on top of `ArdoqClient`.

A script written for that client (0.8.4 shipped a copy as `ardoqpy_v2`) runs with
`from ardoqpy import API, Batch`. The differences: time-outs and retries, errors of `ardoqpy` in place of
`sys.exit` and those of `urllib`, no token in logs, and a delete that returns {} instead of failing.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Self, cast

from ardoqpy._validation import attributes, id_segment, query_parameters
from ardoqpy.api.v2_schema import checked_version
from ardoqpy.batch import batch_body
from ardoqpy.client import ArdoqClient
from ardoqpy.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ardoqpy import entities
    from ardoqpy.api.v2 import V2
    from ardoqpy.batch import Batch
    from ardoqpy.entities import Attributes, Entity

__all__ = ["API"]

DEFAULT_HOST = "https://app.ardoq.com"


class API:
    """A client for API v2 of one Ardoq, with the names of the portal's example client.

    - `ardoq_api_host`: the address, else `ARDOQ_API_HOST`, else `https://app.ardoq.com`.
    - `ardoq_api_token`: an access token, else `ARDOQ_API_TOKEN`.
    - `ardoq_org_label`: the organisation's label, else `ARDOQ_ORG_LABEL`; needed on `app.ardoq.com`.
    - `options`: keyword arguments of `ArdoqClient`, such as `timeout` or `retries`.

    `client` is the `ArdoqClient` underneath, for everything else. Raise `ConfigurationError` if a setting is
    missing or not valid, before anything is sent. Source of every call: API v2's contract.
    """

    def __init__(
        self,
        ardoq_api_host: str | None = None,
        ardoq_api_token: str | None = None,
        ardoq_org_label: str | None = None,
        **options: Any,
    ) -> None:
        """Check the settings; the class lists them."""
        host = ardoq_api_host or os.environ.get("ARDOQ_API_HOST") or DEFAULT_HOST
        self.client = ArdoqClient(
            host, ardoq_api_token or None, ardoq_org_label or None, version="v2", **options
        )
        self._v2 = cast("V2", self.client.api)
        self.ardoq_api_host = self.client.hosturl
        self.ardoq_org_label = self.client.org

    @property
    def ardoq_api_token(self) -> str:
        """The access token as text: keep it out of logs and files."""
        return self.client.token

    def close(self) -> None:
        """Close the connections."""
        self.client.close()

    def __enter__(self) -> Self:
        """Return the client itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connections."""
        self.close()

    def __reduce__(self) -> tuple[object, ...]:
        """Raise `ConfigurationError`: a pickle would show the token."""
        return self.client.__reduce__()

    def __repr__(self) -> str:
        """Return the host."""
        return f"<API at {self.ardoq_api_host}>"

    def me(self) -> entities.User:
        """Return the user of the token: `user` with `email`, `org` with `name` and `label`."""
        return self.client.me()

    # -- components ----------------------------------------------------------------------------------

    def list_components(
        self,
        query_params: Mapping[str, Any] | None = None,
        paginated: bool = False,  # noqa: FBT001, FBT002  (as the portal has it)
        raw: bool = False,  # noqa: FBT001, FBT002
    ) -> Any:
        """Return the first page of the components that match, as the dict that Ardoq gives.

        `query_params` is a dict of filters. `paginated=True` returns an iterator over the components of all
        pages instead, `raw=True` the first page as text. Raise `InvalidInput` if `query_params` is not a
        dict.
        """
        if paginated:
            return self.client.iter_request("components", query_params)
        if raw:
            query = query_parameters(query_params, "query_params")
            transport = self.client.api.transport
            with transport.stream("components", query) as pieces:
                return transport.read_all(pieces, "the page").decode()
        return self.client.request("components", query_params=query_params)

    def create_component(self, data: Attributes) -> Entity:
        """Create a component from `data`, which is sent as it is, and return it as stored."""
        return self._create("components", data)

    def read_component(self, id: str) -> Entity:  # noqa: A002  (as the portal has it)
        """Return one component; raise `NotFoundError` if there is none."""
        return self._read("components", id)

    def update_component(self, id: str, data: Attributes, version: int | str = "latest") -> Entity:  # noqa: A002
        """Change the attributes in `data`, which is sent as it is, and return the component as stored.

        Raise `Conflict` if Ardoq holds another version than `version`.
        """
        return self._update("components", id, data, version)

    def delete_component(self, id: str) -> Entity:  # noqa: A002
        """Delete a component with its descendants, and return {}."""
        return self._delete("components", id)

    # -- references ----------------------------------------------------------------------------------

    def list_references(self, query_params: Mapping[str, Any] | None = None) -> Iterator[Entity]:
        """Yield the references that match `query_params`, page by page."""
        return self.client.iter_request("references", query_params)

    def create_reference(self, data: Attributes) -> Entity:
        """Create a reference from `data`, which is sent as it is, and return it as stored."""
        return self._create("references", data)

    def read_reference(self, id: str) -> Entity:  # noqa: A002
        """Return one reference; raise `NotFoundError` if there is none."""
        return self._read("references", id)

    def update_reference(self, id: str, data: Attributes, version: int | str = "latest") -> Entity:  # noqa: A002
        """Change the attributes in `data`, which is sent as it is, and return the reference as stored.

        Raise `Conflict` if Ardoq holds another version than `version`.
        """
        return self._update("references", id, data, version)

    def delete_reference(self, id: str) -> Entity:  # noqa: A002
        """Delete a reference and return {}."""
        return self._delete("references", id)

    # -- workspaces, batches, reports ----------------------------------------------------------------

    def list_workspaces(self, query_params: Mapping[str, Any] | None = None) -> Iterator[entities.Workspace]:
        """Yield the workspaces that match `query_params`, page by page."""
        return self.client.iter_request("workspaces", query_params)

    def read_workspace(self, id: str) -> Entity:  # noqa: A002
        """Return one workspace; raise `NotFoundError` if there is none."""
        return self.client.get_workspace(id)

    def read_workspace_context(self, id: str) -> entities.Context:  # noqa: A002
        """Return the types, fields and tags that can be used in a workspace."""
        return self.client.get_context(id)

    def batch(self, data: Batch | entities.BatchBody | Attributes) -> entities.BatchAnswer:
        """Carry out a `Batch`, or a dict in the form of its `body`, and return Ardoq's answer."""
        answer: entities.BatchAnswer = self.client.request("batch", "POST", data=batch_body(data))
        return answer

    def reports(self) -> entities.Page:
        """Return all reports as one page, in the form of the dict that Ardoq gives."""
        return self._all_pages("reports")

    def report(self, id: str) -> entities.ReportOverview:  # noqa: A002
        """Return the definition of one report."""
        return self.client.get_report_definition(id)

    def report_run(self, id: str, view: str) -> entities.Page:  # noqa: A002
        """Run a report and return all of its rows as one page, in the form of the dict that Ardoq gives.

        `view` is `"objects"` or `"tabular"`; raise `InvalidInput` for any other.
        """
        if view not in ("objects", "tabular"):
            raise InvalidInput(f"view is {view!r}: use 'objects' or 'tabular'.")
        return self._all_pages(f"reports/{id_segment(id, 'id')}/run/{view}")

    def _all_pages(self, path: str) -> entities.Page:
        """Return the first page with the values of all, and with the links of the last: none."""
        pages = list(self.client.api.transport.pages(path))
        values = [value for page in pages for value in page["values"]]
        return {**pages[0], "values": values, "_links": pages[-1].get("_links", {})}

    # -- both kinds ----------------------------------------------------------------------------------

    def _create(self, resource: str, data: Attributes) -> Entity:
        answer: Entity = self.client.request(resource, "POST", data=data)
        return answer

    def _read(self, resource: str, entity_id: str) -> Entity:
        answer: Entity = self.client.request(f"{resource}/{id_segment(entity_id, 'id')}")
        return answer

    def _update(self, resource: str, entity_id: str, data: Attributes, version: int | str) -> Entity:
        writing = {"components": self._v2.components, "references": self._v2.references}[resource]
        return writing.change(entity_id, attributes(data, "data"), checked_version(version))

    def _delete(self, resource: str, entity_id: str) -> Entity:
        answer: Entity = self.client.request(f"{resource}/{id_segment(entity_id, 'id')}", "DELETE")
        return answer
