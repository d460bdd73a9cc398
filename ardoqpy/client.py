"""`ArdoqClient`: the calls of Ardoq's API as flat methods.

The methods are in `ardoqpy/methods/`, a file for each kind of entity. How each version of the API expresses
them is in `ardoqpy/api/`; the version is chosen here, once.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Self

from ardoqpy._http.response import MAX_ANSWER_BYTES
from ardoqpy._http.retry import Retries
from ardoqpy._messages import describe_type
from ardoqpy.api.v1 import V1
from ardoqpy.api.v2 import V2
from ardoqpy.config import Token, read_settings
from ardoqpy.errors import ConfigurationError, UnsupportedOperation
from ardoqpy.methods.any_path import AnyPathMethods
from ardoqpy.methods.attachments import AttachmentMethods
from ardoqpy.methods.batches import BatchMethods
from ardoqpy.methods.components import ComponentMethods
from ardoqpy.methods.models import FieldMethods, ModelMethods
from ardoqpy.methods.organisation import OrganisationMethods
from ardoqpy.methods.references import ReferenceMethods
from ardoqpy.methods.reports import ReportMethods
from ardoqpy.methods.tags import TagMethods
from ardoqpy.methods.workspaces import FolderMethods, WorkspaceMethods

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ardoqpy._http.transport import Session
    from ardoqpy.api.protocols import Dialect

__all__ = ["ArdoqClient"]

_VERSIONS: dict[str, Callable[..., Dialect]] = {"v1": V1, "v2": V2}


class ArdoqClient(
    WorkspaceMethods,
    FolderMethods,
    ComponentMethods,
    ReferenceMethods,
    TagMethods,
    ModelMethods,
    FieldMethods,
    AttachmentMethods,
    ReportMethods,
    BatchMethods,
    OrganisationMethods,
    AnyPathMethods,
):
    """A client for one Ardoq.

    - `hosturl`: the address, such as `https://yourorg.ardoq.com`; `token`: an access token; `org`: the
      organisation's label, needed only if the host does not identify it. Settings that you don't pass are
      read from environment variables (`ARDOQ_API_HOST`, `ARDOQ_API_TOKEN`, `ARDOQ_ORG_LABEL`), then from
      the cfg file `config`, if you name one.
    - `version`: the API version, `"v1"` or `"v2"`. A call that it lacks raises `UnsupportedOperation`, which
      names the version that has it. v2 needs `org` on `app.ardoq.com`.
    - `timeout`: seconds to connect, and between two bytes of an answer: one number, or a pair.
    - `retries`: how often to send a failed request again, or a `Retries` with all settings.
    - `session`: a `requests.Session` of your own, for proxies, certificates or adapters.
    - `rate_limit`: requests per second that are never exceeded, over all threads. Without it, a client sends
      as fast as it can until Ardoq answers 429, and from then on at the rate that Ardoq was seen to accept.
    - `largest_answer`: the maximum of an answer in bytes, decompressed; 512 MiB by default. A larger one
      raises `UnexpectedAnswer`. It does not apply to a file that is downloaded to disk.
    - `allow_http`: accept a host without TLS that is not this machine.
    - `read_only`: raise `WriteRefused` for every write, before it is sent.

    Use it in a `with`, or `close()` it. Threads may share it; it does not cache answers.
    Raise `ConfigurationError` if a setting is missing or not valid, before anything is sent.
    """

    def __init__(
        self,
        hosturl: str | None = None,
        token: str | Token | None = None,
        org: str | None = None,
        version: str = "v1",
        *,
        config: str | Path | None = None,
        timeout: float | tuple[float, float] = (10.0, 60.0),
        retries: int | Retries = 5,
        session: Session | None = None,
        allow_http: bool = False,
        read_only: bool = False,
        rate_limit: float | None = None,
        largest_answer: int = MAX_ANSWER_BYTES,
    ) -> None:
        """Check the settings; the class lists them."""
        token = token if token is None else Token.of(token)
        if not isinstance(version, str) or version not in _VERSIONS:
            raise UnsupportedOperation(f"There is no API {version!r}: use version='v1' or version='v2'.")
        self._settings = read_settings(hosturl, token, org, config=config, allow_http=allow_http)
        self.version = version
        self.api: Dialect = _VERSIONS[version](
            self._settings,
            timeout=_checked_timeout(timeout),
            retries=Retries.of(retries),
            session=_checked_session(session),
            read_only=read_only,
            rate_limit=_checked_rate(rate_limit),
            largest_answer=_checked_size(largest_answer),
        )

    @property
    def hosturl(self) -> str:
        """The address of this Ardoq."""
        return self._settings.hosturl

    @property
    def baseurl(self) -> str:
        """The address below which this version of the API is."""
        return self.api.transport.baseurl

    @property
    def org(self) -> str | None:
        """The organisation's label, None if the host identifies it."""
        return self._settings.org

    @property
    def token(self) -> str:
        """The access token as text: keep it out of logs and files."""
        return self._settings.token.reveal()

    @property
    def session(self) -> Session:
        """The `requests.Session` that sends the requests."""
        return self.api.transport.session

    def pprint(self, obj: Any) -> None:
        """Print `obj`, such as an answer, as indented JSON with sorted keys."""
        print(json.dumps(obj, sort_keys=True, indent=4))  # noqa: T201  (printing is what it is for)

    def close(self) -> None:
        """Close the connections; a later call opens new ones."""
        self.api.transport.close()

    def __enter__(self) -> Self:
        """Return the client itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connections."""
        self.close()

    def __reduce__(self) -> tuple[object, ...]:
        """Raise `ConfigurationError`: a pickle would show the token."""
        raise ConfigurationError("A client is not pickled or copied: build a new one where it is needed.")

    def __repr__(self) -> str:
        """Return the API version and the host."""
        # A traceback may show a client whose settings were not valid: it has none.
        settings = getattr(self, "_settings", None)
        return f"<{type(self).__name__}{f' {self.version} at {settings.hosturl}' if settings else ''}>"


def _checked_timeout(timeout: object) -> Any:
    parts = timeout if isinstance(timeout, tuple) else (timeout,)
    if len(parts) not in (1, 2) or not all(
        isinstance(part, int | float) and not isinstance(part, bool) and 0 < part <= 1e9 for part in parts
    ):
        raise ConfigurationError(
            f"timeout is {timeout!r}: give seconds above 0, or a pair of them (to connect, between bytes)."
        )
    return timeout


def _checked_rate(rate_limit: Any) -> float | None:
    is_number = isinstance(rate_limit, int | float) and not isinstance(rate_limit, bool)
    if rate_limit is not None and not (is_number and 0 < rate_limit <= 1e6):
        raise ConfigurationError(f"rate_limit is {rate_limit!r}: give requests per second, above 0, or None.")
    checked: float | None = rate_limit
    return checked


def _checked_size(largest_answer: Any) -> int:
    if isinstance(largest_answer, bool) or not isinstance(largest_answer, int) or largest_answer <= 0:
        raise ConfigurationError(
            f"largest_answer is {largest_answer!r}: give a whole number of bytes, above 0."
        )
    return largest_answer


def _checked_session(session: Session | None) -> Session | None:
    if session is not None and not (hasattr(session, "request") and hasattr(session, "cookies")):
        raise ConfigurationError(f"session is {describe_type(session)}: give a requests.Session.")
    return session
