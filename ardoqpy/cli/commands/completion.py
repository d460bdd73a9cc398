"""Run `completion`: print a script that completes commands and options in a shell."""

from __future__ import annotations

import argparse

from ardoqpy.cli.errors import CommandError

#: What the help calls an argument that is a file.
FILE_ARGUMENTS = {"FILE", "JOB", "JOB|PLAN", "RUN.json"}


def run(options: argparse.Namespace) -> int:
    """Print the script and return the exit code."""
    try:
        import shtab  # noqa: PLC0415  (an extra, which may be missing)
    except ImportError:
        raise CommandError(
            "Shell completion needs the package shtab: install it with pip install 'ardoqpy[cli]'."
        ) from None
    parser = options.program.parser()
    _complete_files(parser, shtab.FILE)
    print(shtab.complete(parser, shell=options.shell))
    return 0


def _complete_files(parser: argparse.ArgumentParser, completion: object) -> None:
    """Have the arguments that are files completed with the names of files."""
    for action in parser._actions:  # noqa: SLF001  (argparse has no public list of them)
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            for subparser in action.choices.values():
                _complete_files(subparser, completion)
        elif action.metavar in FILE_ARGUMENTS:
            action.complete = completion  # type: ignore[attr-defined]
