"""Collect the facts of a script: the result of each step, printed as JSON at the end.

The module runs under 0.8.4 and under this library, so it uses nothing of either except their common error.
"""

import functools
import inspect
import io
import json
import sys
from contextlib import redirect_stdout
from urllib.error import HTTPError

from ardoqpy import ArdoqClientException


class Story:
    """Collect the results of the steps by name, and the called methods of some classes."""

    def __init__(self, *kinds):
        self.steps = {}
        self._called = set()
        self._inside = False
        for kind in kinds:
            for name, method in inspect.getmembers(kind, inspect.isfunction):
                if not name.startswith("_"):
                    setattr(kind, name, self._noting(f"{kind.__name__}.{name}", method))

    def __call__(self, step, value):
        """Record a copy of a result, and return the result."""
        assert step not in self.steps, step
        self.steps[step] = json.loads(json.dumps(value))
        return value

    def attempt(self, step, call, *arguments, **named):
        """Record the result or the error of a call."""
        try:
            return self(step, call(*arguments, **named))
        except (Exception, SystemExit) as problem:  # noqa: BLE001  (any error is a result)
            return self(step, _error_data(problem))

    def printed(self, step, call, *arguments, **named):
        """Record what a call prints."""
        out = io.StringIO()
        with redirect_stdout(out):
            call(*arguments, **named)
        self(step, out.getvalue().splitlines())

    def end(self):
        """Print all facts."""
        if self._called:
            self("called", sorted(self._called))
        json.dump(self.steps, sys.stdout)

    def _noting(self, name, method):
        """Return a method that records calls by a script, except for calls within the class."""

        @functools.wraps(method)
        def noting(*arguments, **named):
            if self._inside:
                return method(*arguments, **named)
            self._called.add(name)
            self._inside = True
            try:
                return method(*arguments, **named)
            finally:
                self._inside = False

        return noting


def _error_data(problem):
    """Return an error as data: its family, and what came over the wire. Sentences may differ."""
    ours = isinstance(problem, ArdoqClientException)
    data = {"raised": "ArdoqClientException" if ours else type(problem).__name__}
    detail = problem.args[0] if ours else None
    if isinstance(detail, dict):
        data |= {key: detail[key] for key in ("code", "reason", "text")}
    if isinstance(problem, HTTPError):
        data |= {"code": problem.code, "reason": problem.reason, "text": problem.read().decode()}
    return data
