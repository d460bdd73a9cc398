"""The runs of a ledger as data, and as an index page beside a page of each run."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypedDict

from ardoqpy._http import files
from ardoqpy._http.local_files import open_regular_file
from ardoqpy._terminal import escape_controls
from ardoqpy._version import __version__
from ardoqpy.errors import InvalidInput
from ardoqpy_sync.plans.document_schema import check_run_document
from ardoqpy_sync.reporting import html
from ardoqpy_sync.reporting.labels import format_time, plural
from ardoqpy_sync.reporting.markup import escape_text, make_policy, read_asset

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Mapping, Sequence

    from ardoqpy_sync.documents import RunDocument
    from ardoqpy_sync.ledger.ledger import Ledger
    from ardoqpy_sync.ledger.records import Run

#: The file names of the index and of the page of a run.
INDEX, PAGE = "index.html", "run-{}.html"
NOT_ENDED = "not ended"
_PAGE_NAME = re.compile(r"run-([1-9][0-9]*)\.html")
#: The mark of a page is among its first bytes.
_HEAD = 16_384
_NUMBERS = ("created", "updated", "deleted", "failed")


class HistoryRow(TypedDict):
    """A run as a list of runs has it: the totals are those of components and references together.

    - `run`, `undoes`: numbers of runs; `undone_by`: the numbers of the runs that took this one back.
    - `started`, `ended`: UTC. `status`: `success`, `failure` or `not ended`. `plan`: the id of its plan.
    - `created` and so on: None if the run has no totals.
    """

    run: int
    started: str
    ended: str | None
    by: str
    command: str
    status: str
    created: int | None
    updated: int | None
    deleted: int | None
    failed: int | None
    plan: str | None
    approved_by: str | None
    undoes: int | None
    undone_by: list[int]


class History(NamedTuple):
    """What `save_history` did.

    - `pages`: by run, the file name of its page, or why it has none.
    - `written`: how many pages of runs were written; `kept`: the runs whose earlier pages were kept.
    - `damaged`: why reports that the ledger has could not be rendered.
    - `unknown_pages`: the names of pages in the folder that are of no run of the ledger.
    """

    pages: dict[int, _Page]
    written: int
    kept: list[int]
    damaged: list[str]
    unknown_pages: list[str]


class _Page(NamedTuple):
    """The file name of the page of a run, or, in place of it, the reason why there is none."""

    name: str | None
    reason: str = ""


def describe_runs(runs: Iterable[Run]) -> list[HistoryRow]:
    """Return the runs of a ledger as rows, in the same order."""
    runs = list(runs)
    undone_by: dict[int, list[int]] = {}
    for run in sorted(runs, key=lambda run: run.number):
        if run.undoes is not None:
            undone_by.setdefault(run.undoes, []).append(run.number)
    return [_describe(run, undone_by.get(run.number, [])) for run in runs]


def _describe(run: Run, undone_by: list[int]) -> HistoryRow:
    totals = run.totals or {}
    numbers = {
        outcome: sum(counts[outcome] for counts in totals.values()) if totals else None
        for outcome in _NUMBERS
    }
    return {
        "run": run.number,
        "started": run.started,
        "ended": run.ended,
        "by": run.who,
        "command": run.command if run.undoes is None else f"{run.command} of {run.undoes}",
        "status": run.status or NOT_ENDED,
        "created": numbers["created"],
        "updated": numbers["updated"],
        "deleted": numbers["deleted"],
        "failed": numbers["failed"],
        "plan": run.plan_id,
        "approved_by": run.approved_by,
        "undoes": run.undoes,
        "undone_by": undone_by,
    }


def explain_no_report(run: Run) -> str:
    """Return why a ledger has no report of a run."""
    if run.status is None:
        return "it is still running, or was ended before it had one"
    if run.command == "script":
        return "the run of a script records none"
    return "the ledger keeps those of the last runs only, as keep_runs says, and an import has none"


def save_history(
    ledger: Ledger, runs: Sequence[Run], rows: Sequence[HistoryRow], folder: str | os.PathLike[str]
) -> History:
    """Write an index page of the runs of a ledger, and a page of each run whose report the ledger has.

    - `runs`: those of `ledger.runs()`; `rows`: what `describe_runs` returns for them.
    - `folder`: is created if it does not exist. The index is `index.html`, the page of run 7 `run-7.html`.

    Earlier files of the same job and run are replaced. The page of a run whose report the ledger has no more
    is kept, and the index leads to it. Other files are left alone. Raise `InvalidInput`, before anything is
    written, if one of the files exists and is not of this job and run, and if the folder cannot be used.
    """
    folder = Path(folder)
    marks = {run.number: _mark(f"{ledger.job}: run {run.number} of {run.started}") for run in runs}
    index_mark = _mark(f"{ledger.job}: index")
    _prepare(folder)
    present = _check_folder(folder, {INDEX: index_mark, **_by_file_name(marks)})
    pages: dict[int, _Page] = {}
    kept, damaged = [], []
    for run in runs:
        name, reason = PAGE.format(run.number), ""
        document = ledger.document(run.number)
        if document is None:
            reason = f"no report: {explain_no_report(run)}"
        else:
            reason = _find_damage(document, run)
            if reason:
                damaged.append(reason)
            else:
                of_history = html.RunOfHistory(run.number, marks[run.number], INDEX)
                pieces = html.render(document, run=of_history)
                files.save((piece.encode() for piece in pieces), folder / name)
        if reason and name in present:
            kept.append(run.number)
        pages[run.number] = _Page(None, reason) if reason and name not in present else _Page(name)
    written = sum(page.name is not None for page in pages.values()) - len(kept)
    text = _render(ledger, rows, pages, index_mark)
    files.save(iter([text.encode()]), folder / INDEX)
    return History(pages, written, kept, damaged, _find_unknown_pages(folder, marks))


def _find_damage(document: RunDocument, run: Run) -> str:
    """Return why a report in the ledger cannot be rendered, empty if it can."""
    try:
        check_run_document(document, f"The report of run {run.number}")
    except InvalidInput as problem:
        return str(problem)
    return ""


# -- the folder ----------------------------------------------------------------------------------------------


def _prepare(folder: Path) -> None:
    """Create a folder if it does not exist."""
    problem = None
    try:
        folder.mkdir(exist_ok=True)
    except FileExistsError:
        problem = "it is a file. Give the path of a folder"
    except FileNotFoundError:
        problem = f"there is no folder {str(folder.parent)!r}"
    except (OSError, ValueError) as error:
        problem = str(getattr(error, "strerror", None) or error)
    if problem is not None:
        raise InvalidInput(f"The pages cannot be written to {str(folder)!r}: {problem}.")


def _check_folder(folder: Path, marks: Mapping[str, str]) -> set[str]:
    """Return which files of these names exist; raise `InvalidInput` if one has not its mark."""
    present = set()
    for name, mark in marks.items():
        path = folder / name
        if not path.is_symlink() and not path.exists():
            continue
        if mark not in _read_head(path):
            what = (
                "the index of this job" if name == INDEX else f"the page of this run in this ledger ({name})"
            )
            raise InvalidInput(
                f"The file {str(path)!r} is not {what}: it is of another job or ledger, or something else "
                "wrote it. Nothing was written. Move it away, or choose another folder."
            )
        present.add(name)
    return present


def _read_head(path: Path) -> str:
    try:
        with open_regular_file(path) as file:
            return file.read(_HEAD).decode(errors="replace")
    except OSError:
        return ""


def _by_file_name(marks: Mapping[int, str]) -> dict[str, str]:
    return {PAGE.format(number): mark for number, mark in marks.items()}


def _mark(text: str) -> str:
    """Return the element that names the job of a file, and its run if it is the page of one."""
    return f'<meta name="ardoqpy-history" content="{escape(escape_controls(text))}">'


def _find_unknown_pages(folder: Path, marks: Mapping[int, str]) -> list[str]:
    names = (path.name for path in folder.iterdir())
    pages = [match for match in map(_PAGE_NAME.fullmatch, names) if match and int(match[1]) not in marks]
    return [match[0] for match in sorted(pages, key=lambda match: int(match[1]))]


# -- the index -----------------------------------------------------------------------------------------------


def _render(ledger: Ledger, rows: Sequence[HistoryRow], pages: Mapping[int, _Page], mark: str) -> str:
    style = read_asset("page.css") + read_asset("history.css")
    is_good = bool(rows) and rows[0]["status"] == "success"
    now = datetime.now(UTC).isoformat(timespec="seconds").removesuffix("+00:00")
    by = f"ardoqpy {__version__}"
    origins = [text for text in (ledger.facts.get("host"), ledger.facts.get("org")) if text]
    parts = {
        "policy": make_policy(style),
        "style": style,
        "by": by,
        "mark": mark,
        "title": escape_text(ledger.job, 300),
        "subtitle": escape_text(" · ".join([f"as of {format_time(now)}", *origins]), 300),
        "result": "good" if is_good else "bad",
        "sign": "✓" if is_good else "!",
        "headline": _headline(rows),
        "table": _table(rows, pages) if rows else "",
        "foot": f"Made by {by} at {now}Z. Nothing on this page was loaded from the network.",
    }
    template = re.split(r"\{\{(\w+)\}\}", read_asset("history.html"))
    return "".join(text if number % 2 == 0 else parts[text] for number, text in enumerate(template))


def _headline(rows: Sequence[HistoryRow]) -> str:
    if not rows:
        return "No run is recorded yet"
    ends = {"success": "succeeded", "failure": "failed", NOT_ENDED: "has not ended"}
    last = rows[0]
    return f"{plural(len(rows), 'run')}; the last one, run {last['run']}, {ends.get(last['status'], 'ended')}"


def _table(rows: Sequence[HistoryRow], pages: Mapping[int, _Page]) -> str:
    titles = ("run", "started", "by", "command", "status")
    head = "".join(f'<th scope="col">{title}</th>' for title in titles)
    head += "".join(f'<th scope="col" class="number">{title}</th>' for title in _NUMBERS)
    head += "".join(f'<th scope="col">{title}</th>' for title in ("plan", "approved by", "taken back by"))
    body = "".join(_row(row, pages[row["run"]]) for row in rows)
    return f'<table class="history"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def _row(row: HistoryRow, page: _Page) -> str:
    run, is_good = row["run"], row["status"] == "success"
    name = f'<a href="{page.name}">run {run}</a>' if page.name else f"run {run}"
    reason = f'<span class="why">{escape_text(page.reason, 400)}</span>' if page.reason else ""
    command = escape_text(row["command"])
    if row["undoes"] is not None:
        command = f'<a href="#run-{row["undoes"]}">{command}</a>'
    sign = f'<span aria-hidden="true">{"✓" if is_good else "!"}</span>'
    undone_by = ", ".join(f'<a href="#run-{number}">run {number}</a>' for number in row["undone_by"])
    numbers: dict[str, int | None] = {
        "created": row["created"],
        "updated": row["updated"],
        "deleted": row["deleted"],
        "failed": row["failed"],
    }
    cells = [
        _cell("started", escape_text(format_time(row["started"]))),
        _cell("by", escape_text(row["by"])),
        _cell("command", command),
        _cell("status", f"{sign} {escape_text(row['status'])}{reason}", "good" if is_good else "bad"),
        *(
            _cell(title, "" if number is None else f"{number:,}", "number" if number else "number zero")
            for title, number in numbers.items()
        ),
        _cell("plan", f"<code>{escape_text(row['plan'])}</code>" if row["plan"] else ""),
        _cell("approved by", escape_text(row["approved_by"] or "")),
        _cell("taken back by", undone_by),
    ]
    return f'<tr id="run-{run}"><th scope="row">{name}</th>{"".join(cells)}</tr>'


def _cell(title: str, content: str, name: str = "") -> str:
    """Return a cell; on a phone it has its title beside its content, or is left out if it is empty."""
    classes = " ".join(filter(None, (name, "" if content else "none")))
    attribute = f' class="{classes}"' if classes else ""
    return f'<td data-title="{title}"{attribute}><span>{content}</span></td>'
