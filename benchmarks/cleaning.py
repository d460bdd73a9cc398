"""Compare reading a CSV whose cells are cleaned with reading the same file as it is.

python benchmarks/cleaning.py --rows 100000 --repeat 5
"""

from __future__ import annotations

import argparse
import csv
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from rows import component_rows
from tables import verdict

from ardoqpy.metamodel import Field
from ardoqpy_sync.sources import open_source
from ardoqpy_sync.sources.cell_conversion import convert_cell

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

#: Reading with these rules may take at most so many times reading without them.
TARGET = 1.5
COLUMNS = ("name", "description", "owner", "monthly_cost", "end_of_life", "lifecycle", "areas")
WORDS = {"Planned": "Planlagt", "Live": "I drift", "Phasing out": "Utfases", "Retired": "Utfaset"}
RULES = {
    "columns": {
        "monthly_cost": {"strip": ["kr", "EUR"]},
        "lifecycle": {"map": {word: name for name, word in WORDS.items()}},
        "areas": {"split": [";", ","]},
    }
}
FIELDS = {name: Field(name, name, "Text") for name in COLUMNS if name != "areas"}


def main() -> None:
    """Measure reading with and without rules in turns, and print the ratios within a round."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000, metavar="N", help="(%(default)s)")
    parser.add_argument("--repeat", type=int, default=5, metavar="N", help="runs of each (%(default)s)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _write(folder / "inventory.csv", options.rows)
        print("|  | as it is | cleaned | ratio, by CPU |\n| --- | --- | --- | --- |")
        for title, read in WAYS.items():
            runs = [
                [_measure(read, folder, rules, options.rows) for rules in ({}, RULES)]
                for _ in range(options.repeat)
            ]
            plain, cleaned = (median(run[way] for run in runs) for way in (0, 1))
            ratio = median(run[1] / run[0] for run in runs)
            target = verdict(ratio, TARGET)
            print(f"| {title} | {plain:.2f} s | {cleaned:.2f} s | {ratio:.2f} x{target} |")


def _write(path: Path, count: int) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter="|")
        writer.writerow(COLUMNS)
        for number, row in enumerate(component_rows(count)):
            cost, status = f"{row['monthly_cost']} kr", WORDS[row["lifecycle"]]
            cells = {
                **row,
                "monthly_cost": cost,
                "lifecycle": status,
                "areas": ("a; b", "c", "a, c")[number % 3],
            }
            writer.writerow([cells[column] for column in COLUMNS])


def _measure(
    read: Callable[[Mapping[str, Any], Path], int], folder: Path, rules: Mapping[str, Any], expected: int
) -> float:
    start = time.process_time()
    count = read({"file": "inventory.csv", "delimiter": "|", **rules}, folder)
    if count != expected:
        raise SystemExit(f"{count:,} rows were read, not {expected:,}.")
    return time.process_time() - start


def _read(source: Mapping[str, Any], folder: Path) -> int:
    return sum(1 for _ in open_source(source, folder))


def _read_and_convert(source: Mapping[str, Any], folder: Path) -> int:
    count = 0
    for row in open_source(source, folder):
        count += 1
        for name, field in FIELDS.items():
            convert_cell(row.values[name], field)
    return count


WAYS = {"reading the rows": _read, "reading the rows and converting their cells": _read_and_convert}


if __name__ == "__main__":
    main()
