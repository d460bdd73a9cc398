"""Run scenarios, each by a script in its own process, under 0.8.4 or under this library.

Ids are counted and the time does not advance. Two libraries that send the same requests get the same answers,
so that the results can be compared.
"""

import json
import os
import re
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import example_organisation
from libraries import Library
from nightly_data import CHANGED, FIRST, ORGANISATION, SETTLED, SPARE

from ardoqpy.emulator import Emulator
from ardoqpy.emulator.server import LoggedRequest

SCRIPTS = Path(__file__).parent / "scripts"
ORG = "acme"
_MADE_UP = re.compile(r"\b(?:[0-9a-f]{30}|simulated-\d+)\b")
_OUTSIDE = re.compile(r"ARDOQ_.*|PYTHON.*|.*_proxy|NETRC", re.IGNORECASE)


class Act(NamedTuple):
    """Hold the facts, calls and requests of one run of a script, and what Ardoq stores afterwards."""

    results: dict[str, Any]
    called: list[str]
    held: dict[str, list[dict[str, Any]]]
    requests: list[LoggedRequest]
    signed: set[tuple[str, str | None]]

    def writes(self) -> list[str]:
        """Return the requests that change something, in short."""
        return [f"{item.method} {item.path} {item.status}" for item in self.requests if item.method != "GET"]

    def facts(self) -> dict[str, Any]:
        """Return everything except the reading requests, by name."""
        rows = {
            f"held: {table} {row['_id']} {row.get('name')}": row
            for table, rows in self.held.items()
            for row in rows
        }
        return {**self.results, **rows, "writes": self.writes()}


class RecordingEmulator(Emulator):
    """Record the scheme and the organisation of each request."""

    signed: set[tuple[str, str | None]]

    def answer(self, method, target, headers, body):
        """Record the request, and answer it."""
        self.signed.add((headers.get("authorization", "").partition(" ")[0], headers.get("x-org")))
        return super().answer(method, target, headers, body)


@contextmanager
def ardoq(seed: dict[str, Any] | None = None) -> Iterator[RecordingEmulator]:
    """Run an emulator whose time does not advance."""
    with RecordingEmulator(
        org=ORG, seed=seed, page_size=5, clock=lambda: datetime(2024, 5, 1, tzinfo=UTC)
    ) as server:
        server.signed = set()
        yield server
        assert server.crashes == []


def play(library: Library, server: RecordingEmulator, script: str, *arguments: str, **settings: str) -> Act:
    """Run a script."""
    server.clear_requests()
    server.signed = set()
    clean = {name: value for name, value in os.environ.items() if not _OUTSIDE.fullmatch(name)}
    environment = {**clean, "PYTHONUTF8": "1", "NO_PROXY": "127.0.0.1", **library.environment, **settings}
    done = subprocess.run(
        [library.python, str(SCRIPTS / script), *arguments],
        capture_output=True,
        encoding="utf-8",
        env=environment,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    if library.is_ours:
        # Only what is logged for people may stand there: no warning of Python's, no token.
        assert "Warning" not in done.stderr
        assert "Traceback" not in done.stderr
        assert server.token not in done.stdout + done.stderr
    results = json.loads(_numbered(done.stdout.replace(server.url, "URL")))
    held = {table: rows for table, rows in server.dump().items() if table not in ("format", "counters")}
    called = results.pop("called", [])
    return Act(results, called, held, server.requests, server.signed)


def _numbered(text: str) -> str:
    """Replace the ids that simulations create by numbers, in the order of appearance."""
    numbers: dict[str, str] = {}
    return _MADE_UP.sub(lambda found: numbers.setdefault(found[0], f"made up {len(numbers) + 1}"), text)


Scenario = Callable[[Library], dict[str, Act]]


def everything_on_v1(library: Library) -> dict[str, Act]:
    """Run ArdoqClient from an empty Ardoq to filled and deleted workspaces."""
    with ardoq() as server:
        return {"v1": play(library, server, "all_calls_v1.py", server.url, server.token, ORG)}


def everything_on_v2(library: Library) -> dict[str, Act]:
    """Run ArdoqClient with version="v2" on what v1 has created."""
    with ardoq() as server:
        return {"v2": play(library, server, "all_calls_v2.py", server.url, server.token)}


def nights(library: Library) -> dict[str, Act]:
    """Run ArdoqSyncClient every night: a preview, a run, a repeated run, and a run with a changed source."""
    acts = {}
    with ardoq(ORGANISATION) as server, tempfile.TemporaryDirectory() as folder:
        for night, source, *options in (
            ("preview", FIRST, "--simulate"),
            ("first night", FIRST),
            ("second night", FIRST),
            ("preview of the change", CHANGED, "--simulate"),
            ("night of the change", CHANGED),
            ("night after", SETTLED),
        ):
            file = Path(folder, "source.json")
            file.write_text(json.dumps(source), encoding="utf-8")
            acts[night] = play(library, server, "nightly.py", server.url, server.token, str(file), *options)
    return acts


def oddities(library: Library) -> dict[str, Act]:
    """Run ArdoqSyncClient where it intentionally differs from 0.8.4."""
    with ardoq(ORGANISATION) as server:
        return {"oddities": play(library, server, "sync_edge_cases.py", server.url, server.token, SPARE)}


def portal(library: Library) -> dict[str, Act]:
    """Run API and Batch of the portal's example client, with its settings in the environment."""
    with ardoq(example_organisation.SEED) as server:
        settings = {"ARDOQ_API_HOST": server.url, "ARDOQ_API_TOKEN": server.token, "ARDOQ_ORG_LABEL": ORG}
        where = example_organisation.WORKSPACE, example_organisation.REPORT
        return {"portal": play(library, server, "portal.py", *where, **settings)}


def import_lines(library: Library) -> dict[str, Act]:
    """Import the classes in every way that scripts do, without Ardoq."""
    with ardoq() as server:
        return {"imports": play(library, server, "import_lines.py")}


def public_names(library: Library) -> dict[str, Act]:
    """List the methods with their arguments, without Ardoq."""
    with ardoq() as server:
        return {"names": play(library, server, "public_names.py")}
