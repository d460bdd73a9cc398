"""Any path of the API, for what has no method of its own yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ardoqpy._validation import path_below, spelled
from ardoqpy.errors import InvalidInput
from ardoqpy.methods.base import Methods

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["AnyPathMethods"]

_VERBS = ("GET", "POST", "PUT", "PATCH", "DELETE")


class AnyPathMethods(Methods):
    """Call what the API of this version has beyond the methods here, with the same care on the wire."""

    def request(
        self,
        resource: str,
        method: str = "GET",
        query_params: Mapping[str, Any] | None = None,
        data: Any = None,
    ) -> Any:
        """Call a path of this version of the API and return its JSON as it is, {} where there is none.

        `resource` is the path below `/api/` (v1) or `/api/v2/` (v2), such as `components`; `method` one
        of GET, POST, PUT, PATCH, DELETE; `query_params` the query as a dict, where True, False and None
        become true, false and null; `data` the body, sent as JSON. Sign-on, time-outs, retries and
        errors are those of every other call; a POST is never sent twice blindly. One page of a listing
        comes back as it is: see `iter_request`. Raise `InvalidInput` where the path leads anywhere else,
        the verb is none of these, or a GET has a body.
        Source: ours; for what the contract gains before this library does.
        """
        verb = method.upper() if isinstance(method, str) else method
        if verb not in _VERBS:
            raise InvalidInput(f"method is {method!r}: say one of {', '.join(_VERBS)}.")
        if verb == "GET" and data is not None:
            raise InvalidInput("A GET takes no data: give query_params, or another method.")
        path = path_below(resource, "resource")
        return self.api.transport.request(verb, path, spelled(query_params, "query_params"), data)

    def iter_request(self, resource: str, query_params: Mapping[str, Any] | None = None) -> Iterator[Any]:
        """Yield every value of a listing of this version of the API; v2 reads page after page.

        Arguments are those of `request`. Raise `UnexpectedAnswer` where the answer is no listing; an
        error of the wire may come at any step. Source: ours.
        """
        return self.api.iterate(path_below(resource, "resource"), spelled(query_params, "query_params"))
