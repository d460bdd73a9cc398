"""A model file as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from ardoqpy_sync.job.file.toml_lines import KeyPath, TomlLines


@dataclass(frozen=True, slots=True)
class TypeSpec:
    """A type of components or references; `parent` is the component type above it, None at the top."""

    key_path: KeyPath
    name: str
    parent: str | None = None


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """A custom field.

    - `label`: the name that users see; `name`: the key on components and references, and whether the file
      gives it or it is made of the label.
    - `type`: as Ardoq has it; `options`: the values of a list.
    - `component_types`: the types that have it, None for all; `reference_types`: none if empty.
    """

    key_path: KeyPath
    label: str
    name: str
    is_name_given: bool
    type: str
    options: tuple[str, ...]
    description: str | None
    component_types: tuple[str, ...] | None
    reference_types: tuple[str, ...]

    def __str__(self) -> str:
        """Return the label and, if it is another text, the name."""
        return self.label if self.label == self.name else f"{self.label} ({self.name})"


@dataclass(frozen=True, slots=True)
class WorkspaceSpec:
    """A workspace with its types and fields; a component type comes after the one above it."""

    key_path: KeyPath
    name: str
    component_types: tuple[TypeSpec, ...]
    reference_types: tuple[TypeSpec, ...]
    fields: tuple[FieldSpec, ...]


@dataclass(frozen=True, slots=True)
class ModelFile:
    """The content of a model file; `lines` are those of its keys."""

    path: Path
    lines: TomlLines
    workspaces: tuple[WorkspaceSpec, ...]
