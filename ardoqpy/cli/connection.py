"""The clients of one command: the Ardoq that its options name, in the API versions that it may use."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Self, TypeVar

from ardoqpy.cli.errors import print_error
from ardoqpy.cli.logs import forward_logs
from ardoqpy.cli.options import connection_settings
from ardoqpy.client import ArdoqClient
from ardoqpy.errors import UnsupportedOperation

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator, Sequence

    from ardoqpy.cli.options import ConnectionSettings

Answer = TypeVar("Answer")


class Connection:
    """Hold the clients of one command; use it in a `with` block.

    - `options`: the parsed options of the command.
    - `versions`: the API versions to ask, in this order, unless `--api` names one.
    """

    def __init__(self, options: argparse.Namespace, versions: Sequence[str]) -> None:
        """Keep the options; clients are made when they are needed."""
        self._options = options
        self._versions = [options.api] if options.api else list(versions)
        self._clients: dict[str, ArdoqClient] = {}
        self._closing = ExitStack()

    def __enter__(self) -> Self:
        """Show log messages, if the options ask for them."""
        if self._options.verbose:
            self._closing.enter_context(forward_logs(print_error, verbose=True))
        return self

    def __exit__(self, *_: object) -> None:
        """Close the clients."""
        self._closing.close()

    def clients(self) -> Iterator[ArdoqClient]:
        """Yield a read-only client for each version, in order."""
        for version in self._versions:
            if version not in self._clients:
                settings: ConnectionSettings = {**connection_settings(self._options), "version": version}
                client = ArdoqClient(read_only=True, **settings)
                self._clients[version] = self._closing.enter_context(client)
            yield self._clients[version]

    def ask(self, request: Callable[[ArdoqClient], Answer]) -> Answer:
        """Return what `request` returns for the client of the first version that supports it.

        Raise `UnsupportedOperation` if no version does.
        """
        unsupported: UnsupportedOperation | None = None
        for client in self.clients():
            try:
                return request(client)
            except UnsupportedOperation as problem:
                unsupported = unsupported or problem
        raise unsupported or UnsupportedOperation("There is no version of the API to ask.")
