"""A job as plain data: where rows come from, and what becomes of them in Ardoq."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from ardoqpy_sync.job.problems import trouble_at

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ardoqpy_sync.job.problems import Problem
    from ardoqpy_sync.job.template import Template
    from ardoqpy_sync.job.toml_lines import Path as Place
    from ardoqpy_sync.job.toml_lines import Places

__all__ = ["ComponentMapping", "End", "Job", "Missing", "ReferenceMapping", "RowMapping"]


@dataclass(frozen=True, slots=True)
class End:
    """A component that a row names: of which type and workspace, and what it is found by.

    `workspace` is None where it is that of the mapping; `split` is what stands between several of them.
    """

    place: Place
    value: Template
    type: str
    key: str = "name"
    workspace: str | None = None
    split: str | None = None


@dataclass(frozen=True, slots=True)
class Missing:
    """What becomes of what the source no longer has: `report`, `delete`, or `set` with the `marks`."""

    deed: str = "report"
    marks: Mapping[str, Any] = field(default_factory=dict)

    @property
    def past(self) -> str:
        """What is said of it where it was done."""
        return {"report": "reported", "delete": "deleted", "set": "marked"}[self.deed]


@dataclass(frozen=True, slots=True)
class RowMapping:
    """What rows of a source become.

    `attributes` are those that every component or reference has, such as the description; `fields` the
    custom ones, by name or label. `never_null` is True for all of them.
    """

    place: Place
    rows: str
    type: str
    attributes: Mapping[str, Template]
    fields: Mapping[str, Template]
    where: Mapping[str, tuple[str, ...]]
    create_only: tuple[str, ...]
    fill_if_empty: tuple[str, ...]
    never_null: tuple[str, ...] | bool
    missing: Missing

    kind: ClassVar[str]


@dataclass(frozen=True, slots=True)
class ComponentMapping(RowMapping):
    """Rows that become components of one type in one workspace."""

    kind: ClassVar[str] = "component"

    workspace: str
    key: str
    parent: End | None


@dataclass(frozen=True, slots=True)
class ReferenceMapping(RowMapping):
    """Rows that become references of one type."""

    kind: ClassVar[str] = "reference"

    source: End
    target: End


@dataclass(frozen=True, slots=True)
class Job:
    """A job as its file says, checked as far as that goes without reading a source or asking Ardoq.

    - `path`: the file; `name`: what the job is called; `places`: the lines of its keys.
    - `ardoq`, `run`, `guard`: what the tables of that name say, nothing filled in.
    - `sources`: by name their tables; `components` and `references`: what becomes of their rows.
    """

    path: Path
    name: str
    places: Places
    ardoq: Mapping[str, Any]
    run: Mapping[str, Any]
    guard: Mapping[str, Any]
    sources: Mapping[str, Mapping[str, Any]]
    components: tuple[ComponentMapping, ...]
    references: tuple[ReferenceMapping, ...]

    def trouble(self, place: Place, sentence: str) -> Problem:
        """Return what is wrong at a place of the file."""
        return trouble_at(self.places, place, sentence)
