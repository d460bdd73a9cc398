"""
Files attached to a workspace or to the organisation.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, BinaryIO, overload

from ardoqpy import _files
from ardoqpy.methods.base import Methods

if TYPE_CHECKING:
    from ardoqpy.dialect import Entities, Entity

__all__ = ["AttachmentMethods"]

Target = str | os.PathLike[str] | BinaryIO


class AttachmentMethods(Methods):
    """
    List, send, fetch and delete files: the bytes travel on v1's paths only.
    """

    def get_attachments(self, resource_id: str, *, resource_type: str = "workspace") -> Entities:
        """
        Return what is known of the files of a workspace, or of the organisation (`"org"`).

        Each has `filename`, `content-type`, `size` (in bytes), `uri`, who attached it and when.
        Source: GET `attachment/{type}/{id}` (Java and C# clients).
        """
        return self.api.attachments.all(resource_type, resource_id)

    def upload_attachment(
        self,
        resource_id: str,
        file: _files.Source,
        filename: str | None = None,
        *,
        content_type: str | None = None,
        resource_type: str = "workspace",
    ) -> Entity:
        """
        Send a file, piece by piece, and return what Ardoq then knows of it.

        `file` is a path, bytes, or a file opened in binary mode; `filename` and `content_type` are
        taken from it where they are not given. Raise `InvalidInput` where it cannot be read.
        Source: POST `attachment/{type}/{id}/upload` (Java and C# clients).
        """
        content, name, kind = _files.opener(file, filename, content_type)
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
        """
        Fetch a file by its name or id.

        Without `target` return its bytes. With one, a path or a file opened for binary writing, write
        it there piece by piece and return the number of bytes; a path is replaced once the whole file
        is there, not before. Raise `NotFoundError` where there is no such file.
        Source: GET `attachment/{type}/{id}/{filename}` (Java and C# clients).
        """
        with self.api.attachments.download(resource_type, resource_id, filename) as pieces:
            return b"".join(pieces) if target is None else _files.save(pieces, target)

    def del_attachment(self, resource_id: str, filename: str, *, resource_type: str = "workspace") -> Entity:
        """
        Delete a file by its name or id and return an empty dict.

        Source: DELETE `attachment/{type}/{id}/{filename}` (Java and C# clients).
        """
        return self.api.attachments.delete(resource_type, resource_id, filename)
