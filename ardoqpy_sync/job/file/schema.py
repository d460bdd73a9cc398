"""Every table of a job file and every key in it. The parser and the page docs/job-file.md use this schema."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ardoqpy._messages import suggest
from ardoqpy_sync.job.file.row_types import check_row_type
from ardoqpy_sync.job.file.template import Template
from ardoqpy_sync.job.file.where import check_where

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

#: The units of a time, in seconds, and the shortest one.
_UNITS, _SHORTEST_DURATION = {"s": 1, "m": 60, "h": 3600, "d": 86400}, 60
#: The version of the job format that this library reads.
JOB_FORMAT = 1


# -- types of values ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ValueType:
    """The type of a value.

    - `description`: for users, such as "text".
    - `check`: returns None for a valid value, otherwise the remedy; "" for the remedy "use" and the
      description.
    """

    description: str
    check: Callable[[Any], str | None]


@dataclass(frozen=True, slots=True)
class Key:
    """A key of a table: the type of its value, its description, and whether the table must have it."""

    type: ValueType
    description: str
    required: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table of a job file: its header as written in TOML, its description, and its keys."""

    header: str
    description: str
    keys: Mapping[str, Key]


def _one_of(*words: str) -> ValueType:
    """Return the type of a value that is one of these words."""

    def check(value: Any) -> str | None:
        if isinstance(value, str) and value in words:
            return None
        return suggest(value, words) if isinstance(value, str) else ""

    return ValueType(" or ".join(f'"{word}"' for word in words), check)


def _passes(test: Callable[[Any], bool]) -> Callable[[Any], str | None]:
    return lambda value: None if test(value) else ""


def _is_number(value: Any, types: type | tuple[type, ...] = int) -> bool:
    return isinstance(value, types) and not isinstance(value, bool)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_text_list(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


def _is_table(value: Any) -> bool:
    return isinstance(value, dict)


def _is_rows(value: Any) -> bool:
    return isinstance(value, dict) and all(
        isinstance(rows, list) and all(map(_is_table, rows)) for rows in value.values()
    )


def _is_scalar(value: Any) -> bool:
    return isinstance(value, str | int | float | bool)


def _check_format(value: Any) -> str | None:
    if value == JOB_FORMAT and _is_number(value):
        return None
    return f"this version of ardoqpy reads format {JOB_FORMAT}." if _is_number(value) else ""


def _check_template(value: Any) -> str | None:
    if isinstance(value, dict):
        return ""
    try:
        Template(value)
    except ValueError as error:
        return f"{error}."
    return None


def _check_missing(value: Any) -> str | None:
    if isinstance(value, str):
        return None if value in ("report", "delete") else suggest(value, ("report", "delete"))
    if not isinstance(value, dict) or value.keys() != {"set"}:
        return ""
    values = value["set"]
    if not isinstance(values, dict) or not values:
        return ""
    if all(_is_constant(item) for item in values.values()):
        return None
    return "the values to set are constants, without columns."


def _is_constant(value: Any) -> bool:
    try:
        return not isinstance(value, dict) and Template(value).is_constant
    except ValueError:
        return False


def _check_ledger(value: Any) -> str | None:
    if isinstance(value, dict):
        return None if value.keys() == {"url_env"} and _is_text(value["url_env"]) else ""
    return None if value is False or _is_text(value) else ""


def _check_decision(*words: str) -> Callable[[Any], str | None]:
    """Return the check of a word, or of a table of attributes with such words."""
    check_word = _one_of(*words).check

    def check(value: Any) -> str | None:
        if isinstance(value, dict) and value:
            return next(filter(None, map(check_word, value.values())), None)
        return check_word(value)

    return check


def _is_duration(value: Any) -> bool:
    return isinstance(value, str) and (parse_duration(value) or 0) >= _SHORTEST_DURATION


def parse_duration(text: str) -> float | None:
    """Return the seconds of a time such as "90m"; None if it is not one."""
    match = re.fullmatch(r"([0-9]{1,6}) ?([smhd])", text.strip())
    return None if match is None else float(match[1]) * _UNITS[match[2]]


TEXT = ValueType("text", _passes(_is_text))
BOOLEAN = ValueType("true or false", _passes(lambda value: isinstance(value, bool)))
COUNT = ValueType("a whole number from 0 on", _passes(lambda value: _is_number(value) and value >= 0))
DURATION = ValueType('a time of a minute or more, such as "1h" or "90m"', _passes(_is_duration))
POSITIVE = ValueType("a number above 0", _passes(lambda value: _is_number(value, (int, float)) and value > 0))
SHARE = ValueType(
    "a number from 0 to 1, such as 0.2",
    _passes(lambda value: _is_number(value, (int, float)) and 0 <= value <= 1),
)
BATCH = ValueType(
    "true, false, or the size of a batch",
    _passes(lambda value: isinstance(value, bool) or (_is_number(value) and value > 0)),
)
TYPE = ValueType('a name, or a column such as "{Type}"', check_row_type)
TYPES = ValueType(
    'a name, a list such as ["Server", "Cluster"], or a column such as "{Type}"',
    lambda value: check_row_type(value) if not _is_text_list(value) else None if value else "",
)
#: Why the name cannot be among the fields that a ledger does not keep.
NAMES_ARE_KEPT = (
    "name cannot be kept out of the ledger: its history and its reports name components. Name fields only."
)
NAMES = ValueType('a list of names, such as ["owner", "cost"]', _passes(_is_text_list))
BOOLEAN_OR_NAMES = ValueType(
    'true for all, or a list of names, such as ["owner"]',
    _passes(lambda value: isinstance(value, bool) or _is_text_list(value)),
)
TEMPLATE = ValueType('a column such as "{Name}", text with columns, or a constant', _check_template)
CONSTANTS = ValueType(
    'a table of constants, such as { region = "north" }',
    _passes(lambda value: isinstance(value, dict) and bool(value) and all(map(_is_scalar, value.values()))),
)
#: The parser checks each of its values.
TEMPLATES = ValueType('a table such as { cost = "{Cost}" }', _passes(_is_table))
WHERE = ValueType('a table such as { Status = ["live", "planned"] }', check_where)
MISSING = ValueType('"report", "delete", or { set = { lifecycle = "Retired" } }', _check_missing)
FORMAT = ValueType(str(JOB_FORMAT), _check_format)
LEDGER = ValueType('a path, { url_env = "LEDGER_URL" }, or false', _check_ledger)
ON_CONFLICT = ValueType(
    '"source", "ardoq" or "report", or a table such as { owner = "ardoq" }',
    _check_decision("source", "ardoq", "report"),
)
ON_EDIT = ValueType(
    '"ardoq" or "source", or a table such as { cost = "source" }', _check_decision("ardoq", "source")
)
RUNS = ValueType("a whole number from 1 on", _passes(lambda value: _is_number(value) and value >= 1))
API_VERSION = _one_of("v1", "v2")
TABLE = ValueType("a table", _passes(_is_table))
TABLES = ValueType("a list of tables", _passes(lambda value: isinstance(value, list)))
ROWS = ValueType('a table such as { apps = [{ Name = "Web shop" }] }', _passes(_is_rows))
VALUES = ValueType('a table of values, such as { Lifecycle = "Live" }', _passes(_is_table))
SELECTOR = ValueType('a table such as { type = "Server", value = "{Host}" }', _passes(_is_table))

# -- tables ------------------------------------------------------------------------------------------------

JOB = Table(
    "",
    "The keys before the first table.",
    {
        "format": Key(FORMAT, "The version of the job format: 1.", required=True),
        "name": Key(TEXT, "The name of the job in reports and in its ledger. Default: the name of the file."),
        "ardoq": Key(TABLE, "The connection to Ardoq."),
        "run": Key(TABLE, "Settings of a run."),
        "guard": Key(TABLE, "Limits on deleting and setting what is missing."),
        "sources": Key(TABLE, "The sources of rows, each a table.", required=True),
        "fields": Key(TABLE, "Tables of fields that mappings share, such as `[fields.common]`: see `use`."),
        "components": Key(TABLES, "The rows that become components."),
        "references": Key(TABLES, "The rows that become references."),
        "tests": Key(TABLES, "Tests of the job."),
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
            _one_of("collect", "raise"),
            '`"collect"` reports a row that fails and continues; `"raise"` stops. Default: `"collect"`.',
        ),
        "ledger": Key(
            LEDGER,
            "Where `apply` records each write before it is sent, what the job owns, and every run: see "
            '[the ledger](ledger.md). A file, or a PostgreSQL database: `{ url_env = "LEDGER_URL" }`. With '
            "false, the job has no ledger. Default: the path of the job file with `.ledger.db` for `.toml`. "
            "The path starts from the job's folder.",
        ),
        "keep_runs": Key(
            RUNS,
            "For how many runs the ledger keeps what `undo` and `show` need. What the job owns is kept. "
            "Default: 100.",
        ),
        "redact": Key(
            NAMES,
            "Fields of the job's workspaces, by their API names, whose values the ledger does not keep: "
            "`undo` cannot restore them, and edits of them are not recognised.",
        ),
        "lock_file": Key(
            TEXT,
            "The file that prevents two runs at the same time. Default: the path of the job file with "
            "`.lock` added. The path starts from the job's folder.",
        ),
        "lock_stale_after": Key(
            DURATION,
            "The time after which a run takes over the lock that another host has not renewed, such as "
            '`"1h"`. A run renews its lock every 30 seconds. Default: never.',
        ),
    },
)

GUARD = Table(
    "[guard]",
    "The delete guard: limits on deleting or setting what is no longer in the sources. If a limit is "
    "exceeded, nothing is deleted: see [deleting what is missing](deleting.md).",
    {
        "share": Key(
            SHARE, "The largest share of what the job owns of each type in each workspace. Default: 0.2."
        ),
        "count": Key(
            COUNT, "The largest number to delete or mark. Default: 100 of each type in each workspace."
        ),
        "take_along": Key(
            BOOLEAN,
            "Also delete what Ardoq deletes together with a component, even if this job does not delete it.",
        ),
        "despite_failures": Key(BOOLEAN, "Delete even if rows have failed."),
        "missing_scope": Key(
            _one_of("ours", "type"),
            'What can be missing: `"ours"`, only what this job has created or matched before, or `"type"`, '
            'everything of a type. Default: `"ours"` with a ledger, `"type"` without.',
        ),
        "missing_after": Key(
            RUNS,
            "In how many successful runs in a row something has to be missing before it is deleted or "
            "marked. Needs a ledger. Default: 1.",
        ),
    },
)

_MAPPING = {
    "rows": Key(TEXT, "The name of the source, as in `[sources.NAME]`.", required=True),
    "type": Key(
        TYPE,
        "The name of the type in Ardoq, or a column with it: see [types](#types-of-rows).",
        required=True,
    ),
    "where": Key(
        WHERE,
        "Use only rows with these cells: for each column a value, a list of values, or a condition: see "
        "[where](#where).",
    ),
    "description": Key(TEMPLATE, "The description."),
    "fields": Key(
        TEMPLATES, "Custom fields, by name or label in Ardoq. Cells are converted to the type of the field."
    ),
    "use": Key(
        NAMES,
        'Tables of fields to add, such as `["common"]` for `[fields.common]`. Fields of the mapping itself '
        "come first, then those of earlier tables.",
    ),
    "create_only": Key(NAMES, "Attributes that are written only when the item is created."),
    "fill_if_empty": Key(NAMES, "Attributes that are written only if they are empty in Ardoq."),
    "never_null": Key(
        BOOLEAN_OR_NAMES,
        "Attributes that a blank cell does not change. A blank cell empties all other attributes.",
    ),
    "on_conflict": Key(
        ON_CONFLICT,
        "Which value counts if both the source and somebody in Ardoq have changed an attribute since this "
        'job last wrote it: that of the `"source"`, that in `"ardoq"`, or `"report"`: keep that in Ardoq '
        "until somebody decides, and end with exit code 3. One word, or one for each attribute. All are "
        "listed. "
        'Default: `"source"`.',
    ),
    "on_edit": Key(
        ON_EDIT,
        'Which value counts if only somebody in Ardoq has changed it: `"ardoq"`, or `"source"` to write the '
        'value of the source again. All are listed. Default: `"ardoq"`.',
    ),
    "missing": Key(
        MISSING,
        'What to do with items of this type that are in no row: `"report"`, `"delete"`, or, for components, '
        'set attributes: `{ set = { lifecycle = "Retired" } }`. The guard limits the last two. Default: '
        '`"report"`.',
    ),
}
_CREATE = Key(
    BOOLEAN,
    "Whether to create what does not exist. With false, rows without an item in Ardoq are skipped and "
    "listed. Default: true.",
)
_MAPPING_END = {name: key for name, key in _MAPPING.items() if name not in ("rows", "type")}

COMPONENTS = Table(
    "[[components]]",
    "Each row of the source is a component. Attributes that are not mapped are never changed.",
    {
        "rows": _MAPPING["rows"],
        "workspace": Key(TEXT, "The workspace, by name or ID.", required=True),
        "type": _MAPPING["type"],
        "name": Key(
            TEMPLATE,
            "The name. Required, unless `create` is false and `key` is a custom field; the name is never "
            "changed then.",
        ),
        "key": Key(
            TEXT,
            'How a row is matched with a component: by `"name"`, in any letter case, or by a custom field in '
            "`fields`, spelled as it is there. With a field, a new name renames the component. Default: "
            '`"name"`.',
        ),
        "adopt": Key(
            BOOLEAN,
            "If no component has the key of a row, and exactly one of the type has its name and no key, give "
            "the key to that one. With false, create a new component. Default: true.",
        ),
        "type_change": Key(
            _one_of("reject", "update"),
            "What to do if a component of another mapped type, which no row describes, has the key of a row: "
            '`"reject"` the row and keep the component, or `"update"` its type. Default: `"reject"`.',
        ),
        "parent": Key(SELECTOR, "The parent component, in the same workspace: see below."),
        "within": Key(
            SELECTOR,
            "The parent, in place of `parent`, if rows are matched by a name that is unique below it only: "
            "see below.",
        ),
        **_MAPPING_END,
        "create": _CREATE,
        "owned": Key(
            CONSTANTS,
            'The values of custom fields that mark what this mapping owns, such as `{ region = "north" }`. '
            "Only components with these values can be missing. Default: all components of the type.",
        ),
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
        "key": Key(
            TEXT,
            "What tells several references of the type between the same two components apart: "
            '`"displayText"`, or a custom field in `fields`. Default: there is at most one.',
        ),
        **_MAPPING_END,
        "create": _CREATE,
    },
)

_SELECTOR = {
    "value": Key(TEMPLATE, 'The name or key of the component, such as `"{Host}"`.', required=True),
    "type": Key(TYPES, "The name of its type, a list, or a column. Default: the type of the mapping."),
    "key": Key(TEXT, 'What `value` is compared with: `"name"`, or a custom field. Default: `"name"`.'),
    "path": Key(
        TEXT,
        'The text between names in `value`, such as `"/"`, if it has the names of ancestors before its own.',
    ),
    "within": Key(
        SELECTOR,
        "The parent of the component, if several have the name: a table with `value`, `type`, `key`, `path`.",
    ),
}

WITHIN = Table(
    "within",
    "The component directly above another.",
    {
        **_SELECTOR,
        "type": replace(
            _SELECTOR["type"], description="The name of its type, a list, or a column. Default: any type."
        ),
    },
)

PARENT = Table(
    "[components.parent]",
    "The parent of a component. A blank value puts the component at the top of the workspace. Rows can be in "
    "any order.",
    _SELECTOR,
)

ROW_WITHIN = Table(
    "[components.within]",
    "The parent that distinguishes components of the same name: a row means the component of its name "
    "directly below this one, or creates it there. A blank value means the top of the workspace. See "
    "[which component a row means](matching.md#names-that-are-unique-below-a-parent-only).",
    {
        **_SELECTOR,
        "type": Key(TYPES, "The name of its type, a list, or a column with it.", required=True),
    },
)

REFERENCE_END = Table(
    "[references.source], [references.target]",
    "The component at an end of a reference.",
    {
        "value": _SELECTOR["value"],
        "type": replace(
            _SELECTOR["type"],
            description="The name of its type in Ardoq, a list, or a column with it. Default: any type.",
        ),
        "key": _SELECTOR["key"],
        "workspace": Key(TEXT, "The workspace, by name or ID. Default: the workspace of the mapping."),
        "split": Key(
            TEXT, 'The text between several values in one cell, such as `","`: a reference for each.'
        ),
        "path": _SELECTOR["path"],
        "within": _SELECTOR["within"],
        "when_absent": Key(
            _one_of("reject", "skip"),
            'What to do with a row if there is no such component: `"reject"` it, or `"skip"` and list it. '
            'Default: `"reject"`.',
        ),
    },
)

_NAME_IN_TEST = "The name of the component, or `Source -> Target` for a reference, "

TESTS = Table(
    "[[tests]]",
    "Tests of the job: what it does with a few rows. `ardoqpy-sync test` runs them on an emulator, without "
    "Ardoq and without the sources. A run ignores them: see [testing a job](testing-jobs.md).",
    {
        "name": Key(TEXT, "What must hold, in a sentence.", required=True),
        "model": Key(
            TEXT,
            "A file with workspaces, types and fields: a [model file](model-file.md), or one that "
            "`ardoqpy export` wrote, of which only these are used. The path starts from the job's folder. "
            "Default: that of the test before it.",
        ),
        "rows": Key(
            ROWS,
            "By source, the rows. A column that is not in a row is blank; a source that is not named has no "
            "rows.",
        ),
        "before": Key(TABLES, "What is in Ardoq before the run: see below. Default: nothing."),
        "changes": Key(TABLES, "All changes that the run makes: see below. Default: none."),
        "failed": Key(
            NAMES, "A part of the reason for each row that fails. Default: no row fails, an empty list."
        ),
        "blocked": Key(BOOLEAN, "Whether the delete guard blocks the run. Default: false."),
        "missing": Key(
            NAMES, "The names of all that is missing, whatever the job does with it. Default: not compared."
        ),
    },
)

TEST_BEFORE = Table(
    "[[tests.before]]",
    "A component or a reference that is in Ardoq before the run.",
    {
        "type": Key(TEXT, "The name of its type.", required=True),
        "name": Key(TEXT, "The name of a component."),
        "workspace": Key(TEXT, "The workspace, by name or ID. Default: the only one that has the type."),
        "parent": Key(TEXT, "The name of its parent."),
        "source": Key(TEXT, "For a reference: the name of the component at its start."),
        "target": Key(TEXT, "For a reference: the name of the component at its end."),
        "description": Key(TEXT, "The description."),
        "displayText": Key(TEXT, "For a reference: the text on it."),
        "fields": Key(VALUES, "Values of custom fields, by name or label."),
    },
)

TEST_CHANGE = Table(
    "[[tests.changes]]",
    "A change that the run makes. It has one of the first three keys.",
    {
        "create": Key(TEXT, f"{_NAME_IN_TEST}that is created."),
        "update": Key(TEXT, f"{_NAME_IN_TEST}that is updated: a component by its new name."),
        "delete": Key(TEXT, f"{_NAME_IN_TEST}that is deleted."),
        "type": Key(TEXT, "The name of its type. Default: any."),
        "set": Key(
            VALUES,
            "All new values, by attribute, field name or label; an empty text for a value that is removed. "
            "Default: the values are not compared.",
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
    "within": ROW_WITHIN,
    "references": REFERENCES,
    "end": REFERENCE_END,
    "tests": TESTS,
    "before": TEST_BEFORE,
    "changes": TEST_CHANGE,
}
