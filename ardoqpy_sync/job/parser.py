"""Read a job file and check it: report every problem that can be seen without sources and Ardoq."""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from ardoqpy._http.local_files import open_regular_file
from ardoqpy._messages import describe_type, quote_name, suggest
from ardoqpy.errors import ConfigurationError
from ardoqpy_sync.job import schema
from ardoqpy_sync.job.model import (
    ArdoqTable,
    ComponentMapping,
    ComponentSelector,
    GuardTable,
    Job,
    MissingAction,
    ReferenceMapping,
    RunTable,
)
from ardoqpy_sync.job.problems import JobInvalid, Problem, find_named_key, problem_at
from ardoqpy_sync.job.row_types import read_row_type, type_name
from ardoqpy_sync.job.template import Template
from ardoqpy_sync.job.toml_lines import TomlLines, find_lines
from ardoqpy_sync.job.where import read_where
from ardoqpy_sync.sources.cell_formats import read_formats
from ardoqpy_sync.sources.cleaning import find_problems as find_cleaning_problems
from ardoqpy_sync.sources.options import Option
from ardoqpy_sync.sources.registry import check_source
from ardoqpy_sync.sources.row import is_blank

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from ardoqpy_sync.job.schema import Table
    from ardoqpy_sync.job.toml_lines import KeyPath, TomlTable

#: A larger file is not a job file, which is written by hand.
MAX_BYTES = 10 * 2**20
#: A key of so many parts, for which tomllib takes a time that grows with the square of their number.
_LONG_KEY = re.compile(r"""(?<![\w"'-])(?:(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){100}""")
#: Keys that somebody may put the token into.
_SECRET = re.compile("token|secret|passw|api.?key", re.IGNORECASE)
NO_TOKEN = (
    "A job file must not contain the token, because it is shared and stored. Set ARDOQ_API_TOKEN, or set "
    "config to a config file that contains it."
)
#: More digits than Python reads as a number.
_MANY_DIGITS = re.compile(r"[\d_]{4301,}", re.ASCII)
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
    problem = None
    try:
        with open_regular_file(file) as stream:
            content = stream.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            problem = "is larger than 10 MB. Check that it is the right file."
        text = content.decode("utf-8-sig")
    except FileNotFoundError:
        problem = "does not exist. Write a first one with `ardoqpy-sync init`."
    except OSError as error:
        problem = f"cannot be read: {error.strerror}."
    except UnicodeDecodeError:
        problem = "is not UTF-8 text."
    except ValueError:
        problem = "has a name that no file can have."
    if problem is not None:
        raise JobInvalid(str(path), [Problem(f"The job file {problem}")])
    return parse_job(text, file)


def parse_job(text: str, path: str | os.PathLike[str]) -> Job:
    """Return the job that a text describes.

    - `text`: the content of a job file.
    - `path`: its path; relative paths in the job start from its folder. The file need not exist.

    Raise `JobInvalid` as `load_job` does.
    """
    text = text.replace("\r\n", "\n")
    problem = None
    long_key = _LONG_KEY.search(text)
    if long_key is not None:
        line = text.count("\n", 0, long_key.start()) + 1
        raise JobInvalid(str(path), [Problem("Not a valid job: a key has over 100 parts.", line)])
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        position = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
        line = int(position[1]) if position else text.count("\n") + 1
        reason = re.sub(r"\s*\(at [^)]*\)$", "", str(error))
        problem = Problem(f"Not valid TOML: {reason}.", line)
    except ValueError:  # Python reads no number of so many digits
        digits = _MANY_DIGITS.search(text)
        line = text.count("\n", 0, digits.start()) + 1 if digits else 1
        problem = Problem("Not a valid job: a number has too many digits.", line)
    except RecursionError:
        problem = Problem("Not a valid job: the file is nested too deeply.")
    if problem is not None:
        raise JobInvalid(str(path), [problem])
    return _Parser(content, find_lines(text), Path(path)).parse()


class _CheckedTable(NamedTuple):
    """The valid keys of a table in a list, its position, and the number of problems before it."""

    key_path: tuple[str, int]
    table: TomlTable
    problems_before: int


class _Parser:
    def __init__(self, content: TomlTable, lines: TomlLines, path: Path) -> None:
        self._content = content
        self._lines = lines
        self._path = path
        self._problems: list[Problem] = []
        #: By name: the fields that mappings share.
        self._shared: dict[str, TomlTable] = {}

    def parse(self) -> Job:
        top = self._check_table(self._content, schema.JOB, ())
        ardoq = self._check_table(top.get("ardoq", {}), schema.ARDOQ, ("ardoq",))
        if ardoq.get("version") == "v1" and ardoq.get("batch"):
            self._report(("ardoq", "batch"), 'API v1 has no batches. Remove batch, or set version = "v2".')
        run = self._check_table(top.get("run", {}), schema.RUN, ("run",))
        guard = self._check_table(top.get("guard", {}), schema.GUARD, ("guard",))
        sources = dict(self._parse_sources(top.get("sources", {})))
        self._shared = dict(self._parse_shared(top.get("fields", {})))
        components = tuple(self._parse_components(top.get("components", [])))
        references = tuple(self._parse_references(top.get("references", [])))
        if not self._problems and not components and not references:
            self._report((), "The job does nothing. Add [[components]] or [[references]].")
        if self._problems:
            raise JobInvalid(str(self._path), self._problems)
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
        )

    def _report(self, key_path: KeyPath, message: str) -> None:
        self._problems.append(problem_at(self._lines, key_path, message))

    # -- tables ---------------------------------------------------------------------------------------------

    def _check_table(self, content: Any, table: Table, key_path: KeyPath) -> TomlTable:
        """Return the valid keys of a table; report the others."""
        title = table.header or "the top-level table"
        if not isinstance(content, dict):
            self._report(key_path, f"{title} is {describe_type(content)}: use a table of keys and values.")
            return {}
        valid = {}
        for name, value in content.items():
            if name not in table.keys:
                unknown = f"{quote_name(name)} is not a key of {title}: {suggest(name, table.keys)}"
                self._report((*key_path, name), NO_TOKEN if _SECRET.search(name) else unknown)
                continue
            value_type = table.keys[name].type
            remedy = value_type.check(value)
            if remedy is not None:
                is_scalar = isinstance(value, str | int | float) and not isinstance(value, bool)
                actual = quote_name(value) if is_scalar else describe_type(value)
                remedy = remedy or f"use {value_type.description}."
                self._report((*key_path, name), f"{name} is {actual}: {remedy}")
            elif value_type is schema.TEMPLATES:
                templates = schema.Table("", "", dict.fromkeys(value, schema.Key(schema.TEMPLATE, "")))
                valid[name] = self._check_table(value, templates, (*key_path, name))
            else:
                valid[name] = value
        for name, key in table.keys.items():
            if key.required and name not in content:
                self._report(key_path, f"{title} has no key {name}: set it to {key.type.description}.")
        return valid

    def _check_tables(self, content: list[Any], table: Table, name: str) -> Iterator[_CheckedTable]:
        for index, item in enumerate(content):
            before = len(self._problems)
            yield _CheckedTable((name, index), self._check_table(item, table, (name, index)), before)

    def _parse_sources(self, content: TomlTable) -> Iterator[tuple[str, TomlTable]]:
        if not content and "sources" in self._content:
            self._report(("sources",), "There is no source. Add a table for each, such as [sources.apps].")
        for name, table in content.items():
            key_path = ("sources", name)
            if not isinstance(table, dict):
                self._report(key_path, f"[sources.{name}] is {describe_type(table)}: use a table of keys.")
                continue
            yield name, table
            try:
                check_source(table, _SOURCE_OPTIONS)
            except ConfigurationError as error:
                self._report((*key_path, *find_named_key(str(error), table)), str(error))
                continue
            columns = table.get("columns", {})
            for finding in find_cleaning_problems(table):
                of_column = (
                    columns.get(finding.keys[-1]) if len(finding.keys) == len(("columns", "x")) else None
                )
                named = find_named_key(finding.message, of_column) if isinstance(of_column, dict) else ()
                self._report((*key_path, *finding.keys, *named), finding.message)
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
            self._report(formats_path, str(error))

    def _parse_shared(self, content: TomlTable) -> Iterator[tuple[str, TomlTable]]:
        """Yield the tables of fields that mappings share, by name, with their valid keys."""
        for name, fields in content.items():
            if not isinstance(fields, dict):
                self._report(
                    ("fields", name), f"[fields.{name}] is {describe_type(fields)}: use a table of fields."
                )
                continue
            templates = schema.Table("", "", dict.fromkeys(fields, schema.Key(schema.TEMPLATE, "")))
            yield name, self._check_table(fields, templates, ("fields", name))

    def _fields_of(self, table: TomlTable, key_path: KeyPath) -> tuple[TomlTable, dict[str, str]]:
        """Return the fields of a mapping, and of each that it shares the name of its table."""
        fields = dict(table.get("fields", {}))
        shared: dict[str, str] = {}
        for index, name in enumerate(table.get("use", ())):
            if name not in self._shared:
                problem = f"There is no table [fields.{name}]: {suggest(name, self._shared)}"
                self._report((*key_path, "use", index), problem)
            for field, value in self._shared.get(name, {}).items():
                if field not in fields:
                    fields[field], shared[field] = value, name
        return fields, shared

    def _parse_selector(
        self, content: TomlTable, table: Table, key_path: KeyPath, default_type: str | None
    ) -> ComponentSelector | None:
        before = len(self._problems)
        valid = self._check_table(content, table, key_path)
        within = None
        if "within" in valid:
            within = self._parse_selector(valid["within"], schema.WITHIN, (*key_path, "within"), None)
        if len(self._problems) > before:
            return None
        value = Template(valid["value"])
        if value.is_constant and is_blank(value.raw):
            self._report((*key_path, "value"), 'value is blank: use a column, such as "{Host}".')
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
            parent = None
            if "parent" in table:
                parent_path = (*key_path, "parent")
                default_type = None if common["row_type"] else common["type"]
                parent = self._parse_selector(table["parent"], schema.PARENT, parent_path, default_type)
            key = table.get("key", "name")
            given = content[key_path[1]] if isinstance(content[key_path[1]], dict) else {}
            # A field that is not valid has its own problem.
            fields = given.get("fields") if isinstance(given.get("fields"), dict) else {}
            if key != "name" and key not in {**common["fields"], **(fields or {})}:
                self._report(
                    (*key_path, "key"),
                    f"The key {quote_name(key)} is not in the fields of this mapping. Add it to fields, or "
                    'set key = "name".',
                )
            if key == "name" or table.get("create", True):
                self._require_name(given, key_path)
            if len(self._problems) == before:
                yield ComponentMapping(
                    **common,
                    workspace=table["workspace"],
                    key=key,
                    parent=parent,
                    adopt=table.get("adopt", True),
                    type_change=table.get("type_change", "reject"),
                    owned=table.get("owned", {}),
                )

    def _require_name(self, table: TomlTable, key_path: KeyPath) -> None:
        if "name" not in table:
            self._report(
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
                        self._report(
                            (*key_path, name),
                            f"{name} has no workspace: set workspace here, or in the mapping for both ends.",
                        )
                    end = replace(end, workspace=table.get("workspace"))
                ends.append(end)
            if isinstance(table.get("missing"), dict):
                self._report((*key_path, "missing"), 'For references, missing is "report" or "delete".')
            key = table.get("key")
            if key is not None and key not in [*common["attributes"], *common["fields"]]:
                self._report(
                    (*key_path, "key"),
                    f"The key {quote_name(key)} is not mapped. Add it to the mapping, or remove key.",
                )
            source, target = ends
            if len(self._problems) == before and source is not None and target is not None:
                yield ReferenceMapping(**common, key=key, source=source, target=target)

    def _parse_common(self, key_path: KeyPath, table: TomlTable, attributes: tuple[str, ...]) -> TomlTable:
        """Return the arguments that both kinds of mapping have."""
        sources = self._content.get("sources")
        rows = table.get("rows")
        if rows is not None and isinstance(sources, dict) and sources and rows not in sources:
            self._report(
                (*key_path, "rows"), f"There is no source {quote_name(rows)}: {suggest(rows, sources)}"
            )
        fields, shared = self._fields_of(table, key_path)
        mapped = [name for name in attributes if name in table] + list(fields)
        mapped += ["parent"] if "parent" in table else []
        for list_name in ("create_only", "fill_if_empty", "never_null"):
            names = table.get(list_name, [])
            for index, name in enumerate(names if isinstance(names, list) else ()):
                if name not in mapped:
                    self._report(
                        (*key_path, list_name, index),
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
            "row_type": read_row_type(table["type"]) if "type" in table else None,
            "shared": shared,
        }
