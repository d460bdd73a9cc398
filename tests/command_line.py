"""Run a command in this process."""

import io
import shlex
import sys
from typing import NamedTuple

import pytest


class Ran(NamedTuple):
    """The exit status and the output of a command."""

    status: int
    out: str
    err: str


def runner(main, capsys):
    """Return a function that runs a line, or a list of arguments, by `main`."""

    def run(line, stdin=""):
        capsys.readouterr()
        arguments = shlex.split(line) if isinstance(line, str) else line
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "stdin", io.StringIO(stdin))
            status = main(arguments)
        return Ran(status, *capsys.readouterr())

    return run
