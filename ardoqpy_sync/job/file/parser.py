"""Read a job file and check it: report every problem that can be seen without sources and Ardoq."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from ardoqpy._messages import describe_type, quote_name, suggest
from ardoqpy.errors import ConfigurationError
from ardoqpy_sync.compare.merge import EditPolicy
from ardoqpy_sync.job.file import schema
from ardoqpy_sync.job.file.model import (
    ArdoqTable,
    ComponentMapping,
    ComponentSelector,
    GuardTable,
    Job,
    MissingAction,
    ReferenceMapping,
    RunTable,
)
from ardoqpy_sync.job.file.problems import JobInvalid, find_named_key
from ardoqpy_sync.job.file.row_types import read_row_type, type_name
from ardoqpy_sync.job.file.template import Template
from ardoqpy_sync.job.file.toml_file import TableChecker, parse_toml, read_toml_text
from ardoqpy_sync.job.file.where import read_where
from ardoqpy_sync.job.rows.row_mapping import list_columns
from ardoqpy_sync.job.testing.parse_tests import parse_tests
from ardoqpy_sync.sources.cell_formats import read_formats
from ardoqpy_sync.sources.cleaning import find_problems as find_cleaning_problems
from ardoqpy_sync.sources.options import Option
from ardoqpy_sync.sources.registry import check_source
from ardoqpy_sync.sources.row import is_blank

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator

    from ardoqpy_sync.job.file.model import RowMapping
    from ardoqpy_sync.job.file.schema import Table
    from ardoqpy_sync.job.file.toml_lines import KeyPath, TomlLines, TomlTable

_COMPONENT_ATTRIBUTES = ("name", "description")
_REFERENCE_ATTRIBUTES = ("displayText", "description")
#: The key of a source that the job reads itself.
_SOURCE_OPTIONS = {"formats": Option((dict,), 'a table such as { decimal = "," }')}


def load_job(path: str | os.PathLike[str]) -> Job:
    """Return the job of a file.

    Raise `JobInvalid`, which lists every problem with its line, if the file cannot be read, is not TOML, or
    is not a valid job. No other file is read, and nothing is sent to Ardoq.
    """
    file = Path(path)
    remedy = "Write a first one with `ardoqpy-sync init`."
    return parse_job(read_toml_text(file, "job file", remedy), file)


def parse_job(text: str, path: str | os.PathLike[str]) -> Job:
    """Return the job that a text describes.

    - `text`: the content of a job file.
    - `path`: its path; relative paths in the job start from its folder. The file need not exist.

    Raise `JobInvalid` as `load_job` does.
    """
    content, lines = parse_toml(text, path, "job")
    return _Parser(content, lines, Path(path)).parse()


class _CheckedTable(NamedTuple):
    """The valid keys of a table in a list, its position, and the number of problems before it."""

    key_path: tuple[str, int]
    table: TomlTable
    problems_before: int


class _Parser(TableChecker):
    def __init__(self, content: TomlTable, lines: TomlLines, path: Path) -> None:
        super().__init__(lines)
        self._content = content
        self._path = path
        #: By name: the fields that mappings share.
        self._shared: dict[str, TomlTable] = {}

    def parse(self) -> Job:
        top = self.check_table(self._content, schema.JOB, ())
        ardoq = self.check_table(top.get("ardoq", {}), schema.ARDOQ, ("ardoq",))
        if ardoq.get("version") == "v1" and ardoq.get("batch"):
            self.report(("ardoq", "batch"), 'API v1 has no batches. Remove batch, or set version = "v2".')
        run = self.check_table(top.get("run", {}), schema.RUN, ("run",))
        if "name" in run.get("redact", ()):
            self.report(("run", "redact"), f"redact: {schema.NAMES_ARE_KEPT}")
        guard = self.check_table(top.get("guard", {}), schema.GUARD, ("guard",))
        if run.get("ledger") is False:
            for key in [
                key for key in ("missing_after", "missing_scope") if guard.get(key, "type") != "type"
            ]:
                self.report(("guard", key), f"{key} needs a ledger. Remove it, or ledger = false.")
        sources = dict(self._parse_sources(top.get("sources", {})))
        self._shared = dict(self._parse_shared(top.get("fields", {})))
        components = tuple(self._parse_components(top.get("components", [])))
        references = tuple(self._parse_references(top.get("references", [])))
        columns = None if self.problems else _columns_by_source((*components, *references))
        tests = tuple(parse_tests(top.get("tests", []), self, columns))
        if not self.problems and not components and not references:
            self.report((), "The job does nothing. Add [[components]] or [[references]].")
        if self.problems:
            raise JobInvalid(str(self._path), self.problems)
        return Job(
            self._path,
            top.get("name") or self._path.stem,
            self._lines,
            cast("ArdoqTable", ardoq),
            cast("RunTable", run),
            cast("GuardTable", guard),
            sources,
            components,
            references,
            tests,
        )

    # -- tables ---------------------------------------------------------------------------------------------

    def _check_tables(self, content: list[Any], table: Table, name: str) -> Iterator[_CheckedTable]:
        for index, item in enumerate(content):
            before = len(self.problems)
            yield _CheckedTable((name, index), self.check_table(item, table, (name, index)), before)

    def _parse_sources(self, content: TomlTable) -> Iterator[tuple[str, TomlTable]]:
        if not content and "sources" in self._content:
            self.report(("sources",), "There is no source. Add a table for each, such as [sources.apps].")
        for name, table in content.items():
            key_path = ("sources", name)
            if not isinstance(table, dict):
                self.report(key_path, f"[sources.{name}] is {describe_type(table)}: use a table of keys.")
                continue
            yield name, table
            try:
                check_source(table, _SOURCE_OPTIONS)
            except ConfigurationError as error:
                self.report((*key_path, *find_named_key(str(error), table)), str(error))
                continue
            columns = table.get("columns", {})
            for finding in find_cleaning_problems(table):
                of_column = (
                    columns.get(finding.keys[-1]) if len(finding.keys) == len(("columns", "x")) else None
                )
                named = find_named_key(finding.message, of_column) if isinstance(of_column, dict) else ()
                self.report((*key_path, *finding.keys, *named), finding.message)
            self._check_formats(table, key_path)
            for column, rules in columns.items():
                if isinstance(rules, dict) and isinstance(rules.get("formats"), dict):
                    self._check_formats(rules, (*key_path, "columns", column))

    def _check_formats(self, table: TomlTable, key_path: KeyPath) -> None:
        formats = table.get("formats", {})
        try:
            read_formats(formats)
        except ConfigurationError as error:
            formats_path = (*key_path, "formats", *find_named_key(str(error), formats))
            self.report(formats_path, str(error))

    def _parse_shared(self, content: TomlTable) -> Iterator[tuple[str, TomlTable]]:
        """Yield the tables of fields that mappings share, by name, with their valid keys."""
        for name, fields in content.items():
            if not isinstance(fields, dict):
                self.report(
                    ("fields", name), f"[fields.{name}] is {describe_type(fields)}: use a table of fields."
                )
                continue
            templates = schema.Table("", "", dict.fromkeys(fields, schema.Key(schema.TEMPLATE, "")))
            yield name, self.check_table(fields, templates, ("fields", name))

    def _fields_of(self, table: TomlTable, key_path: KeyPath) -> tuple[TomlTable, dict[str, str]]:
        """Return the fields of a mapping, and of each that it shares the name of its table."""
        fields = dict(table.get("fields", {}))
        shared: dict[str, str] = {}
        for index, name in enumerate(table.get("use", ())):
            if name not in self._shared:
                problem = f"There is no table [fields.{name}]: {suggest(name, self._shared)}"
                self.report((*key_path, "use", index), problem)
            for field, value in self._shared.get(name, {}).items():
                if field not in fields:
                    fields[field], shared[field] = value, name
        return fields, shared

    def _parse_selector(
        self, content: TomlTable, table: Table, key_path: KeyPath, default_type: str | None
    ) -> ComponentSelector | None:
        before = len(self.problems)
        valid = self.check_table(content, table, key_path)
        within = None
        if "within" in valid:
            within = self._parse_selector(valid["within"], schema.WITHIN, (*key_path, "within"), None)
        if len(self.problems) > before:
            return None
        value = Template(valid["value"])
        if value.is_constant and is_blank(value.raw):
            self.report((*key_path, "value"), 'value is blank: use a column, such as "{Host}".')
        types = valid.get("type", default_type) or ()
        row_type = None if isinstance(types, list | tuple) else read_row_type(types)
        if isinstance(types, str | dict):
            types = () if row_type else (type_name(types),)
        return ComponentSelector(
            key_path,
            value,
            tuple(types),
            valid.get("key", "name"),
            valid.get("workspace"),
            valid.get("split"),
            valid.get("path"),
            within,
            valid.get("when_absent", "reject"),
            row_type,
        )

    # -- mappings -------------------------------------------------------------------------------------------

    def _parse_components(self, content: list[Any]) -> Iterator[ComponentMapping]:
        for key_path, table, before in self._check_tables(content, schema.COMPONENTS, "components"):
            common = self._parse_common(key_path, table, _COMPONENT_ATTRIBUTES)
            parent = within = None
            if "parent" in table:
                parent_path = (*key_path, "parent")
                default_type = None if common["row_type"] else common["type"]
                parent = self._parse_selector(table["parent"], schema.PARENT, parent_path, default_type)
            key = table.get("key", "name")
            if "within" in table:
                within_path = (*key_path, "within")
                within = self._parse_selector(table["within"], schema.ROW_WITHIN, within_path, None)
                if "parent" in table:
                    self.report(
                        within_path,
                        "A mapping with within has no parent: a row means the component of its name directly "
                        "below the one in within, or creates it there. Remove one of them.",
                    )
                if key != "name":
                    self.report(
                        within_path,
                        f"This mapping matches its rows by the key {quote_name(key)}, so within has no "
                        "effect. Remove within, or write it as parent.",
                    )
            given = content[key_path[1]] if isinstance(content[key_path[1]], dict) else {}
            # A field that is not valid has its own problem.
            fields = given.get("fields") if isinstance(given.get("fields"), dict) else {}
            if key != "name" and key not in {**common["fields"], **(fields or {})}:
                self.report(
                    (*key_path, "key"),
                    f"The key {quote_name(key)} is not in the fields of this mapping. Add it to fields, or "
                    'set key = "name".',
                )
            if key == "name" or table.get("create", True):
                self._require_name(given, key_path)
            if len(self.problems) == before:
                yield ComponentMapping(
                    **common,
                    workspace=table["workspace"],
                    key=key,
                    parent=parent,
                    within=within,
                    adopt=table.get("adopt", True),
                    type_change=table.get("type_change", "reject"),
                    owned=table.get("owned", {}),
                )

    def _require_name(self, table: TomlTable, key_path: KeyPath) -> None:
        if "name" not in table:
            self.report(
                key_path,
                '[[components]] has no key name: set it to a column such as "{Name}". Only a mapping with '
                "create = false and a custom field as its key needs none.",
            )

    def _parse_references(self, content: list[Any]) -> Iterator[ReferenceMapping]:
        for key_path, table, before in self._check_tables(content, schema.REFERENCES, "references"):
            common = self._parse_common(key_path, table, _REFERENCE_ATTRIBUTES)
            ends = []
            for name in ("source", "target"):
                end = None
                if name in table:
                    end = self._parse_selector(table[name], schema.REFERENCE_END, (*key_path, name), None)
                if end is not None and end.workspace is None:
                    if "workspace" not in table:
                        self.report(
                            (*key_path, name),
                            f"{name} has no workspace: set workspace here, or in the mapping for both ends.",
                        )
                    end = replace(end, workspace=table.get("workspace"))
                ends.append(end)
            if isinstance(table.get("missing"), dict):
                self.report((*key_path, "missing"), 'For references, missing is "report" or "delete".')
            key = table.get("key")
            if key is not None and key not in [*common["attributes"], *common["fields"]]:
                self.report(
                    (*key_path, "key"),
                    f"The key {quote_name(key)} is not mapped. Add it to the mapping, or remove key.",
                )
            source, target = ends
            if len(self.problems) == before and source is not None and target is not None:
                yield ReferenceMapping(**common, key=key, source=source, target=target)

    def _parse_common(self, key_path: KeyPath, table: TomlTable, attributes: tuple[str, ...]) -> TomlTable:
        """Return the arguments that both kinds of mapping have."""
        sources = self._content.get("sources")
        rows = table.get("rows")
        if rows is not None and isinstance(sources, dict) and sources and rows not in sources:
            self.report(
                (*key_path, "rows"), f"There is no source {quote_name(rows)}: {suggest(rows, sources)}"
            )
        fields, shared = self._fields_of(table, key_path)
        mapped = [name for name in attributes if name in table] + list(fields)
        mapped += ["parent"] if "parent" in table else []
        for list_name in ("create_only", "fill_if_empty", "never_null", "on_conflict", "on_edit"):
            names = table.get(list_name, [])
            listed = enumerate(names) if isinstance(names, list) else ()
            for part, name in zip(names, names, strict=True) if isinstance(names, dict) else listed:
                if name not in mapped:
                    self.report(
                        (*key_path, list_name, part),
                        f"{list_name} has {quote_name(name)}, which is not mapped: {suggest(name, mapped)}",
                    )
        never_null = table.get("never_null", False)
        missing = table.get("missing", "report")
        action = MissingAction("set", missing["set"]) if isinstance(missing, dict) else MissingAction(missing)
        return {
            "key_path": key_path,
            "rows": rows,
            "type": type_name(table["type"]) if "type" in table else None,
            "attributes": {name: Template(table[name]) for name in attributes if name in table},
            "fields": {name: Template(value) for name, value in fields.items()},
            "where": read_where(table.get("where", {})),
            "create_only": tuple(table.get("create_only", ())),
            "fill_if_empty": tuple(table.get("fill_if_empty", ())),
            "never_null": never_null if isinstance(never_null, bool) else tuple(never_null),
            "missing": action,
            "create": table.get("create", True),
            "policy": EditPolicy(
                *_decision(table.get("on_conflict", "source"), "source"),
                *_decision(table.get("on_edit", "ardoq"), "ardoq"),
            ),
            "row_type": read_row_type(table["type"]) if "type" in table else None,
            "shared": shared,
        }


def _decision(value: str | dict[str, str], default: str) -> tuple[str, dict[str, str]]:
    """Return the decision for a mapping, and those for single attributes."""
    return (default, value) if isinstance(value, dict) else (value, {})


def _columns_by_source(mappings: Iterable[RowMapping]) -> dict[str, frozenset[str]]:
    """Return by source the columns that mappings read."""
    columns: dict[str, frozenset[str]] = {}
    for mapping in mappings:
        read = {use.column for use in list_columns(mapping)}
        columns[mapping.rows] = columns.get(mapping.rows, frozenset()) | read
    return columns
