"""What a script has to tell: what each of its steps came to, printed as JSON when it ends.

Runs under 0.8.4 and under this library alike, so it asks nothing of either but the error both have.
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
    """Collect what the steps of a script came to, by their names, and which methods of some classes it
    called.
    """

    def __init__(self, *kinds):
        self.steps = {}
        self._called = set()
        self._inside = False
        for kind in kinds:
            for name, method in inspect.getmembers(kind, inspect.isfunction):
                if not name.startswith("_"):
                    setattr(kind, name, self._noting(f"{kind.__name__}.{name}", method))

    def __call__(self, step, value):
        """Tell what a step came to, as it is at this moment, and give it back."""
        assert step not in self.steps, step
        self.steps[step] = json.loads(json.dumps(value))
        return value

    def attempt(self, step, call, *arguments, **named):
        """Tell what a call came to, where that may be an error."""
        try:
            return self(step, call(*arguments, **named))
        except (Exception, SystemExit) as problem:  # noqa: BLE001  (whatever it is, it is what is told)
            return self(step, _told(problem))

    def printed(self, step, call, *arguments, **named):
        """Tell what a call has printed."""
        out = io.StringIO()
        with redirect_stdout(out):
            call(*arguments, **named)
        self(step, out.getvalue().splitlines())

    def end(self):
        """Print all of it."""
        if self._called:
            self("called", sorted(self._called))
        json.dump(self.steps, sys.stdout)

    def _noting(self, name, method):
        """Return a method that notes when a script calls it; what it calls itself is its own business."""

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


def _told(problem):
    """Return an error as data: its family, and what came over the wire. Sentences may differ."""
    ours = isinstance(problem, ArdoqClientException)
    told = {"raised": "ArdoqClientException" if ours else type(problem).__name__}
    detail = problem.args[0] if ours else None
    if isinstance(detail, dict):
        told |= {key: detail[key] for key in ("code", "reason", "text")}
    if isinstance(problem, HTTPError):
        told |= {"code": problem.code, "reason": problem.reason, "text": problem.read().decode()}
    return told
