"""Write docs/job-file.md out of the tables that job files are checked with: `python
docs/make_job_file.py`.
"""

from __future__ import annotations

from pathlib import Path

from ardoqpy_sync.job.schema import TABLES_OF_A_JOB

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

<!-- Written by make_job_file.py out of the tables that check a job: change those. -->

A job file is TOML. It says where rows come from, what becomes of them in Ardoq, and what becomes of what
is in Ardoq and in no row. `ardoqpy-sync init` writes a first one; `ardoqpy-sync check` tells everything that
is wrong with one, each thing with its line.

{EXAMPLE}

## Values

A value that rows give is a **template**. `"{{Name}}"` is the cell of the column Name, as it is;
`"{{First}} {{Last}}"` is text with cells in it, blank where all of them are; `"Live"`, `5` and `true` are the
same for every row. A brace itself is written twice. Cells are converted by the type that their field has in
Ardoq, as [sources.md](sources.md#cells) says; a cell that cannot be is told with its row, its value and what
the field takes, and nothing of that row is written.

White space around names and keys is dropped. Where several rows of a mapping mean the same thing, the first
counts: one that says the same again is nothing new, one that says otherwise fails. Two mappings may bring
different attributes of the same things. Attributes that are not mapped are never touched.
"""
SOURCES = """## [sources.NAME]

Each source is a table of its own: a file, a query, or rows in the job itself. Its keys are those of its type
in [sources.md](sources.md), and `spelling`, which says how its numbers, dates and lists are written.
"""


def page() -> str:
    """Return the page."""
    parts = [INTRODUCTION]
    for name, table in TABLES_OF_A_JOB.items():
        lines = [f"## {table.header or 'The top of the file'}", "", table.meaning, ""]
        lines += ["| key | what it is | what it means |", "|---|---|---|"]
        for key, told in table.keys.items():
            needed = " **needed**" if told.needed else ""
            lines.append(f"| `{key}`{needed} | {_cell(told.shape.words)} | {_cell(told.meaning)} |")
        parts.append("\n".join([*lines, ""]))
        if name == "guard":
            parts.append(SOURCES)
    return "\n".join(parts)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
