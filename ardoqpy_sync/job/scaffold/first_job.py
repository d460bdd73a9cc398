"""Write a first job from the types and fields of workspaces and the columns of sheets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ardoqpy import metamodel
from ardoqpy._messages import did_you_mean, quote_name
from ardoqpy.errors import InvalidInput
from ardoqpy.name_lookup import NameLookup
from ardoqpy_sync.job.scaffold import guesses
from ardoqpy_sync.job.scaffold.sheets import NO_OPTIONS, FirstFile, Sheet, read_sheets
from ardoqpy_sync.job.scaffold.toml_text import (
    comment_lines,
    comment_names,
    comment_text,
    template,
    toml_key,
    toml_text,
    toml_value,
)
from ardoqpy_sync.job.scaffold.value_maps import NamedValues, column_lines, value_sentences

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from ardoqpy.client import ArdoqClient
    from ardoqpy.metamodel import Field
    from ardoqpy_sync.job.scaffold.guesses import FieldMatch, GuessedFormats, Target, TypeColumn
    from ardoqpy_sync.job.scaffold.sheets import Column, FileOptions

#: The most types, fields and values that a comment lists.
MAX_LISTED = 12


class _Workspace(NamedTuple):
    """A workspace: its name, and what can be written to it."""

    name: str
    types: tuple[str, ...]
    fields: tuple[Field, ...]
    reference_types: tuple[str, ...]


class _Components(NamedTuple):
    """What a sheet of components becomes.

    - `types`: one, or those in `type_column`, the column with the type of each row.
    - `types_are_known`: whether the sheet says which types, and they are not just the first one.
    - `key`: the column of the key, None for the name; `unmapped`: the columns that become nothing.
    - `by_values`: of these, the columns whose values only look like those of a field.
    - `values`: what the values of columns stand for, if these are options or types.
    """

    sheet: Sheet
    workspace: _Workspace
    types: tuple[str, ...]
    type_column: str | None
    types_are_known: bool
    name: Column
    description: Column | None
    fields: Mapping[str, FieldMatch]
    key: str | None
    formats: GuessedFormats
    unmapped: list[Column]
    by_values: Mapping[str, Field]
    values: Mapping[str, NamedValues]

    @property
    def type_of_ends(self) -> str | list[str]:
        """Return the value of `type` in a selector of these components."""
        return self.types[0] if self.type_column is None else list(self.types)

    @property
    def identifying(self) -> list[str]:
        """Return the columns that other sheets can name a component by."""
        return list(dict.fromkeys([self.name.name, *([self.key] if self.key else [])]))


class _End(NamedTuple):
    """An end of references: what it is, and the column that names it."""

    components: _Components
    key_column: str
    column: str
    split: str | None = None


class _Links(NamedTuple):
    """What a sheet of references becomes: its two ends, and the rest as in `_Components`."""

    sheet: Sheet
    first: _End
    second: _End
    type_column: str | None
    fields: Mapping[str, FieldMatch]
    formats: GuessedFormats
    values: Mapping[str, NamedValues]


def write_first_job(
    client: ArdoqClient,
    workspaces: Sequence[str],
    sources: Sequence[str | Mapping[str, Any]],
    base: Path,
    options: FileOptions = NO_OPTIONS,
) -> FirstFile:
    """Return a first job that writes the rows of files into workspaces.

    - `client`: reads the workspaces, their models and their fields; nothing is written.
    - `workspaces`: names or ids; a sheet goes to the one that has a type of its name, else to the first.
    - `sources`: files, or tables as below `[sources]` in a job; `base`: the folder of the job.
    - `options`: what is known of the files.

    Columns are mapped to the fields of the same or a similar name or label; the other columns are listed in
    comments. Raise `InvalidInput` if there is no such workspace, or if it has no component type. Raise
    `ConfigurationError` or `InvalidInput` if a source cannot be opened or read, or has no column names.
    """
    sheets, skipped = read_sheets(sources, base, options)
    models = _read_workspaces(client, workspaces)
    components, link_sheets = _split([_describe_sheet(sheet, _find_types(sheet, models)) for sheet in sheets])
    findings = [*(f"{sheet.label}: {', '.join(sheet.findings)}." for sheet in sheets), *skipped]
    mappings: list[str] = []
    references: list[str] = []
    for described in components:
        others = [other for other in components if other is not described]
        parent, unmapped = _find_parent(described, others)
        blocks, unmapped = _column_references(described._replace(unmapped=unmapped), components)
        references += blocks
        mappings += _component_lines(described._replace(unmapped=unmapped), parent)
        findings.append(_component_sentence(described))
        findings += value_sentences(described.sheet.label, described.values)
    links = [_describe_links(sheet.sheet, *_link_ends(sheet, components)) for sheet in link_sheets]
    for link in links:
        references += _link_lines(link)
        findings.append(f"{link.sheet.label}: rows are references.")
        findings += value_sentences(link.sheet.label, link.values)
    if not references and components:
        references = _example_references(components[0])
    lines = [
        *_head(client, sheets, findings),
        *_source_lines(sheets, [*components, *links]),
        *mappings,
        *references,
    ]
    return FirstFile("\n".join(lines), findings)


def scaffold_job(client: ArdoqClient, ws: str, source: str | Mapping[str, Any], base: Path) -> str:
    """Return the text of a first job for one workspace and one source; see `write_first_job`."""
    return write_first_job(client, [ws], [source], base).text


# -- what is what ---------------------------------------------------------------------------------------


def _read_workspaces(client: ArdoqClient, workspaces: Sequence[str]) -> list[_Workspace]:
    lookup = NameLookup(client)
    described = []
    for ws in workspaces:
        ws_id = lookup.workspace(ws)
        model = client.get_model(ws_id)
        types = tuple(str(name) for name in metamodel.component_type_names(model))
        if not types:
            raise InvalidInput(
                f"Workspace {quote_name(ws)} has no component type. Create one in Ardoq first."
            )
        fields = tuple(field for field in lookup.fields(ws_id).values() if not field.read_only)
        references = tuple(str(name) for name in metamodel.reference_type_names(model))
        described.append(_Workspace(lookup.workspace_name(ws_id), types, fields, references))
    return described


class _SheetTypes(NamedTuple):
    """The workspace and the types of a sheet's components.

    - `column`: the column with the type of each row; `are_known`: as in `_Components`.
    """

    workspace: _Workspace
    names: tuple[str, ...]
    column: TypeColumn | None
    are_known: bool


def _find_types(sheet: Sheet, workspaces: Sequence[_Workspace]) -> _SheetTypes:
    """Return the types of a sheet's components: those in a column, the one of its name, or the first one."""
    for workspace in workspaces:
        column = guesses.find_types(sheet.columns, workspace.types, workspace.fields, sheet.row_count)
        if column is not None:
            # What is to be filled in can be any type.
            known = workspace.types if column.values.unknown else column.values.meanings.values()
            names = tuple(name for name in workspace.types if name in set(known))
            return _SheetTypes(workspace, names, column, are_known=True)
    types = {name: ws for ws in reversed(workspaces) for name in ws.types}
    by_type = guesses.most_similar(sheet.title, types)
    if by_type is not None:
        return _SheetTypes(types[by_type], (by_type,), None, are_known=True)
    by_name = guesses.most_similar(sheet.title, [ws.name for ws in workspaces])
    workspace = next((ws for ws in workspaces if ws.name == by_name), workspaces[0])
    is_known = len(workspace.types) == 1 and by_name is not None
    return _SheetTypes(workspace, workspace.types[:1], None, are_known=is_known)


def _describe_sheet(sheet: Sheet, types: _SheetTypes) -> _Components:
    type_column = types.column.column.name if types.column else None
    columns = [column for column in sheet.columns if column.name != type_column] or list(sheet.columns)
    workspace = types.workspace
    name = guesses.find_name(columns, types.names[0])
    description = guesses.find_description(columns)
    used = {name.name, *([description.name] if description else [])}
    free = [column for column in columns if column.name not in used]
    fields = guesses.match_fields(free, workspace.fields)
    keys = [
        column.name
        for column in free
        if column.name in fields and column.is_unique and guesses.is_key_like(column.name)
    ]
    mapped = [(column, fields[column.name].field) for column in free if column.name in fields]
    unmapped = [column for column in free if column.name not in fields]
    mapped_fields = [field for _, field in mapped]
    free_fields = [field for field in workspace.fields if field not in mapped_fields]
    by_values = [(column, guesses.find_field_by_values(column, free_fields)) for column in unmapped]
    similar = [(column, field) for column, field in by_values if field is not None]
    return _Components(
        sheet,
        workspace,
        types.names,
        type_column,
        types.are_known,
        name,
        description,
        {column.name: fields[column.name] for column, _ in mapped},
        keys[0] if keys else None,
        guesses.guess_formats(mapped),
        unmapped,
        {column.name: field for column, field in similar},
        _values_of([*mapped, *similar], types.column, workspace.types),
    )


def _find_parent(described: _Components, others: Sequence[_Components]) -> tuple[list[str], list[Column]]:
    """Return the lines for the parent, and the columns that remain."""
    column = guesses.find_parent(described.unmapped)
    if column is None:
        return ['# parent = { value = "{Column}" }'], described.unmapped
    remaining = [other for other in described.unmapped if other is not column]
    in_workspace = [other for other in others if other.workspace is described.workspace]
    candidates = [described, *in_workspace]
    target = guesses.find_target(column, [(each.sheet, each.identifying) for each in candidates])
    if target is None or target.split is not None:
        line = f"# parent = {toml_value({'value': template(column.name)})}"
        return [f"{line}    # few of its cells name a row here"], remaining
    above = _components_of(target, candidates)
    selector: dict[str, str | list[str]] = {
        **({"type": above.type_of_ends} if above.types != described.types or above.type_column else {}),
        **_key_of(above, target.column),
        "value": template(column.name),
    }
    return [f"parent = {toml_value(selector)}"], remaining


def _components_of(target: Target, components: Sequence[_Components]) -> _Components:
    return next(each for each in components if each.sheet is target.sheet)


def _key_of(components: _Components, column: str) -> dict[str, str]:
    """Return the key of a selector whose values are those of a column of a sheet; none for the name."""
    return {"key": components.fields[column].field.name} if column in components.fields else {}


def _link_ends(described: _Components, components: Sequence[_Components]) -> list[_End]:
    """Return both ends of a sheet whose rows are references; [] if they are components.

    Such a sheet names components of other sheets in two columns, and has no names of its own.
    """
    targets = [
        (other.sheet, other.identifying)
        for other in components
        if other is not described and other.name.is_nearly_unique
    ]
    ends = []
    for column in described.sheet.columns:
        target = guesses.find_target(column, targets)
        if target is not None:
            ends.append(_End(_components_of(target, components), target.column, column.name, target.split))
    has_names = described.name.is_unique and described.name.name not in [end.column for end in ends]
    return [] if len(ends) < 2 or has_names else ends[:2]


def _split(described: Sequence[_Components]) -> tuple[list[_Components], list[_Components]]:
    """Return the sheets whose rows are components, and those whose rows are references between these."""
    links = [each for each in described if _link_ends(each, described)]
    while True:
        components = [each for each in described if all(each is not link for link in links)]
        unclear = [link for link in links if not _link_ends(link, components)]
        if not unclear:
            return components, links
        # Sheets name each other's rows: the one that most columns name is of components.
        counts = [(_count_naming(each, described), -number) for number, each in enumerate(unclear)]
        named = unclear[-max(counts)[1]]
        links = [link for link in links if link is not named]


def _count_naming(named: _Components, described: Sequence[_Components]) -> int:
    """Return how many columns of other sheets name the rows of a sheet."""
    target = [(named.sheet, named.identifying)]
    return sum(
        guesses.find_target(column, target) is not None
        for other in described
        if other is not named
        for column in other.sheet.columns
    )


def _describe_links(sheet: Sheet, first: _End, second: _End) -> _Links:
    """Return what a sheet of references becomes, by fields and types of the workspace of its first end."""
    workspace = first.components.workspace
    rest = [column for column in sheet.columns if column.name not in (first.column, second.column)]
    types = guesses.find_types(rest, workspace.reference_types, workspace.fields, sheet.row_count)
    type_column = types.column.name if types else None
    rest = [column for column in rest if column.name != type_column]
    fields = guesses.match_fields(rest, workspace.fields)
    mapped = [(column, fields[column.name].field) for column in rest if column.name in fields]
    values = _values_of(mapped, types, workspace.reference_types)
    return _Links(sheet, first, second, type_column, fields, guesses.guess_formats(mapped), values)


def _values_of(
    mapped: Sequence[tuple[Column, Field]], types: TypeColumn | None, type_names: Sequence[str]
) -> dict[str, NamedValues]:
    """Return what the values of columns stand for, if these are options or types."""
    values = {
        column.name: NamedValues(guesses.option_values(column, field), field.options)
        for column, field in mapped
        if field.options
    }
    if types is not None:
        values[types.column.name] = NamedValues(types.values, type_names)
    return values


# -- the lines of the job ---------------------------------------------------------------------------------


def _head(client: ArdoqClient, sheets: Sequence[Sheet], findings: Sequence[str]) -> list[str]:
    files = list(dict.fromkeys(str(sheet.table.get("file", sheet.label)) for sheet in sheets))
    title = files[0] if len(sheets) != 1 else sheets[0].label
    if len(files) > 1:
        title = f"{len(files)} files"
    return [
        f"# A first job for {comment_text(title)}. Read it, change it, then run:",
        "#   ardoqpy-sync check <this file>      list what would fail",
        "#   ardoqpy-sync plan <this file>       preview the changes; nothing is written",
        "#   ardoqpy-sync apply <this file>      write the changes",
        "# Never write the token here: set ARDOQ_API_TOKEN.",
        "#",
        *(line for sentence in findings for line in comment_lines(sentence)),
        "format = 1",
        f"name = {toml_text(f'{title} to Ardoq')}",
        "",
        "[ardoq]",
        f"host = {toml_text(client.hosturl)}",
        *([f"org = {toml_text(client.org)}"] if client.org else []),
        f"version = {toml_text(client.version)}",
        "",
        "[guard]",
        "# The largest share of a type that can be deleted or set because it is in no row.",
        "share = 0.2",
        "",
    ]


def _source_lines(sheets: Sequence[Sheet], described: Sequence[_Components | _Links]) -> list[str]:
    lines = []
    for each in sorted(described, key=lambda each: sheets.index(each.sheet)):
        sheet, formats = each.sheet, each.formats
        table = {key: value for key, value in sheet.table.items() if key != "columns"}
        lines.append(f"[sources.{toml_key(sheet.key)}]")
        lines += [f"{toml_key(key)} = {toml_value(value)}" for key, value in table.items()]
        if formats.table and "formats" not in table:
            lines.append(f"formats = {toml_value(formats.table)}")
        lines += [line for sentence in formats.undecided for line in comment_lines(sentence)]
        columns = dict(sheet.table.get("columns", {}))
        for name, own in formats.columns.items():
            columns[name] = {"formats": own, **columns.get(name, {})}
        lines += column_lines(sheet.key, columns, each.values)
        lines.append("")
    return lines


def _component_sentence(described: _Components) -> str:
    key = described.fields[described.key].field.label if described.key else None
    guess = "" if described.types_are_known else " (the first type: check it)"
    types = f"type {described.types[0]}{guess}"
    if described.type_column is not None:
        types = f"the types in column {quote_name(described.type_column)}, {', '.join(described.types)},"
    return (
        f"{described.sheet.label}: rows are components of {types} in workspace "
        f"{described.workspace.name}, by {quote_name(described.name.name)}"
        f"{f' with the key {quote_name(key)}' if key else ''}; {len(described.fields)} mapped to fields."
    )


def _component_lines(described: _Components, parent: Sequence[str]) -> list[str]:
    workspace, fields = described.workspace, described.fields
    other_types = [name for name in workspace.types if name and name not in described.types]
    type_column = described.type_column
    mapped = [match.field for match in fields.values()]
    free = [field.name for field in workspace.fields if field not in mapped]
    key = fields[described.key].field.name if described.key else None
    description = described.description
    return [
        "[[components]]",
        f"rows = {toml_text(described.sheet.key)}",
        f"workspace = {toml_text(workspace.name)}",
        f"type = {toml_text(template(type_column) if type_column else described.types[0])}",
        *([f"# other types: {_list_names(other_types)}"] if other_types else []),
        f"name = {toml_text(template(described.name.name))}",
        f"key = {toml_text(key)}"
        if key
        else '# key = "name"      # or a custom field below, so that a new name renames the component',
        *([f"description = {toml_text(template(description.name))}"] if description else []),
        *parent,
        '# create_only = ["..."]     # written only when a component is created',
        '# fill_if_empty = ["..."]   # written only if empty in Ardoq',
        "# never_null = true         # a blank cell changes nothing",
        'missing = "report"          # or "delete", or { set = { lifecycle = "Retired" } }',
        "",
        "[components.fields]",
        *_field_lines(described.sheet, fields, described.formats, described.values),
        *comment_names(
            "columns without a field of the same name", [column.name for column in described.unmapped]
        ),
        *_near_field_lines(described, [field for field in workspace.fields if field.name in free]),
        *([f"# other fields: {_list_names(free)}"] if free else []),
        "",
    ]


def _field_lines(
    sheet: Sheet,
    fields: Mapping[str, FieldMatch],
    formats: GuessedFormats,
    values: Mapping[str, NamedValues],
) -> list[str]:
    lines = []
    for name, match in fields.items():
        note = "" if match.is_exact else f"    # only similar to {comment_text(match.field.label)}: check it"
        lines.append(f"{toml_key(match.field.name)} = {toml_text(template(name))}{note}")
        if name not in values:
            invalid = guesses.find_invalid(sheet.column(name), match.field, formats.of(name))
            lines += [f"#   not valid: {_list_names(invalid)}"] if invalid else []
    return lines


def _near_field_lines(described: _Components, free: Sequence[Field]) -> list[str]:
    """Return a comment for each unmapped column that may be a field."""
    lines = []
    for column in described.unmapped:
        if column.name in described.by_values:
            field = described.by_values[column.name]
            note = f"its values are options of {comment_text(field.label)}: remove the sign # if it is that"
            lines.append(f"# {toml_key(field.name)} = {toml_text(template(column.name))}    # {note}")
            continue
        hint = did_you_mean(column.name, [field.label for field in free])
        near = next((field for field in free if hint and quote_name(field.label) in hint), None)
        if near is not None:
            lines.append(
                f"# {toml_key(near.name)} = {toml_text(template(column.name))}    # {comment_text(hint)}"
            )
    return lines


# -- references -------------------------------------------------------------------------------------------


def _column_references(
    described: _Components, components: Sequence[_Components]
) -> tuple[list[str], list[Column]]:
    """Return the references in the columns of a sheet of components, and the columns that remain."""
    lines: list[str] = []
    remaining = []
    for column in described.unmapped:
        target = guesses.find_target(column, [(each.sheet, each.identifying) for each in components])
        if target is None:
            remaining.append(column)
            continue
        types = described.workspace.reference_types
        known = guesses.most_similar(column.name, types)
        own = described.key or described.name.name
        source = _End(described, own, own)
        end = _End(_components_of(target, components), target.column, column.name, target.split)
        block = _reference_lines(described.sheet, known or next(iter(types), "..."), source, end)
        if known is None:
            lines += [f"# {toml_text(column.name)} names components: choose a type, and remove the signs #."]
            lines += [f"# {line}" for line in block]
            remaining.append(column)
        else:
            lines += block
        lines.append("")
    return lines, remaining


def _link_lines(links: _Links) -> list[str]:
    """Return the lines for a sheet whose rows are references."""
    types = links.first.components.workspace.reference_types
    columns = [links.first.column, links.second.column]
    if links.type_column is None:
        names = [links.sheet.title, *columns]
        known = next((name for name in (guesses.most_similar(each, types) for each in names) if name), None)
        chosen = known or next(iter(types), "...")
    else:
        chosen = template(links.type_column)
        columns.append(links.type_column)
    others = [name for name in types if name != chosen]
    block = _reference_lines(links.sheet, chosen, links.first, links.second)
    if not types:
        block = ["# There is no reference type yet.", *(f"# {line}" for line in block)]
    lines = [
        "# Each row is a reference. Check the type, which end is the source, and which the target.",
        *block,
        *([f"# other types: {_list_names(others)}"] if others and links.type_column is None else []),
    ]
    if links.fields and types:
        lines.append("[references.fields]")
        lines += _field_lines(links.sheet, links.fields, links.formats, links.values)
    mapped = {*columns, *links.fields}
    unmapped = [column.name for column in links.sheet.columns if column.name not in mapped]
    return [*lines, *comment_names("columns without a field of the same name", unmapped), ""]


def _reference_lines(sheet: Sheet, type_name: str, source: _End, target: _End) -> list[str]:
    one_workspace = source.components.workspace is target.components.workspace
    return [
        "[[references]]",
        f"rows = {toml_text(sheet.key)}",
        *([f"workspace = {toml_text(source.components.workspace.name)}"] if one_workspace else []),
        f"type = {toml_text(type_name)}",
        *(
            f"{role} = {toml_value(_selector(end, with_workspace=not one_workspace))}"
            for role, end in (("source", source), ("target", target))
        ),
    ]


def _selector(end: _End, *, with_workspace: bool) -> dict[str, str | list[str]]:
    return {
        **({"workspace": end.components.workspace.name} if with_workspace else {}),
        "type": end.components.type_of_ends,
        **_key_of(end.components, end.key_column),
        "value": template(end.column),
        **({"split": end.split} if end.split else {}),
    }


def _example_references(described: _Components) -> list[str]:
    types = described.workspace.reference_types
    if not types:
        return []
    ends = toml_value(described.type_of_ends)
    lines = [
        "[[references]]",
        f"rows = {toml_text(described.sheet.key)}",
        f"workspace = {toml_text(described.workspace.name)}",
        f"type = {toml_text(types[0])}",
        *([f"# other types: {_list_names(types[1:])}"] if types[1:] else []),
        f'source = {{ type = {ends}, value = "{{Column}}" }}',
        f'target = {{ type = {ends}, value = "{{Other column}}", split = "," }}',
    ]
    return ["# References, if there are columns for both ends:", *(f"# {line}" for line in lines), ""]


# -- text ---------------------------------------------------------------------------------------------------


def _list_names(names: Sequence[str]) -> str:
    listed = ", ".join(toml_text(name) for name in names[:MAX_LISTED])
    return listed if len(names) <= MAX_LISTED else f"{listed} and {len(names) - MAX_LISTED} more"
