"""The flat methods of `ArdoqClient`, a file for each kind of thing in Ardoq.

Every method is its signature, its documentation, and one line of work on `self.api`, the dialect of the
version that the client speaks. Whatever the method, it may raise, besides what its own text names:
`AuthorizationError` (401, 403), `RateLimited` (429 for longer than allowed), `ServiceUnavailable` (not
reached, or 5xx however often asked), its kin `AmbiguousWrite` (a write was sent and no answer came), and
`UnexpectedAnswer` (not JSON, or not of the right form). "Source" names where the call is known from;
no text of Ardoq's describes v1. What the client's version does not offer raises `UnsupportedOperation`
that names the version that does, and nothing is sent.
"""
