"""The door: what a run came to, in a file of the form that its name asks for."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import Any

from ardoqpy._http import files
from ardoqpy._messages import describe_type, quote_name
from ardoqpy.errors import InvalidInput
from ardoqpy_sync.client import ArdoqSyncClient
from ardoqpy_sync.reporting import document as accounts
from ardoqpy_sync.reporting.document_schema import checked
from ardoqpy_sync.reporting.html import pieces_of
from ardoqpy_sync.reporting.markdown import markdown_of

__all__ = ["save_report"]


def save_report(
    run: ArdoqSyncClient | dict[str, Any], path: str | PathLike[str], title: str | None = None
) -> None:
    """Write what a run came to into a file: a page, Markdown, or plain data, as the file is called.

    - `run`: a sync client after its run, or what `account_of` or a `.json` report has given.
    - `path`: a page ends with `.html`: one file that asks no network for anything. `.md` is Markdown, of at
      most a million bytes. `.json` is everything as plain data, to make the others of later. What is there
      is replaced, and no half file is left behind.
    - `title`: what the report is called; that of the account, or the names of the workspaces, unless said.

    Where writes wait they are sent first. Raise `InvalidInput` where the name ends otherwise, `run` is
    neither, or the file cannot be written.
    """
    if not isinstance(path, str | PathLike):
        raise InvalidInput(f"path is {describe_type(path)}: give the path of a file.")
    suffix = Path(path).suffix.lower()
    if suffix not in (".html", ".md", ".json"):
        raise InvalidInput(
            f"A report is .html, .md or .json, and the name {quote_name(str(path))} ends otherwise."
        )
    account = _account(run, title)
    if suffix == ".json":
        accounts.write(path, account)
    elif suffix == ".md":
        files.save(iter([markdown_of(account).encode()]), path)
    else:
        files.save((piece.encode() for piece in pieces_of(account)), path)


def _account(run: ArdoqSyncClient | dict[str, Any], title: str | None) -> dict[str, Any]:
    if isinstance(run, ArdoqSyncClient):
        return accounts.account_of(run, title=title)
    if not isinstance(run, dict):
        raise InvalidInput(
            f"run is {describe_type(run)}: give an ArdoqSyncClient after its run, or an account of one."
        )
    account = checked(run)
    return account if title is None else {**account, "title": title}
