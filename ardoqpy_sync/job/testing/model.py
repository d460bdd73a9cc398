"""A test of a job as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ardoqpy.entities import Attributes
    from ardoqpy_sync.job.file.toml_lines import KeyPath


@dataclass(frozen=True, slots=True)
class ItemBefore:
    """A component or reference that is in Ardoq before the run.

    - `key_path`: the position in the job file; `type`: the name of the type.
    - `workspace`: name or id; None if the type is only in one. That of a reference is the one of its source.
    - `name`, `parent`: of a component; `source`, `target`: the names of the ends of a reference.
    - `attributes`: `description` or `displayText`; `fields`: values by name or label.
    """

    key_path: KeyPath
    type: str
    workspace: str | None
    name: str | None
    parent: str | None
    source: str | None
    target: str | None
    attributes: Attributes
    fields: Attributes

    @property
    def is_reference(self) -> bool:
        """Return whether it is a reference."""
        return self.source is not None


@dataclass(frozen=True, slots=True)
class ExpectedChange:
    """A change that the run has to make.

    - `key_path`: the position in the job file; `action`: "create", "update" or "delete".
    - `name`: of the component after the change, or "Source -> Target" for a reference.
    - `type`: the name of the type; None for any.
    - `values`: the new values that are written, by attribute, field name or label; None if they are not
      compared.
    """

    key_path: KeyPath
    action: str
    name: str
    type: str | None
    values: Attributes | None


@dataclass(frozen=True, slots=True)
class JobTest:
    """One test of a job.

    - `key_path`: the position in the job file; `name`: what must hold.
    - `model`: the file with the workspaces, types and fields, relative to the job.
    - `rows`: by source, its rows; a source that is not named has none.
    - `before`: what is in Ardoq; `changes`: the changes that the run makes, and no others.
    - `failed`: for each row that fails, a part of the reason; `blocked`: whether the delete guard blocks.
    - `missing`: the names of what is reported as missing; None if that is not compared.
    """

    key_path: KeyPath
    name: str
    model: str
    rows: Mapping[str, tuple[Mapping[str, Any], ...]]
    before: tuple[ItemBefore, ...]
    changes: tuple[ExpectedChange, ...]
    failed: tuple[str, ...]
    blocked: bool
    missing: tuple[str, ...] | None
