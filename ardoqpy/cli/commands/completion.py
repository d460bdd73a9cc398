"""`completion`: what a shell needs to complete commands and options."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ardoqpy.cli.command import Command
from ardoqpy.cli.errors import Refusal

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

__all__ = ["completion"]

#: What stands in the help for an argument that is a file.
FILES = {"FILE", "JOB", "JOB|PLAN", "ACCOUNT"}
SHELLS = ("bash", "zsh", "fish", "tcsh", "powershell")


def completion(program: str, parser_of_everything: Callable[[], argparse.ArgumentParser]) -> Command:
    """Return the command of a program; it is given how to make the whole parser, of which it is a part."""

    def run(options: argparse.Namespace) -> int:
        try:
            import shtab  # noqa: PLC0415  (an extra)
        except ImportError:
            raise Refusal(
                "Shell completion needs the package shtab: install it with pip install 'ardoqpy[cli]'."
            ) from None
        parser = parser_of_everything()
        _complete_files(parser, shtab.FILE)
        print(shtab.complete(parser, shell=options.shell))
        return 0

    def arguments(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("shell", choices=SHELLS, help="which shell")

    return Command(
        "completion",
        "print what your shell needs to complete commands and options",
        arguments,
        run,
        (
            ("completion bash", f"for ~/.local/share/bash-completion/completions/{program}"),
            ("completion zsh", f"for a file _{program} in a directory of your $fpath"),
        ),
        "Needs the extra cli: pip install 'ardoqpy[cli]'.",
    )


def _complete_files(parser: argparse.ArgumentParser, files: object) -> None:
    import argparse  # noqa: PLC0415  (for the annotations alone elsewhere)

    for action in parser._actions:  # noqa: SLF001  (argparse has no public way to them)
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            for below in action.choices.values():
                _complete_files(below, files)
        elif action.metavar in FILES:
            action.complete = files  # type: ignore[attr-defined]
