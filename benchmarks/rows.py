"""Generate the source rows of the benchmarks, the same ones every time.

Both versions of ardoqpy run this file, so it imports neither.
"""

from __future__ import annotations

import random
from typing import Any

__all__ = [
    "CHANGED_EVERY",
    "COMPONENT_TYPES",
    "CUSTOM_FIELDS",
    "REFERENCE_TYPES",
    "WORKSPACE_ID",
    "Row",
    "component_rows",
    "reference_rows",
]

Row = dict[str, Any]

WORKSPACE_ID = "b00000000000000000000001"
COMPONENT_TYPES = {"p1700000000001": "Application", "p1700000000002": "Server", "p1700000000003": "Interface"}
REFERENCE_TYPES = 3
#: By name: type, options of a list, and whether it is a field of references.
CUSTOM_FIELDS: dict[str, tuple[str, str, bool]] = {
    "owner": ("Text", "", False),
    "monthly_cost": ("Number", "", False),
    "end_of_life": ("DateTime", "", False),
    "lifecycle": ("List", "Planned,Live,Phasing out,Retired", False),
    "business_critical": ("Checkbox", "", False),
    "documentation": ("Url", "", False),
    "protocol": ("List", "HTTPS,AMQP,SFTP,JDBC", True),
}
#: In a run with changes, one row in so many differs from what Ardoq holds.
CHANGED_EVERY = 20

_TOWNS = ("Oslo", "Bergen", "Zürich", "London", "Göteborg", "New York")
_AREAS = ("billing", "logistics", "customer care", "payroll", "risk", "procurement", "web shop")
_PEOPLE = ("A. Berg", "B. Costa", "C. Müller", "D. Smith", "E. Øverland", "F. Rossi")


def component_rows(count: int, *, changed: bool = False) -> list[Row]:
    """Return rows of components; with `changed`, one in twenty has another cost."""
    rng = random.Random(1)
    types = list(COMPONENT_TYPES)
    rows: list[Row] = []
    for number in range(count):
        area, town = rng.choice(_AREAS), rng.choice(_TOWNS)
        row: Row = {
            "name": f"{area.title()} {number:06}",
            "typeId": types[number % len(types)],
            "rootWorkspace": WORKSPACE_ID,
            "description": f"Serves {area} in {town}. Taken from the inventory, item {number:06}.",
            "owner": rng.choice(_PEOPLE),
            "monthly_cost": rng.randrange(100, 90_000),
            "end_of_life": f"20{rng.randrange(26, 40)}-{rng.randrange(1, 13):02}-01T00:00:00.000Z",
            "lifecycle": rng.choice(_options("lifecycle")),
            "business_critical": rng.random() < 0.2,
            "documentation": f"https://wiki.example.com/inventory/items/{number:06}",
        }
        if changed and number % CHANGED_EVERY == 0:
            row["monthly_cost"] += 1
        rows.append(row)
    return rows


def reference_rows(components: list[Row], count: int, *, changed: bool = False) -> list[Row]:
    """Return rows of references, with names as ends; with `changed`, one in twenty differs."""
    rng = random.Random(2)
    rows: list[Row] = []
    taken = set()
    while len(rows) < count:
        number = len(rows)
        source, target = components[number % len(components)], rng.choice(components)
        key = source["name"], target["name"], number % REFERENCE_TYPES
        if key in taken:
            continue
        taken.add(key)
        row: Row = {
            "rootWorkspace": WORKSPACE_ID,
            "source": source["name"],
            "target": target["name"],
            "type": number % REFERENCE_TYPES,
            "displayText": f"feeds {target['name']}",
            "description": f"Nightly transfer number {number:06}, agreed between the two owners.",
            "protocol": rng.choice(_options("protocol")),
        }
        if changed and number % CHANGED_EVERY == 0:
            row["description"] += " Under review."
        rows.append(row)
    return rows


def _options(field: str) -> list[str]:
    return CUSTOM_FIELDS[field][1].split(",")
