"""Files attached to a workspace or to the organisation."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, BinaryIO, overload

from ardoqpy._http import files
from ardoqpy._validation import given
from ardoqpy.methods.base import Methods

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ardoqpy.entities import Entities, Entity

__all__ = ["AttachmentMethods"]

Target = str | os.PathLike[str] | BinaryIO


class AttachmentMethods(Methods):
    """List, send, fetch and delete files: the bytes travel on v1's paths only."""

    def get_attachments(
        self,
        resource_id: str | None = None,
        *,
        resource_type: str | None = None,
        filename: str | None = None,
        folder: str | None = None,
    ) -> Entities:
        """Return what is known of attached files.

        v1: of the files of one resource: `resource_id` is needed, `resource_type` is `"workspace"` where
        it is left out, or `"org"`. Each has `filename`, `content-type`, `size` (in bytes), `uri`, who
        attached it and when. v2: of every file that fits the filters `filename` and `folder` (a folder's
        id), over all pages; each has `filename`, `folder` and `resource`, which says whose it is.
        Raise `UnsupportedOperation` for a filter on v1 and for a resource on v2, `InvalidInput` where a
        needed id is missing or a value makes no sense.
        Source: GET `attachments` (API v2's contract); GET `attachment/{type}/{id}` (Java and C# clients).
        """
        return list(
            self.iter_attachments(resource_id, resource_type=resource_type, filename=filename, folder=folder)
        )

    def iter_attachments(
        self,
        resource_id: str | None = None,
        *,
        resource_type: str | None = None,
        filename: str | None = None,
        folder: str | None = None,
    ) -> Iterator[Entity]:
        """Yield what `get_attachments` returns, one by one: v2 holds a page at a time, v1 reads the list.

        Arguments and errors are those of `get_attachments`; an error of the wire may come at any step.
        Source: GET `attachments` (API v2's contract); GET `attachment/{type}/{id}` (Java and C# clients).
        """
        return self.api.attachments.of(resource_type, resource_id, given(filename=filename, folder=folder))

    def get_attachment(self, attachment_id: str) -> Entity:
        """Return what is known of one attached file, by its id: not its bytes.

        v2 only. Raise `NotFoundError` where there is none.
        Source: GET `attachments/{id}` (API v2's contract).
        """
        return self.api.attachments.get(attachment_id)

    def upload_attachment(
        self,
        resource_id: str,
        file: files.Source,
        filename: str | None = None,
        *,
        content_type: str | None = None,
        resource_type: str = "workspace",
    ) -> Entity:
        """Send a file, piece by piece, and return what Ardoq then knows of it.

        `file` is a path, bytes, or a file opened in binary mode; `filename` and `content_type` are
        taken from it where they are not given. Raise `InvalidInput` where it cannot be read.
        Source: POST `attachment/{type}/{id}/upload` (Java and C# clients).
        """
        content, name, kind = files.opener(file, filename, content_type)
        return self.api.attachments.upload(resource_type, resource_id, content, name, kind)

    @overload
    def download_attachment(
        self, resource_id: str, filename: str, target: None = None, *, resource_type: str = "workspace"
    ) -> bytes: ...
    @overload
    def download_attachment(
        self, resource_id: str, filename: str, target: Target, *, resource_type: str = "workspace"
    ) -> int: ...
    def download_attachment(
        self,
        resource_id: str,
        filename: str,
        target: Target | None = None,
        *,
        resource_type: str = "workspace",
    ) -> bytes | int:
        """Fetch a file by its name or id.

        Without `target` return its bytes; where they are more than the client's `largest_answer`, raise
        `UnexpectedAnswer`. With one, a path or a file opened for binary writing, write it there piece by
        piece, however large, and return the number of bytes; a path is replaced once the whole file is
        there, not before. Raise `NotFoundError` where there is no such file.
        Source: GET `attachment/{type}/{id}/{filename}` (Java and C# clients).
        """
        with self.api.attachments.download(resource_type, resource_id, filename) as pieces:
            if target is None:
                return self.api.transport.read_all(pieces, f"the file {filename!r} into memory")
            return files.save(pieces, target)

    def del_attachment(self, resource_id: str, filename: str, *, resource_type: str = "workspace") -> Entity:
        """Delete a file by its name or id and return an empty dict.

        Source: DELETE `attachment/{type}/{id}/{filename}` (Java and C# clients).
        """
        return self.api.attachments.delete(resource_type, resource_id, filename)
