"""Every table of a job file and every key in it, as data: what reads a job and what documents it is this."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ardoqpy_sync.job.schema_types import (
    END,
    FLAG,
    FLAG_OR_NAMES,
    FLAG_OR_WHOLE,
    FORMAT,
    MISSING,
    NAMES,
    RATE,
    SHARE,
    TABLE,
    TABLES,
    TEMPLATE,
    TEMPLATES,
    TEXT,
    VERSION,
    WHERE,
    WHOLE,
    Key,
    Table,
    one_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "ARDOQ",
    "COMPONENTS",
    "GUARD",
    "JOB",
    "PARENT",
    "REFERENCES",
    "REFERENCE_END",
    "RUN",
    "TABLES_OF_A_JOB",
]

JOB = Table(
    "",
    "At the top of the file, before the first table.",
    {
        "format": Key(FORMAT, "The version of this form: 1.", needed=True),
        "name": Key(TEXT, "What the job is called in reports; without it, the name of the file."),
        "ardoq": Key(TABLE, "Which Ardoq, and how it is asked."),
        "run": Key(TABLE, "How a run goes."),
        "guard": Key(TABLE, "How much may be deleted or set of what the sources no longer have."),
        "sources": Key(TABLE, "Where rows come from, each a table of its own.", needed=True),
        "components": Key(TABLES, "What rows become components, and how."),
        "references": Key(TABLES, "What rows become references, and how."),
    },
)

ARDOQ = Table(
    "[ardoq]",
    "Which Ardoq, and how it is asked. The token never stands in a job: set ARDOQ_API_TOKEN, or name a cfg "
    "file that holds it. What is not given comes from ARDOQ_API_HOST and ARDOQ_ORG_LABEL, then from the cfg "
    "file.",
    {
        "host": Key(TEXT, "Its address, such as `https://yourorg.ardoq.com`."),
        "org": Key(TEXT, "The organisation's label, where the host does not say it."),
        "config": Key(TEXT, "A cfg file with host, token and org, looked for beside the job file."),
        "version": Key(VERSION, 'The version of the API: `"v2"` unless said.'),
        "batch": Key(FLAG_OR_WHOLE, "Gather writes and send them in transactions; unless said, on v2 true."),
        "rate_limit": Key(RATE, "Never send more requests a second than this."),
        "timeout": Key(RATE, "Seconds to wait for a connection, and for bytes."),
        "allow_http": Key(FLAG, "Accept a host without TLS that is not this machine."),
    },
)

RUN = Table(
    "[run]",
    "How a run goes.",
    {
        "on_error": Key(
            one_of("collect", "raise"),
            '`"collect"` unless said: go on after a row that fails, and report it; `"raise"` stops there.',
        ),
        "memory": Key(
            TEXT,
            "A file, beside the job file, in which `apply` keeps what the last run came to. By it a suddenly "
            "small source is seen, and what Ardoq does not keep as it was sent is not sent every night.",
        ),
        "lock": Key(
            TEXT,
            "What keeps a job from running twice at once; unless said, the job's file with `.lock` added.",
        ),
    },
)

GUARD = Table(
    "[guard]",
    "How much may go, or be set, of what the sources no longer have. All of it is done, or nothing: "
    "[deleting.md](deleting.md) says more.",
    {
        "share": Key(SHARE, "How much of each type in each workspace; 0.2 unless said."),
        "count": Key(WHOLE, "How many in all; any number unless said."),
        "take_along": Key(
            FLAG, "Also what a deleted component takes along and this job does not delete by itself."
        ),
        "despite_failures": Key(FLAG, "Also after rows that failed."),
    },
)

_MAPPING = {
    "rows": Key(TEXT, "The source, by its name under `[sources]`.", needed=True),
    "type": Key(TEXT, "The name of the type in Ardoq.", needed=True),
    "where": Key(
        WHERE,
        "Only the rows whose cells are these: by column a value, or a list of them. Others are left out.",
    ),
    "description": Key(TEMPLATE, "The description."),
    "fields": Key(
        TEMPLATES,
        "Custom fields, by their names or labels in Ardoq. Cells are converted by the field's type there.",
    ),
    "create_only": Key(
        NAMES, "Attributes that are written when it is created, and left to people from then on."
    ),
    "fill_if_empty": Key(NAMES, "Attributes that are written only where Ardoq holds nothing."),
    "never_null": Key(
        FLAG_OR_NAMES,
        "Attributes that a blank cell leaves as they are; for all others a blank cell empties the attribute.",
    ),
    "missing": Key(
        MISSING,
        'What becomes of those of this type that no row named: `"report"` unless said, `"delete"`, or, for '
        'components, `{ set = { lifecycle = "Retired" } }`; the last two within the guard.',
    ),
}

COMPONENTS = Table(
    "[[components]]",
    "Each row of the source is a component. What is not mapped here is never touched.",
    {
        "rows": _MAPPING["rows"],
        "workspace": Key(TEXT, "The workspace, by name or id.", needed=True),
        "type": _MAPPING["type"],
        "name": Key(TEMPLATE, "The name.", needed=True),
        "key": Key(
            TEXT,
            'By what a row finds its component: `"name"` unless said, in any letter case; or a custom '
            "field that `fields` maps, spelled as there: then a new name renames the component.",
        ),
        "parent": Key(END, "The component above it, in the same workspace: see below."),
        **{name: key for name, key in _MAPPING.items() if name not in ("rows", "type")},
    },
)

REFERENCES = Table(
    "[[references]]",
    "Each row of the source is a reference, or several where an end names several. A row with a blank end "
    "is none.",
    {
        "rows": _MAPPING["rows"],
        "type": _MAPPING["type"],
        "workspace": Key(TEXT, "The workspace of both ends, where they do not say their own."),
        "source": Key(END, "Where it starts: see below.", needed=True),
        "target": Key(END, "Where it points: see below.", needed=True),
        "displayText": Key(TEMPLATE, "The text at the line."),
        **{name: key for name, key in _MAPPING.items() if name not in ("rows", "type")},
    },
)

_END = {
    "value": Key(TEMPLATE, 'What it is called in the row, such as `"{Host}"`.', needed=True),
    "type": Key(TEXT, "The name of its type in Ardoq."),
    "key": Key(TEXT, 'What `value` is found by: `"name"` unless said, or a custom field.'),
}

PARENT = Table(
    "[components.parent]",
    "Which component is above. Its type is that of the mapping unless said. A blank value means the top of "
    "the workspace. Rows may come in any order.",
    _END,
)

REFERENCE_END = Table(
    "[references.source], [references.target]",
    "Which component an end is.",
    {
        "value": _END["value"],
        "type": _END["type"]._replace(needed=True),
        "key": _END["key"],
        "workspace": Key(TEXT, "The workspace, by name or id, where it is not that of the mapping."),
        "split": Key(TEXT, 'The text between several in one cell, such as `","`: one reference for each.'),
    },
)

#: In the order in which they are documented; sources are in sources.md.
TABLES_OF_A_JOB: Mapping[str, Table] = {
    "job": JOB,
    "ardoq": ARDOQ,
    "run": RUN,
    "guard": GUARD,
    "components": COMPONENTS,
    "parent": PARENT,
    "references": REFERENCES,
    "end": REFERENCE_END,
}
