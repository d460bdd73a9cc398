"""Read commands: ask Ardoq, and write the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ardoqpy.cli.command import load_function
from ardoqpy.cli.connection import Connection
from ardoqpy.cli.output import write
from ardoqpy.cli.rows import Document, Listing, columns, entity_document

if TYPE_CHECKING:
    import argparse

    from ardoqpy.client import ArdoqClient


def run(options: argparse.Namespace) -> int:
    """Run a read command and return its exit code."""
    read = options.command.read
    rows = load_function(read.rows) if isinstance(read.rows, str) else read.rows

    def ask(client: ArdoqClient) -> Listing | Document:
        answer = rows(client, options)
        if isinstance(answer, Listing | Document):
            return answer
        return Listing(answer, columns(*read.columns)) if read.columns else entity_document(answer)

    with Connection(options, read.versions) as connection:
        write(connection.ask(ask), options)
    return 0
