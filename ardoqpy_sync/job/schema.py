"""Every table of a job file and every key in it. The parser and the page docs/job-file.md use this schema."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ardoqpy_sync.job.schema_types import (
    API_VERSION,
    BATCH,
    BOOLEAN,
    BOOLEAN_OR_NAMES,
    COUNT,
    FORMAT,
    MISSING,
    NAMES,
    POSITIVE,
    SELECTOR,
    SHARE,
    TABLE,
    TABLES,
    TEMPLATE,
    TEMPLATES,
    TEXT,
    WHERE,
    Key,
    Table,
    one_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "ALL_TABLES",
    "ARDOQ",
    "COMPONENTS",
    "GUARD",
    "JOB",
    "PARENT",
    "REFERENCES",
    "REFERENCE_END",
    "RUN",
]

JOB = Table(
    "",
    "The keys before the first table.",
    {
        "format": Key(FORMAT, "The version of the job format: 1.", required=True),
        "name": Key(TEXT, "The name of the job in reports. Default: the name of the file."),
        "ardoq": Key(TABLE, "The connection to Ardoq."),
        "run": Key(TABLE, "Settings of a run."),
        "guard": Key(TABLE, "Limits on deleting and setting what is missing."),
        "sources": Key(TABLE, "The sources of rows, each a table.", required=True),
        "components": Key(TABLES, "The rows that become components."),
        "references": Key(TABLES, "The rows that become references."),
    },
)

ARDOQ = Table(
    "[ardoq]",
    "The connection to Ardoq. The token is never in a job: set ARDOQ_API_TOKEN, or name a config file that "
    "contains it. Settings that are not here are read from ARDOQ_API_HOST and ARDOQ_ORG_LABEL, then from the "
    "config file.",
    {
        "host": Key(TEXT, "The URL, such as `https://yourorg.ardoq.com`."),
        "org": Key(TEXT, "The label of the organisation, if the host does not imply it."),
        "config": Key(TEXT, "A config file with host, token and org. The path starts from the job's folder."),
        "version": Key(API_VERSION, 'The API version. Default: `"v2"`.'),
        "batch": Key(BATCH, "Send writes in batches (transactions). Default: true on v2; v1 has no batches."),
        "rate_limit": Key(POSITIVE, "The highest number of requests per second."),
        "timeout": Key(POSITIVE, "The seconds to wait for a connection, and for data."),
        "allow_http": Key(BOOLEAN, "Allow a host without TLS that is not this machine."),
    },
)

RUN = Table(
    "[run]",
    "Settings of a run.",
    {
        "on_error": Key(
            one_of("collect", "raise"),
            '`"collect"` reports a row that fails and continues; `"raise"` stops. Default: `"collect"`.',
        ),
        "state_file": Key(
            TEXT,
            "A file in which `apply` stores the row counts of the last run, and attributes that are not "
            "converging. The next run blocks deleting if a source has become much smaller, and does not send "
            "these attributes again. The path starts from the job's folder.",
        ),
        "lock_file": Key(
            TEXT,
            "The file that prevents two runs at the same time. Default: the path of the job file with "
            "`.lock` added. The path starts from the job's folder.",
        ),
    },
)

GUARD = Table(
    "[guard]",
    "The delete guard: limits on deleting or setting what is no longer in the sources. If a limit is "
    "exceeded, nothing is deleted: see [deleting.md](deleting.md).",
    {
        "share": Key(SHARE, "The largest share of each type in each workspace. Default: 0.2."),
        "count": Key(COUNT, "The largest number in total. Default: no limit."),
        "take_along": Key(
            BOOLEAN,
            "Also delete what Ardoq deletes together with a component, even if this job does not delete it.",
        ),
        "despite_failures": Key(BOOLEAN, "Delete even if rows have failed."),
    },
)

_MAPPING = {
    "rows": Key(TEXT, "The name of the source, as in `[sources.NAME]`.", required=True),
    "type": Key(TEXT, "The name of the type in Ardoq.", required=True),
    "where": Key(WHERE, "Use only rows with these cells: for each column a value, or a list of values."),
    "description": Key(TEMPLATE, "The description."),
    "fields": Key(
        TEMPLATES, "Custom fields, by name or label in Ardoq. Cells are converted to the type of the field."
    ),
    "create_only": Key(NAMES, "Attributes that are written only when the item is created."),
    "fill_if_empty": Key(NAMES, "Attributes that are written only if they are empty in Ardoq."),
    "never_null": Key(
        BOOLEAN_OR_NAMES,
        "Attributes that a blank cell does not change. A blank cell empties all other attributes.",
    ),
    "missing": Key(
        MISSING,
        'What to do with items of this type that are in no row: `"report"`, `"delete"`, or, for components, '
        'set attributes: `{ set = { lifecycle = "Retired" } }`. The guard limits the last two. Default: '
        '`"report"`.',
    ),
}
_MAPPING_END = {name: key for name, key in _MAPPING.items() if name not in ("rows", "type")}

COMPONENTS = Table(
    "[[components]]",
    "Each row of the source is a component. Attributes that are not mapped are never changed.",
    {
        "rows": _MAPPING["rows"],
        "workspace": Key(TEXT, "The workspace, by name or ID.", required=True),
        "type": _MAPPING["type"],
        "name": Key(TEMPLATE, "The name.", required=True),
        "key": Key(
            TEXT,
            'How a row is matched with a component: by `"name"`, in any letter case, or by a custom field in '
            "`fields`, spelled as it is there. With a field, a new name renames the component. Default: "
            '`"name"`.',
        ),
        "parent": Key(SELECTOR, "The parent component, in the same workspace: see below."),
        **_MAPPING_END,
    },
)

REFERENCES = Table(
    "[[references]]",
    "Each row of the source is a reference, or several if a cell names several components. A row with a "
    "blank end is ignored.",
    {
        "rows": _MAPPING["rows"],
        "type": _MAPPING["type"],
        "workspace": Key(TEXT, "The workspace of both ends, unless they name their own."),
        "source": Key(SELECTOR, "The component at the start: see below.", required=True),
        "target": Key(SELECTOR, "The component at the end: see below.", required=True),
        "displayText": Key(TEMPLATE, "The text on the reference."),
        **_MAPPING_END,
    },
)

_SELECTOR = {
    "value": Key(TEMPLATE, 'The name or key of the component, such as `"{Host}"`.', required=True),
    "type": Key(TEXT, "The name of its type in Ardoq. Default: the type of the mapping."),
    "key": Key(TEXT, 'What `value` is compared with: `"name"`, or a custom field. Default: `"name"`.'),
}

PARENT = Table(
    "[components.parent]",
    "The parent of a component. A blank value puts the component at the top of the workspace. Rows can be in "
    "any order.",
    _SELECTOR,
)

REFERENCE_END = Table(
    "[references.source], [references.target]",
    "The component at an end of a reference.",
    {
        "value": _SELECTOR["value"],
        "type": replace(_SELECTOR["type"], description="The name of its type in Ardoq.", required=True),
        "key": _SELECTOR["key"],
        "workspace": Key(TEXT, "The workspace, by name or ID. Default: the workspace of the mapping."),
        "split": Key(
            TEXT, 'The text between several values in one cell, such as `","`: a reference for each.'
        ),
    },
)

#: In the order of the documentation; docs/sources.md describes the sources.
ALL_TABLES: Mapping[str, Table] = {
    "job": JOB,
    "ardoq": ARDOQ,
    "run": RUN,
    "guard": GUARD,
    "components": COMPONENTS,
    "parent": PARENT,
    "references": REFERENCES,
    "end": REFERENCE_END,
}
