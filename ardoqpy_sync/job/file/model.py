"""A job as data: its sources, and what their rows become in Ardoq."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, TypedDict

from ardoqpy._messages import quote_name
from ardoqpy_sync.job.file.problems import problem_at

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ardoqpy.entities import Attributes
    from ardoqpy_sync.compare.merge import EditPolicy
    from ardoqpy_sync.documents import KindName
    from ardoqpy_sync.job.file.problems import Problem
    from ardoqpy_sync.job.file.row_types import RowType
    from ardoqpy_sync.job.file.template import Template
    from ardoqpy_sync.job.file.toml_lines import KeyPath, TomlLines
    from ardoqpy_sync.job.file.where import Where
    from ardoqpy_sync.job.testing.model import JobTest


class ArdoqTable(TypedDict, total=False):
    """The table `[ardoq]` of a job; schema.py describes the keys."""

    host: str
    org: str
    config: str
    version: str
    batch: bool | int
    rate_limit: float
    timeout: float
    allow_http: bool


class RunTable(TypedDict, total=False):
    """The table `[run]` of a job; schema.py describes the keys."""

    on_error: str
    ledger: str | bool | dict[str, str]
    keep_runs: int
    redact: list[str]
    lock_file: str
    lock_stale_after: str


class GuardTable(TypedDict, total=False):
    """The table `[guard]` of a job; schema.py describes the keys."""

    share: float
    count: int
    take_along: bool
    despite_failures: bool
    missing_scope: str
    missing_after: int


class EndName(NamedTuple):
    """The component that a row names: its name or key after those of its ancestors, if they are given.

    - `within`: the component that it is directly below, if the row names that.
    - `type_id`: the type of the component, if the row gives it.
    """

    path: tuple[str, ...]
    within: EndName | None = None
    type_id: str | None = None

    def __str__(self) -> str:
        """Return the names in quotes."""
        return " / ".join(map(quote_name, self.path))

    @property
    def names(self) -> tuple[str, ...]:
        """All names that the row gives, from the top."""
        return (*(self.within.names if self.within is not None else ()), *self.path)


@dataclass(frozen=True, slots=True)
class ComponentSelector:
    """The component that a row names: as its parent, or at an end of a reference.

    - `key_path`: the position in the job file.
    - `value`: gives the name or the key of the component.
    - `types`, `workspace`: names in Ardoq; no type means any, and None the workspace of the mapping.
    - `key`: "name", or the custom field that `value` is compared with.
    - `split`: the text between several values in one cell; None for one value.
    - `path`: the text between the names of the ancestors and the component's own; None if there are none.
    - `within`: the parent of the component, to tell components of one name apart.
    - `when_absent`: "reject" or "skip" a row if there is no such component.
    - `row_type`: gives the type of the component instead of `types`; None if the row does not.
    """

    key_path: KeyPath
    value: Template
    types: tuple[str, ...]
    key: str = "name"
    workspace: str | None = None
    split: str | None = None
    path: str | None = None
    within: ComponentSelector | None = None
    when_absent: str = "reject"
    row_type: RowType | None = None


@dataclass(frozen=True, slots=True)
class MissingAction:
    """What to do with what is missing: `action` is "report", "delete", or "set" with the `values`."""

    action: str = "report"
    values: Attributes = field(default_factory=dict)

    @property
    def past_tense(self) -> str:
        """Return the past tense of the action, for messages."""
        return {"report": "reported", "delete": "deleted", "set": "marked"}[self.action]


@dataclass(frozen=True, slots=True)
class RowMapping:
    """What the rows of a source become.

    - `key_path`: the position in the job file; `rows`: the name of the source; `type`: the name in Ardoq.
    - `attributes`: templates of built-in attributes, such as the description.
    - `fields`: templates of custom fields, by name or label.
    - `where`: by column what a row must have.
    - `create_only`, `fill_if_empty`, `never_null`: names of attributes; `never_null` is True for all.
    - `create`: whether an item that does not exist is created.
    - `policy`: whose value counts where somebody has edited an attribute in Ardoq.
    - `row_type`: gives the type of each row; None if `type` is that of all rows.
    - `shared`: by name of a field, the table `[fields.NAME]` that it is from, if it is not the mapping's own.
    """

    key_path: KeyPath
    rows: str
    type: str
    attributes: Mapping[str, Template]
    fields: Mapping[str, Template]
    where: Where
    create_only: tuple[str, ...]
    fill_if_empty: tuple[str, ...]
    never_null: tuple[str, ...] | bool
    missing: MissingAction
    create: bool
    policy: EditPolicy
    row_type: RowType | None
    shared: Mapping[str, str]

    kind: ClassVar[KindName]

    def path_of(self, name: str) -> KeyPath:
        """Return the position of a mapped attribute or field in the job file."""
        if name in self.shared:
            return ("fields", self.shared[name], name)
        return (*self.key_path, "fields", name) if name in self.fields else (*self.key_path, name)


@dataclass(frozen=True, slots=True)
class ComponentMapping(RowMapping):
    """Rows that become components of one type in one workspace.

    - `within`: the parent that distinguishes components of the same name; `parent` is None then.
    - `adopt`: whether a key that no component has is given to the component without one that has the name.
    - `type_change`: "reject" or "update" if a component of another type has the key.
    - `owned`: the values of the custom fields that every component of this mapping has; none for all.
    """

    kind: ClassVar[KindName] = "component"

    workspace: str
    key: str
    parent: ComponentSelector | None
    within: ComponentSelector | None
    adopt: bool
    type_change: str
    owned: Attributes


@dataclass(frozen=True, slots=True)
class ReferenceMapping(RowMapping):
    """Rows that become references of one type.

    - `key`: the attribute that tells references of one type between two components apart; None if there is
      at most one.
    """

    kind: ClassVar[KindName] = "reference"

    key: str | None
    source: ComponentSelector
    target: ComponentSelector


@dataclass(frozen=True, slots=True)
class Job:
    """The content of a job file, checked as far as possible without its sources and Ardoq.

    - `path`: the file; `name`: the name of the job; `lines`: the lines of the keys.
    - `ardoq`, `run`, `guard`: the tables of that name, without defaults.
    - `sources`: the tables of the sources by name; their keys depend on the source type.
    - `components`, `references`: the mappings; `tests`: the tests of the job, which a run ignores.
    """

    path: Path
    name: str
    lines: TomlLines
    ardoq: ArdoqTable
    run: RunTable
    guard: GuardTable
    sources: Mapping[str, Mapping[str, Any]]
    components: tuple[ComponentMapping, ...]
    references: tuple[ReferenceMapping, ...]
    tests: tuple[JobTest, ...]

    def problem_at(self, key_path: KeyPath, message: str) -> Problem:
        """Return a problem at a position of the file."""
        return problem_at(self.lines, key_path, message)
