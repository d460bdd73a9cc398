"""Helpers to read sources in tests."""

from error_messages import sentence_of

from ardoqpy.errors import InvalidInput
from ardoqpy_sync.sources import SourceUnreadable, open_source

#: More rows than any source reads ahead.
MANY = 20_000


def rows(source):
    """Return label and values of each row; for a row that cannot be used, its message."""
    with source:
        return [(row.label, row.values) if row.problem is None else row.message for row in source]


def values(source):
    """Return the values of all rows; each must be usable."""
    with source:
        return [row.values for row in source]


def read_until_error(source):
    """Return the rows before the error of a source, and its message."""
    read = []
    with source:
        message = sentence_of(SourceUnreadable, lambda: read.extend(source))
    return read, message


def message_of_only_row(source):
    """Return the message of the only row of a source, which cannot be used."""
    with source:
        (row,) = source
    assert row.message == sentence_of(InvalidInput, lambda: row.values)
    assert row.message.startswith(f"{row.label}: ")
    return row.message


class Folder:
    """A folder of files, and the sources in it."""

    def __init__(self, path):
        self.path = path

    def open(self, content=None, **description):
        """Open a source, after writing the content (text or bytes) to its file."""
        if content is not None:
            binary = content if isinstance(content, bytes) else content.encode()
            (self.path / description["file"]).write_bytes(binary)
        return open_source(description, self.path)
