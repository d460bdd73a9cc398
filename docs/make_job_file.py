"""Write docs/job-file.md from the schema of job files: `python docs/make_job_file.py`."""

from __future__ import annotations

from pathlib import Path

from ardoqpy_sync.job.file.schema import ALL_TABLES

PAGE = Path(__file__).parent / "job-file.md"
EXAMPLE = """```toml
format = 1
name = "Applications from the CMDB"

[ardoq]
host = "https://yourorg.ardoq.com"

[sources.apps]
file = "apps.csv"

[[components]]
rows = "apps"
workspace = "Applications"
type = "Application"
key = "cmdb_id"
name = "{Name}"
description = "{Purpose}, owned by {Owner}"
parent = { value = "{Part of}" }
missing = { set = { lifecycle = "Retired" } }
[components.fields]
cmdb_id = "{Id}"
lifecycle = "{Status}"
"Yearly cost" = "{Cost}"

[[references]]
rows = "apps"
workspace = "Applications"
type = "depends on"
source = { type = "Application", key = "cmdb_id", value = "{Id}" }
target = { type = "Application", value = "{Needs}", split = ";" }
missing = "delete"
```"""
INTRODUCTION = f"""# The job file

<!-- Written by make_job_file.py from the schema of job files. Change the schema, not this page. -->

To sync without writing Python, write a job file, in TOML. It describes the sources of rows, the components
and references that the rows become, and what to do with items in Ardoq that are in no row.
`ardoqpy-sync init` writes a first job file. [Recipes](recipes.md) show what to do with difficult sources.
`ardoqpy-sync check` lists every problem of a job file, each with its line, and `ardoqpy-sync explain` shows
[what a run makes of one row](rejected-rows.md).

{EXAMPLE}

## Values

A value that comes from rows is a **template**. `"{{Name}}"` is the cell of the column Name, unchanged.
`"{{First}} {{Last}}"` is text with cells; it is blank if all of these cells are blank. `"Live"`, `5` and
`true` are the same for every row. Write a brace itself as two braces. For JSON, a column can be a path such
as `"{{metadata.name}}"`: see [nested values](sources.md#nested-values).

Cells are converted to the type of their field in Ardoq: see [cells](sources.md#cells). If a cell
cannot be converted, its row fails: the report names the row, the value and the field, and nothing of the
row is written.

White space around names and keys is removed, also around each cell of a key with several columns. If several
rows of a mapping describe the same item, the first one wins. Identical repeats are ignored; a row that
disagrees is reported as failed. Two mappings can write different attributes of the same item. Attributes
that are not mapped are never changed.

Mappings can share fields: `use = ["common"]` adds those of the table `[fields.common]`, which is at the top
of the file, to the fields of a mapping.

A cell that cannot be read, such as one that a short line lacks, fails its row only if the mapping reads it:
see [rows](sources.md#rows).
"""
SOURCES = """## [sources.NAME]

Each source is a table: a file, a query, or rows in the job itself. [Sources and cells](sources.md) lists
the keys of each type. The key `formats` describes how the source writes numbers, dates, yes and no, and
lists.

The keys `blank`, `strip`, `split`, `map`, `map_file` and `otherwise` clean all cells, and tables such as
`[sources.apps.columns."Yearly cost"]` clean those of one column: see [clean cells](sources.md#clean-cells).
All that reads a row sees the clean values.
"""


TYPES = """## Types of rows

`type` is a name, or a column with the name: then each row has its own type. That holds for components, for
references, and for parents and ends. If the source uses other words, write a table with a map, as for
[clean cells](sources.md#clean-cells):

| `type` | the type of a row |
|---|---|
| `"Server"` | always Server |
| `"{Type}"` | the one in its cell, in any letter case |
| `{ value = "{Type}", map = { "VM" = "Server" } }` | what the map has for it |
| `{ value = "{Type}", map_file = "types.csv", otherwise = "keep" }` | the same, with a file |

A word that a map does not have is rejected. With `otherwise = "keep"` it is the name of a type.

A row whose type is blank or does not exist in the workspace is rejected, and the others are used. With
`missing`, each type counts by itself, and a type without rows is not deleted. If other jobs write to the
workspace, too, use a map: then only its types can be missing.
"""
WHERE = """## where

`where` gives for each column a condition, and a mapping uses the rows for which all of them hold. The values
of rows are the [clean](sources.md#clean-cells) ones, without white space around them.

| condition | the rows |
|---|---|
| `Kind = "Server"` | with this value; short for `{ is = "Server" }` |
| `Status = ["live", "planned"]` | with one of these; short for `{ is = ["live", "planned"] }` |
| `Site = { not = ["Test", "Lab"] }` | with none of these |
| `Owner = { blank = false }` | with a value |
| `Cost = { at_least = 1000, below = 5000 }` | for which all comparisons hold |
| `Since = { above = 2024-05-31 }` | with a later date; a date has no quotes |

A condition is a table of `is`, `not`, `blank`, `above`, `at_least`, `below` and `at_most`; all that it has
must hold. The letter case of words counts. A comparison is with a number or a date, in the formats of the
column. A row with a blank cell is not used. A row is rejected if the cell cannot be compared: it is neither a
number nor a date, or it is a list, unless the condition is only about `blank`. If any of several conditions
is enough, write a mapping for each.
"""


def page() -> str:
    """Return the page."""
    parts = [INTRODUCTION]
    for name, table in ALL_TABLES.items():
        lines = [f"## {table.header or 'The top of the file'}", "", table.description, ""]
        lines += ["| key | value | meaning |", "|---|---|---|"]
        for key_name, key in table.keys.items():
            required = " **required**" if key.required else ""
            value, meaning = _cell(key.type.description), _cell(key.description)
            lines.append(f"| `{key_name}`{required} | {value} | {meaning} |")
        parts.append("\n".join([*lines, ""]))
        if name == "guard":
            parts.append(SOURCES)
    parts += [TYPES, WHERE]
    return "\n".join(parts)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
