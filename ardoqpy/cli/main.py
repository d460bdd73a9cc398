"""The program `ardoqpy`: its commands, with their options and examples.

The code of a command is in `ardoqpy/cli/commands/`, and is imported when the command runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ardoqpy.cli.command import Command, Read, command, one_of, option
from ardoqpy.cli.options import (
    FIELD,
    OUTPUT,
    OUTPUT_FILE,
    WORKSPACE,
    completion_command,
    connection_options,
    name_value_option,
    output_file,
)
from ardoqpy.cli.program import Program

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

    from ardoqpy.cli.command import Option
    from ardoqpy.client import ArdoqClient

CONNECTION = connection_options()
#: API versions to ask, in this order: v2 is the documented one, and v1 has what v2 lacks.
V2_FIRST, V1_FIRST = ("v2", "v1"), ("v1", "v2")

_COMMON = option("--common", action="store_true", help="include those that Ardoq provides")
_NAME = option("--name", help="only with exactly this name")
_REPORT = option("report", metavar="REPORT", help="name or id of the report")
_ONE_WORKSPACE = option("workspace", metavar="WORKSPACE", help="name or id of the workspace")
_OWNER = one_of(
    option("--workspace", metavar="NAME|ID", help="attached to this workspace"),
    option("--organisation", metavar="ID", help="attached to the organisation with this id"),
)


def _read(
    name: str,
    summary: str,
    rows: str | Callable[[ArdoqClient, argparse.Namespace], Any],
    *options: Option,
    columns: tuple[str, ...] = (),
    versions: tuple[str, ...] = V2_FIRST,
    examples: dict[str, str],
    details: str = "",
) -> Command:
    """Return a read command; `rows`, `columns` and `versions` are those of `Read`."""
    options = (*options, OUTPUT, CONNECTION)
    read = Read(rows, columns, versions)
    return Command(name, summary, "ardoqpy.cli.read:run", options, examples, details, read)


COMMANDS = (
    _read(
        "workspaces",
        "list workspaces",
        "ardoqpy.cli.commands.workspaces:workspaces",
        one_of(
            _NAME,
            option("--search", metavar="TEXT", help="only with a name that starts with this text"),
            option("--model", metavar="ID", help="only with this model"),
            option("--summary", action="store_true", help="short form of API v1, with counts"),
        ),
        columns=("name", "key=workspaceKey|workspace-key", "description", "_id"),
        examples={
            "workspaces": "all workspaces that the token has access to",
            "workspaces --search Ap --format json": "with a name that starts with 'Ap'",
            "workspaces --summary": "with the number of components and references",
        },
    ),
    _read(
        "folders",
        "list the folders of workspaces (v1)",
        lambda client, _options: client.get_folder(),
        columns=("name", "description", "workspaces", "_id"),
        versions=V1_FIRST,
        examples={"folders": "all folders"},
    ),
    _read(
        "branches",
        "list the branches of a workspace (v1)",
        "ardoqpy.cli.commands.workspaces:branches",
        _ONE_WORKSPACE,
        columns=("name=branch-name", "!workspace=workspace-id", "created", "_id"),
        versions=V1_FIRST,
        examples={"branches Apps": "by the name of the workspace"},
    ),
    _read(
        "context",
        "show the types, fields and tags of a workspace",
        "ardoqpy.cli.commands.workspaces:context",
        _ONE_WORKSPACE,
        examples={
            "context Apps": "one line for each type, field and tag",
            "context Apps --format json": "as API v2 returns it; the same on API v1",
        },
    ),
    _read(
        "components",
        "list components that match every filter",
        "ardoqpy.cli.commands.components:components",
        WORKSPACE,
        option("--type", metavar="NAME|ID", help="only components of this type"),
        _NAME,
        option("--parent", metavar="ID", help="only children of this component"),
        option("--key", metavar="KEY", help="only with this key, such as APP-1"),
        FIELD,
        details="API v2 filters in Ardoq; with --api v1 the whole workspace is read and filtered here.",
        examples={
            "components --workspace Apps": "all components of a workspace",
            "components --workspace Apps --type Application --field lifecycle=Active": "with two filters",
            "components --workspace Apps --format csv --output apps.csv": "as a spreadsheet",
            "components --format ndjson": "all components of the organisation, one line each",
        },
    ),
    _read(
        "search",
        "search components in Ardoq by part of a name, or by fields",
        "ardoqpy.cli.commands.components:search",
        option("text", nargs="?", metavar="TEXT", help="part of the name; needs --workspace"),
        WORKSPACE,
        name_value_option("--field", "instead of TEXT: value of a custom field or built-in attribute"),
        columns=("name", "type", "key=componentKey|component-key", "_id"),
        versions=V1_FIRST,
        details="The search of API v1 is not exact; --api v2 finds whole names only.",
        examples={
            "search shop --workspace Apps": "components with 'shop' in their name",
            "search --field lifecycle=Active": "in all workspaces",
        },
    ),
    _read(
        "references",
        "list references that match every filter",
        "ardoqpy.cli.commands.references:references",
        option("--workspace", metavar="NAME|ID", help="only references that start in this workspace"),
        option("--incoming", action="store_true", help="include references that end in --workspace"),
        option("--target-workspace", metavar="NAME|ID", help="only references that end in this workspace"),
        option("--source", metavar="ID", help="only references that start at this component"),
        option("--target", metavar="ID", help="only references that end at this component"),
        option("--type", metavar="NAME|NUMBER", help="only of this type; a name needs --workspace"),
        option("--text", metavar="TEXT", help="only with exactly this display text"),
        FIELD,
        details="API v2 filters in Ardoq; with --api v1 the whole workspace is read and filtered here.",
        examples={
            "references --workspace Apps": "references that start in a workspace",
            "references --workspace Apps --incoming --format json": "references that start or end in it",
            "references --workspace Apps --type 'depends on' --format csv": "references of one type",
            "references --source 5f00aa00bb00cc00dd00ee10": "references that start at one component",
        },
    ),
    _read(
        "models",
        "list models and templates (v1)",
        lambda client, options: client.get_models(include_common=options.common),
        _COMMON,
        columns=("name", "template=useAsTemplate", "category", "_id"),
        versions=V1_FIRST,
        details="To show one model in full, use: ardoqpy get ID.",
        examples={
            "models": "of the organisation",
            "models --common --format json": "include those that Ardoq provides",
        },
    ),
    _read(
        "fields",
        "list the definitions of custom fields",
        "ardoqpy.cli.commands.workspaces:fields",
        WORKSPACE,
        _COMMON,
        examples={
            "fields": "all fields of the organisation, as v1 returns them",
            "fields --workspace Apps": "of one workspace, as v2 returns them",
        },
    ),
    _read(
        "tags",
        "list tags (v1)",
        "ardoqpy.cli.commands.workspaces:tags",
        WORKSPACE,
        columns=("name", "!workspace=rootWorkspace", "components", "_id"),
        versions=V1_FIRST,
        details="API v2 only returns their names: ardoqpy context WORKSPACE --api v2.",
        examples={"tags --workspace Apps": "of one workspace", "tags --format csv": "all tags"},
    ),
    _read(
        "attachments",
        "list attached files",
        "ardoqpy.cli.commands.attachments:attachments",
        _OWNER,
        option("--filename", metavar="NAME", help="only with exactly this name"),
        option("--folder", metavar="ID", help="only in this folder (v2)"),
        columns=("filename", "size", "content-type", "of=resource.resource-id|uri", "_id"),
        examples={
            "attachments --workspace Apps": "of one workspace",
            "attachments --filename plan.txt --format json": "with this name, attached to anything",
        },
    ),
    command(
        "download",
        "download an attached file (v1)",
        "ardoqpy.cli.commands.attachments:download",
        option("filename", metavar="FILENAME", help="name or id of the file"),
        _OWNER,
        output_file("write to this file (default: the file's own name, in this folder)"),
        CONNECTION,
        examples={
            "download plan.txt --workspace Apps": "to the file plan.txt, unless it already exists",
            "download plan.txt --workspace Apps --output -": "to standard output",
        },
    ),
    _read(
        "report list",
        "list saved reports (v2)",
        lambda client, options: client.iter_reports(options.name),
        _NAME,
        columns=("name", "datasource", "description", "_id"),
        examples={
            "report list": "all reports",
            "report list --name 'All applications' --format json": "by name",
        },
    ),
    _read(
        "report show",
        "show the definition of a report (v2)",
        "ardoqpy.cli.commands.reports:show",
        _REPORT,
        examples={"report show 'All applications'": "its columns, and where it searches"},
    ),
    _read(
        "report run",
        "run a report and show its rows",
        "ardoqpy.cli.commands.reports:run",
        _REPORT,
        option(
            "--keys",
            choices=("label", "key"),
            default="label",
            help="name columns by label (default) or by key",
        ),
        examples={
            "report run 'All applications'": "as a table",
            "report run 'All applications' --keys key --format ndjson": "one line for each row",
            "report run 5f00aa00bb00cc00dd00ee40 --api v1 --format csv": "as v1 returns it, by id",
        },
    ),
    command(
        "get",
        "show one component, reference, workspace, ... by its id",
        "ardoqpy.cli.commands.get:run",
        option("id", metavar="ID", help="id of the component, reference, workspace, ..."),
        option(
            "--kind",
            choices=(
                *("component", "reference", "workspace", "report", "attachment"),
                *("folder", "model", "field", "tag"),
            ),
            help="kind of ID (default: try each kind)",
        ),
        option(
            "--references",
            action="store_true",
            help="for a component: include the references that start or end at it",
        ),
        OUTPUT,
        CONNECTION,
        examples={
            "get 5f00aa00bb00cc00dd00ee10": "tries each kind in turn, with one request each",
            "get 5f00aa00bb00cc00dd00ee10 --kind component --references --format json": "one request only",
        },
    ),
    _read(
        "me",
        "show the user and the organisation of the token",
        lambda client, _options: client.me(),
        examples={"me": "your user and your organisation"},
    ),
    _read(
        "host",
        "show the address of an organisation (v1)",
        lambda client, options: {"org": options.label, "address": client.switch_org(options.label)},
        option("label", metavar="LABEL", help="label of an organisation that you belong to"),
        versions=V1_FIRST,
        examples={"host yourorg": "by its label"},
    ),
    _read(
        "request",
        "read any path of the API",
        "ardoqpy.cli.commands.request:request",
        option("path", metavar="PATH", help="path below /api/v2/ (/api/ with --api v1), such as components"),
        name_value_option("--query", "query parameter; can be repeated"),
        option("--all", action="store_true", help="read all pages of a listing"),
        examples={
            "request me --format json": "GET /api/v2/me",
            "request components --query typeId=p1 --all --format ndjson": "all pages of a listing",
        },
    ),
    _read(
        "expand",
        "show a batch with its aliases replaced by ids; writes nothing (v2)",
        "ardoqpy.cli.commands.request:expand",
        option("file", metavar="FILE", help="the batch as JSON; -: standard input"),
        examples={"expand batch.json --format json": "from a file"},
    ),
    command(
        "export",
        "export whole workspaces as one JSON file, a seed for the emulator",
        "ardoqpy.cli.commands.export:run",
        option("workspaces", nargs="+", metavar="WORKSPACE", help="names or ids of workspaces"),
        OUTPUT_FILE,
        CONNECTION,
        details="Includes components, references, tags, folders, and the model with its types and fields. "
        "Does not include files, branches, and who created or changed something.",
        examples={
            "export Apps --output apps.json": "then: ardoqpy emulator --seed apps.json",
            "export Apps Servers --api v2": "two workspaces, with the references between them",
        },
    ),
    command(
        "doctor",
        "check settings, token and connection, and print what to fix",
        "ardoqpy.cli.commands.doctor:run",
        option("--format", choices=("text", "json"), default="text", help="output format"),
        connection_options(api=None),
        details="Requests your user from Ardoq a few times, and reads nothing else.",
        examples={
            "doctor": "step by step; the exit code is 1 if something is wrong",
            "doctor --config ardoq.cfg --timeout 5 --format json": "with other settings, for a program",
        },
    ),
    command(
        "emulator",
        "run an emulated Ardoq on this machine, for trials and tests",
        "ardoqpy.cli.commands.emulator:run",
        option("--port", type=int, default=0, help="port to listen on (default: any free port)"),
        option("--token", default="emulator-token", help="token to accept (default: %(default)s)"),
        option(
            "--user",
            action="append",
            default=[],
            metavar="KEY=VALUE,...",
            help="accept the token of one more person or service account: "
            "name, token, email, _id, serviceAccount; can be repeated",
        ),
        option("--org", help="label of the organisation (default: accept any)"),
        option("--db", metavar="FILE", help="keep all data in this file"),
        option("--seed", metavar="FILE", help="start with the data of this JSON file"),
        option("--dump", metavar="FILE", help="write all data to this JSON file at the end"),
        option(
            "--page-size",
            type=int,
            default=500,
            metavar="N",
            help="entities per page on API v2 (default: %(default)s); v1 has no pages",
        ),
        option(
            "--paging",
            choices=("cursor", "offset"),
            default="cursor",
            help="whether a page begins after an entity or at a number (default: %(default)s)",
        ),
        option("--rate-limit", type=float, metavar="N", help="requests per second; it answers more with 429"),
        option("--latency-ms", type=float, default=0, metavar="N", help="delay before each answer"),
        option(
            "--fault",
            action="append",
            default=[],
            metavar="KEY=VALUE,...",
            help="make the next requests fail: "
            "kind=status|reset|drop-before|drop-after|cut-off|html|wait|wait-after, times, status, "
            "retry_after, seconds, method, path; can be repeated",
        ),
        details="Prints its address on the first line; Ctrl-C stops it.",
        examples={
            "emulator": "an empty Ardoq on a free port",
            "emulator --port 8080 --db ardoq.db": "keep the data in a file",
            "emulator --seed seed.json --dump after.json": "start from a dump, write another",
            "emulator --fault kind=status,status=503,times=3,method=POST": "the next three POSTs fail",
            "emulator --user 'name=Anna Berg,token=anna' --user name=Job,token=job,serviceAccount=true": (
                "what the two write is by Anna Berg and by Job"
            ),
        },
    ),
    completion_command("ardoqpy"),
)

PROGRAM = Program(
    "ardoqpy",
    "Read data from Ardoq, check the connection, and run an emulated Ardoq.",
    COMMANDS,
    {"report": "list, show and run saved reports"},
    token_command="emulator",
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code.

    0: done; 1: failed, or a mistake in the command line, with one sentence on standard error; 130:
    interrupted; 141: the output was closed early.
    """
    return PROGRAM.main(arguments)
