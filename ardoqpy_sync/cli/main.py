"""The program `ardoqpy-sync`: its commands, with their options and examples.

The code of a command is in `ardoqpy_sync/cli/commands/`, and is imported when the command runs.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ardoqpy.cli.command import command, group, option
from ardoqpy.cli.options import completion_command, connection_options, positive_number
from ardoqpy.cli.program import Program
from ardoqpy_sync.cli.options import (
    JOB,
    JOB_CONNECTION,
    LINK,
    MAX_CHARS,
    NOTIFY,
    OUTPUTS,
    REDACT,
    REJECTED,
    REPORT,
    SINCE,
    TAKE_OVER,
    duration,
    report_folder,
)
from ardoqpy_sync.reporting.exit_codes import NAME

if TYPE_CHECKING:
    from collections.abc import Sequence

MODEL = option("model", metavar="MODEL", help="model file")
_ABOUT_MODELS = (
    "Experimental: uses API v1, and has never been tried on a real Ardoq. Adds what lacks; never removes, "
    "renames or retypes anything."
)

COMMANDS = (
    command(
        "plan",
        "preview what a run of a job would change; writes nothing",
        "ardoqpy_sync.cli.commands.plan:run",
        JOB,
        option("--long", action="store_true", help="show every change with the values of its attributes"),
        option("--save", metavar="FILE", help="save the plan as JSON, to apply it after a review"),
        SINCE,
        REJECTED,
        NOTIFY,
        JOB_CONNECTION,
        details="The exit code is 0 if nothing would change, 2 if something would, 3 if the delete guard "
        "blocks the run, and 1 if rows fail or anything else goes wrong.",
        examples={
            "plan job.toml": "a summary; the exit code is 2 if something would change",
            "job.toml": "the same",
            "plan job.toml --long --save plan.json": "in full, and saved to be applied as it is",
            "plan job.toml --report plan.html --report plan.md": "as a page, and for a merge request",
        },
    ),
    command(
        "apply",
        "run a job, or apply a saved plan",
        "ardoqpy_sync.cli.commands.apply:run",
        option("job", metavar="JOB|PLAN", help="job file, or saved plan"),
        option(
            "--job",
            metavar="JOB",
            dest="job_of_plan",
            help="for a plan: the job it was made from, for the connection to Ardoq",
        ),
        option(
            "--on-drift",
            choices=("skip", "refuse", "replan"),
            help="for a plan: what to do if Ardoq has drifted since the plan was made (default: skip)",
        ),
        group(
            "approval of a plan",
            None,
            option("--approved-by", metavar="NAME", help="for a plan: who approved it, for the report"),
            option(
                "--max-age",
                type=duration,
                metavar="TIME",
                help="for a plan: how old it may be, such as 90m, 8h or 7d (default: 24h)",
            ),
            option(
                "--allow-edited",
                action="store_true",
                help="for a plan: apply it although it was edited since it was made",
            ),
            option(
                "--again",
                action="store_true",
                help="for a plan: apply it although the ledger of its job says that it was applied before",
            ),
        ),
        REDACT,
        TAKE_OVER,
        REJECTED,
        NOTIFY,
        JOB_CONNECTION,
        details="Only one run of a job at a time: a second one fails. The exit code is 0 if everything is "
        "done, 3 if the delete guard blocks the run or a plan has drifted, and 1 if rows fail or "
        "anything else goes wrong.",
        examples={
            "apply job.toml": "for a nightly run",
            "apply job.toml --quiet-when-unchanged --report last.html": "from cron, which mails all output",
            "apply job.toml --rejected rejected.csv": "rows to correct go back to whoever keeps the sheet",
            "apply plan.json --job job.toml --on-drift refuse": "a reviewed plan: all of it or nothing",
            "apply plan.json --job job.toml --approved-by Ada": "the report names who approved it",
        },
    ),
    command(
        "undo",
        "take a run back: make a plan from the ledger of a job, or carry it out",
        "ardoqpy_sync.cli.commands.undo:run",
        JOB,
        option("number", metavar="RUN", help="number of the run, as 'history' lists it, or last"),
        option("--apply", action="store_true", help="carry the plan out at once"),
        REDACT,
        TAKE_OVER,
        option("--long", action="store_true", help="show every change with the values of its attributes"),
        option("--save", metavar="FILE", help="save the plan as JSON, to apply it after a review"),
        NOTIFY,
        JOB_CONNECTION,
        details="Takes back only what Ardoq still holds as the run left it; what others have changed since "
        "is kept and listed. Writes nothing without --apply. The exit code is 0 if all of it comes back or "
        "nothing is to be done, 2 if --apply would change something, 3 if the delete guard blocks --apply or "
        "something does not come back, and 1 if anything else goes wrong.",
        examples={
            "undo job.toml last": "what would be taken back",
            "undo job.toml 1 --save undo.json --report undo.html": "for a review; apply undo.json then",
            "undo job.toml last --apply": "carry it out",
        },
    ),
    command(
        "history",
        "list the runs of a job",
        "ardoqpy_sync.cli.commands.history:run",
        JOB,
        option("--json", action="store_true", help="write the list as JSON"),
        option(
            "--report",
            type=report_folder,
            metavar="DIR",
            help="write the list as a page, index.html, and a page of each run into this folder",
        ),
        details="Reads the ledger of the job; does not connect to Ardoq. With --report, earlier pages are "
        "replaced, those of runs whose report the ledger has no more are kept, and a file that is not of "
        "this job is never replaced. The exit code is 1 if anything goes wrong.",
        examples={
            "history job.toml": "the newest first: when, by whom, its status and totals",
            "history job.toml --report runs": "as pages: open runs/index.html",
        },
    ),
    command(
        "show",
        "show one run of a job again",
        "ardoqpy_sync.cli.commands.history:show",
        JOB,
        option("number", metavar="RUN", help="number of the run, as 'history' lists it, or last"),
        option("--json", action="store_true", help="write the run document as JSON"),
        REPORT,
        details="Reads the ledger of the job; does not connect to Ardoq.",
        examples={
            "show job.toml last": "a summary",
            "show job.toml last --report last.html": "its page",
        },
    ),
    command(
        "forget",
        "own a component or reference no more",
        "ardoqpy_sync.cli.commands.ledger:forget",
        JOB,
        option("--key", required=True, metavar="KEY", help="key or name in the source, or id in Ardoq"),
        option("--type", metavar="NAME", help="type, if several have the key"),
        details="Changes the ledger of the job only. What is not owned cannot be missing, until a row "
        "matches it again.",
        examples={"forget job.toml --key Orders": "before a component is handed over to somebody else"},
    ),
    command(
        "ledger export",
        "write the ledger of a job as lines of JSON",
        "ardoqpy_sync.cli.commands.ledger:export",
        JOB,
        option("--output", default="-", metavar="FILE", help="file to write (default: standard output)"),
        details="Writes runs, writes, and what the job owns with its values; not the reports.",
        examples={"ledger export job.toml --output ledger.ndjson": "to move it to another database"},
    ),
    command(
        "ledger import",
        "read an exported ledger into a new one",
        "ardoqpy_sync.cli.commands.ledger:load",
        JOB,
        option("file", metavar="FILE", help="file that 'ledger export' wrote"),
        details="The job must not have a ledger yet.",
        examples={"ledger import job.toml ledger.ndjson": "into the ledger that the job names"},
    ),
    command(
        "check",
        "list everything in a job that would fail",
        "ardoqpy_sync.cli.commands.check:run",
        JOB,
        option("--json", action="store_true", help="write the result as JSON, and nothing else"),
        REJECTED,
        OUTPUTS,
        JOB_CONNECTION,
        details="Ends with a preview of the whole run; writes nothing. The exit code is 0 if nothing would "
        "fail, 3 if only the delete guard would block the run, and 1 otherwise.",
        examples={
            "check job.toml": "the file, its sources, the connection, the names in Ardoq, every row",
            "check job.toml --json": "for a program",
        },
    ),
    command(
        "explain",
        "show step by step what a run would make of one row",
        "ardoqpy_sync.cli.commands.explain:run",
        JOB,
        option(
            "--row",
            required=True,
            metavar="N",
            help="number of the row in messages, such as the line of the file, or its whole name there",
        ),
        option("--source", metavar="NAME", help="source of the row, if several have one of this number"),
        option("--json", action="store_true", help="write the explanation as JSON, and nothing else"),
        JOB_CONNECTION,
        details="Previews the whole job, because rows depend on each other; writes nothing. The exit code is "
        "0 if the row changes nothing, 2 if it would change something, and 1 if it is rejected, does not "
        "exist, or anything else goes wrong.",
        examples={
            "explain job.toml --row 2": "cells, templates, matches and the outcome of line 2 of a CSV",
            "explain job.toml --row 'apps.csv line 2' --source apps": "by the name that messages have",
        },
    ),
    command(
        "test",
        "run the tests in a job file on an emulated Ardoq",
        "ardoqpy_sync.cli.commands.test:run",
        JOB,
        option("--verbose", action="store_true", help="log retries to standard error"),
        details="Reads neither Ardoq nor the sources: each of the [[tests]] has its own rows. The exit code "
        "is 0 if all tests pass, and 1 otherwise.",
        examples={"test job.toml": "lists each test, and how the run differs from what it expects"},
    ),
    command(
        "report",
        "convert a run document to a page or Markdown",
        "ardoqpy_sync.cli.commands.report:run",
        option("document", metavar="RUN.json", help="run document, as --report FILE.json saves it"),
        REPORT,
        option("--title", metavar="TEXT", help="title of the report"),
        MAX_CHARS,
        LINK,
        SINCE,
        details="Does not connect to Ardoq.",
        examples={
            "report last.json --report last.html": "as a page",
            "report last.json": "a summary, on the terminal",
            "report last.json --report comment.md --max-chars 65000": "for a comment on a pull request",
        },
    ),
    command(
        "diff",
        "compare two saved plans",
        "ardoqpy_sync.cli.commands.diff:run",
        option("old", metavar="OLD.json", help="saved plan, such as the one that was approved"),
        option("new", metavar="NEW.json", help="saved plan to compare with it"),
        details="Lists what the new plan has and the old one has not, and the other way round. Does not "
        "connect to Ardoq. The exit code is 0 if both make the same changes, 2 if not, and 1 if anything "
        "goes wrong.",
        examples={"diff approved.json plan.json": "what is new since the approved plan, and what is gone"},
    ),
    command(
        "init",
        "write a first job file for a workspace and the sheets of a file",
        "ardoqpy_sync.cli.commands.init:run",
        option(
            "--workspace",
            action="append",
            required=True,
            metavar="NAME|ID",
            help="workspace to write to; can be repeated: a sheet goes to the one with a type of its name",
        ),
        option(
            "--source",
            action="append",
            required=True,
            metavar="FILE",
            help="file with the rows; can be repeated",
        ),
        option(
            "--sheet",
            action="append",
            default=[],
            metavar="NAME",
            help="sheet of the workbook (default: all that are visible and have rows); can be repeated",
        ),
        option(
            "--header",
            type=positive_number,
            metavar="N",
            help="row or line with the column names (default: the first one that looks like them)",
        ),
        option("--encoding", metavar="NAME", help="encoding of a text file (default: UTF-8, else cp1252)"),
        option(
            "--model",
            action="store_true",
            help="write a model file instead: what a new workspace needs for the rows (experimental)",
        ),
        option(
            "--output",
            metavar="FILE",
            help="file to write (default: job.toml, or model.toml with --model); -: standard output",
        ),
        connection_options(api="v2"),
        details="Finds the sheets, the column names below a title, encoding and delimiter, and says what it "
        "found. Maps columns to name, key, parent, fields and references; lists the others in comments. "
        "Reads the types and fields of the workspace from Ardoq; writes nothing there.",
        examples={
            "init --workspace Apps --source apps.csv": "writes job.toml, for you to read and edit",
            "init --workspace Apps --source apps.csv --output -": "prints it instead",
            "init --workspace Apps --source apps.csv --header 1 --output apps.toml": "with the line of the "
            "column names",
            "init --model --workspace 'My apps' --source apps.csv": "writes model.toml, without Ardoq",
        },
    ),
    command(
        "model plan",
        "preview what a model file would add (experimental)",
        "ardoqpy_sync.cli.commands.model:plan",
        MODEL,
        connection_options(api=None),
        details=f"{_ABOUT_MODELS} The exit code is 0 if nothing would be added, 2 if something would, and 1 "
        "if Ardoq has something in another form or anything else goes wrong.",
        examples={
            "model plan model.toml": "workspaces, types, fields and options that lack, and what differs"
        },
    ),
    command(
        "model apply",
        "add the types and fields of a model file (experimental)",
        "ardoqpy_sync.cli.commands.model:apply",
        MODEL,
        connection_options(api=None),
        details=f"{_ABOUT_MODELS} The exit code is 0 if everything is there, and 1 if Ardoq has something in "
        "another form or anything else goes wrong.",
        examples={"model apply model.toml": "on an emulator first: API v1 has no published contract"},
    ),
    command(
        "mcp",
        "serve the jobs of a folder to an assistant, as an MCP server on standard input and output",
        "ardoqpy_sync.integrations.mcp_server:run",
        option("--jobs", required=True, metavar="DIR", help="folder of the job files, and of those below it"),
        option(
            "--allow-apply",
            action="store_true",
            help="let the assistant apply a plan that it made here and showed completely, once a person "
            "approved it",
        ),
        JOB_CONNECTION,
        details="Needs the extra mcp: pip install 'ardoqpy[mcp]'. The client of the assistant starts it. "
        "Writes nothing to Ardoq without --allow-apply.",
        examples={
            "mcp --jobs jobs": "an assistant checks, plans and explains the jobs",
            "mcp --jobs jobs --allow-apply": "it can also apply and undo, plan by plan",
        },
    ),
    command(
        "demo",
        "sync a small CMDB into an emulated Ardoq, with all that a job needs",
        "ardoqpy_sync.cli.commands.demo:run",
        option(
            "--folder",
            default="ardoqpy-demo",
            metavar="FOLDER",
            help="new folder for the files of the demo (default: %(default)s)",
        ),
        details="Checks, previews and runs a job, writes its report, and shows what to do next. Needs no "
        "account, and sends nothing to any other machine.",
        examples={
            "demo": "in the folder ardoqpy-demo",
            "demo --folder try-ardoq": "in another folder",
        },
    ),
    completion_command(NAME),
)


def _default_command(word: str) -> str | None:
    """Return `plan` for a first word that is a job file."""
    is_file = word.endswith(".toml") or os.path.isfile(word)  # noqa: PTH113  (pathlib is slow to load)
    return "plan" if is_file else None


PROGRAM = Program(
    NAME,
    "Sync rows to Ardoq as a job file describes: preview a run, review its plan, and run it every night. "
    f"To preview a job, '{NAME} JOB' is enough.",
    COMMANDS,
    {
        "ledger": "move the ledger of a job",
        "model": "add the types and fields that rows need (experimental)",
    },
    default_command=_default_command,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code.

    0: done, or nothing to do; 2: changes are pending (`plan`); 1: rows failed, or another error; 3: the
    delete guard blocked the run, and nothing else failed; 130: interrupted by Ctrl-C or SIGTERM; 141: the
    output was closed early.
    """
    return PROGRAM.main(arguments)
