"""Run `ardoqpy-sync forget`, `ledger export` and `ledger import`: what a job owns."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from ardoqpy._http.local_files import open_regular_file
from ardoqpy._messages import quote_name
from ardoqpy._terminal import escape_controls
from ardoqpy.cli.errors import CommandError
from ardoqpy.cli.output import open_output
from ardoqpy_sync.cli.job_file import load_job_file
from ardoqpy_sync.cli.job_ledger import open_ledger_of
from ardoqpy_sync.cli.output_files import check_output_files_of
from ardoqpy_sync.job.connect import lock_of
from ardoqpy_sync.ledger.transfer import export_lines, import_lines

if TYPE_CHECKING:
    import argparse

    from ardoqpy_sync.ledger.records import OwnedEntity


def forget(options: argparse.Namespace) -> int:
    """Own a component or reference no more, and return the exit code."""
    with lock_of(load_job_file(options.job)), open_ledger_of(options.job) as ledger:
        matches = _with_key(ledger.owned(), options.key)
        if options.type is not None:
            matches = [each for each in matches if each.owner.mapping.endswith(f".{options.type}")]
        if not matches:
            of_type = f" of type {quote_name(options.type)}" if options.type else ""
            raise CommandError(f"The job owns nothing{of_type} with the key {quote_name(options.key)}.")
        mappings = {each.owner.mapping for each in matches}
        if len(mappings) > 1:
            listed = ", ".join(sorted(mappings))
            raise CommandError(
                f"The key {quote_name(options.key)} is in several mappings: {listed}. Name the type of "
                "one with --type."
            )
        keys = {each.owner.describe_key() for each in matches}
        if len(keys) > 1:
            listed = ", ".join(map(quote_name, sorted(keys)))
            raise CommandError(
                f"The key {quote_name(options.key)} is below several components: {listed}. Name one of them, "
                "or the id of a component."
            )
        ledger.forget([{"kind": each.kind, "entity_id": each.entity_id} for each in matches])
    if sys.stdout is not None:
        with open_output(None) as stream:
            stream.writelines(f"{_describe(each)} is not owned any more.\n" for each in matches)
            stream.write(
                "It stays in Ardoq as it is, and cannot be missing. A row that matches it owns it again.\n"
            )
    return 0


def _with_key(owned: list[OwnedEntity], text: str) -> list[OwnedEntity]:
    """Return what has a key or an id; if nothing has, what has this name below any component."""
    matches = [each for each in owned if text in (each.owner.describe_key(), each.entity_id)]
    return matches or [
        each for each in owned if isinstance(each.owner.key, list) and each.owner.key[-1] == text
    ]


def export(options: argparse.Namespace) -> int:
    """Write what a job owns, and its runs, as lines of JSON; return the exit code."""
    if options.output != "-":
        check_output_files_of(load_job_file(options.job), [options.output])
    with open_ledger_of(options.job, read_only=True) as ledger, open_output(options.output) as stream:
        stream.writelines(f"{line}\n" for line in export_lines(ledger))
    return 0


def load(options: argparse.Namespace) -> int:
    """Read what `export` wrote into the ledger of a job that has none yet, and return the exit code."""
    with lock_of(load_job_file(options.job)), open_ledger_of(options.job) as ledger:
        try:
            with open_regular_file(options.file) as file:
                count = import_lines(ledger, file, options.file)
        except OSError as problem:
            raise CommandError(f"The file {options.file!r} cannot be read: {problem.strerror}.") from None
        if sys.stdout is not None:
            print(f"Read {count:,} records into {escape_controls(ledger.description.removeprefix('The '))}.")
    return 0


def _describe(entity: OwnedEntity) -> str:
    key = entity.owner.describe_key()
    is_below = isinstance(entity.owner.key, list)
    name = key if is_below else entity.values.get("name") or entity.owner.key or entity.entity_id
    return escape_controls(f"The {entity.kind} {quote_name(name)} ({entity.entity_id})")
