"""Save the report of a run to a file, in the format that its suffix names."""

from __future__ import annotations

import re
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, cast

from ardoqpy._http import files
from ardoqpy._messages import describe_type, quote_name
from ardoqpy.errors import InvalidInput
from ardoqpy_sync import json_file
from ardoqpy_sync.client import ArdoqSyncClient
from ardoqpy_sync.plans.document_schema import check_run_document
from ardoqpy_sync.reporting import html, markdown
from ardoqpy_sync.reporting.document import build_run_document

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ardoqpy.entities import Attributes
    from ardoqpy_sync.documents import RunDocument

#: An address of a web page with a place for the id of a component.
_LINK = re.compile(r"https?://[^\s{}]+(\{workspace\}[^\s{}]*)?\{id\}[^\s{}]*(\{workspace\}[^\s{}]*)?")

__all__ = ["RENDERERS", "save_report"]


class Settings(NamedTuple):
    """What a report may have beside its run document; see `save_report`."""

    max_chars: int | None = None
    link: str | None = None
    #: Returns the run document as `json_file.encode` does, if that is known.
    text: Callable[[], str] | None = None


#: By the suffix of a file what yields its text, or raises `InvalidInput` if the run document is not valid.
RENDERERS: dict[str, Callable[[RunDocument, Settings], Iterator[str]]] = {
    ".html": lambda document, settings: html.render(document, link=settings.link),
    ".md": lambda document, settings: iter([markdown.render_text(document, max_chars=settings.max_chars)]),
    ".json": lambda document, settings: iter([settings.text() if settings.text else _encode(document)]),
}


def save_report(
    run: ArdoqSyncClient | RunDocument | Attributes,
    path: str | PathLike[str],
    title: str | None = None,
    *,
    max_chars: int | None = None,
    link: str | None = None,
) -> None:
    """Save the report of a run as a page, as Markdown or as data, depending on the suffix of the file.

    - `run`: a sync client after its run, or its run document from `build_run_document` or a `.json` report.
    - `path`: `.html` is a page in one file, which loads nothing from the network. `.md` is Markdown of at
      most a million bytes. `.json` is the run document, from which the other two can be made later. An
      existing file is replaced, and never left incomplete.
    - `title`: the title of the report; by default that of the run document, or the names of the workspaces.
    - `max_chars`: how many characters Markdown may have, 10,000 or more; whole entries are left out.
    - `link`: an address in Ardoq to which a page leads from each component; `{id}` and `{workspace}` in it
      stand for the ids.

    Pending writes are sent first. Raise `InvalidInput` if the suffix is another, `run` is neither, or the
    file cannot be written.
    """
    if not isinstance(path, str | PathLike):
        raise InvalidInput(f"path is {describe_type(path)}: give the path of a file.")
    save_document(lambda: _run_document(run, title), path, Settings(max_chars, link))


def save_document(document: Callable[[], RunDocument], path: str | PathLike[str], settings: Settings) -> None:
    """Save a run document, as `save_report` does; it is asked for once it is known that it can be saved."""
    link = settings.link
    render = RENDERERS.get(Path(path).suffix.lower())
    if render is None:
        raise InvalidInput(
            f"{quote_name(str(path))} is not a report: its name has to end with .html, .md or .json."
        )
    if link is not None and not _LINK.fullmatch(link):
        raise InvalidInput(
            f"link is {quote_name(link)}: give an address that begins with https:// and has {{id}} in it."
        )
    files.save((piece.encode() for piece in render(document(), settings)), path)


def _encode(document: RunDocument) -> str:
    return json_file.encode(check_run_document(document), "run document")


def _run_document(run: object, title: str | None) -> RunDocument:
    if isinstance(run, ArdoqSyncClient):
        return build_run_document(run, title=title)
    if not isinstance(run, dict):
        raise InvalidInput(
            f"run is {describe_type(run)}: give an ArdoqSyncClient after its run, or its run document."
        )
    return cast("RunDocument", run if title is None else {**run, "title": title})
