"""Files attached to a workspace or to the organisation."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, BinaryIO, Unpack, overload

from ardoqpy._http import files
from ardoqpy.methods.base import AttachmentFilters, Methods, given_filters

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ardoqpy.entities import Attachment, Entity

Target = str | os.PathLike[str] | BinaryIO


class AttachmentMethods(Methods):
    """List, upload, download and delete files. Only v1 transfers their bytes."""

    def get_attachments(
        self,
        resource_id: str | None = None,
        *,
        resource_type: str | None = None,
        **filters: Unpack[AttachmentFilters],
    ) -> list[Attachment]:
        """Return the attached files as a list of dicts, without their bytes.

        v1: the files of one resource. `resource_id` is needed; `resource_type` is `"workspace"` (default) or
        `"org"`. Each file has `filename`, `content-type`, `size` (in bytes), `uri`, who attached it and when.
        v2: every file that matches the filters `filename` and `folder` (a folder's id), over all pages. Each
        has `filename`, `folder` and `resource`, which names what it is attached to.
        Raise `UnsupportedOperation` for a filter on v1 and for a resource on v2, `InvalidInput` if a needed
        id is missing or a value is not valid.
        Source: GET `attachments` (API v2's contract); GET `attachment/{type}/{id}` (Java and C# clients).
        """
        return list(self.iter_attachments(resource_id, resource_type=resource_type, **filters))

    def iter_attachments(
        self,
        resource_id: str | None = None,
        *,
        resource_type: str | None = None,
        **filters: Unpack[AttachmentFilters],
    ) -> Iterator[Attachment]:
        """Yield what `get_attachments` returns; v2 keeps one page at a time, v1 reads the whole list.

        Arguments and errors are those of `get_attachments`; a connection error may come at any step.
        Source: GET `attachments` (API v2's contract); GET `attachment/{type}/{id}` (Java and C# clients).
        """
        return self.api.attachments.of(resource_type, resource_id, given_filters(filters, AttachmentFilters))

    def get_attachment(self, attachment_id: str) -> Attachment:
        """Return one attached file by its id, without its bytes, as `get_attachments` gives it.

        v2 only. Raise `NotFoundError` if there is no such file.
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
    ) -> Attachment:
        """Upload a file in chunks and return its attributes as stored.

        - `resource_id`, `resource_type`: a workspace's id, or the organisation's with `"org"`.
        - `file`: a path, bytes, or a file opened in binary mode.
        - `filename`, `content_type`: taken from `file` if left out.

        v1 only. Raise `InvalidInput` if the file cannot be read, or bytes come without `filename`.
        Source: POST `attachment/{type}/{id}/upload` (Java and C# clients).
        """
        content, name, kind = files.open_source(file, filename, content_type)
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
        """Download a file by its name or id; return its bytes or, with `target`, their number.

        - `resource_id`, `resource_type`: a workspace's id, or the organisation's with `"org"`.
        - `target`: a path, or a file opened for binary writing. The file is written in chunks, however large;
          a path is replaced when the file is complete, not before.

        v1 only. Raise `NotFoundError` if there is no such file, and `UnexpectedAnswer` if it exceeds the
        client's `largest_answer` and there is no `target`.
        Source: GET `attachment/{type}/{id}/{filename}` (Java and C# clients).
        """
        with self.api.attachments.download(resource_type, resource_id, filename) as chunks:
            if target is None:
                return self.api.transport.read_all(chunks, f"the file {filename!r} into memory")
            return files.save(chunks, target)

    def del_attachment(self, resource_id: str, filename: str, *, resource_type: str = "workspace") -> Entity:
        """Delete a file by its name or id and return an empty dict.

        v1 only. Raise `NotFoundError` if there is no such file.
        Source: DELETE `attachment/{type}/{id}/{filename}` (Java and C# clients).
        """
        return self.api.attachments.delete(resource_type, resource_id, filename)
