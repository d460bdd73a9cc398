"""Run `ardoqpy-sync diff`: compare two plans."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from ardoqpy._terminal import escape_controls
from ardoqpy.cli.output import open_output
from ardoqpy_sync.plans.compare import compare_changes
from ardoqpy_sync.plans.plan import Plan
from ardoqpy_sync.report import LINE_WIDTH
from ardoqpy_sync.reporting.exit_codes import CHANGES, DONE

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator


def run(options: argparse.Namespace) -> int:
    """Print what one plan has and the other has not, and return the exit code."""
    old, new = Plan.load(options.old), Plan.load(options.new)
    difference = compare_changes(old.changes, new.changes)
    if sys.stdout is not None:
        with open_output(None) as stream:
            stream.writelines(f"{line}\n" for line in _lines(old, new))
    return CHANGES if difference else DONE


def _lines(old: Plan, new: Plan) -> Iterator[str]:
    difference = compare_changes(old.changes, new.changes)
    for title, plan in (("old", old), ("new", new)):
        identity = plan.identity()
        line = f"{title}: plan {identity['id']} of {identity['at']}, SHA-256 {identity['sha256']}"
        yield escape_controls(line, LINE_WIDTH)
    if difference.gone:
        yield "only in the old plan:"
        for number in difference.gone:
            yield from old.describe_change(old.changes[number])
    if difference.new:
        yield "only in the new plan:"
        for number in difference.new:
            yield from new.describe_change(new.changes[number])
    if difference.changed:
        yield "other in the new plan, the old one first:"
        for before, after in difference.changed:
            yield from old.describe_change(old.changes[before])
            yield from new.describe_change(new.changes[after])
    yield (
        f"{len(difference.new):,} new, {len(difference.gone):,} gone, {len(difference.changed):,} changed"
        if difference
        else "The plans make the same changes"
    )
