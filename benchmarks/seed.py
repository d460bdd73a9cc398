"""Print a seed for the emulator: the workspace, and, without `--empty`, all rows of the source.

It runs in its own process, so that its memory is in no figure.
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from rows import (
    COMPONENT_TYPES,
    CUSTOM_FIELDS,
    REFERENCE_TYPES,
    WORKSPACE_ID,
    component_rows,
    reference_rows,
)

MODEL_ID = "b00000000000000000000002"


def seed(components: int, references: int, *, empty: bool) -> dict[str, Any]:
    """Return a seed with so many components and references, or with none if `empty`."""
    content: dict[str, Any] = {
        "format": 1,
        "models": [_model()],
        "fields": [_field(name, *definition) for name, definition in CUSTOM_FIELDS.items()],
        "workspaces": [{"_id": WORKSPACE_ID, "name": "Inventory", "componentModel": MODEL_ID}],
    }
    if not empty:
        comps = component_rows(components)
        refs = reference_rows(comps, references)
        id_of = {row["name"]: f"c{number:023}" for number, row in enumerate(comps)}
        content["components"] = [{"_id": id_of[row["name"]], **_nested(row)} for row in comps]
        content["references"] = [
            {"_id": f"d{number:023}", **_nested(row), "source": id_of[row["source"]]}
            | {"target": id_of[row["target"]]}
            for number, row in enumerate(refs)
        ]
    return content


def _model() -> dict[str, Any]:
    return {
        "_id": MODEL_ID,
        "name": "Inventory",
        "root": {type_id: {"name": name} for type_id, name in COMPONENT_TYPES.items()},
        "referenceTypes": {str(number): {"name": f"Type {number}"} for number in range(REFERENCE_TYPES)},
    }


def _field(name: str, kind: str, options: str, of_references: bool) -> dict[str, Any]:  # noqa: FBT001
    return {
        "model": MODEL_ID,
        "name": name,
        "label": name,
        "type": kind,
        "defaultValue": options or None,
        "global": not of_references,
        "globalref": of_references,
    }


def _nested(row: dict[str, Any]) -> dict[str, Any]:
    built_in = {key: value for key, value in row.items() if key not in CUSTOM_FIELDS}
    return {**built_in, "customFields": {key: row[key] for key in row if key in CUSTOM_FIELDS}}


def main() -> None:
    """Print the seed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("components", type=int)
    parser.add_argument("references", type=int)
    parser.add_argument("--empty", action="store_true")
    options = parser.parse_args()
    json.dump(seed(options.components, options.references, empty=options.empty), sys.stdout)


if __name__ == "__main__":
    main()
