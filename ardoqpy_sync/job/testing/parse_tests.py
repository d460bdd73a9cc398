"""Read the tables `[[tests]]` of a job file, and report their mistakes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ardoqpy._messages import quote_name, suggest
from ardoqpy_sync.job.file import schema
from ardoqpy_sync.job.testing.model import ExpectedChange, ItemBefore, JobTest
from ardoqpy_sync.sources.json_path import EVERY, format_path, parse_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from ardoqpy_sync.job.file.toml_file import TableChecker
    from ardoqpy_sync.job.file.toml_lines import KeyPath, TomlTable
    from ardoqpy_sync.sources.json_path import Step

_ACTIONS = ("create", "update", "delete")


def parse_tests(
    content: Iterable[Any], checker: TableChecker, columns: Mapping[str, frozenset[str]] | None
) -> Iterator[JobTest]:
    """Yield the tests of a job.

    - `columns`: by source, the columns that the mappings of the job read; None if a mapping is not valid.

    A mistake is reported with the line of its key: such as a source or column that is not in the job.
    """
    model: str | None = None
    for index, item in enumerate(content):
        key_path = ("tests", index)
        table = checker.check_table(item, schema.TESTS, key_path)
        model = table.get("model", model)
        if model is None:
            checker.report(
                key_path,
                "The first of the [[tests]] has no key model: set it to a model file, or to a file that "
                "`ardoqpy export` wrote.",
            )
        rows = table.get("rows", {})
        if columns is not None:
            _check_rows(rows, (*key_path, "rows"), checker, columns)
        yield JobTest(
            key_path,
            table.get("name", ""),
            model or "",
            {source: tuple(some) for source, some in rows.items()},
            tuple(_parse_before(table.get("before", []), (*key_path, "before"), checker)),
            tuple(_parse_changes(table.get("changes", []), (*key_path, "changes"), checker)),
            tuple(table.get("failed", ())),
            table.get("blocked", False),
            tuple(table["missing"]) if "missing" in table else None,
        )


def _check_rows(
    rows: TomlTable, key_path: KeyPath, checker: TableChecker, columns: Mapping[str, frozenset[str]]
) -> None:
    for source, given in rows.items():
        if source not in columns:
            checker.report(
                (*key_path, source),
                f"No mapping reads a source {quote_name(source)}: {suggest(source, list(columns))}",
            )
            continue
        reads = [parse_path(read) or (read,) for read in columns[source]]
        for index, row in enumerate(given):
            for column, value in row.items():
                if column in columns[source]:
                    continue
                for steps in _unread_paths(value, (column,), reads):
                    path = format_path(steps) if len(steps) > 1 else column
                    checker.report(
                        (*key_path, source, index, column),
                        f"No mapping reads a column {quote_name(path)} of the source {quote_name(source)}: "
                        f"{suggest(path, sorted(columns[source]))}",
                    )


def _unread_paths(
    value: Any, steps: tuple[Step, ...], reads: Sequence[tuple[Step, ...]]
) -> Iterator[tuple[Step, ...]]:
    """Yield the paths within a value that no mapping reads; `reads` are the paths that are read."""
    if any(_starts_with(steps, read) for read in reads):
        return
    if not any(_starts_with(read, steps) for read in reads):
        yield steps
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _unread_paths(item, (*steps, str(key)), reads)
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _unread_paths(item, (*steps, number), reads)


def _starts_with(steps: Sequence[Step], start: Sequence[Step]) -> bool:
    """Return whether a path begins with another one; every item of a list is also each of them."""
    return len(steps) >= len(start) and all(
        step == other or (EVERY in (step, other) and not isinstance(step, str) and not isinstance(other, str))
        for step, other in zip(steps, start, strict=False)
    )


def _parse_before(content: Iterable[Any], key_path: KeyPath, checker: TableChecker) -> Iterator[ItemBefore]:
    for index, item in enumerate(content):
        path = (*key_path, index)
        table = checker.check_table(item, schema.TEST_BEFORE, path)
        given = item.keys() if isinstance(item, dict) else set()
        ends = given & {"source", "target"}
        if len(ends) == 1:
            checker.report(path, "A reference needs both ends: set source and target.")
        if not ends and "name" not in given:
            checker.report(path, "A component needs the key name, a reference the keys source and target.")
        yield ItemBefore(
            path,
            table.get("type", ""),
            table.get("workspace"),
            table.get("name"),
            table.get("parent"),
            table.get("source"),
            table.get("target"),
            {name: table[name] for name in ("description", "displayText") if name in table},
            table.get("fields", {}),
        )


def _parse_changes(
    content: Iterable[Any], key_path: KeyPath, checker: TableChecker
) -> Iterator[ExpectedChange]:
    for index, item in enumerate(content):
        path = (*key_path, index)
        table = checker.check_table(item, schema.TEST_CHANGE, path)
        actions = [action for action in _ACTIONS if isinstance(item, dict) and action in item]
        if len(actions) != 1:
            checker.report(
                path,
                'A change needs one of the keys create, update and delete, such as { create = "Web shop" }.',
            )
            continue
        yield ExpectedChange(path, actions[0], table.get(actions[0], ""), table.get("type"), table.get("set"))
