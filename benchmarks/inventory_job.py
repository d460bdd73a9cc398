"""Write the rows of the benchmarks as CSV files, with the job that feeds them into Ardoq."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from rows import COMPONENT_TYPES, CUSTOM_FIELDS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rows import Row

__all__ = ["write_job"]

_SOURCE = """
[sources.{name}]
file = "{name}.csv"
"""
_COMPONENTS = """
[[components]]
rows = "inventory"
workspace = "Inventory"
type = "{type}"
where = {{ type = "{type}" }}
name = "{{name}}"
description = "{{description}}"
[components.fields]
{fields}
"""
_REFERENCES = """
[[references]]
rows = "links"
type = "{type}"
source = { workspace = "Inventory", type = "{source type}", value = "{source}" }
target = { workspace = "Inventory", type = "{target type}", value = "{target}" }
displayText = "{displayText}"
description = "{description}"
[references.fields]
protocol = "{protocol}"
"""


def write_job(
    folder: Path, components: Sequence[Row], references: Sequence[Row] = (), *, settings: str = ""
) -> None:
    """Write `job.toml` and its sources into a folder; `settings` are further lines of the job."""
    columns = ["name", "type", "description", *(name for name in components[0] if name in CUSTOM_FIELDS)]
    types = {row["name"]: COMPONENT_TYPES[row["typeId"]] for row in components}
    _write_csv(folder / "inventory.csv", columns, [row | {"type": types[row["name"]]} for row in components])
    fields = "\n".join(f'{name} = "{{{name}}}"' for name in columns if name in CUSTOM_FIELDS)
    job = ["format = 1\n", settings, _SOURCE.format(name="inventory")]
    job += [_COMPONENTS.format(type=name, fields=fields) for name in COMPONENT_TYPES.values()]
    if references:
        columns = ["source", "source type", "target", "target type", "type"]
        columns += ["displayText", "description", "protocol"]
        links = [
            {
                **row,
                "type": f"Type {row['type']}",
                "source type": types[row["source"]],
                "target type": types[row["target"]],
            }
            for row in references
        ]
        _write_csv(folder / "links.csv", columns, links)
        job += [_SOURCE.format(name="links"), _REFERENCES]
    (folder / "job.toml").write_text("".join(job), encoding="utf-8")


def _write_csv(path: Path, columns: Sequence[str], rows: Sequence[Row]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
