"""`ArdoqClient`: what can be asked of Ardoq, as flat methods.

The methods themselves are in `ardoqpy/methods/`, a file for each kind of thing; how a version of the API
says them is in its dialect (`v1.py`, `v2.py`), which is chosen once, here.
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
    """Talk to one Ardoq.

    - `hosturl`: its address, such as `https://yourorg.ardoq.com`; `token`: an access token; `org`: the
      organisation's label, needed only where the host does not name it. What is not given comes from
      the environment (`ARDOQ_API_HOST`, `ARDOQ_API_TOKEN`, `ARDOQ_ORG_LABEL`), then from the cfg file
      `config`, where one is named.
    - `version`: which API to speak, `"v1"` or `"v2"`. What the one does not offer raises
      `UnsupportedOperation` there, naming where it is. v2 needs `org` on `app.ardoq.com`.
    - `timeout`: seconds to connect and between two bytes of an answer: one number, or a pair.
    - `retries`: how often to repeat what may be repeated, or a whole `Retries`.
    - `session`: a `requests.Session` of your own, for proxies, certificates or adapters.
    - `rate_limit`: requests per second that are never exceeded, over all threads. Without it a client
      sends as fast as it can until Ardoq answers 429, and then at the pace that Ardoq was seen to bear.
    - `largest_answer`: bytes of an answer, unpacked, that are read at most; 512 MiB unless said. What is
      larger is an `UnexpectedAnswer`. Files are as large as they are where they go to disk.
    - `allow_http`: accept a host without TLS that is not this machine.
    - `read_only`: refuse every write before it is sent.

    Use it in a `with`, or `close()` it. It may be shared by threads; it keeps no answers.
    Raise `ConfigurationError` where a setting is missing or makes no sense, before anything is sent.
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
        token = token if token is None else Token.of(token)
        if not isinstance(version, str) or version not in _VERSIONS:
            raise UnsupportedOperation(f"There is no API {version!r}: say version='v1' or version='v2'.")
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
        """The address below which this version of the API lives."""
        return self.api.transport.baseurl

    @property
    def org(self) -> str | None:
        """The organisation's label, None where the host names it."""
        return self._settings.org

    @property
    def token(self) -> str:
        """The token; take care where you write it."""
        return self._settings.token.reveal()

    @property
    def session(self) -> Session:
        """The `requests.Session` underneath."""
        return self.api.transport.session

    def pprint(self, obj: Any) -> None:
        """Print what Ardoq answered as indented JSON with sorted keys."""
        print(json.dumps(obj, sort_keys=True, indent=4))  # noqa: T201  (printing is what it is for)

    def close(self) -> None:
        """Close the connections."""
        self.api.transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __reduce__(self) -> tuple[object, ...]:
        raise ConfigurationError("A client is not pickled or copied: build a new one where it is needed.")

    def __repr__(self) -> str:
        # A traceback may show a client whose settings were refused: it has none.
        known = getattr(self, "_settings", None)
        return f"<{type(self).__name__}{f' {self.version} at {known.hosturl}' if known else ''}>"


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
    number = isinstance(rate_limit, int | float) and not isinstance(rate_limit, bool)
    if rate_limit is not None and not (number and 0 < rate_limit <= 1e6):
        raise ConfigurationError(f"rate_limit is {rate_limit!r}: give requests per second, above 0, or None.")
    checked: float | None = rate_limit
    return checked


def _checked_size(largest_answer: Any) -> int:
    if isinstance(largest_answer, bool) or not isinstance(largest_answer, int) or largest_answer <= 0:
        raise ConfigurationError(
            f"largest_answer is {largest_answer!r}: give a whole number of bytes, above 0."
        )
    return largest_answer


def _checked_session(session: Any) -> Session | None:
    if session is not None and not (hasattr(session, "request") and hasattr(session, "cookies")):
        raise ConfigurationError(f"session is {describe_type(session)}: give a requests.Session.")
    checked: Session | None = session
    return checked
