"""Write a first model file from the columns of sheets: what a workspace needs for their rows."""

from __future__ import annotations

from itertools import chain, count
from typing import TYPE_CHECKING, Any, NamedTuple

from ardoqpy_sync.job.model_file.parser import BUILT_IN, name_of_label
from ardoqpy_sync.job.scaffold import guesses
from ardoqpy_sync.job.scaffold.sheets import NO_OPTIONS, FirstFile, Sheet, read_sheets
from ardoqpy_sync.job.scaffold.toml_text import comment_lines, toml_text, toml_value

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping, Sequence
    from pathlib import Path

    from ardoqpy_sync.job.scaffold.guesses import GuessedType
    from ardoqpy_sync.job.scaffold.sheets import Column, FileOptions


class _SheetModel(NamedTuple):
    """What a sheet needs: a type for its rows, fields, and types of references.

    - `type`: None if its rows are references.
    """

    sheet: Sheet
    type: str | None
    fields: Mapping[str, GuessedType]
    reference_types: Sequence[str]


def write_first_model(
    workspace: str,
    sources: Sequence[str | Mapping[str, Any]],
    base: Path,
    options: FileOptions = NO_OPTIONS,
) -> FirstFile:
    """Return a model file with a workspace for the rows of files.

    - `workspace`: its name.
    - `sources`, `base`, `options`: as for `write_first_job`.

    Each sheet is a component type, each of its columns a field of a type that all its cells have; a column
    that names rows of a sheet is a type of references. Raise as `read_sheets` does.
    """
    sheets, skipped = read_sheets(sources, base, options)
    models = _describe(sheets)
    findings = [*(f"{sheet.label}: {', '.join(sheet.findings)}." for sheet in sheets), *skipped]
    findings += [_model_sentence(model) for model in models]
    component_types = list(dict.fromkeys(model.type for model in models if model.type))
    reference_types = list(dict.fromkeys(name for model in models for name in model.reference_types))
    lines = [
        f"# A first model for {len(sheets)} sheet{'s'[: len(sheets) != 1]}. Read it, change it, then run:",
        "#   ardoqpy-sync model plan <this file>     preview what would be added; nothing is written",
        "#   ardoqpy-sync model apply <this file>    add what lacks; nothing is removed, renamed or retyped",
        "# Experimental: it uses API v1, and has never been tried on a real Ardoq.",
        "#",
        *(line for sentence in findings for line in comment_lines(sentence)),
        "format = 1",
        "",
        "[[workspaces]]",
        f"name = {toml_text(workspace)}",
        "component_types = [",
        *(f"    {toml_value({'name': name})}," for name in component_types),
        "]    # a type below another one comes after it, with parent = that one",
        *(
            ["reference_types = [", *(f"    {toml_value({'name': name})}," for name in reference_types), "]"]
            if reference_types
            else ['# reference_types = [{ name = "..." }]']
        ),
        *_field_lines(models, has_types=len(component_types) > 1),
        "",
    ]
    return FirstFile("\n".join(lines), findings)


def _describe(sheets: Sequence[Sheet]) -> list[_SheetModel]:
    types = {sheet.key: _type_name(sheet.title) for sheet in sheets}
    names = {sheet.key: guesses.find_name(sheet.columns, types[sheet.key]) for sheet in sheets}
    keys = {
        sheet.key: [
            column.name for column in sheet.columns if column.is_unique and guesses.is_key_like(column.name)
        ]
        for sheet in sheets
    }
    targets = [
        (sheet, [names[sheet.key].name, *keys[sheet.key]])
        for sheet in sheets
        if names[sheet.key].is_nearly_unique
    ]
    models = []
    for sheet in sheets:
        others = [target for target in targets if target[0] is not sheet]
        ends = [column.name for column in sheet.columns if guesses.find_target(column, others)]
        name = names[sheet.key]
        is_link = len(ends) >= 2 and not (name.is_unique and name.name not in ends)
        models.append(
            _describe_links(sheet, ends[:2])
            if is_link
            else _describe_rows(sheet, types[sheet.key], name, targets)
        )
    return models


def _describe_links(sheet: Sheet, ends: Sequence[str]) -> _SheetModel:
    fields = _guess_fields(column for column in sheet.columns if column.name not in ends)
    return _SheetModel(sheet, None, fields, [_label(sheet.title)])


def _describe_rows(
    sheet: Sheet, type_name: str, name: Column, targets: Sequence[tuple[Sheet, list[str]]]
) -> _SheetModel:
    description = guesses.find_description(sheet.columns)
    free = [column for column in sheet.columns if column not in (name, description)]
    parent = guesses.find_parent(free)
    own_key = [column for column in free if column.is_unique and guesses.is_key_like(column.name)]
    rest = [column for column in free if column is not parent]
    references = [column for column in rest if column not in own_key and guesses.find_target(column, targets)]
    fields = _guess_fields(column for column in rest if column not in references)
    return _SheetModel(sheet, type_name, fields, [_label(column.name) for column in references])


def _guess_fields(columns: Iterable[Column]) -> dict[str, GuessedType]:
    """Return the types of fields by column; a list fits in none of those that can be guessed."""
    return {column.name: guesses.guess_type(column) for column in columns if not column.has_lists}


def _type_name(title: str) -> str:
    """Return the name of the type of a sheet's rows: its title, without the s of an English plural."""
    name = _label(title.replace("_", " "))
    name = name[:1].upper() + name[1:]
    if name.endswith("ies"):
        return f"{name[:-3]}y"
    return name[:-1] if name.endswith("s") and not name.endswith(("ss", "us", "is")) else name


def _label(name: str) -> str:
    """Return the name of a column or sheet on one line."""
    return " ".join(name.split())


def _model_sentence(model: _SheetModel) -> str:
    if model.type is None:
        return f"{model.sheet.label}: rows are references of type {model.reference_types[0]}."
    references = f" and references: {', '.join(model.reference_types)}" if model.reference_types else ""
    return (
        f"{model.sheet.label}: rows are components of type {model.type}, with {len(model.fields)} "
        f"field{'s'[: len(model.fields) != 1]}{references}."
    )


def _free_name(name: str, used: Container[str]) -> str:
    """Return the name of a field, or one like it that is neither an attribute nor the name of another."""
    stem = f"{name}_value" if name in BUILT_IN else name or "column"
    names = chain([stem], (f"{stem}_{number}" for number in count(2)))
    return next(free for free in names if free not in used)


def _field_lines(models: Sequence[_SheetModel], *, has_types: bool) -> list[str]:
    """Return the fields; one that several sheets have is on the types of all of them."""
    lines: list[str] = []
    merged: dict[str, list[tuple[_SheetModel, GuessedType]]] = {}
    for model in models:
        for column, guessed in model.fields.items():
            merged.setdefault(_label(column), []).append((model, guessed))
    used: set[str] = set()
    for label, uses in merged.items():
        name = _free_name(name_of_label(label), used)
        used.add(name)
        kinds = list(dict.fromkeys(guessed.type for _, guessed in uses))
        options = list(dict.fromkeys(option for _, guessed in uses for option in guessed.options))
        components = list(dict.fromkeys(model.type for model, _ in uses if model.type))
        references = [model.reference_types[0] for model, _ in uses if model.type is None]
        kind = kinds[0] if len(kinds) == 1 else "Text"
        lines += [
            "",
            "[[workspaces.fields]]",
            f"label = {toml_text(label)}",
            *([f"name = {toml_text(name)}"] if name != name_of_label(label) else []),
            f"type = {toml_text(kind)}",
            *([f"options = {toml_value(options)}"] if kind == "List" else []),
            *([f"component_types = {toml_value(components)}"] if has_types or not components else []),
            *([f"reference_types = {toml_value(references)}"] if references else []),
        ]
    return lines
