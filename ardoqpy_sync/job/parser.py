"""A job file read and checked: every trouble that can be seen without a source or Ardoq, each with its
line.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ardoqpy._messages import describe_type, quote_name, suggest
from ardoqpy.errors import ConfigurationError
from ardoqpy_sync.job import schema
from ardoqpy_sync.job.model import ComponentMapping, End, Job, Missing, ReferenceMapping
from ardoqpy_sync.job.problems import JobInvalid, Problem, trouble_at
from ardoqpy_sync.job.schema_types import TEMPLATE, TEMPLATES
from ardoqpy_sync.job.template import Template
from ardoqpy_sync.job.toml_lines import Places, lines_of
from ardoqpy_sync.sources.cell_formats import read_spelling
from ardoqpy_sync.sources.registry import checked_source
from ardoqpy_sync.sources.row import blank

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from ardoqpy_sync.job.schema_types import Shape, Table
    from ardoqpy_sync.job.toml_lines import Path as Place

__all__ = ["load_job", "read_job"]

#: A job file is written by hand: what is larger is another file.
LARGEST = 10 * 2**20
#: Keys by which somebody might give the token all the same.
_SECRET = re.compile("token|secret|passw|api.?key", re.IGNORECASE)
NO_TOKEN = (
    "the token does not belong in a job file, which is shared and kept: set ARDOQ_API_TOKEN, or name a cfg "
    "file that holds it as config."
)
_COMPONENT_ATTRIBUTES = ("name", "description")
_REFERENCE_ATTRIBUTES = ("displayText", "description")


def load_job(path: str | os.PathLike[str]) -> Job:
    """Return the job of a file.

    Raise `JobInvalid`, which lists everything that is wrong, each thing with its line, where the file cannot
    be read, is no TOML, or does not make sense. Nothing else is read, and Ardoq is not asked.
    """
    file = Path(path)
    name = str(path)
    trouble = None
    try:
        with file.open("rb") as opened:
            data = opened.read(LARGEST + 1)
        if len(data) > LARGEST:
            trouble = "is larger than any job: is it the right file?"
        text = data.decode("utf-8-sig")
    except FileNotFoundError:
        trouble = "is not there: `ardoqpy-sync init` writes a first one."
    except OSError as problem:
        trouble = f"cannot be read: {problem.strerror}."
    except UnicodeDecodeError:
        trouble = "is not UTF-8 text."
    except ValueError:
        trouble = "is no path."
    if trouble is not None:
        raise JobInvalid(name, [Problem(f"The job file {trouble}")])
    return read_job(text, file)


def read_job(text: str, path: str | os.PathLike[str]) -> Job:
    """Return the job that a text is; `path` is where it stands, or would: what it names is looked for
    beside it.

    Raise `JobInvalid` as `load_job` does.
    """
    text = text.replace("\r\n", "\n")
    trouble = None
    try:
        told = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        found = re.search(r"\(at line (\d+), column (\d+)\)", str(problem))
        line = int(found[1]) if found else text.count("\n") + 1
        what = re.sub(r"\s*\(at [^)]*\)$", "", str(problem))
        trouble = Problem(f"this is no TOML: {what[:1].lower()}{what[1:]}.", line)
    except RecursionError:
        trouble = Problem("this is no job: it is nested too deeply.")
    if trouble is not None:
        raise JobInvalid(str(path), [trouble])
    return _Reader(told, lines_of(text), Path(path)).job()


class _Reader:
    def __init__(self, told: dict[str, Any], places: Places, path: Path) -> None:
        self._told = told
        self._places = places
        self._path = path
        self._troubles: list[Problem] = []

    def job(self) -> Job:
        top = self._table(self._told, schema.JOB, ())
        ardoq = self._table(top.get("ardoq", {}), schema.ARDOQ, ("ardoq",))
        if ardoq.get("version") == "v1" and ardoq.get("batch"):
            self._trouble(
                ("ardoq", "batch"), 'API v1 has no transactions: leave batch out, or say version = "v2".'
            )
        run = self._table(top.get("run", {}), schema.RUN, ("run",))
        guard = self._table(top.get("guard", {}), schema.GUARD, ("guard",))
        sources = dict(self._sources(top.get("sources", {})))
        components = tuple(self._components(top.get("components", [])))
        references = tuple(self._references(top.get("references", [])))
        if not self._troubles and not components and not references:
            self._trouble((), "the job does nothing: it has neither [[components]] nor [[references]].")
        if self._troubles:
            raise JobInvalid(str(self._path), self._troubles)
        name = top.get("name") or self._path.stem
        return Job(self._path, name, self._places, ardoq, run, guard, sources, components, references)

    def _trouble(self, place: Place, sentence: str) -> None:
        self._troubles.append(trouble_at(self._places, place, sentence))

    # -- tables ---------------------------------------------------------------------------------------------

    def _table(self, told: Any, table: Table, place: Place) -> dict[str, Any]:
        """Return what fits of a table; what does not is a trouble."""
        where = table.header or "the top of a job"
        if not isinstance(told, dict):
            self._trouble(place, f"{where} is {describe_type(told)}: give a table of keys and values.")
            return {}
        fits = {}
        for name, value in told.items():
            if name not in table.keys:
                if _SECRET.search(name):
                    self._trouble((*place, name), NO_TOKEN)
                else:
                    self._trouble(
                        (*place, name),
                        f"{quote_name(name)} is no key of {where}: {suggest(name, table.keys)}",
                    )
                continue
            shape = table.keys[name].shape
            trouble = shape.trouble(value)
            if trouble is None:
                fits[name] = self._templates((*place, name), value) if shape is TEMPLATES else value
                continue
            self._misfit((*place, name), value, shape, trouble)
        for name, key in table.keys.items():
            if key.needed and name not in told:
                self._trouble(place, f"{where} has no {name}: give {key.shape.words}.")
        return fits

    def _misfit(self, place: Place, value: Any, shape: Shape, trouble: str) -> None:
        plain = isinstance(value, str | int | float) and not isinstance(value, bool)
        shown = quote_name(value) if plain else describe_type(value)
        self._trouble(place, f"{place[-1]} is {shown}: {trouble or f'give {shape.words}.'}")

    def _templates(self, place: Place, told: dict[str, Any]) -> dict[str, Any]:
        fits = {}
        for name, value in told.items():
            trouble = TEMPLATE.trouble(value)
            if trouble is None:
                fits[name] = value
            else:
                self._misfit((*place, name), value, TEMPLATE, trouble)
        return fits

    def _tables(
        self, told: list[Any], table: Table, name: str
    ) -> Iterator[tuple[tuple[str, int], dict[str, Any], int]]:
        for number, one in enumerate(told):
            before = len(self._troubles)
            fits = self._table(one, table, (name, number))
            yield (name, number), fits, before

    def _sources(self, told: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
        if not told and "sources" in self._told:
            self._trouble(("sources",), "there is no source: give each a table, such as [sources.apps].")
        for name, description in told.items():
            place = ("sources", name)
            if not isinstance(description, dict):
                self._trouble(
                    place, f"[sources.{name}] is {describe_type(description)}: give a table of keys."
                )
                continue
            yield name, description
            table = dict(description)
            try:
                if "spelling" in table:
                    read_spelling(table.pop("spelling"))
                checked_source(table)
            except ConfigurationError as problem:
                self._trouble((*place, *_key_named(str(problem), description)), str(problem))

    def _end(self, told: dict[str, Any], table: Table, place: Place, type_name: str | None) -> End | None:
        before = len(self._troubles)
        fits = self._table(told, table, place)
        if len(self._troubles) > before:
            return None
        value = Template(fits["value"])
        if value.constant and blank(value.told):
            self._trouble((*place, "value"), 'value is blank: name a column, such as "{Host}".')
        return End(
            place,
            value,
            fits.get("type") or type_name or "",
            fits.get("key", "name"),
            fits.get("workspace"),
            fits.get("split"),
        )

    # -- mappings -------------------------------------------------------------------------------------------

    def _components(self, told: list[Any]) -> Iterator[ComponentMapping]:
        for place, fits, before in self._tables(told, schema.COMPONENTS, "components"):
            common = self._common(place, fits, _COMPONENT_ATTRIBUTES)
            parent = None
            if "parent" in fits:
                parent = self._end(fits["parent"], schema.PARENT, (*place, "parent"), fits.get("type"))
                if parent is not None and parent.split:
                    self._trouble((*place, "parent", "split"), "a component has one parent.")
            key = fits.get("key", "name")
            mapped = told[place[1]].get("fields")
            if key != "name" and not (isinstance(mapped, dict) and key in mapped):
                self._trouble(
                    (*place, "key"),
                    f"the key {quote_name(key)} is not among the fields of this mapping: map it in fields, "
                    'or say key = "name".',
                )
            if len(self._troubles) == before:
                yield ComponentMapping(**common, workspace=fits["workspace"], key=key, parent=parent)

    def _references(self, told: list[Any]) -> Iterator[ReferenceMapping]:
        for place, fits, before in self._tables(told, schema.REFERENCES, "references"):
            common = self._common(place, fits, _REFERENCE_ATTRIBUTES)
            ends = [
                self._end(fits[name], schema.REFERENCE_END, (*place, name), None) if name in fits else None
                for name in ("source", "target")
            ]
            for name, end in zip(("source", "target"), ends, strict=True):
                if end is not None and end.workspace is None and "workspace" not in fits:
                    self._trouble(
                        (*place, name),
                        f"{name} has no workspace: give it here, or for both ends as workspace.",
                    )
            if isinstance(fits.get("missing"), dict):
                self._trouble((*place, "missing"), 'missing can be "report" or "delete" for references.')
            if len(self._troubles) == before and ends[0] is not None and ends[1] is not None:
                source, target = (_in_workspace(end, fits.get("workspace")) for end in (ends[0], ends[1]))
                yield ReferenceMapping(**common, source=source, target=target)

    def _common(self, place: Place, fits: dict[str, Any], attributes: tuple[str, ...]) -> dict[str, Any]:
        """Return what both kinds of mapping have."""
        sources = self._told.get("sources")
        rows = fits.get("rows")
        if rows is not None and isinstance(sources, dict) and sources and rows not in sources:
            self._trouble(
                (*place, "rows"), f"there is no source {quote_name(rows)}: {suggest(rows, sources)}"
            )
        mapped = [name for name in attributes if name in fits] + list(fits.get("fields", ()))
        mapped += ["parent"] if "parent" in fits else []
        for list_name in ("create_only", "fill_if_empty", "never_null"):
            named = fits.get(list_name, [])
            for number, name in enumerate(named if isinstance(named, list) else ()):
                if name not in mapped:
                    self._trouble(
                        (*place, list_name, number),
                        f"{list_name} names {quote_name(name)}, which is not mapped: {suggest(name, mapped)}",
                    )
        never_null = fits.get("never_null", False)
        missing = fits.get("missing", "report")
        return {
            "place": place,
            "rows": rows,
            "type": fits.get("type"),
            "attributes": {name: Template(fits[name]) for name in attributes if name in fits},
            "fields": {name: Template(told) for name, told in fits.get("fields", {}).items()},
            "where": {column: _words(told) for column, told in fits.get("where", {}).items()},
            "create_only": tuple(fits.get("create_only", ())),
            "fill_if_empty": tuple(fits.get("fill_if_empty", ())),
            "never_null": never_null if isinstance(never_null, bool) else tuple(never_null),
            "missing": Missing("set", missing["set"]) if isinstance(missing, dict) else Missing(missing),
        }


def _in_workspace(end: End, both: str | None) -> End:
    return End(end.place, end.value, end.type, end.key, end.workspace or both, end.split)


def _words(told: Any) -> tuple[str, ...]:
    """Return the cells that a filter lets through, as text."""
    return tuple(_word(one) for one in (told if isinstance(told, list) else [told]))


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value).strip()


def _key_named(sentence: str, description: dict[str, Any]) -> Place:
    """Return the key of a source that a sentence about it names, where it names one."""
    return next(((name,) for name in description if quote_name(name) in sentence), ())
