"""Read a model file and check it: report every mistake with its line."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ardoqpy._messages import quote_name, suggest
from ardoqpy.api.custom_fields import SET_ON_COMPONENTS, SET_ON_REFERENCES
from ardoqpy.metamodel import LIST_TYPES
from ardoqpy_sync.job.file.problems import JobInvalid
from ardoqpy_sync.job.file.toml_file import TableChecker, parse_toml, read_toml_text
from ardoqpy_sync.job.model_file import schema
from ardoqpy_sync.job.model_file.spec import FieldSpec, ModelFile, TypeSpec, WorkspaceSpec

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator, Sequence

    from ardoqpy_sync.job.file.schema import Table
    from ardoqpy_sync.job.file.toml_lines import KeyPath, TomlTable

_NO_TOKEN = "A model file must not contain the token, because it is shared and stored. Set ARDOQ_API_TOKEN."


#: Letters that are no other letter with an accent.
_LATIN = str.maketrans({"æ": "ae", "ø": "o", "œ": "oe", "ß": "ss", "đ": "d", "ł": "l", "þ": "th"})
#: What no field can be called: on API v1, a field is beside these attributes of components and references.
BUILT_IN = (
    SET_ON_COMPONENTS
    | SET_ON_REFERENCES
    | {
        *(
            "name",
            "rootWorkspace",
            "targetWorkspace",
            "description",
            "typeId",
            "parent",
            "version",
            "color",
            "shape",
        ),
        *("icon", "image", "isPublic", "_order", "source", "target", "displayText", "returnValue", "order"),
        "customFields",
    }
)


def load_model(path: str | os.PathLike[str]) -> ModelFile:
    """Return the model of a file.

    Raise `JobInvalid`, which lists every mistake with its line, if the file cannot be read, is not TOML, or
    is not a valid model.
    """
    file = Path(path)
    text = read_toml_text(file, "model file", "Write a first one with `ardoqpy-sync init --model`.")
    content, lines = parse_toml(text, file, "model")
    parser = _Parser(TableChecker(lines, _NO_TOKEN))
    workspaces = tuple(parser.parse(content))
    if parser.checker.problems:
        raise JobInvalid(str(file), parser.checker.problems)
    return ModelFile(file, lines, workspaces)


def name_of_label(label: str) -> str:
    """Return the key of a field with a label: in lower case, with _ between words, as in "yearly_cost".

    Accents are removed; letters without a Latin form stay.
    """
    words = re.sub(r"(?<=[a-zæøåäöü])(?=[A-ZÆØÅÄÖÜ])", " ", label).casefold().translate(_LATIN)
    plain = "".join(sign for sign in unicodedata.normalize("NFKD", words) if not unicodedata.combining(sign))
    return "_".join(re.findall(r"[^\W_]+", plain))


class _Parser:
    def __init__(self, checker: TableChecker) -> None:
        self.checker = checker

    def parse(self, content: TomlTable) -> Iterator[WorkspaceSpec]:
        top = self.checker.check_table(content, schema.MODEL, ())
        for key_path, table in self._tables(top.get("workspaces", []), schema.WORKSPACE, ("workspaces",)):
            components = self._types(table, "component_types", schema.COMPONENT_TYPE, key_path)
            references = self._types(table, "reference_types", schema.REFERENCE_TYPE, key_path)
            fields_path = (*key_path, "fields")
            fields = [
                self._field(path, field, components, references)
                for path, field in self._tables(table.get("fields", []), schema.FIELD, fields_path)
            ]
            self._check_twice([(field.key_path, field.name) for field in fields], "field")
            yield WorkspaceSpec(
                key_path, table.get("name", ""), tuple(components), tuple(references), tuple(fields)
            )
        workspaces = top.get("workspaces", [])
        names: list[tuple[KeyPath, str]] = [
            (("workspaces", index), str(table.get("name")))
            for index, table in enumerate(workspaces)
            if isinstance(table, dict)
        ]
        self._check_twice(names, "workspace")

    def _tables(
        self, content: Iterable[Any], table: Table, key_path: KeyPath
    ) -> Iterator[tuple[KeyPath, TomlTable]]:
        for index, item in enumerate(content):
            path = (*key_path, index)
            yield path, self.checker.check_table(item, table, path)

    def _types(self, table: TomlTable, key: str, types: Table, key_path: KeyPath) -> list[TypeSpec]:
        specs: list[TypeSpec] = []
        for path, item in self._tables(table.get(key, []), types, (*key_path, key)):
            known = [spec.name for spec in specs]
            parent = item.get("parent")
            if parent is not None and parent not in known:
                self.checker.report(
                    (*path, "parent"),
                    f"There is no component type {quote_name(parent)} before this one: "
                    f"{suggest(parent, known)}",
                )
            specs.append(TypeSpec(path, item.get("name", "").strip(), parent))
        self._check_twice([(spec.key_path, spec.name) for spec in specs], key.replace("_", " ").rstrip("s"))
        return specs

    def _field(
        self, key_path: KeyPath, table: TomlTable, components: list[TypeSpec], references: list[TypeSpec]
    ) -> FieldSpec:
        label, kind, options = table.get("label", "").strip(), table.get("type", ""), table.get("options", [])
        name = table.get("name", name_of_label(label))
        if label and not re.fullmatch(r"\w+", name):
            self.checker.report(
                (*key_path, "name"),
                f"{quote_name(name)} is not valid as the name of a field: use letters, digits and _.",
            )
        elif name in BUILT_IN:
            self.checker.report(
                (*key_path, "name"),
                f"No field can have the name {quote_name(name)}, which is that of a built-in attribute. Set "
                "another name.",
            )
        if options and kind and kind not in LIST_TYPES:
            self.checker.report(
                (*key_path, "options"), f"A field of type {kind} has no options: remove them, or use List."
            )
        for index, option in enumerate(options):
            if "," in option or option != option.strip():
                self.checker.report(
                    (*key_path, "options", index),
                    f"The option {quote_name(option)} has a comma, or a blank at an end. API v1 has the "
                    "options of a list as one text with commas.",
                )
        for key, specs in (("component_types", components), ("reference_types", references)):
            known = [spec.name for spec in specs]
            for index, wanted in enumerate(table.get(key, [])):
                if wanted not in known:
                    self.checker.report(
                        (*key_path, key, index),
                        f"This workspace has no {key.replace('_', ' ').rstrip('s')} {quote_name(wanted)}: "
                        f"{suggest(wanted, known)}",
                    )
        on_components = table.get("component_types")
        if on_components == [] and not table.get("reference_types"):
            self.checker.report(
                (*key_path, "component_types"),
                "The field is on no type: set reference_types, or remove component_types to have it on all "
                "types of components.",
            )
        return FieldSpec(
            key_path,
            label,
            name,
            "name" in table,
            kind,
            tuple(dict.fromkeys(options)),
            table.get("description"),
            None if on_components is None else tuple(on_components),
            tuple(table.get("reference_types", ())),
        )

    def _check_twice(self, names: Sequence[tuple[KeyPath, str]], kind: str) -> None:
        counts = Counter(name.casefold() for _, name in names)
        seen: set[str] = set()
        for key_path, name in names:
            if counts[name.casefold()] > 1 and name.casefold() in seen:
                self.checker.report(key_path, f"The {kind} {quote_name(name)} is in this file twice.")
            seen.add(name.casefold())
