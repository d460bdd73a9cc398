"""Run `ardoqpy-sync explain`: show step by step what a run would make of one row."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

from ardoqpy._messages import quote_name, suggest
from ardoqpy._terminal import escape_controls
from ardoqpy.cli.errors import CommandError, print_error
from ardoqpy.cli.format_json import write_document
from ardoqpy.cli.options import connection_settings
from ardoqpy.cli.output import open_output
from ardoqpy_sync.cli.job_file import load_job_file
from ardoqpy_sync.cli.notify import show_logs
from ardoqpy_sync.cli.signals import interrupts_once
from ardoqpy_sync.job import JobInvalid, open_client
from ardoqpy_sync.job.execution import interrupted_message, run_with_trace
from ardoqpy_sync.job.explain import explain_row
from ardoqpy_sync.job.rejected import used_sources
from ardoqpy_sync.job.trace import RunTrace
from ardoqpy_sync.report import format_value
from ardoqpy_sync.reporting.exit_codes import CHANGES, DONE, FAILED, INTERRUPTED, NAME, most_severe
from ardoqpy_sync.reporting.labels import plural

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from ardoqpy_sync.job.explanation import (
        AttributeEntry,
        CellEntry,
        EndEntry,
        ItemEntry,
        MappingEntry,
        RowExplanation,
    )
    from ardoqpy_sync.sources import Row

#: The exit code of an outcome; others change nothing.
_EXIT_CODES = {"create": CHANGES, "update": CHANGES, "rejected": FAILED}
#: The number of a row within its label; of a row in an inner array, that of the outer item.
_NUMBER = re.compile(r"(?:line|row|item) (\d+)(?: \(line \d+\))?(?:, .*)?\Z", re.DOTALL)
#: How many rows a message lists.
_MAX_LISTED = 5
#: The longest value and the longest sentence that is shown.
_VALUE, _SENTENCE = 120, 2_000


def run(options: argparse.Namespace) -> int:
    """Preview a job, explain one of its rows, and return the exit code."""
    try:
        with interrupts_once(), show_logs(options, quiet=False):
            explanation = explain(options)
    except JobInvalid as error:
        for problem in error.problems:
            print_error(problem.describe(options.job), NAME)
        return FAILED
    except KeyboardInterrupt:
        print_error(interrupted_message(simulated=True), NAME)
        return INTERRUPTED
    if sys.stdout is not None:
        with open_output(None) as stream:
            if options.json:
                write_document(explanation, stream)
            else:
                stream.writelines(f"{line}\n" for line in describe(explanation, options.job))
    return exit_code_of(explanation)


def exit_code_of(explanation: RowExplanation) -> int:
    """Return the exit code that follows from what a run makes of a row."""
    items = [item for mapping in explanation["mappings"] for item in mapping["items"]]
    exit_codes = [_EXIT_CODES.get(item["outcome"], DONE) for item in items]
    return most_severe(FAILED if explanation["problem"] else DONE, *exit_codes)


def explain(options: argparse.Namespace) -> RowExplanation:
    """Preview a job, and return what the run makes of one of its rows.

    - `options`: with `job`, `source`, `row` and the connection.
    """
    job = load_job_file(options.job)
    names = used_sources(job)
    if options.source is not None and options.source not in names:
        raise CommandError(
            f"The job has no source {quote_name(options.source)}: {suggest(options.source, names)}"
        )
    trace = RunTrace()
    settings = connection_settings(options)
    with open_client(job, simulate=True, progress=True, on_error="collect", **settings) as client:
        result = run_with_trace(job, client, trace)
        if result.exit_code == INTERRUPTED:
            raise KeyboardInterrupt
        if result.ended_early:
            raise CommandError(f"The preview did not finish: {result.document['description']}")
        name, row = _find_row(trace, options.row, names if options.source is None else [options.source])
        return explain_row(job, client, trace, result.document, name, row)


def _find_row(trace: RunTrace, wanted: str, names: Sequence[str]) -> tuple[str, Row]:
    """Return the source and the row that a number or a label means; `names` are the sources to look in.

    Raise `CommandError`, which lists what there is, if no row or several rows match.
    """
    matches = [(name, row) for name in names for row in trace.rows[name] if _is_meant(row, wanted)]
    if len(matches) == 1:
        return matches[0]
    if not matches:
        raise CommandError(f"There is no row {wanted}. {' '.join(_describe_rows(trace, names))}")
    sources = dict.fromkeys(name for name, _ in matches)
    if len(sources) > 1:
        listed = ", ".join(map(quote_name, sources))
        raise CommandError(
            f"{len(sources)} sources have a row {wanted}. Set --source to one of them: {listed}."
        )
    labels = ", ".join(quote_name(row.label) for _, row in matches[:_MAX_LISTED])
    more = f" and {len(matches) - _MAX_LISTED:,} more" if len(matches) > _MAX_LISTED else ""
    raise CommandError(
        f"{len(matches)} rows have the number {wanted}. Set --row to the name of one: {labels}{more}."
    )


def _is_meant(row: Row, wanted: str) -> bool:
    match = _NUMBER.search(row.label)
    return row.label == wanted or (match is not None and match[1] == wanted)


def _describe_rows(trace: RunTrace, names: Sequence[str]) -> Iterator[str]:
    for name in names:
        rows = trace.rows[name]
        ends = f", from {quote_name(rows[0].label)} to {quote_name(rows[-1].label)}" if rows else ""
        yield f"Source {quote_name(name)} has {plural(len(rows), 'row')}{ends}. Blank rows are left out."


def describe(explanation: RowExplanation, path: str) -> Iterator[str]:
    """Yield an explanation as lines; each is safe to print on a terminal. `path`: the job file."""
    for line in _lines(explanation, path):
        yield escape_controls(line, _SENTENCE)


def _lines(explanation: RowExplanation, path: str) -> Iterator[str]:
    yield f"{explanation['row']}, source {explanation['source']!r} of {explanation['job']}"
    if explanation["problem"]:
        yield f"  The row cannot be read: {explanation['problem']}"
    for cell in explanation["cells"]:
        yield from _cell_lines(cell)
    for mapping in explanation["mappings"]:
        yield ""
        yield from _mapping_lines(mapping, path)


def _show(value: object) -> str:
    return escape_controls(format_value(value), _VALUE)


def _cell_lines(cell: CellEntry) -> Iterator[str]:
    is_lacking = cell["problem"] is not None and not cell["steps"] and cell["raw"] is None
    yield f"  {cell['column']}: {'cannot be read' if is_lacking else _show(cell['raw'])}"
    for step in cell["steps"]:
        yield f"    {step['key']}: {step['problem'] or _show(step['value'])}"
    if cell["problem"] is not None and cell["problem"] not in [step["problem"] for step in cell["steps"]]:
        yield f"    {cell['problem']}"


def _mapping_lines(mapping: MappingEntry, path: str) -> Iterator[str]:
    yield f"{mapping['mapping']} ({path} line {mapping['line']}): {mapping['kind']} of type {mapping['type']}"
    for condition in mapping["where"]:
        asked = f"where {condition['column']} {condition['condition']}"
        answer = f"it is {_show(condition['value'])}: {'yes' if condition['holds'] else 'no'}"
        yield f"  {asked}: {condition['problem'] or answer}"
    if not mapping["selected"]:
        yield "  outcome: where leaves the row out"
        return
    for attribute in mapping["attributes"]:
        yield _attribute_line(attribute)
    if mapping["note"]:
        yield f"  {mapping['note']}"
    for item in mapping["items"]:
        yield from _item_lines(mapping, item)


def _attribute_line(attribute: AttributeEntry) -> str:
    label = attribute["label"]
    if attribute["attribute"].lower() != label.lower():
        label = f"{label} ({attribute['attribute']})"
    note = f"  [{attribute['note']}]" if attribute["note"] else ""
    value = attribute["problem"] or _show(attribute["value"])
    return f"  {label} = {_show(attribute['template'])}: {value}{note}"


def _item_lines(mapping: MappingEntry, item: ItemEntry) -> Iterator[str]:
    # A row that was rejected before its ends were read names none.
    yield from (_end_line(end) for end in item["ends"] if end["names"] or not item["problems"])
    by = f" by {item['key']} {_show(item['value'])}" if item["key"] else ""
    if item["matches"]:
        for match in item["matches"]:
            yield f"  matches{by}: {match}"
    elif item["outcome"] == "create" or item["possible"]:
        yield f"  matches{by}: no {mapping['kind']}"
    for possible in item["possible"]:
        yield f"  may mean: {possible}"
    name = f" {item['name']}" if item["name"] else ""
    yield f"  outcome: {item['outcome']}{name}"
    for value in item["changes"]:
        old, new = (escape_controls(text, _VALUE) for text in (value["old_text"], value["new_text"]))
        yield f"    {value['label']}: {new if item['outcome'] == 'create' else f'{old} -> {new}'}"
    for text in (*item["problems"], *item["notes"]):
        yield f"    {text}"


def _end_line(end: EndEntry) -> str:
    note = f"  [{end['note']}]" if end["note"] else ""
    means = f" -> {end['component']}" if end["component"] else ""
    return f"  {end['role']} = {_show(end['template'])}: {end['names'] or 'empty'}{means}{note}"
