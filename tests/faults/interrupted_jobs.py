"""Interrupt a job of the command line at a moment that a seed decides, and compare its reports with Ardoq."""

from __future__ import annotations

import csv
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import chain
from typing import TYPE_CHECKING, Any

from fault_jobs import (
    MODES,
    TOKEN,
    Source,
    changed_source,
    expected_rows,
    first_source,
    labels,
    stored_rows,
)

from ardoqpy_sync.reporting import html, markdown, terminal
from ardoqpy_sync.reporting.document import read_run_document
from ardoqpy_sync.reporting.summary import summarize

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ardoqpy.testing import Emulator
    from ardoqpy_sync.documents import RunDocument

COMMAND = (sys.executable, "-m", "ardoqpy_sync", "apply", "job.toml")
REPORTS = ("a.html", "a.json", "a.md")
#: The command has this many seconds to end after a signal.
PATIENCE = 60
JOB = """
format = 1
name = "Interrupted"
[ardoq]
{ardoq}
[guard]
share = 1.0
count = 1000
take_along = true
[sources.components]
file = "components.csv"
[sources.references]
file = "references.csv"
[[components]]
rows = "components"
workspace = "Apps"
type = "Application"
name = "{{name}}"
description = "{{description}}"
missing = "delete"
[components.fields]
cost = "{{cost}}"
"""
REFERENCES = """
[[references]]
rows = "references"
where = {{ kind = "{kind}" }}
workspace = "Apps"
type = "{type}"
source = {{ type = "Application", value = "{{source}}" }}
target = {{ type = "Application", value = "{{target}}" }}
displayText = "{{text}}"
missing = "delete"
"""


class Webhook(ThreadingHTTPServer):
    """A webhook that keeps what it receives."""

    def __init__(self) -> None:
        """Start on a free port."""
        self.received: list[dict[str, Any]] = []
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}/hook"
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()


class _Handler(BaseHTTPRequestHandler):
    server: Webhook

    def do_POST(self) -> None:
        self.server.received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Print nothing."""


class Interrupter:
    """Send signals to a process: before its n-th write is answered, or so many seconds after its latest one.

    Pass it to an emulator as its recorder.
    """

    def __init__(self) -> None:
        """Begin without a process."""
        self.sent: list[float] = []
        self._process: subprocess.Popen[str] | None = None
        self._writes = 0
        self._seconds: float | None = None
        self._signals: list[tuple[int, float]] = []
        self._latest = 0.0
        self._lock = threading.Lock()

    def __call__(self, exchange: Any) -> None:
        """Count a write, before it is answered."""
        if exchange.method == "GET":
            return
        with self._lock:
            self._writes -= 1
            if self._seconds is not None:
                self._latest = time.monotonic()
            elif self._writes == 0:
                self._send()

    def aim(
        self, process: subprocess.Popen[str], writes: int, seconds: float | None, draw: random.Random
    ) -> None:
        """Choose the process, the moment, and one signal or a burst of them."""
        # The third Ctrl-C ends a run without its report, as documented.
        burst = draw.choice(([15], [2], [15, 15, 15, 15], [2, 2], [2, 15], [15, 2, 15]))
        with self._lock:
            self.sent, self._process, self._writes, self._seconds = [], process, writes, seconds
            self._signals, self._latest = [(number, draw.uniform(0, 0.05)) for number in burst], 0.0

    def wait(self) -> None:
        """Wait for the end of the process, and send the signals if they are due so long after a write."""
        assert self._process is not None
        while self._process.poll() is None:
            time.sleep(0.005)
            with self._lock:
                is_due = self._latest and self._seconds is not None and not self.sent
                if is_due and time.monotonic() - self._latest >= (self._seconds or 0):
                    self._send()

    def _send(self) -> None:
        process = self._process
        for number, pause in self._signals:
            if process is None or process.poll() is not None:
                return
            process.send_signal(number)
            self.sent.append(time.monotonic())
            time.sleep(pause)


def write_job(folder: Path, mode: str, source: Source) -> None:
    """Write a job and its sources into a folder."""
    options = {"batch": False, **MODES[mode]}
    ardoq = "\n".join(f"{key} = {json.dumps(value)}" for key, value in options.items())
    kinds = (("1", "Uses"), ("2", "Owns"))
    mappings = [REFERENCES.format(kind=kind, type=name) for kind, name in kinds]
    (folder / "job.toml").write_text(JOB.format(ardoq=ardoq) + "".join(mappings))
    components = [[name, row["cost"], row["description"]] for name, row in source.components.items()]
    references = [[*end, row["displayText"]] for end, row in source.references.items()]
    for name, header, rows in (
        ("components", ("name", "cost", "description"), components),
        ("references", ("source", "target", "kind", "text"), references),
    ):
        with (folder / f"{name}.csv").open("w", newline="") as file:
            csv.writer(file).writerows([header, *rows])


def interrupt(
    server: Emulator, interrupter: Interrupter, hook: Webhook, folder: Path, most: int, draw: random.Random
) -> tuple[list[str], bool]:
    """Run the job of a folder, interrupt it, and return what is not true, and whether it was interrupted.

    Half the interrupts fall on one of the first `most` writes, half into the 0.6 seconds after the last one.
    """
    before = server.dump()
    hook.received.clear()
    for name in REPORTS:
        (folder / name).unlink(missing_ok=True)
    command = [*COMMAND, "--webhook", hook.url, *chain.from_iterable(("--report", name) for name in REPORTS)]
    environment = {**os.environ, "ARDOQ_API_HOST": server.url, "ARDOQ_API_TOKEN": TOKEN}
    with (folder / "out").open("w") as out, (folder / "err").open("w") as err:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=out, stderr=err, text=True, start_new_session=True
        )
        with process:
            seconds = draw.uniform(0, 0.6) if draw.random() < 0.5 else None
            interrupter.aim(process, draw.randint(1, most), seconds, draw)
            watchdog = threading.Timer(PATIENCE, process.kill)
            watchdog.start()
            interrupter.wait()
            watchdog.cancel()
    complaints = list(_untrue(folder, hook, before, server.dump(), process.returncode))
    return complaints, bool(interrupter.sent)


def _untrue(
    folder: Path, hook: Webhook, before: dict[str, Any], after: dict[str, Any], exit_code: int
) -> Iterator[str]:
    """Yield what the reports of a run contain that is not in Ardoq, the other way round, or in one alone."""
    err = (folder / "err").read_text()
    if exit_code not in (0, 1, 130, -signal.SIGTERM, -signal.SIGINT) or "Unexpected" in err:
        yield f"exit code {exit_code}: {err[-300:]}"
    missing = [name for name in REPORTS if not (folder / name).exists()]
    if missing or len(hook.received) != 1:
        yield f"exit code {exit_code}: {missing} are missing, {len(hook.received)} calls of the webhook"
        return
    document = read_run_document(folder / "a.json")
    if (folder / "a.html").read_text("utf-8") != "".join(html.render(document)):
        yield "the page is not that of the run document"
    if (folder / "a.md").read_text("utf-8") != "".join(markdown.render(document)):
        yield "the Markdown is not that of the run document"
    called = summarize(document, "apply", hook.received[0]["exit"])
    if {**called, "at": ""} != {**hook.received[0], "at": ""}:
        yield "the webhook is not that of the run document"
    shown = "\n".join(terminal.render(document))
    if document["changes"] and shown not in (folder / "out").read_text():
        yield f"exit code {exit_code}: the terminal does not show the run document"
    yield from document_errors(before, after, document)


def document_errors(before: dict[str, Any], after: dict[str, Any], document: RunDocument) -> Iterator[str]:
    """Yield the differences between a run document and what happened between two dumps.

    What is listed as failed may have happened: the run could not know.
    """
    names = labels(before) | labels(after)
    old, new = (
        {entity["_id"]: entity for kind in ("components", "references") for entity in dump[kind]}
        for dump in (before, after)
    )
    changed = (key for key in new.keys() & old.keys() if new[key]["_version"] != old[key]["_version"])
    happened = {"create": new.keys() - old.keys(), "delete": old.keys() - new.keys(), "update": set(changed)}
    uncertain = {item["_id"] for item in document["failed"]}
    uncertain_names = {_plain_name(item["kind"], item["name"]) for item in document["failed"]}
    for action, ids in happened.items():
        listed = Counter(change["_id"] for change in document["changes"] if change["action"] == action)
        for entity_id, count in listed.items():
            if entity_id not in ids:
                yield f"{action} of {names.get(entity_id, entity_id)} is listed and did not happen"
            elif count > 1 and action != "update":
                yield f"{action} of {names[entity_id]} is listed {count} times"
        for entity_id in ids - listed.keys() - uncertain:
            ends = {(old | new)[entity_id].get(end) for end in ("source", "target")}
            is_along = action == "delete" and ends & uncertain
            kind, _, name = names[entity_id].partition(" ")
            if not is_along and _plain_name(kind, name) not in uncertain_names:
                yield f"{action} of {names[entity_id]} happened and is not listed"


def _plain_name(kind: str, name: object) -> str:
    """Return kind and name without what differs between labels: arrows, and the number of the type."""
    text = str(name).replace("-> ", "")
    return f"{kind} {text.rpartition(' ')[0] if kind == 'reference' and '->' not in str(name) else text}"


def complete(server: Emulator, folder: Path, source: Source) -> list[str]:
    """Run the job without an interrupt; return what is wrong afterwards, if anything."""
    environment = {**os.environ, "ARDOQ_API_HOST": server.url, "ARDOQ_API_TOKEN": TOKEN}
    done = subprocess.run(
        COMMAND, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=300
    )
    if done.returncode or stored_rows(server.dump()) != expected_rows(source):
        return [f"the next run does not complete it: exit code {done.returncode} {done.stdout[-600:]}"]
    return []


def interrupt_repeatedly(
    server: Emulator,
    interrupter: Interrupter,
    hook: Webhook,
    folder: Path,
    mode: str,
    number: int,
    interrupts: int,
    size: tuple[int, int] = (40, 60),
) -> tuple[list[str], int]:
    """Interrupt and restart a job; return the problems, and how often it was interrupted.

    A third of the runs begin with an empty workspace, and a third are followed by one that completes the job:
    after it, the source is another.
    """
    draw, first = random.Random(number), first_source(*size, number)
    source = first
    complaints: list[str] = []
    interrupted = 0
    for attempt in range(6 * interrupts):
        if interrupted >= interrupts:
            break
        write_job(folder, mode, source)
        if draw.random() < 1 / 3:
            # Not the seed: its counters would give ids again, and the ledger has written under them.
            server.load({**server.dump(), "components": [], "references": []})
        most = sum(size) // 10 if mode == "batched" else sum(size)
        problems, was = interrupt(server, interrupter, hook, folder, draw.choice((most, 3)), draw)
        interrupted += was
        complaints += [f"attempt {attempt}: {problem}" for problem in problems]
        if draw.random() < 1 / 3:
            complaints += complete(server, folder, source)
            source = changed_source(first, attempt, 0.3)
    write_job(folder, mode, source)
    return complaints + complete(server, folder, source), interrupted
