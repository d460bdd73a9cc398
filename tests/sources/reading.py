"""What the tests of sources ask of one."""

from refusals import sentence_of

from ardoqpy.errors import InvalidInput
from ardoqpy_sync.sources import SourceUnreadable, open_source

#: More rows than any source reads ahead.
MANY = 20_000


def rows(source):
    """Return label and values of each row, or, of a row that cannot be used, its sentence."""
    with source:
        return [(row.label, row.values) if row.problem is None else row.sentence for row in source]


def values(source):
    """Return the values of all rows, each of which can be used."""
    with source:
        return [row.values for row in source]


def trouble(source):
    """Read a source to where it breaks off; return what was read, and what it says."""
    read = []
    with source:
        said = sentence_of(SourceUnreadable, lambda: read.extend(source))
    return read, said


def said_of_the_only_row(source):
    """Return the sentence of a source's only row, which cannot be used, and says so to those who use it."""
    with source:
        (row,) = source
    assert row.sentence == sentence_of(InvalidInput, lambda: row.values)
    assert row.sentence.startswith(row.label)
    return row.sentence


class Folder:
    """A folder of files, and the sources described there."""

    def __init__(self, path):
        self.path = path

    def open(self, content=None, **description):
        """Open what the description says, after writing the content (text or bytes) to its file."""
        if content is not None:
            binary = content if isinstance(content, bytes) else content.encode()
            (self.path / description["file"]).write_bytes(binary)
        return open_source(description, self.path)
