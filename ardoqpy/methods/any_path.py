"""Any path of the API, for calls that have no method yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ardoqpy._validation import path_below, query_parameters
from ardoqpy.errors import InvalidInput
from ardoqpy.methods.base import Methods

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_VERBS = ("GET", "POST", "PUT", "PATCH", "DELETE")


class AnyPathMethods(Methods):
    """Call any path of this API version, with the retries and errors of the other methods."""

    def request(
        self,
        resource: str,
        method: str = "GET",
        query_params: Mapping[str, Any] | None = None,
        data: Any = None,
    ) -> Any:
        """Call a path of this API version and return its JSON as it is, {} if there is none.

        - `resource`: the path below `/api/` (v1) or `/api/v2/` (v2), such as `components`.
        - `method`: GET, POST, PUT, PATCH or DELETE.
        - `query_params`: the query as a dict; True, False and None become true, false and null.
        - `data`: the body, sent as JSON.

        Authorization, time-outs, retries and errors are those of every other call; a POST is never sent
        twice blindly. A listing of v2 returns one page: see `iter_request`. Raise `InvalidInput` if the path
        leads outside of the API, the method is none of these, or a GET has a body.
        Source: ours; for what the contract gains before this library does.
        """
        verb = method.upper() if isinstance(method, str) else method
        if verb not in _VERBS:
            raise InvalidInput(f"method is {method!r}: use one of {', '.join(_VERBS)}.")
        if verb == "GET" and data is not None:
            raise InvalidInput("A GET takes no data: give query_params, or another method.")
        path = path_below(resource, "resource")
        return self.api.transport.request(verb, path, query_parameters(query_params, "query_params"), data)

    def iter_request(self, resource: str, query_params: Mapping[str, Any] | None = None) -> Iterator[Any]:
        """Yield every value of a listing of this API version; v2 reads it page by page.

        The arguments are those of `request`. Raise `UnexpectedAnswer` if the answer is not a listing; a
        connection error may come at any step. Source: ours.
        """
        path = path_below(resource, "resource")
        return self.api.iterate(path, query_parameters(query_params, "query_params"))
