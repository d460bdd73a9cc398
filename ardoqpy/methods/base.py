"""The base of every group of flat methods, and the filters that several of them take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

from ardoqpy._messages import quote_name, suggest
from ardoqpy._validation import check_arguments, without_none

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ardoqpy.api.protocols import Dialect
    from ardoqpy.entities import Attributes


class ComponentFilters(TypedDict, total=False):
    """The filters of a listing of components (v2)."""

    name: str | None
    rootWorkspace: str | None
    parent: str | None
    componentKey: str | None
    typeId: str | None
    customFields: Mapping[str, Any] | None


class ReferenceFilters(TypedDict, total=False):
    """The filters of a listing of references (v2)."""

    displayText: str | None
    rootWorkspace: str | None
    source: str | None
    targetWorkspace: str | None
    target: str | None
    type: int | str | None
    customFields: Mapping[str, Any] | None


class WorkspaceFilters(TypedDict, total=False):
    """The filters of a listing of workspaces (v2)."""

    name: str | None
    componentModel: str | None


class AttachmentFilters(TypedDict, total=False):
    """The filters of a listing of attachments (v2)."""

    filename: str | None
    folder: str | None


def given_filters(filters: Mapping[str, Any], kind: type) -> Attributes:
    """Return the filters that are not None; raise `TypeError` for a name that `kind` does not have."""
    for name in filters:
        if name not in kind.__annotations__:
            raise TypeError(f"There is no filter {quote_name(name)}: {suggest(name, kind.__annotations__)}")
    return without_none(**filters)


class Methods:
    """A group of flat methods; `api` is the documented second level, with the calls of one API version.

    In every class of this library a call without an argument that it needs raises `MissingArgument`.
    """

    api: Dialect

    def __init_subclass__(cls, **keywords: Any) -> None:
        """Check the arguments of a subclass's methods, if it is one of this library."""
        super().__init_subclass__(**keywords)
        if cls.__module__.partition(".")[0] in ("ardoqpy", "ardoqpy_sync"):
            check_arguments(cls)
