"""The flat methods of `ArdoqClient`, a file for each kind of entity.

Every method is its signature, its documentation, and one line that calls `self.api`, the API version that the
client speaks. Beside the errors that its documentation names, any method may raise:

- `AuthorizationError`: 401 or 403.
- `RateLimited`: 429 for longer than the client may wait.
- `ServiceUnavailable`: Ardoq was not reached, or answered 5xx after every retry.
- `AmbiguousWrite`, a `ServiceUnavailable`: a write was sent and got no answer.
- `UnexpectedAnswer`: the answer is not JSON, or has another form.
- `UnsupportedOperation`: the client's API version lacks the operation. The message names the version that has
  it, and nothing is sent.

"Source" is where the call is known from: Ardoq does not document v1.
"""
