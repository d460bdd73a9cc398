"""The Ardoq that the options name, in the versions of its API that a command may ask."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Self, TypeVar

from ardoqpy.cli.errors import complain
from ardoqpy.cli.logs import logs_to
from ardoqpy.client import ArdoqClient
from ardoqpy.errors import UnsupportedOperation

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator, Sequence

__all__ = ["Connection", "client_options"]

Answer = TypeVar("Answer")


class Connection:
    """Hold the clients of one command; use it in a `with`.

    `versions` are those to ask, in this order, unless the options say which.
    """

    def __init__(self, options: argparse.Namespace, versions: Sequence[str]) -> None:
        self._options = options
        self._versions = [options.api] if options.api else list(versions)
        self._clients: dict[str, ArdoqClient] = {}
        self._closing = ExitStack()

    def __enter__(self) -> Self:
        if self._options.verbose:
            self._closing.enter_context(logs_to(complain, verbose=True))
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.close()

    def clients(self) -> Iterator[ArdoqClient]:
        """Yield a client for each version, the one to ask first at first."""
        for version in self._versions:
            if version not in self._clients:
                client = ArdoqClient(version=version, read_only=True, **client_options(self._options))
                self._clients[version] = self._closing.enter_context(client)
            yield self._clients[version]

    def ask(self, question: Callable[[ArdoqClient], Answer]) -> Answer:
        """Return the answer of the first version that offers what the question needs.

        Raise `UnsupportedOperation` where none does.
        """
        refused: UnsupportedOperation | None = None
        for client in self.clients():
            try:
                return question(client)
            except UnsupportedOperation as problem:
                refused = refused or problem
        raise refused or UnsupportedOperation("There is no version of the API to ask.")


def client_options(options: argparse.Namespace) -> dict[str, Any]:
    """Return the settings among the options as arguments of `ArdoqClient`; there is never a token among
    them.
    """
    given = {"timeout": options.timeout, "retries": options.retries}
    return {
        "hosturl": options.host,
        "org": options.org,
        "config": options.config,
        "allow_http": options.allow_http,
        **{name: value for name, value in given.items() if value is not None},
    }
