"""Find an uploaded file in a multipart/form-data body."""

from email.message import Message
from email.parser import Parser
from typing import NamedTuple

from ardoqpy.emulator.errors import BadRequest, Unprocessable


class FilePart(NamedTuple):
    """Hold an uploaded file: its name, content type and bytes."""

    filename: str
    content_type: str
    content: bytes


def file_part(name: str, content_type: str, body: bytes) -> FilePart:
    """Return the part of this name byte for byte, or raise an ApiError."""
    head = Message()
    head["Content-Type"] = content_type
    boundary = head.get_boundary()
    if head.get_content_type() != "multipart/form-data" or not boundary:
        raise BadRequest("An upload has to be multipart/form-data with a boundary.")
    delimiter = b"\r\n--" + boundary.encode("latin-1", "replace")
    for chunk in (b"\r\n" + body).split(delimiter)[1:]:
        # A chunk has the rest of the delimiter's line, the part's headers, an empty line and the content.
        headers, separator, content = chunk.partition(b"\r\n\r\n")
        if not separator:
            continue
        part = Parser().parsestr(headers.decode("utf-8", "replace").lstrip(), headersonly=True)
        filename = part.get_filename()
        if part.get_param("name", header="content-disposition") == name and filename:
            kind = part.get_content_type() if "Content-Type" in part else "application/octet-stream"
            return FilePart(filename, kind, content)
    raise Unprocessable(f"An upload needs a part named '{name}' with a file name.")
